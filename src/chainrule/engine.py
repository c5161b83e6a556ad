"""Reverse mode: `backward` and `grad` over a recorded graph. Knows kinds of rules, no operation by name.

Nodes are visited by descending running number, which is a topological order for free; nothing
recurses. A run first computes and only then commits: gradients reach `.grad` and saved values are
freed when the whole pass has succeeded, so a pass that fails leaves everything as it was.
"""

from __future__ import annotations

import _thread
import sys
import warnings
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from types import CodeType
from typing import Any

import numpy as np

from . import dtypes, record
from . import hooks as hooking
from .errors import GradientWarning
from .failures import freed_error, unused_error, version_error, warn_of_growth
from .graph import AccumulateGrad, Node, Output, TensorBase, call_site
from .modes import enter_quiet, leave_quiet, state

ndarray = np.ndarray
_getrefcount = sys.getrefcount
# One lock for all `.grad`: threads that share leaves must not lose each other's additions.
_lock = _thread.allocate_lock()
# In anomaly mode, calls `compute` for (node, edges, g) and looks at the gradients it returns.
watch: Callable[[Node, Any, Any, Callable[[], Sequence[Any]]], Sequence[Any]] | None = None


class Run:
    """One backward pass: what it was asked, and where, for the messages of later ones."""

    __slots__ = ("code", "offset", "root")

    def __init__(self, root: int, site: tuple[CodeType, int]):
        self.root = root
        self.code, self.offset = site


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum a gradient over the axes along which its operand was broadcast."""
    lead = len(g.shape) - len(shape)
    if lead < 0:
        return g + np.zeros(shape, g.dtype) if isinstance(g, (ndarray, np.generic)) else g.expand(shape)
    axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(shape) if n == 1 and g.shape[i + lead] != 1)
    return g.sum(axes).reshape(shape) if axes else np.broadcast_to(g, shape)


def run(
    roots: Sequence[tuple[Node, Any]], create_graph: bool, targets: Sequence[Node] | None = None
) -> tuple[dict[Node, Any], list[tuple[AccumulateGrad, Any]], list[tuple[Any, Any]], list[Node]]:
    """Propagate gradients from the roots; nothing of the graph changes.

    Returns the gradients at `targets`, the pairs (leaf node, gradient), the pairs (tensor,
    gradient) for retained gradients, and the nodes visited. With `targets`, only nodes on a path
    to one of them run.

    One long loop on purpose: it costs 0.75 µs per node, and a function called per node adds 0.1.
    """
    needed = None if targets is None else _needed([node for node, _ in roots], targets)
    captured: dict[Node, Any] = {} if targets is None else dict.fromkeys(targets)
    retained: list[tuple[Any, Any]] = []
    visited: list[Node] = []
    grads: dict[Node, Any] = {}  # what has arrived so far; leaves just wait here for the end
    owned: set[Node] = set()  # nodes whose buffer in `grads` nobody else can see
    heap: list[tuple[int, Node]] = []
    for root, g in roots:
        _deliver(root, g, grads, heap)
    special = create_graph or state.anomaly is not None or state.absorbing
    # `top` is one of the pending nodes, kept out of the heap: along a chain the heap stays empty.
    top: Any = None
    node: Any
    # The buffers below are dropped as soon as they were used; `gi = None` matters for that.
    while True:
        if heap and (top is None or -heap[0][0] > top.number):
            node = heappop(heap)[1]
        elif top is not None:
            node = top
            top = None
        else:
            break
        g = grads.pop(node)
        hooks = node.hooks
        if hooks is not None:
            g = hooking.before(node, g, retained, create_graph)
        arity = node.arity
        if arity == 1:
            edges: tuple[Any, ...] = (node.edge,)
        elif arity == 2:
            edges = (node.edge_a, node.edge_b)
        else:
            edges = node.edges
        if targets is not None:
            if node in captured:
                captured[node] = g
            edges = tuple([e if e in needed else None for e in edges])  # type: ignore[operator]
            if not any(edges):
                continue
        op = node.op
        if special or op is None or op.joint is not None or (hooks is not None and hooks.post):
            if node.parent is not None:
                _fill_slot(node, g, grads, heap)
                continue
            _check(node, roots)
            visited.append(node)
            for edge, gi in zip(edges, _gradients_of(node, edges, g, create_graph), strict=True):
                if edge is not None and gi is not None:
                    _deliver(edge, gi, grads, heap)
            gi = None
            continue
        if arity == 1:
            storage, other = node.storage, node.storage_y
            if (
                node.rest is None
                or (storage is not None and storage.version != node.version)
                or (other is not None and other.version)
            ):
                _check(node, roots)
            values = (g, node.y, node.x, *node.rest)
        elif arity == 2:
            storage, other = node.storage_a, node.storage_b
            if (
                node.rest is None
                or (storage is not None and storage.version != node.version_a)
                or (other is not None and other.version != node.version_b)
                or (node.storage_y is not None and node.storage_y.version)
            ):
                _check(node, roots)
            values = (g, node.y, node.a, node.b, *node.rest)
        else:
            _check(node, roots)
            values = (g, *node.saved)
        visited.append(node)
        if op.in_place:
            if op.overwrite is not None:
                if hooks is not None or node not in owned or node in captured or not g.flags.c_contiguous:
                    g = np.array(g, order="C")
                _overwrite_in_place(op, edges, g, values, grads, owned, heap)
            elif edges[0] is not None:
                _accumulate_in_place(node, edges[0], values, grads, owned, heap)
            continue
        elementwise = op.elementwise
        for edge, (rule, pick, slope) in zip(edges, op.steps):
            if edge is None:
                continue
            if rule is not None:
                gi = g * rule(*pick(values)) if elementwise else rule(*pick(values))
            elif slope == 1:
                gi = g
            elif slope is None:
                continue
            else:
                gi = g * slope
            if gi.shape != edge.shape:
                gi = unbroadcast(gi, edge.shape)
            if gi.dtype is not edge.dtype:
                gi = gi.astype(edge.dtype)
            if edge not in grads:
                grads[edge] = gi
                if edge.arity < 0:
                    pass
                elif top is None:
                    top = edge
                elif edge.number > top.number:
                    heappush(heap, (-top.number, top))
                    top = edge
                else:
                    heappush(heap, (-edge.number, edge))
            elif edge in owned:
                total = grads[edge]
                total += gi
            else:
                grads[edge] = total = grads[edge] + gi
                if type(total) is ndarray:
                    owned.add(edge)
        gi = total = None
        values = ()
    leaves = _leaves(grads, retained, create_graph, captured)
    return captured, leaves if targets is None else [], retained, visited


def _leaves(
    grads: dict[Node, Any], retained: list[tuple[Any, Any]], create_graph: bool, captured: dict[Node, Any]
) -> list[tuple[Any, Any]]:
    """The leaves with their total gradients, after their hooks; the dict is emptied."""
    leaves = []
    while grads:
        node, g = grads.popitem()
        if node.hooks is not None:
            g = hooking.before(node, g, retained, create_graph)
        if node in captured:
            captured[node] = g
        else:
            leaves.append((node, g))
    return leaves


def _check(node: Node, roots: Sequence[tuple[Node, Any]]) -> None:
    """Raise unless what a node saved is still there and still what it was."""
    if node.is_freed:
        raise freed_error(node, roots)
    for storage, version in node.versions:
        if storage.version != version:
            raise version_error(node, storage, version)


def _fill_slot(node: Any, g: Any, grads: dict[Node, Any], heap: list[Any]) -> None:
    """Hand the gradient of one of several results to the node that made them all."""
    slots = grads.get(node.parent)
    if slots is None:
        slots = grads[node.parent] = {}
        heappush(heap, (-node.parent.number, node.parent))
    slots[node.index] = slots[node.index] + g if node.index in slots else g


def _deliver(edge: Node, g: Any, grads: dict[Node, Any], heap: list[Any]) -> None:
    """Add a gradient to what has arrived at a node so far; broadcasting and casts are undone here."""
    if g.shape != edge.shape:
        g = unbroadcast(g, edge.shape)
    if isinstance(g, TensorBase):
        if g._data.dtype is not edge.dtype:
            g = g.to(dtypes.from_numpy_dtype(edge.dtype))  # type: ignore[attr-defined]
    elif g.dtype is not edge.dtype:
        g = g.astype(edge.dtype)
    if edge in grads:
        grads[edge] = grads[edge] + g
    else:
        grads[edge] = g
        if edge.arity >= 0:
            heappush(heap, (-edge.number, edge))


def _gradients_of(node: Any, edges: tuple[Any, ...], g: Any, create_graph: bool) -> Sequence[Any]:
    """A node's gradients by the long way: hooks, gradients of gradients, joint rules, Functions."""
    if state.anomaly is None or watch is None:
        grads = _compute(node, edges, g, create_graph)
    else:
        grads = watch(node, edges, g, lambda: _compute(node, edges, g, create_graph))
    if node.hooks is not None and node.hooks.post:
        grads = hooking.after(node, edges, grads, g, create_graph, unbroadcast)
    return grads


