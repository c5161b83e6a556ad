"""Arithmetic and powers."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import FLOATS, from_numpy_dtype, result_dtype
from ..errors import DtypeError, refuse_out
from ..op import FLOAT, METHODS, SAME, discrete, elementwise, public, word
from .checks import divides, kind_of, refuses

_NUMBERS = (int, float)

# ── the four operations ─────────────────────────────────────────────────────────────────────────


def _no_bools(arrays: Sequence[Any]) -> None:
    """`1 - mask` is an error in PyTorch: it is `~mask` that is meant."""
    bools = [type(a) is bool or (type(a) is np.ndarray and a.dtype.kind == "b") for a in arrays]
    if all(bools):
        raise DtypeError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. Use the `^` or `logical_xor()` "
            "operator instead."
        )
    if any(bools):
        raise DtypeError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, "
            "use the `~` or `logical_not()` operator instead."
        )


_add = elementwise("add", np.add, {"a": 1, "b": 1}, symbol="{a} + {b}")
_sub = elementwise("sub", np.subtract, {"a": 1, "b": -1}, symbol="{a} − {b}", check=_no_bools)
_rsub = elementwise(
    "_rsub",
    lambda a, b: np.subtract(b, a),
    {"a": -1, "b": 1},
    title="RsubBackward1",
    symbol="{b} − {a}",
    check=_no_bools,
)
mul = elementwise(
    "mul",
    np.multiply,
    {"a": lambda b: b, "b": lambda a: a},
    symbol="{a} ⊙ {b}",
    alias=("multiply",),
    doc="""a · b, broadcast, in the dtype in which both meet.

    Raises ShapeError for shapes that do not broadcast.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2.]).mul(3)
    tensor([3., 6.])
    """,
)
_div = elementwise(
    "div", np.divide, {"a": lambda b: 1 / b, "b": lambda a, b: -a / b / b}, promotion=FLOAT, symbol="{a} / {b}"
)
_rdiv = elementwise(
    "_rdiv",
    lambda a, b: np.divide(b, a),
    {"a": lambda a, b: -b / a / a, "b": lambda a: 1 / a},
    promotion=FLOAT,
    symbol="{b} / {a}",
)


def _scaled(name: str, input: Any, other: Any, alpha: Any) -> Any:
    """alpha · other, in the dtype in which the sum will be computed."""
    arrays = [getattr(x, "_data", x) for x in (input, other)]
    kind = kind_of(arrays)
    if kind != "f" and type(alpha) is float:
        raise DtypeError(
            f"For integral input tensors, argument alpha must not be a floating point number: {name}(alpha={alpha})"
        )
    if kind == "b":
        alpha = bool(alpha)
    elif type(alpha) is bool:
        raise DtypeError(f"Boolean alpha only supported for Boolean results: {name}(alpha={alpha}); write 1 or 0")
    if hasattr(other, "_data"):
        other = other.to(from_numpy_dtype(result_dtype(arrays)))
    return other * alpha


@public()
def add(input: Any, other: Any, *, alpha: Any = 1, out: None = None) -> Any:
    """input + alpha · other, broadcast, in the dtype in which both meet.

    Raises ShapeError for shapes that do not broadcast, DtypeError for a float alpha between integers.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2.]).add(cr.tensor([10., 20.]), alpha=2)
    tensor([21., 42.])
    """
    if out is not None:
        refuse_out("add")
    return _add.call(input, other if alpha == 1 else _scaled("add", input, other, alpha))


@public(alias=("subtract",))
def sub(input: Any, other: Any, *, alpha: Any = 1, out: None = None) -> Any:
    """input − alpha · other, broadcast, in the dtype in which both meet.

    Raises ShapeError for shapes that do not broadcast, DtypeError for bools (use `~` or `^`) and for
    a float alpha between integers.

    >>> import chainrule as cr
    >>> cr.tensor([1, 2]) - 1
    tensor([0, 1])
    """
    if out is not None:
        refuse_out("sub")
    return _sub.call(input, other if alpha == 1 else _scaled("sub", input, other, alpha))


@public(method=False)
def rsub(input: Any, other: Any, *, alpha: Any = 1) -> Any:
    """other − alpha · input, broadcast."""
    return _rsub.call(input if alpha == 1 else _scaled("rsub", other, input, alpha), other)


# ── division with rounding, remainders ──────────────────────────────────────────────────────────


def _div_rounded_forward(a: Any, b: Any, *, rounding_mode: str) -> Any:
    if rounding_mode == "floor":
        return np.floor_divide(a, b)
    if np.result_type(a, b).kind == "f":
        return np.trunc(np.divide(a, b))
    return np.floor_divide(a - np.fmod(a, b), b)


_div_rounded = elementwise(
    "_div_rounded", _div_rounded_forward, {"a": 0, "b": 0}, title="DivBackward2", check=divides("div_trunc_cpu")
)
floor_divide = discrete(
    "floor_divide",
    np.floor_divide,
    promotion=SAME,
    args=("a", "b"),
    symbol="⌊{a} / {b}⌋",
    check=divides("div_floor_cpu"),
    doc="""⌊a / b⌋, broadcast; no gradient passes (`div(…, rounding_mode="floor")` passes zeros).

    Raises RuntimeError for integers divided by zero.

    >>> import chainrule as cr
    >>> cr.tensor([7, -7]) // 2
    tensor([ 3, -4])
    """,
)
remainder = elementwise(
    "remainder",
    np.remainder,
    {"a": 1, "b": lambda a, b: -np.floor_divide(a, b)},
    symbol="{a} mod {b}",
    check=divides("remainder_cpu"),
    kinks=lambda a, b: np.abs(np.remainder(a / b + 0.5, 1) - 0.5) * (np.abs(b) > 0.1),
    doc="""a − b ⌊a / b⌋, with the sign of b.

    Raises RuntimeError for integers divided by zero.

    >>> import chainrule as cr
    >>> cr.tensor([-3., 3.]) % 2
    tensor([1., 1.])
    """,
)
fmod = elementwise(
    "fmod",
    np.fmod,
    {"a": 1, "b": lambda a, b: -np.trunc(a / b)},
    check=divides("fmod_cpu"),
    kinks=remainder.kinks,
    doc="""a − b · trunc(a / b), with the sign of a.

    Raises RuntimeError for integers divided by zero.

    >>> import chainrule as cr
    >>> cr.tensor([-3., 3.]).fmod(2)
    tensor([-1.,  1.])
    """,
)


@public(alias=("divide",))
def div(input: Any, other: Any, *, rounding_mode: str | None = None, out: None = None) -> Any:
    """input / other, broadcast; integers become floats unless the quotient is rounded ("trunc" or "floor").

    Raises RuntimeError for integers divided by zero with rounding.

    >>> import chainrule as cr
    >>> cr.tensor([7, -7]).div(2), cr.tensor([7, -7]).div(2, rounding_mode="trunc")
    (tensor([ 3.5000, -3.5000]), tensor([ 3, -3]))
    """
    if out is not None:
        refuse_out("div")
    if rounding_mode is None:
        return _div.call(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise DtypeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found {rounding_mode!r}"
        )
    return _div_rounded(input, other, rounding_mode=rounding_mode)


@public()
def true_divide(input: Any, other: Any, *, out: None = None) -> Any:
    """input / other, broadcast; integers become floats."""
    return div(input, other, out=out)


# ── signs ───────────────────────────────────────────────────────────────────────────────────────


def _no_bool(arrays: Sequence[Any]) -> None:
    if kind_of(arrays) == "b":
        raise DtypeError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use "
            "the `~` or `logical_not()` operator instead."
        )


neg = elementwise(
    "neg",
    np.negative,
    {"x": -1},
    symbol="−{x}",
    alias=("negative",),
    check=_no_bool,
    doc="""−x. Raises DtypeError for a bool tensor.

    >>> import chainrule as cr
    >>> -cr.tensor([1., -2.])
    tensor([-1.,  2.])
    """,
)


@public()
def positive(input: Any) -> Any:
    """The tensor itself: +x. Raises DtypeError for a bool tensor."""
    if input._data.dtype.kind == "b":
        raise DtypeError("The `+` operator, on a bool tensor is not supported; convert it with .int()")
    return input


abs = elementwise(
    "abs",
    np.absolute,
    {"x": lambda x: np.sign(x)},
    symbol="|{x}|",
    alias=("absolute",),
    kinks=(0,),
    check=refuses("b", "abs_cpu"),
    doc="""|x|, with slope 0 at 0.

    >>> import chainrule as cr
    >>> cr.tensor([-1., 2.]).abs()
    tensor([1., 2.])
    """,
)
sign = elementwise(
    "sign",
    lambda x: np.copy(x) if x.dtype.kind == "b" else np.where(x == x, np.sign(x), 0),
    {"x": 0},
    symbol="sign {x}",
    alias=("sgn",),
    kinks=(0,),
    doc="""−1, 0 or 1, the sign of x; 0 for NaN. The gradient is zero.

    >>> import chainrule as cr
    >>> cr.tensor([-3., 0., 2.]).sign()
    tensor([-1.,  0.,  1.])
    """,
)
word(np.sign)(sign)
signbit = discrete(
    "signbit",
    np.signbit,
    promotion=SAME,
    args=("x",),
    doc="""Whether the sign of x is set: for negative numbers and for −0.

    >>> import chainrule as cr
    >>> cr.tensor([-0., 0.]).signbit()
    tensor([ True, False])
    """,
)
copysign = elementwise(
    "copysign",
    np.copysign,
    {"a": lambda a, y: np.where(a == 0, 0, y / a), "b": 0},
    promotion=FLOAT,
    kinks=(0,),
    doc="""|a| with the sign of b.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2.]).copysign(cr.tensor([-1., 1.]))
    tensor([-1.,  2.])
    """,
)
nextafter = elementwise(
    "nextafter",
    np.nextafter,
    {"a": lambda a, b: a != b, "b": 0},  # as in PyTorch, which counts a = b as constant
    check=refuses("bi", "nextafter_cpu"),
    doc="""The floating-point number next to a in the direction of b.""",
)

# ── powers ──────────────────────────────────────────────────────────────────────────────────────


def _power(x: Any, *, exponent: Any) -> Any:
    """xᵉ, with two quick cases beside NumPy's own (2, 1, ½, 0 and −1)."""
    if exponent == 3:
        return x * x * x
    return 1 / np.sqrt(x) if exponent == -0.5 else x**exponent


