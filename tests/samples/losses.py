"""Samples of losses."""

from __future__ import annotations

import numpy as np

from . import Row


def entropy(x, t):
    return np.log((1 - x) ** (t - 1) / x**t)


def theirs(x, t):
    import torch

    x, t = (a if isinstance(a, torch.Tensor) else torch.tensor(a, dtype=torch.float64) for a in (x, t))
    return torch.nn.functional.binary_cross_entropy(*torch.broadcast_tensors(x, t), reduction="none")


ROWS = {"_binary_cross_entropy": Row(entropy, notes={"torch": theirs, "edges": False})}
