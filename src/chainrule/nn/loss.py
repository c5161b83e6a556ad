"""Losses as modules."""

from __future__ import annotations

from typing import Any

from . import functional
from .module import Module


class MSELoss(Module):
    """The mean (or sum, or each one) of the squared differences.

    >>> import chainrule as cr
    >>> cr.nn.MSELoss(reduction="sum")(cr.tensor([1.0, 2.0]), cr.tensor([0.0, 4.0]))
    tensor(5.)
    """

    def __init__(self, size_average: Any = None, reduce: Any = None, reduction: str = "mean"):
        super().__init__()
        self.reduction = functional.reduction_from(size_average, reduce, reduction)

    def forward(self, input: Any, target: Any) -> Any:
        """The loss."""
        return functional.mse_loss(input, target, reduction=self.reduction)
