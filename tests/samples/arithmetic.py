"""Samples of arithmetic."""

from __future__ import annotations

import importlib

import numpy as np

from . import Row


def torchs(name):
    """PyTorch's function of that name, looked up when it is called: it need not be installed."""
    return lambda *args, **params: getattr(importlib.import_module("torch"), name)(*args, **params)


def of_tensors(name):
    """The same where PyTorch takes tensors only: numbers become 0-d tensors."""

    def call(*args):
        torch = importlib.import_module("torch")
        like = next(a for a in args if isinstance(a, torch.Tensor))
        tensors = [a if isinstance(a, torch.Tensor) else torch.tensor(a, dtype=like.dtype) for a in args]
        return getattr(torch, name)(*tensors)

    return call


# Integers to negative powers and integers divided by zero raise: the samples that are made have both.
WHOLE = np.array([[7, -7, 4], [-4, 0, 9]])
DIVISORS = np.array([[2, 2, -3], [-4, 5, 3]])
NO_INTEGERS = {"integers": False}

ROWS = {
    "add": Row(lambda a, b: a + b, complex_step=True),
    "sub": Row(lambda a, b: a - b, complex_step=True),
    "_rsub": Row(lambda a, b: b - a, complex_step=True, notes={"torch": torchs("rsub")}),
    "mul": Row(lambda a, b: a * b, complex_step=True),
    "div": Row(lambda a, b: a / b, notes=NO_INTEGERS),
    "_rdiv": Row(lambda a, b: b / a, notes=NO_INTEGERS),
    "_div_rounded": Row(
        lambda a, b, rounding_mode: np.floor(a / b),
        samples=[
            ((WHOLE * 1.25 + 0.3, DIVISORS * 0.7), {"rounding_mode": "floor"}),
            ((WHOLE, DIVISORS), {"rounding_mode": "floor"}),
        ],
        notes={"torch": torchs("div")},
    ),
    "floor_divide": Row(
        lambda a, b: np.floor(a / b),
        samples=[((WHOLE, DIVISORS), {}), ((WHOLE * 1.25, DIVISORS * 0.7), {}), ((np.array(7.5), 2), {})],
    ),
    "remainder": Row(
        lambda a, b: a - b * np.floor(a / b), samples=[((WHOLE, DIVISORS), {})], notes=NO_INTEGERS, tolerance=1e-5
    ),
    "fmod": Row(
        lambda a, b: a - b * np.trunc(a / b), samples=[((WHOLE, DIVISORS), {})], notes=NO_INTEGERS, tolerance=1e-5
    ),
    "neg": Row(lambda x: -1 * x, complex_step=True),
    # PyTorch's slope of |x| at NaN is 0; ours is NaN, as the value is.
    "abs": Row(lambda x: np.maximum(x, -x), notes={"edges": False}),
    "sign": Row(lambda x: (x > 0) * 1.0 - (x < 0)),
    "signbit": Row(lambda x: x < 0),
    "copysign": Row(lambda a, b: np.abs(a) * np.where(b < 0, -1, 1), notes=NO_INTEGERS),
    "nextafter": Row(np.nextafter, notes={**NO_INTEGERS, "torch": of_tensors("nextafter")}),
    "_square": Row(lambda x: x * x, complex_step=True, notes={"torch": torchs("square")}),
    "_pow_scalar": Row(
        lambda x, exponent: np.power(x, exponent),
        samples=[
            ((np.array([[0.5, 1.5], [2.0, 3.0]]),), {"exponent": e}) for e in (0, 1, 2, 3, 4, -1, -2, 0.5, 2.5, -1.5)
        ],
        complex_step=True,
        notes={"params": {"exponent": 3}, "torch": torchs("pow")},
    ),
    "_pow": Row(lambda a, b: np.exp(b * np.log(a)), notes={**NO_INTEGERS, "torch": torchs("pow")}),
    "_rpow": Row(lambda a, b: np.exp(a * np.log(b)), notes={**NO_INTEGERS, "torch": lambda a, b: torchs("pow")(b, a)}),
    "sqrt": Row(lambda x: np.power(x, 0.5), complex_step=True),
    "rsqrt": Row(lambda x: np.power(x, -0.5), complex_step=True),
    "reciprocal": Row(lambda x: 1 / x, complex_step=True),
    "hypot": Row(lambda a, b: np.sqrt(a * a + b * b), notes={**NO_INTEGERS, "torch": of_tensors("hypot")}),
    "_lerp": Row(lambda a, b, w: a * (1 - w) + b * w, notes={**NO_INTEGERS, "torch": of_tensors("lerp")}),
    "gcd": Row(
        np.gcd, samples=[((np.array([12, 18, 0]), np.array([8, 27, 5])), {}), ((np.array(12), np.array([8])), {})]
    ),
    "lcm": Row(
        np.lcm, samples=[((np.array([12, 18, 0]), np.array([8, 27, 5])), {}), ((np.array(12), np.array([8])), {})]
    ),
}
