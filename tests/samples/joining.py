"""Samples of joining, repeating, reversing, copying and filling."""

from __future__ import annotations

import itertools

import numpy as np

from . import Row

rng = np.random.default_rng(4)
A, B, C = (rng.standard_normal(shape) for shape in [(2, 3), (2, 3), (2, 1)])
CUBE, SCALAR, EMPTY = rng.standard_normal((2, 3, 2)), np.array(0.5), np.zeros((0, 3))
INTEGERS, MASK = rng.integers(0, 9, (2, 3)), A > 0


def blocks(*xs):
    rows = [[x if i == j else np.zeros((x.shape[0], y.shape[1])) for j, y in enumerate(xs)] for i, x in enumerate(xs)]
    return np.block(rows)


def combinations(x, r, with_replacement):
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return np.array([list(c) for c in choose(range(len(x)), r)]).reshape(-1, r)


ROWS = {
    "cat": Row(
        lambda *xs, axis: np.concatenate(xs, axis),
        [((A, B), {"axis": 0}), ((A, C, B), {"axis": 1}), ((A,), {"axis": 0}), ((EMPTY, A), {"axis": 0})]
        + [((INTEGERS, A), {"axis": 0})],
    ),
    "stack": Row(
        lambda *xs, axis: np.stack(xs, axis),
        [((A, B, A), {"axis": axis}) for axis in (0, 1, 2)] + [((SCALAR, np.array(1.5)), {"axis": 0})],
    ),
    "block_diag": Row(blocks, [((A, C), {}), ((A, B, C), {}), ((EMPTY, A), {})]),
    "repeat": Row(
        lambda x, repeats: np.tile(x, repeats),
        [((A,), {"repeats": r}) for r in [(2, 3), (1, 1), (2, 1, 2), (0, 1)]] + [((SCALAR,), {"repeats": (2,)})],
    ),
    "repeat_index": Row(
        lambda repeats: np.array([i for i, n in enumerate(repeats) for _ in range(n)], int),
        [((np.array([1, 2, 0, 1]),), {}), ((np.array([], int),), {})],
        notes={"shape_depends_on_values": True},
    ),
    "roll": Row(
        lambda x, shift, axis: np.roll(x, shift, axis),
        [((A,), {"shift": 2, "axis": None}), ((A,), {"shift": (1, -2), "axis": (0, 1)})]
        + [((CUBE,), {"shift": (3,), "axis": (1,)}), ((EMPTY,), {"shift": (1,), "axis": (0,)})],
    ),
    "flip": Row(
        lambda x, axis: np.flip(x, axis),
        [((A,), {"axis": 0}), ((CUBE,), {"axis": (0, 2)}), ((EMPTY,), {"axis": 0}), ((INTEGERS,), {"axis": 1})],
    ),
    "clone": Row(np.copy, [((x,), {}) for x in (A, SCALAR, EMPTY, INTEGERS)]),
    "masked_fill": Row(
        lambda x, mask, value: np.where(mask, np.asarray(value, x.dtype), x),
        [((A, MASK, 2.0), {}), ((A, MASK, SCALAR), {}), ((A, MASK[0], 0), {}), ((A[0], MASK, -1.0), {})]
        + [((SCALAR, np.array(True), 2.0), {}), ((EMPTY, MASK[:1], 1.0), {}), ((INTEGERS, MASK, 1.5), {})],
    ),
    "combination_index": Row(
        combinations,
        [((A.reshape(-1),), {"r": r, "with_replacement": again}) for r in (1, 2, 3) for again in (False, True)],
    ),
}
