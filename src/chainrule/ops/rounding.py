"""Rounding, clamping, choosing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import from_numpy_dtype, result_dtype
from ..errors import DtypeError, ShapeError, UnsupportedDtypeError, refuse_out
from ..op import FUNCTIONS, METHODS, SAME, Op, discrete, elementwise, general, linear, public, word
from .checks import refuses

# ── rounding: the gradient is zero ──────────────────────────────────────────────────────────────


def _rounding(name: str, ufunc: np.ufunc, what: str, example: str, alias: Sequence[str] = (), half: float = 0) -> Op:
    op = elementwise(
        name,
        lambda x: ufunc(x) if x.dtype.kind == "f" else np.copy(x),
        {"x": 0},
        alias=alias,
        symbol=f"{name} {{x}}",
        kinks=lambda x: np.abs(np.remainder(x + half + 0.5, 1) - 0.5),
        check=refuses("b", f"{name.lstrip('_')}_vml_cpu"),
        doc=f"""{what}. The gradient is zero.

        >>> import chainrule as cr
        >>> cr.tensor([-1.5, 0.5, 2.7]).{name}()
        tensor([{example}])
        """
        if example
        else "",
    )
    word(ufunc)(op)
    return op


floor = _rounding("floor", np.floor, "The largest whole number not above x", "-2.,  0.,  2.")
ceil = _rounding("ceil", np.ceil, "The smallest whole number not below x", "-1.,  1.,  3.")
trunc = _rounding("trunc", np.trunc, "x without what follows the point", "-1.,  0.,  2.", alias=("fix",))
_round = _rounding("_round", np.rint, "The nearest whole number, the even one of two", "", half=0.5)


def _round_decimals_forward(x: Any, *, decimals: int) -> Any:
    if decimals > 0:
        return np.rint(x * 10.0**decimals) / 10.0**decimals
    return np.rint(x / 10.0**-decimals) * 10.0**-decimals


_round_decimals = elementwise(
    "_round_decimals",
    _round_decimals_forward,
    {"x": 0},
    title="RoundBackward1",
    kinks=lambda x: np.abs(np.remainder(10 * x, 1) - 0.5),
)
frac = elementwise(
    "frac",
    lambda x: x - np.trunc(x),
    {"x": 1},
    kinks=lambda x: np.abs(np.remainder(x + 0.5, 1) - 0.5),
    check=refuses("bi", "frac_cpu"),
    doc="""What follows the point of x, with its sign.

    >>> import chainrule as cr
    >>> cr.tensor([-1.5, 2.25]).frac()
    tensor([-0.5000,  0.2500])
    """,
)


@public()
def round(input: Any, *, decimals: int = 0, out: None = None) -> Any:
    """The nearest whole number (the even one of two), or the nearest multiple of 10⁻ᵈᵉᶜⁱᵐᵃˡˢ. The gradient is zero.

    >>> import chainrule as cr
    >>> cr.tensor([0.5, 1.5, -2.7]).round()
    tensor([ 0.,  2., -3.])
    """
    if out is not None:
        refuse_out("round")
    if not decimals:
        return _round.call(input)
    if input._data.dtype.kind != "f":
        title = from_numpy_dtype(input._data.dtype).title
        raise UnsupportedDtypeError(f"\"round_cpu\" not implemented for '{title}'; only floats are rounded to decimals")
    return _round_decimals.call(input, decimals=decimals)


# ── extremes of two, clamping ───────────────────────────────────────────────────────────────────

_difference = lambda a, b: a - b

_maximum = general(
    "maximum",
    np.maximum,
    {
        "a": lambda g, a, b: np.where(a == b, g / 2, np.where(a < b, 0, g)),
        "b": lambda g, a, b: np.where(a == b, g / 2, np.where(a > b, 0, g)),
    },
    promotion=SAME,
    args=("a", "b"),
    symbol="max({a}, {b})",
    kinks=_difference,
)
_minimum = general(
    "minimum",
    np.minimum,
    {
        "a": lambda g, a, b: np.where(a == b, g / 2, np.where(a > b, 0, g)),
        "b": lambda g, a, b: np.where(a == b, g / 2, np.where(a < b, 0, g)),
    },
    promotion=SAME,
    args=("a", "b"),
    symbol="min({a}, {b})",
    kinks=_difference,
)
fmax = elementwise(
    "fmax",
    np.fmax,
    {"a": lambda a, b: (a >= b) | (b != b), "b": lambda a, b: ~((a >= b) | (b != b))},
    kinks=_difference,
    doc="""The larger of a and b, broadcast; of a number and NaN the number. Ties give the gradient to a.

    >>> import chainrule as cr
    >>> cr.tensor([1., float("nan")]).fmax(cr.tensor([2., 3.]))
    tensor([2., 3.])
    """,
)
fmin = elementwise(
    "fmin",
    np.fmin,
    {"a": lambda a, b: (a <= b) | (b != b), "b": lambda a, b: ~((a <= b) | (b != b))},
    kinks=_difference,
    doc="""The smaller of a and b, broadcast; of a number and NaN the number. Ties give the gradient to a.

    >>> import chainrule as cr
    >>> cr.tensor([1., float("nan")]).fmin(cr.tensor([2., 3.]))
    tensor([1., 3.])
    """,
)


@public()
def maximum(input: Any, other: Any, *, out: None = None) -> Any:
    """The larger of two, element by element, broadcast; NaN where either is NaN.

    Elements that tie give half of the gradient to each.

    >>> import chainrule as cr
    >>> cr.maximum(cr.tensor([1., 5.]), cr.tensor([3., 4.]))
    tensor([3., 5.])
    """
    return _maximum.call(input, other, out=out)


@public()
def minimum(input: Any, other: Any, *, out: None = None) -> Any:
    """The smaller of two, element by element, broadcast; NaN where either is NaN.

    Elements that tie give half of the gradient to each.

    >>> import chainrule as cr
    >>> cr.minimum(cr.tensor([1., 5.]), cr.tensor([3., 4.]))
    tensor([1., 4.])
    """
    return _minimum.call(input, other, out=out)


clamp_min = elementwise(
    "clamp_min",
    np.maximum,
    {"x": lambda x, low: x >= low, "low": lambda x, low: x < low},
    title="ClampBackward1",
    symbol="max({x}, {low})",
    kinks=lambda x, low: x - low,
    doc="""max(x, low), broadcast; slope 1 where they are equal.

    >>> import chainrule as cr
    >>> cr.tensor([-1., 2.]).clamp_min(0)
    tensor([0., 2.])
    """,
)
clamp_max = elementwise(
    "clamp_max",
    np.minimum,
    {"x": lambda x, high: x <= high, "high": lambda x, high: x > high},
    title="ClampBackward1",
    symbol="min({x}, {high})",
    kinks=lambda x, high: x - high,
    doc="""min(x, high), broadcast; slope 1 where they are equal.

    >>> import chainrule as cr
    >>> cr.tensor([-1., 2.]).clamp_max(0)
    tensor([-1.,  0.])
    """,
)


@public(alias=("clip",))
def clamp(input: Any, min: Any = None, max: Any = None, *, out: None = None) -> Any:
    """min(max(input, min), max): numbers or tensors, either may be missing.

    The slope is 1 at the bounds. Where min > max, max wins. Raises RuntimeError without any bound.

    >>> import chainrule as cr
    >>> cr.tensor([-1., 0.5, 2.]).clamp(0, 1)
    tensor([0.0000, 0.5000, 1.0000])
    """
    if max is None and min is not None and out is None:
        return clamp_min.call(input, min)
    if out is not None:
        refuse_out("clamp")
    if min is not None:
        input = clamp_min.call(input, min)
    elif max is None:
        raise ShapeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    return clamp_max.call(input, max)


# ── choosing ────────────────────────────────────────────────────────────────────────────────────

_where = linear(
    "where",
    lambda condition, a, b: np.where(condition, a, b),
    {
        "a": lambda g, condition: np.where(condition, g, 0),
        "b": lambda g, condition: np.where(condition, 0, g),
    },
    symbol="({a} where {condition} else {b})",
)


@word(np.where)
def _np_where(condition: Any, a: Any, b: Any) -> Any:
    return where(condition, a, b)


def _meeting(value: Any, dtype: np.dtype[Any]) -> Any:
    """A tensor or a number in the dtype in which both branches meet."""
    if hasattr(value, "_data"):
        return value if value._data.dtype == dtype else value.to(from_numpy_dtype(dtype))
    return np.asarray(value).astype(dtype)


@public(method=False)
def where(condition: Any, input: Any = None, other: Any = None, *, out: None = None) -> Any:
    """`input` where the condition holds, `other` elsewhere, all three broadcast; either may be a number.

    With the condition alone: the indices where it holds, a tensor per dimension. The gradient that
    reaches the branch not taken is 0, even where that branch is infinite. Raises DtypeError for a
    condition that is neither bool nor uint8.

    >>> import chainrule as cr
    >>> x = cr.tensor([-1., 2.])
    >>> cr.where(x > 0, x, 0)
    tensor([0., 2.])
    """
    if out is not None:
        refuse_out("where")
    if input is None and other is None:
        return FUNCTIONS["nonzero"](condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError(
            "where() received an invalid combination of arguments - it takes a condition alone, or all three"
        )
    check_condition(condition)
    a, b = getattr(input, "_data", input), getattr(other, "_data", other)
    if type(a) is np.ndarray and type(b) is np.ndarray and a.dtype is b.dtype:
        return _where(condition, input, other)
    dtype = result_dtype([a, b])
    return _where(condition, _meeting(input, dtype), _meeting(other, dtype))


def check_condition(condition: Any) -> None:
    """Raise PyTorch's error for a condition that is no mask."""
    dtype = getattr(condition, "_data", np.asarray(False)).dtype
    if dtype.kind != "b" and dtype != np.uint8:
        raise DtypeError(
            "where expected condition to be a boolean tensor, but got a tensor with dtype "
            f"{from_numpy_dtype(dtype).title}; write `condition != 0`"
        )


