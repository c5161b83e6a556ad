"""`Function`: an operation with a forward and a rule of the user's own.

The `ctx` that forward and backward share is not the node itself but belongs to it, so that `ctx.shape = …`
or `ctx.saved = …` cannot break the graph; everything on it can be read from `tensor.grad_fn` as in PyTorch.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .. import record
from ..errors import GraphError
from ..graph import TensorBase
from ..modes import no_grad, state
from . import forward_ad
from .context import FunctionCtx
from .nodes import FunctionNode, refused
from .outputs import Outputs

__all__ = ["Function", "FunctionCtx", "once_differentiable"]


class Function:
    """Base class of operations with a rule of one's own: `forward` and `backward` as static methods.

    `forward(ctx, *args)` computes, or `forward(*args)` together with `setup_context(ctx, inputs, output)`;
    `backward(ctx, *grads)` (also called `vjp`) returns a gradient, or None, per argument; `jvp(ctx, *tangents)` is
    asked
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
    def rule(cls) -> Callable[..., Any]:
        """The backward of this Function, whichever name it has."""
        if cls.vjp is Function.vjp:
            return cls.backward
        if cls.backward is not Function.backward:
            raise GraphError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only "
                "implement "
                "one of them."
            )
        return cls.vjp

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
        outputs = Outputs(cls, ctx, args, outputs, recording).finish(edges, positions)
        if tangents is not None:
            _carry(cls, ctx, args, tangents, outputs)
        return outputs if isinstance(output, tuple) else outputs[0]


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
                forward_ad.zeros_like(a) if t is None and isinstance(a, TensorBase) else t
                for a, t in zip(args, moving, strict=True)
            ]
        ctx._tangent_of = tuple([None if t is None else forward_ad.below(t, level) for t in ctx._forward])
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
