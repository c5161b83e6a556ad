"""Shapes and views. A view shares its memory with what it was made from, as in PyTorch."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from .. import dtypes, words
from ..errors import ShapeError
from ..op import linear, public, word
from ..words import overwrite_view, view_get, view_put
from .dims import axis_of

# ── writing through a view, and copying ─────────────────────────────────────────────────────────


def _cut_out(g: Any, chain: Any) -> tuple[Any]:
    """Turn `g` into the gradient of what was overwritten; returns the gradient of what was written."""
    value = np.array(view_get(g, chain))
    overwrite_view(g, 0, chain)
    return (value,)


_view_put = linear(
    "view_put",
    lambda x, value, *, chain: view_put(x, value, chain),
    {
        "x": lambda g, chain: view_put(g, 0, chain),
        "value": lambda g, chain: view_get(g, chain),
    },
    symbol="{x} with a view ← {value}",
    overwrite=_cut_out,
)
_view_put.title = "CopySlices"
_view_get = linear(
    "view_get",
    lambda x, *, chain: view_get(x, chain),
    {"x": lambda g, x_shape, chain: view_put(np.zeros(x_shape, g.dtype), g, chain)},
    view=True,
)
# The engine casts and sums what was broadcast. `x` is there for its shape, dtype and a gradient of zero.
_copy = linear(
    "copy",
    lambda x, value: words.broadcast_to(value, x.shape).astype(x.dtype),
    {"x": lambda g: np.zeros(g.shape, g.dtype), "value": 1},
    symbol="{value}",
)
_copy.title = "CopyBackwards"


# ── records ─────────────────────────────────────────────────────────────────────────────────────


def _reshaping(name: str) -> Any:
    return linear(
        name,
        lambda x, *, shape: x.reshape(shape),
        {"x": lambda g, x_shape: g.reshape(x_shape)},
        view="maybe",
    )


_view, _reshape, _unsqueeze, _squeeze = map(_reshaping, ("view", "reshape", "unsqueeze", "squeeze"))
_alias = linear("alias", lambda x: x[...], {"x": lambda g: g}, view=True)
_t = linear("t", lambda x: x.T, {"x": lambda g: g.T}, view=True, symbol="{x}ᵀ")
_transpose = linear(
    "transpose",
    lambda x, *, a, b: np.swapaxes(x, a, b),
    {"x": lambda g, a, b: np.swapaxes(g, a, b)},
    view=True,
)
_permute = linear(
    "permute",
    lambda x, *, axes: np.transpose(x, axes),
    {"x": lambda g, axes: np.transpose(g, tuple(sorted(range(len(axes)), key=axes.__getitem__)))},
    view=True,
)


def _expanded(x: Any, *, shape: tuple[int, ...]) -> Any:
    y = words.broadcast_to(x, shape)
    if type(y) is np.ndarray and not y.flags.writeable and x.flags.writeable:
        y.flags.writeable = True  # in-place writes look at the strides, and name the cause
    return y


# The engine sums over what was broadcast.
_expand = linear("expand", _expanded, {"x": lambda g: g}, view=True)


# ── sizes given by the user ─────────────────────────────────────────────────────────────────────


def sizes(args: tuple[Any, ...]) -> tuple[int, ...]:
    """`f(2, 3)` and `f((2, 3))` alike, as a tuple of ints."""
    if len(args) == 1 and isinstance(args[0], (tuple, list)):
        args = tuple(args[0])
    for n in args:
        if type(n) is not int:
            return tuple([operator.index(n) for n in args])
    return args


def inferred(shape: tuple[int, ...], count: int) -> tuple[int, ...]:
    """The shape with its one −1 replaced.

    Raises ShapeError where `count` elements do not fill it.
    """
    known = 1
    for n in shape:
        if n >= 0:
            known *= n
        elif n != -1:
            raise ShapeError(f"invalid shape dimension {n} at index {shape.index(n)} of shape {list(shape)}")
    unknown = shape.count(-1)
    if unknown > 1:
        raise ShapeError("only one dimension can be inferred")
    if unknown and known and count % known == 0:
        return tuple([count // known if n == -1 else n for n in shape])
    if unknown and not known and not count:
        raise ShapeError(
            f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 "
            "can be any value and is ambiguous"
        )
    if unknown or known != count:
        raise ShapeError(f"shape '{list(shape)}' is invalid for input of size {count}")
    return shape


# ── reshape ─────────────────────────────────────────────────────────────────────────────────────


def _new_shape(input: Any, shape: tuple[Any, ...]) -> tuple[int, ...]:
    shape = sizes(shape)
    x = input._data
    for n in shape:
        if n < 0:
            return inferred(shape, x.size)
    return shape if math.prod(shape) == x.size else inferred(shape, x.size)


@public(function=False)
def view(input: Any, *shape: Any, dtype: Any = None, size: Any = None) -> Any:
    """The same memory in another shape, one size −1 being inferred; or, given a dtype, its bytes read anew.

    Raises ShapeError where the elements do not fit, or where the strides do not allow it without a
    copy (`reshape` copies then).

    >>> import chainrule as cr
    >>> cr.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    if size is not None:
        shape = (size,)
    if dtype is not None or (len(shape) == 1 and isinstance(shape[0], dtypes.dtype)):
        return _view_as_dtype(input, dtype or shape[0])
    if not shape:
        raise TypeError("view() takes a shape or a dtype, and got neither; the shape of a scalar is ()")
    y = _view.call(input, shape=_new_shape(input, shape))
    if y._view is None and y._data.size:
        raise ShapeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            f"contiguous subspaces). Use .reshape(...) instead. The shape is {list(input._data.shape)}, the strides "
            f"are {tuple(n // input._data.itemsize for n in input._data.strides)}."
        )
    return y


