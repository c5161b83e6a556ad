"""`Parameter`: a tensor that a module counts among its own."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import record
from ..tensor import Tensor


class Parameter(Tensor):
    """A tensor that requires grad and registers itself with the module it is assigned to.

    Shares the memory of `data`. Raises RuntimeError for integers unless `requires_grad=False`.

    >>> import chainrule as cr
    >>> cr.nn.Parameter(cr.tensor([1.0, 2.0]))
    Parameter containing:
    tensor([1., 2.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        if data is None:
            data = record.wrap(np.empty(0, np.float32))
        self = object.__new__(cls)
        self._data = data._data
        self._node = None
        self._storage = data.storage
        self._view = None
        if requires_grad:
            self.requires_grad_()
        return self

    def __init__(self, data: Any = None, requires_grad: bool = True):
        """All is done by `__new__`."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        copy = memo.get(id(self))
        if copy is None:
            copy = memo[id(self)] = type(self)(record.wrap(self._data.copy("K")), self.requires_grad)
            copy._name = self._name
        return copy

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return _rebuild, (type(self), np.array(self._data), self.requires_grad, self._name)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


def _rebuild(cls: type[Parameter], array: np.ndarray[Any, Any], requires_grad: bool, name: str | None) -> Parameter:
    parameter = cls(record.wrap(array), requires_grad)
    parameter._name = name
    return parameter
