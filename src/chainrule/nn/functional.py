"""Layers and losses as functions."""

from __future__ import annotations

import warnings
from typing import Any

from ..ops.products import linear as linear


def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0).

    >>> import chainrule as cr
    >>> cr.nn.functional.relu(cr.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return input.relu_() if inplace else input.relu()


def sigmoid(input: Any) -> Any:
    """1 / (1 + exp(−x))."""
    return input.sigmoid()


def tanh(input: Any) -> Any:
    """tanh x."""
    return input.tanh()


def softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """exp(xᵢ) / Σⱼ exp(xⱼ) along `dim`."""
    return input.softmax(_chosen("softmax", input, dim, _stacklevel), dtype=dtype)


def log_softmax(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """xᵢ − log Σⱼ exp(xⱼ) along `dim`."""
    return input.log_softmax(_chosen("log_softmax", input, dim, _stacklevel), dtype=dtype)


def _chosen(name: str, input: Any, dim: int | None, stacklevel: int) -> int:
    """The dimension PyTorch takes where none is given, with its warning."""
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.ndim in (0, 1, 3) else 1


def reduction_from(size_average: Any, reduce: Any, reduction: str) -> str:
    """The reduction that two old arguments ask for, where they are given."""
    if size_average is None and reduce is None:
        return reduction
    size_average = True if size_average is None else size_average
    found = "none" if reduce is False else "mean" if size_average else "sum"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.", stacklevel=4
    )
    return found


def mse_loss(
    input: Any, target: Any, size_average: Any = None, reduce: Any = None, reduction: str = "mean", weight: Any = None
) -> Any:
    """The mean, sum or each of (input − target)²; `weight` multiplies the squares.

    Warns where the sizes differ: broadcasting in a loss is rarely meant.

    >>> import chainrule as cr
    >>> cr.nn.functional.mse_loss(cr.tensor([1.0, 2.0]), cr.tensor([0.0, 4.0]))
    tensor(2.5000)
    """
    if target._data.shape != input._data.shape:
        warnings.warn(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}). This will "
            "likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=2,
        )
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    squares = (input - target).square()
    if weight is not None:
        if weight.shape != input.shape:
            raise ValueError("Weights and input must have the same size.")
        squares = weight * squares
    return reduced(squares, reduction, weight)


def reduced(values: Any, reduction: str, weight: Any = None) -> Any:
    """The sum, the (weighted) mean or all of the values of a loss."""
    if reduction == "mean":
        return values.mean() if weight is None else values.sum() / weight.sum()
    if reduction == "sum":
        return values.sum()
    if reduction == "none":
        return values
    raise ValueError(f"{reduction} is not a valid value for reduction; it is 'mean', 'sum' or 'none'")
