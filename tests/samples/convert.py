"""Samples of changes of dtype."""

from __future__ import annotations

import numpy as np

from . import Row

F64 = np.dtype(np.float64)

ROWS = {
    "to_copy": Row(
        lambda x, dtype: np.asarray(x, dtype),
        [
            ((np.array([[1.5, -2.0, 0.25]]),), {"dtype": F64}),
            ((np.array(3.0),), {"dtype": F64}),
            ((np.zeros((0, 2)),), {"dtype": F64}),
            ((np.arange(6.0).reshape(2, 3).T,), {"dtype": F64}),
            ((np.array([True, False]),), {"dtype": F64}),
            ((np.array([3, -4]),), {"dtype": F64}),
        ],
    ),
}
