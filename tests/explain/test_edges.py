"""What is not as usual: freed and changed graphs, odd names, empty tensors, long graphs. No crash, no wrong formula."""

from __future__ import annotations

import copy
import keyword

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import FreedGraphError, GraphError, ShapeError


def f64(*values):
    return cr.tensor(values[0] if len(values) == 1 else list(values), dtype=cr.float64)


def variable(*shape):
    return cr.randn(*shape, dtype=cr.float64).requires_grad_()


def agrees(e, roots, gradients=None):
    """The formulas and the source give what autograd gives; returns the explanation."""
    leaves = e.recorded.leaves
    expected = cr.autograd.grad(roots, [v.tensor for v in leaves], gradients, retain_graph=True, materialize_grads=True)
    run = e.run_numpy()
    assert str(e)
    for v, g in zip(leaves, expected, strict=True):
        found = e.gradient(v)
        if found is None:
            assert not g.numpy().any() and v.name not in run
            continue
        np.testing.assert_allclose(found, g.numpy(), rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(run[v.name], g.numpy(), rtol=1e-9, atol=1e-12)
        assert found.shape == run[v.name].shape == tuple(g.shape)
    return e


# ── the state of the graph ──────────────────────────────────────────────────────────────────────


def test_a_freed_graph_says_so():
    x = variable(3)
    loss = (x * x).sum()
    loss.backward()
    with pytest.raises(FreedGraphError, match=r"(?s)freed.*retain_graph=True"):
        cr.explain(loss)


def test_a_retained_graph():
    x = variable(3)
    loss = (x * x).sum()
    loss.backward(retain_graph=True)
    e = agrees(cr.explain(loss), [loss])
    np.testing.assert_allclose(e.gradient(e.value_of(x)), x.grad.numpy())


def test_a_saved_value_that_was_changed_is_refused_as_by_backward():
    x = variable(3)
    y = x.sin()
    loss = (y * y).sum()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as ours:
        cr.explain(loss)
    with pytest.raises(type(ours.value)) as engines:
        loss.backward()
    assert str(ours.value).splitlines()[0] == str(engines.value).splitlines()[0]


def test_a_constant_that_was_changed_leaves_the_gradients_right():
    p, c = f64([2.0]).requires_grad_(), f64([0.7])
    y = p + c
    c.zero_()
    loss = (y * y).sum()
    e = cr.explain(loss)
    np.testing.assert_allclose(e.gradient(e.value_of("p")), [5.4])
    with pytest.raises(GraphError, match="changed after the forward pass"):
        e.run_numpy()


@pytest.mark.parametrize("write", [lambda x: x.fill_(3), lambda x: x.copy_(f64(0.7)), lambda x: x.zero_()])
def test_a_tensor_overwritten_by_a_constant(write):
    p = variable(3)
    x = p * 2
    write(x)
    y = x * 2 + p
    loss = (y * y).sum()
    agrees(cr.explain(loss), [loss])


def test_without_a_graph():
    x = cr.ones(3)
    for given in (x, x.sum(), cr.tensor([1, 2])):
        with pytest.raises(GraphError, match=r"requires_grad_\(\)"):
            cr.explain(given)
    with pytest.raises(TypeError, match="expected a Tensor"):
        cr.explain(3.0)


def test_explaining_changes_nothing():
    x = variable(3, 2)
    h = x.exp()
    ran = []
    x.register_hook(lambda g: ran.append("leaf"))
    h.register_hook(lambda g: ran.append("result"))
    x.register_post_accumulate_grad_hook(lambda t: ran.append("after"))
    loss = (h * h).sum()
    before = x.detach().clone()
    versions = x._version, h._version, loss._version
    e = cr.explain(loss)
    str(e), e.numpy_source(), e.run_numpy(), e.entry(x, 0, 1), e.derivation(), e.latex(), e.markdown(), e.graph()
    assert ran == [] and x.grad is None
    assert (x._version, h._version, loss._version) == versions
    assert cr.equal(x.detach(), before)
    loss.backward()
    assert ran == ["result", "leaf", "after"]
    np.testing.assert_allclose(e.gradient(e.value_of("x")), x.grad.numpy())


# ── roots ───────────────────────────────────────────────────────────────────────────────────────


def test_several_roots():
    x, w = variable(3), variable(3)
    a, b = (x * w).sum(), (x.sin()).sum()
    e = agrees(cr.explain([a, b]), [a, b])
    assert {s.name for s in e.program.short} >= {"a", "b"}


def test_several_roots_one_of_which_the_other_is_made_from():
    x = variable(3)
    h = x.exp()
    loss = (h * h).sum()
    seed = f64([1.0, -2.0, 0.5])
    e = cr.explain([loss, h], gradient=[None, seed])
    agrees(e, [loss, h], [None, seed])


def test_the_same_root_twice():
    x = variable(3)
    y = x.sin()
    seeds = [f64([1.0, 2.0, 3.0]), f64([0.5, 0.0, -1.0])]
    agrees(cr.explain([y, y], gradient=seeds), [y, y], seeds)
    loss = y.sum()
    agrees(cr.explain([loss, loss]), [loss, loss])


def test_a_root_that_is_no_scalar():
    x, w = variable(2, 3), variable(3, 2)
    y = x @ w
    agrees(cr.explain(y), [y], [cr.ones_like(y)])
    seed = cr.randn(2, 2, dtype=cr.float64)
    agrees(cr.explain(y, gradient=seed), [y], [seed])
    with pytest.raises(ShapeError, match=r"\[3\]"):
        str(cr.explain(y, gradient=cr.ones(3)))


def test_a_leaf_as_root():
    x = f64(2.0).requires_grad_()
    e = cr.explain(x)
    assert e.gradient(e.value_of(x)) == 1
    assert e.run_numpy() == {"x": 1}
    assert isinstance(str(e), str)
    y = variable(3)
    np.testing.assert_allclose(cr.explain(y).run_numpy()["y"], np.ones(3))


# ── names ───────────────────────────────────────────────────────────────────────────────────────


def test_nothing_has_a_name():
    def build():
        return (cr.ones(3, requires_grad=True) * 2).sin().sum()

    keep = [build()]
    e = cr.explain(keep[0])
    names = [v.name for v in e.recorded.values]
    assert len(set(names)) == len(names)
    text = str(e)
    assert "sin" in text and text == str(cr.explain(keep[0]))


@pytest.mark.parametrize(
    "name", ["lambda", "class", "None", "np", "sum", "forward", "backward", "float", "grad_x", "d"]
)
def test_names_that_python_or_the_source_has_taken(name):
    x, t = variable(3), variable(3)
    loss = (x.exp() * t).sum()
    e = agrees(cr.explain(loss, names={name: t, "x": x}), [loss])
    value = e.value_of(t)
    assert value.name == name
    assert value.identifier.isidentifier() and not keyword.iskeyword(value.identifier)
    assert value.identifier not in ("np", "forward", "backward", "sum")


def test_two_tensors_that_share_a_name():
    def inner(w):
        h = w * 2
        return h, (h * h).sum()

    h = variable(3)
    w = h
    other, loss = inner(w)
    total = (other + h).sum() + loss
    e = agrees(cr.explain(total, names={"h": h}), [total])
    assert len({v.name for v in e.recorded.values}) == len(e.recorded.values)
    assert len({v.identifier for v in e.recorded.values}) == len(e.recorded.values)
    assert e.value_of(h).name == "h"


def test_parameters_in_lists_and_dicts():
    w = [variable(2, 2) for _ in range(5)]
    more = {"bias": variable(2)}
    loss = (w[3] @ w[0] + more["bias"]).square().sum()
    e = agrees(cr.explain(loss), [loss])
    assert sorted(v.name for v in e.recorded.leaves) == ["more['bias']", "w[0]", "w[3]"]
    assert {"w_3", "grad_w_3"} <= set(e.numpy_source().replace(",", " ").replace("(", " ").replace(")", " ").split())


# ── dtypes and sizes ────────────────────────────────────────────────────────────────────────────


def test_integer_and_bool_tensors():
    x = variable(4, 3)
    index, mask, counts = cr.tensor([2, 0, 0]), cr.tensor([True, False, True]), cr.arange(3)
    loss = (x[index] * mask * counts).sum() + x[:, mask].sum() + cr.where(mask, x, counts).sum()
    e = agrees(cr.explain(loss), [loss])
    assert {"index", "mask"} <= {v.name for v in e.recorded.constants}


def test_half_precision_keeps_its_dtype():
    x = cr.randn(4).half().requires_grad_()
    loss = (x * 2).tanh().sum()
    found = cr.explain(loss).run_numpy()["x"]
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, cr.autograd.grad(loss, x)[0].numpy(), rtol=1e-2)


