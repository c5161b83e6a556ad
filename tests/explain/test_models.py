"""Whole models: what an explanation derives and writes out is what autograd computes."""

from __future__ import annotations

import ast
import linecache
import re
import traceback

import numpy as np
import pytest

import chainrule as cr
from tests.explain import models
from tests.explain.models import MODELS

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)


def explained(model):
    """An explanation with the model's own names, and autograd's gradient of each leaf."""
    loss, names = model()
    e = cr.explain(loss, names=names)
    leaves = e.recorded.leaves
    expected = {v.name: g for v, g in zip(leaves, models.gradients(loss, [v.tensor for v in leaves]), strict=True)}
    return e, expected, names


def assert_close(found, expected, rtol=1e-8):
    scale = max((float(np.abs(g).max(initial=0)) for g in expected.values()), default=1.0)
    assert found.keys() == expected.keys()
    for name, g in expected.items():
        assert found[name].shape == g.shape, name
        np.testing.assert_allclose(found[name], g, rtol=rtol, atol=rtol * 0.01 * scale, err_msg=name)


@each_model
def test_the_formulas_give_autograds_numbers(model):
    e, expected, _ = explained(model)
    assert_close({v.name: e.gradient(v) for v in e.recorded.leaves}, expected)


@each_model
def test_the_source_gives_autograds_numbers(model):
    e, expected, _ = explained(model)
    assert_close(e.run_numpy(), expected)


@pytest.mark.parametrize("model", [models.lecture, models.mlp, models.attention, models.gru], ids=lambda m: m.__name__)
def test_float32(model, monkeypatch):
    normal = models.normal
    monkeypatch.setattr(
        models, "normal", lambda *s, grad=False, scale=0.7: normal(*s, scale=scale).float().requires_grad_(grad)
    )
    e, expected, _ = explained(model)
    assert all(g.dtype == np.float32 for g in expected.values())
    found = e.run_numpy()
    assert {name: g.dtype for name, g in found.items()} == {name: g.dtype for name, g in expected.items()}
    assert_close(found, expected, rtol=1e-4)


# ── the source as a person reads it ─────────────────────────────────────────────────────────────