def _compute(node: Any, edges: tuple[Any, ...], g: Any, create_graph: bool) -> Sequence[Any]:
    op = node.op
    if op is None:
        grads = node.run_backward(g, edges, create_graph)
    else:
        if type(g) is dict:
            g = _materialize(node, g)
        values = _as_tensors(node, g) if create_graph else (g, *node.saved)
        if op.joint is not None:
            grads = op.joint(*op.pick_joint(values))
        else:
            grads = []
            for edge, (rule, pick, slope) in zip(edges, op.steps, strict=True):
                if edge is None or (rule is None and slope is None):
                    grads.append(None)
                else:
                    factor = slope if rule is None else rule(*pick(values))
                    if op.elementwise and state.absorbing and rule is not None:
                        factor = np.where(g == 0, 0.0, factor)
                    grads.append(g * factor if op.elementwise or rule is None else factor)
    return grads


def _accumulate_in_place(
    node: Node, edge: Node, values: tuple[Any, ...], grads: dict[Node, Any], owned: set[Node], heap: list[Any]
) -> None:
    """Add the gradient of a part (a row, a slice) to the buffer of the whole."""
    buffer = grads.get(edge)
    if buffer is None:
        grads[edge] = buffer = np.zeros(edge.shape, edge.dtype)
        owned.add(edge)
        if edge.arity >= 0:
            heappush(heap, (-edge.number, edge))
    elif edge not in owned or type(buffer) is not ndarray:
        grads[edge] = buffer = np.array(buffer, order="C")
        owned.add(edge)
    node.op.accumulate(buffer, *node.op.pick_accumulate(values))


