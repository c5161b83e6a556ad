"""Words of our own for rules: NumPy code that every reading calls as one thing.

NumPy's own functions are words already; here stands what NumPy lacks, or does slowly. A word is a
plain function of arrays. `op.opaque` lets tensors and `Expr`s say what it means for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import opaque


@opaque
def broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """`np.broadcast_to`, which takes 3.5 µs on a scalar for what the constructor does in 0.4."""
    if type(x) is np.ndarray and not x.shape:
        return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
    return np.broadcast_to(x, shape)


@opaque
def view_get(x: Any, chain: tuple[Any, ...]) -> Any:
    """Follow a chain of view operations."""
    for op, params in chain:
        x = op.forward(x, **params)
    return x


@opaque
def view_put(x: Any, value: Any, chain: tuple[Any, ...]) -> Any:
    """A copy of `x` in which the view at the end of the chain holds `value`."""
    out = np.array(x)
    view_get(out, chain)[...] = value
    return out


@opaque
def cast(x: Any, dtype: Any) -> Any:
    """The values of `x` in another dtype; `x` itself where it has that already."""
    return x.astype(dtype, copy=False)