def _power_slope(x: Any, exponent: Any) -> Any:
    return exponent * _power(x, exponent=exponent - 1) if exponent else 0


def _base_slope(a: Any, b: Any) -> Any:
    """x⁰ has slope 0 everywhere, at 0 too."""
    return np.where(b == 0, 0, b * a ** (b - 1))


def _exponent_slope(a: Any, b: Any, y: Any) -> Any:
    """0ˢ is 0 for all s > 0: its slope in s is 0, where 0 · log 0 would be NaN."""
    if type(a) in _NUMBERS and a:
        return y * (math.log(a) if a > 0 else math.nan)
    return y * np.log(np.where((a == 0) & (b >= 0), 1, a))


_square = elementwise("_square", np.square, {"x": lambda x: 2 * x}, title="PowBackward0", symbol="{x}²")
_pow_scalar = elementwise("_pow_scalar", _power, {"x": _power_slope}, title="PowBackward0", domain=(0, np.inf))
_pow = elementwise(
    "_pow",
    operator.pow,
    {"a": _base_slope, "b": _exponent_slope},
    title="PowBackward1",
    symbol="{a}^{b}",
    domain={"a": (0, np.inf)},
    check=refuses("b", "pow"),
)
_rpow = elementwise(
    "_rpow",
    lambda a, b: b**a,
    {"a": lambda a, b, y: _exponent_slope(b, a, y), "b": lambda a, b: _base_slope(b, a)},
    title="PowBackward2",
    symbol="{b}^{a}",
    domain={"b": (0, np.inf)},
    check=refuses("b", "pow"),
)