def _overwrite_in_place(op: Any, edges: Any, g: Any, values: Any, grads: Any, owned: set[Node], heap: Any) -> None:
    """Let the gradient of the result become, in its own memory, that of the partly overwritten argument."""
    rest = op.overwrite(g, *op.pick_overwrite(values))
    for edge, gi in zip(edges, (g, *rest), strict=True):
        if edge is not None and gi is not None:
            if gi is g and edge not in grads:
                owned.add(edge)
            _deliver(edge, gi, grads, heap)


def _needed(roots: Sequence[Node], targets: Sequence[Node]) -> set[Node]:
    """The nodes that lie on a path from a root to a target."""
    seen: set[Node] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [e for e in node.edges if e is not None and e not in seen]
    needed = set(targets) & seen
    if len(needed) < len(set(targets)):  # what is missing may lie behind a part that was freed
        for node in seen:
            if node.arity >= 0 and node.is_freed:
                raise freed_error(node, [(root, None) for root in roots])
    for node in sorted(seen, key=lambda n: n.number):
        if any(e in needed for e in node.edges if e is not None):
            needed.add(node)
    return needed


def reached_now() -> set[Node]:
    """The nodes that the pass which is running now in this thread comes by."""
    roots, targets = state.current
    nodes = [node for node, _ in roots]
    if targets is not None:
        return _needed(nodes, targets)
    seen: set[Node] = set()
    while nodes:
        node = nodes.pop()
        if node not in seen:
            seen.add(node)
            nodes += [e for e in node.edges if e is not None]
    return seen


