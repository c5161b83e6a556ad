"""Transforms of functions: what comes back, how they nest, what a loop makes possible in vmap."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import func

AT = cr.tensor([0.3, 0.7], dtype=cr.float64)


def test_results_hold_no_graph():
    for result in (
        func.grad(lambda x: (x**3).sum())(AT),
        func.vjp(lambda x: x**3, AT)[0],
        func.vjp(lambda x: x**3, AT)[1](AT)[0],
        func.hessian(lambda x: (x**3).sum())(AT),
        func.jacrev(lambda x: x**3)(AT),
        func.linearize(lambda x: x**3, AT)[0],
    ):
        assert result.grad_fn is None and not result.requires_grad


def test_results_stay_connected_to_what_requires_grad():
    w = cr.tensor([2.0, 3.0], dtype=cr.float64, requires_grad=True)
    g = func.jacrev(lambda x: x * x * w)(AT)
    (found,) = cr.autograd.grad(g.sum(), w)
    np.testing.assert_allclose(found, 2 * AT._data)
    x = AT.clone().requires_grad_()
    (found,) = cr.autograd.grad(func.grad(lambda x: (x**3).sum())(x).sum(), x)
    np.testing.assert_allclose(found, 6 * AT._data)


def test_vjp_may_be_asked_again_and_for_gradients():
    _, pull = func.vjp(lambda x: x**3, AT)
    v = cr.ones(2, dtype=cr.float64, requires_grad=True)
    (g,) = pull(v)
    np.testing.assert_allclose(g.detach(), 3 * AT._data**2)
    (found,) = cr.autograd.grad(g.sum(), v)
    np.testing.assert_allclose(found, 3 * AT._data**2)


def test_linearize_runs_the_function_once():
    runs = []
    y, push = func.linearize(lambda x: runs.append(1) or x.exp() * x, AT)
    for v in (AT, AT * 2):
        np.testing.assert_allclose(push(v), func.jvp(lambda x: x.exp() * x, (AT,), (v,))[1])
    assert len(runs) == 1
    np.testing.assert_allclose(y, np.exp(AT._data) * AT._data)
    with pytest.raises(RuntimeError, match="to have the same argspec as the primals"):
        push(AT, AT)


def test_jvp_strict():
    with pytest.raises(RuntimeError, match="independent of the inputs"):
        func.jvp(lambda x: AT, (AT,), (AT,), strict=True)


@pytest.mark.parametrize("transform", [func.jacrev, func.jacfwd])
def test_jacobians_of_empty_things(transform):
    assert transform(lambda x: x * 2)(cr.zeros(0, 2)).shape == (0, 2, 0, 2)
    assert transform(lambda x: x[:0])(cr.ones(3)).shape == (0, 3)
    assert transform(lambda x: x.sum())(cr.ones(())).shape == ()


def test_functions_are_not_changed_by_failing():
    with pytest.raises(KeyError):
        func.jvp(lambda x: {}["missing"], (AT,), (AT,))
    with pytest.raises(KeyError):
        func.grad(lambda x: {}["missing"])(AT)
    assert not cr.autograd.forward_ad.unpack_dual(AT).tangent
    assert cr.is_grad_enabled()


# ── vmap ────────────────────────────────────────────────────────────────────────────────────────


def test_vmap_allows_branches_and_writes():
    def collatz(x):
        y = x.clone()
        while y.item() > 1:
            y[...] = y / 2
        return y

    assert func.vmap(collatz)(cr.tensor([8.0, 3.0])).tolist() == [1.0, 0.75]


def test_vmap_keeps_gradients():
    x = cr.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
    func.vmap(lambda r: (r * r).sum(), in_dims=1)(x).sum().backward()
    assert x.grad.tolist() == [[2.0, 4.0], [6.0, 8.0]]


def test_vmap_randomness():
    batch = cr.zeros(3)
    different = func.vmap(lambda x: x + cr.rand(()), randomness="different")(batch)
    assert len(set(different.tolist())) == 3
    same = func.vmap(lambda x: x + cr.rand(()), randomness="same")(batch)
    assert len(set(same.tolist())) == 1
    state = cr.get_rng_state()
    with pytest.raises(RuntimeError, match="^vmap: called random operation while in randomness error mode"):
        func.vmap(lambda x: x + cr.rand(()))(batch)
    assert (cr.get_rng_state() == state).all()
    with pytest.raises(RuntimeError, match="^Only allowed values for randomness"):
        func.vmap(lambda x: x, randomness="some")


def test_vmap_keywords_and_chunks():
    f = func.vmap(lambda x, *, y: x * y, chunk_size=2)
    assert f(cr.tensor([1.0, 2.0, 3.0]), y=cr.tensor([1.0, 10.0, 100.0])).tolist() == [1.0, 20.0, 300.0]
    with pytest.raises(ValueError, match="chunk_size"):
        func.vmap(lambda x: x, chunk_size=0)


def test_vmap_of_nothing():
    with pytest.raises(ValueError, match="size 0"):
        func.vmap(lambda x: x)(cr.zeros(0, 2))
