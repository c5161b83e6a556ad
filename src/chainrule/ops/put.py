"""Copies with something written into them: whole slices, elements by any index, views."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError
from ..op import public
from .dims import axis_of
from .indexing import (
    _index_add,
    _index_put,
    _index_put_add,
    both_broadcast,
    check_range,
    index_vector,
    owned,
    parse,
)
from .parts import ALL, _diagonal, _select, _slice
from .scatter import scatter_reduce
from .shape import _view_put

ndarray = np.ndarray

# ── slices by number ────────────────────────────────────────────────────────────────────────────


def _slices(name: str, input: Any, dim: int, index: Any, source: Any) -> tuple[int, ndarray]:
    axis = axis_of(dim, input._data.ndim)
    array = index_vector(name, index)
    if source._data.dtype != input._data.dtype:
        raise DtypeError(
            f"{name}(): self ({input.dtype.title}) and source ({source.dtype.title}) must have the same scalar type"
        )
    return axis, array


@public()
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1, out: None = None) -> Any:
    """A copy of the input to whose slices `index` along `dim` those of alpha · source are added.

    >>> import chainrule as cr
    >>> cr.zeros(3).index_add(0, cr.tensor([0, 0, 2]), cr.tensor([1., 2., 3.]))
    tensor([3., 0., 3.])
    """
    axis, array = _slices("index_add_", input, dim, index, source)
    shape, given = input._data.shape, source._data.shape
    count = given[axis] if given else 1
    if array.size != count:
        raise ShapeError(
            f"index_add_(): Number of indices ({array.size}) should be equal to source.size(dim): ({count}), for dim: "
            f"{axis}"
        )
    if len(shape) != len(given) or any(n != m for i, (n, m) in enumerate(zip(shape, given, strict=True)) if i != axis):
        raise ShapeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(shape)} source.shape = {list(given)}"
        )
    n = shape[axis] if shape else 1
    check_range(array, n, f"index {{index}} is out of bounds for dimension {axis} with size {n}", RuntimeError)
    source = source if alpha == 1 else source * alpha
    return _index_add(input, index if array.ndim or not shape else index.reshape(1), source, axis=axis)


@public()
def index_copy(input: Any, dim: int, index: Any, source: Any, *, out: None = None) -> Any:
    """A copy of the input whose slices `index` along `dim` are those of `source`."""
    axis, array = _slices("index_copy_", input, dim, index, source)
    shape, given = input._data.shape, source._data.shape
    count = given[axis] if given else 1
    rest, other = [s[:axis] + s[axis + 1 :] for s in (shape, given)]
    if rest != other and given:
        raise ShapeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{list(rest)} at dimension {axis} and source slice shape: {list(other)} at dimension 0."
        )
    if array.size != count:
        raise IndexError(
            f"index_copy_(): Number of indices ({array.size}) should be equal to source.size(dim) ({count})"
        )
    n = shape[axis] if shape else 1
    check_range(array, n, f"index_copy_(): index {{index}} is out of bounds for dimension {axis} with size {n}")
    return _put(input, (ALL,) * axis, array, source)


def _put(input: Any, before: tuple[Any, ...], index: ndarray, value: Any) -> Any:
    if not input._data.ndim:
        return _index_put(input.reshape(1), value, key=(index.reshape(-1),)).reshape(())
    return _index_put(input, value, key=(*before, index.reshape(-1).copy()))


@public()
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """A copy of the input whose slices `index` along `dim` hold `value`, a number or a 0-d tensor."""
    axis = axis_of(dim, input._data.ndim)
    if index._data.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if hasattr(value, "_data") and value._data.ndim:
        raise ShapeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._data.ndim} dimension(s)."
        )
    n = input._data.shape[axis] if input._data.ndim else 1
    check_range(index._data, n, f"index {{index}} is out of bounds for dimension {axis} with size {n}", IndexError, -n)
    once = np.unique(index._data % n) if index._data.size else index._data  # the value counts once per slice it fills
    return _put(input, (ALL,) * axis, once, value)


@public(function=False)
def index_reduce(input: Any, dim: int, index: Any, source: Any, reduce: str, *, include_self: bool = True) -> Any:
    """`scatter_reduce` of whole slices: "prod", "mean", "amax" or "amin"."""
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise ShapeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    axis, array = _slices("index_reduce", input, dim, index, source)
    shape = [1] * source._data.ndim
    shape[axis] = array.size
    whole = index.reshape(shape).expand(source._data.shape)
    return scatter_reduce(input, axis, whole, source, reduce, include_self=include_self)


# ── elements by any index ───────────────────────────────────────────────────────────────────────


@public()
def index_put(input: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """A copy of the input with `values`, broadcast, at `[indices]`: a tuple of integer or boolean tensors.

    `accumulate=True` adds, as often as an element is named.

    >>> import chainrule as cr
    >>> cr.zeros(3).index_put((cr.tensor([0, 2]),), cr.tensor(5.))
    tensor([5., 0., 5.])
    """
    for i, item in enumerate(indices):
        if not hasattr(item, "_data"):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(item).__name__}")
    value = values._data
    if value.dtype != input._data.dtype:
        raise DtypeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype.title} for the destination "
            f"and {values.dtype.title} for the source."
        )
    key = vectors(input, indices)
    shape = check_put(input._data, key, value.shape)
    if shape != value.shape:
        values = values.reshape(shape)
    return (_index_put_add if accumulate else _index_put)(input, values, key=owned(input, key))


def vectors(input: Any, indices: Any) -> tuple[Any, ...]:
    """The key of an index of tensors only, in which 0-d integers count as vectors of one."""
    _, key = parse(tuple([i.reshape(1) if not i._data.ndim else i for i in indices]), input._data)
    return key


def check_put(x: ndarray, key: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of a value without the leading ones that `x[key]` does not have.

    Raises ShapeError unless such a value can be written there.
    """
    target = x[key].shape
    kept = shape
    while len(kept) > len(target) and kept[0] == 1:
        kept = kept[1:]
    fits = len(kept) <= len(target) and all(n in (1, m) for n, m in zip(reversed(kept), reversed(target), strict=False))
    if not fits:
        raise ShapeError(
            f"shape mismatch: value tensor of shape {list(shape)} cannot be broadcast to indexing result of shape "
            f"{list(target)}"
        )
    return kept


