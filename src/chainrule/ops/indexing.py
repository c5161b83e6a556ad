"""Reading with `x[...]`, in all its forms, and the records it shares with `index_select` and `x[...] = y`.

As in PyTorch, an index falls into two steps: integers, slices, None and Ellipsis give a view; what
then is left of integer and boolean tensors picks elements of that view, as a copy.
"""

from __future__ import annotations

import operator
import warnings
from typing import Any

import numpy as np

from .. import words
from ..errors import DtypeError, ShapeError
from ..op import METHODS, discrete, linear, public, word
from ..words import add_at, add_slices, index_add, index_put, index_put_add
from .dims import axis_of, broadcast
from .parts import ALL, _select, _slice
from .shape import _alias, expand

ndarray = np.ndarray

# ── records ─────────────────────────────────────────────────────────────────────────────────────

_index_select = linear(
    "index_select",
    lambda x, index, *, axis: np.take(x, index, axis),
    {"x": lambda g, x_shape, index, axis: index_add(np.zeros(x_shape, g.dtype), index, g, axis)},
    accumulate=lambda buffer, g, index, axis: add_slices(buffer, index, g, axis),
)
_index = linear(
    "index",
    lambda x, *, key: x[key],
    {"x": lambda g, x_shape, key: index_put_add(np.zeros(x_shape, g.dtype), g, key)},
    accumulate=lambda buffer, g, key: add_at(buffer, key, g),
)
_index_add = linear(
    "index_add",
    lambda x, index, source, *, axis: index_add(x, index, source, axis),
    {"x": lambda g: g, "source": lambda g, index, axis: np.take(g, index, axis)},
)
_index_put_add = linear(
    "index_put_add",
    lambda x, value, *, key: index_put_add(x, value, key),
    {"x": lambda g: g, "value": lambda g, key: g[key]},
)
_index_put_add.title = "IndexPutBackward0"


def _take_out(g: Any, key: Any) -> tuple[Any]:
    """Turn `g` into the gradient of what was overwritten; returns the gradient of what was written."""
    value = g[key]
    g[key] = 0
    return (value,)


_index_put = linear(
    "index_put",
    lambda x, value, *, key: index_put(x, value, key),
    {"x": lambda g, key: index_put(g, 0, key), "value": lambda g, key: g[key]},
    symbol="{x} with [{key}] ← {value}",
    overwrite=_take_out,
)
word(index_add)(lambda x, index, source, axis: _index_add(x, index, source, axis=axis))
word(index_put)(lambda x, value, key: _index_put(x, value, key=key))
word(index_put_add)(lambda x, value, key: _index_put_add(x, value, key=key))


@word(np.take)
def _np_take(x: Any, indices: Any, axis: int) -> Any:
    return _index_select.call(x, indices, axis=axis)


# ── what an index means ─────────────────────────────────────────────────────────────────────────


def is_basic(index: tuple[Any, ...]) -> bool:
    """Whether an index tuple holds only ints, plain slices, None and at most one Ellipsis."""
    ellipses = 0
    for i in index:
        kind = type(i)
        if kind is slice:
            step = i.step
            if not (
                (step is None or (type(step) is int and step > 0))
                and (i.start is None or type(i.start) is int)
                and (i.stop is None or type(i.stop) is int)
            ):
                return False
        elif i is Ellipsis:
            ellipses += 1
        elif kind is not int and i is not None:
            return False
    return ellipses < 2


