"""Activations as functions."""

from __future__ import annotations

import warnings
from typing import Any

from ...errors import UnsupportedDtypeError
from ...ops.exponential import logaddexp
from ...ops.rounding import where


def relu(input: Any, inplace: bool = False) -> Any:
    """max(x, 0).

    >>> import chainrule as cr
    >>> cr.nn.functional.relu(cr.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return input.relu_() if inplace else input.relu()


def leaky_relu(input: Any, negative_slope: float = 0.01, inplace: bool = False) -> Any:
    """x where x > 0, `negative_slope` · x elsewhere. Raises NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.nn.functional.leaky_relu(cr.tensor([-1.0, 2.0]), 0.1)
    tensor([-0.1000,  2.0000])
    """
    require_floats("leaky_relu", input)
    y = where(input > 0, input, input * negative_slope)
    return input.copy_(y) if inplace else y


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """log(1 + exp(βx)) / β, and x where βx > `threshold`. Raises NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.nn.functional.softplus(cr.tensor([0.0, 100.0]))
    tensor([  0.6931, 100.0000])
    """
    require_floats("softplus", input)
    scaled = input if beta == 1 else input * beta
    y = logaddexp(scaled, 0.0)
    return where(scaled > threshold, input, y if beta == 1 else y / beta)


def logsigmoid(input: Any) -> Any:
    """log σ(x) = −log(1 + exp(−x)), without overflow. Raises NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.nn.functional.logsigmoid(cr.tensor([-100.0, 0.0]))
    tensor([-100.0000,   -0.6931])
    """
    require_floats("log_sigmoid", input)
    return -logaddexp(-input, 0.0)


def require_floats(name: str, input: Any) -> None:
    """Raise PyTorch's error for integers and bools."""
    if input._data.dtype.kind != "f":
        raise UnsupportedDtypeError(
            f"\"{name}_cpu\" not implemented for '{input.dtype.title}'; convert the input with .float()"
        )


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
