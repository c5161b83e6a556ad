"""What the graph is made of: storage, views, nodes. The engine walks it; nothing here computes.

A tensor points to the node that made it; a node points to the nodes that made its inputs. Nothing
points back (a leaf is known to its `AccumulateGrad` by a weak reference only), so a graph is freed
by reference counting the moment its last tensor goes, without the cycle collector.
"""

from __future__ import annotations

import functools
import itertools
import os
import sys
from types import CodeType
from typing import Any
from weakref import ref

import numpy as np

from .errors import GraphError, NotSupportedError
from .op import Op

PACKAGE = os.path.dirname(__file__) + os.sep
next_number = itertools.count().__next__


class _PackageFiles(dict[str, bool]):
    """file name → does it belong to this package? A dict that answers misses itself."""

    def __missing__(self, filename: str) -> bool:
        inside = self[filename] = filename.startswith(PACKAGE)
        return inside


internal = _PackageFiles()


def call_site(depth: int = 1) -> tuple[CodeType, int]:
    """Code object and instruction offset of the nearest caller outside the package; never a frame."""
    frame = sys._getframe(depth)
    while internal[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    return frame.f_code, frame.f_lasti


def line_of(code: CodeType | None, offset: int) -> str:
    """`file.py:12` for a place; empty where it is not known."""
    if code is None:
        return ""
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= offset < end and number is not None:
            line = number
    return f"{os.path.basename(code.co_filename)}:{line}"


class Storage:
    """What all views of one memory share: how often it was written, and by whom last."""

    version = 0  # writes, whoever made them
    generation = 0  # writes that gradients have to follow: views made before are replayed
    writer: tuple[str, CodeType | None, int] | None = None
    dual_writes = 0  # writes that tangents have to follow
    savers: Any = None  # in debug mode, the nodes that saved this memory

    def __call__(self) -> None:
        """What PyTorch's `x.storage()` would be."""
        raise NotSupportedError(
            "storage() is not supported: the memory of a tensor is its NumPy array, x.detach().numpy(); data_ptr(), "
            "stride() and storage_offset() say where an element lies"
        )


class InferenceStorage(Storage):
    """The storage of a tensor made in inference mode: it may be used, but not be saved."""

    @property
    def version(self) -> int:  # type: ignore[override]
        """Asked for by whoever saves the tensor for backward, which is refused here, at no cost for others."""
        raise GraphError(
            "Inference tensors cannot be saved for backward. Please do not use Tensors created in inference mode in "
            "computation tracked by autograd. To work around this, you can make a clone to get a normal tensor and "
            "use it in autograd, or use `no_grad()` instead of `inference_mode()`."
        )


class View:
    """How a view comes from its base: from which view of it, by which operation and parameters."""

    __slots__ = ("_base", "generation", "op", "origin", "params", "parent")

    _base: TensorBase
    origin: str | None

    def __init__(self, base: TensorBase, op: Op, params: dict[str, Any], generation: int, origin: str | None):
        parent = base._view
        self.parent = parent
        self._base = base if parent is None else parent._base
        self.op = op
        self.params = params
        self.generation = generation
        # Why in-place writes are refused where gradients follow them: "no_grad", "inference", "multi".
        self.origin = origin if parent is None else parent.origin or origin

    @property
    def base(self) -> TensorBase:
        """The tensor that owns the memory; if `t_()` turned it into a view since, what it was before."""
        base = self._base
        while base._view is not None:
            base = base._view._base
        return base

    @property
    def chain(self) -> tuple[tuple[Op, dict[str, Any]], ...]:
        """Operations and parameters that lead from the base to this view."""
        steps = []
        view: View | None = self
        while view is not None:
            steps.append((view.op, view.params))
            view = view.parent
        return tuple(reversed(steps))


class TensorBase:
    """The part of a tensor that the engine knows: its array, node, storage and view.

    Rare attributes are class attributes until they are set, so that making a tensor costs four
    stores.
    """

    __slots__ = ("__dict__", "__weakref__", "_data", "_node", "_storage", "_view")

    _data: np.ndarray[Any, Any]
    _node: Node | None
    _storage: Storage | None
    _view: View | None

    _grad: Any = None
    _output = 0  # the number of the output of `_node` that this is
    _cut: tuple[str, CodeType | None, int] | None = None  # where the path of gradients ended
    _tangent: Any = None
    _name: str | None = None  # the qualified name a Module gives its parameter

    @property
    def storage(self) -> Storage:
        """The shared storage, made when something first has to be known about it."""
        if self._storage is None:
            self._storage = Storage()
            node = self._node
            if node is not None and node.arity > 0 and node.y is self._data:  # type: ignore[attr-defined]
                node.storage_y = self._storage  # type: ignore[attr-defined]
        return self._storage


# The edges of a freed node: what lies behind it can be freed too.
NO_EDGES = (None,)


class Hooks:
    """The hooks of one node, by kind; each an ordered dict from handle number to function."""

    __slots__ = ("post", "post_accumulate", "pre", "retain", "tensor")

    def __init__(self) -> None:
        self.tensor: dict[int, Any] = {}
        self.pre: dict[int, Any] = {}
        self.post: dict[int, Any] = {}
        self.post_accumulate: dict[int, Any] = {}
        self.retain: list[Any] = []  # weak references to tensors whose gradient is kept


class Node:
    """One executed operation: the record, the nodes of its inputs, what the rule needs.

    `saved` holds, in the record's order, the result, the arguments, the parameters and the shapes,
    with None where nothing is needed. Arguments without a gradient are always kept: they are what
    an explanation of the graph has no other way to find. Every record has a subclass of its own
    (`MulBackward0`), so that `type(t.grad_fn).__name__` reads as in PyTorch.

    Most operations have one or two arguments: `UnaryNode` and `BinaryNode` keep the same things in
    slots instead of tuples. One object per operation instead of three is what keeps the cost flat
    in long graphs: the cycle collector's share at 10⁵ nodes falls from 1.7 to 0.6 µs per node.
    """

    __slots__ = (
        "__dict__", "__weakref__", "code", "dtype", "edges", "freed_by", "hooks", "number", "offset",
        "saved", "shape", "versions",
    )  # fmt: skip

    op: Any = None  # the record; None for leaves, outputs and user Functions
    arity = 0  # 1 and 2 for the flat classes below, −1 for a leaf
    edges: Any  # a tuple of nodes, None where the argument has no gradient
    saved: Any  # None once freed
    versions: Any  # pairs (storage, version) of what was saved
    number: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    hooks: Hooks | None
    code: CodeType | None
    offset: int
    freed_by: Any  # the `engine.Run` that freed this node; set only then

    parent: Node | None = None  # of an `Output`
    trace: Any = None  # the whole call stack, in anomaly mode
    duals: Any = None  # the arguments with their tangents, inside of a dual level

    @property
    def is_freed(self) -> bool:
        """Whether a backward pass has let go of what was saved."""
        return self.saved is None

    def saved_value(self, name: str) -> Any:
        """What is kept under a name of the record's or of PyTorch's; `autograd.graph` replaces this."""
        raise AttributeError(name)

    def name(self) -> str:
        """The name PyTorch gives this kind of node, such as `MulBackward0`."""
        return type(self).__name__

    @property
    def line(self) -> str:
        """`file.py:12`, where the operation was called; empty where it is not known."""
        return line_of(self.code, self.offset)

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for the user's own notes on this node."""
        return self.__dict__.setdefault("_metadata", {})

    @property
    def next_functions(self) -> tuple[tuple[Node | None, int], ...]:
        """The nodes that made the inputs, each with the number of its output."""
        return tuple((e.parent, e.index) if type(e) is Output else (e, 0) for e in self.edges)

    def _hooks(self) -> Hooks:
        if self.hooks is None:
            self.hooks = Hooks()
        return self.hooks

    def register_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(grad_inputs, grad_outputs)` after this node ran; a returned tuple replaces grad_inputs."""
        return RemovableHandle.add(self._hooks().post, hook)

    def register_prehook(self, hook: Any) -> RemovableHandle:
        """Call `hook(grad_outputs)` before this node runs; a returned tuple replaces them."""
        return RemovableHandle.add(self._hooks().pre, hook)

    def guard_result(self, storage: Storage) -> None:
        """Watch the version of a saved result: backward refuses once it was written."""
        self.versions = (*self.versions, (storage, 0))

    def free(self, run: Any) -> None:
        """Let go of what was saved and of the graph behind; a node that saved nothing can run again."""
        if self.versions or (self.saved and self.saved[0] is not None):
            self.saved = self.duals = None
            self.versions = ()
            self.edges = NO_EDGES
            self.freed_by = run

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


class UnaryNode(Node):
    """The node of an operation with one argument. `rest` holds parameters and shapes; None once freed."""

    __slots__ = ("edge", "rest", "storage", "storage_y", "version", "x", "y")
    arity = 1
    storage: Storage | None
    storage_y: Storage | None
    version: int
    rest: Any

    @property
    def edges(self) -> Any:
        return (self.edge,)

    @edges.setter
    def edges(self, edges: Any) -> None:
        (self.edge,) = edges

    @property
    def saved(self) -> Any:
        return None if self.rest is None else (self.y, self.x, *self.rest)

    @saved.setter
    def saved(self, values: Any) -> None:
        self.y, self.x, *rest = values
        self.rest = tuple(rest)

    @property
    def versions(self) -> Any:
        first = () if self.storage is None else ((self.storage, self.version),)
        return first if self.storage_y is None else (*first, (self.storage_y, 0))

    @versions.setter
    def versions(self, versions: Any) -> None:
        self.storage, self.version = versions[0] if versions else (None, 0)
        self.storage_y = None

    def guard_result(self, storage: Storage) -> None:
        self.storage_y = storage

    def free(self, run: Any) -> None:
        if self.storage is not None or self.y is not None:
            self.x = self.y = self.storage = self.storage_y = self.edge = self.rest = None
            self.freed_by = run
            if self.duals is not None:
                self.duals = None


class BinaryNode(Node):
    """The node of an operation with two arguments. `rest` holds parameters and shapes; None once freed."""

    __slots__ = (
        "a", "b", "edge_a", "edge_b", "rest", "storage_a", "storage_b", "storage_y", "version_a", "version_b", "y",
    )  # fmt: skip
    arity = 2
    storage_a: Storage | None
    storage_b: Storage | None
    storage_y: Storage | None
    rest: Any

    @property
    def edges(self) -> Any:
        return (self.edge_a, self.edge_b)

    @edges.setter
    def edges(self, edges: Any) -> None:
        self.edge_a, self.edge_b = edges

    @property
    def saved(self) -> Any:
        return None if self.rest is None else (self.y, self.a, self.b, *self.rest)

    @saved.setter
    def saved(self, values: Any) -> None:
        self.y, self.a, self.b, *rest = values
        self.rest = tuple(rest)

    @property
    def versions(self) -> Any:
        first = () if self.storage_a is None else ((self.storage_a, self.version_a),)
        both = first if self.storage_b is None else (*first, (self.storage_b, self.version_b))
        return both if self.storage_y is None else (*both, (self.storage_y, 0))

    @versions.setter
    def versions(self, versions: Any) -> None:
        (self.storage_a, self.version_a), (self.storage_b, self.version_b) = [*versions, (None, 0), (None, 0)][:2]
        self.storage_y = None

    def guard_result(self, storage: Storage) -> None:
        self.storage_y = storage

    def free(self, run: Any) -> None:
        if self.storage_a is not None or self.storage_b is not None or self.y is not None:
            self.a = self.b = self.y = self.edge_a = self.edge_b = self.rest = None
            self.storage_a = self.storage_b = self.storage_y = None
            self.freed_by = run
            if self.duals is not None:
                self.duals = None


class AccumulateGrad(Node):
    """The node of a leaf: adds what arrives to `.grad`. Knows its tensor by a weak reference."""

    __slots__ = ("reference",)
    arity = -1

    def __init__(self, leaf: TensorBase):
        self.edges = ()
        self.saved = ()
        self.versions = ()
        self.number = next_number()
        self.shape = leaf._data.shape
        self.dtype = leaf._data.dtype
        self.hooks = None
        self.code = None
        self.offset = 0
        self.reference = ref(leaf)

    @property
    def variable(self) -> Any:
        """The leaf tensor; None when only the graph still knew it."""
        return self.reference()


class Output(Node):
    """One of several results of a node; hands its gradient to the parent under its number."""

    __slots__ = ("index",)

    def __init__(self, parent: Node, index: int, array: np.ndarray[Any, Any]):
        self.parent = parent
        self.index = index
        self.edges = (parent,)
        self.saved = ()
        self.versions = ()
        self.number = next_number()
        self.shape = array.shape
        self.dtype = array.dtype
        self.hooks = None
        self.code = parent.code
        self.offset = parent.offset


class RemovableHandle:
    """Removes a hook: `handle.remove()`, or at the end of a `with handle:` block."""

    __slots__ = ("hooks", "id")
    _numbers = itertools.count().__next__

    def __init__(self, hooks: dict[int, Any]):
        self.hooks = hooks
        self.id = RemovableHandle._numbers()

    @classmethod
    def add(cls, hooks: dict[int, Any], hook: Any) -> RemovableHandle:
        handle = cls(hooks)
        hooks[handle.id] = hook
        return handle

    def remove(self) -> None:
        """Take the hook away; nothing happens the second time."""
        self.hooks.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc: Any) -> None:
        self.remove()


# What PyTorch calls the saved values of most operations, beside the record's own names.
SAVED_NAMES = ("result", "self", "input", "other", "exponent", "mat2", "weight", "target", "vec2", "dim", "keepdim")


@functools.cache
def _saved(name: str) -> property:
    return property(lambda node: node.saved_value(name))


_SAVED = {f"_saved_{name}": _saved(name) for name in SAVED_NAMES}


def node_class(op: Op) -> type[Node]:
    """The subclass of `Node` for a record, made on first use (10 µs each; most are never needed)."""
    if op.node_class is None:
        body: dict[str, Any] = {"__slots__": (), "op": op, "__doc__": f"One executed {op.name}."}
        # Properties, since a `__getattr__` would make every attribute of a node 60 % slower.
        body.update(_SAVED)
        body.update({f"_saved_{name}": _saved(name) for name in op.args + op.params})
        arity = 0 if op.variadic or op.joint is not None else len(op.args)
        base = {1: UnaryNode, 2: BinaryNode}.get(arity, Node)
        op.node_class = type(op.title, (base,), body)
    return op.node_class
