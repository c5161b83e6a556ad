"""`Variable`, which old programs wrap around their tensors."""

from __future__ import annotations

from typing import Any

from ..graph import TensorBase


class _VariableMeta(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, TensorBase)


class Variable(metaclass=_VariableMeta):
    """What a tensor was called until 2018: returns the tensor itself, asked for its gradient if wanted."""

    def __new__(cls, data: Any, requires_grad: bool = False, volatile: bool | None = None) -> Any:
        out = data.detach()
        return out.requires_grad_() if requires_grad else out
