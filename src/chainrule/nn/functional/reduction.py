"""What all losses share: how the values of the observations become one number."""

from __future__ import annotations

import warnings
from typing import Any


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


def reduced(values: Any, reduction: str, weight: Any = None) -> Any:
    """The sum, the (weighted) mean or all of the values of a loss."""
    if reduction == "mean":
        return values.mean() if weight is None else values.sum() / weight.sum()
    if reduction == "sum":
        return values.sum()
    if reduction == "none":
        return values
    raise ValueError(f"{reduction} is not a valid value for reduction; it is 'mean', 'sum' or 'none'")
