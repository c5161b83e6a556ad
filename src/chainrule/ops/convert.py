"""Changing the dtype; naming devices, of which there is one."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..device import check_device
from ..dtypes import dtype as Dtype
from ..dtypes import from_numpy_dtype, to_numpy_dtype
from ..errors import NotSupportedError
from ..op import METHODS, linear, public, word
from ..words import cast

# The engine gives every gradient the dtype of what it belongs to: the transpose is left with nothing to do.
_to_copy = linear("to_copy", lambda x, *, dtype: cast(x, dtype), {"x": lambda g: g}, symbol="{x}")


@word(cast)
def _cast(x: Any, dtype: Any) -> Any:
    return x if x._data.dtype == dtype else _to_copy.call(x, dtype=np.dtype(dtype))


def _convert(input: Any, to: np.dtype[Any], copy: bool = False) -> Any:
    if input._data.dtype == to and not copy:
        return input
    # The flat call records whenever the input has a gradient, the long way only where the result can have one.
    return _to_copy.call(input, dtype=to) if to.kind == "f" else _to_copy(input, dtype=to)


def _conversion(name: str, to: Dtype) -> None:
    """A method such as `x.double()`."""

    def convert(input: Any, memory_format: Any = None) -> Any:
        return _convert(input, to.numpy)

    convert.__name__ = convert.__qualname__ = name
    convert.__doc__ = f"The values as {to.name}; the tensor itself where they are that already. Gradients pass floats."
    METHODS[name] = convert


for _name in ("half", "float", "double", "char", "short", "int", "long", "bool"):
    _conversion(_name, getattr(dtypes, {"char": "int8"}.get(_name, _name)))
_conversion("byte", dtypes.uint8)


@public(function=False)
def to(
    input: Any,
    *args: Any,
    dtype: Any = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Any:
    """The values in another dtype: `x.to(dtype)`, `x.to(device)`, `x.to(device, dtype)`, `x.to(other_tensor)`.

    The tensor itself where nothing changes, unless `copy`. Gradients pass between floating-point
    dtypes. Raises NotSupportedError for a device that is not the CPU.

    >>> import chainrule as cr
    >>> cr.tensor([1.7, -2.2]).to(cr.int64)
    tensor([ 1, -2])
    """
    flags = []
    for a in args:
        if isinstance(a, Dtype) or a is float or a is int or a is bool:
            dtype = a
        elif hasattr(a, "_data"):
            dtype = a.dtype
        elif isinstance(a, bool):
            flags.append(a)
        elif isinstance(a, (builtins.type, np.dtype)):
            raise TypeError(f"to(): a dtype must be one of chainrule's, such as chainrule.float32, not {a!r}")
        else:
            check_device(a)
    check_device(device)
    copy = flags[1] if len(flags) > 1 else copy
    return _convert(input, input._data.dtype if dtype is None else to_numpy_dtype(dtype), copy)


def type_name(dtype: Dtype) -> str:
    """What `x.type()` says: `torch.FloatTensor`."""
    return f"torch.{dtype.title}Tensor"


_BY_TYPE_NAME = {type_name(d): d.numpy for d in dtypes.ALL}


@public(function=False)
def type(input: Any, dtype: Any = None, non_blocking: bool = False) -> Any:
    """The name of the tensor's type, `'torch.FloatTensor'`; or the values in another dtype.

    `dtype` is a dtype, such a name, or a class such as `LongTensor`. Raises ValueError for a name
    that there is not.
    """
    if dtype is None:
        return type_name(from_numpy_dtype(input._data.dtype))
    if isinstance(dtype, str):
        if dtype.startswith("torch.cuda."):
            check_device("cuda")
        if dtype not in _BY_TYPE_NAME:
            raise ValueError(f"invalid type: {dtype!r}; write one of {', '.join(_BY_TYPE_NAME)}")
        return _convert(input, _BY_TYPE_NAME[dtype])
    if not isinstance(dtype, Dtype):
        dtype = getattr(dtype, "dtype", dtype)  # of LongTensor and its like
    return _convert(input, to_numpy_dtype(dtype))


@public(function=False)
def type_as(input: Any, other: Any) -> Any:
    """The values in the dtype of `other`."""
    return _convert(input, other._data.dtype)


@public(function=False)
def cpu(input: Any, memory_format: Any = None) -> Any:
    """The tensor itself: it is on the CPU."""
    return input


@public(function=False)
def cuda(input: Any, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Any:
    """Raises NotSupportedError: there is no GPU."""
    check_device("cuda")


def _refused(name: str, cure: str) -> Callable[..., Any]:
    def refuse(input: Any, *args: Any, **kwargs: Any) -> Any:
        raise NotSupportedError(f"Tensor.{name}() is not supported; {cure}")

    refuse.__name__ = refuse.__qualname__ = name
    refuse.__doc__ = f"Raises NotSupportedError: {cure}."
    return refuse


METHODS["bfloat16"] = _refused("bfloat16", "NumPy has no bfloat16: use .half() or .float()")
for _name in ("cfloat", "cdouble", "chalf"):
    METHODS[_name] = _refused(_name, "there are no complex tensors")
