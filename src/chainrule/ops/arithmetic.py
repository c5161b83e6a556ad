"""Arithmetic and powers."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..op import FLOAT, elementwise, public

_add = elementwise("add", np.add, {"a": 1, "b": 1}, symbol="{a} + {b}")
_sub = elementwise("sub", np.subtract, {"a": 1, "b": -1}, symbol="{a} − {b}")
mul = elementwise("mul", np.multiply, {"a": lambda b: b, "b": lambda a: a}, symbol="{a} ⊙ {b}")
div = elementwise(
    "div", np.divide, {"a": lambda b: 1 / b, "b": lambda a, b: -a / (b * b)}, promotion=FLOAT, symbol="{a} / {b}"
)
square = elementwise("square", np.square, {"x": lambda x: 2 * x})
_pow = elementwise(
    "pow",
    operator.pow,
    {
        # x⁰ has slope 0 everywhere, at 0 too: the exponent is then left at 0 instead of −1.
        "a": lambda a, b: b * a ** (b + -1.0 * (b != 0)),
        # 0ˢ is 0 for all s > 0: its slope in s is 0, where 0 · log 0 would be NaN.
        "b": lambda a, b, y: y * np.log(np.where((a == 0) & (b >= 0), 1, a)),
    },
    symbol="{a}^{b}",
)
neg = elementwise("neg", np.negative, {"x": -1}, symbol="−{x}")


@public()
def add(input: Any, other: Any, *, alpha: Any = 1, out: None = None) -> Any:
    """input + alpha · other, broadcast."""
    return _add.call(input, other if alpha == 1 else mul.call(other, alpha))


@public()
def sub(input: Any, other: Any, *, alpha: Any = 1, out: None = None) -> Any:
    """input − alpha · other, broadcast."""
    return _sub.call(input, other if alpha == 1 else mul.call(other, alpha))


@public()
def pow(input, exponent, *, out=None):
    if type(exponent) is int and exponent == 2:
        return square.call(input)
    return _pow.call(input, exponent)

@public()
def zero(input): return mul(input, 0)