def _as_tensors(node: Node, g: Any) -> tuple[Any, ...]:
    """What a rule needs as tensors that remember where they came from, for gradients of gradients."""
    out = list(node.saved or ())
    if type(out[0]) is ndarray:
        out[0] = _tensor(out[0], node)
    elif type(out[0]) is record.SeveralResults:
        out[0] = tuple(_tensor(y, Output(node, i, y)) if y.dtype.kind == "f" else y for i, y in enumerate(out[0]))
    if node.op.variadic:
        out[1] = tuple(
            _tensor(a, e) if e is not None and a is not None else a for a, e in zip(out[1], node.edges, strict=True)
        )
    else:
        for i, edge in enumerate(node.edges, 1):
            if edge is not None and out[i] is not None:
                out[i] = _tensor(out[i], edge)
    if node.duals is not None:
        record.restore_tangents(node, out)
    return (g, *out)


def _tensor(array: Any, node: Node | None) -> Any:
    out = record.wrap(array)
    out._node = node
    return out


def _materialize(node: Node, slots: dict[int, Any]) -> tuple[Any, ...]:
    """Zeros for the results of a node through which no gradient came."""
    like = next(iter(slots.values()))
    zeros = [np.zeros(s, d) for s, d in zip(node.shape, node.dtype, strict=True)]  # type: ignore[call-overload]
    if isinstance(like, TensorBase):
        return tuple(slots[i] if i in slots else record.wrap(z) for i, z in enumerate(zeros))
    return tuple(slots.get(i, z) for i, z in enumerate(zeros))


# ── commit ──────────────────────────────────────────────────────────────────────────────────────


def accumulate(node: AccumulateGrad, g: Any, exclusive: bool) -> None:
    """Add a gradient to a leaf's `.grad`. `exclusive`: nobody else can see this array."""
    leaf = node.reference()
    if leaf is None or leaf._node is None:  # gone, or no longer asks for a gradient
        return
    _lock.acquire()
    try:
        old = leaf._grad
        if isinstance(g, TensorBase):
            leaf._grad = g if old is None else old + g
        elif old is None:
            leaf._grad = record.wrap(g if exclusive and _is_plain(g) else np.array(g, order="K"))
        elif old._node is not None or (old._data.base is not None and not old._data.flags.writeable):
            leaf._grad = record.wrap(old._data + g)
        else:
            np.add(old._data, g, old._data)
    finally:
        _lock.release()


def _is_plain(g: Any) -> bool:
    return type(g) is ndarray and g.base is None and g.flags.writeable


def commit(
    leaves: list[tuple[AccumulateGrad, Any]], retained: list[tuple[Any, Any]], visited: list[Node], where: Run | None
) -> None:
    """Make a finished pass real: `.grad` of leaves and retained tensors, saved values freed."""
    if where is not None:
        for node in visited:
            node.free(where)
    for tensor, g in retained:
        tensor._grad = g if isinstance(g, TensorBase) else record.wrap(np.array(g))
    hooked: list[tuple[AccumulateGrad, Any]] = []
    while leaves:
        leaf, g = leaves.pop()
        if leaf.hooks is not None:
            hooked.append((leaf, g if leaf.hooks.post else None))
        # 2: the name `g` and the argument; an array that is a view or frozen is never taken over.
        accumulate(leaf, g, _getrefcount(g) == 2)
    for leaf, g in hooked:  # one that raises costs no other leaf its gradient
        hooking.accumulated(leaf, g)


