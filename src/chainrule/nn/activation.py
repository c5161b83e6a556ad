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


class LeakyReLU(Module):
    """x where x > 0, `negative_slope` · x elsewhere."""

    def __init__(self, negative_slope: float = 1e-2, inplace: bool = False):
        super().__init__()
        self.negative_slope = negative_slope
        self.inplace = inplace

    def forward(self, input: Any) -> Any:
        """x where x > 0, `negative_slope` · x elsewhere."""
        return functional.leaky_relu(input, self.negative_slope, self.inplace)

    def extra_repr(self) -> str:
        """The slope, and whether it writes into its input."""
        return f"negative_slope={self.negative_slope}{', inplace=True' if self.inplace else ''}"


class Softplus(Module):
    """log(1 + exp(βx)) / β."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0):
        super().__init__()
        self.beta = beta
        self.threshold = threshold

    def forward(self, input: Any) -> Any:
        """log(1 + exp(βx)) / β."""
        return functional.softplus(input, self.beta, self.threshold)

    def extra_repr(self) -> str:
        """β, and from where on it is x itself."""
        return f"beta={self.beta}, threshold={self.threshold}"


class LogSigmoid(Module):
    """log σ(x)."""

    def forward(self, input: Any) -> Any:
        """log σ(x)."""
        return functional.logsigmoid(input)


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
