"""Matrix products."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import linear, public

_mm = linear(
    "mm",
    lambda a, b: np.dot(a, b),
    {"a": lambda g, b: np.dot(g, b.T), "b": lambda g, a: np.dot(a.T, g)},
    symbol="{a} {b}",
)


@public()
def mm(input: Any, mat2: Any, *, out: None = None) -> Any:
    """input @ mat2 of two matrices."""
    return _mm.call(input, mat2)
