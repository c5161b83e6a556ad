"""Elements by number along a dimension: `gather`, and its transposes, which write: `scatter` and its reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import words
from ..errors import DtypeError, ShapeError
from ..op import general, linear, public, word
from .dims import axis_of
from .indexing import (
    check_range,
)

ndarray = np.ndarray

# ── records ─────────────────────────────────────────────────────────────────────────────────────

_gather = linear(
    "gather",
    lambda x, index, *, axis: words.gather(x, index, axis),
    {"x": lambda g, x_shape, index, axis: words.scatter_add(np.zeros(x_shape, g.dtype), index, g, axis)},
    accumulate=lambda buffer, g, index, axis: words.scatter_into(buffer, index, g, axis),
)
_scatter = linear(
    "scatter",
    lambda x, index, src, *, axis: words.scatter(x, index, src, axis),
    {
        "x": lambda g, index, axis: words.scatter(g, index, 0, axis),
        "src": lambda g, index, src_shape, axis: _padded(words.gather(g, index, axis), src_shape),
    },
)
_scatter_add = linear(
    "scatter_add",
    lambda x, index, src, *, axis: words.scatter_add(x, index, src, axis),
    {
        "x": lambda g: g,
        "src": lambda g, index, src_shape, axis: _padded(words.gather(g, index, axis), src_shape),
    },
)


def _padded(part: Any, shape: tuple[int, ...]) -> Any:
    """Zeros around a gradient, for the elements of the source that the index did not reach."""
    if part.shape == shape or not shape:
        return part
    return words.unindex(part, shape, tuple([slice(n) for n in part.shape]))


def _extreme_rule(g: Any, y: Any, x: Any, index: Any, src: Any, axis: int) -> tuple[Any, None, Any]:
    """The gradient is shared evenly by all that attain the extreme."""
    best_x = 1.0 * (x == y)
    best_src = 1.0 * (_reached(src, index) == words.gather(y, index, axis))
    share = g / words.scatter_add(best_x, index, best_src, axis)
    return share * best_x, None, _padded(words.gather(share, index, axis) * best_src, src.shape)


def _reached(src: Any, index: Any) -> Any:
    """The part of the source that the index reaches."""
    return src[tuple([slice(n) for n in index.shape])] if src.ndim else src


_scatter_amax = general(
    "scatter_amax", lambda x, index, src, *, axis: words.scatter_max(x, index, src, axis), _extreme_rule
)
_scatter_amin = general(
    "scatter_amin", lambda x, index, src, *, axis: words.scatter_min(x, index, src, axis), _extreme_rule
)


def _product_rule(g: Any, x: Any, index: Any, src: Any, axis: int) -> tuple[Any, None, Any]:
    """Each factor's slope is the product of the others: without division by a factor that is zero."""
    source = _reached(src, index)
    zero_x, zero_src = x == 0, source == 0
    zeros = words.scatter_add(1.0 * zero_x, index, 1.0 * zero_src, axis)
    x, source = np.where(zero_x, 1, x), np.where(zero_src, 1, source)
    others = g * words.scatter_prod(x, index, source, axis)
    zeros_src = words.gather(zeros, index, axis)
    return (
        others * np.where(zero_x, zeros == 1, zeros == 0) / x,
        None,
        _padded(
            words.gather(others, index, axis) * np.where(zero_src, zeros_src == 1, zeros_src == 0) / source, src.shape
        ),
    )


_scatter_prod = general(
    "scatter_prod", lambda x, index, src, *, axis: words.scatter_prod(x, index, src, axis), _product_rule
)
word(words.gather)(lambda x, index, axis: _gather(x, index, axis=axis))
word(words.scatter)(lambda x, index, source, axis: _scatter(x, index, source, axis=axis))
word(words.scatter_add)(lambda x, index, source, axis: _scatter_add(x, index, source, axis=axis))
word(words.scatter_prod)(lambda x, index, source, axis: _scatter_prod(x, index, source, axis=axis))
word(words.scatter_max)(lambda x, index, source, axis: _scatter_amax(x, index, source, axis=axis))
word(words.scatter_min)(lambda x, index, source, axis: _scatter_amin(x, index, source, axis=axis))


@word(np.take_along_axis)
def _np_take_along_axis(x: Any, indices: Any, axis: int) -> Any:
    return _gather(x, indices, axis=axis % x.ndim)


# ── gather ──────────────────────────────────────────────────────────────────────────────────────


