"""The loss whose slopes have to be stable at the ends of its domain."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import elementwise


def _log(x: Any) -> Any:
    """log x, but −100 at 0, as PyTorch bounds it."""
    return np.maximum(np.log(x), -100)


_binary_cross_entropy = elementwise(
    "_binary_cross_entropy",
    lambda x, t: -(t * _log(x) + (1 - t) * np.maximum(np.log1p(-x), -100)),
    {
        "x": lambda x, t: (x - t) / np.maximum(x * (1 - x), 1e-12),
        "t": lambda x, t: np.log1p(-x) - np.log(x),
    },
    domain=(0, 1),
    symbol="−({t} log {x} + (1 − {t}) log(1 − {x}))",
)
