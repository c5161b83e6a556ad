"""Tensors as text, character by character as PyTorch writes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes
from .graph import AccumulateGrad, TensorBase

Array = np.ndarray[Any, Any]

_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options: dict[str, Any] = {**_PROFILES["default"], "sci_mode": None}


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors print: digits after the point, the number of elements from which on only
    `edgeitems` at each end are shown, the length of a line, scientific notation (None: as the numbers need).

    `profile` is "default", "short" or "full" and is applied first.

    >>> import chainrule as cr
    >>> cr.set_printoptions(precision=2)
    >>> cr.tensor([1.12345])
    tensor([1.12])
    >>> cr.set_printoptions(profile="default")
    """
    if profile is not None:
        _options.update(_PROFILES.get(profile, {}))
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    _options.update({name: value for name, value in given.items() if value is not None})
    _options["sci_mode"] = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The current options, as `set_printoptions` takes them."""
    return dict(_options)


def tensor_repr(x: Any) -> str:
    """`repr(x)`: values, dtype where it is not the expected one, and the place in the graph."""
    name = type(x).__name__
    prefix = "tensor(" if name in ("Tensor", "Parameter") else f"{name}("
    array = x._data
    notes: list[str] = []
    default = dtypes.get_default_dtype().numpy
    if array.size == 0:
        values = "[]"
        if array.ndim != 1:
            notes.append(f"size={tuple(array.shape)}")
        expected = {default}
    else:
        values = _values(array, len(prefix))
        if not _options["edgeitems"]:
            notes.append(f"size={tuple(array.shape)}")
        expected = {default, dtypes.int64.numpy, dtypes.bool.numpy}
    if array.dtype not in expected:
        notes.append(f"dtype={x.dtype!r}")
    notes += _history(x)
    return _with_notes(prefix + values, notes, len(prefix))


def tensor_format(x: Any, specification: str) -> str:
    """`format(x, specification)`: a 0-d tensor formats as its number."""
    if not x._data.ndim and type(x).__name__ == "Tensor":
        return format(x._data.item(), specification)
    return object.__format__(x, specification)


def _history(x: Any) -> list[str]:
    try:
        node = x.grad_fn
    except RuntimeError:  # a view that cannot be replayed any more
        found = ["grad_fn=<Invalid>"]
    else:
        if node is not None and type(node) is not AccumulateGrad:
            found = [f"grad_fn=<{node.name()}>"]
        else:
            found = ["requires_grad=True"] if x.requires_grad else []
    tangent = _tangent(x)
    return found if tangent is None else [*found, f"tangent={tangent!r}"]


def _tangent(x: TensorBase) -> Any:
    if x._tangent is None:
        return None
    from .autograd.forward_ad import unpack_dual

    return unpack_dual(x).tangent


def _with_notes(text: str, notes: list[str], indent: int) -> str:
    """Append `, note` for each, on a new line where the last one is full."""
    length = len(text) - text.rfind("\n") + 1
    for note in notes:
        if length + len(note) + 2 > _options["linewidth"]:
            text += f",\n{' ' * indent}{note}"
            length = indent + len(note)
        else:
            text += f", {note}"
            length += len(note) + 2
    return text + ")"


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────


def _values(array: Array, indent: int) -> str:
    summarize = array.size > _options["threshold"]
    write, width = _writer(_summary(array) if summarize else array)
    return _nested(array, indent, summarize, write, width)


def _summary(array: Array) -> Array:
    """The elements that are shown; the widest of them says how wide all are written."""
    edge = _options["edgeitems"]
    if array.ndim > 1 and not edge:
        return np.empty(0, array.dtype)
    for axis, n in enumerate(array.shape):
        if n > 2 * edge > 0:
            array = array.take([*range(edge), *range(n - edge, n)], axis)
    return array


def _writer(shown: Array) -> tuple[Callable[[Any], str], int]:
    """How one element is written so that all are equally wide, and that width."""
    if shown.dtype.kind != "f":
        width = max(map(len, map(str, shown.reshape(-1).tolist())), default=1)
        return lambda value: str(value).rjust(width), width
    finite = shown[np.isfinite(shown) & (shown != 0)].astype(np.float64)
    if not finite.size:
        return lambda value: _whole(value).rjust(1), 1
    whole = bool((finite == np.ceil(finite)).all())
    if _scientific(np.abs(finite)):
        specification = f".{_options['precision']}e"
        write = lambda value: format(value, specification)
    elif whole:
        write = _whole
    else:
        specification = f".{_options['precision']}f"
        write = lambda value: format(value, specification)
    width = max(1, *map(len, map(write, finite.tolist())))
    return lambda value: write(value).rjust(width), width


def _whole(value: float) -> str:
    return f"{value:.0f}." if math.isfinite(value) else f"{value:.0f}"


def _scientific(sizes: Array) -> bool:
    if _options["sci_mode"] is not None:
        return bool(_options["sci_mode"])
    largest, smallest = float(sizes.max()), float(sizes.min())
    return largest / smallest > 1000.0 or largest > 1.0e8 or smallest < 1.0e-4


def _nested(array: Array, indent: int, summarize: bool, write: Callable[[Any], str], width: int) -> str:
    """Brackets within brackets, one level deeper per dimension."""
    if array.ndim == 0:
        return write(array.item())
    if array.ndim == 1:
        return _line(array, indent, summarize, write, width)
    edge, n = _options["edgeitems"], len(array)
    if summarize and n > 2 * edge:
        rows: list[int | None] = [*range(edge), None, *range(n - edge, n)]
    else:
        rows = list(range(n))
    parts = ["..." if i is None else _nested(array[i], indent + 1, summarize, write, width) for i in rows]
    return "[" + ("," + "\n" * (array.ndim - 1) + " " * (indent + 1)).join(parts) + "]"


def _line(array: Array, indent: int, summarize: bool, write: Callable[[Any], str], width: int) -> str:
    edge = _options["edgeitems"]
    if summarize and not edge:
        parts = ["..."]
    elif summarize and len(array) > 2 * edge:
        parts = [*map(write, array[:edge].tolist()), " ...", *map(write, array[-edge:].tolist())]
    else:
        parts = list(map(write, array.tolist()))
    per_line = max(1, (_options["linewidth"] - indent) // (width + 2))
    lines = [", ".join(parts[i : i + per_line]) for i in range(0, len(parts), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"
