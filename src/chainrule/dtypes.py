"""Dtypes under PyTorch's names, their limits, and its promotion rules on top of NumPy's.

A dtype prints as PyTorch prints it (`torch.float32`), so that outputs can be compared line by
line. Complex tensors are refused with a text that says so.
"""

from __future__ import annotations

import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import DtypeError, NotSupportedError

NO_COMPLEX = (
    "complex tensors are not supported; keep the real and the imaginary part as two real tensors, or as a last axis "
    "of length 2"
)


class dtype:
    """The element type of a tensor: `float32`, `int64`, `bool` …

    >>> import chainrule as cr
    >>> cr.float32.is_floating_point, cr.float32.itemsize
    (True, 4)
    """

    __slots__ = ("__weakref__", "is_floating_point", "is_signed", "itemsize", "name", "numpy", "title")

    def __init__(self, name: str, title: str):
        self.name = name
        self.numpy = np.dtype(name)
        self.title = title  # the word PyTorch's messages use: Float, Double, Long …
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = self.numpy.kind == "f"
        self.is_signed = self.numpy.kind in "if"

    is_complex = False

    @property
    def dtype(self) -> np.dtype[Any]:
        """NumPy's dtype: lets every NumPy function take this object as its `dtype`."""
        return self.numpy

    def to_real(self) -> Any:
        """The dtype itself: nothing here is complex."""
        return self

    def to_complex(self) -> Any:
        """Raises NotSupportedError: there are no complex tensors."""
        raise NotSupportedError(NO_COMPLEX)

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _by_name, (self.name,)


def _by_name(name: str) -> dtype:
    return from_numpy_dtype(np.dtype(name))


float16 = half = dtype("float16", "Half")
float32 = float = dtype("float32", "Float")
float64 = double = dtype("float64", "Double")
int8 = dtype("int8", "Char")
int16 = short = dtype("int16", "Short")
int32 = int = dtype("int32", "Int")
int64 = long = dtype("int64", "Long")
uint8 = dtype("uint8", "Byte")
bool = dtype("bool", "Bool")

ALL = (float16, float32, float64, int8, int16, int32, int64, uint8, bool)
_FROM_NUMPY = {d.numpy: d for d in ALL}
FLOATS = frozenset({float32.numpy, float64.numpy, float16.numpy})
_default = float32


def get_default_dtype() -> dtype:
    """The dtype of floating-point tensors made from Python numbers; float32 unless set otherwise."""
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the dtype of floating-point tensors made from Python numbers.

    Raises TypeError when `d` is not float16, float32 or float64.
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(
            f"only floating-point types are supported as the default type, but got {d!r}; "
            "use float32, float64 or float16"
        )
    _default = d


def default_numpy_dtype() -> np.dtype[Any]:
    """NumPy's dtype for floating-point tensors made from Python numbers."""
    return _default.numpy


def from_numpy_dtype(d: np.dtype[Any]) -> dtype:
    """The dtype object for NumPy's `d`.

    Raises NotSupportedError for complex numbers and TypeError for anything else we do not have.
    """
    found = _FROM_NUMPY.get(d)
    if found is None:
        found = _FROM_NUMPY.get(d.newbyteorder("="))
    if found is not None:
        return found
    if d.kind == "c":
        raise NotSupportedError(NO_COMPLEX)
    raise TypeError(
        f"can't convert np.ndarray of type numpy.{d.type.__name__}. The only supported types are: float64, float32, "
        "float16, int64, int32, int16, int8, uint8, and bool."
    )


def to_numpy_dtype(d: Any) -> np.dtype[Any]:
    """NumPy's dtype for one of ours, for a Python number type, or for a NumPy dtype."""
    if type(d) is dtype:
        return d.numpy
    if d is builtins.float:
        return float64.numpy
    if d is builtins.int:
        return int64.numpy
    if d is builtins.bool:
        return bool.numpy
    if d is builtins.complex:
        return from_numpy_dtype(np.dtype(complex)).numpy
    if isinstance(d, np.dtype) or (isinstance(d, type) and issubclass(d, np.generic)):
        return from_numpy_dtype(np.dtype(d)).numpy
    raise TypeError(f"dtype must be a chainrule dtype such as chainrule.float32, not {d!r}")


# ── promotion ───────────────────────────────────────────────────────────────────────────────────


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds both, integers giving way to floats whatever their size.

    >>> import chainrule as cr
    >>> cr.promote_types(cr.int64, cr.float16)
    torch.float16
    """
    for position, given in enumerate((type1, type2), 1):
        if not isinstance(given, dtype):
            raise TypeError(
                f"promote_types(): argument 'type{position}' (position {position}) must be torch.dtype, not "
                f"{type(given).__name__}"
            )
    return _FROM_NUMPY[meet(type1.numpy, type2.numpy)]


def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype in which two tensors or Python numbers meet in an operation.

    Tensors with dimensions decide; a 0-d tensor or a number only changes the kind of the result.

    >>> import chainrule as cr
    >>> cr.result_type(cr.tensor([1, 2]), 1.0)
    torch.float32
    """
    values = [getattr(value, "_data", value) for value in (tensor1, tensor2)]
    if tensor1 is None or tensor2 is None:
        raise TypeError("result_type(): arguments must be Tensors or Numbers, not None")
    return from_numpy_dtype(result_dtype(values))


def can_cast(from_: dtype, to: dtype) -> builtins.bool:
    """Whether an in-place operation may write values of dtype `from_` into a tensor of dtype `to`.

    >>> import chainrule as cr
    >>> cr.can_cast(cr.float64, cr.float32), cr.can_cast(cr.float32, cr.int64)
    (True, False)
    """
    if from_.is_floating_point:
        return to.is_floating_point
    return from_ is bool or to is not bool


