"""Views of a part: rows, slices, windows, diagonals."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..op import Op, linear, public, word
from ..words import strided, unindex, view_add, view_get, view_put, windows
from .dims import axis_of

ALL = slice(None)


def _add_to_part(buffer: Any, g: Any, key: Any) -> None:
    part = buffer[key]
    part += g


def _part(name: str, title: str = "", view: Any = True) -> Any:
    """x[key] for a basic index that ends with an Ellipsis wherever it may lead to a single element."""
    record = linear(
        name,
        lambda x, *, key: x[key],
        {"x": lambda g, x_shape, key: unindex(g, x_shape, key)},
        view=view,
        accumulate=_add_to_part,
    )
    if title:
        record.title = title
    return record


_select, _slice = _part("select"), _part("slice")
_split, _split_with_sizes, _unbind = (_part(name, view="multi") for name in ("split", "split_with_sizes", "unbind"))
_unindex = linear(
    "unindex",
    lambda x, *, shape, key: unindex(x, shape, key),
    {"x": lambda g, key: g[key]},
)
word(unindex)(lambda g, shape, key: _unindex(g, shape=shape, key=key))


def _diagonal_of(x: Any, *, offset: int, a: int, b: int) -> Any:
    y = np.diagonal(x, offset, a, b)
    if type(y) is np.ndarray and x.flags.writeable:
        y.flags.writeable = True
    return y


def _add_to_diagonal(buffer: Any, g: Any, offset: int, a: int, b: int) -> None:
    part = _diagonal_of(buffer, offset=offset, a=a, b=b)
    part += g


_diagonal: Op = linear(
    "diagonal",
    _diagonal_of,
    {
        "x": lambda g, x_shape, offset, a, b: view_put(
            np.zeros(x_shape, g.dtype), g, ((_diagonal, {"offset": offset, "a": a, "b": b}),)
        )
    },
    view=True,
    accumulate=_add_to_diagonal,
)


_unfold: Op = linear(
    "unfold",
    lambda x, *, axis, size, step: windows(x, axis, size, step),
    {
        "x": lambda g, x_shape, axis, size, step: view_add(
            np.zeros(x_shape, g.dtype), g, ((_unfold, {"axis": axis, "size": size, "step": step}),)
        )
    },
    view=True,
)


_as_strided: Op = linear(
    "as_strided",
    lambda x, *, size, stride, offset: strided(x, size, stride, offset),
    {
        "x": lambda g, x_shape, size, stride, offset: view_add(
            np.zeros(x_shape, g.dtype), g, ((_as_strided, {"size": size, "stride": stride, "offset": offset}),)
        )
    },
    view=True,
)
_view_add = linear(
    "view_add",
    lambda x, value, *, chain: view_add(x, value, chain),
    {"x": lambda g: g, "value": lambda g, chain: view_get(g, chain)},
)


# ── one dimension ───────────────────────────────────────────────────────────────────────────────


def _wrapped(index: Any, size: int, dim: int, shape: Any) -> int:
    i = operator.index(index)
    if not -size <= i < size:
        raise IndexError(f"select(): index {i} out of range for tensor of size {list(shape)} at dimension {dim}")
    return i


@public()
def select(input: Any, dim: int, index: Any) -> Any:
    """The slice number `index` along `dim`, which is gone from the result; a view.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2], [3, 4]]).select(1, 0)
    tensor([1, 3])
    """
    shape = input._data.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    axis = axis_of(dim, len(shape))
    return _select.call(input, key=(*(ALL,) * axis, _wrapped(index, shape[axis], dim, shape), ...))


@public()
def narrow(input: Any, dim: int, start: Any, length: int) -> Any:
    """`length` slices along `dim`, from `start` on; a view.

    >>> import chainrule as cr
    >>> cr.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    shape = input._data.shape
    if not shape:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    axis = axis_of(dim, len(shape))
    n, start = shape[axis], operator.index(start)
    if not -n <= start <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    if start < 0:
        start += n
    if start + length > n:
        raise ShapeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return _slice.call(input, key=(*(ALL,) * axis, slice(start, start + length)))


@public()
def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """All slices along `dim`, as a tuple of views."""
    shape = input._data.shape
    if not shape:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    axis = axis_of(dim, len(shape))
    call, before = _unbind.call, (ALL,) * axis
    return tuple([call(input, key=(*before, i, ...)) for i in range(shape[axis])])


