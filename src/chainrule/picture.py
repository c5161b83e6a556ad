"""The recorded graph as text."""

from __future__ import annotations

import sys
from heapq import heappop, heappush
from typing import Any

import numpy as np

from . import record
from .graph import AccumulateGrad, Node, Output, TensorBase, internal
from .strands import counted, strands


def graph_text(tensor: TensorBase, *, limit: int = 500) -> str:
    """The graph that `tensor` was computed by, drawn with characters.

    Tensors have the names they have where this is called, parameters those of their module. Only
    the `limit` last operations are drawn; how many came before is said. Nothing recurses, and a
    graph of n operations takes time in proportion to n log n.

    >>> import chainrule as cr
    >>> x, w = cr.ones(4, 3), cr.ones(3, 2, requires_grad=True)
    >>> h = x.mm(w)
    >>> loss = (h * h.exp()).sum()
    >>> print(cr.graph_text(loss))
    4 operations, 1 leaf
    ○    w  3×2
    ●    mm(x, w)   ...
    │    h  4×2
    ├─●  exp(h)   ...
    │ │  4×2
    ●─╯  mul(h, ·)   ...
    │    4×2
    ●    sum(·)   ...
    ▼    loss  scalar
    """
    root = _made(record.node_of(tensor))
    names = _Names(sys._getframe(1))
    if root is None:
        return f"no operation: {names.of_array(tensor._data) or 'the tensor'} does not require grad and has no grad_fn"
    order, leaves, hidden = _reachable(root, limit)
    drawn = {node for node in order if type(node) is AccumulateGrad}
    lines = strands(
        order,
        lambda node: [edge for edge in map(_made, node.edges) if edge is not None],
        lambda node: f"{names.of_node(node)}  {_shapes(node)}".strip(),
        lambda node: (_call(node, names), node.line),
        drawn,
    )
    count = len(order) - len(drawn)
    head = f"{counted(count + hidden, 'operation')}, {counted(leaves, 'leaf', 'leaves')}"
    if hidden:
        head += f"; the first {hidden:,} operations are not drawn (limit={limit})"
    return "\n".join([head, *lines])


def _made(node: Node | None) -> Node | None:
    """The node that ran: one of several results leads to the node that made them all."""
    return node.parent if type(node) is Output else node


def _reachable(root: Node, limit: int) -> tuple[list[Node], int, int]:
    """The nodes to draw, last first; how many leaves there are, and how many operations are left out."""
    order: list[Node] = []
    seen = {root}
    heap = [(-root.number, root)]
    leaves = operations = 0
    while heap:
        node = heappop(heap)[1]
        if type(node) is AccumulateGrad:
            leaves += 1
        else:
            operations += 1
        if operations <= limit:
            order.append(node)
        for edge in map(_made, node.edges):
            if edge is not None and edge not in seen:
                seen.add(edge)
                heappush(heap, (-edge.number, edge))
    return order, leaves, max(0, operations - limit)


class _Names:
    """What the user calls the tensors: variables of the calling frame, names of parameters."""

    def __init__(self, frame: Any):
        while internal[frame.f_code.co_filename] and frame.f_back is not None:
            frame = frame.f_back
        self.nodes: dict[Any, str] = {}
        self.arrays: dict[int, str] = {}
        for name, value in [*frame.f_locals.items(), *frame.f_globals.items()]:
            if isinstance(value, TensorBase) and not name.startswith("_"):
                self.nodes.setdefault(record.node_of(value), name)
                self.arrays.setdefault(id(value._data), name)

    def of_array(self, array: Any) -> str:
        """The name of a tensor without gradient; empty if it has none."""
        return self.arrays.get(id(array), "")

    def of_node(self, node: Node) -> str:
        """The name of what a node made; empty if it has none."""
        leaf = node.variable if type(node) is AccumulateGrad else None
        return (leaf._name if leaf is not None else None) or self.nodes.get(node, "")


def _shapes(node: Node) -> str:
    """`64×3`, or that of each of several results; the dtype where it is not float32."""
    several = isinstance(node.dtype, tuple)
    dtypes: Any
    shapes, dtypes = (node.shape, node.dtype) if several else ((node.shape,), (node.dtype,))
    return ", ".join(_shape(s) + ("" if d == np.float32 else f" {d}") for s, d in zip(shapes, dtypes, strict=True))


def _shape(shape: Any) -> str:
    return "×".join(map(str, shape)) or "scalar"


def _call(node: Node, names: _Names) -> str:
    """`clamp(h, min=0)`: the operation with its operands; `·` stands for a tensor that has no name."""
    if node.op is None:
        return f"{node.name()}({', '.join('·' if e is not None else '_' for e in node.edges)})"
    if node.saved is None:
        return f"{_plain(node.op.name)}: freed by backward()"
    op, saved = node.op, node.saved
    operands = saved[1] if op.variadic else saved[1 : 1 + len(op.args)]
    edges = [*node.edges, *[None] * (len(operands) - len(node.edges))]
    parts = [_operand(a, _made(e), names) for a, e in zip(operands, edges, strict=True)]
    values = saved[2:] if op.variadic else saved[1 + len(op.args) :]
    parts += [f"{k}={v!r}" for k, v in zip(op.params, values, strict=False) if v is not None and v is not False]
    return f"{_plain(op.name)}({', '.join(parts)})"


def _operand(value: Any, edge: Node | None, names: _Names) -> str:
    if edge is not None:
        return names.of_node(edge) or "·"
    if isinstance(value, np.ndarray):
        return names.of_array(value) or (_shape(value.shape) if value.ndim else f"{value.item():g}")
    return repr(value)


def _plain(name: str) -> str:
    """What the user called: `square` for the record `_square`, `sum` for `sum_all`, its form without dimensions."""
    return name.lstrip("_").removesuffix("_all")
