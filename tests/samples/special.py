"""Samples of special functions."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from . import Row
from .arithmetic import torchs

each = np.vectorize(math.erf, otypes=[float])


def torch_special(name):
    """PyTorch's function in its `special`."""
    return lambda *args: getattr(torchs_module(), name)(*args)


def torchs_module():
    import torch

    return torch.special


def integral(f, low, x, n=2001):
    """∫ f from `low` to each element of x, by Simpson's rule."""
    x = np.asarray(x, np.float64)
    t = np.linspace(0, 1, n)
    weights = np.where(np.arange(n) % 2, 4, 2) * (1 / 3 / (n - 1))
    weights[[0, -1]] = 1 / 3 / (n - 1)
    points = low + (x[..., None] - low) * t
    return (f(points) * weights).sum(-1) * (x - low)


def bessel(order, x):
    """1/π ∫ exp(x cos t) cos(order · t) over [0, π]: the mean of a periodic function."""
    t = np.pi * (np.arange(64) + 0.5) / 64
    return (np.exp(np.asarray(x, np.float64)[..., None] * np.cos(t)) * np.cos(order * t)).mean(-1)


def lgamma(x):
    return np.vectorize(math.lgamma, otypes=[float])(x)


def ndtr(x):
    return 0.5 * (1 + each(np.asarray(x) / math.sqrt(2)))


ROWS = {
    "erf": Row(each),
    "erfc": Row(lambda x: 1 - each(x)),
    "erfinv": Row(lambda y: special.ndtri((np.asarray(y) + 1) / 2) / math.sqrt(2), tolerance=1e-5),
    "_special_erfcx": Row(lambda x: np.exp(np.square(x)) * (1 - each(x)), notes={"torch": torch_special("erfcx")}),
    "_special_ndtr": Row(ndtr, notes={"torch": torch_special("ndtr")}),
    "_special_log_ndtr": Row(lambda x: np.log(ndtr(x)), notes={"torch": None}),
    "_special_ndtri": Row(
        lambda p: math.sqrt(2) * special.erfinv(2 * np.asarray(p) - 1),
        notes={"torch": torch_special("ndtri")},
        tolerance=1e-5,
    ),
    "_special_entr": Row(lambda x: -np.where(x == 0, 0, x * np.log(x)), notes={"torch": torch_special("entr")}),
    "_special_xlog1py": Row(
        lambda a, b: np.where(a == 0, 0, a * np.log(1 + b)), notes={"torch": torch_special("xlog1py")}
    ),
    "lgamma": Row(lgamma, notes={"edges": False}),  # at −∞ SciPy says −∞, PyTorch ∞
    # At negative whole numbers PyTorch's slopes are large or NaN by rounding errors; ours are infinite.
    "digamma": Row(
        lambda x: (
            (lgamma(np.asarray(x) + 1e-3) - lgamma(np.asarray(x) - 1e-3)) * 500
            - special.polygamma(2, x) * 1e-6 / 6
            - special.polygamma(4, x) * 1e-12 / 120
        ),
        notes={"edges": False},
    ),
    "_polygamma": Row(
        lambda x, n: special.polygamma(n, x),
        samples=[((np.array([[0.5, 1.5], [2.0, 3.0]]),), {"n": n}) for n in (1, 2, 3)],
        notes={"params": {"n": 1}, "torch": lambda x, n: torchs("polygamma")(n, x)},
    ),
    # At infinity PyTorch's i0 and i1 are NaN; ours are infinite.
    "i0": Row(lambda x: bessel(0, x), notes={"edges": False}),
    "_special_i0e": Row(
        lambda x: bessel(0, x) * np.exp(-np.abs(x)), notes={"torch": torch_special("i0e"), "edges": False}
    ),
    "_special_i1": Row(lambda x: bessel(1, x), notes={"torch": torch_special("i1"), "edges": False}),
    "_special_i1e": Row(
        lambda x: bessel(1, x) * np.exp(-np.abs(x)), notes={"torch": torch_special("i1e"), "edges": False}
    ),
}