def meet(a: np.dtype[Any], b: np.dtype[Any]) -> np.dtype[Any]:
    """`promote_types` of NumPy's dtypes."""
    if a.kind == "f" and b.kind != "f":
        return a
    if b.kind == "f" and a.kind != "f":
        return b
    return np.promote_types(a, b)


def _combine(higher: np.dtype[Any] | None, lower: np.dtype[Any] | None) -> np.dtype[Any] | None:
    """A lower class of operands (0-d tensors, Python numbers) changes the kind, never the width."""
    if higher is None or lower is None:
        return lower if higher is None else higher
    if higher.kind == "f" or (higher.kind != "b" and lower.kind != "f"):
        return higher
    return meet(higher, lower)


def _scalar_dtype(value: Any) -> np.dtype[Any]:
    if isinstance(value, (builtins.bool, np.bool_)):
        return bool.numpy
    if isinstance(value, (builtins.int, np.integer)):
        return int64.numpy
    if isinstance(value, (builtins.float, np.floating)):
        return _default.numpy
    if isinstance(value, complex):
        raise NotSupportedError(NO_COMPLEX)
    raise TypeError(
        f"argument must be Tensor or Number, but got {type(value).__name__}; make it a tensor first with tensor(...)"
    )


def result_dtype(values: Sequence[Any]) -> np.dtype[Any]:
    """NumPy's dtype in which arrays and Python numbers meet, by PyTorch's rules."""
    classes: list[np.dtype[Any] | None] = [None, None, None]
    for value in values:
        if isinstance(value, np.ndarray):
            rank, found = (0 if value.ndim else 1), value.dtype
        elif value is None:
            continue
        else:
            rank, found = 2, _scalar_dtype(value)
        known = classes[rank]
        classes[rank] = found if known is None else meet(known, found)
    result = _combine(classes[0], _combine(classes[1], classes[2]))
    assert result is not None
    return result


def promote(values: Sequence[Any], to_float: builtins.bool) -> list[Any]:
    """The same values in the dtype in which they meet; with `to_float` integers become floats."""
    common = result_dtype(values)
    if to_float and common.kind != "f":
        common = _default.numpy
    return [v if v is None else _cast(v, common) for v in values]


def _cast(value: Any, to: np.dtype[Any]) -> Any:
    if isinstance(value, np.ndarray):
        return value if value.dtype == to else value.astype(to)
    if to.kind == "f":
        return builtins.float(value)
    if to.kind == "b":
        return builtins.bool(value)
    value = builtins.int(value)
    low, high = LIMITS[to]
    if low <= value <= high:
        return value
    if not -(2**63) <= value < 2**64:
        raise OverflowError(f"int too big to convert: {value} is no 64-bit integer")
    return np.array(value & (2 ** (8 * to.itemsize) - 1), np.uint64).astype(to)  # wraps as in C


# ── limits ──────────────────────────────────────────────────────────────────────────────────────

LIMITS = {d.numpy: (np.iinfo(d.numpy).min, np.iinfo(d.numpy).max) for d in ALL[3:-1]}


def fit(value: Any, to: np.dtype[Any]) -> Any:
    """A Python number as an element of dtype `to`: what `full` and `fill_` write.

    Raises RuntimeError where it does not fit; negative numbers wrap in uint8, as in PyTorch.
    """
    if to.kind == "b":
        return builtins.bool(value)
    if to.kind == "f":
        value = builtins.float(value)
        if to != float64.numpy and abs(value) > builtins.float(np.finfo(to).max) and abs(value) != np.inf:
            raise overflow_error(value, to)
        return value
    low, high = LIMITS[to]
    if not (value == value and min(low, -high) <= value <= high):
        raise overflow_error(value, to)
    return builtins.int(value) % 256 if to.kind == "u" else builtins.int(value)


def overflow_error(value: Any, to: np.dtype[Any]) -> DtypeError:
    """The error for a number that a dtype cannot hold."""
    low, high = LIMITS.get(to) or (np.finfo(to).min, np.finfo(to).max)
    return DtypeError(
        f"value cannot be converted to type {to.name} without overflow: {value!r} is not between {low} and {high}; "
        "choose a wider dtype"
    )


class finfo:
    """The limits of a floating-point dtype (the default dtype if none is given).

    >>> import chainrule as cr
    >>> cr.finfo(cr.float32).eps
    1.1920928955078125e-07
    """

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: dtype | None = None):
        given = _default if type is None else type
        if not isinstance(given, dtype) or not given.is_floating_point:
            raise TypeError(
                f"torch.finfo() requires a floating point input type, not {given!r}. Use iinfo for integers"
            )
        info = np.finfo(given.numpy)
        self.bits = 8 * given.itemsize
        self.dtype = given.name
        self.eps = builtins.float(info.eps)
        self.max = builtins.float(info.max)
        self.min = builtins.float(info.min)
        self.resolution = builtins.float(f"{info.resolution:.0e}")
        self.smallest_normal = self.tiny = builtins.float(info.smallest_normal)

    def __repr__(self) -> str:
        fields = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{f}={getattr(self, f):g}' for f in fields)}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer dtype.

    >>> import chainrule as cr
    >>> cr.iinfo(cr.uint8).max
    255
    """

    __slots__ = ("bits", "dtype", "max", "min")

    def __init__(self, type: dtype):
        if not isinstance(type, dtype) or type.is_floating_point:
            raise TypeError(f"torch.iinfo() requires an integer input type, not {type!r}. Use finfo for floats")
        if type is bool:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        self.bits = 8 * type.itemsize
        self.dtype = type.name
        self.min, self.max = LIMITS[type.numpy]

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
