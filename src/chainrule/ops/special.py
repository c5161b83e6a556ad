"""Special functions: error, gamma and Bessel functions and their relatives. SciPy computes them.

SciPy is imported when the first of them runs. In rules `scipy().erf(x)` is a word like any of
NumPy's: a ufunc, which asks tensors and formulas what it means.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import ShapeError, refuse_out
from ..op import FLOAT, METHODS, WORDS, Op, elementwise, opaque, public, word
from .exponential import xlogy_slope

_OF_SCIPY: dict[str, Op] = {}  # SciPy's name of a ufunc → the record whose forward it is


@functools.cache
def scipy() -> Any:
    """`scipy.special`, imported on first use; its functions become words."""
    import scipy.special

    WORDS.update({getattr(scipy.special, name): op for name, op in _OF_SCIPY.items()})
    return scipy.special


def _of_scipy(name: str, ufunc: str, slopes: Mapping[str, Any], **notes: Any) -> Op:
    """A record whose forward is a ufunc of SciPy's; float16 is computed in float32."""

    def forward(x: Any) -> Any:
        return getattr(scipy(), ufunc)(x).astype(x.dtype)

    op = _OF_SCIPY[ufunc] = elementwise(name, forward, slopes, promotion=FLOAT, **notes)
    return op


# ── error functions ─────────────────────────────────────────────────────────────────────────────

_SLOPE_ERF = 2 / math.sqrt(math.pi)
_ROOT_2_PI = math.sqrt(2 * math.pi)

erf = _of_scipy(
    "erf",
    "erf",
    {"x": lambda x: _SLOPE_ERF * np.exp(-x * x)},
    doc="""2/√π ∫₀ˣ exp(−t²) dt, the error function.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).erf()
    tensor([0.0000, 0.8427])
    """,
)
erfc = _of_scipy(
    "erfc",
    "erfc",
    {"x": lambda x: -_SLOPE_ERF * np.exp(-x * x)},
    doc="""1 − erf x, exact where that is small.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).erfc()
    tensor([1.0000, 0.1573])
    """,
)
erfinv = _of_scipy(
    "erfinv",
    "erfinv",
    {"x": lambda y: np.exp(y * y) / _SLOPE_ERF},
    domain=(-1, 1),
    doc="""The inverse of `erf`; infinite at ±1, NaN outside.

    >>> import chainrule as cr
    >>> cr.tensor([0., 0.5]).erfinv()
    tensor([0.0000, 0.4769])
    """,
)
erfcx = _of_scipy(
    "_special_erfcx",
    "erfcx",
    {"x": lambda x, y: 2 * x * y - _SLOPE_ERF},
    doc="""exp(x²) erfc x, without underflow.

    >>> import chainrule as cr
    >>> cr.special.erfcx(cr.tensor([0., 1.]))
    tensor([1.0000, 0.4276])
    """,
)
ndtr = _of_scipy(
    "_special_ndtr",
    "ndtr",
    {"x": lambda x: np.exp(-0.5 * x * x) / _ROOT_2_PI},
    doc="""The share of a standard normal distribution that lies below x.

    >>> import chainrule as cr
    >>> cr.special.ndtr(cr.tensor([0., 1.]))
    tensor([0.5000, 0.8413])
    """,
)
log_ndtr = _of_scipy(
    "_special_log_ndtr",
    "log_ndtr",
    {"x": lambda x, y: np.exp(-0.5 * x * x - y) / _ROOT_2_PI},
    doc="""The logarithm of `ndtr`, exact far below 0.

    >>> import chainrule as cr
    >>> cr.special.log_ndtr(cr.tensor([0., -4.]))
    tensor([ -0.6931, -10.3601])
    """,
)
ndtri = _of_scipy(
    "_special_ndtri",
    "ndtri",
    {"x": lambda y: np.exp(0.5 * y * y) * _ROOT_2_PI},
    domain=(0, 1),
    doc="""The inverse of `ndtr`; infinite at 0 and 1, NaN outside.

    >>> import chainrule as cr
    >>> cr.special.ndtri(cr.tensor([0.5, 0.8413]))
    tensor([0.0000, 0.9998])
    """,
)

# ── entropy ─────────────────────────────────────────────────────────────────────────────────────

entr = _of_scipy(
    "_special_entr",
    "entr",
    {"x": lambda x: -1 - np.log(x)},
    domain=(0, math.inf),
    doc="""−x log x, 0 at 0, −∞ below.

    >>> import chainrule as cr
    >>> cr.special.entr(cr.tensor([0., 0.5]))
    tensor([0.0000, 0.3466])
    """,
)


def _log1p(b: Any) -> Any:
    return float(np.log1p(b)) if type(b) in (int, float) else np.log1p(b)