@public()
def put(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """A copy of the input in whose flat order the elements `index` are those of `source`."""
    n = input._data.size
    if source._data.dtype != input._data.dtype:
        raise DtypeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{input.dtype.title} and source.dtype = {source.dtype.title}"
        )
    if source._data.size != index._data.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._data.size}, index.numel() = {index._data.size}"
        )
    check_range(
        index._data, n, f"out of range: tried to access index {{index}} on a tensor of {n} elements.", lowest=-n
    )
    record = _index_put_add if accumulate else _index_put
    key = (index._data.reshape(-1).copy(),)
    return record(input.reshape(-1), source.reshape(-1), key=key).reshape(input._data.shape)


@public()
def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """A copy of the input that holds the elements of `source`, one after the other, where `mask` is True."""
    if mask._data.dtype != bool:
        raise DtypeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {mask.dtype.title}")
    if source._data.dtype != input._data.dtype:
        raise DtypeError(
            "masked_scatter: expected self and source to have same dtypes but got "
            f"{input.dtype.title} and {source.dtype.title}"
        )
    x, mask = both_broadcast(input, mask)
    count = int(np.count_nonzero(mask._data))
    if source._data.size < count:
        raise ShapeError("Number of elements of source < number of ones in mask")
    return _index_put(x, source.reshape(-1)[:count], key=(mask._data.copy(),))


def _into_view(input: Any, src: Any, record: Any, params: dict[str, Any]) -> Any:
    expected = record.forward(input._data, **params).shape
    if src._data.shape != expected:
        raise ShapeError(
            f"expected src to have a size equal to the slice of self. src size = {list(src._data.shape)}, slice size = "
            f"{list(expected)}"
        )
    return _view_put(input, src, chain=((record, params),))


@public()
def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """A copy of the input in which `input.select(dim, index)` holds `src`."""
    axis = axis_of(dim, input._data.ndim)
    input.select(axis, index)
    return _into_view(input, src, _select, {"key": (*(ALL,) * axis, index, ...)})


@public()
def slice_scatter(
    input: Any, src: Any, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Any:
    """A copy of the input in which `input[start:end:step]` along `dim` holds `src`."""
    axis = axis_of(dim, input._data.ndim)
    if step <= 0:
        raise ShapeError("slice step must be positive")
    return _into_view(input, src, _slice, {"key": (*(ALL,) * axis, slice(start, end, step))})


@public()
def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A copy of the input in which `input.diagonal(offset, dim1, dim2)` holds `src`."""
    n = input._data.ndim
    return _into_view(input, src, _diagonal, {"offset": offset, "a": axis_of(dim1, n), "b": axis_of(dim2, n)})
