"""What a Function keeps from its forward for its backward."""

from __future__ import annotations

from typing import Any

from .. import failures
from ..graph import TensorBase
from .saved import SavedValue


class FunctionCtx:
    """The `ctx` of a Function: a place for what its forward keeps for its backward."""

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
