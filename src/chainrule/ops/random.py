"""Sampling, as far as gradients see it: a sample does not move with what it was drawn from, its gradient is zero.

The numbers are drawn in `random/` and come in as the parameter `sample`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..op import Op, general, opaque


@opaque
def _drawn(x: Any, *, sample: Any) -> Any:
    return np.asarray(sample, x.dtype)


@opaque
def _drawn_with(x: Any, p: Any, *, sample: Any) -> Any:
    return np.asarray(sample, x.dtype)


def _of_one(name: str, title: str) -> Op:
    op = general(name, _drawn, {"x": lambda x_shape: np.zeros(x_shape)}, symbol=f"{name.rstrip('_')}({{x}})")
    op.title = title
    return op


def _of_two(name: str, title: str) -> Op:
    rules = {"x": lambda x_shape: np.zeros(x_shape), "p": lambda p_shape: np.zeros(p_shape)}
    op = general(name, _drawn_with, rules, symbol=f"{name.rstrip('_')}({{x}}, {{p}})")
    op.title = title
    return op


bernoulli = _of_one("bernoulli", "BernoulliBackward0")
bernoulli_each = _of_two("bernoulli_each_", "BernoulliBackward1")
bernoulli_ = _of_one("bernoulli_", "BernoulliBackward2")
cauchy_ = _of_one("cauchy_", "CauchyBackward0")
exponential_ = _of_one("exponential_", "ExponentialBackward0")
geometric_ = _of_one("geometric_", "GeometricBackward0")
log_normal_ = _of_one("log_normal_", "LogNormalBackward0")
normal_ = _of_one("normal_", "NormalBackward0")
normal_mean = _of_one("normal_mean", "NormalBackward1")
normal_std = _of_one("normal_std", "NormalBackward2")
normal_both = _of_two("normal_mean_std", "NormalBackward3")
random_from_to = _of_one("random_from_to_", "RandomBackward0")
random_to = _of_one("random_to_", "RandomBackward1")
random_ = _of_one("random_", "RandomBackward2")
uniform_ = _of_one("uniform_", "UniformBackward0")
