"""Sorting, searching, counting; order statistics. Indices are discrete, values are gathered by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..dtypes import from_numpy_dtype
from ..errors import DtypeError, ShapeError, refuse_out
from ..op import FUNCTIONS, discrete, general, opaque, public
from .dims import axis_of
from .reduction import at, check_not_empty, share_of_all

# ── order ───────────────────────────────────────────────────────────────────────────────────────


@opaque
def _sorted_index(x: Any, *, axis: int, descending: bool) -> Any:
    """Stable either way; NaN counts as the largest."""
    if not descending:
        return np.argsort(x, axis, kind="stable")
    last = x.shape[axis] - 1
    return np.flip(last - np.argsort(np.flip(x, axis), axis, kind="stable"), axis)


@opaque
def _top_index(x: Any, *, k: int, axis: int, largest: bool) -> Any:
    return np.take(_sorted_index(x, axis=axis, descending=largest), range(k), axis)


@opaque
def _kth_index(x: Any, *, k: int, axis: int) -> Any:
    """The index of the k-th smallest, counted from 0; keeps the axis."""
    return np.take(np.argsort(x, axis, kind="stable"), [k], axis)


@opaque
def _median_index(x: Any, *, axis: int, ignore_nan: bool) -> Any:
    """The index of the lower median; of the first NaN, if there is one and it counts."""
    order = np.argsort(x, axis, kind="stable")
    nan = np.isnan(x) if x.dtype.kind == "f" else np.zeros(x.shape, bool)
    numbers = x.shape[axis] - np.add.reduce(nan, axis, None, None, True)
    middle = np.maximum(numbers - 1, 0) // 2
    if not ignore_nan:
        middle = np.where(numbers == x.shape[axis], middle, numbers)
    return np.take_along_axis(order, middle, axis)


@opaque
def _mode_index(x: Any, *, axis: int) -> Any:
    """The last index of the most frequent value, the smallest of those; keeps the axis."""
    order = np.argsort(x, axis, kind="stable")
    values = np.moveaxis(np.take_along_axis(x, order, axis), axis, -1)
    n = values.shape[-1]
    place = np.arange(n)
    starts = np.concatenate([np.ones((*values.shape[:-1], 1), bool), values[..., 1:] != values[..., :-1]], -1)
    run = place - np.maximum.accumulate(np.where(starts, place, 0), -1)
    best = np.moveaxis(np.argmax(run, -1, keepdims=True), -1, axis)
    return np.take_along_axis(order, best, axis)


@opaque
def _median_forward(x: Any, *, ignore_nan: bool) -> Any:
    flat = x.reshape(-1)
    return flat[_median_index(flat, axis=0, ignore_nan=ignore_nan)[0]]


_argsort = discrete("argsort", _sorted_index)
_topk = discrete("topk_index", _top_index)
_kth = discrete("kthvalue_index", _kth_index)
_median_at = discrete("median_index", _median_index)
_mode = discrete("mode_index", _mode_index)
_median_all = general(
    "median",
    _median_forward,
    {"x": share_of_all},
    symbol="median {x}",
)


@public()
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False, *, out: None = None) -> Any:
    """The elements in order along `dim`, and where they were: (values, indices).

    Always stable; NaN counts as the largest.

    >>> import chainrule as cr
    >>> cr.tensor([3, 1, 2]).sort()
    torch.return_types.sort(
    values=tensor([1, 2, 3]),
    indices=tensor([1, 2, 0]))
    """
    if out is not None:
        refuse_out("sort")
    return _gathered(return_types.sort, input, dim, _argsort, descending=descending)


@public()
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The indices that put the elements in order along `dim`; always stable.

    >>> import chainrule as cr
    >>> cr.tensor([3, 1, 2]).argsort()
    tensor([1, 2, 0])
    """
    axis = axis_of(dim, input.ndim)
    if not input.ndim:
        return _argsort(input.reshape((1,)), axis=0, descending=descending).reshape(())
    return _argsort(input, axis=axis, descending=descending)


@public()
def msort(input: Any, *, out: None = None) -> Any:
    """The elements in order along the first dimension."""
    return sort(input, 0, out=out).values


@public()
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True, *, out: None = None) -> Any:
    """The k largest (or smallest) elements along `dim`, in order, and where they are: (values, indices).

    Of equal elements the first come first. Raises ShapeError when there are fewer than k.
    """
    if out is not None:
        refuse_out("topk")
    axis = axis_of(dim, input.ndim)
    n = input.shape[axis] if input.ndim else 1
    if not 0 <= k <= n:
        raise ShapeError(f"selected index k out of range: topk got k={k} for {n} elements along dim {axis}")
    return _gathered(return_types.topk, input, dim, _topk, k=k, largest=largest)


def _gathered(result: Any, input: Any, dim: int, record: Any, **params: Any) -> Any:
    """Values and indices from a record that computes the indices; a scalar counts as a vector of one."""
    axis = axis_of(dim, input.ndim)
    if not input.ndim:
        values, indices = _gathered(result, input.reshape((1,)), 0, record, **params)
        return result(values.reshape(()), indices.reshape(()))
    indices = record(input, **{name: axis if name == "axis" else params[name] for name in record.params})
    return result(FUNCTIONS["gather"](input, axis, indices), indices)


