"""Constructors of old: `Tensor(2, 3)`, `Tensor([1.0])`, `FloatTensor(…)`, `LongTensor(…)` and their like."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from . import dtypes, record
from .convert import array_of, leaf
from .creation import shape_of
from .device import check_device
from .graph import TensorBase
from .ops.convert import type_name
from .size import Size
from .tensor import Tensor, TensorType, method


def _construct(dtype: np.dtype[Any], args: tuple[Any, ...], device: Any) -> Any:
    """Memory of the given sizes, not initialised, or the values of a sequence, in one dtype."""
    check_device(device)
    if not args:
        return leaf(np.empty(0, dtype))
    first = args[0]
    if len(args) > 1 or (isinstance(first, (Size, int, np.integer)) and not isinstance(first, bool)):
        array: Any = np.empty(shape_of("new", args), dtype)
        return leaf(array)
    if isinstance(first, str):
        raise TypeError("new(): invalid data type 'str'")
    if not hasattr(first, "__len__"):
        raise TypeError(
            f"new(): data must be a sequence (got {type(first).__name__}); for a single number write tensor(number)"
        )
    return leaf(array_of(first, dtype))


def _alias(other: TensorBase, dtype: dtypes.dtype | None) -> Any:
    """The same memory, as a tensor without history."""
    found = dtypes.from_numpy_dtype(other._data.dtype)
    if dtype is not None and dtype is not found:
        raise TypeError(f"expected a tensor of {dtype!r} (got {found!r}); convert it with .to({dtype!r})")
    return record.wrap(other._data)


def _from_legacy(cls: Any, *args: Any, device: Any = None) -> Any:
    """`Tensor(…)`: sizes, or data that become the default dtype."""
    if len(args) == 1 and isinstance(args[0], TensorBase):
        out = _alias(args[0], None)
    else:
        out = _construct(dtypes.default_numpy_dtype(), args, device)
    if cls is not Tensor:
        out.__class__ = cls
    return out


_from_legacy.__qualname__ = "Tensor"
Tensor._from_legacy = classmethod(_from_legacy)  # type: ignore[attr-defined]


@method
def new(self: Any, *args: Any, device: Any = None) -> Any:
    """`x.new(2, 3)`, `x.new([1.0])`: sizes or data, in this tensor's dtype. Better: new_empty, new_tensor."""
    if len(args) == 1 and isinstance(args[0], TensorBase):
        return _alias(args[0], self.dtype)
    return _construct(self._data.dtype, args, device)


class tensortype(TensorType):
    """The type of `FloatTensor` and its like, which make tensors of one dtype and recognise them."""

    dtype: dtypes.dtype
    is_cuda = False

    def __new__(meta, name: str, bases: tuple[type, ...], body: dict[str, Any], of: dtypes.dtype) -> Any:
        cls = super().__new__(meta, name, bases, body)
        cls.dtype = of
        return cls

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], of: dtypes.dtype):
        super().__init__(name, bases, body)

    def __call__(cls, *args: Any, device: Any = None) -> Tensor:
        if len(args) == 1 and isinstance(args[0], TensorBase):
            return _alias(args[0], cls.dtype)
        return _construct(cls.dtype.numpy, args, device)

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TensorBase) and instance._data.dtype == cls.dtype.numpy


# They have no instances, and `issubclass(FloatTensor, Tensor)` is False; for type checkers they are tensors.
if TYPE_CHECKING:
    _Tensor = Tensor
else:
    _Tensor = object


class FloatTensor(_Tensor, metaclass=tensortype, of=dtypes.float32):
    """Tensors of dtype float32: `FloatTensor(2, 3)`, `FloatTensor([1, 2])`, `isinstance(x, FloatTensor)`."""


class DoubleTensor(_Tensor, metaclass=tensortype, of=dtypes.float64):
    """Tensors of dtype float64: `DoubleTensor(2, 3)`, `DoubleTensor([1, 2])`, `isinstance(x, DoubleTensor)`."""


class HalfTensor(_Tensor, metaclass=tensortype, of=dtypes.float16):
    """Tensors of dtype float16: `HalfTensor(2, 3)`, `HalfTensor([1, 2])`, `isinstance(x, HalfTensor)`."""


class CharTensor(_Tensor, metaclass=tensortype, of=dtypes.int8):
    """Tensors of dtype int8: `CharTensor(2, 3)`, `CharTensor([1, 2])`, `isinstance(x, CharTensor)`."""


class ShortTensor(_Tensor, metaclass=tensortype, of=dtypes.int16):
    """Tensors of dtype int16: `ShortTensor(2, 3)`, `ShortTensor([1, 2])`, `isinstance(x, ShortTensor)`."""


class IntTensor(_Tensor, metaclass=tensortype, of=dtypes.int32):
    """Tensors of dtype int32: `IntTensor(2, 3)`, `IntTensor([1, 2])`, `isinstance(x, IntTensor)`."""


class LongTensor(_Tensor, metaclass=tensortype, of=dtypes.int64):
    """Tensors of dtype int64: `LongTensor(2, 3)`, `LongTensor([1, 2])`, `isinstance(x, LongTensor)`."""


class ByteTensor(_Tensor, metaclass=tensortype, of=dtypes.uint8):
    """Tensors of dtype uint8: `ByteTensor(2, 3)`, `ByteTensor([1, 2])`, `isinstance(x, ByteTensor)`."""


class BoolTensor(_Tensor, metaclass=tensortype, of=dtypes.bool):
    """Tensors of dtype bool: `BoolTensor(2, 3)`, `BoolTensor([1, 2])`, `isinstance(x, BoolTensor)`."""


def typename(obj: Any) -> str:
    """The name of an object's type; of a tensor, with its dtype.

    >>> import chainrule as cr
    >>> cr.typename(cr.ones(2))
    'torch.FloatTensor'
    """
    if isinstance(obj, TensorBase):
        return type_name(dtypes.from_numpy_dtype(obj._data.dtype))
    return f"{type(obj).__module__}.{type(obj).__qualname__}".removeprefix("builtins.")


def set_default_tensor_type(t: Any) -> None:
    """Deprecated: `set_default_dtype`. Takes a class such as `DoubleTensor`, or its name."""
    if isinstance(t, str):
        name = t.rpartition(".")[2]
        found = {d.title + "Tensor": d for d in dtypes.ALL}.get(name)
        if found is None:
            raise TypeError(f"invalid type object: {t!r}")
        dtypes.set_default_dtype(found)
    else:
        dtypes.set_default_dtype(t.dtype)
