"""Samples of scans."""

from __future__ import annotations

import numpy as np

from . import Row

rng = np.random.default_rng(2)
MATRIX, CUBE, VECTOR = (rng.standard_normal(shape) for shape in [(3, 4), (2, 5, 2), (7,)])
INTEGERS = rng.integers(-3, 4, (3, 4))
EMPTY = np.zeros((0, 3))
WITH_ZEROS = np.array([[0.0, 2.0, 3.0, 1.5], [2.0, 0.0, 5.0, 0.0]])


def along(*arrays, **params):
    """Each array along its first and its last axis."""
    return [((x,), {"axis": axis, **params}) for x in arrays for axis in {0, x.ndim - 1}]


def shifted(x, axis, by):
    padded = np.pad(x, [(int(by == 1), int(by == -1)) if i == axis else (0, 0) for i in range(x.ndim)])
    n = x.shape[axis]
    return np.take(padded, range(n) if by == 1 else range(1, n + 1), axis)


def recurrence(a, b, axis, transposed):
    """One step after the other."""
    a, b = np.moveaxis(a, axis, 0), np.moveaxis(b, axis, 0)
    y = np.array(b)
    n = len(y)
    for i in range(n - 2, -1, -1) if transposed else range(1, n):
        y[i] = b[i] + (a[i + 1] * y[i + 1] if transposed else a[i] * y[i - 1])
    return np.moveaxis(y, 0, axis)


def last_extreme(x, axis, largest):
    """The running index, one row after the other."""
    x = np.moveaxis(x, axis, 0)
    best = np.zeros(x.shape, int)
    for i in range(1, len(x)):
        now = np.take_along_axis(x, best[i - 1 : i], 0)[0]
        better = (x[i] >= now if largest else x[i] <= now) | np.isnan(x[i])
        best[i] = np.where(better, i, best[i - 1])
    return np.moveaxis(best, 0, axis)


ROWS = {
    "cumsum": Row(lambda x, axis: np.cumsum(x, axis), along(MATRIX, CUBE, VECTOR, INTEGERS, EMPTY)),
    "cumprod": Row(lambda x, axis: np.cumprod(x, axis), along(MATRIX, CUBE, VECTOR, WITH_ZEROS, INTEGERS, EMPTY)),
    "logcumsumexp": Row(lambda x, axis: np.log(np.cumsum(np.exp(x), axis)), along(MATRIX, CUBE, VECTOR, VECTOR[:1])),
    "cumextreme_index": Row(
        last_extreme,
        along(MATRIX, INTEGERS, WITH_ZEROS, largest=True) + along(MATRIX, INTEGERS, largest=False),
    ),
    "shifted": Row(shifted, along(MATRIX, VECTOR, by=1) + along(MATRIX, VECTOR, VECTOR[:1], by=-1)),
    "recurrence": Row(
        recurrence,
        [
            ((x, x[::-1] + 0.5), {"axis": axis, "transposed": transposed})
            for x in (MATRIX, CUBE, VECTOR, VECTOR[:1])
            for axis in {0, x.ndim - 1}
            for transposed in (False, True)
        ],
    ),
}
