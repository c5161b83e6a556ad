"""Samples of activations."""

from __future__ import annotations

import numpy as np

from . import Row
from .arithmetic import torchs

rng = np.random.default_rng(6)
MATRIX, CUBE = rng.standard_normal((3, 4)), rng.standard_normal((2, 3, 2))
ALONG = [
    ((MATRIX,), {"axis": 0}),
    ((MATRIX,), {"axis": 1}),
    ((CUBE,), {"axis": 1}),
    ((np.array([0.5]),), {"axis": 0}),
    ((np.zeros((0, 3)),), {"axis": 1}),
    ((np.zeros((2, 0)),), {"axis": 1}),
    ((MATRIX.T,), {"axis": 0}),
    ((MATRIX * 300,), {"axis": 1}),
]


def softmax(x, axis):
    """Element by element: 1 / Σⱼ exp(xⱼ − xᵢ)."""
    moved = np.moveaxis(x, axis, -1)
    with np.errstate(all="ignore"):
        y = 1 / np.exp(moved[..., None, :] - moved[..., :, None]).sum(-1)
    return np.moveaxis(y, -1, axis)


def log_softmax(x, axis):
    moved = np.moveaxis(x, axis, -1)
    y = -np.logaddexp.reduce(moved[..., None, :] - moved[..., :, None], -1) if x.size else moved
    return np.moveaxis(y, -1, axis)


def along(name):
    return lambda x, axis: torchs(name)(x, axis)


ROWS = {
    # PyTorch's slope at NaN is 1; ours is 0, the value is NaN anyway.
    "relu": Row(lambda x: x * (x > 0), notes={"edges": False}),
    "sigmoid": Row(lambda x: 0.5 * (1 + np.tanh(0.5 * x)), complex_step=True),
    "_softmax": Row(softmax, ALONG, notes={"torch": along("softmax")}),
    "_log_softmax": Row(log_softmax, ALONG, notes={"torch": along("log_softmax")}),
}