def _view_as_dtype(input: Any, dtype: dtypes.dtype) -> Any:
    x = input._data
    if x.dtype == dtype.numpy:
        return _alias.call(input)
    old, new = x.itemsize, dtype.itemsize
    if old != new and not x.ndim:
        raise ShapeError(
            f"self.dim() cannot be 0 to view {input.dtype.title} as {dtype.title} (different element sizes)"
        )
    if new > old and x.shape[-1] * old % new:
        raise ShapeError(
            f"self.size(-1) must be divisible by {new // old} to view {input.dtype.title} as {dtype.title} (different "
            f"element sizes), but got {x.shape[-1]}"
        )
    y = input.detach()  # bytes have no gradient
    y._data = x.view(dtype.numpy)
    return y


@public(function=False)
def view_as(input: Any, other: Any) -> Any:
    """`view` in the shape of another tensor."""
    return view(input, other._data.shape)


@public()
def reshape(input: Any, *numbers: Any, shape: Any = None) -> Any:
    """The same elements in another shape, one size −1 being inferred; a view where that is possible.

    Raises ShapeError where the elements do not fit.

    >>> import chainrule as cr
    >>> cr.arange(4).reshape(2, 2)
    tensor([[0, 1],
            [2, 3]])
    """
    return _reshape.call(input, shape=_new_shape(input, numbers if shape is None else (shape,)))


@public(function=False)
def reshape_as(input: Any, other: Any) -> Any:
    """`reshape` in the shape of another tensor."""
    return reshape(input, other._data.shape)


