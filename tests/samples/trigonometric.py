"""Samples of trigonometric and hyperbolic functions."""

from __future__ import annotations

import numpy as np

from . import Row
from .arithmetic import of_tensors

ROWS = {
    "sin": Row(lambda x: np.exp(1j * x).imag, complex_step=True),
    "cos": Row(lambda x: np.exp(1j * x).real, complex_step=True),
    "tan": Row(lambda x: np.sin(x) / np.cos(x), complex_step=True),
    "asin": Row(lambda x: np.arctan2(x, np.sqrt(1 - x * x)), complex_step=True),
    "acos": Row(lambda x: np.arctan2(np.sqrt(1 - x * x), x), complex_step=True),
    "atan": Row(lambda x: np.arcsin(x / np.sqrt(1 + x * x)), complex_step=True),
    "atan2": Row(lambda a, b: np.angle(b + 1j * a), notes={"torch": of_tensors("atan2")}),
    "sinh": Row(lambda x: (np.exp(x) - np.exp(-x)) / 2, complex_step=True),
    "cosh": Row(lambda x: (np.exp(x) + np.exp(-x)) / 2, complex_step=True),
    "tanh": Row(lambda x: 1 - 2 / (np.exp(2 * x) + 1), complex_step=True),
    "asinh": Row(lambda x: np.log(x + np.sqrt(x * x + 1)), complex_step=True),
    "acosh": Row(lambda x: np.log(x + np.sqrt(x * x - 1)), complex_step=True),
    "atanh": Row(lambda x: np.log((1 + x) / (1 - x)) / 2, complex_step=True),
    "sinc": Row(lambda x: np.sinc(x)),
    "deg2rad": Row(lambda x: x * np.pi / 180),
    "rad2deg": Row(lambda x: x / np.pi * 180),
}
