"""Samples of indexing, gathering and scattering."""

from __future__ import annotations

import numpy as np

from . import Row

rng = np.random.default_rng(8)
A, B, CUBE = (rng.standard_normal(shape) for shape in [(3, 4), (3, 4), (2, 3, 4)])
F, SCALAR, EMPTY = rng.standard_normal((4, 3)).T, np.array(0.5), np.zeros((0, 3))
INTEGERS = rng.integers(0, 9, (3, 4))
TWICE, NONE, GRID = np.array([2, 0, 2]), np.zeros(0, np.int64), np.array([[0, 1], [1, -1]])
MASK = A > 0
ROWS_TWICE, COLUMNS = np.array([[3, 0, 0], [1, 1, 2]]), np.array([[0, 2, 1, 0], [2, 2, 2, 1]])
ALL = slice(None)


def loop(combine):
    """y[index[i, j], j] = combine(y[…], src[i, j]) for axis 0, element by element."""

    def reference(x, index, src, axis):
        y = np.array(x)
        for i in np.ndindex(*index.shape):
            at = (*i[:axis], index[i], *i[axis + 1 :])
            y[at] = combine(y[at], src[i] if np.ndim(src) else src)
        return y

    return reference


def gathered(x, index, axis):
    places = [(*i[:axis], index[i], *i[axis + 1 :]) for i in np.ndindex(*index.shape)]
    return np.array([x[at] for at in places], x.dtype).reshape(index.shape)


def put(x, value, key):
    y = np.array(x)
    y[key] = value
    return y


def put_add(x, value, key):
    y = np.array(x)
    np.add.at(y, key, value)
    return y


def added(x, index, source, axis):
    y = np.moveaxis(np.array(x), axis, 0)
    for i, s in zip(index, np.moveaxis(source, axis, 0), strict=True):
        y[i] = y[i] + s
    return np.moveaxis(y, 0, axis)


SCATTERS = [
    ((A, ROWS_TWICE, B[:2, :3]), {"axis": 1}),
    ((A, COLUMNS, B[:2]), {"axis": 0}),
    ((F, COLUMNS, B), {"axis": 0}),
]
ONCE = [((A, np.array([[3, 0], [1, 2]]), B), {"axis": 1}), ((F, np.array([[0, 2, 1, 0]]), 1.5), {"axis": 0})]

ROWS = {
    "index_select": Row(
        lambda x, index, axis: (
            np.moveaxis(np.stack([np.take(x, i, axis) for i in index.ravel()]), 0, axis)
            if index.ndim == 1 and index.size
            else x[(*(ALL,) * axis, index)]
        ),
        [((x, TWICE), {"axis": 0}) for x in (A, F, INTEGERS)]
        + [
            ((CUBE, TWICE), {"axis": 2}),
            ((CUBE, GRID), {"axis": 1}),
            ((A, NONE), {"axis": 1}),
            ((EMPTY, TWICE), {"axis": 1}),
        ],
    ),
    "index": Row(
        lambda x, key: x[key],
        [
            ((x,), {"key": key})
            for x in (A, F)
            for key in [(MASK,), (GRID, GRID), (TWICE,), (np.array([True, False, True]),)]
        ]
        + [((CUBE,), {"key": (np.array([1, 1]), ALL, np.array([0, 3]))}), ((CUBE,), {"key": (ALL, TWICE, TWICE)})]
        + [((A,), {"key": (NONE,)}), ((EMPTY,), {"key": (np.zeros(0, bool),)})],
    ),
    "index_add": Row(
        added,
        [((A, TWICE, B), {"axis": 0}), ((F, np.array([1, 1, 3, 0]), B), {"axis": 1}), ((A, NONE, B[:0]), {"axis": 0})],
    ),
    "index_put": Row(
        put,
        [((A, B[:2]), {"key": (np.array([2, 0]),)}), ((F, SCALAR), {"key": (MASK,)}), ((A, 2.0), {"key": (TWICE,)})]
        + [((CUBE, B[:1]), {"key": (ALL, np.array([1]))}), ((A, SCALAR), {"key": (NONE,)})],
    ),
    "index_put_add": Row(
        put_add,
        [((A, B), {"key": (TWICE,)}), ((F, SCALAR), {"key": (MASK,)}), ((A, B[0, :3]), {"key": (TWICE, TWICE)})]
        + [((CUBE, B[:, 0]), {"key": (ALL, TWICE, TWICE)}), ((A, SCALAR), {"key": (NONE,)})],
    ),
    "unindex": Row(
        lambda x, shape, key: put(np.zeros(shape, x.dtype), x, key),
        [((A[0],), {"shape": (3, 4), "key": (1, ...)}), ((A[:, :2],), {"shape": (3, 4), "key": (ALL, slice(0, 4, 2))})]
        + [((EMPTY,), {"shape": (2, 3), "key": (slice(0, 0),)})],
    ),
    "gather": Row(
        gathered,
        [((A, ROWS_TWICE), {"axis": 1}), ((F, COLUMNS), {"axis": 0}), ((INTEGERS, COLUMNS), {"axis": 0})]
        + [((A, np.zeros((0, 4), np.int64)), {"axis": 0}), ((CUBE, np.array([[[0], [1]]])), {"axis": 1})],
    ),
    "scatter": Row(loop(lambda old, new: new), ONCE),
    "scatter_add": Row(loop(lambda old, new: old + new), SCATTERS),
    "scatter_amax": Row(loop(max), SCATTERS),
    "scatter_amin": Row(loop(min), SCATTERS),
    "scatter_prod": Row(loop(lambda old, new: old * new), SCATTERS),
    "nonzero": Row(
        lambda x: np.array([i for i in np.ndindex(*x.shape) if x[i]], np.int64).reshape(np.count_nonzero(x), x.ndim),
        [((x,), {}) for x in (INTEGERS, MASK, EMPTY, SCALAR, A)],
        notes={"shape_depends_on_values": True},
    ),
}
