"""Losses of differences: mse, l1, smooth_l1, huber."""

from __future__ import annotations

import warnings
from typing import Any

from ...ops.rounding import where
from .activation import require_floats
from .reduction import reduced, reduction_from


def mse_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """The mean, sum or each of (input − target)²; `weight` multiplies the squares.

    Warns where the sizes differ: broadcasting in a loss is rarely meant.

    >>> import chainrule as cr
    >>> cr.nn.functional.mse_loss(cr.tensor([1.0, 2.0]), cr.tensor([0.0, 4.0]))
    tensor(2.5000)
    """
    _warn_of_sizes(input, target)
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    squares = (input - target).square()
    if weight is not None:
        squares = _same_size(weight, input) * squares
    return reduced(squares, reduction, weight)


def l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """The mean, sum or each of |input − target|, with slope 0 at 0; `weight` multiplies them.

    Warns where the sizes differ.

    >>> import chainrule as cr
    >>> cr.nn.functional.l1_loss(cr.tensor([1.0, 2.0]), cr.tensor([0.0, 4.0]))
    tensor(1.5000)
    """
    _warn_of_sizes(input, target)
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    errors = (input - target).abs()
    if weight is not None:
        errors = errors * _same_size(weight, input)
    return reduced(errors, reduction, weight)


def smooth_l1_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", beta: float = 1.0
) -> Any:
    """The mean, sum or each of d² / 2β where d = |input − target| < β, and d − β/2 elsewhere.

    Warns where the sizes differ; raises RuntimeError for a negative `beta`, NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.nn.functional.smooth_l1_loss(cr.tensor([1.0, 2.0]), cr.tensor([0.5, 4.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    _warn_of_sizes(input, target)
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return reduced((input - target).abs(), reduction)
    error = (input - target).abs()
    require_floats("smooth_l1", error)
    return reduced(where(error < beta, error.square() * (0.5 / beta), error - 0.5 * beta), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0, weight: Any = None) -> Any:
    """The mean, sum or each of d² / 2 where d = |input − target| ≤ δ, and δ (d − δ/2) elsewhere.

    `weight` multiplies them; the mean is not divided by the weights. Warns where the sizes differ;
    raises RuntimeError unless `delta` is positive, NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.nn.functional.huber_loss(cr.tensor([1.0, 2.0]), cr.tensor([0.5, 4.0]), reduction="none")
    tensor([0.1250, 1.5000])
    """
    _warn_of_sizes(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    error = (input - target).abs()
    require_floats("huber", error)
    losses = where(error <= delta, error.square() * 0.5, (error - 0.5 * delta) * delta)
    return reduced(losses if weight is None else losses * _same_size(weight, input), reduction)


def _same_size(weight: Any, input: Any) -> Any:
    """The weight, if it has the input's size."""
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    return weight


def _warn_of_sizes(input: Any, target: Any) -> None:
    if target._data.shape != input._data.shape:
        warnings.warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=3,
        )