@public()
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """The dimensions from `start_dim` to `end_dim`, both included, made one.

    >>> import chainrule as cr
    >>> cr.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input._data.shape
    n = len(shape)
    start, end = axis_of(start_dim, n), axis_of(end_dim, n)
    if start > end:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if start == end and n:
        return input
    return _reshape.call(input, shape=(*shape[:start], math.prod(shape[start : end + 1]), *shape[end + 1 :]))


@public()
def ravel(input: Any) -> Any:
    """All elements in one dimension."""
    return _reshape.call(input, shape=(input._data.size,))


@public()
def unflatten(input: Any, dim: int, sizes: Any) -> Any:
    """One dimension split into several, one size −1 being inferred.

    >>> import chainrule as cr
    >>> cr.zeros(2, 12).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    shape = input._data.shape
    axis = axis_of(dim, len(shape))
    sizes = tuple(sizes)
    if not sizes:
        raise ShapeError("unflatten: sizes must be non-empty")
    try:
        split = inferred(sizes, shape[axis])
    except ShapeError:
        raise ShapeError(
            f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {axis} ({shape[axis]}) in "
            "the input tensor"
        ) from None
    return _view.call(input, shape=(*shape[:axis], *split, *shape[axis + 1 :]))


@public()
def unsqueeze(input: Any, dim: int) -> Any:
    """A view with a new dimension of size 1 at `dim`.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2]).unsqueeze(1)
    tensor([[1],
            [2]])
    """
    shape = input._data.shape
    axis = axis_of(dim, len(shape) + 1)
    return _unsqueeze.call(input, shape=(*shape[:axis], 1, *shape[axis:]))


@public()
def squeeze(input: Any, dim: Any = None) -> Any:
    """A view without the dimensions of size 1: all of them, or those of `dim` that have it.

    >>> import chainrule as cr
    >>> cr.zeros(1, 2, 1).squeeze(0).shape
    torch.Size([2, 1])
    """
    shape = input._data.shape
    if dim is None:
        new = tuple([n for n in shape if n != 1])
    else:
        axes = [axis_of(d, len(shape)) for d in (dim if isinstance(dim, (tuple, list)) else (dim,))]
        if len(set(axes)) < len(axes):
            raise ShapeError(f"dim {max(axes, key=axes.count)} appears multiple times in the list of dims")
        new = tuple([n for i, n in enumerate(shape) if n != 1 or i not in axes])
    return _squeeze.call(input, shape=new)


# ── the order of dimensions ─────────────────────────────────────────────────────────────────────


@public()
def t(input: Any) -> Any:
    """xᵀ of a matrix; a vector or a scalar stays as it is.

    Raises ShapeError for more than two dimensions.
    """
    n = input._data.ndim
    if n == 2:
        return _t.call(input)
    if n > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {n}D")
    return _alias.call(input)


@public(alias=("swapaxes", "swapdims"))
def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """A view with two dimensions swapped."""
    n = input._data.ndim
    a, b = axis_of(dim0, n), axis_of(dim1, n)
    return _transpose.call(input, a=a, b=b) if n else _alias.call(input)


