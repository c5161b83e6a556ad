"""Running the hooks of tensors and nodes: in PyTorch's order, with its checks of what they return."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from . import dtypes, record
from .errors import GraphError
from .graph import Hooks, Node, TensorBase
from .modes import state


def before(node: Node, g: Any, retained: list[tuple[Any, Any]], create_graph: bool) -> Any:
    """Tensor hooks, then retained gradients, then the node's own pre-hooks."""
    hooks: Hooks = node.hooks  # type: ignore[assignment]
    for hook in list(hooks.tensor.values()):
        result = call(hook, create_graph, public(g))
        if result is not None:
            g = private(_checked(result, g, hook), create_graph)
    for reference in hooks.retain:
        tensor = reference()
        if tensor is not None:
            retained.append((tensor, g))
    for hook in list(hooks.pre.values()):
        incoming = _incoming(node, g)
        result = call(hook, create_graph, incoming)
        if result is not None:
            g = _replaced(_checked_tuple(result, incoming, hook), g, create_graph)
    return g


def after(node: Node, edges: Sequence[Any], grads: Sequence[Any], g: Any, create_graph: bool, fit: Any) -> list[Any]:
    """The node's post-hooks, which see and may replace the gradients of its inputs."""
    out: tuple[Any, ...] = tuple(
        None if x is None or e is None else public(fit(x, e.shape) if x.shape != e.shape else x)
        for x, e in zip(grads, edges, strict=True)
    )
    for hook in list(node.hooks.post.values()):  # type: ignore[union-attr]
        result = call(hook, create_graph, out, _incoming(node, g))
        if result is not None:
            out = _checked_tuple(result, out, hook)
    return [None if x is None else private(x, create_graph) for x in out]


def accumulated(node: Any, g: Any) -> None:
    """The hooks of a leaf, and of its node, after `.grad` was updated."""
    leaf = node.reference()
    if leaf is None:
        return
    for hook in list(node.hooks.post_accumulate.values()):
        if (result := hook(leaf)) is not None:
            raise TypeError(
                f"expected Variable, but hook returned '{type(result).__name__}'; a post-accumulate hook returns None"
            )
    for hook in list(node.hooks.post.values()):
        hook((), (public(g),))


def call(hook: Callable[..., Any], create_graph: bool, *args: Any) -> Any:
    """Hooks are recorded only where the gradients themselves are."""
    before = state.grad
    state.set_grad(create_graph)
    try:
        return hook(*args)
    finally:
        state.set_grad(before)


def public(g: Any) -> Any:
    """A gradient as hooks see it."""
    return g if g is None or isinstance(g, TensorBase) else record.wrap(g)


def private(g: Any, create_graph: bool) -> Any:
    """A gradient as the engine has it."""
    return g if create_graph else g._data


def _incoming(node: Node, g: Any) -> tuple[Any, ...]:
    """The gradients of all results of a node, None where none came."""
    if type(g) is dict:
        return tuple(public(g.get(i)) for i in range(len(node.shape)))
    return tuple(map(public, g)) if type(g) is tuple else (public(g),)


def _replaced(result: tuple[Any, ...], g: Any, create_graph: bool) -> Any:
    if type(g) is dict:
        return {i: private(x, create_graph) for i, x in enumerate(result) if x is not None}
    return private(result[0], create_graph)


def _title(hook: Any) -> str:
    return getattr(hook, "__name__", type(hook).__name__)


def _checked(result: Any, g: Any, hook: Any) -> Any:
    """What a hook returned in place of a gradient; raises as PyTorch does unless it is alike."""
    if not isinstance(result, TensorBase):
        raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")
    array, old = result._data, g._data if isinstance(g, TensorBase) else g
    if array.shape != old.shape:
        raise GraphError(
            f"hook '{_title(hook)}' has changed the size of value: it got {tuple(old.shape)} and returned "
            f"{tuple(array.shape)}"
        )
    if array.dtype != old.dtype:
        was, got = (dtypes.from_numpy_dtype(d).title for d in (old.dtype, array.dtype))
        raise GraphError(
            f"hook '{_title(hook)}' has changed the type of value (was torch.{was}Tensor got torch.{got}Tensor)"
        )
    return result


def _checked_tuple(result: Any, old: tuple[Any, ...], hook: Any) -> tuple[Any, ...]:
    """The same for hooks of nodes, which see a tuple; one tensor may stand for a tuple of one."""
    if isinstance(result, TensorBase) and len(old) == 1:
        result = (result,)
    if not isinstance(result, tuple):
        raise TypeError(f"expected tuple, but hook returned '{type(result).__name__}'")
    if len(result) != len(old):
        raise GraphError(
            f"hook '{_title(hook)}' has returned an incorrect number of values (got {len(result)}, but expected "
            f"{len(old)})"
        )
    for new, g in zip(result, old, strict=True):
        if g is None and new is not None:
            raise GraphError("can't replace a None gradient with a non-None value")
        if new is not None:
            _checked(new, g, hook)
    return result
