"""Samples for `ops/random.py`: the sample is given, so it is the result, and does not move with the arguments."""

from __future__ import annotations

import numpy as np

from . import Row

_X = np.array([[0.2, 0.5, 0.9], [0.4, 0.1, 0.7]])
_Y = np.array([[1.0, 0.0, 2.5], [-1.0, 3.0, 0.25]])
_NOTES = {"torch": None}


def _one() -> Row:
    return Row(
        lambda x, *, sample: sample,
        [((_X,), {"sample": _Y}), ((np.array(0.3),), {"sample": np.array(1.0)}), ((_X[:0],), {"sample": _Y[:0]})],
        second=False,
        notes=_NOTES,
    )


def _two() -> Row:
    samples = [
        ((_X, _X + 0.1), {"sample": _Y}),
        ((_X, np.array(0.5)), {"sample": _Y}),
        ((_X, _X[0]), {"sample": _Y}),
        ((_X[:0], _X[:0]), {"sample": _Y[:0]}),
    ]
    return Row(lambda x, p, *, sample: sample, samples, second=False, notes=_NOTES)


ROWS = {
    "bernoulli": _one(),
    "bernoulli_": _one(),
    "bernoulli_each_": _two(),
    "cauchy_": _one(),
    "exponential_": _one(),
    "geometric_": _one(),
    "log_normal_": _one(),
    "normal_": _one(),
    "normal_mean": _one(),
    "normal_mean_std": _two(),
    "normal_std": _one(),
    "random_": _one(),
    "random_from_to_": _one(),
    "random_to_": _one(),
    "uniform_": _one(),
}
