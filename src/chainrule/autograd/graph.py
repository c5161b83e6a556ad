"""`autograd.graph`: nodes, edges, and hooks for what a graph saves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

from .. import engine, failures, record
from ..errors import GraphError, NotSupportedError
from ..graph import Node, Output, RemovableHandle, TensorBase
from ..modes import state
from .gradients import GradientEdge

__all__ = [
    "GradientEdge", "Node", "allow_mutation_on_saved_tensors", "disable_saved_tensors_hooks", "get_gradient_edge",
    "increment_version", "register_multi_grad_hook", "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip


def get_gradient_edge(tensor: Any) -> GradientEdge:
    """The place in the graph where the gradient of a tensor arrives."""
    node = record.node_of(tensor)
    if node is None:
        raise GraphError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(node, 0) if node.parent is None else GradientEdge(node.parent, tensor._output, node)


def increment_version(tensor: Any) -> None:
    """Tell autograd that the memory of a tensor (or of several) was changed behind its back."""
    for t in (tensor,) if isinstance(tensor, TensorBase) else tensor:
        t.storage.version += 1


class saved_tensors_hooks:
    """Within the block, what backward needs is given to `pack` when saved, and asked of `unpack` when used.

    `pack(tensor)` may return anything (a file name, a half-precision copy); `unpack` gets it back and returns a
    tensor, at every use. Only the innermost pair is asked. Versions of packed values are not checked.

    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> with cr.autograd.graph.saved_tensors_hooks(lambda t: t.tolist(), lambda values: cr.tensor(values)):
    ...     y = x.exp()
    >>> y.sum().backward()
    >>> cr.equal(x.grad, y.detach())
    True
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]):
        self.pair = (pack_hook, unpack_hook)

    def __enter__(self) -> None:
        if _disabled:
            raise GraphError(_disabled[-1])
        state.saved_hooks = (*state.saved_hooks, self.pair)
        state.update()

    def __exit__(self, *exc: Any) -> None:
        state.saved_hooks = state.saved_hooks[:-1]
        state.update()


class save_on_cpu(saved_tensors_hooks):
    """What PyTorch uses to free a GPU's memory; here all memory is the CPU's, and nothing changes."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda"):
        super().__init__(lambda t: t, lambda t: t)


_disabled: list[str] = []


class disable_saved_tensors_hooks:
    """Within the block, entering `saved_tensors_hooks` raises a RuntimeError with this message."""

    def __init__(self, error_message: str):
        self.error_message = error_message

    def __enter__(self) -> None:
        if state.saved_hooks:
            raise GraphError(self.error_message)
        _disabled.append(self.error_message)

    def __exit__(self, *exc: Any) -> None:
        _disabled.pop()


def allow_mutation_on_saved_tensors() -> Any:
    """Not supported: raises NotSupportedError."""
    raise NotSupportedError(
        "allow_mutation_on_saved_tensors() is not supported; save a clone, `y = f(x.clone())`, before changing x "
        "in place"
    )


class _Handles(RemovableHandle):
    """Several hooks removed as one."""

    __slots__ = ("handles",)

    def __init__(self, handles: Sequence[RemovableHandle]):
        self.handles = tuple(handles)

    def remove(self) -> None:
        for handle in self.handles:
            handle.remove()


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable[..., None], *, mode: str = "all") -> RemovableHandle:
    """Call `fn` once per backward pass: with the gradients of all `tensors`, None for those that get none, when the
    last of them is known (mode "all"), or with the first gradient that is known (mode "any").
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    lock = Lock()
    passes: dict[int, tuple[int, dict[int, Any]]] = {}  # pass → how many gradients to wait for, those known

    def collect(i: int) -> Callable[[Any], None]:
        def hook(g: Any) -> None:
            key = id(state.current)
            with lock:
                if key not in passes:
                    reached = engine.reached_now()
                    passes[key] = (sum(record.node_of(t) in reached for t in tensors), {})
                expected, known = passes[key]
                known[i] = g
                if len(known) == expected:
                    del passes[key]
            if mode == "any" and len(known) == 1:
                fn(g)
            if mode == "all" and len(known) == expected:
                fn([known.get(k) for k in range(len(tensors))])

        return hook

    return _Handles([t.register_hook(collect(i)) for i, t in enumerate(tensors)])


# ── saved values by name ────────────────────────────────────────────────────────────────────────

# What PyTorch calls the keyword parameters, which rules know by NumPy's names.
_PARAMETERS = {"dim": "axis", "dims": "axes", "keepdim": "keepdims"}
_FIRST = ("self", "input")
_SECOND = ("other", "exponent", "mat2", "weight", "target", "vec2")


def _saved_value(self: Node, name: str) -> Any:
    """`grad_fn._saved_<name>`: a tensor with its place in the graph, or a parameter."""
    op = self.op
    if op is None:
        raise AttributeError(f"{type(self).__name__!r} object has no attribute '_saved_{name}'")
    if self.is_freed:
        raise failures.freed_error(self, ())
    if name == "result":
        position = 0
    elif name in _FIRST:
        position = 1
    elif name in _SECOND and len(op.args) > 1:
        position = 2
    else:
        position = op.position.get(_PARAMETERS.get(name, name), 0) - 1
        if position < 0:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute '_saved_{name}'")
    values = self.saved
    value = values[position]
    if isinstance(value, tuple) and position == 1 and op.variadic:
        return tuple(_tensor(v, e) for v, e in zip(value, self.edges, strict=True))
    if position <= len(op.args):
        if value is None:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute '_saved_{name}': its rule needs none"
            )
        if position == 0 and isinstance(value, record.SeveralResults):
            return tuple(_tensor(v, Output(self, i, v)) for i, v in enumerate(value))
        return _tensor(value, self if position == 0 else self.edges[position - 1])
    return value


def _tensor(value: Any, node: Node | None) -> Any:
    if not hasattr(value, "shape"):
        return value
    out = record.wrap(value)
    out._node = node
    return out


Node.saved_value = _saved_value  # type: ignore[method-assign]
