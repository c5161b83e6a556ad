"""Copying and filling: the functions behind `clone`, `zero_` and `masked_fill_`; grids of values."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError
from ..op import discrete, general, linear, opaque, public
from .dims import broadcast
from .joining import stack


@opaque
def _copied(x: Any) -> Any:
    return np.array(x, order="C" if 0 in x.strides else "K")  # an expanded tensor becomes a dense one


_clone = linear("clone", _copied, {"x": lambda g: g}, symbol="{x}")


def _as_dtype(value: Any, dtype: np.dtype[Any]) -> Any:
    """A number or a 0-d array in the dtype of what it fills."""
    number = value.item() if hasattr(value, "item") else value
    if dtype.kind != "f" and isinstance(number, float) and not math.isfinite(number):
        raise DtypeError(
            f"value cannot be converted to type {dtype.name}_t without overflow: {number} has no integer form"
        )
    return np.asarray(value).astype(dtype)


@opaque
def _masked_fill_forward(x: Any, mask: Any, value: Any) -> Any:
    if mask.dtype.kind != "b":
        words = {"int64": "long int", "int32": "int", "float32": "float", "float64": "double"}
        name = words.get(mask.dtype.name, mask.dtype.name)
        raise DtypeError(
            f"masked_fill_ only supports boolean masks, but got mask with dtype {name}; convert it, `mask.bool()`"
        )
    if np.ndim(value):
        raise ShapeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value.ndim} dimension(s). where(mask, value, x) takes tensors of any shape."
        )
    broadcast(mask.shape, x.shape)
    return np.where(mask, _as_dtype(value, x.dtype), x)


_EVERYWHERE = np.array(True)
_masked_fill = general(
    "masked_fill",
    _masked_fill_forward,
    {"x": lambda g, mask: np.where(mask, 0, g), "value": lambda g, mask: np.where(mask, g, 0)},
    symbol="{x} with {value} where {mask}",
)


@public()
def clone(input: Any, *, memory_format: Any = None) -> Any:
    """A copy in memory of its own; gradients pass.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2.]).clone()
    tensor([1., 2.])
    """
    return _clone.call(input)


@public()
def fill(input: Any, value: Any) -> Any:
    """A tensor like `input` with all elements `value`, a number or a 0-d tensor.

    Raises ShapeError for a value with dimensions, DtypeError for inf or NaN in integers.
    """
    if getattr(value, "ndim", 0):
        raise ShapeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value.ndim} dimensions. "
            "copy_ takes tensors of any shape."
        )
    return _masked_fill(input, _EVERYWHERE, value)


@public()
def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """`value` where the mask is True, the input elsewhere. The mask broadcasts; no gradient passes under it.

    Raises DtypeError for a mask that is not bool.

    >>> import chainrule as cr
    >>> x = cr.tensor([1., 2.])
    >>> x.masked_fill(x > 1, 0)
    tensor([1., 0.])
    """
    return _masked_fill(input, mask, value)


@public(function=False)
def zero(input: Any) -> Any:
    """A tensor like `input` with all elements 0: what `zero_` writes."""
    return _masked_fill(input, _EVERYWHERE, 0)


# ── grids ───────────────────────────────────────────────────────────────────────────────────────


@public(method=False)
def broadcast_tensors(*tensors: Any) -> Any:
    """Views of the tensors, expanded to the shape in which they meet."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    shape = broadcast(*[x.shape for x in tensors])
    return tuple([x.expand(shape) for x in tensors])


@public(method=False)
def meshgrid(*tensors: Any, indexing: str | None = None) -> Any:
    """The coordinates of a grid: of each vector, its value at every point; "ij" (the default) or "xy" order."""
    if len(tensors) == 1 and isinstance(tensors[0], (tuple, list)):
        tensors = tuple(tensors[0])
    if indexing not in (None, "ij", "xy"):
        raise ShapeError(f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}')
    for x in tensors:
        if x.ndim > 1:
            raise ShapeError(f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: {list(x.shape)}")
        if x.dtype is not tensors[0].dtype:
            raise DtypeError("torch.meshgrid: meshgrid expects all tensors to have the same dtype")
    sizes = [x.numel() for x in tensors]
    order = list(range(len(tensors)))
    if indexing == "xy" and len(tensors) > 1:
        order[0], order[1] = 1, 0
    shape = [sizes[i] for i in order]
    lines = [x.reshape([sizes[i] if j == i else 1 for j in order]) for i, x in enumerate(tensors)]
    return tuple([line.expand(shape) for line in lines])


@public(method=False)
def cartesian_prod(*tensors: Any) -> Any:
    """Every choice of one element from each vector, as rows."""
    if len(tensors) == 1:
        return tensors[0]
    return stack([x.reshape((-1,)) for x in meshgrid(*tensors, indexing="ij")], 1)


@opaque
def _combination_forward(x: Any, *, r: int, with_replacement: bool) -> Any:
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return np.array(list(choose(range(x.size), r)), np.int64).reshape((-1, r))


_combination_index = discrete("combination_index", _combination_forward)


@public(method=False)
def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """Every choice of r elements of a vector, as rows, in the order of `itertools.combinations`."""
    if input.ndim != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise ShapeError(f"Expect a non-negative number, but got {r}")
    return input[_combination_index(input, r=r, with_replacement=with_replacement)] if r else input[:0]