@public()
def pow(input: Any, exponent: Any, *, out: None = None) -> Any:
    """inputᵉˣᵖᵒⁿᵉⁿᵗ, broadcast; either may be a number.

    x⁰ has slope 0, and 0ˢ has slope 0 in s. Raises RuntimeError for integers to a negative number;
    negative exponents in an integer tensor give 0 (or ±1 for a base of ±1).

    >>> import chainrule as cr
    >>> cr.tensor([1., 2., 3.]).pow(2), cr.pow(2, cr.tensor([1, 2, 3]))
    (tensor([1., 4., 9.]), tensor([2, 4, 8]))
    """
    if out is not None:
        refuse_out("pow")
    kind = type(exponent)
    if kind is int or kind is float:
        if input._data.dtype in FLOATS:
            return _square.call(input) if exponent == 2 else _pow_scalar.call(input, exponent=exponent)
        return _pow(input, exponent)
    if kind is bool and input._data.dtype.kind == "b":
        return input | (not exponent)
    if not hasattr(exponent, "_data"):
        return _pow(input, exponent)
    if exponent._data.dtype.kind == "i" and (exponent._data < 0).any():
        return _integer_power(input, exponent)
    return _pow.call(input, exponent) if hasattr(input, "_data") else _rpow.call(exponent, input)


