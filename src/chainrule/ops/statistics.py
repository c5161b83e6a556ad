"""Quantiles and covariances, composed of sorting, gathering and products."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import DtypeError, ShapeError, refuse_out
from ..op import FUNCTIONS, discrete, opaque, public
from .dims import axis_of
from .products import matmul
from .sorting import sort

_INTERPOLATIONS = ("linear", "lower", "higher", "midpoint", "nearest")


@opaque
def _rank_forward(x: Any, q: Any, *, interpolation: str, ignore_nan: bool) -> tuple[Any, Any, Any]:
    """The places in each sorted row between which a quantile lies, and the weight of the upper one.

    A row with a NaN has its quantiles there, at the end, unless NaN are ignored.
    """
    last = x.shape[-1] - 1
    numbers = x.shape[-1] - np.add.reduce(np.isnan(x), -1, None, None, True)
    rank = np.atleast_1d(np.asarray(q, x.dtype)) * (
        np.maximum(numbers - 1, 0) if ignore_nan else np.int64(last)
    ).astype(x.dtype)
    if not ignore_nan:
        rank = np.where(numbers > last, rank, last)
    if interpolation == "lower":
        rank = np.floor(rank)
    elif interpolation == "higher":
        rank = np.ceil(rank)
    elif interpolation == "nearest":
        rank = np.rint(rank)
    below, above = np.floor(rank), np.ceil(rank)
    weight = np.full_like(rank, 0.5) if interpolation == "midpoint" else rank - below
    return below.astype(np.int64), above.astype(np.int64), weight.astype(x.dtype)


_rank = discrete("quantile_rank", _rank_forward)


def _quantile(
    name: str, input: Any, q: Any, dim: int | None, keepdim: bool, interpolation: str, ignore_nan: bool, out: None
) -> Any:
    if out is not None:
        refuse_out(name)
    _check_quantile(name, input, q, interpolation)
    if dim is None or not input.ndim:
        if dim is not None:
            axis_of(dim, 0)
        rows, kept = input.reshape((-1,)), (1,) * input.ndim
    else:
        axis = axis_of(dim, input.ndim)
        rows = FUNCTIONS["movedim"](input, axis, -1)
        kept = tuple([1 if i == axis else n for i, n in enumerate(input.shape)])
    ordered = sort(rows).values
    below, above, weight = _rank(ordered, q, interpolation=interpolation, ignore_nan=ignore_nan)
    if interpolation == "linear" and getattr(q, "requires_grad", False):
        last = (ordered == ordered).sum(-1, True) - 1
        weight = weight + (q - q.detach()).reshape((-1,)) * last  # no other value, but the slope in q
    y = FUNCTIONS["gather"](ordered, -1, below)
    if interpolation in ("linear", "midpoint"):
        y = y + weight * (FUNCTIONS["gather"](ordered, -1, above) - y)
    shape = kept if keepdim else tuple(rows.shape[:-1])
    several = tuple(q.shape) if hasattr(q, "ndim") else ()
    return FUNCTIONS["movedim"](y, -1, 0).reshape((*several, *shape))


def _check_quantile(name: str, input: Any, q: Any, interpolation: str) -> None:
    if not input.numel():
        raise ShapeError(f"{name}() input tensor must be non-empty; its shape is {list(input.shape)}")
    if input.dtype.name not in ("float32", "float64"):
        raise DtypeError(f"{name}() input tensor must be either float or double dtype, not {input.dtype.title}")
    if interpolation not in _INTERPOLATIONS:
        raise DtypeError(
            f"{name}() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    if not hasattr(q, "ndim"):
        if not 0 <= q <= 1:
            raise DtypeError(f"{name}() q must be in the range [0, 1] but got {q:g}")
        return
    if q.ndim > 1:
        raise ShapeError(f"{name}() q must be a scalar or 1D tensor, not of shape {list(q.shape)}")
    if q.dtype is not input.dtype:
        raise DtypeError(f"{name}() q tensor must be same dtype as the input tensor: {q.dtype!r} and {input.dtype!r}")
    if not bool(((q >= 0) & (q <= 1)).all()):
        raise DtypeError(f"{name}() q values must be in the range [0, 1]")


@public()
def quantile(
    input: Any,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: None = None,
) -> Any:
    """The value below which a share q of the elements lies, between two of them by `interpolation`.

    A vector q adds a first dimension. Raises DtypeError unless the input is float32 or float64.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2., 3., 4.]).quantile(0.5)
    tensor(2.5000)
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation, False, out)


@public()
def nanquantile(
    input: Any,
    q: Any,
    dim: int | None = None,
    keepdim: bool = False,
    *,
    interpolation: str = "linear",
    out: None = None,
) -> Any:
    """`quantile` of the elements that are numbers."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation, True, out)


@public()
def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """The covariances of the rows: Σ w (xᵢ − mean)(xⱼ − mean) / (Σ w − correction).

    `fweights` are counts, `aweights` are weights, one per column.
    """
    if input.ndim > 2:
        raise ShapeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input.ndim} dimensions"
        )
    x = input.reshape((1, -1)) if input.ndim < 2 else input
    if not x.dtype.is_floating_point:
        x = x * 1.0
    weight = fweights if aweights is None else aweights if fweights is None else fweights * aweights
    total = x.shape[1] if weight is None else weight.sum()
    center = x.mean(1, True) if weight is None else (x * weight).sum(1, True) / total
    d = x - center
    freedom = total - (correction if aweights is None else correction * (weight * aweights).sum() / total)
    if float(freedom) <= 0:
        warnings.warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            stacklevel=2,
        )
        freedom = 0
    c = matmul(d, (d if weight is None else d * weight).t()) / freedom
    return c if input.ndim == 2 and input.shape[0] != 1 else c.reshape(())


@public()
def corrcoef(input: Any) -> Any:
    """The correlation coefficients of the rows: covariances over the two standard deviations."""
    c = cov(input)
    if not c.ndim:
        return c / c
    deviation = FUNCTIONS["diagonal"](c).sqrt()
    return (c / deviation.unsqueeze(1) / deviation.unsqueeze(0)).clamp(-1, 1)
