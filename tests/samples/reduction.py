"""Samples of reductions."""

from __future__ import annotations

import numpy as np
from scipy import special

from . import Row

rng = np.random.default_rng(1)
MATRIX, CUBE, VECTOR = (rng.standard_normal(shape) for shape in [(3, 4), (2, 3, 2), (5,)])
SCALAR, EMPTY = np.array(1.5), np.zeros((0, 3))
INTEGERS, BOOLS = rng.integers(-9, 9, (3, 4)), MATRIX > 0
WITH_NAN = np.where(MATRIX > 1, np.nan, MATRIX)
WITH_ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [1.0, 2.0, 4.0]])


def reduced(*arrays, axes=(None, 0, (0, 1)), **params):
    """Each array with each axis, keeping the axes or not."""
    return [
        ((x,), {"axis": axis, **params, "keepdims": keepdims})
        for x in arrays
        for axis in axes
        for keepdims in (False, True)
        if axis is None or x.ndim > np.max(axis)
    ]


def over_all(function):
    return lambda x: np.asarray(function(x))


def nan_to_zero(x, axis, keepdims):
    return np.nansum(x, axis=axis, keepdims=keepdims)


def product(x, axis, keepdims):
    return np.prod(x, axis=axis, keepdims=keepdims)


def index(function):
    return lambda x, axis, keepdims: np.asarray(function(x, axis=axis, keepdims=keepdims))


FLOATS = (MATRIX, CUBE, SCALAR)
ROWS = {
    "sum": Row(lambda x, axis, keepdims: np.sum(x, axis, keepdims=keepdims), reduced(*FLOATS, EMPTY, INTEGERS, BOOLS)),
    "sum_all": Row(np.sum, [((x,), {}) for x in (*FLOATS, EMPTY, INTEGERS, BOOLS)]),
    "mean": Row(lambda x, axis, keepdims: np.mean(x, axis, keepdims=keepdims), reduced(*FLOATS)),
    "nansum": Row(nan_to_zero, reduced(*FLOATS, EMPTY, INTEGERS) + [((WITH_NAN,), {"axis": 1, "keepdims": False})]),
    "prod": Row(product, reduced(*FLOATS, WITH_ZEROS, INTEGERS, EMPTY, axes=(None, 0, 1))),
    "amax": Row(lambda x, axis, keepdims: np.max(x, axis, keepdims=keepdims), reduced(*FLOATS, INTEGERS)),
    "amin": Row(lambda x, axis, keepdims: np.min(x, axis, keepdims=keepdims), reduced(*FLOATS, BOOLS)),
    "max": Row(over_all(np.max), [((x,), {}) for x in (*FLOATS, INTEGERS)]),
    "min": Row(over_all(np.min), [((x,), {}) for x in (*FLOATS, INTEGERS)]),
    "argmax": Row(index(np.argmax), reduced(*FLOATS, INTEGERS, WITH_NAN, axes=(None, 0))),
    "argmin": Row(index(np.argmin), reduced(*FLOATS, INTEGERS, WITH_NAN, axes=(None, 0))),
    "max_index": Row(index(np.argmax), reduced(MATRIX, BOOLS, axes=(1,))),
    "min_index": Row(index(np.argmin), reduced(MATRIX, BOOLS, axes=(1,))),
    "all": Row(lambda x, axis, keepdims: np.all(x != 0, axis, keepdims=keepdims), reduced(WITH_ZEROS, BOOLS, EMPTY)),
    "any": Row(lambda x, axis, keepdims: np.any(x != 0, axis, keepdims=keepdims), reduced(WITH_ZEROS, BOOLS, EMPTY)),
}


def moment(function):
    return lambda x, axis, correction, keepdims: function(x, axis, ddof=correction, keepdims=keepdims)


def norm(x, p, axis, keepdims):
    """NumPy's norm of the reduced axes as one vector."""
    axes = tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else axis
    kept = [i for i in range(x.ndim) if i not in axes]
    flat = x.transpose(*kept, *axes).reshape(*[x.shape[i] for i in kept], -1)
    shape = [1 if i in axes else n for i, n in enumerate(x.shape)]
    y = np.linalg.norm(flat, p, -1)
    return y.reshape(shape) if keepdims else y


def with_order(p, *arrays):
    return [(args, {"p": p, **params}) for args, params in reduced(*arrays)]


def with_correction(c, *arrays):
    return [
        (args, {"axis": params["axis"], "correction": c, "keepdims": params["keepdims"]})
        for args, params in reduced(*arrays)
    ]


AWAY = np.where(MATRIX < 0, -1, 1) * (np.abs(MATRIX) + 0.1)
EQUAL = np.ones((2, 3))
ROWS |= {
    "var": Row(moment(np.var), with_correction(1, MATRIX, CUBE) + with_correction(0, MATRIX)),
    "std": Row(moment(np.std), with_correction(1, MATRIX, CUBE) + with_correction(0, MATRIX)),
    "norm": Row(
        norm,
        [case for p in (1, 2, 3, 1.5, 0.5, np.inf, -np.inf) for case in with_order(p, AWAY)]
        + with_order(2, CUBE, np.array([3.0]))
        + with_order(3, CUBE),
        tolerance=1e-5,
    ),
    "logsumexp": Row(
        lambda x, axis, keepdims: np.asarray(special.logsumexp(x, axis, keepdims=keepdims)).reshape(
            np.sum(x, axis, keepdims=keepdims).shape
        ),
        reduced(*FLOATS, MATRIX * 300, INTEGERS),
    ),
}
