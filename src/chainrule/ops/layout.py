"""How a tensor lies in memory: sizes, strides, contiguity. Nothing here is differentiated."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import words
from ..errors import NotSupportedError, ShapeError
from ..op import METHODS, linear, public, word
from ..size import Size, size_of
from .dims import axis_of

_contiguous = linear("contiguous", lambda x: words.contiguous(x), {"x": lambda g: g}, symbol="{x}")
_contiguous.title = "CloneBackward0"
word(words.contiguous)(_contiguous)


@public(function=False)
def contiguous(input: Any, memory_format: Any = None) -> Any:
    """The tensor itself if its elements lie in C order, a copy of it in C order otherwise."""
    return input if input._data.flags.c_contiguous else _contiguous.call(input)


@public(function=False)
def is_contiguous(input: Any, memory_format: Any = None) -> bool:
    """Whether the elements lie in C order without gaps."""
    return bool(input._data.flags.c_contiguous)


@public(function=False)
def size(input: Any, dim: int | None = None) -> Any:
    """The size of every dimension, or of one."""
    shape = input._data.shape
    return size_of(shape) if dim is None else shape[_axis(dim, shape)]


@public(function=False)
def stride(input: Any, dim: int | None = None) -> Any:
    """By how many elements of memory one step along each dimension moves, or along one."""
    x = input._data
    if dim is not None:
        return x.strides[_axis(dim, x.shape)] // x.itemsize
    return tuple([n // x.itemsize for n in x.strides])


def _axis(dim: int, shape: tuple[int, ...]) -> int:
    if not shape:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return axis_of(dim, len(shape))


@public(function=False, alias=("ndimension",))
def dim(input: Any) -> int:
    """The number of dimensions."""
    return int(input._data.ndim)


@public(alias=("nelement",))
def numel(input: Any) -> int:
    """The number of elements."""
    return int(input._data.size)


@public(function=False)
def element_size(input: Any) -> int:
    """The bytes of one element."""
    return int(input._data.itemsize)


@public(function=False)
def data_ptr(input: Any) -> int:
    """The address of the first element."""
    return int(input._data.__array_interface__["data"][0])


@public(function=False)
def storage_offset(input: Any) -> int:
    """How many elements of the shared memory lie before the first one of this tensor."""
    owner = input._data
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    start = owner.__array_interface__["data"][0]
    return int((data_ptr(input) - start) // input._data.itemsize)


@public(function=False)
def is_set_to(input: Any, tensor: Any) -> bool:
    """Whether two tensors are the same memory, with the same shape and strides."""
    x, y = input._data, tensor._data
    return data_ptr(input) == data_ptr(tensor) and x.shape == y.shape and x.strides == y.strides


def _nbytes(input: Any) -> int:
    """The bytes of all elements."""
    return int(input._data.nbytes)


METHODS["nbytes"] = property(_nbytes)  # type: ignore[assignment]
METHODS["itemsize"] = property(element_size)  # type: ignore[assignment]


@public(method=False)
def broadcast_shapes(*shapes: Any) -> Size:
    """The shape in which tensors of the given shapes meet.

    Raises ShapeError where they do not.

    >>> import chainrule as cr
    >>> cr.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    result: list[int] = []
    for number, given in enumerate(shapes):
        shape = tuple(given) if isinstance(given, (tuple, list)) else (operator.index(given),)
        result = [1] * (len(shape) - len(result)) + result
        for i in range(-1, -1 - len(shape), -1):
            if shape[i] < 0:
                raise ShapeError(f"Trying to create tensor with negative dimension ({shape[i]}): ({shape[i]})")
            if shape[i] in (1, result[i]):
                continue
            if result[i] != 1:
                raise ShapeError(
                    f"Attempting to broadcast a dimension of length {shape[i]} at {i}! Mismatching argument at index "
                    f"{number} had {shape}; but expected shape should be broadcastable to {result}"
                )
            result[i] = shape[i]
    return Size(result)


def _refuse(name: str, instead: str) -> Any:
    def method(input: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotSupportedError(f"{name}() is not supported, the memory of a tensor is never replaced; {instead}")

    method.__name__ = name
    method.__doc__ = f"Not supported: the memory of a tensor is never replaced; {instead}."
    return method


METHODS["resize_"] = _refuse("resize_", "make a new tensor, with `x.reshape(…)`, `x[:n].clone()` or `pad`")
METHODS["set_"] = _refuse("set_", "assign to `x.data`, or write values with `x.copy_(…)`")
