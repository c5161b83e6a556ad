"""The nodes that are no records: of a user's Function, and where no derivative passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import record
from ..errors import GraphError, ShapeError
from ..graph import Node, TensorBase, call_site, next_number
from ..modes import state
from .context import FunctionCtx


class FunctionNode(Node):
    """The node of a user's Function."""

    __slots__ = ("constants", "count", "ctx", "function", "positions")

    constants: tuple[Any, ...]  # the arguments that no gradient goes to; None in place of the others
    ctx: FunctionCtx
    function: Any
    positions: list[int]  # which of the arguments each edge belongs to
    count: int  # of arguments

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in FunctionNode.__slots__ or name in Node.__slots__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self.ctx, name)

    @property
    def is_freed(self) -> bool:
        return self.saved is None

    def free(self, run: Any) -> None:
        if self.ctx._saved:
            self.ctx._saved = self.saved = None
            self.ctx._kept = self.constants = ()
            self.versions = ()
            self.edges = (None,) * len(self.edges)
            self.freed_by = run

    def run_backward(self, g: Any, edges: Sequence[Any], create_graph: bool) -> list[Any]:
        """The gradients of the tensor arguments, as the user's backward has them."""
        function, name = self.function, type(self).__name__
        rule = function.rule()
        several = isinstance(self.shape, list)
        given = [g] if not several else [g.get(i) for i in range(len(self.shape))]
        grads = [self._incoming(i, x) for i, x in enumerate(given)]
        before = state.grad
        state.set_grad(create_graph)
        try:
            found = rule(self.ctx, *grads)
        finally:
            state.set_grad(before)
        found = found if isinstance(found, tuple) else (found,)
        n = self.count
        if len(found) > n and all(x is None for x in found[n:]):
            found = found[:n]
        if len(found) != n:
            raise GraphError(
                f"function {name} returned an incorrect number of gradients (expected {n}, got {len(found)})"
            )
        for i, x in enumerate(found):
            if x is not None and i not in self.positions:
                raise GraphError(
                    f"function {name} returned a gradient different than None at position {i + 1}, but the "
                    "corresponding forward input was not a Variable"
                )
        return [
            None if e is None else self._outgoing(k, found[i], e, create_graph)
            for k, (i, e) in enumerate(zip(self.positions, edges, strict=True))
        ]

    def _incoming(self, i: int, g: Any) -> Any:
        if g is not None:
            return g if isinstance(g, TensorBase) else record.wrap(g)
        shape, dtype = self.shape[i], self.dtype[i]
        return record.wrap(np.zeros(shape, dtype)) if self.ctx._materialize and shape is not None else None

    def _outgoing(self, index: int, g: Any, edge: Node, create_graph: bool) -> Any:
        if g is None:
            return None
        if not isinstance(g, TensorBase):
            raise GraphError(f"expected Variable or None (got {type(g).__name__})")
        got, want = g._data.shape, edge.shape
        lead = len(got) - len(want)
        if got != want and (lead < 0 or any(n not in (1, m) for n, m in zip(want, got[lead:], strict=True))):
            raise ShapeError(
                f"Function {type(self).__name__} returned an invalid gradient at index {index} - got {list(got)} but "
                f"expected shape compatible with {list(want)}"
            )
        return g if create_graph else g._data


class RefusalNode(Node):
    """Stands where a second derivative would have to pass and cannot; says why."""

    __slots__ = ("error",)
    error: str

    def run_backward(self, g: Any, edges: Any, create_graph: bool) -> Any:
        """Refuse."""
        raise GraphError(self.error)


def refused(tensor: Any, error: str, behind: Sequence[Any]) -> Any:
    """The same value, through which a gradient to one of the nodes `behind` raises `error`."""
    out = record.wrap(tensor._data)
    out._storage = tensor.storage
    node: Any = RefusalNode()
    node.error = error
    fill_in(node, behind, out._data.shape, out._data.dtype)
    out._node = node
    return out


def fill_in(node: Any, edges: Sequence[Any], shape: Any, dtype: Any) -> None:
    """The part of a node that the engine asks every node for."""
    node.edges = tuple(edges)
    node.saved = ()
    node.versions = ()
    node.number = next_number()
    node.shape, node.dtype = shape, dtype
    node.hooks = None
    node.code, node.offset = call_site(3)
