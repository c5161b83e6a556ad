"""What dtypes an operation takes, said before it runs: `check=refuses("b", "floor_vml_cpu")`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..dtypes import from_numpy_dtype, result_dtype
from ..errors import DtypeError, UnsupportedDtypeError

Check = Callable[[Sequence[Any]], None]
_KINDS = {bool: "b", int: "i", type(None): "b"}
_CURES = {"f": "convert it with .long()", "i": "convert it with .float()", "b": "convert it with .int() or .float()"}


def kind_of(arrays: Sequence[Any]) -> str:
    """The kind of the dtype in which operands meet: "f", "i" (signed or not) or "b"."""
    highest = "b"
    for a in arrays:
        kind = a.dtype.kind if type(a) is np.ndarray else _KINDS.get(type(a), "f")
        if kind == "f":
            return "f"
        if kind != "b":
            highest = "i"
    return highest


def refuses(kinds: str, kernel: str) -> Check:
    """Raise PyTorch's error when the operands meet in a dtype of one of these kinds."""

    def check(arrays: Sequence[Any]) -> None:
        kind = kind_of(arrays)
        if kind in kinds:
            title = from_numpy_dtype(result_dtype(arrays)).title
            raise UnsupportedDtypeError(f"\"{kernel}\" not implemented for '{title}'; {_CURES[kind]}")

    return check


def divides(kernel: str) -> Check:
    """Raise PyTorch's error for an integer divided by zero, and for bools."""
    bools = refuses("b", kernel)

    def check(arrays: Sequence[Any]) -> None:
        if kind_of(arrays) == "f":
            return
        bools(arrays)
        if not np.all(arrays[-1]):
            raise DtypeError("ZeroDivisionError: an integer divided by zero; floats give inf or nan instead")

    return check