def test_scalars():
    a, b = f64(2.0).requires_grad_(), f64(-3.0).requires_grad_()
    loss = a * b + a.sin() / b
    agrees(cr.explain(loss), [loss])


def test_empty_tensors():
    x, w = cr.zeros(0, 3, dtype=cr.float64, requires_grad=True), variable(3, 2)
    loss = (x @ w).relu().sum()
    e = agrees(cr.explain(loss), [loss])
    assert "nan" not in str(e)


def test_an_argument_that_no_gradient_reaches():
    x, y = variable(3), variable(3)
    loss = (x * y.sign()).sum() + (y > 0).double().sum()
    agrees(cr.explain(loss), [loss])


def test_results_that_nobody_uses():
    x = variable(4, 2)
    values, indices = x.max(0)
    first, _, _, _ = x.unbind(0)
    loss = values.sum() + first.prod()
    agrees(cr.explain(loss), [loss])
    assert indices.dtype == cr.int64


def test_in_place_updates_through_views():
    x = variable(4, 3)
    h = x * 1.0
    h[0] = 0
    h.t()[1].mul_(2)
    h += x
    h[h.detach() > 1] = 1.0
    loss = (h * h).sum()
    agrees(cr.explain(loss), [loss])


def test_nan_and_infinity_are_shown():
    x = f64([0.0, 1.0]).requires_grad_()
    loss = x.log().sum()
    e = cr.explain(loss)
    assert "inf" in str(e).replace("∞", "inf")
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(e.run_numpy()["x"], [np.inf, 1.0])


