"""What fills an array with random numbers, in the order and with the draws of PyTorch's CPU kernels.

An array is filled in the order of its memory: a transposed one column by column.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from .box_muller import fused, normals32, normals64
from .generator import Generator

Array = np.ndarray[Any, Any]

_PART = 2**15  # numbers at a time: the work arrays stay in the cache
# Python's loop swaps until the import of SciPy's LAPACK (0.2 s, once) pays.
_LOOP = 2**16


def put(array: Array, draw: Callable[[int], Array]) -> None:
    """Fill `array` in the order of its memory; `draw(n)` gives the next n values."""
    if array.flags.c_contiguous:
        flat = array.reshape(-1)
        for start in range(0, flat.size, _PART):
            part = flat[start : start + _PART]
            part[...] = _cast(draw(part.size), array.dtype)
        return
    array = array.transpose(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    array[...] = _cast(draw(array.size), array.dtype).reshape(array.shape)


def _cast(values: Array, dtype: np.dtype[Any]) -> Array:
    """C++ rounds twice on the way from float64 to float16."""
    return values.astype(np.float32) if dtype == np.float16 and values.dtype == np.float64 else values


def uniform(array: Array, generator: Generator, low: float, high: float) -> None:
    """Uniform in [low, high)."""
    dtype = array.dtype

    def draw(n: int) -> Array:
        x = generator.uniforms(n, dtype)
        if low != 0 or high != 1:
            kind = x.dtype.type
            x = fused(x, kind(high) - kind(low), kind(low))
        if dtype == np.float16:
            x = x.astype(np.float16)
            x[x == np.float16(high)] = low  # rounded up to what is excluded
        return x

    put(array, draw)


def normal(array: Array, generator: Generator, mean: float, std: float) -> None:
    """Normal; 16 numbers and more that lie in one piece by blocks, others one after the other."""
    if array.size < 16 or not array.flags.c_contiguous:
        put(array, lambda n: fused(generator.normals(n), std, mean))
        return
    flat = array.reshape(-1)
    transform = normals64 if flat.dtype == np.float64 else normals32
    whole = flat.size // 16 * 16
    put(flat[:whole], lambda n: transform(generator.uniforms(n, flat.dtype), mean, std))
    if whole < flat.size:  # what does not fill a block: the last 16 anew
        if flat.dtype != np.float16:
            generator.uniforms(flat.size - whole, flat.dtype)
        flat[-16:] = transform(generator.uniforms(16, flat.dtype), mean, std)


def log_normal(array: Array, generator: Generator, mean: float, std: float) -> None:
    """exp of a normal."""
    put(array, lambda n: np.exp(fused(generator.normals(n), std, mean)))


def exponential(array: Array, generator: Generator, rate: float) -> None:
    """Exponential with the given rate."""
    put(array, lambda n: -1.0 / rate * np.log1p(-generator.uniforms(n, np.float64)))


def geometric(array: Array, generator: Generator, p: float) -> None:
    """The number of trials up to the first success."""
    put(array, lambda n: np.ceil(np.log(generator.uniforms(n, np.float64)) / np.log1p(-p)))


def cauchy(array: Array, generator: Generator, median: float, sigma: float) -> None:
    """Cauchy with the given median and scale."""
    put(array, lambda n: median + sigma * np.tan(np.pi * (generator.uniforms(n, np.float64) - 0.5)))


def bernoulli(array: Array, generator: Generator, p: float) -> None:
    """1 with probability p, else 0, by float64 draws."""
    put(array, lambda n: generator.uniforms(n, np.float64) < p)


def bernoulli_each(array: Array, generator: Generator, p: Array) -> None:
    """1 with its own probability for each element, by draws of the dtype of p (float32 for float16)."""
    u = np.empty_like(array, np.float64 if p.dtype == np.float64 else np.float32)
    put(u, lambda n: generator.uniforms(n, p.dtype))
    array[...] = u < p


def integers(array: Array, generator: Generator, low: int, span: int) -> None:
    """Integers in [low, low + span): a draw modulo the span, one of 64 bits from 2²⁸ on."""

    def draw(n: int) -> Array:
        if span < 2**28:
            return (generator.draws32(n) % np.uint32(span)).astype(np.int64) + low
        x = generator.draws64(n)
        if span < 2**64:
            x %= np.uint64(span)
        x += np.uint64(low % 2**64)
        return x.view(np.int64)

    put(array, draw)


def whole_range(array: Array, generator: Generator) -> None:
    """Integers from 0 to the largest of the dtype; up to 2^digits for floats."""
    dtype = array.dtype
    top = (
        2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" else 1 if dtype.kind == "b" else int(np.iinfo(dtype).max)
    )
    draws = generator.draws64 if dtype in (np.int64, np.float64) else generator.draws32

    def draw(n: int) -> Array:
        x = draws(n)
        return x % x.dtype.type(top + 1)

    put(array, draw)


def permutation(n: int, generator: Generator) -> Array:
    """A permutation of 0 … n − 1 by Fisher and Yates: position i is swapped with i + draw mod (n − i)."""
    if n < 2:
        return np.arange(n)
    left = np.arange(n, 1, -1)
    if n < (2**32 - 1) // 20:
        steps = generator.draws32(n - 1) % left.astype(np.uint32)
    else:
        steps = generator.draws64(n - 1) % left.astype(np.uint64)
    if n < (1000 if "scipy.linalg" in sys.modules else _LOOP):
        return swapped_by_loop(steps)
    return swapped_by_lapack(steps)


def swapped_by_loop(steps: Array) -> Array:
    """0 … n after position i was swapped with i + steps[i], for one i after the other."""
    order = list(range(len(steps) + 1))
    for i, step in enumerate(steps.tolist()):
        order[i], order[i + step] = order[i + step], order[i]
    return np.array(order)


def swapped_by_lapack(steps: Array) -> Array:
    """The same 100 times as fast: LAPACK swaps the rows of a matrix by a list of such pairs."""
    from scipy.linalg.lapack import dlaswp

    n = len(steps) + 1
    pivots = np.arange(n, dtype=np.int32)
    pivots[:-1] += steps.astype(np.int32)
    return dlaswp(np.arange(n, dtype=np.float64).reshape(n, 1), pivots, overwrite_a=True)[:, 0].astype(np.int64)
