"""Joining, repeating, reversing, copying and filling."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError, refuse_out
from ..op import FUNCTIONS, SAME, discrete, general, linear, opaque, public, word
from ..words import contiguous
from .dims import axes_of, axis_of

# ── joining ─────────────────────────────────────────────────────────────────────────────────────


@opaque
def _cat_forward(*xs: Any, axis: int) -> Any:
    try:
        return np.concatenate(xs, axis)
    except ValueError:
        raise _cat_error(xs, axis) from None


def _cat_error(xs: Sequence[Any], axis: int) -> ShapeError:
    first = xs[0].shape
    for i, x in enumerate(xs):
        if not x.ndim:
            return ShapeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated; stack joins scalars")
        if x.ndim != len(first):
            return ShapeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {x.ndim}, for tensor number {i}"
            )
        for j, (n, m) in enumerate(zip(first, x.shape, strict=True)):
            if n != m and j != axis:
                return ShapeError(
                    f"Sizes of tensors must match except in dimension {axis}. Expected size {n} but got size {m} for "
                    f"tensor number {i} in the list. The shapes are {[list(y.shape) for y in xs]}."
                )
    raise AssertionError("np.concatenate refused shapes that fit")


def _cat_rule(g: Any, xs_shape: tuple[tuple[int, ...], ...], axis: int) -> tuple[Any, ...]:
    before = (slice(None),) * axis
    ends = list(itertools.accumulate([shape[axis] for shape in xs_shape], initial=0))
    return tuple([g[(*before, slice(start, end))] for start, end in itertools.pairwise(ends)])


@opaque
def _stack_forward(*xs: Any, axis: int) -> Any:
    for i, x in enumerate(xs):
        if x.shape != xs[0].shape:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(xs[0].shape)} at entry 0 and "
                f"{list(x.shape)} at entry {i}"
            )
    return np.stack(xs, axis)


def _stack_rule(g: Any, xs_shape: tuple[tuple[int, ...], ...], axis: int) -> tuple[Any, ...]:
    before = (slice(None),) * axis
    return tuple([g[(*before, i)] for i in range(len(xs_shape))])


@opaque
def _block_diag_forward(*xs: Any) -> Any:
    y = np.zeros((sum(x.shape[0] for x in xs), sum(x.shape[1] for x in xs)), xs[0].dtype)
    row = column = 0
    for x in xs:
        n, m = x.shape
        y[row : row + n, column : column + m] = x
        row, column = row + n, column + m
    return y


def _block_diag_rule(g: Any, xs_shape: tuple[tuple[int, int], ...]) -> tuple[Any, ...]:
    rows = list(itertools.accumulate([n for n, _ in xs_shape], initial=0))
    columns = list(itertools.accumulate([m for _, m in xs_shape], initial=0))
    return tuple(
        [g[i:j, k:m] for (i, j), (k, m) in zip(itertools.pairwise(rows), itertools.pairwise(columns), strict=True)]
    )


_cat = general("cat", _cat_forward, _cat_rule, promotion=SAME, symbol="cat {xs}")
_stack = general("stack", _stack_forward, _stack_rule, promotion=SAME, symbol="stack {xs}")
_block_diag = general("block_diag", _block_diag_forward, _block_diag_rule, promotion=SAME, symbol="block_diag {xs}")


def _list(name: str, tensors: Any) -> Sequence[Any]:
    if not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{name}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}; "
            f"write {name}([a, b])"
        )
    for i, x in enumerate(tensors):
        if not hasattr(x, "ndim"):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return tensors


@public(method=False, alias=["concat", "concatenate"])
def cat(tensors: Any, dim: int = 0, *, axis: int | None = None, out: None = None) -> Any:
    """The tensors one after the other along `dim`; their dtypes promote.

    Raises ShapeError where other sizes differ, ValueError for an empty list.

    >>> import chainrule as cr
    >>> cr.cat([cr.tensor([1., 2.]), cr.tensor([3.])])
    tensor([1., 2., 3.])
    """
    if out is not None:
        refuse_out("cat")
    tensors = _list("cat", tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    # A one-dimensional tensor without elements may stand anywhere, as in PyTorch.
    full = [x for x in tensors if x.ndim != 1 or x.shape[0]] or tensors[:1]
    return _cat(*full, axis=axis_of(dim if axis is None else axis, full[0].ndim))


@public(method=False)
def stack(tensors: Any, dim: int = 0, *, axis: int | None = None, out: None = None) -> Any:
    """Tensors of one shape side by side along a new dimension.

    Raises ShapeError where the shapes differ or the list is empty.

    >>> import chainrule as cr
    >>> cr.stack([cr.tensor([1, 2]), cr.tensor([3, 4])], 1)
    tensor([[1, 3],
            [2, 4]])
    """
    if out is not None:
        refuse_out("stack")
    tensors = _list("stack", tensors)
    if not tensors:
        raise ShapeError("stack expects a non-empty TensorList")
    return _stack(*tensors, axis=axis_of(dim if axis is None else axis, tensors[0].ndim + 1))


def _at_least(n: int, *tensors: Any) -> Any:
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        return tuple([_at_least(n, x) for x in tensors[0]])
    if len(tensors) > 1:
        return tuple([_at_least(n, x) for x in tensors])
    x = tensors[0]
    if x.ndim >= n:
        return x
    return x.reshape({0: (1,) * n, 1: (1, -1, 1)[:n] if n > 1 else (-1,), 2: (*x.shape, 1)}[x.ndim])


@public(method=False)
def atleast_1d(*tensors: Any) -> Any:
    """A scalar becomes a vector of one; several tensors give a tuple."""
    return _at_least(1, *tensors)


@public(method=False)
def atleast_2d(*tensors: Any) -> Any:
    """A vector of n becomes 1×n, a scalar 1×1; several tensors give a tuple."""
    return _at_least(2, *tensors)


@public(method=False)
def atleast_3d(*tensors: Any) -> Any:
    """A vector of n becomes 1×n×1, a matrix n×m×1; several tensors give a tuple."""
    return _at_least(3, *tensors)


def _joined(n: int, dim: Callable[[Any], int], name: str) -> Callable[..., Any]:
    """A `cat` of tensors that got at least n dimensions first."""

    def join(tensors: Any, *, out: None = None) -> Any:
        parts = [_at_least(n, x) for x in _list(name, tensors)]
        if not parts:
            raise ShapeError(f"{name} expects a non-empty TensorList")
        return cat(parts, dim(parts[0]), out=out)

    join.__name__ = join.__qualname__ = name
    return join


hstack = _joined(1, lambda first: 0 if first.ndim == 1 else 1, "hstack")
hstack.__doc__ = "The tensors side by side: along the second dimension, vectors one after the other."
vstack = _joined(2, lambda first: 0, "vstack")
vstack.__doc__ = "The tensors below each other: along the first dimension, vectors as rows."
dstack = _joined(3, lambda first: 2, "dstack")
dstack.__doc__ = "The tensors behind each other: along the third dimension."
public(method=False)(hstack)
public(method=False, alias=["row_stack"])(vstack)
public(method=False)(dstack)


@public(method=False)
def column_stack(tensors: Any, *, out: None = None) -> Any:
    """The tensors side by side, vectors as columns."""
    columns = [x.reshape((-1, 1)) if x.ndim < 2 else x for x in _list("column_stack", tensors)]
    return cat(columns, 1, out=out)


@public(method=False)
def block_diag(*tensors: Any) -> Any:
    """The matrices on the diagonal of a larger one, zero elsewhere; vectors are rows."""
    for i, x in enumerate(tensors):
        if x.ndim > 2:
            raise ShapeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x.ndim} dimensions"
            )
    return _block_diag(*[_at_least(2, x) for x in tensors])


@word(np.concatenate)
def _np_concatenate(xs: Any, axis: int = 0) -> Any:
    return _cat(*xs, axis=axis)


@word(np.stack)
def _np_stack(xs: Any, axis: int = 0) -> Any:
    return stack(list(xs), axis)


# ── repeating ───────────────────────────────────────────────────────────────────────────────────


def _repeat_transpose(g: Any, x_shape: tuple[int, ...], repeats: tuple[int, ...]) -> Any:
    lead = len(repeats) - len(x_shape)
    shape = [n for pair in zip(repeats, (1,) * lead + tuple(x_shape), strict=True) for n in pair]
    return np.reshape(np.sum(np.reshape(g, shape), axis=tuple(range(0, len(shape), 2))), x_shape)


_repeat = linear("repeat", lambda x, *, repeats: np.tile(x, repeats), {"x": _repeat_transpose}, symbol="repeat {x}")
_repeat_index = discrete("repeat_index", opaque(lambda repeats: np.repeat(np.arange(repeats.size), repeats)))


@word(np.tile)
def _np_tile(x: Any, repeats: Any) -> Any:
    return tile(x, repeats)


def _flat_sizes(sizes: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(sizes[0]) if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) else sizes


@public(function=False)
def repeat(input: Any, *args: Any, repeats: Any = None) -> Any:
    """The tensor so many times along every dimension; more repeats than dimensions add leading ones.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    repeats = _flat_sizes(args if repeats is None else (repeats,))
    if len(repeats) < input.ndim:
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor: "
            f"{list(repeats)} for shape {list(input.shape)}"
        )
    if any(n < 0 for n in repeats):
        shape = (1,) * (len(repeats) - input.ndim) + tuple(input.shape)
        sizes = [n * m for n, m in zip(repeats, shape, strict=True)]
        raise ShapeError(f"Trying to create tensor with negative dimension {min(sizes)}: {sizes}")
    return _repeat(input, repeats=repeats)


