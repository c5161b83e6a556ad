"""Comparisons, logic, bits."""

from __future__ import annotations

import math

import pytest

import chainrule as cr


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("x == 2", [False, True]),
        ("x != 2", [True, False]),
        ("2 > x", [True, False]),
        ("x >= cr.tensor([1, 3])", [True, False]),
        ("x.greater(1)", [False, True]),
        ("x.not_equal(x)", [False, False]),
        ("cr.less_equal(x, 1)", [True, False]),
        ("x == 2.5", [False, False]),
        ("~(x > 1)", [True, False]),
        ("(x > 0) & (x < 2)", [True, False]),
        ("(x < 0) | (x < 2)", [True, False]),
        ("(x > 0) ^ (x > 1)", [True, False]),
        ("x.logical_and(x - 1)", [False, True]),
        ("(x - 1).logical_not()", [True, False]),
    ],
)
def test_masks(expression, expected):
    for x in (cr.tensor([1, 2]), cr.tensor([1.0, 2.0]), cr.tensor([1.0, 2.0], requires_grad=True)):
        y = eval(expression, {"cr": cr, "x": x})
        assert y.dtype is cr.bool
        assert y.tolist() == expected
        assert not y.requires_grad


def test_equality_with_what_is_no_number():
    """Python's own answer."""
    x = cr.ones(2)
    assert (x == None) is False  # noqa: E711
    assert (x != "a") is True
    assert x in {x: 1}


@pytest.mark.parametrize("expression", ["x & x", "x | 1", "x << 1", "~x", "cr.tensor([1]) & 1.5", "m << m"])
def test_bits_of_floats(expression):
    with pytest.raises(NotImplementedError, match="not implemented for"):
        eval(expression, {"cr": cr, "x": cr.ones(2), "m": cr.tensor([True])})


def test_shifts_beyond_the_width():
    i = cr.tensor([5, -5])
    assert (i << 64).tolist() == [0, 0]
    assert (i >> 70).tolist() == [0, -1]
    assert (1 << cr.tensor([3])).tolist() == [8]


def test_close():
    a, b = cr.tensor([1.0, math.inf, math.nan]), cr.tensor([1.0 + 1e-6, math.inf, math.nan])
    assert cr.isclose(a, b).tolist() == [True, True, False]
    assert cr.allclose(a, b, equal_nan=True) is True
    assert cr.allclose(a, b) is False
    assert cr.isclose(cr.tensor([2**53]), cr.tensor([2**53 + 2]), rtol=0).tolist() == [False]


@pytest.mark.parametrize(
    "call, sentence",
    [
        ("cr.isclose(cr.ones(1), cr.ones(1).double())", "Float did not match Double"),
        ("cr.isclose(cr.ones(1), cr.ones(1), rtol=-1)", "rtol must be greater than or equal to zero, but got -1"),
        ("cr.allclose(cr.ones(2), cr.ones(3))", "The size of tensor a (2) must match the size of tensor b (3)"),
        ("cr.ones(2) < cr.ones(3)", "The size of tensor a (2) must match the size of tensor b (3)"),
    ],
)
def test_errors(call, sentence):
    with pytest.raises(RuntimeError) as caught:
        eval(call, {"cr": cr})
    assert sentence in str(caught.value)


def test_equal():
    assert cr.equal(cr.tensor([1, 2]), cr.tensor([1.0, 2.0])) is True
    assert cr.equal(cr.ones(2), cr.ones(1)) is False
    assert cr.equal(cr.tensor([math.nan]), cr.tensor([math.nan])) is False
    with pytest.raises(TypeError, match="argument 'other'"):
        cr.equal(cr.ones(1), 1)
