"""One expression, evaluated with our library and with PyTorch, and what the two print compared.

Names in an expression: `T` the library, and tensors t (two floats), i (two ints), u (one uint8), m (a 2×3 matrix), w
(a leaf with a gradient), y (computed from w), s (a 0-d leaf with a gradient).
"""

from __future__ import annotations

import array
import collections
import copy
import decimal
import enum
import fractions
import pickle
import re
import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr

torch = pytest.importorskip("torch")


class Three(enum.IntEnum):
    A = 3


def names(library: Any) -> dict[str, Any]:
    w = library.tensor([1.0, 2.0], requires_grad=True)
    modules = (array, collections, copy, decimal, fractions, pickle, np)
    return {m.__name__.replace("numpy", "np"): m for m in modules} | {
        "T": library,
        "Three": Three,
        "t": library.tensor([1.0, 2.0]),
        "i": library.tensor([1, 2]),
        "u": library.tensor([250], dtype=library.uint8),
        "m": library.tensor([[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]),
        "w": w,
        "y": w * 2,
        "s": library.tensor(1.0, requires_grad=True),
        "data": assign_data,
    }


def assign_data(x: Any, new: Any) -> Any:
    x.data = new
    return x


def outcome(expression: str, library: Any) -> tuple[Any, bool]:
    """What an expression prints, or its error; and whether it warned."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            value = eval(expression, names(library))
            text = re.sub(r"0x[0-9a-f]+", "", repr(value))
            if isinstance(value, library.Tensor):
                text += f" {value.dtype} {tuple(value.shape)} {value.is_leaf}"
            return text, any(w.category is UserWarning for w in caught)
        except Exception as error:
            return error, False


def same(expression: str) -> None:
    """Assert that an expression prints the same in both, or raises PyTorch's type with PyTorch's first words."""
    expected, _ = outcome(expression, torch)
    found, _ = outcome(expression, cr)
    if isinstance(expected, Exception):
        assert isinstance(found, type(expected)), f"{found!r} in place of {expected!r}"
        if not isinstance(expected, TypeError) and "combination of arguments" not in str(expected):
            assert " ".join(str(expected).split()[:3]) in str(found)
    elif isinstance(found, Exception):
        raise found
    else:
        assert found == expected
