"""`Function`: an operation with a forward and a rule of the user's own.

The `ctx` that forward and backward share is not the node itself but belongs to it, so that `ctx.shape = …`
or `ctx.saved = …` cannot break the graph; everything on it can be read from `tensor.grad_fn` as in PyTorch.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any
from weakref import ref

import numpy as np

from .. import engine, failures, inplace, record
from ..errors import GraphError, InplaceError, ShapeError
from ..graph import AccumulateGrad, Node, Output, TensorBase, View, call_site, next_number
from ..modes import no_grad, state
from ..op import REGISTRY
from . import forward_ad
from .saved import SavedValue, save


class FunctionCtx:
    """What a Function keeps from its forward for its backward."""

    _node: Any = None  # a weak reference, once there is a node
    _kept: tuple[Any, ...] = ()  # tensors given to save_for_backward, until the forward is over
    _forward: tuple[Any, ...] = ()
    _saved: tuple[SavedValue | None, ...] | None = None
    _dirty: tuple[Any, ...] = ()
    _constant: tuple[Any, ...] = ()
    _materialize = True
    _tangent_of: Any = None  # the tensors given to save_for_forward, while jvp runs
    needs_input_grad: tuple[bool, ...] = ()

    def __init__(self) -> None:
        self._own: dict[str, SavedValue] = {}  # inputs and outputs kept as attributes

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__.get("_own", {})
        if name in own:
            return own[name].unpack(self._node())
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep inputs, outputs (or None) for backward, where they are `ctx.saved_tensors`."""
        self._kept = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep tensors for `jvp`."""
        for t in tensors:
            if t is not None and not isinstance(t, TensorBase):
                raise AssertionError(
                    "save_for_forward expects all arguments to be tensors; you should save non-tensors as attributes "
                    "on ctx."
                )
        self._forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """Say which inputs the forward wrote in place; each has to be returned."""
        self._dirty = args

    def mark_non_differentiable(self, *args: Any) -> None:
        """Say which outputs have no gradient."""
        self._constant = args

    def set_materialize_grads(self, value: bool) -> None:
        """False: backward gets None, not zeros, for an output through which no gradient came."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What `save_for_backward` was given."""
        if self._tangent_of is not None:
            return self._tangent_of
        if self._saved is None:
            node = self._node() if self._node is not None else None
            if node is not None and node.is_freed:
                raise failures.freed_error(node, ())
            return self._kept
        node = self._node()
        return tuple([None if s is None else s.unpack(node) for s in self._saved])

    @property
    def next_functions(self) -> Any:
        """The nodes that made the inputs."""
        return self._node().next_functions

    def name(self) -> str:
        """The name of the node, such as `MyFunctionBackward`."""
        return type(self).__name__


class FunctionNode(Node):
    """The node of a user's Function."""

    __slots__ = ("count", "ctx", "function", "positions")

    ctx: FunctionCtx
    function: type[Function]
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
            self.ctx._kept = ()
            self.versions = ()
            self.edges = (None,) * len(self.edges)
            self.freed_by = run

    def run_backward(self, g: Any, edges: Sequence[Any], create_graph: bool) -> list[Any]:
        """The gradients of the tensor arguments, as the user's backward has them."""
        function, name = self.function, type(self).__name__
        rule = _rule(function)
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
        shape, dtype = self.shape[i], self.dtype[i]  # type: ignore[index]
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

    def run_backward(self, g: Any, edges: Any, create_graph: bool) -> Any:
        """Refuse."""
        raise GraphError(self.error)


def refused(tensor: Any, error: str, behind: Sequence[Any]) -> Any:
    """The same value, through which a gradient to one of the nodes `behind` raises `error`."""
    out = record.wrap(tensor._data)
    out._storage = tensor.storage
    node = RefusalNode()
    node.error = error
    _fill_in(node, behind, out._data.shape, out._data.dtype)
    out._node = node
    return out


