"""The PyTorch source of an explanation, run with chainrule as `torch`, gives autograd's gradients."""

from __future__ import annotations

import ast
import collections
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import NotSupportedError
from chainrule.explain.torch_source import _Translator
from tests.explain import models
from tests.explain.models import MODELS
from tests.test_registry import SMOOTH, tensor

each_model = pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)


def run(explanation, torch, of_array, functions=None):
    """Run the text with this module as `torch`: the gradient of each leaf, by name, as tensors."""
    text, module = explanation.torch_source(), explanation._module
    values = {**explanation.values, **module.writer.constants}
    values = {name: of_array(np.array(a)) for name, a in values.items()}
    space = dict(functions or {})
    known = sys.modules.get("torch")
    sys.modules["torch"] = torch
    try:
        exec(compile(text, "<torch source>", "exec"), space)
    finally:
        if known is None:
            del sys.modules["torch"]
        else:
            sys.modules["torch"] = known
    made = space["forward"](*(values[s.args[0]] for s in module.inputs))
    values |= zip((s.args[0] for s in module.results), made if len(module.results) > 1 else (made,), strict=True)
    found = space["backward"](*(values[s.args[0]] for s in module.taken))
    found = found if len(module.leaves) > 1 else (found,)
    return {leaf.name: g for leaf, g in zip(module.leaves, found, strict=True)}


def swish(sigmoid, of_array):
    """The Function of the models, with tensors, as a person has to write it."""

    class Swish:
        @staticmethod
        def forward(x, beta):
            Swish.saved = x, beta
            return x * sigmoid(beta * x)

        @staticmethod
        def backward(grad):
            x, beta = Swish.saved
            s = sigmoid(beta * x)
            return grad * (s + beta * x * s * (1 - s))

    return {"Swish": Swish}


def explained(model):
    """An explanation, and autograd's gradients of its leaves."""
    cr.manual_seed(0)
    loss, names = model()
    e = cr.explain(loss, names=names)
    leaves = e.recorded.leaves
    return e, dict(zip((v.name for v in leaves), models.gradients(loss, [v.tensor for v in leaves]), strict=True))


def assert_same(found, expected, rtol=1e-8):
    """Every gradient, its shape and its dtype."""
    assert found.keys() == expected.keys()
    scale = max((float(np.abs(g).max(initial=0)) for g in expected.values()), default=1.0)
    for name, g in expected.items():
        array = found[name].detach().numpy()
        assert (array.shape, array.dtype) == (g.shape, g.dtype), name
        np.testing.assert_allclose(array, g, rtol=rtol, atol=rtol * 0.01 * scale, err_msg=name)


def registry(torch, of_array, every=1):
    """How the records fare: those that agree with autograd, those not translated, those that differ.

    `every` takes one sample in so many.
    """
    found = collections.defaultdict(dict)
    for case in SMOOTH[::every]:
        args = [tensor(a) for a in case.args]
        out = case.op(*args, **case.params)
        outs = [o for o in (out if isinstance(out, (tuple, list)) else (out,)) if o.requires_grad]
        leaves = {f"x{i}": a for i, a in enumerate(args) if isinstance(a, cr.Tensor)}
        key = f"{case.op.name}-{case.label}"
        try:
            e = cr.explain(outs, names=leaves)
            e.run_numpy()
        except ValueError:
            continue  # no source to translate: a draw of random numbers
        ones = [cr.ones_like(o) for o in outs]
        wanted = [v.tensor for v in e._module.leaves]
        grads = cr.autograd.grad(outs, wanted, ones, materialize_grads=True)
        expected = {v.name: g.numpy() for v, g in zip(e._module.leaves, grads, strict=True)}
        try:
            assert_same(run(e, torch, of_array), expected, 1e-7)
            found["same"][key] = ""
        except NotSupportedError as error:
            found["absent"][key] = str(error)
        except Exception as error:
            found["different"][key] = f"{type(error).__name__}: {error}"
    return found


# ── with chainrule as torch ─────────────────────────────────────────────────────────────────────


@each_model
def test_the_source_gives_autograds_numbers(model):
    e, expected = explained(model)
    assert_same(run(e, cr, cr.tensor, swish(cr.sigmoid, cr.tensor)), expected)


ABSENT = {"index", "index_put_add", "index_select", "median", "scatter_amax", "scatter_amin", "scatter_prod"}


def test_the_records_give_autograds_numbers():
    found = registry(cr, cr.tensor, every=8)
    assert not found["different"]
    assert {key.rpartition("-")[0] for key in found["absent"]} <= ABSENT
    assert len(found["same"]) > 110


@each_model
def test_nothing_of_numpy_is_left_and_comments_stay(model):
    e, _ = explained(model)
    text, numpy_text = e.torch_source(), e.numpy_source()
    assert "np." not in text and "axis" not in text and "special" not in text
    assert text.count("    #") == numpy_text.count("    #")
    names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
    assert ("torch" in names) == ("import torch\n" in text)
    assert max(map(len, text.splitlines())) <= 120


