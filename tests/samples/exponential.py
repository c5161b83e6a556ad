"""Samples of exponentials and logarithms."""

from __future__ import annotations

import numpy as np

from . import Row
from .arithmetic import of_tensors, torchs

ROWS = {
    "exp": Row(lambda x: np.e**x, complex_step=True),
    "exp2": Row(lambda x: 2.0**x, complex_step=True),
    "expm1": Row(lambda x: np.exp(x) - 1, complex_step=True),
    "log": Row(lambda x: -np.log(1 / x), complex_step=True),
    "log2": Row(lambda x: np.log(x) / np.log(2), complex_step=True),
    "log10": Row(lambda x: np.log(x) / np.log(10), complex_step=True),
    "log1p": Row(lambda x: np.log(1 + x), complex_step=True),
    "logaddexp": Row(
        lambda a, b: np.log(np.exp(a) + np.exp(b)), notes={"integers": False, "torch": of_tensors("logaddexp")}
    ),
    "logaddexp2": Row(
        lambda a, b: np.log2(2.0**a + 2.0**b), notes={"integers": False, "torch": of_tensors("logaddexp2")}
    ),
    "xlogy": Row(lambda a, b: np.where(a == 0, 0, a * np.log(b))),
    "_logit": Row(
        lambda x, eps: -np.log(1 / np.clip(x, eps or 0, 1 - (eps or 0)) - 1),
        samples=[((np.array([[0.05, 0.5], [0.75, 0.99]]),), {"eps": e}) for e in (None, 0.1)],
        notes={"params": {"eps": None}, "torch": torchs("logit")},
    ),
}
