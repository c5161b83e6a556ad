"""Activations as modules."""

from __future__ import annotations

from typing import Any

from . import functional
from .module import Module


class ReLU(Module):
    """max(x, 0)."""

    def __init__(self, inplace: bool = False):
        super().__init__()
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        """max(x, 0)."""
        return functional.relu(input, self.inplace)

    def extra_repr(self) -> str:
        """Whether it writes into its input."""
        return "inplace=True" if self.inplace else ""


class Sigmoid(Module):
    """1 / (1 + exp(−x))."""

    def forward(self, input: Any) -> Any:
        """1 / (1 + exp(−x))."""
        return input.sigmoid()


class Tanh(Module):
    """tanh x."""

    def forward(self, input: Any) -> Any:
        """tanh x."""
        return input.tanh()
