"""Angles: identities, quadrants, aliases."""

from __future__ import annotations

import math

import pytest

import chainrule as cr


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "sinh", "tanh"])
def test_inverse(name):
    """arc-f of f is the identity, and its slope the reciprocal."""
    x = cr.tensor([0.3, 0.7], dtype=cr.float64, requires_grad=True)
    y = getattr(getattr(x, name)(), f"arc{name}")()
    y.sum().backward()
    assert y.tolist() == pytest.approx([0.3, 0.7])
    assert x.grad.tolist() == pytest.approx([1.0, 1.0])


@pytest.mark.parametrize("a, b", [(1, 1), (1, -1), (-1, -1), (-1, 1), (0, -1)])
def test_quadrants(a, b):
    assert cr.atan2(cr.tensor(float(a)), cr.tensor(float(b))).item() == pytest.approx(math.atan2(a, b))


def test_slopes_at_the_origin_are_zero():
    a, b = cr.zeros(1, requires_grad=True), cr.zeros(1, requires_grad=True)
    cr.atan2(a, b).backward()
    assert (a.grad.item(), b.grad.item()) == (0, 0)


def test_sinc_at_zero():
    """1 with slope 0, in float16 too."""
    for dtype in (cr.float16, cr.float32, cr.float64):
        x = cr.zeros(1, dtype=dtype, requires_grad=True)
        y = x.sinc()
        y.backward()
        assert (y.item(), x.grad.item(), y.dtype) == (1, 0, dtype)


def test_degrees():
    x = cr.tensor([180], dtype=cr.int64)
    assert x.deg2rad().item() == pytest.approx(math.pi)
    assert x.deg2rad().rad2deg().item() == pytest.approx(180)