def _where_method(input: Any, condition: Any, other: Any) -> Any:
    """The elements of this tensor where the condition holds, those of `other` elsewhere."""
    return where(condition, input, other)


METHODS["where"] = _where_method


# ── numbers in place of others ──────────────────────────────────────────────────────────────────

_nan_to_num = elementwise(
    "_nan_to_num",
    lambda x, *, nan, posinf, neginf: np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf),
    {"x": lambda x: np.isfinite(x)},
)


@public()
def nan_to_num(
    input: Any, nan: float | None = None, posinf: float | None = None, neginf: float | None = None, *, out: None = None
) -> Any:
    """`nan` (0) in place of NaN, `posinf` and `neginf` (the largest and smallest number) in place of infinities.

    >>> import chainrule as cr
    >>> cr.tensor([float("nan"), float("inf"), 1.]).nan_to_num(posinf=9.)
    tensor([0., 9., 1.])
    """
    if out is not None:
        refuse_out("nan_to_num")
    return _nan_to_num.call(input, nan=0.0 if nan is None else nan, posinf=posinf, neginf=neginf)


def _same_dtypes(arrays: Sequence[Any]) -> None:
    if len({a.dtype for a in arrays if type(a) is np.ndarray}) > 1:
        raise DtypeError("heaviside is not yet implemented for tensors with different dtypes.")


heaviside = discrete(
    "heaviside",
    lambda x, values: np.where(x == 0, values, x > 0).astype(np.result_type(x, values)),
    promotion=SAME,
    check=_same_dtypes,
    doc="""0 below 0, 1 above, `values` at 0, broadcast; no gradient passes.

    >>> import chainrule as cr
    >>> cr.tensor([-1., 0., 2.]).heaviside(cr.tensor([0.5]))
    tensor([0.0000, 0.5000, 1.0000])
    """,
)