# ── several parts ───────────────────────────────────────────────────────────────────────────────


def _cut(record: Any, input: Any, axis: int, ends: Any) -> tuple[Any, ...]:
    """The parts of a dimension that end at `ends`."""
    before = (ALL,) * axis
    parts, start = [], 0
    for end in ends:
        parts.append(record.call(input, key=(*before, slice(start, max(end, start)))))
        start = end
    return tuple(parts)


def _axis_to_cut(name: str, input: Any, dim: int) -> int:
    if not input._data.ndim:
        if name == "tensor_split":
            raise ShapeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
        raise ShapeError(f"{name} expects at least a 1-dimensional tensor")
    return axis_of(dim, input._data.ndim)


@public()
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Views of `split_size` slices each along `dim` (the last may be shorter), or of the sizes in a list.

    Raises ShapeError where the sizes do not add up.

    >>> import chainrule as cr
    >>> cr.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if isinstance(split_size_or_sections, (tuple, list)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    size = operator.index(split_size_or_sections)
    axis = _axis_to_cut("split", tensor, dim)
    n = tensor._data.shape[axis]
    if size < 0:
        raise ShapeError(f"split expects split_size be non-negative, but got split_size={size}")
    if size == 0:
        if n:
            raise ShapeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {n}")
        return _cut(_split, tensor, axis, (0,))
    return _cut(_split, tensor, axis, [min(end, n) for end in range(size, max(n, 1) + size, size)])


@public()
def split_with_sizes(input: Any, split_sizes: Any, dim: int = 0) -> tuple[Any, ...]:
    """Views of the given sizes along `dim`; they have to add up to its size."""
    axis = _axis_to_cut("split_with_sizes", input, dim)
    ends, end = [], 0
    for size in split_sizes:
        if size < 0:
            raise ShapeError(
                "split_with_sizes expects split_sizes have only non-negative entries, but got "
                f"split_sizes={list(split_sizes)}"
            )
        end += size
        ends.append(end)
    if end != input._data.shape[axis]:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input._data.shape[axis]} (input tensor's size "
            f"at dimension {dim}), but got split_sizes={list(split_sizes)}"
        )
    return _cut(_split_with_sizes, input, axis, ends)


@public()
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """At most `chunks` views of equal size along `dim`; the last may be shorter.

    >>> import chainrule as cr
    >>> cr.arange(5).chunk(3)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    axis = _axis_to_cut("chunk", input, dim)
    n = input._data.shape[axis]
    if not n:
        return split_with_sizes(input, [0] * chunks, axis)
    return split(input, -(-n // chunks), axis)


@public()
def tensor_split(input: Any, indices_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Views along `dim`: so many nearly equal ones, or those between the given indices.

    >>> import chainrule as cr
    >>> cr.arange(5).tensor_split((1, 3))
    (tensor([0]), tensor([1, 2]), tensor([3, 4]))
    """
    axis = _axis_to_cut("tensor_split", input, dim)
    n = input._data.shape[axis]
    if hasattr(indices_or_sections, "tolist"):
        indices_or_sections = indices_or_sections.tolist()
    if isinstance(indices_or_sections, int):
        sections = indices_or_sections
        if sections <= 0:
            raise ShapeError(f"number of sections must be larger than 0, got {sections}")
        size, longer = divmod(n, sections)
        ends = [size * (i + 1) + min(i + 1, longer) for i in range(sections)]
    else:
        ends = [*[slice(i).indices(n)[1] for i in indices_or_sections], n]
    return _cut(_slice, input, axis, ends)


def _split_along(name: str, input: Any, sections: Any, dim: int) -> tuple[Any, ...]:
    if isinstance(sections, int):
        n = input._data.shape[dim]
        if sections <= 0 or n % sections:
            raise ShapeError(
                f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {n} is not "
                f"divisible by the split_size {sections}!"
            )
    return tensor_split(input, sections, dim)


def _enough_dimensions(name: str, input: Any, least: int) -> None:
    if input._data.ndim < least:
        raise ShapeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a "
            f"tensor with {input._data.ndim} dimensions!"
        )


