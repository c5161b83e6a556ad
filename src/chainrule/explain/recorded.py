"""The recorded graph as an explanation reads it: operations in the order in which they ran, tensors with names.

Nothing was noted down for this while the graph was recorded. Results that the graph did not keep are
computed again, from the leaves and constants it knows.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from .. import dtypes, record
from ..errors import GraphError
from ..expr import Expr
from ..expr.expression import Called
from ..failures import freed_error, version_error
from ..graph import AccumulateGrad, Node, Output, TensorBase
from ..op import FLOAT, Op
from .names import Names, identifiers

SMALL = 6  # constants without a name of up to this size are written out as numbers


class Value:
    """A tensor of the graph: an edge of the picture, a symbol in formulas."""

    __slots__ = (
        "array", "base", "dtype", "identifier", "kind", "name", "named", "operation", "shape", "symbol", "tensor",
        "tracked",
    )  # fmt: skip

    symbol: Expr
    identifier: str
    operation: Operation | None

    def __init__(self, kind: str, name: str, named: bool, shape: Any, dtype: Any, array: Any = None):
        self.kind = kind  # "parameter", "input" (a constant that has a name), "constant", "result"
        self.name = name  # as the user says it: "w[3]", "model.0.weight"; made up for a result without one
        self.named = named
        self.shape = tuple(shape)
        self.dtype = dtype
        self.array = array  # known at once for leaves and constants
        self.operation = None
        self.tensor: Any = None  # of a leaf
        self.base: Value | None = None  # a constant of which this is another shape
        self.tracked = kind in ("parameter", "result")  # whether gradients reach it

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} {'×'.join(map(str, self.shape)) or 'scalar'}>"


class Operation:
    """One recorded operation."""

    __slots__ = ("args", "code", "edges", "line", "module", "name", "node", "number", "op", "outputs", "params")

    def __init__(self, number: int, node: Node, args: tuple[Any, ...], params: dict[str, Any], edges: tuple[bool, ...]):
        self.number = number
        self.node = node
        self.op: Op | None = node.op
        self.name = called(node)
        self.args = args  # a Value, or a number, for each argument
        self.params = params  # arrays among them are Values
        self.edges = edges  # which arguments a gradient goes to
        self.outputs: tuple[Value, ...] = ()
        self.line = node.line
        self.code = source_line(node)
        self.module = ""

    def __repr__(self) -> str:
        return f"<operation {self.number} {self.name}>"

    @property
    def inputs(self) -> list[Value]:
        """The tensors that go in, those among the parameters too."""
        return values_in((self.args, self.params))


def called(node: Node) -> str:
    """What the user called: `square` for the record `_square`, the class for a Function."""
    if node.op is None:
        return node.name().removesuffix("Backward")
    return node.op.name.strip("_").removesuffix("_all")


def source_line(node: Node) -> str:
    """The text of the line that called the operation; empty where the file cannot be read."""
    if node.code is None or not node.line:
        return ""
    return linecache.getline(node.code.co_filename, int(node.line.rsplit(":", 1)[1])).strip()


def address(array: np.ndarray[Any, Any]) -> int:
    """Where the first element lies."""
    return int(array.__array_interface__["data"][0])


def memory(array: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    """The same for two arrays of the same elements."""
    return address(array), array.shape, array.strides, array.dtype


def map_tree(tree: Any, kind: type, f: Callable[[Any], Any]) -> Any:
    """Nested tuples, lists, dicts and slices with `f` applied to what is of a kind."""
    if isinstance(tree, kind):
        return f(tree)
    if type(tree) in (tuple, list):
        return type(tree)([map_tree(x, kind, f) for x in tree])
    if type(tree) is dict:
        return {name: map_tree(x, kind, f) for name, x in tree.items()}
    if type(tree) is slice:
        return slice(*(map_tree(x, kind, f) for x in (tree.start, tree.stop, tree.step)))
    return tree


def values_in(tree: Any) -> list[Value]:
    """The Values in a nested structure, in order."""
    found: list[Value] = []
    map_tree(tree, Value, found.append)
    return found


class Recorded:
    """The part of the graph that the roots depend on."""

    def __init__(self, roots: Sequence[TensorBase], names: Names):
        self.names = names
        self.operations: list[Operation] = []
        self.leaves: list[Value] = []
        self.constants: list[Value] = []
        self._of_node: dict[tuple[Node, int], Value] = {}
        self._of_array: dict[int, Value] = {}
        self._views: list[Value] = []  # constants that are another shape of one that has a name
        self._of_memory: dict[Any, Value] = {}  # two views of the same elements are one constant
        nodes = [self._root(t) for t in roots]
        for node in _reachable(nodes):
            if type(node) is AccumulateGrad:
                self._leaf(node)
            elif type(node) is not Output:
                self._operation(node, nodes)
        self.roots = [self._of_node[_made(node)] for node in nodes]
        for tensor, root in zip(roots, self.roots, strict=True):
            root.array = tensor._data
        self._name()

    @property
    def values(self) -> list[Value]:
        """Every tensor: leaves, constants, results in the order in which they were made."""
        return [*self.leaves, *self.constants, *(v for o in self.operations for v in o.outputs)]

    def value_of(self, tensor: TensorBase) -> Value | None:
        """The Value of a tensor; None for one that is no part of this graph."""
        node = record.node_of(tensor)
        if node is not None:
            return self._of_node.get(_made(node))
        return self._of_array.get(id(tensor._data))

    # ── reading ─────────────────────────────────────────────────────────────────────────────────

    def _root(self, tensor: TensorBase) -> Node:
        node = record.node_of(tensor)
        if node is None:
            raise GraphError(
                "explain(): this tensor does not require grad and does not have a grad_fn, so there is no graph to "
                "explain. Call requires_grad_() on the parameters before the forward pass, or make it outside of "
                "no_grad()"
            )
        return node

    def _leaf(self, node: AccumulateGrad) -> None:
        leaf = node.variable
        name = None if leaf is None else self.names.of_leaf(leaf)
        value = Value("parameter", name or "", bool(name), node.shape, node.dtype, None if leaf is None else leaf._data)
        value.tensor = leaf
        self._of_node[node, 0] = value
        self.leaves.append(value)

    def _operation(self, node: Any, roots: list[Node]) -> None:
        if node.is_freed or (node.op is not None and node.edges == (None,)):
            raise freed_error(node, [(root, None) for root in roots])
        for storage, version in node.versions:
            if storage.version != version:
                raise version_error(node, storage, version)
        op, params = node.op, {}
        if op is None:
            args = self._function_arguments(node)
        else:
            saved = node.saved[1] if op.variadic else node.saved[1 : 1 + len(op.args)]
            edges = (*node.edges, *(None,) * (len(saved) - len(node.edges)))
            args = tuple(self._argument(a, e) for a, e in zip(saved, edges, strict=True))
            rest = node.saved[2:] if op.variadic else node.saved[1 + len(op.args) :]
            params = map_tree(dict(zip(op.params, rest, strict=False)), np.ndarray, self._constant)
        reached = tuple(type(a) is Value and a.tracked for a in args)
        operation = Operation(len(self.operations), node, args, params, reached)
        several = isinstance(node.shape, (tuple, list)) and isinstance(node.dtype, (tuple, list))
        shapes, types = (node.shape, node.dtype) if several else ([node.shape], [node.dtype])
        outputs = []
        for i, (shape, dtype) in enumerate(zip(shapes, types, strict=True)):
            name = self.names.of_node(node, i)
            value = Value("result", name or "", bool(name), shape, np.dtype(dtype))
            value.operation = operation
            self._of_node[node, i] = value
            outputs.append(value)
        operation.outputs = tuple(outputs)
        self.operations.append(operation)

    def _function_arguments(self, node: Any) -> tuple[Any, ...]:
        given = list(getattr(node, "constants", ()))
        if not given:  # an operation without a record: what its inputs were is all that is known
            return tuple(self._of_node[_made(e)] for e in node.edges if e is not None)
        for i, edge in zip(node.positions, node.edges, strict=True):
            if edge is not None:
                given[i] = self._of_node[_made(edge)]
        return tuple(self._constant(a._data) if isinstance(a, TensorBase) else a for a in given)

    def _argument(self, saved: Any, edge: Node | None) -> Any:
        if edge is not None:
            value = self._of_node[_made(edge)]
            if isinstance(saved, np.ndarray) and (saved.shape, saved.dtype) == (value.shape, value.dtype):
                value.array = saved  # what the operation was given, even where its own inputs were changed since
            return value
        return self._constant(saved) if isinstance(saved, np.ndarray) else saved

    def _constant(self, array: np.ndarray[Any, Any]) -> Any:
        """A constant as a Value; small ones that have no name stay as they are."""
        found = self._of_array.get(id(array)) or self._of_memory.get(memory(array))
        if found is None:
            name = self.names.of_array(array) or self._part_of_named(array) or self.names.equal(array)
            if name is None and (whole := self.names.reshaped(array)) is not None:
                base = self._constant(whole)
                found = Value("input", base.name, True, array.shape, array.dtype, array)
                found.base = base
                self._views.append(found)
                self._of_array[id(array)] = found
                return found
            if name is None and array.size <= SMALL:
                return array
            kind = "input" if name else "constant"
            found = Value(kind, name or "", bool(name), array.shape, array.dtype, array)
            self._of_memory[memory(array)] = found
            self.constants.append(found)
        self._of_array[id(array)] = found
        return found

    def _part_of_named(self, array: np.ndarray[Any, Any]) -> str | None:
        """`xs[3]` for a view that is an item of an array with a name, as in a loop over its first axis."""
        base: Any = array.base
        name = None if base is None or base.ndim != array.ndim + 1 else self.names.of_array(base)
        if name is None or base.shape[1:] != array.shape or base.strides[1:] != array.strides or not base.strides[0]:
            return None
        i, rest = divmod(address(array) - address(base), base.strides[0])
        return f"{name}[{i}]" if not rest and 0 <= i < len(base) else None

    # ── names ───────────────────────────────────────────────────────────────────────────────────

    def _name(self) -> None:
        """A name for what has none: the operation's and a number, steady from run to run."""
        taken = {v.name for v in self.values if v.named}
        counts: dict[str, int] = {}

        def fresh(stem: str) -> str:
            while True:
                counts[stem] = counts.get(stem, 0) + 1
                name = f"{stem}_{counts[stem]}"
                if name not in taken:
                    return name

        for value in self.values:
            if not value.named:
                owner = value.operation
                value.name = fresh(owner.name if owner else "leaf" if value.kind == "parameter" else "c")
            elif sum(v.name == value.name for v in self.roots) and value not in self.roots:
                value.name, value.named = fresh(value.name), False
        shown = [v.name for v in self.values]
        for value, identifier in zip(self.values, identifiers(shown), strict=True):
            value.identifier = identifier
            index = value.array is not None and value.dtype.kind in "biu"  # shapes may depend on it
            value.symbol = (
                Expr.known(identifier, value.array) if index else Expr.symbol(identifier, value.shape, value.dtype)
            )

        for view in self._views:
            view.identifier = view.base.identifier  # type: ignore[union-attr]
            view.symbol = view.base.symbol.reshape(view.shape)  # type: ignore[union-attr]