xlog1py = elementwise(
    "_special_xlog1py",
    lambda a, b: np.where((a == 0) & (b == b), 0, a * _log1p(b)),
    {"a": lambda a, b: xlogy_slope(a, b + 1, _log1p(b)), "b": lambda a, b: a / (b + 1)},
    promotion=FLOAT,
    domain={"b": (-1, math.inf)},
    doc="""a log(1 + b), and 0 where a is 0 (unless b is NaN).

    >>> import chainrule as cr
    >>> cr.special.xlog1py(cr.tensor([0., 2.]), cr.tensor([-1., 0.5]))
    tensor([0.0000, 0.8109])
    """,
)

# ── gamma functions ─────────────────────────────────────────────────────────────────────────────

lgamma = _of_scipy(
    "lgamma",
    "gammaln",
    {"x": lambda x: scipy().psi(x)},
    domain=(0, math.inf),
    doc="""log |Γ(x)|; infinite at 0 and at negative whole numbers.

    >>> import chainrule as cr
    >>> cr.tensor([0.5, 4.]).lgamma()
    tensor([0.5724, 1.7918])
    """,
)
digamma = _of_scipy(
    "digamma",
    "psi",
    {"x": lambda x: polygamma_of(x, 1)},
    domain=(0, math.inf),
    doc="""The slope of `lgamma`; infinite at 0, NaN at negative whole numbers.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2.]).digamma()
    tensor([-0.5772,  0.4228])
    """,
)


@opaque
def polygamma_of(x: Any, n: int) -> Any:
    """The n-th derivative of `digamma`, n ≥ 1: (−1)ⁿ⁺¹ n! ζ(n + 1, x)."""
    return ((-1) ** (n + 1) * math.factorial(n) * scipy().zeta(n + 1, x)).astype(x.dtype)


_polygamma = elementwise(
    "_polygamma",
    lambda x, *, n: polygamma_of(x, n),
    {"x": lambda x, n: polygamma_of(x, n + 1)},
    promotion=FLOAT,
    domain=(0, math.inf),
)
word(polygamma_of)(lambda x, n: _polygamma(x, n=n))


@public(method=False)
def polygamma(n: int, input: Any, *, out: None = None) -> Any:
    """The n-th derivative of `digamma`, n ≥ 0. Raises RuntimeError for a negative n.

    >>> import chainrule as cr
    >>> cr.polygamma(1, cr.tensor([1., 2.]))
    tensor([1.6449, 0.6449])
    """
    if out is not None:
        refuse_out("polygamma")
    if n < 0:
        raise ShapeError(f"polygamma(n, x) does not support negative n. n = {n} counts derivatives")
    return _polygamma.call(input, n=n) if n else digamma.call(input)


def _polygamma_method(input: Any, n: int) -> Any:
    """The n-th derivative of `digamma` at this tensor, n ≥ 0."""
    return polygamma(n, input)


METHODS["polygamma"] = _polygamma_method


@public()
def mvlgamma(input: Any, p: int, *, out: None = None) -> Any:
    """log Γₚ(input), the multivariate gamma function: Σⱼ lgamma(input − j/2) + p (p − 1)/4 · log π, j = 0 … p − 1.

    >>> import chainrule as cr
    >>> cr.tensor([4.]).mvlgamma(2)
    tensor([3.5651])
    """
    if out is not None:
        refuse_out("mvlgamma")
    if p < 1:
        raise ShapeError(f"p has to be greater than or equal to 1, but mvlgamma() got p={p}")
    total = lgamma.call(input)
    for j in range(1, p):
        total = total + lgamma.call(input - 0.5 * j)
    return total + 0.25 * p * (p - 1) * math.log(math.pi)


# ── Bessel functions ────────────────────────────────────────────────────────────────────────────

i0 = _of_scipy(
    "i0",
    "i0",
    {"x": lambda x: scipy().i1(x)},
    doc="""The modified Bessel function of the first kind of order 0.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).i0()
    tensor([1.0000, 1.2661])
    """,
)
i0e = _of_scipy(
    "_special_i0e",
    "i0e",
    {"x": lambda x, y: scipy().i1e(x) - np.sign(x) * y},
    kinks=(0,),
    doc="""exp(−|x|) i0(x).

    >>> import chainrule as cr
    >>> cr.special.i0e(cr.tensor([0., 1.]))
    tensor([1.0000, 0.4658])
    """,
)
i1 = _of_scipy(
    "_special_i1",
    "i1",
    {"x": lambda x, y: np.where(x == 0, 0.5, scipy().i0(x) - y / x)},
    kinks=(0,),
    doc="""The modified Bessel function of the first kind of order 1.

    >>> import chainrule as cr
    >>> cr.special.i1(cr.tensor([0., 1.]))
    tensor([0.0000, 0.5652])
    """,
)
i1e = _of_scipy(
    "_special_i1e",
    "i1e",
    {"x": lambda x, y: np.where(x == 0, 0.5, scipy().i0e(x) - y * (np.sign(x) + 1 / x))},
    kinks=(0,),
    doc="""exp(−|x|) i1(x).

    >>> import chainrule as cr
    >>> cr.special.i1e(cr.tensor([0., 1.]))
    tensor([0.0000, 0.2079])
    """,
)
