"""Running sums, products and extremes, and the linear recurrence that is behind their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..dtypes import from_numpy_dtype
from ..errors import ShapeError, refuse_out
from ..op import FUNCTIONS, discrete, general, linear, opaque, public, word
from .dims import axis_of

# ── words ───────────────────────────────────────────────────────────────────────────────────────


def _from(axis: int, start: int | None, stop: int | None = None) -> tuple[slice, ...]:
    return (*(slice(None),) * axis, slice(start, stop))


@opaque
def shifted(x: Any, axis: int, by: int) -> Any:
    """x moved one place along an axis, forwards (`by=1`) or back (−1), with a zero moved in."""
    y = np.zeros_like(x)
    if by == 1:
        y[_from(axis, 1)] = x[_from(axis, None, -1)]
    else:
        y[_from(axis, None, -1)] = x[_from(axis, 1)]
    return y


@opaque
def recurrence(a: Any, b: Any, axis: int, transposed: bool) -> Any:
    """yᵢ = bᵢ + aᵢ yᵢ₋₁, or transposed: yᵢ = bᵢ + aᵢ₊₁ yᵢ₊₁.

    Windows of 1, 2, 4 … steps are composed at once: log₂ n passes over the data (Hillis and
    Steele 1986) in place of n steps in Python.
    """
    if transposed:
        return np.flip(recurrence(shifted(np.flip(a, axis), axis, 1), np.flip(b, axis), axis, False), axis)
    n, step = b.shape[axis], 1
    y, factor = np.array(b), np.array(a)
    while step < n:
        late, early = _from(axis, step), _from(axis, None, -step)
        y[late] += factor[late] * y[early]
        factor[late] = factor[late] * factor[early]
        step *= 2
    return y


_shifted = linear(
    "shifted",
    lambda x, *, axis, by: shifted(x, axis, by),
    {"x": lambda g, axis, by: shifted(g, axis, -by)},
    symbol="{x} moved one place",
)


def _slope_of_factor(g: Any, a: Any, y: Any, axis: int, transposed: bool) -> Any:
    r = recurrence(a, g, axis, not transposed)
    return shifted(r, axis, 1) * y if transposed else r * shifted(y, axis, 1)


_recurrence = general(
    "recurrence",
    lambda a, b, *, axis, transposed: recurrence(a, b, axis, transposed),
    {"a": _slope_of_factor, "b": lambda g, a, axis, transposed: recurrence(a, g, axis, not transposed)},
    symbol="y = {b} + {a} y before",
)
word(shifted)(lambda x, axis, by: _shifted(x, axis=axis, by=by))
word(recurrence)(lambda a, b, axis, transposed: _recurrence(a, b, axis=axis, transposed=transposed))


def product_before(x: Any, axis: int) -> Any:
    """Πⱼ xⱼ over the j before i, for every i; 1 for the first."""
    first = np.arange(x.shape[axis]) == 0
    return shifted(np.cumprod(x, axis), axis, 1) + first.reshape((-1,) + (1,) * (x.ndim - 1 - axis))


# ── running sums and products ───────────────────────────────────────────────────────────────────


def _accumulated(ufunc: np.ufunc) -> Any:
    def forward(x: Any, *, axis: int) -> Any:
        if x.dtype.kind != "f":
            return ufunc.accumulate(x, axis, np.int64)
        if x.dtype == np.float16:
            return ufunc.accumulate(x, axis, np.float32).astype(np.float16)
        return ufunc.accumulate(x, axis)

    return forward


def _cumsum_transpose(g: Any, axis: int) -> Any:
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def _cumprod_rule(g: Any, x: Any, axis: int) -> Any:
    return product_before(x, axis) * recurrence(x, g, axis, True)


def _logcumsumexp_rule(g: Any, x: Any, y: Any, axis: int) -> Any:
    """exp(xⱼ − yⱼ) Σᵢ≥ⱼ gᵢ exp(yⱼ − yᵢ): no exponent is positive, as y never falls."""
    y = np.where(np.isinf(y), 0, y)
    return np.exp(x - y) * recurrence(np.exp(shifted(y, axis, 1) - y), g, axis, True)


@opaque
def _logcumsumexp_forward(x: Any, *, axis: int) -> Any:
    if x.dtype.kind != "f":
        raise NotImplementedError(
            f"\"logcumsumexp_out_cpu\" not implemented for '{from_numpy_dtype(x.dtype).title}'; "
            "convert it with .float()"
        )
    return np.logaddexp.accumulate(x, axis)


_cumsum = linear("cumsum", _accumulated(np.add), {"x": _cumsum_transpose}, symbol="cumsum {x}")
_cumprod = general("cumprod", _accumulated(np.multiply), {"x": _cumprod_rule}, symbol="cumprod {x}")
_logcumsumexp = general("logcumsumexp", _logcumsumexp_forward, {"x": _logcumsumexp_rule}, symbol="logcumsumexp {x}")


def _scan(record: Any, input: Any, dim: Any, dtype: Any, out: None) -> Any:
    """A scan along `dim`; a scalar is its own."""
    if out is not None:
        refuse_out(record.name)
    if dtype is not None:
        input = input.to(dtype)
    axis = axis_of(dim, input.ndim)
    y = record(input, axis=axis) if input.ndim else record(input.reshape((1,)), axis=0).reshape(())
    return y if dtype is None else y.to(dtype)


@public()
def cumsum(input: Any, dim: int, *, dtype: Any = None, out: None = None) -> Any:
    """yᵢ = x₀ + … + xᵢ along `dim`; integers and bools give int64.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2., 3.]).cumsum(0)
    tensor([1., 3., 6.])
    """
    return _scan(_cumsum, input, dim, dtype, out)


@public()
def cumprod(input: Any, dim: int, *, dtype: Any = None, out: None = None) -> Any:
    """yᵢ = x₀ · … · xᵢ along `dim`; integers and bools give int64. The gradient is exact at zeros too.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2., 3.]).cumprod(0)
    tensor([1., 2., 6.])
    """
    return _scan(_cumprod, input, dim, dtype, out)


@public()
def logcumsumexp(input: Any, dim: int, *, out: None = None) -> Any:
    """yᵢ = log(exp x₀ + … + exp xᵢ) along `dim`, without overflow."""
    return _scan(_logcumsumexp, input, dim, None, out)


@word(np.cumsum)
def _np_cumsum(x: Any, axis: Any = None) -> Any:
    return cumsum(x, axis)


@word(np.cumprod)
def _np_cumprod(x: Any, axis: Any = None) -> Any:
    return cumprod(x, axis)


# ── running extremes ────────────────────────────────────────────────────────────────────────────


@opaque
def _last_extreme(x: Any, *, axis: int, largest: bool) -> Any:
    """The index of the running extreme; of equal ones the last, and a NaN stays."""
    extremes = (np.maximum if largest else np.minimum).accumulate(x, axis)
    index = np.arange(x.shape[axis]).reshape((-1,) + (1,) * (x.ndim - 1 - axis))
    hit = (x == extremes) | (x != x)
    return np.maximum.accumulate(np.where(hit, index, 0), axis)


_cumextreme = discrete("cumextreme_index", _last_extreme)


def _running(name: str, largest: bool, input: Any, dim: Any, out: None) -> Any:
    if out is not None:
        refuse_out(name)
    axis = axis_of(dim, input.ndim)
    result = getattr(return_types, name)
    if not input.ndim:
        values, indices = _running(name, largest, input.reshape((1,)), 0, None)
        return result(values.reshape(()), indices.reshape(()))
    indices = _cumextreme(input, axis=axis, largest=largest)
    return result(FUNCTIONS["gather"](input, axis, indices), indices)


@public()
def cummax(input: Any, dim: int, *, out: None = None) -> Any:
    """The largest element so far along `dim`, and where it is: (values, indices).

    >>> import chainrule as cr
    >>> cr.tensor([1., 3., 2.]).cummax(0).indices
    tensor([0, 1, 1])
    """
    return _running("cummax", True, input, dim, out)


@public()
def cummin(input: Any, dim: int, *, out: None = None) -> Any:
    """The smallest element so far along `dim`, and where it is: (values, indices)."""
    return _running("cummin", False, input, dim, out)


@public()
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None, *, out: None = None) -> Any:
    """xᵢ₊₁ − xᵢ along `dim`, n times over.

    >>> import chainrule as cr
    >>> cr.tensor([1, 4, 9]).diff()
    tensor([3, 5])
    """
    if out is not None:
        refuse_out("diff")
    if not input.ndim:
        raise ShapeError("diff expects input to be at least one-dimensional; reshape it, x.reshape(1)")
    if n < 0:
        raise ShapeError(f"order must be non-negative but got {n}")
    axis = axis_of(dim, input.ndim)
    if n == 0:
        return input.clone()
    parts = [part for part in (prepend, input, append) if part is not None]
    y = FUNCTIONS["cat"](parts, axis) if len(parts) > 1 else input
    for _ in range(min(n, y.shape[axis])):
        later, earlier = y[_from(axis, 1)], y[_from(axis, None, -1)]
        y = later != earlier if y.dtype == from_numpy_dtype(np.dtype(bool)) else later - earlier
    return y