def _fill_in(node: Any, edges: Sequence[Any], shape: Any, dtype: Any) -> None:
    """The part of a node that the engine asks every node for."""
    node.edges = tuple(edges)
    node.saved = ()
    node.versions = ()
    node.number = next_number()
    node.shape, node.dtype = shape, dtype
    node.hooks = None
    node.code, node.offset = call_site(3)


def _rule(function: Any) -> Callable[..., Any]:
    own_backward = function.backward is not Function.backward
    own_vjp = function.vjp is not Function.vjp
    if own_backward and own_vjp:
        raise GraphError(
            "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement "
            "one of them."
        )
    return function.vjp if own_vjp else function.backward  # type: ignore[no-any-return]


class Function:
    """Base class of operations with a rule of one's own: `forward` and `backward` as static methods.

    `forward(ctx, *args)` computes, or `forward(*args)` together with `setup_context(ctx, inputs, output)`;
    `backward(ctx, *grads)` (also called `vjp`) returns a gradient, or None, per argument; `jvp(ctx, *tangents)` is asked
    in forward mode. Inside, nothing is recorded. Called by `apply`.

    >>> import chainrule as cr
    >>> class Cube(cr.autograd.Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return g * 3 * x ** 2
    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward()
    >>> x.grad
    tensor(12.)
    """

    generate_vmap_rule = False
    _node_class: Any = None
    _ctx_class: Any = None

    def __init_subclass__(cls) -> None:
        cls._node_class = cls._ctx_class = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise GraphError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd "
            "function with static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd."
            "Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Compute the result; with `ctx` first unless there is a `setup_context`."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep on `ctx` what backward needs; for a forward without ctx."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient of each argument, None where there is none."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with "
            "backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangent of each result."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with forward mode AD."
        )

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Run the forward and record it."""
        splits = cls.setup_context is not Function.setup_context
        if kwargs or splits:
            args = _bound(cls.forward, args, kwargs, splits)
        if cls._ctx_class is None:
            name = f"{cls.__name__}Backward"
            cls._ctx_class = type(name, (FunctionCtx,), {})
            cls._node_class = type(name, (FunctionNode,), {"__slots__": ()})
        ctx: FunctionCtx = cls._ctx_class()
        positions = [i for i, a in enumerate(args) if isinstance(a, TensorBase)]
        edges = [record.node_of(args[i]) for i in positions]
        ctx.needs_input_grad = tuple([isinstance(a, TensorBase) and a._node is not None for a in args])
        tangents = _tangents_before(args) if state.dual_levels else None
        output = _run_forward(cls, ctx, args, splits)
        outputs = output if isinstance(output, tuple) else (output,)
        recording = state.grad and any(e is not None for e in edges)
        outputs = _Outputs(cls, ctx, args, outputs, recording).finish(edges, positions)
        if tangents is not None:
            _carry(cls, ctx, args, tangents, outputs)
        return outputs if isinstance(output, tuple) else outputs[0]


Function.vjp = staticmethod(lambda ctx, *grad_outputs: Function.backward(ctx, *grad_outputs))  # type: ignore[method-assign]


def _bound(forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any], splits: bool) -> tuple[Any, ...]:
    """Positional arguments from keywords and defaults."""
    signature = inspect.signature(forward)
    bound = signature.bind(*args, **kwargs) if splits else signature.bind(None, *args, **kwargs)
    bound.apply_defaults()
    return bound.args if splits else bound.args[1:]


def _run_forward(cls: Any, ctx: FunctionCtx, args: tuple[Any, ...], splits: bool) -> Any:
    """The user's forward, with nothing recorded."""
    levels, state.dual_levels = state.dual_levels, ()
    try:
        with no_grad():
            if not splits:
                return cls.forward(ctx, *args)
            output = cls.forward(*args)
            cls.setup_context(ctx, args, output)
            return output
    finally:
        state.dual_levels = levels


