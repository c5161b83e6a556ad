"""In-place methods, derived from the functions: `x.f_(…)` is `y = f(x, …)` written into x's memory.

For gradients it stays functional. The new value has a node of its own; if x is a view, its base
becomes `view_put(base, value)`, and other views of that base are replayed when they are next used
(`record.node_of`). Everything is checked before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes, record
from .errors import DtypeError, InplaceError, ShapeError
from .graph import AccumulateGrad, InferenceStorage, TensorBase, call_site
from .modes import enter_quiet, leave_quiet, state
from .op import REGISTRY


def check_writable(x: TensorBase, name: str) -> None:
    """Raise before anything is written if `x` must not be."""
    array = x._data
    if state.grad:
        node, view = record.node_of(x), x._view
        recipe = (
            f"`{name}` at {record.line_here()}: update it inside `with no_grad():` (as an optimizer does), "
            "or change a copy, `x.clone()`."
        )
        if type(node) is AccumulateGrad:
            raise InplaceError(
                f"a leaf Variable that requires grad is being used in an in-place operation. {recipe}"
            )
        if view is not None:
            if type(view.base._node) is AccumulateGrad:
                raise InplaceError(
                    f"a view of a leaf Variable that requires grad is being used in an in-place operation. {recipe}"
                )
            if not view.recorded and view.base._node is not None:
                raise InplaceError(
                    "A view was created in no_grad mode and is being modified inplace with grad mode enabled. "
                    f"{recipe}"
                )
    if isinstance(x._storage, InferenceStorage) and not state.inference:
        raise InplaceError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. "
            "You can make a clone to get a normal tensor before doing inplace update."
        )
    if not array.flags.writeable:
        raise InplaceError(
            f"`{name}`: the tensor cannot be written, its memory is read-only (a broadcast view, or a NumPy array "
            "that was frozen); change a copy, `x.clone()`."
        )
    if 0 in array.strides and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)):
        raise InplaceError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )


def check_fits(x: TensorBase, shape: tuple[int, ...], dtype: np.dtype[Any], name: str) -> None:
    """Raise unless a value of this shape and dtype can be written into `x`."""
    if shape != x._data.shape:
        raise ShapeError(
            f"output with shape {list(x._data.shape)} doesn't match the broadcast shape {list(shape)}; "
            f"`{name}` cannot change the shape of what it writes into"
        )
    to = x._data.dtype
    order = "bif"
    if order.find(_kind(dtype)) > order.find(_kind(to)):
        source, target = (dtypes.from_numpy_dtype(d).title for d in (dtype, to))
        raise DtypeError(
            f"result type {source} can't be cast to the desired output type {target}; "
            f"write `x = x.{name.rstrip('_')}(…)`, or convert x first"
        )


def _kind(dtype: np.dtype[Any]) -> str:
    return "i" if dtype.kind == "u" else dtype.kind


def touch(x: TensorBase, name: str) -> None:
    """Count a write, and remember who wrote."""
    storage = x.storage
    storage.version += 1
    storage.writer = (name, *call_site(2))


def assign(x: TensorBase, y: TensorBase, name: str) -> Any:
    """Write the value of `y` into `x`, which from now on has `y`'s gradient."""
    check_fits(x, y._data.shape, y._data.dtype, name)
    node = y._node
    if node is not None and y._data.dtype != x._data.dtype:
        node = y.to(dtypes.from_numpy_dtype(x._data.dtype))._node  # type: ignore[attr-defined]
    np.copyto(x._data, y._data, casting="unsafe")
    touch(x, name)
    view, storage = x._view, x.storage
    if state.grad and (node is not None or x._node is not None):
        storage.generation += 1
        if view is not None:
            base = view.base
            put = REGISTRY["view_put"]
            mask = (base._node is not None) + 2 * (node is not None)
            if mask:
                arrays = [base._data, y._data]
                params = {"chain": view.chain}
                base._node = record.record(put, (base._node, node), arrays, base._data, mask, params)
            view.generation = storage.generation
        x._node = node
    return x


def shadow(x: TensorBase) -> Any:
    """`x` as it is now, in memory of its own: what a rule may save while x itself is overwritten."""
    copy = record.wrap(x._data.copy())
    copy._node = record.node_of(x)
    copy._cut = x._cut
    return copy


def inplace(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The method `x.name(…)` that writes `function(x, …)` into x."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        check_writable(self, name)
        if state.grad:
            tracked = record.node_of(self) is not None or any(
                isinstance(a, TensorBase) and a._node is not None for a in (*args, *kwargs.values())
            )
            return assign(self, function(shadow(self) if tracked else self, *args, **kwargs), name)
        return assign(self, function(self, *args, **kwargs), name)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"In-place version of `{name.rstrip('_')}`: writes the result into this tensor."
    return method


def inplace_constant(name: str, value: float, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for writing a constant (`zero_`), which every training step does to every gradient."""
    general = inplace(name, function)

    def method(self: Any) -> Any:
        x = self._data
        storage = self._storage or self.storage
        if (
            state.plain is None
            or self._node is not None
            or (x.base is not None and (self._view is not None or 0 in x.strides))
            or type(storage) is InferenceStorage
            or not x.flags.writeable
        ):
            return general(self)
        x.fill(value)
        storage.version += 1
        storage.writer = (name, *call_site(2))
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = general.__doc__
    return method


def inplace_ufunc(name: str, ufunc: np.ufunc, function: Callable[..., Any]) -> Callable[..., Any]:
    """The same for one ufunc on two operands; without gradients it writes straight into the memory."""
    general = inplace(name, function)

    def method(self: Any, other: Any, **kwargs: Any) -> Any:
        x = self._data
        if isinstance(other, TensorBase):
            y = other._data
            if y.dtype is not x.dtype:
                return general(self, other, **kwargs)
        else:
            y = other
        storage = self._storage or self.storage
        if (
            state.plain is not False  # only under a plain no_grad
            or kwargs
            or x.dtype not in dtypes.FLOATS
            or (y is other and type(y) is not float)
            or (x.base is not None and 0 in x.strides)
            or type(storage) is InferenceStorage
        ):
            return general(self, other, **kwargs)
        quiet = enter_quiet()  # no second try, as in `record.binary`: x would be written already
        try:
            ufunc(x, y, x)
        except ValueError:  # shapes that do not fit, or read-only memory: said before a write
            return general(self, other)
        finally:
            leave_quiet(quiet)
        storage.version += 1
        storage.writer = (name, *call_site(2))
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = general.__doc__
    return method
