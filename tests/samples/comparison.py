"""Samples of comparisons, logic and bits."""

from __future__ import annotations

import operator

import numpy as np

from . import Row
from .arithmetic import of_tensors, torchs

INTEGERS = np.array([[6, -5, 0], [12, 3, 1]])
BITS = [
    ((INTEGERS, INTEGERS[::-1]), {}),
    ((INTEGERS, 3), {}),
    ((np.array(6), INTEGERS), {}),
    ((INTEGERS > 0, INTEGERS[::-1] > 2), {}),
    ((np.zeros((0, 3), int), np.ones(3, int)), {}),
]
SHIFTS = [((INTEGERS, np.array([1, 2, 70])), {}), ((INTEGERS, 3), {}), ((np.array(6), np.array(-1)), {})]
LOGIC = [*BITS, ((np.array([0.0, 1.5, np.nan]), np.array([2, 0, 0])), {}), ((np.array(0.0), np.array([1.0, 0.0])), {})]
REALS = np.array([[0.0, -0.0, 1.5], [np.inf, -np.inf, np.nan]])
ONE = [((x,), {}) for x in (REALS, REALS.T, np.array(np.nan), np.zeros((0, 2)), INTEGERS, INTEGERS > 0)]
BOTH = [
    ((REALS, REALS[::-1]), {}),
    ((REALS, np.array(1.5)), {}),
    ((REALS, 1.5), {}),
    ((INTEGERS, 3), {}),
    ((INTEGERS, REALS), {}),
    ((INTEGERS > 0, INTEGERS), {}),
    ((np.zeros((0, 3)), np.ones(3)), {}),
]
CLOSE = np.array([1.0, 1.0 + 1e-6, 2.0, np.inf, np.nan]), np.array([1.0, 1.0, 2.1, np.inf, np.nan])


def shifted(a, b, f):
    """What bits there are after Python's own shift; moved too far, none (or all, of a negative number)."""
    a, b = np.broadcast_arrays(a, b)
    return np.array([f(int(x), int(n)) for x, n in zip(a.reshape(-1), b.reshape(-1), strict=True)]).reshape(a.shape)


def over_bits(f):
    return lambda a, b: np.vectorize(lambda x, y: f(x, y), otypes=[np.result_type(a, b)])(a, b)


ROWS = {
    "eq": Row(operator.eq, BOTH),
    "ne": Row(operator.ne, BOTH),
    "lt": Row(operator.lt, BOTH),
    "le": Row(operator.le, BOTH),
    "gt": Row(operator.gt, BOTH),
    "ge": Row(operator.ge, BOTH),
    "_isclose": Row(
        lambda a, b, rtol, atol, equal_nan: np.isclose(a, b, rtol, atol, equal_nan),
        [(CLOSE, {"rtol": 1e-5, "atol": 1e-8, "equal_nan": e}) for e in (False, True)],
        notes={"torch": torchs("isclose")},
    ),
    "isnan": Row(lambda x: x != x, ONE),
    "isinf": Row(lambda x: np.abs(x * 1.0) == np.inf, ONE),
    "isfinite": Row(lambda x: np.abs(x * 1.0) < np.inf, ONE),
    "isposinf": Row(lambda x: x * 1.0 > 1e308, ONE),
    "isneginf": Row(lambda x: x * 1.0 < -1e308, ONE),
    "isreal": Row(lambda x: np.isreal(x), ONE),
    "logical_and": Row(
        lambda a, b: np.asarray(a).astype(bool) & np.asarray(b).astype(bool),
        LOGIC,
        notes={"torch": of_tensors("logical_and")},
    ),
    "logical_or": Row(
        lambda a, b: np.asarray(a).astype(bool) | np.asarray(b).astype(bool),
        LOGIC,
        notes={"torch": of_tensors("logical_or")},
    ),
    "logical_xor": Row(
        lambda a, b: np.asarray(a).astype(bool) ^ np.asarray(b).astype(bool),
        LOGIC,
        notes={"torch": of_tensors("logical_xor")},
    ),
    "logical_not": Row(lambda x: ~x.astype(bool), ONE),
    "bitwise_and": Row(over_bits(operator.and_), BITS),
    "bitwise_or": Row(over_bits(operator.or_), BITS),
    "bitwise_xor": Row(over_bits(operator.xor), BITS),
    "bitwise_not": Row(lambda x: ~x, [((INTEGERS,), {}), ((INTEGERS > 0,), {}), ((np.array(3),), {})]),
    "bitwise_left_shift": Row(lambda a, b: shifted(a, b, lambda x, n: x << n if 0 <= n < 64 else 0), SHIFTS),
    "bitwise_right_shift": Row(lambda a, b: shifted(a, b, lambda x, n: x >> n if 0 <= n < 64 else -(x < 0)), SHIFTS),
}
