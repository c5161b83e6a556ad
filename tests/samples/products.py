"""Samples of products and triangles."""

from __future__ import annotations

import numpy as np

from . import Row

rng = np.random.default_rng(3)


def normal(*shape):
    return rng.standard_normal(shape)


def pairs(*shapes):
    """Arguments of these shapes."""
    return [((normal(*a), normal(*b)), {}) for a, b in shapes]


def whole(*shapes):
    """Integer arguments of these shapes."""
    return [tuple(rng.integers(-5, 6, shape) for shape in shapes)]


def linear(x, weight, bias):
    y = np.einsum("...i,...oi->...o" if weight.ndim == 2 else "...i,i->...", x, weight)
    return y if bias is None else y + bias


def embedded(x, offset, axis1, axis2):
    """Element by element."""
    n = x.shape[-1] + abs(offset)
    y = np.zeros((*x.shape[:-1], n, n), x.dtype)
    for i in range(x.shape[-1]):
        y[..., i + max(0, -offset), i + max(0, offset)] = x[..., i]
    return np.moveaxis(y, (-2, -1), (axis1, axis2))


MM = [((2, 3), (3, 4)), ((1, 1), (1, 1)), ((0, 3), (3, 2)), ((2, 0), (0, 3))]
EQUATIONS = [
    ("ij,jk->ik", (2, 3), (3, 4)),
    ("bij,bjk->kbi", (2, 3, 4), (2, 4, 2)),
    ("ij,ij->i", (2, 3), (2, 3)),
    ("i,j->ji", (3,), (2,)),
    ("ij,kj->ik", (0, 3), (2, 3)),
    (",i->i", (), (3,)),
    ("aij,jk->aki", (8, 12, 4), (4, 12)),  # large enough for BLAS
]
ROWS = {
    "mm": Row(np.matmul, pairs(*MM) + [(whole((2, 3), (3, 2))[0], {})]),
    "mv": Row(np.matmul, pairs(((2, 3), (3,)), ((0, 2), (2,)), ((2, 0), (0,))) + [(whole((2, 3), (3,))[0], {})]),
    "dot": Row(lambda a, b: np.sum(a * b), pairs(((3,), (3,)), ((0,), (0,)))),
    "outer": Row(np.multiply.outer, pairs(((3,), (2,)), ((0,), (2,))) + [(whole((3,), (2,))[0], {})]),
    "bmm": Row(np.matmul, pairs(((2, 3, 4), (2, 4, 2)), ((0, 2, 3), (0, 3, 2)))),
    "matmul": Row(
        np.matmul,
        pairs(
            ((2, 3), (3, 4)),
            ((3,), (3, 4)),
            ((2, 3), (3,)),
            ((3,), (3,)),
            ((3,), (2, 3, 4)),
            ((2, 3, 4), (4,)),
            ((2, 3, 4), (4, 2)),
            ((3, 4), (2, 4, 2)),
            ((2, 1, 3, 4), (5, 4, 2)),
            ((2, 3, 4), (2, 4, 2)),
            ((0, 3, 4), (4, 2)),
        ),
    ),
    "linear": Row(
        linear,
        [
            ((normal(5, 3), normal(2, 3), normal(2)), {}),
            ((normal(5, 3), normal(2, 3), None), {}),
            ((normal(3), normal(2, 3), normal(2)), {}),
            ((normal(2, 4, 3), normal(2, 3), normal(2)), {}),
            ((normal(0, 3), normal(2, 3), normal(2)), {}),
            ((normal(4, 3), normal(3), None), {}),
            ((normal(3), normal(3), None), {}),
        ],
    ),
    "einsum": Row(
        lambda a, b, equation: np.einsum(equation, a, b),
        [((normal(*a), normal(*b)), {"equation": equation}) for equation, a, b in EQUATIONS],
    ),
    "cross": Row(
        lambda a, b, axis: np.cross(a, b, axis=axis),
        [((normal(2, 3), normal(2, 3)), {"axis": 1}), ((normal(3, 2), normal(3, 2)), {"axis": 0})]
        + [((normal(4, 3), normal(1, 3)), {"axis": 1})],
    ),
    "tril": Row(
        lambda x, k: x * np.tri(*x.shape[-2:], k),
        [((normal(*shape),), {"k": k}) for shape in [(3, 4), (2, 3, 3), (0, 2)] for k in (0, 1, -1)],
    ),
    "triu": Row(
        lambda x, k: x * (1 - np.tri(*x.shape[-2:], k - 1)),
        [((normal(*shape),), {"k": k}) for shape in [(3, 4), (2, 3, 3), (0, 2)] for k in (0, 1, -1)],
    ),
    "diag_embed": Row(
        embedded,
        [
            ((normal(*shape),), {"offset": offset, "axis1": axis1, "axis2": axis2})
            for shape, axis1, axis2 in [((3,), 0, 1), ((2, 3), 1, 2), ((2, 3), 0, 2), ((2, 3), 2, 0)]
            for offset in (0, 1, -2)
        ],
    ),
}
