"""Activations where they are hard to compute."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr


def test_relu():
    """Slope 0 at 0; integers stay integers; bools are refused."""
    x = cr.tensor([-1.0, 0.0, 2.0], requires_grad=True)
    x.relu().sum().backward()
    assert x.grad.tolist() == [0, 0, 1]
    assert cr.tensor([-1, 2]).relu().tolist() == [0, 2]
    with pytest.raises(RuntimeError, match="Boolean inputs not supported for relu"):
        cr.tensor([True]).relu()


def test_sigmoid_saturates_in_silence():
    x = cr.tensor([-1000.0, 0.0, 1000.0], requires_grad=True)
    y = x.sigmoid()
    y.sum().backward()
    assert y.tolist() == [0, 0.5, 1]
    assert x.grad.tolist() == [0, 0.25, 0]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax(dtype, dim):
    """Sums to 1 without overflow; its logarithm is log_softmax; the gradient of the sum is 0."""
    x = (cr.tensor(np.arange(12.0).reshape(3, 4)) * 800).to(getattr(cr, dtype)).requires_grad_()
    y = x.softmax(dim)
    assert y.dtype is x.dtype
    np.testing.assert_allclose(y.sum(dim).detach().numpy(), 1, rtol=1e-3)
    assert cr.allclose(x.log_softmax(dim).exp(), y)
    y.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 0, atol=1e-6)


def test_all_minus_infinity():
    """NaN, as 0 / 0 is."""
    assert cr.full((2,), -math.inf).softmax(0).isnan().all()
    assert cr.tensor([-math.inf, 1.0]).softmax(0).tolist() == [0, 1]


def test_dtype_is_converted_first():
    """Integers need it; floats are computed in it, and the gradient comes back in their own."""
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x.log_softmax(0, dtype=cr.float64)
    y[0].backward()
    assert (y.dtype, x.grad.dtype) == (cr.float64, cr.float32)
    assert cr.tensor([1, 2]).softmax(0, dtype=cr.float32).sum().item() == pytest.approx(1)
    with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
        cr.tensor([1, 2]).softmax(0)


@pytest.mark.parametrize("shape, dim", [((), 0), ((), -1), ((0, 3), 0), ((2, 0), 1)])
def test_small_shapes(shape, dim):
    assert cr.ones(shape).softmax(dim).shape == shape
    assert cr.ones(shape).log_softmax(dim).shape == shape


def test_no_such_dimension():
    with pytest.raises(IndexError, match="Dimension out of range"):
        cr.ones(2, 3).softmax(2)


def test_second_derivative_of_softmax():
    """Σ y² of two elements, against its closed form."""
    x = cr.tensor([0.3, -0.4], dtype=cr.float64, requires_grad=True)
    (g,) = cr.autograd.grad((x.softmax(0) ** 2).sum(), x, create_graph=True)
    (h,) = cr.autograd.grad(g[0], x)
    s = 1 / (1 + math.exp(-0.7))  # Σ y² = 1 − 2 s (1 − s), in d = x₀ − x₁ with s' = s (1 − s)
    p = s * (1 - s)
    second = -2 * (p * (1 - 2 * s) ** 2 - 2 * p * p)
    assert h.tolist() == pytest.approx([second, -second])