def _checked(name: str, input: Any, axis: int, index: Any, target: str = "self") -> ndarray:
    """The array of an index that has the input's dimensions."""
    if not hasattr(index, "_data"):
        raise TypeError(f"{name}(): argument 'index' (position 2) must be Tensor, not {type(index).__name__}")
    array: ndarray = index._data
    if not array.size:
        array = array.astype(np.int64)  # PyTorch takes an empty index of any dtype
    if array.dtype not in (np.int64, np.int32):
        raise DtypeError(f"{name}(): Expected dtype int64 for index, but got {index.dtype.title}")
    if not array.size:
        return array
    shape = input._data.shape or (1,)
    if (array.ndim or 1) != len(shape):
        raise ShapeError(
            f"Index tensor must have the same number of dimensions as {target} tensor; {name}() got "
            f"{list(array.shape)} for {list(input._data.shape)}"
        )
    n = shape[axis]
    check_range(
        array, n, f"index {{index}} is out of bounds for dimension {axis} with size {n}; in {name}()", RuntimeError
    )
    return array


def _check_extent(index: ndarray, shape: tuple[int, ...], axis: int, text: str) -> None:
    if index.ndim == len(shape) and any(
        n > m for i, (n, m) in enumerate(zip(index.shape, shape, strict=True)) if i != axis
    ):
        raise ShapeError(text)


