"""Forward mode beyond what PyTorch has: levels that nest, all orders of both modes, writes in place."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule.autograd import forward_ad
from chainrule.func import grad, jacfwd, jacrev, jvp


def f(x):
    return (x.exp() * x.sin()).sum() + (x[:1] * x[1:]).sum() ** 2


AT = cr.tensor([0.3, 0.7], dtype=cr.float64)
ONE = cr.tensor([1.0, -2.0], dtype=cr.float64)
HESSIANS = {
    "forward over reverse": lambda: jacfwd(jacrev(f))(AT),
    "reverse over forward": lambda: jacrev(jacfwd(f))(AT),
    "forward over forward": lambda: jacfwd(jacfwd(f))(AT),
    "reverse over reverse": lambda: jacrev(jacrev(f))(AT),
}


@pytest.mark.parametrize("name", HESSIANS)
def test_all_ways_to_a_hessian_agree(name):
    expected = cr.autograd.functional.hessian(f, AT)
    found = HESSIANS[name]()
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert not found.requires_grad


def test_third_derivatives():
    cube = jacfwd(jacrev(jacfwd(lambda x: (x**4).sum())))(AT)
    expected = np.zeros((2, 2, 2))
    for i in range(2):
        expected[i, i, i] = 24 * AT[i].item()
    np.testing.assert_allclose(cube, expected, rtol=1e-12)


def test_perturbations_are_not_confused():
    """d/dx (x · d/dy (x + y)) at 1 is 1, not 2."""
    x = cr.tensor(1.0)
    _, found = jvp(lambda x: x * jvp(lambda y: x + y, (cr.tensor(1.0),), (cr.tensor(1.0),))[1], (x,), (cr.tensor(1.0),))
    assert found.item() == 1.0


def test_forward_mode_of_a_gradient_with_a_saved_result():
    """What exp keeps is its own result, whose tangent has to be found again."""
    _, found = jvp(grad(lambda x: x.exp().sum()), (AT,), (ONE,))
    np.testing.assert_allclose(found, np.exp(AT) * ONE._data)


def test_custom_functions_in_both_modes():
    class Cube(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            ctx.save_for_forward(x)
            return x**3

        @staticmethod
        def backward(ctx, g):
            return g * 3 * ctx.saved_tensors[0] ** 2

        @staticmethod
        def jvp(ctx, t):
            return t * 3 * ctx.saved_tensors[0] ** 2

    assert cr.autograd.gradcheck(Cube.apply, AT.clone().requires_grad_(), check_forward_ad=True)
    expected = np.zeros((2, 2, 2))
    expected[0, 0, 0], expected[1, 1, 1] = 6 * AT._data
    np.testing.assert_allclose(jacfwd(jacfwd(Cube.apply))(AT), expected)
    np.testing.assert_allclose(jacrev(jacfwd(Cube.apply))(AT), expected)


def test_writes_in_place():
    def program(x):
        y = x * 1
        y.mul_(x)  # x²
        view = y[1:]
        view.add_(x[:1])
        y[0] = 3 * x[1]
        z = cr.zeros(2, dtype=cr.float64)
        z[cr.tensor([0, 1])] = y
        z.exp_()
        return z, view, y.clone().fill_(2.0)

    primal, tangents = jvp(program, (AT,), (ONE,))
    a, b = AT.tolist()
    da, db = ONE.tolist()
    np.testing.assert_allclose(primal[0], [np.exp(3 * b), np.exp(b * b + a)])
    np.testing.assert_allclose(tangents[0], [np.exp(3 * b) * 3 * db, np.exp(b * b + a) * (2 * b * db + da)])
    np.testing.assert_allclose(tangents[1], [2 * b * db + da])
    assert tangents[2].tolist() == [0.0, 0.0]


def test_tangents_end_with_their_level():
    with forward_ad.dual_level():
        x = forward_ad.make_dual(AT, ONE)
    assert forward_ad.unpack_dual(x).tangent is None
    with forward_ad.dual_level():
        assert forward_ad.unpack_dual(x * 2).tangent is None
    with pytest.raises(RuntimeError):
        forward_ad.exit_dual_level()


def test_the_level_ends_when_an_error_leaves_it():
    with pytest.raises(KeyError), forward_ad.dual_level():
        raise KeyError
    with forward_ad.dual_level(), pytest.raises(RuntimeError, match="^Nested forward mode AD is not supported"):
        forward_ad.enter_dual_level()


def test_dual_numbers_are_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = AT.clone().requires_grad_()
        with forward_ad.dual_level():
            y = (forward_ad.make_dual(x, ONE).exp() * x).tanh()
            node = weakref.ref(y.grad_fn)
            tangent = weakref.ref(forward_ad.unpack_dual(y).tangent)
            del y
        assert node() is None and tangent() is None
    finally:
        gc.enable()
