"""Samples of rounding, clamping and choosing."""

from __future__ import annotations

import numpy as np

from . import Row
from .arithmetic import of_tensors, torchs

rng = np.random.default_rng(5)
MATRIX, OTHER = rng.standard_normal((3, 4)), rng.standard_normal((3, 4))
MASK = MATRIX > 0.2
PAIRS = [
    ((MATRIX, OTHER), {}),
    ((MATRIX, OTHER[0]), {}),
    ((np.array(0.5), MATRIX), {}),
    ((MATRIX, 0.1), {}),
    ((np.zeros((0, 3)), np.ones(3)), {}),
    ((MATRIX.T, OTHER.T), {}),
    ((np.array([[1, 5], [2, -3]]), np.array([3, 3])), {}),
]

ROWS = {
    "floor": Row(lambda x: x - x % 1),
    "ceil": Row(lambda x: x + -x % 1),
    "trunc": Row(lambda x: np.sign(x) * np.floor(np.abs(x))),
    "_round": Row(lambda x: np.round(x), notes={"torch": torchs("round")}),
    "_round_decimals": Row(
        lambda x, decimals: np.round(x, decimals),
        samples=[((np.array([[12.34, -7.89]]),), {"decimals": d}) for d in (1, 2, -1)],
        notes={"params": {"decimals": 1}, "torch": torchs("round"), "integers": False},
    ),
    "frac": Row(lambda x: np.fmod(x, 1), notes={"integers": False}),
    "maximum": Row(lambda a, b: np.where(a > b, a, b), samples=PAIRS, notes={"torch": of_tensors("maximum")}),
    "minimum": Row(lambda a, b: np.where(a < b, a, b), samples=PAIRS, notes={"torch": of_tensors("minimum")}),
    "fmax": Row(lambda a, b: np.where(a > b, a, b), notes={"torch": of_tensors("fmax")}),
    "fmin": Row(lambda a, b: np.where(a < b, a, b), notes={"torch": of_tensors("fmin")}),
    "clamp_min": Row(lambda x, low: np.where(x > low, x, low)),
    "clamp_max": Row(lambda x, high: np.where(x < high, x, high)),
    "where": Row(
        lambda c, a, b: np.select([c], [a], b),
        samples=[
            ((MASK, MATRIX, OTHER), {}),
            ((MASK[0], MATRIX, np.array(2.0)), {}),
            ((np.array(True), np.array(1.5), MATRIX), {}),
            ((np.zeros((0, 3), bool), np.zeros((0, 3)), np.ones(3)), {}),
            ((MASK.T, MATRIX.T, OTHER.T), {}),
            ((MASK, np.arange(4), np.arange(12).reshape(3, 4)), {}),
        ],
    ),
    "_nan_to_num": Row(
        lambda x, nan, posinf, neginf: np.where(np.isnan(x), nan, np.clip(x, neginf, posinf)),
        samples=[((np.array([[1.0, -2.0], [0.0, 5.0]]),), {"nan": 0.5, "posinf": 9.0, "neginf": -9.0})],
        notes={"params": {"nan": 0.0, "posinf": 9.0, "neginf": -9.0}, "torch": torchs("nan_to_num")},
    ),
    "heaviside": Row(lambda a, b: (a > 0) + (a == 0) * b, notes={"torch": of_tensors("heaviside")}),
}
