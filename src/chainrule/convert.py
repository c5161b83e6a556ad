"""Python and NumPy data to tensors and back: nested lists, arrays, DLPack, pickle, copy."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

import numpy as np

from . import dtypes, record
from .device import check_device
from .errors import GraphError
from .graph import TensorBase, call_site
from .tensor import Tensor, method

Array = np.ndarray[Any, Any]
_BOOL, _INT64 = dtypes.bool.numpy, dtypes.int64.numpy
# The dtype of Python numbers by the set of their types; floats take the default dtype.
_NUMBERS = {float, int, bool}


def leaf(array: Array, requires_grad: bool = False, device: Any = None) -> Tensor:
    """A tensor around an array that nothing else holds, as every factory returns it."""
    if device is not None:
        check_device(device)
    out = record.wrap(array)
    if requires_grad:
        if array.dtype.kind != "f":
            raise GraphError(
                "Only Tensors of floating point and complex dtype can require gradients; this one would be "
                f"{out.dtype!r}: write numbers with a point, `1.0`, or give dtype=float32"
            )
        out.requires_grad_()
    return out


# ── data to arrays ──────────────────────────────────────────────────────────────────────────────


def array_of(data: Any, dtype: np.dtype[Any] | None = None) -> Array:
    """A new array with the values of a number, nested sequence, array or tensor.

    The dtype is what PyTorch would choose: float, int and bool become the default dtype, int64 and
    bool; what has a dtype keeps it.
    """
    kind = type(data)
    if kind is list or kind is tuple:
        return _from_sequence(data, dtype)
    if kind in _NUMBERS:
        return _of_numbers(data, {kind}, dtype)
    if isinstance(data, TensorBase):
        return np.array(data._data, dtype, order="K")
    if isinstance(data, (np.ndarray, np.generic)):
        native = dtypes.from_numpy_dtype(data.dtype).numpy
        return np.array(data, dtype or native, order="K")
    if isinstance(data, (bool, int, float)):  # subclasses: enumerations
        return _of_numbers(data, {next(t for t in (bool, int, float) if isinstance(data, t))}, dtype)
    if isinstance(data, complex):
        dtypes.to_numpy_dtype(complex)
    if isinstance(data, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{kind.__name__}'")
    if hasattr(data, "__array__"):
        return array_of(np.asarray(data), dtype)
    if hasattr(data, "__getitem__") and hasattr(data, "__len__") and not isinstance(data, dict):
        return _from_sequence(list(data), dtype)
    raise RuntimeError(
        f"Could not infer dtype of {kind.__name__}; a tensor is made of numbers, nested lists of numbers, or arrays"
    )


def _from_sequence(data: Sequence[Any], dtype: np.dtype[Any] | None) -> Array:
    level: Sequence[Any] = data
    types = set(map(type, level))
    while types and types <= {list, tuple}:
        level = list(chain.from_iterable(level))
        types = set(map(type, level))
    if types <= _NUMBERS:
        return _of_numbers(data, types, dtype)
    if types & {list, tuple} and types <= {list, tuple, *_NUMBERS}:
        _explain_ragged(data)
    if str in types or bytes in types:
        raise ValueError(f"too many dimensions '{'str' if str in types else 'bytes'}'; a tensor is made of numbers")
    return _stacked(data, dtype)


def _of_numbers(data: Any, types: set[type], dtype: np.dtype[Any] | None) -> Array:
    """Nested sequences of Python numbers, whose types are known."""
    inferred = dtypes.default_numpy_dtype() if float in types or not types else _INT64 if int in types else _BOOL
    dtype = dtype or inferred
    try:
        if dtype == np.float16:  # too large is inf, silently
            with np.errstate(over="ignore"):
                return np.array(data, dtype)
        if dtype.kind == "f" or dtype == inferred:
            return np.array(data, dtype)
        wide = np.array(data, np.float64 if float in types else inferred)
    except OverflowError:
        raise ValueError("Overflow when unpacking long long: an int is too big for int64; use floats") from None
    except ValueError:
        _explain_ragged(data)
        raise
    if dtype.kind == "b":
        return wide != 0
    return _narrowed(wide, dtype)


def _narrowed(wide: Array, dtype: np.dtype[Any]) -> Array:
    """Numbers as integers of `dtype`; negative ones wrap in uint8, as in PyTorch."""
    low, high = dtypes.LIMITS[dtype]
    fits = (wide >= min(low, -high)) & (wide <= high)
    if not fits.all():
        raise dtypes.overflow_error(wide[~fits].flat[0].item(), dtype)
    return wide.astype(np.int64).astype(dtype)


def _stacked(data: Sequence[Any], dtype: np.dtype[Any] | None) -> Array:
    """A sequence with tensors, arrays, ranges … in it, part by part."""
    parts = [_element(d) for d in data]
    shape = parts[0].shape
    for part in parts:
        if part.shape != shape:
            if not part.shape or not shape:
                raise TypeError(f"not a sequence: elements of shapes {list(shape)} and {list(part.shape)} side by side")
            axis = next((i for i, (a, b) in enumerate(zip(shape, part.shape, strict=False)) if a != b), 0)
            raise ValueError(
                f"expected sequence of length {shape[axis]} at dim {axis + 1} (got {part.shape[axis]}); the parts "
                f"have shapes {list(shape)} and {list(part.shape)}"
            )
    common = dtype
    if common is None:
        common = parts[0].dtype
        for part in parts:
            common = dtypes.meet(common, part.dtype)
    return np.stack([part.astype(common, copy=False) for part in parts])


def _element(part: Any) -> Array:
    if not isinstance(part, TensorBase):
        return array_of(part)
    if part._data.size != 1:
        raise ValueError(
            "only one element tensors can be converted to Python scalars; to put tensors of shape "
            f"{list(part._data.shape)} together, use stack(tensors), through which gradients pass too"
        )
    return part._data.reshape(())


def _explain_ragged(data: Any) -> None:
    """Raise the error for nested lists whose lengths differ."""
    sizes = []
    level = data
    while isinstance(level, (list, tuple)):
        sizes.append(len(level))
        level = level[0] if level else None

    def check(part: Any, dim: int) -> None:
        if not isinstance(part, (list, tuple)):
            if dim < len(sizes):
                raise TypeError(f"not a sequence: found {part!r} at dim {dim}, beside lists of length {sizes[dim]}")
            return
        if dim >= len(sizes):
            raise TypeError(f"'{type(part).__name__}' object cannot be interpreted as a number, at dim {dim}")
        if len(part) != sizes[dim]:
            raise ValueError(f"expected sequence of length {sizes[dim]} at dim {dim} (got {len(part)})")
        for p in part:
            check(p, dim + 1)

    check(data, 0)


# ── functions ───────────────────────────────────────────────────────────────────────────────────


def tensor(
    data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False, pin_memory: bool = False
) -> Tensor:
    """A new leaf with a copy of the values of `data`: a number, nested lists, an array.

    Without `dtype`, Python floats become the default dtype, ints int64, bools bool; NumPy values
    keep theirs. Raises ValueError for lists of unequal length and RuntimeError for a value that
    the dtype cannot hold. Tensors given (also inside lists) are copied without their history.

    >>> import chainrule as cr
    >>> cr.tensor([[1, 2.5], [3, 4]])
    tensor([[1.0000, 2.5000],
            [3.0000, 4.0000]])
    """
    if isinstance(data, TensorBase):
        warn_copy("torch.tensor")
    out = leaf(array_of(data, None if dtype is None else _numpy_dtype("tensor", dtype)), requires_grad, device)
    if type(data) in (list, tuple) and any(isinstance(d, TensorBase) and record.node_of(d) is not None for d in data):
        out._cut = ("tensor", *call_site(2))
    return out


def warn_copy(name: str) -> None:
    """The warning for a tensor where data were expected: its history is lost."""
    warnings.warn(
        "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
        f"sourceTensor.detach().clone().requires_grad_(True), rather than {name}(sourceTensor).",
        stacklevel=3,
    )


def _numpy_dtype(name: str, dtype: Any) -> np.dtype[Any]:
    try:
        return dtypes.to_numpy_dtype(dtype)
    except TypeError:
        raise TypeError(f"{name}(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}") from None


def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Tensor:
    """`data` as a tensor, without a copy where that is possible: tensors keep their history, arrays share memory.

    >>> import chainrule as cr
    >>> cr.as_tensor([1, 2])
    tensor([1, 2])
    """
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    to = None if dtype is None else _numpy_dtype("as_tensor", dtype)
    if isinstance(data, np.ndarray) and (to is None or to == data.dtype):
        return from_numpy(data)
    return leaf(array_of(data, to))


def asarray(
    obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None, requires_grad: bool | None = None
) -> Tensor:
    """`obj` (a tensor, array, DLPack object, number or nested list) as a tensor.

    `copy=True` always copies, `copy=False` raises ValueError where a copy would be needed, None
    copies where it has to. `requires_grad=False` detaches, True asks for a gradient.
    """
    shared = obj
    if not isinstance(obj, (Tensor, np.ndarray)) and hasattr(obj, "__dlpack__"):
        shared = from_dlpack(obj)
    out = as_tensor(shared, dtype, device)
    if copy is False:
        if not isinstance(shared, (Tensor, np.ndarray)):
            raise ValueError("can't alias arbitrary sequence into a tensor.")
        source = as_tensor(shared).dtype
        if out.dtype is not source:
            raise ValueError(f"can't alias tensor with dtype '{source.title}' into dtype '{out.dtype.title}'.")
    if copy and (out is obj or (isinstance(obj, np.ndarray) and np.shares_memory(out._data, obj))):
        out = out.clone()
    if requires_grad is False and out.requires_grad:
        return out.detach()
    if requires_grad and not out.requires_grad:
        out = out.detach() if out is obj else out
        out.requires_grad_()
    return out


def from_numpy(ndarray: Array) -> Tensor:
    """A tensor in the memory of a NumPy array: writes to either are seen by both.

    Raises TypeError for what is no array, or for a dtype that there is not. A read-only array gives
    a UserWarning, and a tensor that cannot be written.

    >>> import numpy as np, chainrule as cr
    >>> a = np.zeros(2); t = cr.from_numpy(a); a[0] = 5.0; t
    tensor([5., 0.], dtype=torch.float64)
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    dtypes.from_numpy_dtype(ndarray.dtype)
    if not ndarray.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. Conversion between byte orders is "
            "currently not supported; tensor(array) copies and converts."
        )
    if not ndarray.flags.writeable:
        warnings.warn(
            "The given NumPy array is not writable, and the tensor that shares its memory cannot be written either: "
            "in-place operations on it raise an error. Copy the array first, `tensor(array)`, where they are needed.",
            stacklevel=2,
        )
    return leaf(ndarray)


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor in the memory of any object that offers DLPack: of PyTorch, JAX, CuPy (on the CPU) …

    >>> import numpy as np, chainrule as cr
    >>> cr.from_dlpack(np.arange(3))
    tensor([0, 1, 2])
    """
    check_device(device)
    if isinstance(ext_tensor, TensorBase):
        return ext_tensor.detach() if not copy else ext_tensor.detach().clone()  # type: ignore[attr-defined]
    array = np.from_dlpack(ext_tensor, copy=copy)
    dtypes.from_numpy_dtype(array.dtype)
    return leaf(array)


def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0, requires_grad: bool = False) -> Tensor:
    """A one-dimensional tensor in the memory of a buffer such as a bytearray.

    >>> import chainrule as cr
    >>> cr.frombuffer(bytearray(b"ab"), dtype=cr.uint8)
    tensor([97, 98], dtype=torch.uint8)
    """
    return leaf(np.frombuffer(buffer, _numpy_dtype("frombuffer", dtype), count, offset), requires_grad)


@method
def __dlpack__(self: Any, **options: Any) -> Any:
    """A DLPack capsule of this memory. Raises BufferError for a tensor that requires a gradient."""
    if record.node_of(self) is not None:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    return self._data.__dlpack__(**options)


@method
def __dlpack_device__(self: Any) -> tuple[int, int]:
    """DLPack's number for the CPU."""
    return self._data.__dlpack_device__()


