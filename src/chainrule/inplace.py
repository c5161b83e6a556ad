"""In-place methods, derived from the functions: `x.f_(…)` is `y = f(x, …)` written into x's memory.

For gradients it stays functional. The new value has a node of its own; if x is a view, its base
becomes `view_put(base, value)`, and all views of that base, x too, are replayed when they are next
used (`record.node_of`). Everything is checked before anything is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from . import dtypes, record
from .errors import DtypeError, InplaceError, ShapeError
from .graph import AccumulateGrad, InferenceStorage, Node, Storage, TensorBase, call_site
from .modes import enter_quiet, leave_quiet, state
from .op import METHODS, REGISTRY


def is_tracked(x: TensorBase, values: Iterable[Any] = ()) -> bool:
    """Whether gradients have to follow a write of `values` into `x`."""
    if not state.grad:
        return False
    if record.node_of(x) is not None or (x._view is not None and x._view.base._node is not None):
        return True
    return any(isinstance(v, TensorBase) and record.node_of(v) is not None for v in values)


def check_writable(x: TensorBase, name: str, tracked: bool) -> None:
    """Raise before anything is written if `x` must not be."""
    if tracked:
        _check_followable(x, name)
    if isinstance(x._storage, InferenceStorage) and not state.inference:
        raise InplaceError(
            "Inplace update to inference tensor outside InferenceMode is not allowed. "
            "You can make a clone to get a normal tensor before doing inplace update."
        )
    if state.debug and x._storage is not None and x._storage.savers:
        _check_unsaved(x._storage, name)
    array = x._data
    repeated = 0 in array.strides and array.size > 0
    if repeated and any(s == 0 and n > 1 for s, n in zip(array.strides, array.shape, strict=True)):
        raise InplaceError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )
    if not array.flags.writeable:
        raise InplaceError(
            f"`{name}`: the tensor cannot be written, its memory is read-only (a NumPy array that was frozen); "
            "change a copy, `x.clone()`."
        )


def _check_unsaved(storage: Storage, name: str) -> None:
    """In debug mode, raise for a write into memory that a living graph needs."""
    for node in storage.savers:
        if not node.is_freed:
            at = f" at {node.line}" if node.line else ""
            raise InplaceError(
                "one of the variables needed for gradient computation is being modified by an inplace operation: "
                f"saved by `{node.op.name if node.op is not None else node.name()}`{at}, and about to be changed by "
                f"`{name}` at {record.line_here()}. Write a new tensor (`x = x + 1` in place of `x += 1`), change a "
                "`clone()`, or run backward() first."
            )


def _check_followable(x: TensorBase, name: str) -> None:
    """Raise if gradients cannot follow a write into `x`."""
    node, view = record.node_of(x), x._view
    if view is not None and view.origin is not None:
        what = record.view_refusal(view, "is being modified")
    elif view is not None and type(view.base._node) is AccumulateGrad:
        what = "a view of a leaf Variable that requires grad is being used in an in-place operation."
    elif type(node) is AccumulateGrad:
        what = "a leaf Variable that requires grad is being used in an in-place operation."
    else:
        return
    raise InplaceError(
        f"{what} `{name}` at {record.line_here()}: update it inside `with no_grad():` (as an optimizer does), "
        "or change a copy, `x.clone()`."
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
    if type(storage) is not InferenceStorage:
        storage.version += 1
        storage.writer = (name, *call_site(2))


def wrote(x: TensorBase, op: Any, *args: Any, **params: Any) -> None:
    """Tell the rare modes that `x` now holds op(*args, **params), or args[0] where op is None."""
    for then in record.after_write:
        then(x, op, args, params)


def assign(x: TensorBase, y: TensorBase, name: str) -> Any:
    """Write the value of `y` into `x`, which from now on has `y`'s gradient."""
    check_fits(x, y._data.shape, y._data.dtype, name)
    node = record.node_of(y)
    if node is not None and (y._data.dtype != x._data.dtype or type(node) is AccumulateGrad):
        node = _copied(x, y._data, node)
    write(x, y._data, node, name)
    if state.special:
        wrote(x, None, y)
    return x


def write(x: TensorBase, value: Any, node: Node | None, name: str) -> None:
    """Write an array or a number into `x`, with the node its gradients go to (None: a constant)."""
    old = record.node_of(x) if state.grad else None
    quiet = enter_quiet()
    try:
        np.copyto(x._data, value, casting="unsafe")
    finally:
        leave_quiet(quiet)
    touch(x, name)
    if state.grad and (node is not None or old is not None):
        follow(x, value, node)


def follow(x: TensorBase, value: Any, node: Node | None) -> None:
    """After a write: give `x` its new node, or if it is a view its base; other views find out by themselves."""
    storage = x.storage
    storage.generation += 1
    view = x._view
    if view is None:
        record.set_node(x, node if node is not None else _constant(x, value))
        return
    base = view.base
    mask = (base._node is not None) + 2 * (node is not None)
    arrays = [base._data, value]
    params = {"chain": view.chain}
    record.set_node(base, record.record(REGISTRY["view_put"], (base._node, node), arrays, base._data, mask, params))


def _constant(x: TensorBase, value: Any) -> Node:
    """The node of a tensor that was overwritten by a constant: it still requires grad, of which nothing is left."""
    return record.record(REGISTRY["copy"], (x._node, None), [x._data, value], x._data, 1, {})


def _copied(x: TensorBase, value: Any, node: Node) -> Node:
    """The node of `x` after `value`, broadcast and cast, was copied into it."""
    if x._view is None:
        return record.record(
            REGISTRY["copy"], (x._node, node), [x._data, value], x._data, 2 + (x._node is not None), {}
        )
    return record.record(REGISTRY["copy"], (None, node), [x._data, value], x._data, 2, {})


