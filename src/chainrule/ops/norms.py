"""Variance, norms, and the logarithm of a sum of exponentials."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..dtypes import from_numpy_dtype
from ..errors import DtypeError, NotSupportedError, refuse_out
from ..op import FLOAT, general, opaque, public
from .dims import axes_of, count
from .reduction import mean, spread, total

_INFINITY = float("inf")


def _wide(x: Any) -> Any:
    return x.astype(np.float32) if x.dtype == np.float16 else x


# ── variance ────────────────────────────────────────────────────────────────────────────────────


def _freedom(shape: tuple[int, ...], axis: Any, correction: float) -> float:
    n = count(shape, axis) - correction
    return n if n > 0 else 0


def _variance(x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    """Two passes, mean first: no cancellation however large the mean is."""
    if x.dtype.kind != "f":
        raise DtypeError(
            "std and var only support floating point and complex dtypes; this tensor is "
            f"{from_numpy_dtype(x.dtype).title}, convert it with .float()"
        )
    x = _wide(x)
    d = x - total(x, axis, True) / count(x.shape, axis)
    return total(d * d, axis, keepdims) / _freedom(x.shape, axis, correction)


@opaque
def _var_forward(x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
    return _variance(x, axis, correction, keepdims).astype(x.dtype)


@opaque
def _std_forward(x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
    return np.sqrt(_variance(x, axis, correction, keepdims)).astype(x.dtype)


def _var_rule(g: Any, x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    d = x - np.mean(x, axis=axis, keepdims=True)
    return spread(g, x.shape, axis, keepdims) * d * 2 / _freedom(x.shape, axis, correction)


def _std_rule(g: Any, y: Any, x: Any, axis: Any, correction: float, keepdims: bool) -> Any:
    """Where all elements are equal, the subgradient 0 is taken."""
    d = x - np.mean(x, axis=axis, keepdims=True)
    scale = g * (y != 0) / np.where(y == 0, 1, y)
    return spread(scale, x.shape, axis, keepdims) * d / _freedom(x.shape, axis, correction)


_var = general("var", _var_forward, {"x": _var_rule}, symbol="var {x}")
_std = general("std", _std_forward, {"x": _std_rule}, symbol="std {x}")


def _moment(record: Any, input: Any, dim: Any, unbiased: Any, keepdim: bool, correction: Any, out: None) -> Any:
    if out is not None:
        refuse_out(record.name)
    if isinstance(dim, bool):  # var(unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 1 if unbiased is None or unbiased else 0
    axis = axes_of(dim, input.ndim)
    if count(input.shape, axis) <= correction:
        warnings.warn(
            f"{record.name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction "
            "factor (input numel divided by output numel).",
            stacklevel=3,
        )
    return record(input, axis=axis, correction=correction, keepdims=keepdim)


@public()
def var(
    input: Any,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    out: None = None,
) -> Any:
    """Σ (x − mean)² / (n − correction), over all elements or along `dim`; `unbiased` is a correction of 1.

    Raises DtypeError for integers.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2., 3.]).var()
    tensor(1.)
    """
    return _moment(_var, input, dim, unbiased, keepdim, correction, out)


@public()
def std(
    input: Any,
    dim: Any = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    *,
    correction: float | None = None,
    out: None = None,
) -> Any:
    """√ of the variance, over all elements or along `dim`; its gradient is 0 where all elements are equal."""
    return _moment(_std, input, dim, unbiased, keepdim, correction, out)


def _with_mean(function: Any, input: Any, dim: Any, unbiased: Any, keepdim: bool, correction: Any) -> Any:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    return function(input, dim, unbiased, keepdim, correction=correction), mean(input, dim, keepdim)


@public(method=False)
def var_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The variance and the mean."""
    return _with_mean(var, input, dim, unbiased, keepdim, correction)


@public(method=False)
def std_mean(
    input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *, correction: Any = None
) -> Any:
    """The standard deviation and the mean."""
    return _with_mean(std, input, dim, unbiased, keepdim, correction)


# ── norms ───────────────────────────────────────────────────────────────────────────────────────


@opaque
def _norm_forward(x: Any, *, p: float, axis: Any, keepdims: bool) -> Any:
    if x.dtype.kind != "f":
        raise DtypeError(
            "linalg.vector_norm: Expected a floating point or complex tensor as input. Got "
            f"{from_numpy_dtype(x.dtype).title}; convert it with .float()"
        )
    a = _wide(x)
    if p == 2:
        y = np.sqrt(total(a * a, axis, keepdims))
    elif p == 0:
        y = total((a != 0).astype(a.dtype), axis, keepdims)
    elif abs(p) == _INFINITY:
        if not x.size:
            _refuse_empty(x.shape, axis, p)
        y = (np.maximum if p > 0 else np.minimum).reduce(abs(a), axis, None, None, keepdims)
    else:
        y = total(abs(a) ** p, axis, keepdims) ** (1 / p)
    return y.astype(x.dtype)


