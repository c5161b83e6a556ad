"""One expression, evaluated with our library and with PyTorch, and the two outcomes compared.

The names in an expression: `T` the library, `F` its `nn.functional`, and a few tensors: A (2×3 floats), D (the
same in float64), H (float16), I (int64), U (uint8), B (bool), E (0×3), e (no elements), v (three ones), z (a
scalar), N (with NaN), S (2×3×4), inf and nan.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr

torch = pytest.importorskip("torch")

GRID = np.arange(6.0).reshape(2, 3)
ARRAYS: dict[str, np.ndarray[Any, Any]] = {
    "A": GRID.astype(np.float32), "D": GRID, "H": GRID.astype(np.float16), "I": GRID.astype(np.int64),
    "U": GRID.astype(np.uint8), "B": GRID > 1, "E": np.zeros((0, 3), np.float32), "e": np.zeros(0, np.float32),
    "v": np.ones(3, np.float32), "z": np.array(2, np.float32),
    "N": np.array([[3, np.nan, 1], [2, 2, np.nan]], np.float32),
    "S": np.arange(24, dtype=np.float32).reshape(2, 3, 4) / 8,
}  # fmt: skip


def evaluate(expression: str, library: Any, functional: Any) -> Any:
    """The value of an expression, or the exception it raised."""
    names = {name: library.tensor(array.copy()) for name, array in ARRAYS.items()}
    names |= {"T": library, "F": functional, "inf": math.inf, "nan": math.nan}
    try:
        return eval(expression, names)
    except Exception as error:
        return error


def plain(value: Any) -> Any:
    """Tensors as (dtype, array); tuples and lists element by element; the class name of named results."""
    if hasattr(value, "detach"):
        return str(value.dtype), value.detach().numpy()
    if isinstance(value, (tuple, list)) and type(value).__name__ != "Size":
        named = [type(value).__name__] if "return_types" in type(value).__module__ + repr(type(value)) else []
        return named + [plain(item) for item in value]
    return value


def agree(found: Any, expected: Any, tolerance: float) -> None:
    """Assert equal dtypes, shapes and values."""
    if isinstance(expected, list):
        assert isinstance(found, list)
        assert len(found) == len(expected)
        for f, e in zip(found, expected, strict=True):
            agree(f, e, tolerance)
    elif isinstance(expected, tuple) and len(expected) == 2 and isinstance(expected[1], np.ndarray):
        assert found[0] == expected[0]
        assert found[1].shape == expected[1].shape
        np.testing.assert_allclose(found[1], expected[1], rtol=tolerance, atol=tolerance)
    else:
        assert found == expected


def check(expression: str, functional: Any = None, tolerance: float = 1e-5) -> None:
    """Assert that an expression gives the same in both libraries.

    An error has to be of PyTorch's type, and has to begin with PyTorch's first sentence or contain it.
    """
    expected = evaluate(expression, torch, torch.nn.functional)
    found = evaluate(expression, cr, functional)
    if isinstance(expected, Exception):
        assert isinstance(found, type(expected)), f"{found!r} in place of {expected!r}"
        sentence = str(expected).split("\n")[0].split(". ")[0].rstrip(".")
        if "invalid combination of arguments" not in sentence and not isinstance(expected, TypeError):
            assert sentence in str(found)
        return
    if isinstance(found, Exception):
        raise found
    agree(plain(found), plain(expected), tolerance)


def check_gradients(function: Any, *arrays: np.ndarray[Any, Any], tolerance: float = 1e-8, second: bool = True) -> None:
    """Assert that value, gradient and (`second`) its gradient are PyTorch's; `function(library, *tensors)`."""
    results = []
    for library in (torch, cr):
        tensors = [library.tensor(a.copy()) for a in arrays]
        moving = [t.requires_grad_() for t in tensors if t.dtype.is_floating_point]
        y = function(library, *tensors)
        weight = library.tensor(np.cos(np.arange(y.numel(), dtype=np.float64)).reshape(tuple(y.shape)))
        first = library.autograd.grad((y * weight).sum(), moving, create_graph=second)
        total = sum(((g * g).sum() for g in first), start=(y * 0).sum())
        again = library.autograd.grad(total, moving, allow_unused=True) if second else ()
        zeros = [np.zeros(tuple(t.shape)) for t in moving]
        results.append([
            y.detach().numpy(), *[g.detach().numpy() for g in first],
            *[z if g is None else g.detach().numpy() for g, z in zip(again, zeros, strict=False)],
        ])  # fmt: skip
    for expected, found in zip(*results, strict=True):
        assert found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
