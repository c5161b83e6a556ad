"""Exponentials and logarithms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import refuse_out
from ..op import FLOAT, elementwise, public
from .checks import refuses

_LOG_2, _LOG_10 = math.log(2), math.log(10)
_POSITIVE = (0, math.inf)

exp = elementwise(
    "exp",
    np.exp,
    {"x": lambda y: y},
    promotion=FLOAT,
    doc="""eˣ.

    >>> import chainrule as cr
    >>> cr.tensor([0, 1]).exp()
    tensor([1.0000, 2.7183])
    """,
)
exp2 = elementwise(
    "exp2",
    np.exp2,
    {"x": lambda y: _LOG_2 * y},
    promotion=FLOAT,
    doc="""2ˣ.

    >>> import chainrule as cr
    >>> cr.tensor([0., 3.]).exp2()
    tensor([1., 8.])
    """,
)
expm1 = elementwise(
    "expm1",
    np.expm1,
    {"x": lambda y: y + 1},
    promotion=FLOAT,
    doc="""eˣ − 1, exact near 0.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).expm1()
    tensor([0.0000, 1.7183])
    """,
)
log = elementwise(
    "log",
    np.log,
    {"x": lambda x: 1 / x},
    promotion=FLOAT,
    domain=_POSITIVE,
    doc="""The natural logarithm; −inf at 0, where the slope is infinite, and NaN below.

    >>> import chainrule as cr
    >>> cr.tensor([1., 0.]).log()
    tensor([0., -inf])
    """,
)
log2 = elementwise(
    "log2",
    np.log2,
    {"x": lambda x: 1 / (_LOG_2 * x)},
    promotion=FLOAT,
    domain=_POSITIVE,
    doc="""The logarithm to base 2.

    >>> import chainrule as cr
    >>> cr.tensor([1., 8.]).log2()
    tensor([0., 3.])
    """,
)
log10 = elementwise(
    "log10",
    np.log10,
    {"x": lambda x: 1 / (_LOG_10 * x)},
    promotion=FLOAT,
    domain=_POSITIVE,
    doc="""The logarithm to base 10.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2.]).log10()
    tensor([0.0000, 0.3010])
    """,
)
log1p = elementwise(
    "log1p",
    np.log1p,
    {"x": lambda x: 1 / (x + 1)},
    promotion=FLOAT,
    domain=(-1, math.inf),
    doc="""log(1 + x), exact near 0.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).log1p()
    tensor([0.0000, 0.6931])
    """,
)
logaddexp = elementwise(
    "logaddexp",
    np.logaddexp,
    {"a": lambda a, b: 1 / (1 + np.exp(b - a)), "b": lambda a, b: 1 / (1 + np.exp(a - b))},
    check=refuses("bi", "logaddexp_cpu"),
    doc="""log(eᵃ + eᵇ), without overflow on the way. Raises NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.tensor([1000.]).logaddexp(cr.tensor([1000.]))
    tensor([1000.6932])
    """,
)
logaddexp2 = elementwise(
    "logaddexp2",
    np.logaddexp2,
    {"a": lambda a, b: 1 / (1 + np.exp2(b - a)), "b": lambda a, b: 1 / (1 + np.exp2(a - b))},
    check=refuses("bi", "logaddexp2_cpu"),
    doc="""log₂(2ᵃ + 2ᵇ), without overflow on the way. Raises NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.tensor([3.]).logaddexp2(cr.tensor([3.]))
    tensor([4.])
    """,
)


def _log(b: Any) -> Any:
    """log b; of a number a Python number, which promotes nothing."""
    return float(np.log(b)) if type(b) in (int, float) else np.log(b)


def xlogy_slope(a: Any, b: Any, log_b: Any) -> Any:
    """log b, but 0 where a log b is 0 by definition: at a = 0 and b ≤ 0."""
    if type(log_b) is float and math.isfinite(log_b):
        return log_b
    return np.where((a == 0) & (b <= 0), 0, log_b)


xlogy = elementwise(
    "xlogy",
    lambda a, b: np.where((a == 0) & (b == b), 0, a * _log(b)),
    {"a": lambda a, b: xlogy_slope(a, b, _log(b)), "b": lambda a, b: a / b},
    promotion=FLOAT,
    domain={"b": _POSITIVE},
    symbol="{a} log {b}",
    doc="""a log b, and 0 where a is 0 (unless b is NaN).

    >>> import chainrule as cr
    >>> cr.tensor([0., 2.]).xlogy(cr.tensor([0., 1.]))
    tensor([0., 0.])
    """,
)


def _logit_forward(x: Any, *, eps: float | None) -> Any:
    z = x if eps is None else np.minimum(np.maximum(x, eps), 1 - eps)
    return np.log(z / (1 - z))


def _logit_slope(x: Any, eps: float | None) -> Any:
    low, high, outside = (0, 1, math.nan) if eps is None else (eps, 1 - eps, 0)
    return np.where((x < low) | (x > high), outside, 1 / (x * (1 - x)))


_logit = elementwise("_logit", _logit_forward, {"x": _logit_slope}, promotion=FLOAT, domain=(0, 1))


@public()
def logit(input: Any, eps: float | None = None, *, out: None = None) -> Any:
    """log(x / (1 − x)), the inverse of `sigmoid`; with `eps`, x is first clamped to [eps, 1 − eps].

    NaN outside of [0, 1] where there is no eps.

    >>> import chainrule as cr
    >>> cr.tensor([0.5, 1.0]).logit(eps=0.25)
    tensor([0.0000, 1.0986])
    """
    if out is not None:
        refuse_out("logit")
    return _logit.call(input, eps=eps)