# ── pickle and copy ─────────────────────────────────────────────────────────────────────────────


def _owner(array: Array) -> Array | None:
    """The array that owns the memory, if views of it can be made again from its copy."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    if array.base is not None:
        return None  # memory that is not NumPy's
    if array.flags.c_contiguous or array.flags.f_contiguous:
        return array
    dense = array.transpose(np.argsort(array.strides)[::-1])  # a copy of a permuted tensor
    return dense if dense.flags.c_contiguous else None


def _place(array: Array, owner: Array) -> tuple[Any, ...]:
    """Where an array lies in the memory of its owner: shape, strides, offset."""
    start, first = (a.__array_interface__["data"][0] for a in (array, owner))
    return array.shape, array.strides, start - first


def _view(owner: Array, dtype: Any, shape: Any, strides: Any, offset: int) -> Array:
    """The inverse of `_place`, in another owner of the same layout."""
    flat = owner.ravel("K").view(np.uint8)
    return np.ndarray(shape, dtype, flat, offset, strides)


def _rebuild(
    cls: type, owner: Array, dtype: Any, place: tuple[Any, ...] | None, requires_grad: bool, attributes: dict[str, Any]
) -> Any:
    """A tensor from what `__reduce_ex__` took it apart into."""
    out: Any = object.__new__(cls)
    out._data = owner if place is None else _view(owner, dtype, *place)
    out._node = out._storage = out._view = None
    out.__dict__.update(attributes)
    if requires_grad:
        out.requires_grad_()
    return out


# What the engine keeps in a tensor's `__dict__`: it belongs to the original.
_ENGINE = ("_grad", "_output", "_cut", "_tangent")


def _attributes(tensor: Any) -> dict[str, Any]:
    return {k: v for k, v in tensor.__dict__.items() if k not in _ENGINE}


@method
def __reduce_ex__(self: Any, protocol: Any) -> tuple[Any, ...]:
    """Values, dtype, strides and `requires_grad` are kept, history and gradient are not.

    Views that are pickled together share memory again afterwards.
    """
    owner = _owner(self._data)
    place = None if owner is None or owner is self._data else _place(self._data, owner)
    array = self._data if owner is None else owner
    return _rebuild, (type(self), array, self._data.dtype, place, self.requires_grad, _attributes(self))


@method
def __deepcopy__(self: Any, memo: dict[int, Any]) -> Tensor:
    """A leaf with a copy of the memory and of the gradient; views of one memory stay views of one memory."""
    if not self.is_leaf:
        node: Any = record.node_of(self)
        raise GraphError(
            "Only Tensors created explicitly by the user (graph leaves) support the deepcopy protocol at the moment. "
            f"This one was made by `{node.name()}`{f' at {node.line}' if node.line else ''}; copy `x.detach()`, or "
            "`x.clone()` if gradients should pass."
        )
    if id(self) in memo:
        return memo[id(self)]
    owner = _owner(self._data)
    if owner is None:
        array = self._data.copy()
    else:
        copied = memo.get(id(owner))
        if copied is None:
            copied = memo[id(owner)] = owner.copy("K")
            memo.setdefault(id(memo), []).append(owner)  # keeps the id taken, as `copy` itself does
        array = copied if owner is self._data else _view(copied, self._data.dtype, *_place(self._data, owner))
    out = memo[id(self)] = _rebuild(type(self), array, None, None, self.requires_grad, {})
    out.__dict__.update(deepcopy(_attributes(self), memo))
    if self._grad is not None:
        out._grad = deepcopy(self._grad.detach() if not self._grad.is_leaf else self._grad, memo)
    return out


@method
def __setstate__(self: Any, state: Any) -> None:
    """Take over the attributes of a subclass that pickles its `__dict__`."""
    self.__dict__.update(state)


def subclass_of(data: Any, cls: type, require_grad: bool = False) -> Any:
    """The same memory as a leaf of a subclass of Tensor."""
    return _rebuild(cls, data._data, None, None, require_grad, {})


Tensor._make_subclass = staticmethod(lambda cls, data, require_grad=False: subclass_of(data, cls, require_grad))  # type: ignore[attr-defined]


@method
def as_subclass(self: Any, cls: type) -> Tensor:
    """The same memory as an instance of a subclass of Tensor, without history."""
    return subclass_of(self, cls, False)