def test_sorting_picks_by_the_recorded_order():
    x = variable(5)
    values, _ = x.sort()
    loss = (values * cr.arange(5)).sum()
    e = agrees(cr.explain(loss), [loss])
    order = np.argsort(x.detach().numpy()).tolist()  # what was found by sorting is taken, as an index
    assert f"values = gather₀(x, {order})" in str(e)
    assert str(order) in e.numpy_source()


def test_a_copied_module_has_names_of_its_own():
    model = cr.nn.Linear(3, 1).double()
    other = copy.deepcopy(model)
    x = cr.randn(4, 3, dtype=cr.float64)
    loss = (model(x) - other(x)).square().sum() + model(x).sum()
    e = agrees(cr.explain(loss), [loss])
    names = {v.name for v in e.recorded.leaves}
    assert names == {"model.weight", "model.bias", "other.weight", "other.bias"}


# ── long graphs ─────────────────────────────────────────────────────────────────────────────────


def test_two_thousand_operations():
    x = variable(3)
    h = x
    for _ in range(1000):
        h = (h * 1.001).sin()
    loss = h.sum()
    e = agrees(cr.explain(loss), [loss])
    assert len(e.recorded.operations) == 2001


def test_one_sum_of_many_terms():
    w = [variable(2) for _ in range(300)]
    loss = sum((x * x).sum() for x in w)
    e = agrees(cr.explain(loss), [loss])
    assert e.numpy_source().count("grad_w_") >= 300


def test_a_long_chain_needs_no_recursion():
    x = f64([0.5]).requires_grad_()
    h = x
    for _ in range(3_000):
        h = h + x
    loss = h.sum()
    e = cr.explain(loss)
    np.testing.assert_allclose(e.gradient(e.value_of(x)), [3_001.0])