class _Outputs:
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
        single = len(self.outputs) == 1
        shapes = [o._data.shape if isinstance(o, TensorBase) else None for o in self.outputs]
        kinds = [o._data.dtype if isinstance(o, TensorBase) else None for o in self.outputs]
        _fill_in(node, edges, shapes[0] if single else shapes, kinds[0] if single else kinds)
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
        saved = []
        for i, t in enumerate(ctx._kept):
            if t is not None and id(t) in number and self.real[number[id(t)]]:
                index = number[id(t)]
                t = self.outputs[index]
                saved.append(save(t, None if len(self.outputs) == 1 else index, own=True))
            else:
                t = t if t is None else self._guarded(t, f"save_for_backward argument {i}", node)
                saved.append(None if t is None else save(t))
            if t is not None and saved[-1].unpack_hook is None:
                versions.append((t.storage, t.storage.version))
        ctx._saved, ctx._kept = tuple(saved), ()
        node.versions = tuple(versions)
        for name, value in list(ctx.__dict__.items()):
            if name.startswith("_") or not isinstance(value, TensorBase):
                continue
            if id(value) in number and self.real[number[id(value)]]:  # no cycle from an output over ctx to itself
                index = None if len(self.outputs) == 1 else number[id(value)]
                ctx._own[name] = save(value, index, own=True, hooks=False)
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


# ── forward mode ────────────────────────────────────────────────────────────────────────────────


def _tangents_before(args: tuple[Any, ...]) -> list[Any]:
    return [dict(forward_ad.tangents_of(a)) if isinstance(a, TensorBase) else None for a in args]


def _carry(cls: Any, ctx: FunctionCtx, args: tuple[Any, ...], tangents: list[Any], outputs: tuple[Any, ...]) -> None:
    """Ask the user's jvp for the tangents of the outputs, level by level."""
    found: list[dict[int, Any]] = [{} for _ in outputs]
    for level in state.dual_levels:
        moving = [None if t is None else t.get(level) for t in tangents]
        if all(t is None for t in moving):
            continue
        if ctx._materialize:
            moving = [
                forward_ad._zeros(a) if t is None and isinstance(a, TensorBase) else t
                for a, t in zip(args, moving, strict=True)
            ]
        ctx._tangent_of = tuple([None if t is None else forward_ad._below(t, level) for t in ctx._forward])
        try:
            result = cls.jvp(ctx, *moving)
        finally:
            ctx._tangent_of = None
        result = result if isinstance(result, tuple) else (result,)
        if len(result) != len(outputs):
            raise GraphError(
                f"Function's jvp returned an invalid number of forward gradients (expected {len(outputs)} but got "
                f"{len(result)})"
            )
        for o, t, target in zip(outputs, result, found, strict=True):
            if t is not None and isinstance(o, TensorBase):
                forward_ad.check_tangent(o, t)
                target[level] = t
    for o, t in zip(outputs, found, strict=True):
        if isinstance(o, TensorBase) and o._data.dtype.kind == "f":
            forward_ad.set_tangents(o, t)


# ── once ────────────────────────────────────────────────────────────────────────────────────────


def once_differentiable(backward: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator of a backward that cannot be differentiated: a second derivative through it raises."""

    @functools.wraps(backward)
    def wrapper(ctx: Any, *grads: Any) -> Any:
        recording = state.grad
        with no_grad():
            found = backward(ctx, *grads)
        if not recording:
            return found
        behind = [record.node_of(g) for g in grads if isinstance(g, TensorBase)] + list(ctx._node().edges)
        results = tuple(
            refused(x, "trying to differentiate twice a function that was marked with @once_differentiable", behind)
            if isinstance(x, TensorBase) and x._data.dtype.kind == "f"
            else x
            for x in (found if isinstance(found, tuple) else (found,))
        )
        return results if isinstance(found, tuple) else results[0]

    return wrapper