# ── what the text says ──────────────────────────────────────────────────────────────────────────


def test_the_network_of_the_lecture():
    e, _ = explained(models.lecture)
    assert e.torch_source() == (
        '"""The forward and backward pass of loss, written out."""\n'
        "\n"
        "\n"
        "def forward(x, w1, w2, y):\n"
        "    h_1 = x @ w1\n"
        "    h_relu = h_1.clamp(min=0)\n"
        "    out = h_relu @ w2\n"
        "    loss = ((out - y) ** 2).sum()\n"
        "    return loss, h_1, h_relu, out\n"
        "\n"
        "\n"
        "def backward(x, w2, y, h_1, h_relu, out):\n"
        "    # loss = ((out - y) ** 2).sum()\n"
        "    dloss_out = 2 * (out - y)\n"
        "    # out = h_relu @ w2\n"
        "    grad_w2 = h_relu.T @ dloss_out\n"
        "    grad_h_relu = dloss_out @ w2.T\n"
        "    # h_relu = h_1.clamp(min=0)\n"
        "    grad_h_1 = grad_h_relu * (h_1 >= 0)\n"
        "    # h_1 = x @ w1\n"
        "    grad_w1 = x.T @ grad_h_1\n"
        "    return grad_w1, grad_w2"
    )


def translated(code, **values):
    """A line of NumPy translated, with tensors of these names and values known."""
    x = cr.ones(2, 3, dtype=cr.float64, requires_grad=True)
    translator = _Translator(cr.explain(x.sum(), names={"x": x})._module)
    for name, value in values.items():
        translator.kinds[name], translator.ndims[name] = np.asarray(value).dtype.kind, np.ndim(value)
    (line,) = translator.lines([code])
    return line


@pytest.mark.parametrize(
    ("numpy_line", "torch_line"),
    [
        ("a = np.maximum(f, 0)", "a = f.clamp(min=0)"),
        ("a = np.minimum(f, g)", "a = torch.minimum(f, g)"),
        ("a = f.sum(axis=(0, 1), keepdims=True)", "a = f.sum(dim=(0, 1), keepdim=True)"),
        ("a = f.max(axis=1)", "a = f.amax(dim=1)"),
        ("a = f.var(axis=0)", "a = f.var(correction=0, dim=0)"),
        ("a = f.astype(np.float32).copy()", "a = f.to(torch.float32).clone()"),
        ("a = np.concatenate([f, g], axis=1)", "a = torch.cat([f, g], dim=1)"),
        ("a = np.zeros((5, 3))", "a = torch.zeros((5, 3), dtype=torch.float64)"),
        ("a = np.zeros(3, np.int64)", "a = torch.zeros(3, dtype=torch.int64)"),
        ("a = np.eye(3)[i]", "a = torch.eye(3, dtype=torch.float64)[i]"),
        ("np.add.at(a, [2, 0], f)", "a.index_put_((torch.tensor([2, 0]),), f, accumulate=True)"),
        ("np.add.at(a, (i, i), f)", "a.index_put_((i, i), f, accumulate=True)"),
        ("np.add.at(a, np.s_[:, i], f)", "a.index_add_(1, i, f)"),
        ("a = special.gammaln(f)", "a = torch.special.gammaln(f)"),
        ("a = np.logaddexp(f, -1.5)", "a = torch.logaddexp(f, f.new_tensor(-1.5))"),
        ("a = f[::-1]", "a = f.flip(0)"),
        ("a = x.swapaxes(0, 1).ravel()", "a = x.transpose(0, 1).ravel()"),
        # NumPy's float64, which PyTorch would make float32
        ("a = b * 0.1", "a = b.to(torch.float64) * 0.1"),
        ("a = (f > 0) / 3", "a = (f > 0).to(torch.float64) / 3"),
        ("a = i / n", "a = i.to(torch.float64) / n"),
        ("a = f * b", "a = f * b"),
        ("a = np.exp(i)", "a = torch.exp(i.to(torch.float64))"),
        ("a = np.where(b, 0.1, 0)", "a = torch.where(b, torch.tensor(0.1, dtype=torch.float64), 0)"),
        ("a = np.where(b, 0.1, f)", "a = torch.where(b, 0.1, f)"),
        ("# a = np.exp(f); b = f.sum(axis=0)", "# a = torch.exp(f); b = f.sum(dim=0)"),
        ("# f is used by a, b", "# f is used by a, b"),
    ],
)
def test_lines(numpy_line, torch_line):
    values = {"f": np.ones((2, 3)), "g": np.ones((2, 3)), "b": np.array([True]), "i": np.array([1]), "n": np.array([2])}
    assert translated(numpy_line, **values) == torch_line


@pytest.mark.parametrize(
    "code", ["a = np.busday_count(f)", "a = f.searchsorted(f)", "a = f[::-2]", "np.multiply.at(a, i, f)"]
)
def test_what_has_no_translation_is_named(code):
    with pytest.raises(NotSupportedError, match=r"torch_source\(\): .* numpy_source\(\)"):
        translated(code, f=np.ones(3))
