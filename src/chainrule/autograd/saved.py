"""Values kept for backward by way of hooks: packed when they are saved, unpacked when they are needed.

A node whose values are packed is of the same title but keeps them in a tuple of `SavedValue`s; its `saved` unpacks at
every access. The engine takes its long way through such nodes by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import record
from ..errors import GraphError
from ..graph import Node, Output, TensorBase
from ..modes import no_grad, state
from ..op import Op


class SavedValue:
    """One tensor kept for backward: its array, or what a hook made of it; and where its gradient goes."""

    __slots__ = ("array", "edge", "index", "own", "packed", "storage", "unpack_hook")

    def __init__(self, array: Any, edge: Node | None, index: int | None, own: bool, storage: Any, hooks: bool):
        self.edge = edge
        self.index = index  # of an output among several
        self.own = own  # an output of the node itself, to which it must not point
        self.unpack_hook: Callable[[Any], Any] | None = None
        self.packed: Any = None
        if not (hooks and state.saved_hooks):
            self.array, self.storage = array, storage
            return
        pack, self.unpack_hook = state.saved_hooks[-1]
        self.array = self.storage = None
        self.packed = packed(pack, array)

    def unpack(self, node: Any) -> Any:
        """The tensor, with its place in the graph."""
        out = record.wrap(self.array if self.unpack_hook is None else unpacked(self.unpack_hook, self.packed))
        if self.storage is not None:
            out._storage = self.storage
        if self.own:
            out._node = node if self.index is None else Output(node, self.index, out._data)
        else:
            out._node = self.edge
        return out


def packed(pack: Callable[[Any], Any], array: Any) -> Any:
    """What a pack hook makes of an array; it must not change it."""
    tensor = record.wrap(array)
    hooks, state.saved_hooks = state.saved_hooks, ()
    state.update()
    try:
        with no_grad():
            result = pack(tensor)
    finally:
        state.saved_hooks = hooks
        state.update()
    if tensor._version:
        raise GraphError(
            "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook "
            "can not be "
            "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you "
            "need to perform in-place operations on the input to a pack hook."
        )
    return result


def unpacked(unpack: Callable[[Any], Any], value: Any) -> Any:
    """The array that an unpack hook makes of a packed value."""
    tensor = unpack(value)
    if not isinstance(tensor, TensorBase):
        raise TypeError(
            f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {type(tensor).__name__}"
        )
    return tensor._data


def save(tensor: Any, index: int | None = None, own: bool = False, hooks: bool = True) -> SavedValue:
    """A tensor that a Function keeps; its array and its place in the graph, not the tensor with its `.grad`."""
    return SavedValue(tensor._data, None if own else record.node_of(tensor), index, own, tensor.storage, hooks)


class _Packed:
    """A value of a node, packed."""

    __slots__ = ("unpack", "value")

    def __init__(self, array: Any):
        pack, self.unpack = state.saved_hooks[-1]
        self.value = packed(pack, array)

    def array(self) -> Any:
        return unpacked(self.unpack, self.value)


class PackedNode(Node):
    """A node whose saved arrays went through hooks."""

    __slots__ = ("held",)

    @property
    def saved(self) -> Any:
        """The values, unpacked anew."""
        return None if self.held is None else tuple([_open(v) for v in self.held])

    @saved.setter
    def saved(self, values: Any) -> None:
        self.held = values

    @property
    def is_freed(self) -> bool:
        return self.held is None

    def free(self, run: Any) -> None:
        if self.held is not None and any(_holds(v) for v in self.held):
            self.held = self.duals = None
            self.edges = (None,) * len(self.edges)
            self.freed_by = run


def _open(value: Any) -> Any:
    if type(value) is _Packed:
        return value.array()
    if type(value) in (tuple, record.SeveralResults) and any(type(v) is _Packed for v in value):
        return type(value)(_open(v) for v in value)
    return value


def _holds(value: Any) -> bool:
    return type(value) is _Packed or (isinstance(value, tuple) and any(type(v) is _Packed for v in value))


_classes: dict[Op, type[PackedNode]] = {}


def _after_apply(op: Op, args: tuple[Any, ...], params: dict[str, Any], out: Any) -> None:
    """Pack what the node of an operation saved."""
    if not state.saved_hooks:
        return
    outs = out if isinstance(out, tuple) else (out,)
    node = next((o._node for o in outs if o._node is not None), None)
    if node is None:
        return
    node = node.parent or node
    if type(node).op is not op or not (node.versions or node.saved[0] is not None):
        return
    cls = _classes.get(op)
    if cls is None:
        cls = _classes[op] = type(op.title, (PackedNode,), {"__slots__": (), "op": op})
    new = cls()
    for name in ("edges", "number", "shape", "dtype", "hooks", "code", "offset"):
        setattr(new, name, getattr(node, name))
    new.__dict__.update(node.__dict__)
    new.versions = ()  # what hooks return is theirs: no version is checked, as in PyTorch
    mask = sum(1 << i for i, e in enumerate(node.edges) if e is not None)
    new.held = _pack_all(op, op.plan(mask), node.saved)
    for o in outs:
        if o._node is node:
            o._node = new
        elif o._node is not None and o._node.parent is node:
            o._node.parent = new
            o._node.edges = (new,)


def _pack_all(op: Op, plan: Any, saved: Any) -> tuple[Any, ...]:
    """The saved values of a node, packed where a rule needs them and dropped where none does."""
    y, *rest = saved
    if type(y) is record.SeveralResults:
        y = record.SeveralResults(_Packed(r) for r in y)
    elif isinstance(y, np.ndarray):
        y = _Packed(y)

    def held(i: int, value: Any) -> Any:
        if not isinstance(value, np.ndarray):
            return value
        return _Packed(value) if i in plan.keep else None

    n = 1 if op.variadic else len(op.args)
    args = (
        [tuple(held(i, v) for i, v in enumerate(rest[0]))]
        if op.variadic
        else [held(i, v) for i, v in enumerate(rest[:n])]
    )
    return (y, *args, *rest[n:])


record.after_apply.append(_after_apply)
