"""Linear layers, and the two that only reshape or do nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes, record
from . import functional, init
from .module import Module
from .parameter import Parameter


class Linear(Module):
    """y = x Wᵀ + b on the last dimension.

    W (out × in) and b are drawn from U(−1/√in, 1/√in); after `manual_seed` they are PyTorch's numbers.

    >>> import chainrule as cr
    >>> cr.nn.Linear(20, 30)(cr.zeros(128, 20)).shape
    torch.Size([128, 30])
    """

    bias: Parameter | None

    def __init__(self, in_features: int, out_features: int, bias: bool = True, device: Any = None, dtype: Any = None):
        super().__init__()
        numpy_dtype = dtypes.default_numpy_dtype() if dtype is None else dtypes.to_numpy_dtype(dtype)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(record.wrap(np.empty((out_features, in_features), numpy_dtype)))
        if bias:
            self.bias = Parameter(record.wrap(np.empty(out_features, numpy_dtype)))
        else:
            self.register_parameter("bias", None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw weight and bias anew."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        if self.bias is not None:
            bound = 1 / math.sqrt(self.in_features) if self.in_features > 0 else 0
            init.uniform_(self.bias, -bound, bound)

    def forward(self, input: Any) -> Any:
        """x Wᵀ + b."""
        return functional.linear(input, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Sizes."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"


class Flatten(Module):
    """Joins the dimensions from `start_dim` to `end_dim` into one."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1):
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Any) -> Any:
        """The flattened input."""
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        """Dimensions."""
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Identity(Module):
    """Returns its input; takes any arguments and ignores them."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__()

    def forward(self, input: Any) -> Any:
        """The input."""
        return input