@public()
def permute(input: Any, *order: Any, dims: Any = None) -> Any:
    """The dimensions in another order; a view.

    Raises ShapeError unless `dims` names every dimension once.

    >>> import chainrule as cr
    >>> cr.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    dims = sizes(order if dims is None else (dims,))
    n = input._data.ndim
    if len(dims) != n:
        raise ShapeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {n} is not equal to len(dims) = {len(dims)}"
        )
    axes = tuple([axis_of(d, n) for d in dims])
    if len(set(axes)) != n:
        raise ShapeError("permute(): duplicate dims are not allowed.")
    return _permute.call(input, axes=axes)


@public(alias=("moveaxis",))
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """A view in which the dimensions `source` stand at `destination`, the others in their order."""
    n = input._data.ndim
    source, destination = [
        [axis_of(d, n) for d in (dims if isinstance(dims, (tuple, list)) else (dims,))]
        for dims in (source, destination)
    ]
    if len(source) != len(destination):
        raise ShapeError(
            f"movedim: Invalid source or destination dims: source ({source} dims) should contain the same number of "
            f"dims as destination ({destination} dims)"
        )
    for name, dims in (("source", source), ("destination", destination)):
        if len(set(dims)) < len(dims):
            raise ShapeError(f"movedim: repeated dim in `{name}` ({dims})")
    axes = [d for d in range(n) if d not in source]
    for to, d in sorted(zip(destination, source, strict=True)):
        axes.insert(to, d)
    return _permute.call(input, axes=tuple(axes))


@public()
def adjoint(input: Any) -> Any:
    """The last two dimensions swapped; real numbers have nothing to conjugate."""
    n = input._data.ndim
    if n < 2:
        raise ShapeError(f"tensor.adjoint() is only supported on matrices or batches of matrices. Got {n}-D tensor.")
    return _transpose.call(input, a=n - 2, b=n - 1)


# ── broadcasting ────────────────────────────────────────────────────────────────────────────────


@public(function=False)
def expand(input: Any, *numbers: Any, size: Any = None, implicit: bool = False) -> Any:
    """A view in which dimensions of size 1 are repeated without a copy; −1 keeps a size.

    Raises ShapeError where the sizes do not broadcast.

    >>> import chainrule as cr
    >>> cr.tensor([[1], [2]]).expand(-1, 3)
    tensor([[1, 1, 1],
            [2, 2, 2]])
    """
    target = sizes(numbers if size is None else (size,))
    shape = input._data.shape
    lead = len(target) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand({_describe(input)}, size={list(target)}): the number of sizes provided ({len(target)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    full = []
    for i, n in enumerate(target):
        old = shape[i - lead] if i >= lead else 1
        if n == -1:
            if i < lead:
                raise ShapeError(
                    f"expand({_describe(input)}, size={list(target)}): The expanded size of the tensor (-1) isn't "
                    f"allowed in a leading, non-existing dimension {i}"
                )
            n = old
        elif n < 0:
            raise ShapeError(f"expand: sizes must be -1 or not negative, but got {list(target)}")
        elif n != old and old != 1:
            raise ShapeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({old}) at non-singleton "
                f"dimension {i}.  Target sizes: {list(target)}.  Tensor sizes: {list(shape)}"
            )
        full.append(n)
    return _expand.call(input, shape=tuple(full))


def _describe(input: Any) -> str:
    return f"torch.{input.dtype.title}Tensor{{{list(input._data.shape)}}}"


@public(function=False)
def expand_as(input: Any, other: Any) -> Any:
    """`expand` to the shape of another tensor."""
    return expand(input, other._data.shape)


@public()
def broadcast_to(input: Any, size: Any) -> Any:
    """`expand` to `size`."""
    return expand(input, size)


# ── words ───────────────────────────────────────────────────────────────────────────────────────


@word(np.broadcast_to)
@word(words.broadcast_to)
def _np_broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    return _expand.call(x, shape=shape)


@word(np.transpose)
def _np_transpose(x: Any, axes: Any = None) -> Any:
    return _permute.call(x, axes=tuple(reversed(range(x.ndim))) if axes is None else tuple(axes))


@word(np.reshape)
def _np_reshape(x: Any, shape: Any) -> Any:
    return reshape(x, shape)


@word(np.swapaxes)
def _np_swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    return transpose(x, axis1, axis2)


@word(np.moveaxis)
def _np_moveaxis(x: Any, source: Any, destination: Any) -> Any:
    return movedim(x, source, destination)


@word(np.expand_dims)
def _np_expand_dims(x: Any, axis: Any) -> Any:
    axes = axis if isinstance(axis, tuple) else (axis,)
    n = x.ndim + len(axes)
    for a in sorted(axis_of(a, n) for a in axes):
        x = unsqueeze(x, a)
    return x


@word(np.squeeze)
def _np_squeeze(x: Any, axis: Any = None) -> Any:
    return squeeze(x, axis)


word(np.ravel)(lambda x: ravel(x))
word(view_put)(lambda x, value, chain: _view_put(x, value, chain=chain))
word(view_get)(lambda x, chain: _view_get(x, chain=chain))