def _made(node: Node) -> tuple[Node, int]:
    """The node that ran and the number of its result."""
    return (node.parent, node.index) if type(node) is Output else (node, 0)  # type: ignore[return-value]


def _reachable(roots: Iterable[Node]) -> list[Node]:
    """The nodes behind the roots in the order in which they were made."""
    seen: set[Any] = set()
    stack: list[Any] = [_made(root)[0] for root in roots]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen.add(node)
            stack += [e if type(e) is not Output else e.parent for e in node.edges if e is not None]
    leaves = [n for n in seen if type(n) is AccumulateGrad]
    others = [n for n in seen if type(n) is not AccumulateGrad]
    by_number = lambda n: n.number
    return [*sorted(leaves, key=by_number), *sorted(others, key=by_number)]


# ── formulas and numbers ────────────────────────────────────────────────────────────────────────


def as_symbols(tree: Any) -> Any:
    """Parameters with the symbol in place of each Value."""
    return map_tree(tree, Value, lambda v: v.symbol)


def arguments(operation: Operation) -> tuple[Any, ...]:
    """What an operation is called with, as formulas."""
    return tuple(Expr.constant(a) if isinstance(a, np.ndarray) else as_symbols(a) for a in operation.args)


def function_word(operation: Operation, backward: bool) -> Called:
    """The forward or the backward of a user's Function as a word that formulas call by name."""
    node: Any = operation.node
    several = len(operation.outputs) > 1
    if not backward:

        def forward(*args: Any) -> Any:
            made = node.function.apply(*(record.wrap(a) if isinstance(a, np.ndarray) else a for a in args))
            return tuple(y._data for y in made) if several else made._data

        return Called(f"{operation.name}.forward", forward)

    def rule(*grads: Any) -> Any:
        g = dict(enumerate(grads)) if several else grads[0]
        found = [x for x in node.run_backward(g, node.edges, False) if x is not None]
        return tuple(found) if len(found) > 1 else found[0]

    return Called(f"{operation.name}.backward", rule)


def promoted(op: Op, arrays: Sequence[Any]) -> Sequence[Any]:
    """The arguments in the dtype in which they meet."""
    return arrays if op.promotion is None else dtypes.promote(arrays, op.promotion is FLOAT)