# ── order statistics ────────────────────────────────────────────────────────────────────────────


def _selected(result: Any, input: Any, dim: int, keepdim: bool, record: Any, **params: Any) -> Any:
    """(value, index) along `dim`, from a record whose index keeps the axis."""
    axis = axis_of(dim, input.ndim)
    if not input.ndim:
        return result(*[t.reshape(()) for t in _selected(result, input.reshape((1,)), 0, True, record, **params)])
    if input.shape[axis] == 0:
        check_not_empty(result.__name__, input.shape, axis)
    indices = record(input, **{name: axis if name == "axis" else params[name] for name in record.params})
    return result(*at(input, axis, indices, keepdim))


@public()
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False, *, out: None = None) -> Any:
    """The k-th smallest element along `dim` (the first is k = 1), and where it is: (values, indices)."""
    if out is not None:
        refuse_out("kthvalue")
    axis = axis_of(dim, input.ndim)
    n = input.shape[axis] if input.ndim else 1
    if not 1 <= k <= n:
        raise ShapeError(f"kthvalue(): selected number k out of range for dimension {axis}: k={k}, size {n}")
    return _selected(return_types.kthvalue, input, dim, keepdim, _kth, k=k - 1)


def _median(name: str, ignore_nan: bool, input: Any, dim: int | None, keepdim: bool, out: None) -> Any:
    if out is not None:
        refuse_out(name)
    if input.dtype.name == "bool":
        raise NotImplementedError("\"median_cpu\" not implemented for 'Bool'; convert it with .int()")
    if dim is None:
        return _median_all(input, ignore_nan=ignore_nan) if input.numel() else input.sum() * float("nan")
    return _selected(getattr(return_types, name), input, dim, keepdim, _median_at, ignore_nan=ignore_nan)


@public()
def median(input: Any, dim: int | None = None, keepdim: bool = False, *, out: None = None) -> Any:
    """The middle element, the lower of two; along a `dim` also where it is: (values, indices). NaN wins.

    >>> import chainrule as cr
    >>> cr.tensor([3., 1., 2., 4.]).median()
    tensor(2.)
    """
    return _median("median", False, input, dim, keepdim, out)


@public()
def nanmedian(input: Any, dim: int | None = None, keepdim: bool = False, *, out: None = None) -> Any:
    """The middle one of the elements that are numbers; along a `dim` also where it is: (values, indices)."""
    return _median("nanmedian", True, input, dim, keepdim, out)


@public()
def mode(input: Any, dim: int = -1, keepdim: bool = False, *, out: None = None) -> Any:
    """The most frequent value along `dim` (the smallest of those), and its last index: (values, indices)."""
    if out is not None:
        refuse_out("mode")
    return _selected(return_types.mode, input, dim, keepdim, _mode)


# ── unique values ───────────────────────────────────────────────────────────────────────────────


