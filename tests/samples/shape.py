"""Samples of views and of what shares their machinery."""

from __future__ import annotations

import numpy as np

from chainrule.op import REGISTRY

from . import Row

rng = np.random.default_rng(7)
A, B = rng.standard_normal((2, 3)), rng.standard_normal((3, 2)).T
CUBE, SCALAR, EMPTY = rng.standard_normal((2, 3, 4)), np.array(0.5), np.zeros((0, 3))
INTEGERS = rng.integers(0, 9, (2, 3))
ROW = (REGISTRY["select"], {"key": (1, ...)})
STEPS = (REGISTRY["slice"], {"key": (slice(0, 3, 2), ...)})
CHAIN = ((REGISTRY["t"], {}), STEPS)


def reshaped(x, shape):
    return np.array(x).reshape(shape)


def written(x, value, chain):
    y = np.array(x)
    part = y.T[0:3:2] if chain is CHAIN else y[1] if chain else y[...]
    part[...] = value
    return y


def windows(x, axis, size, step):
    starts = range(0, x.shape[axis] - size + 1, step)
    return np.stack([np.moveaxis(np.take(x, range(i, i + size), axis), axis, -1) for i in starts], axis)


def strided(x, size, stride, offset):
    flat = np.array(x).reshape(-1)
    return np.array([flat[offset + np.dot(i, stride)] for i in np.ndindex(*size)]).reshape(size)


def part(samples):
    return Row(lambda x, key: x[key], [((x,), {"key": key}) for x, key in samples])


RESHAPES = [
    ((x,), {"shape": s}) for x, s in [(A, (3, 2)), (B, (6,)), (SCALAR, (1, 1)), (EMPTY, (3, 0)), (INTEGERS, (6,))]
]
PARTS = [
    (CUBE, (slice(None), slice(1, 3))),
    (CUBE, (..., slice(0, 4, 3))),
    (EMPTY, (slice(0, 0), ...)),
    (B, (slice(1, 2),)),
]

ROWS = {
    "view": Row(reshaped, [((A,), {"shape": (3, 2)}), ((CUBE,), {"shape": (6, 4)}), ((SCALAR,), {"shape": (1,)})]),
    "reshape": Row(reshaped, RESHAPES),
    "unsqueeze": Row(
        reshaped, [((A,), {"shape": (2, 1, 3)}), ((SCALAR,), {"shape": (1,)}), ((EMPTY,), {"shape": (0, 3, 1)})]
    ),
    "squeeze": Row(
        reshaped, [((A[:, :1],), {"shape": (2,)}), ((SCALAR,), {"shape": ()}), ((EMPTY[:, :1],), {"shape": (0,)})]
    ),
    "alias": Row(np.copy, [((x,), {}) for x in (A, SCALAR, EMPTY, INTEGERS)]),
    "contiguous": Row(np.copy, [((x,), {}) for x in (A, B, SCALAR, EMPTY, INTEGERS)]),
    "t": Row(
        lambda x: np.array([[x[i, j] for i in range(len(x))] for j in range(x.shape[1])]).reshape(x.shape[::-1]),
        [((x,), {}) for x in (A, B, EMPTY, INTEGERS)],
    ),
    "transpose": Row(
        lambda x, a, b: np.moveaxis(np.moveaxis(x, a, b), b - 1, a) if b > a + 1 else np.moveaxis(x, a, b),
        [((CUBE,), {"a": 0, "b": 2}), ((A,), {"a": 0, "b": 1}), ((EMPTY,), {"a": 1, "b": 1})],
    ),
    "permute": Row(
        lambda x, axes: np.einsum(x, list(range(x.ndim)), list(axes)),
        [
            ((CUBE,), {"axes": (2, 0, 1)}),
            ((CUBE,), {"axes": (1, 2, 0)}),
            ((SCALAR,), {"axes": ()}),
            ((EMPTY,), {"axes": (1, 0)}),
        ],
    ),
    "expand": Row(
        lambda x, shape: x + np.zeros(shape, x.dtype),
        [
            ((A,), {"shape": (4, 2, 3)}),
            ((A[:, :1],), {"shape": (2, 5)}),
            ((SCALAR,), {"shape": (3,)}),
            ((EMPTY,), {"shape": (2, 0, 3)}),
        ],
    ),
    "diagonal": Row(
        lambda x, offset, a, b: np.diagonal(x, offset, a, b),
        [((A,), {"offset": o, "a": 0, "b": 1}) for o in (0, 1, -1, 5)] + [((CUBE,), {"offset": 1, "a": 2, "b": 0})],
    ),
    "unfold": Row(
        windows,
        [
            ((CUBE,), {"axis": 2, "size": 2, "step": 1}),
            ((A,), {"axis": 1, "size": 2, "step": 1}),
            ((A,), {"axis": 0, "size": 1, "step": 2}),
        ],
    ),
    "as_strided": Row(
        strided,
        [
            ((A,), {"size": (2, 2), "stride": (1, 2), "offset": 1}),
            ((B,), {"size": (3,), "stride": (1,), "offset": 2}),
            ((A,), {"size": (2, 3), "stride": (0, 1), "offset": 0}),
        ],
    ),
    "select": part([(A, (1, ...)), (A, (0, -1, ...)), (CUBE, (slice(None), 2, ...)), (INTEGERS, (0, ...))]),
    "slice": part([*PARTS, (A, (None, slice(None)))]),
    "split": part(PARTS),
    "split_with_sizes": part(PARTS),
    "unbind": part([(CUBE, (slice(None), 1, ...)), (A, (0, ...))]),
    "view_get": Row(
        lambda x, chain: x.T[0:3:2] if chain is CHAIN else x[1], [((A,), {"chain": (ROW,)}), ((B,), {"chain": CHAIN})]
    ),
    "view_put": Row(
        written, [((A, A[0]), {"chain": (ROW,)}), ((A, SCALAR), {"chain": CHAIN}), ((B, A[:, :2].T), {"chain": CHAIN})]
    ),
    "view_add": Row(lambda x, value, chain: x + np.eye(2)[:, 1:] * value, [((A, A[0]), {"chain": (ROW,)})]),
    "copy": Row(
        lambda x, value: np.broadcast_to(value, x.shape).astype(x.dtype),
        [((A, B), {}), ((A, A[0]), {}), ((A, SCALAR), {}), ((EMPTY, SCALAR), {})],
    ),
}