def _refuse_empty(shape: tuple[int, ...], axis: Any, p: float) -> None:
    if count(shape, axis) == 0:
        what = "an empty tensor" if axis is None else f"the dimension {axis}, because this dimension is empty and"
        raise DtypeError(
            f"linalg.vector_norm cannot compute the {p} norm on {what} because the operation does not have an identity"
        )


def _norm_rule(g: Any, y: Any, x: Any, p: float, axis: Any, keepdims: bool) -> Any:
    """∂‖x‖ₚ/∂x = sign(x) (|x| / ‖x‖)ᵖ⁻¹; the subgradient at 0 is 0, and for p = ∞ ties share."""
    shape = x.shape
    if abs(p) == _INFINITY:
        hit = abs(x) == spread(y, shape, axis, keepdims)
        return np.sign(x) * hit * spread(g / np.sum(hit, axis=axis, keepdims=keepdims), shape, axis, keepdims)
    g = spread(g, shape, axis, keepdims)
    if p == 0:
        return g * np.zeros(shape, bool)
    if p == 1:
        return g * np.sign(x)
    y = spread(np.where(y == 0, 1, y), shape, axis, keepdims)
    if p == 2:
        return g * (x / y)
    return g * np.sign(x) * (abs(np.where(x == 0, 1, x)) / y) ** (p - 1)


_norm = general("norm", _norm_forward, {"x": _norm_rule}, symbol="‖{x}‖")


def vector_norm(
    x: Any, ord: float = 2, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: None = None
) -> Any:
    """(Σ |xᵢ|ᵖ)¹ᐟᵖ with p = `ord`, over all elements or along `dim`; max |xᵢ| for ∞, their number ≠ 0 for 0.

    The gradient at 0 is 0. Raises DtypeError for integers and for an infinite norm of nothing.
    """
    if out is not None:
        refuse_out("vector_norm")
    if dtype is not None:
        x = x.to(dtype)
    return _norm(x, p=ord, axis=axes_of(dim, x.ndim), keepdims=keepdim)


@public()
def norm(
    input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, out: None = None, dtype: Any = None
) -> Any:
    """(Σ |xᵢ|ᵖ)¹ᐟᵖ of the elements, in all or along `dim`; "fro" is p = 2. The gradient at 0 is 0.

    Raises NotSupportedError for the nuclear norm.

    >>> import chainrule as cr
    >>> cr.tensor([3., 4.]).norm()
    tensor(5.)
    """
    if p == "nuc":
        raise NotSupportedError("norm(): the nuclear norm is not supported; sum the singular values instead")
    if isinstance(p, str) and p != "fro":
        raise DtypeError(f"linalg.matrix_norm: Order {p} not supported.")
    if not input.dtype.is_floating_point:
        return _norm(input, p=2, axis=None, keepdims=False)  # which refuses it
    order = 2 if p is None or p == "fro" else p
    return vector_norm(input, order, dim, keepdim, dtype=dtype, out=out)


@public()
def dist(input: Any, other: Any, p: float = 2) -> Any:
    """‖input − other‖ₚ over all elements, broadcast."""
    return _norm(input - other, p=p, axis=None, keepdims=False)


# ── logsumexp ───────────────────────────────────────────────────────────────────────────────────


@opaque
def _logsumexp_forward(x: Any, *, axis: Any, keepdims: bool) -> Any:
    wide = _wide(x)
    m = np.maximum.reduce(wide, axis, None, None, True, -_INFINITY)
    m = np.where(np.isinf(m), 0, m)
    y = np.log(total(np.exp(wide - m), axis, True)) + m
    if not keepdims:
        y = np.squeeze(y, axis if axis is not None else tuple(range(y.ndim)))
    return y.astype(x.dtype)


_logsumexp = general(
    "logsumexp",
    _logsumexp_forward,
    {
        "x": lambda g, y, x, axis, keepdims: (
            spread(g, x.shape, axis, keepdims) * np.exp(x - spread(y, x.shape, axis, keepdims))
        )
    },
    promotion=FLOAT,
    symbol="log Σ exp {x}",
)


@public()
def logsumexp(input: Any, dim: Any, keepdim: bool = False, *, out: None = None) -> Any:
    """log Σ exp(xᵢ) along `dim` (one or several), without overflow.

    >>> import chainrule as cr
    >>> cr.tensor([1000., 1000.]).logsumexp(0)
    tensor(1000.6932)
    """
    if out is not None:
        refuse_out("logsumexp")
    return _logsumexp(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)