def _integer_power(input: Any, exponent: Any) -> Any:
    """Powers with negative exponents among them: of integers all are 0, but for those of ±1."""
    if kind_of([getattr(input, "_data", input)]) == "f":
        return _pow(input, exponent)
    unit = (input == 1) | (input == -1)
    return _pow(input, exponent.abs()) * ((exponent >= 0) | unit)


@public()
def square(input: Any, *, out: None = None) -> Any:
    """x². Bools give integers.

    >>> import chainrule as cr
    >>> cr.tensor([1., -3.]).square()
    tensor([1., 9.])
    """
    return pow(input, 2, out=out)


@public()
def float_power(input: Any, exponent: Any, *, out: None = None) -> Any:
    """inputᵉˣᵖᵒⁿᵉⁿᵗ in float64, whatever came in.

    >>> import chainrule as cr
    >>> cr.tensor([2, 3]).float_power(-1)
    tensor([0.5000, 0.3333], dtype=torch.float64)
    """
    return pow(_double(input), _double(exponent), out=out)


def _double(value: Any) -> Any:
    return METHODS["double"](value) if hasattr(value, "_data") else float(value)


sqrt = elementwise(
    "sqrt",
    np.sqrt,
    {"x": lambda y: 0.5 / y},
    promotion=FLOAT,
    symbol="√{x}",
    domain=(0, np.inf),
    doc="""√x; NaN below 0. The slope at 0 is infinite.

    >>> import chainrule as cr
    >>> cr.tensor([4, 9]).sqrt()
    tensor([2., 3.])
    """,
)
rsqrt = elementwise(
    "rsqrt",
    lambda x: 1 / np.sqrt(x),
    {"x": lambda y: -0.5 * y * y * y},
    promotion=FLOAT,
    domain=(0, np.inf),
    doc="""1 / √x; infinite at 0, NaN below.

    >>> import chainrule as cr
    >>> cr.tensor([4., 16.]).rsqrt()
    tensor([0.5000, 0.2500])
    """,
)
reciprocal = elementwise(
    "reciprocal",
    np.reciprocal,
    {"x": lambda y: -y * y},
    promotion=FLOAT,
    symbol="1 / {x}",
    kinks=(0,),
    doc="""1 / x.

    >>> import chainrule as cr
    >>> cr.tensor([2, 4]).reciprocal()
    tensor([0.5000, 0.2500])
    """,
)
hypot = elementwise(
    "hypot",
    np.hypot,
    {"a": lambda a, y: a / y, "b": lambda b, y: b / y},
    check=refuses("bi", "hypot_cpu"),
    kinks=(0,),
    doc="""√(a² + b²), without overflow on the way.

    >>> import chainrule as cr
    >>> cr.tensor([3.]).hypot(cr.tensor([4.]))
    tensor([5.])
    """,
)


@public()
def ldexp(input: Any, other: Any, *, out: None = None) -> Any:
    """input · 2ᵒᵗʰᵉʳ.

    >>> import chainrule as cr
    >>> cr.tensor([1., 3.]).ldexp(cr.tensor([2, -1]))
    tensor([4.0000, 1.5000])
    """
    if out is not None:
        refuse_out("ldexp")
    return mul.call(input, pow(2.0, other))


