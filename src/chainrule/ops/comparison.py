"""Comparisons, logic, bits: bool and integer results, through which no gradient passes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import from_numpy_dtype
from ..errors import DtypeError
from ..op import SAME, Op, discrete, public
from .checks import refuses

# ── order ───────────────────────────────────────────────────────────────────────────────────────


def _comparison(name: str, alias: str, ufunc: np.ufunc, sign: str, example: str) -> Op:
    return discrete(
        name,
        ufunc,
        promotion=SAME,
        args=("a", "b"),
        alias=(alias,) if alias else (),
        symbol=f"{{a}} {sign} {{b}}",
        doc=f"""Whether a {sign} b, broadcast, in the dtype in which both meet; bool.

        >>> import chainrule as cr
        >>> cr.tensor([1, 2, 3]).{name}(2)
        tensor([{example}])
        """,
    )


eq = _comparison("eq", "", np.equal, "=", "False,  True, False")
ne = _comparison("ne", "not_equal", np.not_equal, "≠", " True, False,  True")
lt = _comparison("lt", "less", np.less, "<", " True, False, False")
le = _comparison("le", "less_equal", np.less_equal, "≤", " True,  True, False")
gt = _comparison("gt", "greater", np.greater, ">", "False, False,  True")
ge = _comparison("ge", "greater_equal", np.greater_equal, "≥", "False,  True,  True")


def _isclose_forward(a: Any, b: Any, *, rtol: float, atol: float, equal_nan: bool) -> Any:
    distance = np.absolute(a - b)
    near = (a == b) | (np.isfinite(distance) & (distance <= atol + np.absolute(rtol * b)))
    return near | ((a != a) & (b != b)) if equal_nan else near


_isclose = discrete("_isclose", _isclose_forward)


@public()
def isclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    """Whether |input − other| ≤ atol + rtol · |other|, broadcast; infinities are close to themselves.

    Raises DtypeError for two dtypes, and for a negative tolerance.

    >>> import chainrule as cr
    >>> cr.isclose(cr.tensor([1., 2.]), cr.tensor([1.000001, 2.1]))
    tensor([ True, False])
    """
    a, b = input._data.dtype, other._data.dtype
    if a != b:
        names = [from_numpy_dtype(d).title for d in (a, b)]
        raise DtypeError(
            f"{names[0]} did not match {names[1]}: isclose() compares one dtype; convert one with .to(...)"
        )
    for name, tolerance in (("rtol", rtol), ("atol", atol)):
        if tolerance < 0:
            raise DtypeError(f"{name} must be greater than or equal to zero, but got {tolerance:g}")
    if a.kind != "f":
        input, other = input.double(), other.double()
    return _isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


@public()
def allclose(input: Any, other: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> bool:
    """Whether all elements are close, as `isclose` says: a Python bool.

    >>> import chainrule as cr
    >>> cr.allclose(cr.tensor([1.]), cr.tensor([1.0000001]))
    True
    """
    return bool(isclose(input, other, rtol, atol, equal_nan)._data.all())


@public()
def equal(input: Any, other: Any) -> bool:
    """Whether two tensors have the same shape and the same elements: a Python bool. NaN equals nothing.

    >>> import chainrule as cr
    >>> cr.equal(cr.tensor([1, 2]), cr.tensor([1, 2]))
    True
    """
    if not hasattr(other, "_data"):
        raise TypeError(f"equal(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    return input._data.shape == other._data.shape and bool((input._data == other._data).all())


# ── what sort of number ─────────────────────────────────────────────────────────────────────────


def _property(name: str, forward: Any, what: str, example: str) -> Op:
    return discrete(
        name,
        forward,
        promotion=SAME,
        args=("x",),
        doc=f"""Whether x is {what}; bool.

        >>> import chainrule as cr
        >>> cr.tensor([1., float("inf"), float("nan")]).{name}()
        tensor([{example}])
        """,
    )


isnan = _property("isnan", np.isnan, "not a number", "False, False,  True")
isinf = _property("isinf", np.isinf, "infinite", "False,  True, False")
isfinite = _property("isfinite", np.isfinite, "neither infinite nor NaN", " True, False, False")
isposinf = _property("isposinf", lambda x: x == math.inf, "+∞", "False,  True, False")
isneginf = _property("isneginf", lambda x: x == -math.inf, "−∞", "False, False, False")
isreal = _property("isreal", lambda x: np.ones_like(x, dtype=bool), "real; here all are", "True, True, True")

# ── logic and bits ──────────────────────────────────────────────────────────────────────────────


def _logic(name: str, ufunc: np.ufunc, symbol: str) -> Op:
    return discrete(
        name,
        ufunc,
        promotion=SAME,
        args=("a", "b"),
        symbol=symbol,
        doc=f"""{symbol.format(a="a", b="b")} of truth values, broadcast: every number but 0 is true; bool.""",
    )


logical_and = _logic("logical_and", np.logical_and, "{a} ∧ {b}")
logical_or = _logic("logical_or", np.logical_or, "{a} ∨ {b}")
logical_xor = _logic("logical_xor", np.logical_xor, "{a} ⊻ {b}")
logical_not = discrete(
    "logical_not",
    np.logical_not,
    promotion=SAME,
    args=("x",),
    symbol="¬{x}",
    doc="""Whether x is 0; bool.

    >>> import chainrule as cr
    >>> cr.tensor([0, 2]).logical_not()
    tensor([ True, False])
    """,
)


def _bits(name: str, ufunc: np.ufunc, symbol: str, kernel: str, what: str, example: str) -> Op:
    return discrete(
        name,
        ufunc,
        promotion=SAME,
        args=("a", "b"),
        symbol=symbol,
        check=refuses("f" if "bitwise" in kernel else "bf", kernel),
        doc=f"""{what}. Raises NotImplementedError for floats.

        >>> import chainrule as cr
        >>> cr.tensor([6, 5]).{name}(3)
        tensor([{example}])
        """,
    )


bitwise_and = _bits("bitwise_and", np.bitwise_and, "{a} ∧ {b}", "bitwise_and_cpu", "a & b, bit by bit", "2, 1")
bitwise_or = _bits("bitwise_or", np.bitwise_or, "{a} ∨ {b}", "bitwise_or_cpu", "a | b, bit by bit", "7, 7")
bitwise_xor = _bits("bitwise_xor", np.bitwise_xor, "{a} ⊻ {b}", "bitwise_xor_cpu", "a ^ b, bit by bit", "5, 6")
bitwise_left_shift = _bits(
    "bitwise_left_shift", np.left_shift, "{a} << {b}", "lshift_cpu", "a · 2ᵇ: bits moved to the left", "48, 40"
)
bitwise_right_shift = _bits(
    "bitwise_right_shift", np.right_shift, "{a} >> {b}", "rshift_cpu", "⌊a / 2ᵇ⌋: bits moved to the right", "0, 0"
)
bitwise_not = discrete(
    "bitwise_not",
    np.invert,
    promotion=SAME,
    args=("x",),
    symbol="¬{x}",
    check=refuses("f", "bitwise_not_cpu"),
    doc="""~x, bit by bit; of bools the negation. Raises NotImplementedError for floats.

    >>> import chainrule as cr
    >>> ~cr.tensor([True, False])
    tensor([False,  True])
    """,
)
