"""Normals from uniforms by Box–Muller on blocks of 16, in the arithmetic of PyTorch's own kernel.

Of each block, the eight first uniforms give the radii √(−2 log(1 − u)), the other eight the angles
2πu; eight cosines come out first, then eight sines.

PyTorch computes float32 blocks with the AVX2 functions of `avx_mathfun.h`: Cephes' polynomials, with
fused multiply-adds. They are repeated here operation by operation, so that the result has the same bits:
a product of two float32 numbers is exact in float64, hence `round(a·b + c)` there is the fused
operation (but for a tie in 2²⁹). Only +, ×, √ and casts are used, which are the same on every
machine. float64 blocks use the C library's log, cos and sin, from which NumPy's differ in the last
bit for 0.2 % of the results.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

_LOG = tuple(
    float(np.float32(c))
    for c in (
        7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
        -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1,
    )
)  # fmt: skip
_SIN = tuple(float(np.float32(c)) for c in (-1.9515295891e-4, 8.3321608736e-3, -1.6666654611e-1))
_COS = tuple(float(np.float32(c)) for c in (2.443315711809948e-5, -1.388731625493765e-3, 4.166664568298827e-2))
_LOG2_LOW, _LOG2_HIGH = float(np.float32(-2.12194440e-4)), 0.693359375
_PI_4 = tuple(float(np.float32(c)) for c in (-0.78515625, -2.4187564849853515625e-4, -3.77489497744594108e-8))
_SQRT_HALF = np.float32(0.707106781186547524)
_FOUR_OVER_PI = np.float32(1.27323954473516)
_SPLIT = 2.0**27 + 1
_TWO_PI = np.float32(2 * np.pi)


def normals32(uniforms: Array, mean: float, std: float) -> Array:
    """The normals of float32 uniforms; their number is a multiple of 16."""
    blocks = uniforms.reshape(-1, 2, 8)
    out = np.empty_like(blocks)
    radius = np.sqrt(np.float32(-2) * _log(np.float32(1) - blocks[:, 0]))
    sine, cosine = _sine_cosine(_TWO_PI * blocks[:, 1])
    np.multiply(radius, cosine, out=out[:, 0])
    np.multiply(radius, sine, out=out[:, 1])
    return fused(out.reshape(-1), np.float32(std), np.float32(mean))


def normals64(uniforms: Array, mean: float, std: float) -> Array:
    """The normals of float64 uniforms; their number is a multiple of 16."""
    blocks = uniforms.reshape(-1, 2, 8)
    out = np.empty_like(blocks)
    radius = np.sqrt(-2 * np.log(1 - blocks[:, 0]))
    angle = 2 * np.pi * blocks[:, 1]
    np.multiply(radius, np.cos(angle), out=out[:, 0])
    np.multiply(radius, np.sin(angle), out=out[:, 1])
    return fused(out.reshape(-1), std, mean)


def fused(x: Array, factor: Any, term: Any) -> Array:
    """x · factor + term rounded once, as the processor's fused multiply-add, in float32 or float64.

    In float64 both rounding errors are found by the error-free transformations of Dekker and Knuth (T. J.
    Dekker, A floating-point technique for extending the available precision, 1971) and added at the end.
    """
    if factor == 1 and term == 0:
        x += 0  # what the fused operation does to −0
        return x
    if x.dtype == np.float32:
        return (x.astype(np.float64) * float(factor) + float(term)).astype(np.float32)
    product = x * factor
    total = product + term
    if not (term and np.isfinite(total).all() and abs(factor) < 1e150 and np.abs(x).max(initial=0) < 1e150):
        return total
    x_high, factor_high = x * _SPLIT - (x * _SPLIT - x), factor * _SPLIT - (factor * _SPLIT - factor)
    x_low, factor_low = x - x_high, factor - factor_high
    lost = ((x_high * factor_high - product) + x_high * factor_low + x_low * factor_high) + x_low * factor_low
    back = total - product
    return total + (((product - (total - back)) + (term - back)) + lost)


def _round(x: Array, single: Array) -> Array:
    """Round float64 numbers to float32 in place."""
    np.copyto(single, x, casting="same_kind")
    np.copyto(x, single)
    return x


def _horner(coefficients: tuple[float, ...], x: Array, single: Array) -> Array:
    """A polynomial, highest power first, each step a fused multiply-add in float32."""
    y = x * coefficients[0]
    y += coefficients[1]
    for c in coefficients[2:]:
        _round(y, single)
        y *= x
        y += c
    return _round(y, single)


def _log(x: Array) -> Array:
    """log x of float32 numbers in (0, 1]."""
    mantissa, exponent = np.frexp(x)
    low = mantissa < _SQRT_HALF
    m = mantissa.astype(np.float64)
    m += m * low
    m -= 1
    e = (exponent - low).astype(np.float64)
    single = mantissa
    square = _round(m * m, single)
    y = _horner(_LOG, m, single)
    y *= m
    _round(y, single)
    y *= square
    y += _round(e * _LOG2_LOW, single)
    _round(y, single)
    square *= 0.5
    y -= square
    _round(y, single)
    y += m
    _round(y, single)
    e *= _LOG2_HIGH
    y += e
    return y.astype(np.float32)


def _sine_cosine(angle: Array) -> tuple[Array, Array]:
    """sin and cos of float32 angles in [0, 2π)."""
    octant = (angle * _FOUR_OVER_PI).astype(np.int32)
    octant += 1
    octant &= ~1
    n = octant.astype(np.float64)
    x = angle.astype(np.float64)
    single = np.empty_like(angle)
    for part in _PI_4:
        x += n * part
        _round(x, single)
    square = _round(x * x, single)
    c = _horner(_COS, square, single)
    c *= square
    _round(c, single)
    c *= square
    c -= 0.5 * square
    _round(c, single)
    c += 1
    s = _horner(_SIN, square, single)
    s *= square
    _round(s, single)
    s *= x
    s += x
    sine, cosine = s.astype(np.float32), c.astype(np.float32)
    swapped = (octant & 2).astype(bool)
    sine_sign = (1 - ((octant & 4) >> 1)).astype(np.float32)
    cosine_sign = (1 - (((octant + 2) & 4) >> 1)).astype(np.float32)
    return np.where(swapped, cosine, sine) * sine_sign, np.where(swapped, sine, cosine) * cosine_sign