# ── several at once ─────────────────────────────────────────────────────────────────────────────


def _lerp_forward(a: Any, b: Any, w: Any) -> Any:
    """From the nearer end, so that w = 0 and w = 1 hit the ends exactly."""
    if type(w) in _NUMBERS:
        return a + w * (b - a) if -0.5 < w < 0.5 else b - (b - a) * (1 - w)
    return np.where(np.absolute(w) < 0.5, a + w * (b - a), b - (b - a) * (1 - w))


_lerp = elementwise(
    "_lerp",
    _lerp_forward,
    {"a": lambda w: 1 - w, "b": lambda w: w, "w": lambda a, b: b - a},
    title="LerpBackward0",
)
_floats_only = refuses("bi", "lerp_kernel_scalar")
_C_NAMES = {"float16": "c10::Half", "int64": "long int", "float32": "float", "float64": "double"}


@public()
def lerp(input: Any, end: Any, weight: Any, *, out: None = None) -> Any:
    """input + weight · (end − input), broadcast; weight is a number or a tensor.

    Raises DtypeError unless all tensors have one floating-point dtype.

    >>> import chainrule as cr
    >>> cr.tensor([0., 10.]).lerp(cr.tensor([1., 20.]), 0.5)
    tensor([ 0.5000, 15.0000])
    """
    if out is not None:
        refuse_out("lerp")
    for name, value in (("end", end), ("weight", weight)):
        if hasattr(value, "_data") and value._data.dtype != input._data.dtype:
            wanted, found = (_C_NAMES.get(d.name, d.name) for d in (input._data.dtype, value._data.dtype))
            raise DtypeError(f"expected dtype {wanted} for `{name}` but got dtype {found}; convert it with .to(...)")
    _floats_only([input._data])
    return _lerp(input, end, weight)


@public()
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1, out: None = None) -> Any:
    """input + value · tensor1 · tensor2, broadcast.

    >>> import chainrule as cr
    >>> cr.zeros(2).addcmul(cr.tensor([1., 2.]), cr.tensor([3., 4.]), value=0.5)
    tensor([1.5000, 4.0000])
    """
    if out is not None:
        refuse_out("addcmul")
    product = mul.call(tensor1, tensor2)
    return _add.call(input, product if value == 1 else mul.call(product, value))


@public()
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: Any = 1, out: None = None) -> Any:
    """input + value · tensor1 / tensor2, broadcast. Raises DtypeError for an integer quotient.

    >>> import chainrule as cr
    >>> cr.zeros(2).addcdiv(cr.tensor([1., 2.]), cr.tensor([4., 4.]))
    tensor([0.2500, 0.5000])
    """
    if out is not None:
        refuse_out("addcdiv")
    if kind_of([tensor1._data, tensor2._data]) != "f":
        raise DtypeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a "
            "true division of tensor1 and tensor2. Write (input + value * torch.trunc(tensor1 / tensor2)) for a "
            "rounded quotient, or convert one of them with .float()."
        )
    quotient = _div.call(tensor1, tensor2)
    return _add.call(input, quotient if value == 1 else mul.call(quotient, value))


# ── whole numbers ───────────────────────────────────────────────────────────────────────────────

gcd = discrete(
    "gcd",
    np.gcd,
    promotion=SAME,
    args=("a", "b"),
    check=refuses("bf", "gcd_cpu"),
    doc="""The greatest common divisor of integers.

    >>> import chainrule as cr
    >>> cr.tensor([12, 18]).gcd(cr.tensor([8, 27]))
    tensor([4, 9])
    """,
)
lcm = discrete(
    "lcm",
    np.lcm,
    promotion=SAME,
    args=("a", "b"),
    check=refuses("bf", "lcm_cpu"),
    doc="""The least common multiple of integers.

    >>> import chainrule as cr
    >>> cr.tensor([4, 6]).lcm(cr.tensor([6, 9]))
    tensor([12, 18])
    """,
)