def functions_of(source):
    return [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


def imported(source):
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def unread(source):
    """The names that a function is given or assigns, and that nothing in it reads."""
    found = []
    for function in functions_of(source):
        names = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        read = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        stored = {node.id for node in names if isinstance(node.ctx, ast.Store)} | {a.arg for a in function.args.args}
        found += [f"{function.name}: {name}" for name in sorted(stored - read) if not name.startswith("_")]
    return found


def test_the_check_for_dead_lines_finds_them():
    assert unread("def f(a, b):\n    c = a\n    d, e = c, 1\n    return d\n") == ["f: b", "f: e"]


@each_model
def test_the_source_is_plain_numpy_without_dead_lines(model):
    source = explained(model)[0].numpy_source()
    assert imported(source) <= {"numpy", "scipy.special"}
    assert [f.name for f in functions_of(source)][-2:] == ["forward", "backward"]
    assert unread(source) == []
    assert max(map(len, source.splitlines())) <= 120


@each_model
def test_the_source_has_the_users_names(model):
    e, _, names = explained(model)
    source = e.numpy_source()
    words = set(re.findall(r"\w+", source))
    assert "loss" in words
    for value in e.recorded.leaves:
        assert value.named, value
        assert {value.identifier, f"grad_{value.identifier}"} <= words
    used = {v.name for v in e.recorded.operations[-1].inputs if v.named}
    assert used <= words | set(names)


def comments_of(source):
    backward = source.split("\ndef backward")[1]
    return [line.strip()[2:] for line in backward.splitlines() if line.strip().startswith("# ")]


@each_model
def test_comments_speak_of_the_forward_pass(model):
    source = explained(model)[0].numpy_source()
    known = set(re.findall(r"\w+", source.split("\ndef backward")[0])) | {"is", "used", "by"}
    comments = comments_of(source)
    assert comments
    for comment in comments:
        assert set(re.findall(r"\b[^\W\d]\w*", comment)) <= known, comment


def test_each_gradient_stands_under_its_forward_line():
    comments = comments_of(explained(models.lecture)[0].numpy_source())
    assert comments == [
        "loss = ((out - y) ** 2).sum()",
        "out = h_relu @ w2",
        "h_relu = np.maximum(h_1, 0)",
        "h_1 = x @ w1",
    ]


def test_a_traceback_shows_lines_of_the_source():
    e, _, _ = explained(models.lecture)
    source, file = e.numpy_source(), e._module.file
    assert "".join(linecache.getlines(file)) == source
    space = {}
    exec(compile(source, file, "exec"), space)
    with pytest.raises(ValueError) as caught:
        space["forward"](np.ones((2, 5)), np.ones((3, 2)), np.ones((2, 1)), np.ones((2, 1)))
    assert "h_1 = x @ w1" in "".join(traceback.format_exception(caught.value))


def test_the_lectures_lines():
    source = explained(models.lecture)[0].numpy_source()
    backward = [line.strip() for line in source.split("\ndef backward")[1].splitlines()]
    lines = [line for line in backward if " = " in line and not line.startswith("#")]
    assert lines == [
        "dloss_out = 2 * (out - y)",
        "grad_w2 = h_relu.T @ dloss_out",
        "grad_h_relu = dloss_out @ w2.T",
        "grad_h_1 = grad_h_relu * (h_1 >= 0)",
        "grad_w1 = x.T @ grad_h_1",
    ]


def test_the_lectures_table():
    printed = str(explained(models.lecture)[0])
    lines = [line.removeprefix("forward").removeprefix("backward").strip() for line in printed.splitlines()]
    rows = [re.split(r"\s{3,}", re.sub(r"\s+=", " =", line)) for line in lines]
    assert [row[0] for row in rows] == [
        "h_1 = x w1",
        "h_relu = max(h_1, 0)",
        "out = h_relu w2",
        "loss = Σ (out − y)²",
        "∂loss/∂out = 2 (out − y)",
        "∂loss/∂w2 = h_reluᵀ ∂loss/∂out",
        "∂loss/∂h_relu = ∂loss/∂out w2ᵀ",
        "∂loss/∂h_1 = ∂loss/∂h_relu ⊙ [h_1 ≥ 0]",
        "∂loss/∂w1 = xᵀ ∂loss/∂h_1",
    ]
    assert [row[1] for row in rows] == ["64×2", "64×2", "64×1", "scalar", "64×1", "2×1", "64×2", "64×2", "3×2"]


# ── derivatives of derivatives ──────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("f", [lambda x: x**3, cr.sin, lambda x: cr.exp(x) * x], ids=["cube", "sin", "x exp x"])
def test_a_gradient_made_with_create_graph(f):
    x = cr.tensor([0.3, -1.2, 2.0], dtype=cr.float64, requires_grad=True)
    (dy,) = cr.autograd.grad(f(x).sum(), x, create_graph=True)
    total = dy.sum()
    e = cr.explain(total)
    expected = models.gradients(total, [x])[0]
    assert e.recorded.leaves[0].name == "x"
    np.testing.assert_allclose(e.gradient(e.value_of(x)), expected, rtol=1e-10)
    np.testing.assert_allclose(e.run_numpy()["x"], expected, rtol=1e-10)


def test_the_third_derivative():
    x = cr.tensor(0.7, dtype=cr.float64, requires_grad=True)
    y = x.sin()
    (d1,) = cr.autograd.grad(y, x, create_graph=True)
    (d2,) = cr.autograd.grad(d1, x, create_graph=True)
    e = cr.explain(d2)
    assert e.run_numpy()["x"] == pytest.approx(-np.cos(0.7))
    assert "d2" in str(e)