def copy_(self: Any, src: Any, non_blocking: bool = False) -> Any:
    """Write `src`, broadcast and cast, into this tensor; gradients then go to `src`.

    Raises ShapeError where the shapes do not fit, InplaceError where the write is not allowed.

    >>> import chainrule as cr
    >>> cr.zeros(2, 2).copy_(cr.tensor([1, 2]))
    tensor([[1., 2.],
            [1., 2.]])
    """
    if not isinstance(src, TensorBase):
        return fill_(self, src)
    target, shape = self._data.shape, src._data.shape
    if shape != target:
        try:
            meet = np.broadcast_shapes(target, shape)
        except ValueError:
            raise ShapeError(record.broadcast_message([target, shape])) from None
        if meet != target:
            raise ShapeError(f"output with shape {list(target)} doesn't match the broadcast shape {list(meet)}")
    return put_whole(self, src, "copy_")


def put_whole(self: Any, src: Any, name: str) -> Any:
    """`copy_` of a tensor under the name that messages use."""
    tracked = is_tracked(self, (src,))
    check_writable(self, name, tracked)
    value = src._data
    if value.shape != self._data.shape:
        check_broadcast(src, self._data.shape)
    node = record.node_of(src) if tracked else None
    write(self, value, _copied(self, value, node) if node is not None else None, name)
    if state.special:
        wrote(self, None, src)
    return self


def check_broadcast(source: TensorBase, target: tuple[int, ...]) -> None:
    """Raise unless `source` broadcasts to `target`; leading ones may be dropped."""
    kept = shape = source._data.shape
    while len(kept) > len(target) and kept[0] == 1:
        kept = kept[1:]
    if len(kept) > len(target):
        raise ShapeError(
            f"expand(torch.{dtypes.from_numpy_dtype(source._data.dtype).title}Tensor{{{list(shape)}}}, "
            f"size={list(target)}): the number of sizes provided ({len(target)}) must "
            f"be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    lead = len(target) - len(kept)
    for axis, (n, m) in enumerate(zip(kept, target[lead:], strict=True), lead):
        if n != m and n != 1:
            raise ShapeError(
                f"The expanded size of the tensor ({m}) must match the existing size ({n}) at non-singleton dimension "
                f"{axis}.  Target sizes: {list(target)}.  Tensor sizes: {list(kept)}"
            )


def fill_(self: Any, value: Any) -> Any:
    """Write one number, or the value of a 0-d tensor, into every element."""
    if isinstance(value, TensorBase):
        if value._data.ndim:
            raise ShapeError(
                f"fill_ only supports 0-dimension value tensor but got tensor with {value._data.ndim} dimensions."
            )
        return put_whole(self, value, "fill_")
    check_writable(self, "fill_", is_tracked(self))
    write(self, number(value, self), None, "fill_")
    if state.special:
        wrote(self, None, None)
    return self


def number(value: Any, x: TensorBase) -> Any:
    """A Python number that can be written into `x`; raises TypeError or RuntimeError for anything else."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, complex):
        kind = x._data.dtype.name.rstrip("0123456789") if x._data.dtype.kind == "f" else x._data.dtype.name
        raise DtypeError(f"value cannot be converted to type {kind} without overflow")
    if not isinstance(value, (int, float)):
        title, kind = (
            dtypes.from_numpy_dtype(x._data.dtype).title,
            type(value).__name__.replace("ndarray", "numpy.ndarray"),
        )
        raise TypeError(f"can't assign a {kind} to a torch.{title}Tensor; make it a tensor first with tensor(...)")
    dtype = x._data.dtype
    if dtype.kind in "iu" and type(value) is int:
        info = np.iinfo(dtype)
        if not info.min <= value <= info.max:
            if dtype.kind == "u" and -info.max <= value < 0:
                return value % (info.max + 1)
            raise DtypeError(f"value cannot be converted to type {dtype.name} without overflow")
    return value


METHODS["copy_"] = copy_
METHODS["fill_"] = fill_


# ── methods made from functions ─────────────────────────────────────────────────────────────────


def shadow(x: TensorBase) -> Any:
    """`x` as it is now, in memory of its own: what a rule may save while x itself is overwritten."""
    copy = record.wrap(x._data.copy())
    copy._node = record.node_of(x)
    copy._cut = x._cut
    if state.dual_levels:
        wrote(copy, None, x)
    return copy


def inplace(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The method `x.name(…)` that writes `function(x, …)` into x."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        tracked = is_tracked(self, (*args, *kwargs.values()))
        check_writable(self, name, tracked)
        if not tracked:
            return assign(self, function(self, *args, **kwargs), name)
        before = shadow(self)
        args = tuple([before if a is self else a for a in args])
        return assign(self, function(before, *args, **kwargs), name)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"In-place version of `{name.rstrip('_')}`: writes the result into this tensor."
    return method


def inplace_view(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The method `x.name(…)` that makes x itself the view `function(x, …)` of its memory (`t_`, `squeeze_`)."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        tracked = is_tracked(self)
        if tracked:
            _check_followable(self, name)
        before = self
        if self._view is None:  # views made so far keep looking at what x was
            before = record.wrap(self._data)
            before._storage = self.storage
            before._node = self._node
        after = function(before, *args, **kwargs)
        if after is not before:
            view = after._view
            if not state.grad:
                view.origin = None if self._view is None else self._view.origin
            if tracked:
                record.set_node(self, record.node_of(after))  # type: ignore[arg-type]
            elif type(self._node) is AccumulateGrad:
                self._node.shape = after._data.shape
            self._data, self._view = after._data, view
        touch(self, name)
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"In-place version of `{name.rstrip('_')}`: this tensor becomes the view; nothing is copied."
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