@opaque
def _unique_forward(x: Any, *, axis: int | None) -> Any:
    values, inverse, counts = np.unique(x, return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    return values, inverse.reshape(x.shape if axis is None else (-1,)), counts


@opaque
def _consecutive_forward(x: Any, *, axis: int | None) -> Any:
    rows = x.reshape(-1, 1) if axis is None else np.moveaxis(x, axis, 0).reshape(x.shape[axis], -1)
    starts = np.ones(len(rows), bool)
    starts[1:] = (rows[1:] != rows[:-1]).any(1)
    first = np.flatnonzero(starts)
    values = x.reshape(-1)[first] if axis is None else np.take(x, first, axis)
    inverse = np.cumsum(starts) - 1
    return values, inverse.reshape(x.shape if axis is None else (-1,)), np.diff(first, append=len(rows))


_unique = discrete("unique", _unique_forward)
_unique_consecutive = discrete("unique_consecutive", _consecutive_forward)


def _asked(results: Any, return_inverse: bool, return_counts: bool) -> Any:
    values, inverse, counts = results
    if not return_inverse and not return_counts:
        return values
    return (values, *([inverse] if return_inverse else []), *([counts] if return_counts else []))


@public()
def unique(
    input: Any,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The different elements (or slices along `dim`), in order; on request where each went, and how often it was.

    >>> import chainrule as cr
    >>> cr.tensor([3, 1, 3]).unique(return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    axis = None if dim is None else axis_of(dim, input.ndim)
    return _asked(_unique(input, axis=axis), return_inverse, return_counts)


@public()
def unique_consecutive(
    input: Any, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """The elements (or slices along `dim`) without those that equal the one before them."""
    axis = None if dim is None else axis_of(dim, input.ndim)
    return _asked(_unique_consecutive(input, axis=axis), return_inverse, return_counts)


# ── searching ───────────────────────────────────────────────────────────────────────────────────


@opaque
def _search_forward(boundaries: Any, values: Any, *, right: bool, dtype: Any) -> Any:
    side = "right" if right else "left"
    if boundaries.ndim == 1:
        return np.asarray(np.searchsorted(boundaries, values, side), dtype)
    rows = boundaries.reshape(-1, boundaries.shape[-1])
    found = [
        np.searchsorted(row, v, side) for row, v in zip(rows, values.reshape(len(rows), values.shape[-1]), strict=True)
    ]
    return np.array(found, dtype).reshape(values.shape)


_searchsorted = discrete("searchsorted", _search_forward)


@public(method=False)
def searchsorted(
    sorted_sequence: Any,
    values: Any = None,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    out: None = None,
    sorter: Any = None,
    input: Any = None,
) -> Any:
    """Where each value belongs in a sorted sequence (the last dimension): before equal ones, or after (`right`).

    Raises ShapeError unless the sequence is one-dimensional or its leading dimensions are those of the values.

    >>> import chainrule as cr
    >>> cr.searchsorted(cr.tensor([1, 3, 5]), cr.tensor([3, 6]))
    tensor([1, 3])
    """
    if out is not None:
        refuse_out("searchsorted")
    values = input if values is None else values
    if side not in (None, "left", "right"):
        raise ShapeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise ShapeError(
            "torch.searchsorted(): side and right can't be set to opposites, got side of left while right was True"
        )
    if sorter is not None:
        sorted_sequence = FUNCTIONS["gather"](sorted_sequence, -1, sorter)
    shape = tuple(values.shape) if hasattr(values, "ndim") else ()
    lead = tuple(sorted_sequence.shape[:-1])
    if sorted_sequence.ndim != 1 and (not shape or lead != shape[:-1]):
        raise ShapeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries "
            "tensor and input value tensor must match, but we got boundaries tensor "
            f"{list(sorted_sequence.shape)} and input value tensor {list(shape)}"
        )
    dtype = np.int32 if out_int32 else np.int64
    return _searchsorted(sorted_sequence, values, right=right or side == "right", dtype=dtype)


@public(method=False)
def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False, out: None = None) -> Any:
    """The number of the bucket between sorted boundaries that each value falls into."""
    if boundaries.ndim != 1:
        raise ShapeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right, out=out)


@opaque
def _isin_forward(elements: Any, test_elements: Any, *, invert: bool) -> Any:
    return np.asarray(np.isin(elements, test_elements, invert=invert))


_isin = discrete("isin", _isin_forward)


@public(method=False)
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False, invert: bool = False) -> Any:
    """Whether each element is among `test_elements`; bool."""
    return _isin(elements, test_elements, invert=invert)


# ── counting ────────────────────────────────────────────────────────────────────────────────────


@opaque
def _histc_forward(x: Any, *, bins: int, low: float, high: float) -> Any:
    if x.dtype.kind != "f":
        raise NotImplementedError(
            f"\"histogram_cpu\" not implemented for '{from_numpy_dtype(x.dtype).title}'; convert it with .float()"
        )
    if low == high and x.size:
        low, high = float(x.min()), float(x.max())
    if not np.isfinite(low) or not np.isfinite(high):
        raise DtypeError(f"torch.histc: range of [{low}, {high}] is not finite; give min and max")
    if low == high:
        low, high = low - 1, high + 1
    inside = x[(x >= low) & (x <= high)].astype(np.float64)
    place = np.minimum(((inside - low) / (high - low) * bins).astype(np.int64), bins - 1)
    return np.bincount(place, minlength=bins).astype(x.dtype)


@opaque
def _bincount_forward(x: Any, weights: Any, *, minlength: int) -> Any:
    if x.dtype.kind not in "iu":
        raise NotImplementedError(
            f"\"bincount_cpu\" not implemented for '{from_numpy_dtype(x.dtype).title}'; it counts integers"
        )
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise ShapeError(f"bincount only supports 1-d non-negative integral inputs. Got a shape of {list(x.shape)}")
    if minlength < 0:
        raise ShapeError(f"minlength should be >= 0, got {minlength}")
    if weights is None:
        return np.bincount(x, None, minlength)
    if weights.shape != x.shape:
        raise ShapeError(f"weights should be 1-d and have the same length as input: {weights.shape} and {x.shape}")
    return np.bincount(x, weights, minlength).astype(np.float32 if weights.dtype == np.float32 else np.float64)


_histc = discrete("histc", _histc_forward)
_bincount = discrete("bincount", _bincount_forward)


@public()
def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0, *, out: None = None) -> Any:
    """How many elements fall into each of `bins` equal bins; of the range of the data, where min = max.

    Elements outside are left out. Raises DtypeError for a range that is not finite.
    """
    if out is not None:
        refuse_out("histc")
    if bins <= 0:
        raise ShapeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if max < min:
        raise ShapeError(f"torch.histc: max must be larger than min; got {min} and {max}")
    return _histc(input, bins=bins, low=min, high=max)


@public()
def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each number 0, 1, 2 … occurs, or the sum of its weights.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 1]).bincount()
    tensor([0, 2, 1])
    """
    return _bincount(input, weights, minlength=minlength)
