"""Dimensions as users name them (`dim`, negative, several) and as NumPy wants them (`axis`)."""

from __future__ import annotations

import operator
from typing import Any

from ..errors import ShapeError


def axis_of(dim: Any, ndim: int) -> int:
    """The axis a `dim` means, counted from the front; a scalar counts as one-dimensional.

    Raises IndexError when there is no such dimension.
    """
    if type(dim) is not int:
        if type(dim) is float:
            raise TypeError(f"argument 'dim' must be int, not float ({dim})")
        dim = operator.index(dim)
    n = ndim or 1
    axis = dim + n if dim < 0 else dim
    if 0 <= axis < n:
        return axis
    raise IndexError(f"Dimension out of range (expected to be in range of [{-n}, {n - 1}], but got {dim})")


def axes_of(dim: Any, ndim: int) -> Any:
    """The axes of a reduction as NumPy takes them: None for all (no dims, or an empty list), int or tuple.

    Raises IndexError for a dimension that does not exist and RuntimeError for one named twice.
    """
    if dim is None or type(dim) is int:
        return None if dim is None or (not ndim and axis_of(dim, 0) == 0) else axis_of(dim, ndim)
    if not isinstance(dim, (tuple, list)):
        return axes_of(int(axis_of(dim, ndim)), ndim)
    axes = tuple([axis_of(d, ndim) for d in dim])
    if len(set(axes)) < len(axes):
        twice = next(a for i, a in enumerate(axes) if a in axes[:i])
        raise RuntimeError(f"dim {twice} appears multiple times in the list of dims")
    return axes if axes and ndim else None


def count(shape: tuple[int, ...], axis: Any) -> int:
    """How many elements are reduced to one."""
    n = 1
    for i in range(len(shape)) if axis is None else (axis,) if type(axis) is int else axis:
        n *= shape[i]
    return n


def kept(shape: tuple[int, ...], axis: Any) -> tuple[int, ...]:
    """The shape with the reduced axes left in as 1."""
    if axis is None:
        return (1,) * len(shape)
    if type(axis) is int:
        axis %= len(shape)
        return (*shape[:axis], 1, *shape[axis + 1 :])
    axes = {a % len(shape) for a in axis}
    return tuple([1 if i in axes else n for i, n in enumerate(shape)])


def broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in which all of these meet; raises ShapeError with PyTorch's sentence where they do not."""
    result: tuple[int, ...] = ()
    for shape in shapes:
        n = max(len(result), len(shape))
        a, b = ((1,) * (n - len(s)) + tuple(s) for s in (result, shape))
        for axis in reversed(range(n)):
            if a[axis] != b[axis] and a[axis] != 1 and b[axis] != 1:
                raise ShapeError(
                    f"The size of tensor a ({a[axis]}) must match the size of tensor b ({b[axis]}) at non-singleton "
                    f"dimension {axis}: the shapes {list(result)} and {list(shape)} do not broadcast, only sizes that "
                    "are equal or 1 do"
                )
        result = tuple([j if i == 1 else i for i, j in zip(a, b, strict=True)])
    return result