def _execute(
    roots: Sequence[tuple[Node, Any]],
    retain_graph: bool,
    create_graph: bool,
    targets: Sequence[Node] | None = None,
    finish: Callable[[dict[Node, Any], list[tuple[AccumulateGrad, Any]]], None] | None = None,
) -> dict[Node, Any]:
    """Run, let `finish` look at the result, commit."""
    where = None if retain_graph else Run(roots[0][0].number, call_site(3))
    before = state.grad
    if create_graph:
        state.set_grad(True)
    outer, state.current = state.current, (roots, targets)
    quiet = enter_quiet()
    try:
        captured, leaves, retained, visited = run(roots, create_graph, targets)
        if finish is not None:
            finish(captured, leaves)
        if retain_graph and not create_graph and targets is None:
            warn_of_growth(roots[0][0], visited, call_site(3))
        commit(leaves, retained, visited, where)
    finally:
        leave_quiet(quiet)
        state.current = outer
        if create_graph:
            state.set_grad(before)
    return captured


_ONES = {d: np.ones((), d) for d in dtypes.FLOATS}


def backward(
    roots: Sequence[tuple[Node, Any]], retain_graph: bool, create_graph: bool, inputs: Sequence[Any] | None = None
) -> None:
    """Gradients of the roots, added to `.grad` of every leaf, or of `inputs` only."""
    if inputs is None:
        if all(type(node) is AccumulateGrad for node, _ in roots):
            warnings.warn(
                "backward() reaches no parameter: the loss itself is a leaf, requires_grad_() on it connects it to "
                "nothing. Find where its graph was cut; without requires_grad_() the error names the place.",
                GradientWarning,
                stacklevel=4,
            )
        _execute(roots, retain_graph, create_graph)
        return
    targets = [record.node_of(t) if isinstance(t, TensorBase) else t._node for t in inputs]

    def to_inputs(captured: dict[Node, Any], leaves: list[tuple[AccumulateGrad, Any]]) -> None:
        for tensor, target in zip(inputs, targets, strict=True):
            g = captured.pop(target, None)  # type: ignore[arg-type]
            if g is not None:
                leaves.append((target if type(target) is AccumulateGrad else AccumulateGrad(tensor), g))

    _execute(roots, retain_graph, create_graph, targets, to_inputs)  # type: ignore[arg-type]


def backward_scalar(tensor: TensorBase) -> bool:
    """`backward()` of one 0-d tensor without arguments; False where there is more to it."""
    node = record.node_of(tensor)
    if node is None or node.arity < 0 or tensor._data.shape:
        return False
    _execute(((node, _ONES[tensor._data.dtype]),), False, False)
    return True


def gradients(
    roots: Sequence[tuple[Node, Any]], inputs: Sequence[Any], retain_graph: bool, create_graph: bool, unused: bool
) -> list[Any]:
    """Gradients of the roots at `inputs`; `.grad` is left alone. None where not reached, if `unused`."""
    targets = [record.node_of(t) if isinstance(t, TensorBase) else t._node for t in inputs]

    def all_reached(captured: dict[Node, Any], leaves: list[Any]) -> None:
        for i, target in enumerate(targets):
            if captured[target] is None:  # type: ignore[index]
                raise unused_error(i, inputs[i])

    captured = _execute(roots, retain_graph, create_graph, targets, None if unused else all_reached)  # type: ignore[arg-type]
    found = [captured[t] for t in targets]  # type: ignore[index]
    return [g if g is None or isinstance(g, TensorBase) else record.wrap(_unaliased(g)) for g in found]


def _unaliased(g: Any) -> Any:
    """A copy of a gradient that is a view, a scalar, or may not be written."""
    return g if _is_plain(g) else np.array(g)
