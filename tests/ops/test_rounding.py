"""Rounding, clamping, choosing."""

from __future__ import annotations

import math

import pytest

import chainrule as cr

NAN = math.nan


@pytest.mark.parametrize(
    "name, expected",
    [
        ("floor", [-2, -1, 0, 2]),
        ("ceil", [-1, 0, 1, 3]),
        ("trunc", [-1, 0, 0, 2]),
        ("round", [-2, 0, 0, 2]),
        ("fix", [-1, 0, 0, 2]),
    ],
)
def test_rounding(name, expected):
    """Floats keep their dtype, integers stay as they are, the gradient is zero."""
    x = cr.tensor([-1.5, -0.5, 0.5, 2.5], requires_grad=True)
    y = getattr(x, name)()
    y.sum().backward()
    assert y.tolist() == expected
    assert x.grad.tolist() == [0, 0, 0, 0]
    whole = cr.tensor([-3, 4])
    assert getattr(whole, name)().tolist() == [-3, 4]
    assert getattr(whole, name)().dtype is cr.int64


def test_decimals():
    assert cr.tensor([1.25, -3.456]).round(decimals=1).tolist() == pytest.approx([1.2, -3.5])
    assert cr.tensor([125.0, 138.0]).round(decimals=-1).tolist() == [120.0, 140.0]


def test_gradient_at_the_bounds_is_one():
    x = cr.tensor([-1.0, 0.0, 0.5, 1.0, 2.0], requires_grad=True)
    x.clamp(0, 1).sum().backward()
    assert x.grad.tolist() == [0, 1, 1, 1, 0]


def test_clamp_between_tensors():
    """The bound that holds gets the gradient; where they cross, the upper one holds."""
    x, low, high = (cr.tensor(v, requires_grad=True) for v in ([0.0, 5.0, 1.0], [1.0, 1.0, 3.0], [4.0, 4.0, 2.0]))
    y = x.clamp(low, high)
    y.sum().backward()
    assert y.tolist() == [1, 4, 2]
    assert [t.grad.tolist() for t in (x, low, high)] == [[0, 0, 0], [1, 0, 0], [0, 1, 1]]


def test_clamp_without_bounds():
    with pytest.raises(RuntimeError, match="At least one of 'min' or 'max' must not be None"):
        cr.ones(1).clamp()


def test_ties_share():
    a, b = cr.tensor([1.0, 2.0], requires_grad=True), cr.tensor([1.0, 1.0], requires_grad=True)
    cr.maximum(a, b).sum().backward()
    assert (a.grad.tolist(), b.grad.tolist()) == ([0.5, 1], [0.5, 0])


@pytest.mark.parametrize("name, expected", [("maximum", NAN), ("minimum", NAN), ("fmax", 1.0), ("fmin", 1.0)])
def test_nan(name, expected):
    y = getattr(cr, name)(cr.tensor([NAN]), cr.tensor([1.0]))
    assert y.item() == pytest.approx(expected, nan_ok=True)


def test_where_gives_the_branch_not_taken_nothing():
    """Even where the slope of that branch is infinite, and both ways round."""
    x = cr.tensor([0.0, 4.0], requires_grad=True)
    cr.where(x > 0, x, x * 2).sum().backward()
    assert x.grad.tolist() == [2, 1]
    a = cr.tensor([1.0, 1.0], requires_grad=True)
    cr.where(cr.tensor([True, False]), a, math.inf).backward(cr.tensor([1.0, math.inf]))
    assert a.grad.tolist() == [1, 0]


@pytest.mark.parametrize(
    "expression, dtype",
    [
        ("cr.where(m, 1, 0)", "int64"),
        ("cr.where(m, 1.0, 0)", "float32"),
        ("cr.where(m, cr.ones(2).double(), 0)", "float64"),
        ("cr.where(m, cr.ones(2).half(), cr.tensor(1.0))", "float16"),
        ("cr.where(m, cr.ones(2).int(), 1.5)", "float32"),
        ("cr.ones(2).where(m, 0)", "float32"),
    ],
)
def test_dtype_of_where(expression, dtype):
    y = eval(expression, {"cr": cr, "m": cr.tensor([True, False])})
    assert y.dtype is getattr(cr, dtype)


def test_where_with_a_condition_alone():
    (index,) = cr.where(cr.tensor([0, 3, 5]))
    assert index.tolist() == [1, 2]


def test_where_refuses_a_condition_that_is_no_mask():
    with pytest.raises(
        RuntimeError, match="where expected condition to be a boolean tensor, but got a tensor with dtype Long"
    ):
        cr.where(cr.tensor([1]), cr.ones(1), cr.ones(1))
    with pytest.raises(TypeError):
        cr.where(cr.tensor([True]), 1)


def test_nan_to_num():
    x = cr.tensor([NAN, math.inf, -math.inf, 2.0], requires_grad=True)
    y = x.nan_to_num(nan=1.0, posinf=5.0)
    y.sum().backward()
    assert y.tolist() == [1, 5, cr.finfo(cr.float32).min, 2]
    assert x.grad.tolist() == [0, 0, 0, 1]


def test_heaviside_needs_one_dtype():
    assert cr.heaviside(cr.tensor([-1.0, 0.0, NAN]), cr.tensor(0.5)).tolist() == [0, 0.5, 0]
    with pytest.raises(RuntimeError, match="heaviside is not yet implemented for tensors with different dtypes"):
        cr.heaviside(cr.ones(1), cr.tensor([1]))
