"""The shape and dtype of a word's result, without computing it.

Elementwise words ask NumPy (`resolve_dtypes`, broadcasting), reductions and products have a rule here. Any
other word is run on stand-ins: arrays of the right shape and dtype that hold one element of memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Shape = tuple[int, ...]
Inferred = tuple[Shape, np.dtype[Any]]


def stand_in(shape: Shape, dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    """An array of zeros that takes the memory of one element."""
    return np.ndarray(shape, dtype, np.zeros((), dtype), 0, (0,) * len(shape))


def infer(word: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Inferred | list[Inferred]:
    """Shape and dtype of `word(*args, **kwargs)`; `args` hold stand-ins. A list for several results."""
    rule = RULES.get(word)
    if rule is not None:
        return rule(word, *args, **kwargs)
    if isinstance(word, np.ufunc) and word.signature is None and not kwargs:
        return _elementwise(word, *args)
    with np.errstate(all="ignore"):
        result = word(*args, **kwargs)
    if isinstance(result, (tuple, list)):
        return [(np.shape(y), y.dtype) for y in result]
    return np.shape(result), result.dtype


def _elementwise(ufunc: np.ufunc, *args: Any) -> Inferred | list[Inferred]:
    # Python's numbers are weak: NumPy takes their type in place of a dtype. A bool counts as an array.
    asked = [type(a) if type(a) in (int, float) else np.asarray(a).dtype for a in args]
    found = ufunc.resolve_dtypes((*asked, *(None,) * ufunc.nout))[ufunc.nin :]
    shape = np.broadcast_shapes(*map(np.shape, args))
    return (shape, found[0]) if ufunc.nout == 1 else [(shape, d) for d in found]


def _reduction(word: Any, x: Any, axis: Any = None, **kwargs: Any) -> Inferred:
    keepdims = kwargs.get("keepdims", False)
    small = np.zeros((1,) * x.ndim, x.dtype)
    result = word(small, axis=axis, **kwargs)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {a % x.ndim for a in axes} if x.ndim else set()
    if not x.size and "initial" not in kwargs and word in (np.max, np.min) and 0 in {x.shape[a] for a in gone}:
        word(x, axis=axis, **kwargs)  # raises NumPy's error
    kept = [(1 if i in gone else n) for i, n in enumerate(x.shape) if keepdims or i not in gone]
    return tuple(kept), result.dtype


def _matmul(word: Any, a: Any, b: Any) -> Inferred:
    if not a.ndim or not b.ndim or a.shape[-1] != b.shape[-2 if b.ndim > 1 else 0]:
        word(a, b)  # raises NumPy's error
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return batch + a.shape[-2:-1] + (b.shape[-1:] if b.ndim > 1 else ()), np.result_type(a, b)


def _dot(word: Any, a: Any, b: Any) -> Inferred:
    if np.ndim(a) <= 2 and np.ndim(b) <= 2 and np.ndim(a) and np.ndim(b):
        return _matmul(word, a, b)
    result = word(a, b)
    return np.shape(result), result.dtype


def _where(word: Any, condition: Any, x: Any, y: Any) -> Inferred:
    return np.broadcast_shapes(np.shape(condition), np.shape(x), np.shape(y)), np.result_type(x, y)


def _running(word: Any, x: Any, axis: Any = None, **kwargs: Any) -> Inferred:
    result = word(np.zeros((1,) * x.ndim, x.dtype), axis=axis, **kwargs)
    return (x.shape if axis is not None or x.ndim == 1 else (x.size,)), result.dtype


RULES: dict[Any, Callable[..., Inferred]] = {
    **dict.fromkeys((np.sum, np.prod, np.max, np.min, np.mean, np.any, np.all), _reduction),
    **dict.fromkeys((np.cumsum, np.cumprod), _running),
    np.matmul: _matmul,
    np.dot: _dot,
    np.where: _where,
}