@public()
def tile(input: Any, *args: Any, dims: Any = None) -> Any:
    """`repeat`, where repeats that are missing in front are 1."""
    repeats = _flat_sizes(args if dims is None else (dims,))
    return repeat(input, (1,) * (input.ndim - len(repeats)) + tuple(repeats))


@public()
def repeat_interleave(
    input: Any, repeats: Any = None, dim: int | None = None, *, output_size: int | None = None
) -> Any:
    """Every element (or slice along `dim`) so many times in place: an int, or a tensor with a number for each.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2]).repeat_interleave(2)
    tensor([1, 1, 2, 2])
    """
    if repeats is None:
        return _repeat_index(_checked_repeats(input))
    if dim is None:
        input, dim = input.reshape((-1,)), 0
    axis = axis_of(dim, input.ndim)
    if hasattr(repeats, "ndim"):
        if repeats.numel() != 1:
            n = input.shape[axis]
            if repeats.shape[0] != n:
                raise ShapeError(
                    "repeats must have the same size as input along dim, but got "
                    f"repeats.size(0) = {repeats.shape[0]} and input.size({axis}) = {n}"
                )
            return FUNCTIONS["index_select"](input, axis, _repeat_index(_checked_repeats(repeats)))
        repeats = int(_checked_repeats(repeats).item())
    if repeats < 0:
        raise ShapeError(f"Repeats must be non-negative; got {repeats}")
    shape = list(input.shape)
    apart = input.reshape([*shape[: axis + 1], 1, *shape[axis + 1 :]])
    return apart.expand([*shape[: axis + 1], repeats, *shape[axis + 1 :]]).reshape(
        [*shape[:axis], shape[axis] * repeats, *shape[axis + 1 :]]
    )


