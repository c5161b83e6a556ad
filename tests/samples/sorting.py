"""Samples of sorting, searching and counting."""

from __future__ import annotations

import numpy as np

from . import Row

rng = np.random.default_rng(5)
MATRIX, VECTOR = rng.standard_normal((4, 5)), rng.standard_normal(7)
TIES = rng.integers(0, 3, (4, 5))
WITH_NAN = np.where(MATRIX > 1, np.nan, MATRIX)


def along(*arrays, **params):
    """Each array along its first and its last axis."""
    return [((x,), {**params, "axis": axis}) for x in arrays for axis in {0, x.ndim - 1}]


def per_line(function):
    """Apply a function of a list of numbers along an axis; the result keeps the axis."""

    def apply(x, axis, **params):
        return np.apply_along_axis(lambda line: np.array(function(line.tolist(), **params), int), axis, x)

    return apply


def order(line, descending=False):
    """A stable sort in Python; NaN is the largest."""
    sign = -1 if descending else 1
    return sorted(
        range(len(line)), key=lambda i: (sign * (line[i] != line[i]), sign * line[i] if line[i] == line[i] else 0)
    )


def median_place(line, ignore_nan):
    nan = [i for i, x in enumerate(line) if x != x]
    if nan and not ignore_nan:
        return nan[:1]
    numbers = len(line) - len(nan)
    return [order(line)[max(numbers - 1, 0) // 2]]


def mode_place(line):
    best = min(set(line), key=lambda x: (-line.count(x), x))
    return [max(i for i, x in enumerate(line) if x == best)]


def unique(x, axis):
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, axis=axis)
    return values, inverse.reshape(x.shape if axis is None else -1), counts


def unique_consecutive(x, axis):
    """One slice after the other."""
    slices = list(x.reshape(-1)) if axis is None else [np.take(x, i, axis) for i in range(x.shape[axis])]
    values, inverse, counts = [], [], []
    for s in slices:
        if not values or (s != values[-1]).any():
            values.append(s)
            counts.append(0)
        counts[-1] += 1
        inverse.append(len(values) - 1)
    stacked = np.stack(values, 0 if axis is None else axis)
    return stacked, np.reshape(inverse, x.shape if axis is None else -1), np.array(counts)


def search(boundaries, values, right, dtype):
    count = (lambda row, v: np.sum(row <= v)) if right else (lambda row, v: np.sum(row < v))
    if boundaries.ndim == 1:
        return np.vectorize(lambda v: count(boundaries, v), otypes=[dtype])(values)
    return np.array([[count(row, v) for v in line] for row, line in zip(boundaries, values, strict=True)], dtype)


def histogram(x, bins, low, high):
    if low == high:
        low, high = x.min(), x.max()
    return np.histogram(x, bins, (low, high))[0].astype(float)


def counted(x, weights, minlength):
    n = max([minlength, *(x + 1)])
    return np.array([sum((1 if weights is None else weights[i]) for i, k in enumerate(x) if k == j) for j in range(n)])


UNKNOWN_SHAPE = {"shape_depends_on_values": True}
NUMBERS = np.array([1, 4, 1, 0])
BORDERS = np.sort(MATRIX, 1)
ROWS = {
    "argsort": Row(
        per_line(order),
        along(MATRIX, TIES, WITH_NAN, descending=False) + along(MATRIX, TIES, WITH_NAN, descending=True),
    ),
    "topk_index": Row(
        per_line(lambda line, k, largest: order(line, largest)[:k]),
        along(MATRIX, TIES, WITH_NAN, k=2, largest=True) + along(MATRIX, TIES, k=3, largest=False),
    ),
    "kthvalue_index": Row(per_line(lambda line, k: order(line)[k : k + 1]), along(MATRIX, TIES, WITH_NAN, k=2)),
    "median_index": Row(
        per_line(median_place),
        along(MATRIX, TIES, WITH_NAN, ignore_nan=False) + along(MATRIX, WITH_NAN, ignore_nan=True),
    ),
    "mode_index": Row(per_line(mode_place), along(MATRIX, TIES)),
    "median": Row(
        lambda x, ignore_nan: np.sort(x.reshape(-1))[(x.size - 1) // 2],
        [((x,), {"ignore_nan": nan}) for x in (MATRIX, VECTOR, TIES, np.array(2.0)) for nan in (False, True)],
    ),
    "unique": Row(
        unique,
        [((TIES,), {"axis": axis}) for axis in (None, 0, 1)] + [((MATRIX,), {"axis": None})],
        notes=UNKNOWN_SHAPE,
    ),
    "unique_consecutive": Row(
        unique_consecutive,
        [((np.repeat(TIES, 2, 0),), {"axis": axis}) for axis in (None, 0, 1)],
        notes=UNKNOWN_SHAPE,
    ),
    "searchsorted": Row(
        search,
        [
            (args, {"right": right, "dtype": dtype})
            for args in [(BORDERS[0], MATRIX), (BORDERS, MATRIX[:, :2]), (np.array([1, 3, 5]), NUMBERS)]
            for right, dtype in ((False, np.int64), (True, np.int32))
        ],
    ),
    "isin": Row(
        lambda elements, test_elements, invert: np.array([(e in test_elements) != invert for e in elements]),
        [((NUMBERS, np.array([1, 3])), {"invert": invert}) for invert in (False, True)],
    ),
    "histc": Row(
        histogram, [((VECTOR,), {"bins": 4, "low": -1.0, "high": 1.0}), ((MATRIX,), {"bins": 3, "low": 0, "high": 0})]
    ),
    "bincount": Row(
        counted,
        [((NUMBERS, None), {"minlength": 7}), ((NUMBERS, None), {"minlength": 0})]
        + [((NUMBERS, np.array([0.5, 1.0, 2.0, 3.0])), {"minlength": 0})],
        notes=UNKNOWN_SHAPE,
    ),
    "quantile_rank": Row(
        lambda x, q, interpolation, ignore_nan: _rank(x, np.atleast_1d(q), interpolation),
        [
            ((BORDERS, q), {"interpolation": interpolation, "ignore_nan": nan})
            for q in (0.3, np.array([0.1, 0.75]))
            for interpolation in ("linear", "lower", "higher", "nearest", "midpoint")
            for nan in (False, True)
        ],
    ),
}


def _rank(x, q, interpolation):
    """By NumPy's names for the roundings."""
    rank = np.tile(q * (x.shape[-1] - 1), (*x.shape[:-1], 1))
    rounded = {"lower": np.floor, "higher": np.ceil, "nearest": np.round}.get(interpolation, np.asarray)(rank)
    weight = np.full(rank.shape, 0.5) if interpolation == "midpoint" else rounded % 1
    return np.floor(rounded).astype(int), np.ceil(rounded).astype(int), weight