@public()
def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False, out: None = None) -> Any:
    """y[i, j] = input[index[i, j], j] for `dim=0`, input[i, index[i, j]] for `dim=1`, and so on.

    Raises RuntimeError for an index outside of the dimension.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2], [3, 4]]).gather(1, cr.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    shape = input._data.shape
    axis = axis_of(dim, len(shape))
    array = _checked("gather", input, axis, index, "input")
    if array.ndim != len(shape) and not array.size:
        return input.reshape(-1)[:0].reshape(array.shape)
    wrong = next((i for i, (n, m) in enumerate(zip(array.shape, shape)) if n > m and i != axis), None)
    if wrong is not None and array.size:
        raise ShapeError(
            f"Size does not match at dimension {wrong} expected index {list(array.shape)} to be no larger than self "
            f"{list(shape)} apart from dimension {axis}"
        )
    return _gather(input, index, axis=axis)


@public()
def take_along_dim(input: Any, indices: Any, dim: int | None = None, *, out: None = None) -> Any:
    """`gather` with indices that broadcast; without `dim`, from the flattened input.

    >>> import chainrule as cr
    >>> x = cr.tensor([[3, 1], [2, 4]])
    >>> x.take_along_dim(x.argsort(1), 1)
    tensor([[1, 3],
            [2, 4]])
    """
    if indices._data.dtype != np.int64:
        raise DtypeError(f"torch.take_along_dim(): dtype of indices should be Long but got {indices.dtype.title}")
    if dim is None:
        return gather(input.reshape(-1), 0, indices.reshape(-1))
    shape, other = list(input._data.shape), list(indices._data.shape)
    if len(shape) != len(other):
        raise ShapeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
            f"{len(shape)} dimensions for input, and {len(other)} dimensions for indices"
        )
    axis = axis_of(dim, len(shape))
    n = shape[axis]
    check_range(
        indices._data, n, f"index {{index}} is out of bounds for dimension {axis} with size {n}", RuntimeError, -n
    )
    meet = [max(a, b) if 1 in (a, b) else a for a, b in zip(shape, other, strict=True)]
    input = input.expand([n if i == axis else m for i, m in enumerate(meet)])
    indices = indices.expand([other[axis] if i == axis else m for i, m in enumerate(meet)])
    return _gather(input, indices, axis=axis)


# ── scatter ─────────────────────────────────────────────────────────────────────────────────────


def _check_source(name: str, input: Any, axis: int, index: Any, src: Any) -> None:
    array = _checked(name, input, axis, index)
    shape, source = input._data.shape, src._data
    if source.dtype != input._data.dtype:
        raise DtypeError(
            f"{name}(): Expected self.dtype to be equal to src.dtype, but got {input.dtype!r} and {src.dtype!r}; "
            "convert the source with .to(input.dtype)"
        )
    if not array.size:
        return
    if source.ndim != len(shape):
        raise ShapeError(
            f"Index tensor must have the same number of dimensions as src tensor; {name}() got {list(array.shape)} and "
            f"{list(source.shape)}"
        )
    text = (
        f"Expected index {list(array.shape)} to be no larger than self {list(shape)} apart from dimension {axis} and "
        f"to be no larger size than src {list(source.shape)}"
    )
    _check_extent(array, shape, axis, text)
    _check_extent(array, source.shape, -1, text)


@public()
def scatter(
    input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None, reduce: str | None = None, out: None = None
) -> Any:
    """A copy of the input with y[index[i, j], j] = src[i, j] for `dim=0`, and so on; `src` may be a number.

    `reduce="add"` or `"multiply"` combines instead. Where an index comes several times, the last one
    is kept.

    >>> import chainrule as cr
    >>> cr.zeros(2, 3).scatter(1, cr.tensor([[2], [0]]), 1.0)
    tensor([[0., 0., 1.],
            [1., 0., 0.]])
    """
    axis = axis_of(dim, input._data.ndim)
    src = value if src is None else src
    if reduce is not None:
        if reduce not in ("add", "multiply"):
            raise ShapeError("reduce argument must be either add or multiply.")
        if not hasattr(src, "_data"):
            src = input.new_full(index._data.shape, src)
        _check_source("scatter", input, axis, index, src)
        return (_scatter_add if reduce == "add" else _scatter_prod)(input, index, src, axis=axis)
    if hasattr(src, "_data") and src._data.ndim + index._data.ndim:
        _check_source("scatter", input, axis, index, src)
    else:
        array = _checked("scatter", input, axis, index)
        _check_extent(
            array,
            input._data.shape,
            axis,
            f"Expected index {list(array.shape)} to be no larger than self {list(input._data.shape)} apart from "
            f"dimension {axis}",
        )
    if not index._data.size:
        return input.clone()
    return _scatter(input, index, src, axis=axis)


@public()
def scatter_add(input: Any, dim: int, index: Any, src: Any, *, out: None = None) -> Any:
    """A copy of the input with y[index[i, j], j] += src[i, j] for `dim=0`, and so on.

    >>> import chainrule as cr
    >>> cr.zeros(3).scatter_add(0, cr.tensor([0, 0, 2]), cr.tensor([1., 2., 3.]))
    tensor([3., 0., 3.])
    """
    if not hasattr(src, "_data"):
        raise TypeError(f"scatter_add(): argument 'src' (position 3) must be Tensor, not {type(src).__name__}")
    axis = axis_of(dim, input._data.ndim)
    _check_source("scatter_add", input, axis, index, src)
    return _scatter_add(input, index, src, axis=axis) if index._data.size else input.clone()


@public()
def scatter_reduce(
    input: Any, dim: int, index: Any, src: Any, reduce: str, *, include_self: bool = True, out: None = None
) -> Any:
    """All src[i, j] of one target index[i, j] combined: "sum", "prod", "mean", "amax" or "amin".

    `include_self=False` leaves out what the input held there.

    >>> import chainrule as cr
    >>> cr.zeros(2).scatter_reduce(0, cr.tensor([0, 0, 1]), cr.tensor([1., 3., 5.]), "mean", include_self=False)
    tensor([2., 5.])
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise ShapeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    axis = axis_of(dim, input._data.ndim)
    _check_source("scatter_reduce", input, axis, index, src)
    if not index._data.size:
        return input.clone()
    if not include_self:
        input = _scatter(input, index, _neutral(reduce, input._data.dtype), axis=axis)
    if reduce == "mean":
        total = _scatter_add(input, index, src, axis=axis)
        ones = src.new_ones(src._data.shape)
        start = input.new_ones(input._data.shape)
        if not include_self:
            start = _scatter(start, index, 0, axis=axis)
        count = _scatter_add(start, index, ones, axis=axis)
        return total / count if total._data.dtype.kind == "f" else total // count
    record = {"sum": _scatter_add, "prod": _scatter_prod, "amax": _scatter_amax, "amin": _scatter_amin}[reduce]
    return record(input, index, src, axis=axis)


def _neutral(reduce: str, dtype: np.dtype[Any]) -> Any:
    """What a reduction starts from."""
    if reduce in ("amax", "amin"):
        lowest = reduce == "amax"
        if dtype.kind == "f":
            return -np.inf if lowest else np.inf
        if dtype.kind == "b":
            return not lowest
        return int(np.iinfo(dtype).min if lowest else np.iinfo(dtype).max)
    return 1 if reduce == "prod" else 0
