"""Exponentials and logarithms where they are hard to compute."""

from __future__ import annotations

import math

import pytest

import chainrule as cr


@pytest.mark.parametrize(
    "expression, expected",
    [
        ("cr.tensor([1e-7]).expm1()", 1e-7),
        ("cr.tensor([1e-7]).log1p()", 1e-7),
        ("cr.tensor([1000.0]).logaddexp(cr.tensor([999.0]))", 1000 + math.log1p(math.exp(-1))),
        ("cr.tensor([-1000.0]).logaddexp2(cr.tensor([-1000.0]))", -999.0),
        ("cr.tensor([0.0]).xlogy(0.0)", 0.0),
        ("cr.xlogy(2, cr.tensor([math.e]))", 2.0),
        ("cr.tensor([0.9]).logit(eps=0.25)", math.log(3)),
    ],
)
def test_precision(expression, expected):
    y = eval(expression, {"cr": cr, "math": math})
    assert y.dtype is cr.float32
    assert y.item() == pytest.approx(expected, rel=1e-6)


def test_log_at_zero_has_an_infinite_slope():
    x = cr.tensor([0.0, 1.0], requires_grad=True)
    x.log().sum().backward()
    assert x.grad.tolist() == [math.inf, 1.0]


def test_logit_outside_of_its_domain():
    """NaN, value and slope; with eps the slope is 0."""
    x = cr.tensor([1.5], requires_grad=True)
    x.logit().backward()
    assert math.isnan(x.grad.item())
    x.grad = None
    x.logit(0.1).backward()
    assert x.grad.item() == 0


def test_integers_are_refused_where_pytorch_does():
    with pytest.raises(NotImplementedError, match="\"logaddexp_cpu\" not implemented for 'Long'"):
        cr.logaddexp(cr.tensor([1]), cr.tensor([2]))
