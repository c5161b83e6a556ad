"""Arithmetic: dtypes, errors, reflected operators."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("2 - x", [1.0, 0.0]),
        ("2 / x", [2.0, 1.0]),
        ("2 ** x", [2.0, 4.0]),
        ("5 // x", [5.0, 2.0]),
        ("5 % x", [0.0, 1.0]),
        ("2 + x", [3.0, 4.0]),
        ("2 * x", [2.0, 4.0]),
        ("2 - i", [1, 0]),
        ("2 ** i", [2, 4]),
        ("2.5 - i", [1.5, 0.5]),
        ("2 / i", [2.0, 1.0]),
        ("i ** 2", [1, 4]),
        ("i ** 0.5", [1.0, 2**0.5]),
        ("-i", [-1, -2]),
    ],
)
def test_numbers_on_either_side(expression, expected):
    """Values and kinds: only a float makes floats of integers."""
    y = eval(expression, {"x": cr.tensor([1.0, 2.0]), "i": cr.tensor([1, 2])})
    assert y.dtype is (cr.int64 if isinstance(expected[0], int) else cr.float32)
    assert y.tolist() == pytest.approx(expected)


@pytest.mark.parametrize(
    "expression, sentence",
    [
        ("1 - b", "Subtraction, the `-` operator, with a bool tensor is not supported"),
        ("b - b", "Subtraction, the `-` operator, with two bool tensors is not supported"),
        ("-b", "Negation, the `-` operator, on a bool tensor is not supported"),
        ("i // 0", "ZeroDivisionError"),
        ("i % 0", "ZeroDivisionError"),
        ("i.fmod(i - 1)", "ZeroDivisionError"),
        ("i ** -1", "Integers to negative integer powers are not allowed"),
        ("i.add(i, alpha=0.5)", "For integral input tensors, argument alpha must not be a floating point number"),
        ("i.div(2, rounding_mode='up')", "div expected rounding_mode to be one of None, 'trunc', or 'floor'"),
        ("cr.addcdiv(i, i, i)", "Integer division with addcdiv is no longer supported"),
        ("cr.ones(2).lerp(cr.ones(2).double(), 0.5)", "expected dtype float for `end` but got dtype double"),
        ("cr.gcd(cr.ones(1), cr.ones(1))", "\"gcd_cpu\" not implemented for 'Float'"),
        ("abs(b)", "\"abs_cpu\" not implemented for 'Bool'"),
        ("cr.ones(2) + cr.ones(3)", "The size of tensor a (2) must match the size of tensor b (3)"),
    ],
)
def test_errors(expression, sentence):
    """PyTorch's first sentence, as a RuntimeError."""
    names = {"cr": cr, "b": cr.tensor([True, False]), "i": cr.tensor([1, 2])}
    with pytest.raises(RuntimeError) as caught:
        eval(expression, names)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    "name", ["add", "sub", "mul", "div", "pow", "lerp", "addcmul", "addcdiv", "float_power", "ldexp", "exp"]
)
def test_out_is_refused(name):
    """With a text that says what to do."""
    arguments = {"lerp": 2, "addcmul": 2, "addcdiv": 2, "exp": 0}.get(name, 1)
    with pytest.raises(cr.NotSupportedError, match="out= is not supported"):
        getattr(cr, name)(cr.ones(2), *[cr.ones(2)] * arguments, out=cr.ones(2))


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 2.5, -1, -0.5, 0.5])
def test_float16_stays(exponent):
    """Powers, and the slopes that backward computes."""
    x = cr.tensor([1.5, 2.0], dtype=cr.float16, requires_grad=True)
    y = x**exponent
    y.sum().backward()
    assert y.dtype is cr.float16
    assert x.grad.dtype is cr.float16
    values = np.array([1.5, 2.0])
    np.testing.assert_allclose(x.grad.numpy(), exponent * values ** (exponent - 1.0), rtol=2e-3)


def test_power_of_zero_at_zero():
    """x⁰ has slope 0 and 0ˢ has slope 0 in s: no NaN, in second derivatives neither."""
    x, s = cr.zeros(1, requires_grad=True), cr.full((1,), 2.0, requires_grad=True)
    (x**0 + x**s).sum().backward(create_graph=True)
    assert x.grad.tolist() == [0.0]
    assert s.grad.tolist() == [0.0]
    (second,) = cr.autograd.grad((x**2).sum().mul(1), x, create_graph=True)
    assert cr.autograd.grad(second.sum(), x)[0].tolist() == [2.0]


def test_lerp_hits_both_ends():
    """Exactly, whatever the rounding of the difference."""
    a, b = cr.tensor([0.1, 1e8]), cr.tensor([0.7, 0.3])
    assert a.lerp(b, 0).tolist() == a.tolist()
    assert a.lerp(b, 1).tolist() == b.tolist()


def test_division_does_not_square_its_divisor():
    """b · b would overflow in float32."""
    b = cr.tensor(1e25, requires_grad=True)
    (1e30 / b).backward()
    assert b.grad.item() == pytest.approx(-1e-20, rel=1e-5)


def test_positive_is_the_tensor_itself():
    x = cr.ones(2)
    assert +x is x
