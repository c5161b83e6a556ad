"""Shapes and views."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import linear, public, word
from ..words import broadcast_to, view_get, view_put

_view_put = linear(
    "view_put",
    lambda x, value, *, chain: view_put(x, value, chain),
    {
        "x": lambda g, chain: view_put(g, 0, chain),
        "value": lambda g, chain: view_get(g, chain),
    },
    symbol="{x} with a view ← {value}",
)
_view_get = linear(
    "view_get",
    lambda x, *, chain: view_get(x, chain),
    {"x": lambda g, x_shape, chain: view_put(np.zeros(x_shape), g, chain)},
)

_permute = linear(
    "permute",
    lambda x, *, axes: np.transpose(x, axes),
    {"x": lambda g, axes: np.transpose(g, np.argsort(axes))},
    view=True,
)
_reshape = linear(
    "reshape",
    lambda x, *, shape: np.reshape(x, shape),
    {"x": lambda g, x_shape: np.reshape(g, x_shape)},
    view=True,
)
_expand = linear(
    "expand",
    lambda x, *, shape: broadcast_to(x, shape),
    {"x": lambda g: g},  # the engine sums over what was broadcast
    view=True,
)


@public()
def permute(input: Any, *dims: Any) -> Any:
    """The dimensions in another order; a view."""
    axes = dims[0] if len(dims) == 1 and isinstance(dims[0], (tuple, list)) else dims
    return _permute(input, axes=tuple(axes))


@public()
def t(input: Any) -> Any:
    """xᵀ of a matrix; a vector or a scalar stays as it is."""
    return _permute(input, axes=(1, 0)) if input.ndim == 2 else input


@public()
def reshape(input: Any, *shape: Any) -> Any:
    """The same elements in another shape; a view where that is possible."""
    if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
        shape = tuple(shape[0])
    return _reshape(input, shape=shape)


@word(np.broadcast_to)
@word(broadcast_to)
def _broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    return _expand(x, shape=shape)


@word(np.transpose)
def _transpose(x: Any, axes: Any = None) -> Any:
    return _permute(x, axes=tuple(reversed(range(x.ndim))) if axes is None else tuple(map(int, axes)))


@word(np.reshape)
def _np_reshape(x: Any, shape: Any) -> Any:
    return _reshape(x, shape=shape)


word(view_put)(lambda x, value, chain: _view_put(x, value, chain=chain))
word(view_get)(lambda x, chain: _view_get(x, chain=chain))