def _checked_repeats(repeats: Any) -> Any:
    if repeats.dtype.name not in ("int64", "int32"):
        raise NotImplementedError(
            f"\"repeat_interleave_cpu\" not implemented for '{repeats.dtype.title}'; repeats are int32 or int64"
        )
    if repeats.ndim == 1 and bool((repeats < 0).any()):
        raise ShapeError("repeats can not be negative")
    return repeats


# ── another order ───────────────────────────────────────────────────────────────────────────────


def _negated(shift: Any) -> Any:
    return tuple([-s for s in shift]) if isinstance(shift, tuple) else -shift


_roll = linear(
    "roll",
    lambda x, *, shift, axis: np.roll(x, shift, axis),
    {"x": lambda g, shift, axis: np.roll(g, _negated(shift), axis)},
    symbol="roll {x}",
)
_flip = linear(
    "flip",
    lambda x, *, axis: contiguous(np.flip(x, axis)),
    {"x": lambda g, axis: np.flip(g, axis)},
    symbol="flip {x}",
)


@public()
def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """The elements moved along dimensions, what leaves at the end entering in front; without dims all in a row.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 3]).roll(1)
    tensor([3, 1, 2])
    """
    shift = tuple(shifts) if isinstance(shifts, (tuple, list)) else (shifts,)
    axes = () if dims is None else tuple(dims) if isinstance(dims, (tuple, list)) else (dims,)
    if not axes and len(shift) == 1:
        return _roll(input, shift=shift[0], axis=None)
    if len(axes) != len(shift):
        raise ShapeError(f"shifts and dimensions must align. shifts: {len(shift)}, dims:{len(axes)}")
    return _roll(input, shift=shift, axis=tuple([axis_of(d, input.ndim) for d in axes]))


@public()
def flip(input: Any, *args: Any, dims: Any = None) -> Any:
    """The elements in reverse order along the dimensions; a copy.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2, 3]).flip(0)
    tensor([3, 2, 1])
    """
    if not args and dims is None:
        raise TypeError('flip() missing 1 required positional arguments: "dims"')
    sizes = _flat_sizes(args if dims is None else (dims,))
    if not sizes or not input.ndim:
        axes_of(sizes, input.ndim)
        return input.clone()
    return _flip(input, axis=axes_of(sizes, input.ndim))


@word(np.roll)
def _np_roll(x: Any, shift: Any, axis: Any = None) -> Any:
    return _roll(x, shift=shift, axis=axis)


@word(np.flip)
def _np_flip(x: Any, axis: Any = None) -> Any:
    return _flip(x, axis=axis)


@public()
def fliplr(input: Any) -> Any:
    """The columns in reverse order."""
    if input.ndim < 2:
        raise ShapeError(f"Input must be >= 2-d. fliplr got a shape of {list(input.shape)}")
    return flip(input, 1)


@public()
def flipud(input: Any) -> Any:
    """The rows in reverse order."""
    if input.ndim < 1:
        raise ShapeError("Input must be >= 1-d. flipud got a scalar")
    return flip(input, 0)


@public()
def rot90(input: Any, k: int = 1, dims: Sequence[int] = (0, 1)) -> Any:
    """The plane of two dimensions turned by k right angles, from the first towards the second."""
    if len(dims) != 2:
        raise ShapeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if input.ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {input.ndim}")
    first, second = (axis_of(d, input.ndim) for d in dims)
    if first == second:
        raise ShapeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    k %= 4
    if k == 1:
        return FUNCTIONS["transpose"](flip(input, second), first, second)
    if k == 2:
        return flip(input, first, second)
    return FUNCTIONS["transpose"](flip(input, first), first, second) if k == 3 else input.clone()