@public()
def hsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """`tensor_split` along dimension 1 (0 for vectors); a number of sections has to divide it."""
    _enough_dimensions("hsplit", input, 1)
    return _split_along("hsplit", input, indices_or_sections, 0 if input._data.ndim == 1 else 1)


@public()
def vsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """`tensor_split` along dimension 0; a number of sections has to divide it."""
    _enough_dimensions("vsplit", input, 2)
    return _split_along("vsplit", input, indices_or_sections, 0)


@public()
def dsplit(input: Any, indices_or_sections: Any) -> tuple[Any, ...]:
    """`tensor_split` along dimension 2; a number of sections has to divide it."""
    _enough_dimensions("dsplit", input, 3)
    return _split_along("dsplit", input, indices_or_sections, 2)


# ── windows, diagonals, strides ─────────────────────────────────────────────────────────────────


@public(function=False)
def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """All windows of `size` along a dimension, `step` apart, in a new last dimension; a view.

    >>> import chainrule as cr
    >>> cr.arange(5).unfold(0, 3, 2)
    tensor([[0, 1, 2],
            [2, 3, 4]])
    """
    shape = input._data.shape
    axis = axis_of(dimension, len(shape))
    n = shape[axis] if shape else 1
    if size < 0:
        raise ShapeError(f"size is {size} but must be >= 0")
    if size > n:
        raise ShapeError(f"maximum size for tensor at dimension {axis} is {n} but size is {size}")
    if step <= 0:
        raise ShapeError(f"step is {step} but must be > 0")
    if not shape:
        return _slice.call(input.reshape(1), key=slice(0, size))
    return _unfold.call(input, axis=axis, size=size, step=step)


@public()
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The elements x[i, i + offset] of two dimensions, in a new last dimension; a view.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2], [3, 4]]).diagonal()
    tensor([1, 4])
    """
    n = input._data.ndim
    a, b = axis_of(dim1, n), axis_of(dim2, n)
    if a == b:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return _diagonal.call(input, offset=offset, a=a, b=b)


@public()
def as_strided(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """The memory of `input` under any size, stride and offset (in elements); a view.

    Raises ShapeError where that would reach outside of the memory.

    >>> import chainrule as cr
    >>> cr.arange(4).as_strided((2, 2), (1, 2))
    tensor([[0, 2],
            [1, 3]])
    """
    size, stride = tuple(map(operator.index, size)), tuple(map(operator.index, stride))
    if len(size) != len(stride):
        raise ShapeError(f"mismatch in length of strides and shape: {len(stride)} strides for {len(size)} dimensions")
    base = input if input._view is None else input._view.base
    if storage_offset is None:
        start = base._data.__array_interface__["data"][0]
        storage_offset = (input._data.__array_interface__["data"][0] - start) // input._data.itemsize
    if not base._data.flags.c_contiguous:
        strides = base._data.strides
        base = base.permute(sorted(range(len(strides)), key=lambda i: -strides[i]))
    if not base._data.flags.c_contiguous:
        raise ShapeError("as_strided(): the memory of this tensor has gaps; call .contiguous() first")
    if storage_offset < 0:
        raise ShapeError(f"Tensor: invalid storage offset {storage_offset}")
    if min(stride, default=0) < 0:
        raise ShapeError(
            f"as_strided: Negative strides are not supported at the moment, got strides: {list(stride)}; use flip"
        )
    count = base._data.size
    last = storage_offset + sum((n - 1) * s for n, s in zip(size, stride, strict=True)) if 0 not in size else 0
    if last >= count and 0 not in size:
        raise ShapeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {storage_offset}, and itemsize "
            f"{input._data.itemsize} requiring a storage size of {(last + 1) * input._data.itemsize} are out of bounds "
            f"for storage of size {count * input._data.itemsize}"
        )
    return _as_strided.call(base, size=size, stride=stride, offset=storage_offset)


@word(np.diagonal)
def _np_diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    return diagonal(x, offset, axis1, axis2)


word(view_add)(lambda x, value, chain: _view_add(x, value, chain=chain))
word(windows)(lambda x, axis, size, step: _unfold.call(x, axis=axis, size=size, step=step))
word(strided)(lambda x, size, stride, offset: _as_strided.call(x, size=size, stride=stride, offset=offset))
