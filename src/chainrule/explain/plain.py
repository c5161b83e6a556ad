"""`explain` of a plain function: of numbers or arrays, as on paper."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes, record
from ..convert import tensor
from ..errors import GraphError
from ..graph import TensorBase


class Explained:
    """A function whose calls are explained instead of answered: `explain(f)(2.0)`."""

    def __init__(self, function: Callable[..., Any], explain: Callable[..., Any], lang: str):
        self.function = function
        self._explain = explain
        self.lang = lang
        self.name = getattr(function, "__name__", "f")
        if not self.name.isidentifier():  # a lambda
            self.name = "f"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The explanation of one call; numbers, lists and arrays become float64 tensors that require gradients."""
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        given = {name: _variable(value) for name, value in bound.arguments.items()}
        bound.arguments.update(given)
        result, local = _called(self.function, bound.args, bound.kwargs)
        roots = list(result) if isinstance(result, (tuple, list)) else [result]
        for root in roots:
            if not isinstance(root, TensorBase) or record.node_of(root) is None:
                raise GraphError(
                    f"explain({self.name}): the result does not depend on the arguments through operations that are "
                    f"recorded (it is a {type(root).__name__}); write chainrule.sin(x) or numpy.sin(x), not "
                    "math.sin(x), and let no float(), .item() or .detach() stand in between"
                )
        names = {n: v for n, v in given.items() if isinstance(v, TensorBase)}
        names |= {n: v for n, v in local.items() if isinstance(v, TensorBase) and n not in names}
        for i, root in enumerate(roots):
            if not any(v is root for v in names.values()):
                names[self.name if len(roots) == 1 else f"{self.name}_{i + 1}"] = root
        return self._explain(result, names=names, lang=self.lang)

    def __repr__(self) -> str:
        return f"<explain({self.name}): call it with numbers or arrays>"


def _variable(value: Any) -> Any:
    """A number or an array as a variable of the function; other things as they are."""
    if isinstance(value, TensorBase):
        floating = value._data.dtype.kind == "f"
        return value if record.node_of(value) is not None or not floating else value.detach().requires_grad_()  # type: ignore[attr-defined]
    if isinstance(value, bool) or not isinstance(value, (int, float, list, np.ndarray, np.generic)):
        return value
    array = np.asarray(value)
    if array.dtype.kind not in "iuf":
        return value
    return tensor(array.astype(np.float64), dtype=dtypes.float64, requires_grad=True)


def _called(function: Callable[..., Any], args: Any, kwargs: Any) -> tuple[Any, dict[str, Any]]:
    """The result, and the local variables that the function ended with: they are names of what lies between."""
    code = getattr(function, "__code__", None)
    local: dict[str, Any] = {}

    def look(frame: Any, event: str, argument: Any) -> None:
        if event == "return" and frame.f_code is code:
            local.clear()
            local.update(frame.f_locals)

    before = sys.getprofile()
    sys.setprofile(look)
    try:
        result = function(*args, **kwargs)
    finally:
        sys.setprofile(before)
    return result, local
