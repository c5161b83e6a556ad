"""Triangles and diagonals of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError, refuse_out
from ..op import FUNCTIONS, linear, opaque, public, word
from .dims import axis_of


@opaque
def embedded_diagonal(x: Any, offset: int, axis1: int, axis2: int) -> Any:
    """Zeros with the last axis of x on the diagonal of two new axes."""
    n = x.shape[-1] + abs(offset)
    y = np.zeros((*x.shape[:-1], n, n), x.dtype)
    i = np.arange(x.shape[-1])
    y[..., i + max(-offset, 0), i + max(offset, 0)] = x
    return np.moveaxis(y, (-2, -1), (axis1, axis2))


_tril = linear("tril", lambda x, *, k: np.tril(x, k), {"x": lambda g, k: np.tril(g, k)}, symbol="tril {x}")
_triu = linear("triu", lambda x, *, k: np.triu(x, k), {"x": lambda g, k: np.triu(g, k)}, symbol="triu {x}")
_diag_embed = linear(
    "diag_embed",
    lambda x, *, offset, axis1, axis2: embedded_diagonal(x, offset, axis1, axis2),
    {"x": lambda g, offset, axis1, axis2: np.diagonal(g, offset, axis1, axis2)},
    symbol="diag {x}",
)


@word(np.tril)
def _np_tril(x: Any, k: int = 0) -> Any:
    return _tril(x, k=k)


@word(np.triu)
def _np_triu(x: Any, k: int = 0) -> Any:
    return _triu(x, k=k)


@word(embedded_diagonal)
def _embedded_diagonal(x: Any, offset: int, axis1: int, axis2: int) -> Any:
    return _diag_embed(x, offset=offset, axis1=axis1, axis2=axis2)


def _triangle(record: Any, input: Any, diagonal: int, out: None) -> Any:
    if out is not None:
        refuse_out(record.name)
    if input.ndim < 2:
        raise ShapeError(f"{record.name}: input tensor must have at least 2 dimensions, got {list(input.shape)}")
    return record(input, k=diagonal)


@public()
def tril(input: Any, diagonal: int = 0, *, out: None = None) -> Any:
    """The elements on and below a diagonal, zero elsewhere.

    >>> import chainrule as cr
    >>> cr.ones(2, 2).tril()
    tensor([[1., 0.],
            [1., 1.]])
    """
    return _triangle(_tril, input, diagonal, out)


@public()
def triu(input: Any, diagonal: int = 0, *, out: None = None) -> Any:
    """The elements on and above a diagonal, zero elsewhere."""
    return _triangle(_triu, input, diagonal, out)


@public()
def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The last dimension as the diagonal of two new dimensions, zero elsewhere."""
    axis1, axis2 = axis_of(dim1, input.ndim + 1), axis_of(dim2, input.ndim + 1)
    if axis1 == axis2:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diag_embed(input, offset=offset, axis1=axis1, axis2=axis2)


@public()
def diag(input: Any, diagonal: int = 0, *, out: None = None) -> Any:
    """A vector as the diagonal of a matrix; the diagonal of a matrix as a vector.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2]).diag()
    tensor([[1, 0],
            [0, 2]])
    """
    if out is not None:
        refuse_out("diag")
    if input.ndim == 1:
        return _diag_embed(input, offset=diagonal, axis1=0, axis2=1)
    if input.ndim != 2:
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {input.ndim}D")
    return FUNCTIONS["diagonal"](input, diagonal).clone()


@public()
def diagflat(input: Any, offset: int = 0) -> Any:
    """All elements, in order, as the diagonal of a matrix."""
    return _diag_embed(input.reshape((-1,)), offset=offset, axis1=0, axis2=1)


@public()
def trace(input: Any) -> Any:
    """The sum of the diagonal of a matrix."""
    if input.ndim != 2:
        raise ShapeError(f"trace: expected a matrix, but got tensor with dim {input.ndim}")
    return FUNCTIONS["diagonal"](input).sum()