def parse(index: Any, x: ndarray) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The two steps of any index: a basic key for `x`, and a key of arrays and slices for that view."""
    items = _as_tuple(index)
    items = [i if type(i) in (int, bool) or i is None or i is Ellipsis else _item(i) for i in items]
    named = sum(_dimensions(i) for i in items)
    if named > x.ndim:
        if not x.ndim:
            if any(type(i) is slice for i in items):
                raise IndexError("slice() cannot be applied to a 0-dim tensor.")
            raise IndexError(
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                "convert a 0-dim tensor to a number"
            )
        raise IndexError(f"too many indices for tensor of dimension {x.ndim}")
    basic: list[Any] = []
    key: list[Any] = []
    axis, seen = 0, False
    for item in items:
        kind = type(item)
        if item is Ellipsis:
            skipped = 0 if seen else x.ndim - named
            basic += [ALL] * skipped
            key += [ALL] * skipped
            axis += skipped
            seen = True
        elif kind is bool:
            basic.append(None)
            key.append(np.zeros(int(item), np.int64))
        elif kind is ndarray:
            consumed = _dimensions(item)
            basic += [ALL] * consumed
            key.append(item)
            axis += consumed
        else:
            basic.append(item)
            axis += item is not None
            if kind is not int:
                key.append(ALL)
    while key and type(key[-1]) is slice:
        key.pop()
    if key:
        _check_masks(key, x[(*basic, ...)].shape)
    return (*basic, ...), tuple(key)


def _dimensions(item: Any) -> int:
    """How many dimensions of the tensor an item of an index uses up."""
    if item is None or item is Ellipsis or type(item) is bool:
        return 0
    return item.ndim if type(item) is ndarray and item.dtype == bool else 1


def _as_tuple(index: Any) -> Any:
    if type(index) is tuple:
        return index
    if isinstance(index, list) and any(
        i is None or i is Ellipsis or isinstance(i, (list, tuple, slice)) or hasattr(i, "_data") for i in index
    ):
        warnings.warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch "
            "2.9; use x[tuple(seq)] instead of x[seq].",
            stacklevel=4,
        )
        return tuple(index)  # NumPy's old rule
    return (index,)


def _item(item: Any) -> Any:
    """One item of an index as int, bool, slice or array of integers or booleans."""
    if isinstance(item, slice):
        return _checked_slice(item)
    if isinstance(item, str):
        raise TypeError("new(): invalid data type 'str'; a tensor is indexed by numbers, slices and tensors")
    array = getattr(item, "_data", item)
    if isinstance(array, (list, tuple, range)):
        array = np.array([_plain(i) for i in array]) if len(array) else np.zeros(0, np.int64)
        if array.dtype.kind == "i":
            array = array.astype(np.int64)
    if isinstance(array, np.generic):
        array = np.asarray(array)
        if array.dtype.kind in "iu":
            return int(array)
    if not isinstance(array, ndarray):
        if hasattr(item, "__index__"):
            return operator.index(item)
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices (got "
            f"{type(item).__name__})"
        )
    if array.dtype == np.uint8:
        warnings.warn(
            "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.", stacklevel=4
        )
        array = array != 0
    if array.dtype == bool:
        return array if array.ndim else bool(array)
    if array.dtype not in (np.int64, np.int32):
        raise IndexError(f"tensors used as indices must be long, int, byte or bool tensors, but got {array.dtype.name}")
    return array if array.ndim else int(array)


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple, range)):
        return [_plain(v) for v in value]
    return value._data if hasattr(value, "_data") else value


def _checked_slice(item: slice) -> slice:
    start, stop, step = [None if b is None else _bound(b) for b in (item.start, item.stop, item.step)]
    if step is not None and step <= 0:
        raise ValueError("slice step cannot be zero" if step == 0 else "step must be greater than zero")
    return slice(start, stop, step)


def _bound(value: Any) -> int:
    if not hasattr(value, "__index__"):
        raise TypeError("slice indices must be integers or None or have an __index__ method")
    return operator.index(value)


def _check_masks(key: list[Any], shape: tuple[int, ...]) -> None:
    axis = 0
    for item in key:
        if type(item) is not ndarray or item.dtype != bool:
            axis += 1
            continue
        for i, n in enumerate(item.shape):
            if n != shape[axis + i]:
                raise IndexError(
                    f"The shape of the mask {list(item.shape)} at index {i} does not match the shape of the indexed "
                    f"tensor {list(shape)} at index {axis + i}"
                )
        axis += item.ndim


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


def getitem(input: Any, index: Any) -> Any:
    """`input[index]`: a view for ints, slices, None and Ellipsis; a copy where tensors or masks are in it."""
    kind = type(index)
    if kind is int:
        return _select.call(input, key=(index, ...))
    if kind is not tuple:
        array = getattr(index, "_data", None)
        if array is not None and array.ndim and array.dtype == np.int64 and input._data.ndim:
            return _index_select.call(input, index, axis=0)
        index = (index,) if kind is not list else _as_tuple(index)
    if is_basic(index) and input._data.ndim:
        return basic_view(input, index)
    basic, key = parse(index, input._data)
    if not key:
        return basic_view(input, basic)
    whole = all(i is Ellipsis or (type(i) is slice and i == ALL) for i in basic)
    return picked(input if whole else basic_view(input, basic), key, index)


def basic_view(input: Any, key: tuple[Any, ...]) -> Any:
    """The view of a basic index, under the name PyTorch gives it."""
    if Ellipsis not in key:
        key = (*key, ...)
    last = None
    for last in reversed(key):
        if last is not Ellipsis:
            break
    if last is None or last is Ellipsis:
        return _alias.call(input) if last is Ellipsis else _slice.call(input, key=key)
    return (_slice if type(last) is slice else _select).call(input, key=key)


def picked(part: Any, key: tuple[Any, ...], index: Any = ()) -> Any:
    """The elements of `part` that arrays in the key name."""
    arrays = [k for k in key if type(k) is ndarray]
    if len(arrays) == 1 and arrays[0].dtype != bool:
        # The tensor itself rather than its array, where there is one: backward then notices later writes.
        owner = next((i for i in index if getattr(i, "_data", None) is arrays[0]), arrays[0])
        return _index_select.call(part, owner, axis=len(key) - 1)
    return _index.call(part, key=owned(part, key))


def owned(part: Any, key: tuple[Any, ...]) -> tuple[Any, ...]:
    """A key that may be kept: masks are mostly temporary, and are changed in place."""
    return tuple([k.copy() if type(k) is ndarray else k for k in key]) if part.requires_grad else key


METHODS["__getitem__"] = getitem


# ── slices and elements by number ───────────────────────────────────────────────────────────────


def index_vector(name: str, index: Any, kinds: str = "int32 or int64") -> ndarray:
    """The array of a 1-d (or 0-d) index tensor.

    Raises IndexError for more dimensions, DtypeError for other dtypes.
    """
    if not hasattr(index, "_data"):
        raise TypeError(f"{name}(): argument 'index' must be Tensor, not {type(index).__name__}")
    array: ndarray = index._data
    if array.dtype not in (np.int64, np.int32):
        raise DtypeError(f"{name}(): Expected dtype {kinds} for index, but got {array.dtype.name}")
    if array.ndim > 1:
        raise IndexError(
            f"{name}(): Index is supposed to be a vector, but got dim: {array.ndim} with type: {index.dtype.title} and "
            f"size: {list(array.shape)}"
        )
    return array


def check_range(array: ndarray, n: int, text: str, error: type[Exception] = IndexError, lowest: int = 0) -> None:
    """Raise unless all indices lie in [lowest, n); the text may name the culprit as `{index}`."""
    if not array.size or (array.min() >= lowest and array.max() < n):
        return
    culprit = array[(array < lowest) | (array >= n)].flat[0]
    raise error(text.format(index=culprit))


@public()
def index_select(input: Any, dim: int, index: Any) -> Any:
    """The slices along `dim` with the numbers in the vector `index`.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2], [3, 4]]).index_select(1, cr.tensor([1, 1, 0]))
    tensor([[2, 2, 1],
            [4, 4, 3]])
    """
    x = input._data
    axis = axis_of(dim, x.ndim)
    array = index_vector("index_select", index)
    if not x.ndim:
        if array.size != 1:
            raise ShapeError(f"index_select(): Index to scalar can have only 1 value, got {array.size} value(s)")
        check_range(array, 1, "index out of range in self")
        return _alias.call(input)
    check_range(array, x.shape[axis], "index out of range in self")
    return _index_select.call(input, index if array.ndim else index.reshape(1), axis=axis)


@public()
def take(input: Any, index: Any) -> Any:
    """The elements of the flattened input with the numbers in `index`, in the shape of `index`."""
    n = input._data.size
    if index._data.dtype != np.int64:
        raise DtypeError(f"take(): Expected a long tensor for index, but got {index.dtype.title}")
    check_range(
        index._data, n, f"out of range: tried to access index {{index}} on a tensor of {n} elements.", lowest=-n
    )
    return _index_select.call(input.reshape(-1), index, axis=0)


@public()
def masked_select(input: Any, mask: Any, *, out: None = None) -> Any:
    """The elements where `mask`, broadcast, is True; one-dimensional.

    >>> import chainrule as cr
    >>> x = cr.tensor([1., 2., 3.])
    >>> x.masked_select(x > 1)
    tensor([2., 3.])
    """
    if mask._data.dtype != bool:
        raise DtypeError("masked_select: expected BoolTensor for mask")
    x, m = both_broadcast(input, mask)
    return _index.call(x, key=owned(x, (m._data,)))


def both_broadcast(a: Any, b: Any) -> tuple[Any, Any]:
    """Two tensors expanded to the shape in which they meet."""
    if a._data.shape == b._data.shape:
        return a, b
    shape = broadcast(b._data.shape, a._data.shape)
    return expand(a, shape), expand(b, shape)


# ── where something is ──────────────────────────────────────────────────────────────────────────

_nonzero = discrete("nonzero", words.nonzero, args=("x",))


@public()
def nonzero(input: Any, *, out: None = None, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not zero: a row each, or a vector per dimension.

    >>> import chainrule as cr
    >>> cr.tensor([0, 7, 8]).nonzero()
    tensor([[1],
            [2]])
    """
    if as_tuple:
        return tuple(_nonzero(input if input._data.ndim else input.reshape(1)).unbind(1))
    return _nonzero(input)


@public()
def argwhere(input: Any) -> Any:
    """The indices of the elements that are not zero, a row each."""
    return _nonzero(input)
