"""The place in the graph of what a Function returned."""

from __future__ import annotations

from typing import Any
from weakref import ref

from .. import inplace, record
from ..errors import InplaceError
from ..graph import AccumulateGrad, Node, Output, TensorBase, View
from ..op import REGISTRY
from .context import FunctionCtx
from .nodes import FunctionNode, fill_in, refused
from .saved import SavedValue, save


class Outputs:
    """Gives the results of a forward their place in the graph."""

    def __init__(self, cls: Any, ctx: FunctionCtx, args: tuple[Any, ...], outputs: tuple[Any, ...], recording: bool):
        self.cls, self.ctx, self.args = cls, ctx, args
        self.outputs = outputs
        self.recording = recording
        self.inputs = {id(a) for a in args if isinstance(a, TensorBase)}
        self.dirty = {id(t) for t in ctx._dirty}
        constant = {id(t) for t in ctx._constant}
        self.tensors = [i for i, o in enumerate(outputs) if isinstance(o, TensorBase)]
        self.real = [
            recording and isinstance(o, TensorBase) and o._data.dtype.kind == "f" and id(o) not in constant
            for o in outputs
        ]

    def finish(self, edges: list[Any], positions: list[int]) -> tuple[Any, ...]:
        self._check_dirty()
        if not self.recording:
            self._keep(None)
            return tuple([self._alias(o) if self._is_plain_input(o) else o for o in self.outputs])
        node: FunctionNode = self.cls._node_class()
        node.ctx, node.function = self.ctx, self.cls
        node.positions, node.count = positions, len(self.args)
        node.constants = tuple([a if not isinstance(a, TensorBase) or a._node is None else None for a in self.args])
        single = len(self.outputs) == 1
        shapes = [o._data.shape if isinstance(o, TensorBase) else None for o in self.outputs]
        kinds = [o._data.dtype if isinstance(o, TensorBase) else None for o in self.outputs]
        fill_in(node, edges, shapes[0] if single else shapes, kinds[0] if single else kinds)
        self.ctx._node = ref(node)
        after = tuple(self._placed(i, o, node, single) for i, o in enumerate(self.outputs))
        self.outputs, before = after, self.outputs
        self._keep(node, dict(zip(map(id, before), range(len(before)), strict=True)))
        return after

    def _is_plain_input(self, o: Any) -> bool:
        return id(o) in self.inputs and id(o) not in self.dirty

    def _check_dirty(self) -> None:
        returned = {id(o) for o in self.outputs}
        for t in self.ctx._dirty:
            if id(t) not in returned:
                raise InplaceError(
                    "Some elements marked as dirty during the forward method were not returned as output. The inputs "
                    "that are modified inplace must all be outputs of the Function."
                )
            if self.recording and type(record.node_of(t)) is AccumulateGrad:
                raise InplaceError("a leaf Variable that requires grad has been used in an in-place operation.")
            if self.recording and t._view is not None and len(self.tensors) > 1:
                raise InplaceError(
                    "If your Function modifies inplace an input that is a view of another Tensor, your Function cannot "
                    "return more than one Tensor. This is not supported by the current autograd engine. You should "
                    "either make sure the input is not a view (using .clone() for example) or make your Function only "
                    "return one Tensor (potentially splitting it into two Functions: one doing the inplace that "
                    "returns a single Tensor and a second one doing the other operations)."
                )

    def _alias(self, o: Any) -> Any:
        """A new tensor that shares an input's memory; writing into it in place is refused."""
        out = record.wrap(o._data)
        out._storage = o.storage
        out._view = View(o, REGISTRY["alias"], {}, out._storage.generation, f"function {self.cls.__name__}")
        return out

    def _placed(self, i: int, o: Any, node: FunctionNode, single: bool) -> Any:
        if not isinstance(o, TensorBase):
            return o
        if not self.real[i]:
            if self._is_plain_input(o):
                return self._alias(o)
            if id(o) not in self.dirty:
                o._node = None
            return o
        made: Node = node if single else Output(node, i, o._data)
        if id(o) in self.dirty:
            inplace.follow(o, o._data, made)
            return o
        if id(o) in self.inputs:
            o = self._alias(o)
        elif o._view is not None:
            o._view.origin = f"function {self.cls.__name__}"
        o._node, o._output, o._cut = made, i, None
        return o

    def _keep(self, node: FunctionNode | None, number: dict[int, int] | None = None) -> None:
        """Save what was asked for, and mark intermediate results, through which no second derivative can pass."""
        ctx = self.ctx
        for i, t in enumerate(ctx._kept):
            if t is not None and not isinstance(t, TensorBase):
                raise TypeError(
                    f"save_for_backward can only save variables, but argument {i} is of type {type(t).__name__}"
                )
        if node is None or number is None:
            return
        versions: list[Any] = []
        saved: list[SavedValue | None] = []
        for i, t in enumerate(ctx._kept):
            if t is not None and id(t) in number and self.real[number[id(t)]]:
                index = number[id(t)]
                t = self.outputs[index]
                saved.append(save(t, None if len(self.outputs) == 1 else index, own=True))
            else:
                t = t if t is None else self._guarded(t, f"save_for_backward argument {i}", node)
                saved.append(None if t is None else save(t))
            if (last := saved[-1]) is not None and last.unpack_hook is None:
                versions.append((t.storage, t.storage.version))
        ctx._saved, ctx._kept = tuple(saved), ()
        node.versions = tuple(versions)
        for name, value in list(ctx.__dict__.items()):
            if name.startswith("_") or not isinstance(value, TensorBase):
                continue
            if id(value) in number and self.real[number[id(value)]]:  # no cycle from an output over ctx to itself
                place = None if len(self.outputs) == 1 else number[id(value)]
                ctx._own[name] = save(value, place, own=True, hooks=False)
                del ctx.__dict__[name]
            elif id(value) in self.inputs and value._node is not None:  # nor from an input over its .grad
                ctx._own[name] = save(value, hooks=False)
                del ctx.__dict__[name]
            else:
                ctx.__dict__[name] = self._guarded(value, f"ctx.{name}", node)

    def _guarded(self, t: Any, name: str, node: FunctionNode) -> Any:
        """An intermediate result of the forward, marked; inputs and outputs as they are."""
        if id(t) in self.inputs or any(t is o for o in self.outputs) or t._node is not None:
            return t
        if t._cut is None or t._cut[0] != "no_grad" or t._data.dtype.kind != "f":
            return t
        function = self.cls.__name__
        return refused(
            t,
            f"{function}.backward cannot be differentiated: it uses {name}, which {function}.forward computed from its "
            "inputs but which is neither an input nor an output, so that the graph does not know where it comes from. "
            "Save the inputs with ctx.save_for_backward and compute it again in backward, or return it as an output.",
            node.edges,
        )
