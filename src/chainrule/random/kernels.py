"""What fills an array with random numbers, in the order and with the draws of PyTorch's CPU kernels.

An array is filled in the order of its memory: a transposed one column by column.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .box_muller import fused, normals32, normals64
from .generator import Generator

Array = np.ndarray[Any, Any]

# Python's loop swaps until the import of SciPy's LAPACK (0.2 s, once) pays.
_LOOP = 2**16


def put(array: Array, values: Array) -> None:
    """Write a flat array of values into `array`, in the order of its memory."""
    if array.dtype == np.float16:
        values = values.astype(np.float32)  # C++ rounds twice on the way from float64
    if not array.flags.c_contiguous:
        array = array.transpose(sorted(range(array.ndim), key=lambda axis: -array.strides[axis]))
    array[...] = values.reshape(array.shape)


def uniform(array: Array, generator: Generator, low: float, high: float) -> None:
    """Uniform in [low, high)."""
    x = generator.uniforms(array.size, array.dtype)
    if (low, high) != (0, 1):
        kind = x.dtype.type
        x = fused(x, kind(high) - kind(low), kind(low))
    if array.dtype == np.float16:
        x = x.astype(np.float16)
        x[x == np.float16(high)] = low  # rounded up to what is excluded
    put(array, x)


def normal(array: Array, generator: Generator, mean: float, std: float) -> None:
    """Normal; 16 numbers and more that lie in one piece by blocks, others one after the other."""
    if array.size >= 16 and array.flags.c_contiguous:
        with generator.lock:
            put(array, _blocks(array.size, array.dtype, generator, mean, std))
    else:
        put(array, fused(generator.normals(array.size), std, mean))


def _blocks(n: int, dtype: np.dtype[Any], generator: Generator, mean: float, std: float) -> Array:
    transform = normals64 if dtype == np.float64 else normals32
    whole = n // 16 * 16
    u = generator.uniforms(whole if dtype == np.float16 else n, dtype)
    out = transform(u[:whole], mean, std)
    if whole == n:
        return out
    last = transform(generator.uniforms(16, dtype), mean, std)  # what does not fill a block: the last 16 anew
    return np.concatenate([out[: n - 16], last])


def log_normal(array: Array, generator: Generator, mean: float, std: float) -> None:
    """exp of a normal."""
    put(array, np.exp(fused(generator.normals(array.size), std, mean)))


def exponential(array: Array, generator: Generator, rate: float) -> None:
    """Exponential with the given rate."""
    put(array, -1.0 / rate * np.log1p(-generator.uniforms(array.size, np.float64)))


def geometric(array: Array, generator: Generator, p: float) -> None:
    """The number of trials up to the first success."""
    put(array, np.ceil(np.log(generator.uniforms(array.size, np.float64)) / np.log1p(-p)))


def cauchy(array: Array, generator: Generator, median: float, sigma: float) -> None:
    """Cauchy with the given median and scale."""
    put(array, median + sigma * np.tan(np.pi * (generator.uniforms(array.size, np.float64) - 0.5)))


def bernoulli(array: Array, generator: Generator, p: float) -> None:
    """1 with probability p, else 0, by float64 draws."""
    put(array, generator.uniforms(array.size, np.float64) < p)


def bernoulli_each(array: Array, generator: Generator, p: Array) -> None:
    """1 with its own probability for each element, by draws of the dtype of p (float32 for float16)."""
    u = np.empty_like(array, np.float64 if p.dtype == np.float64 else np.float32)
    put(u, generator.uniforms(array.size, p.dtype))
    array[...] = u < p


def integers(array: Array, generator: Generator, low: int, span: int) -> None:
    """Integers in [low, low + span): a draw modulo the span, one of 64 bits from 2²⁸ on."""
    if span >= 2**28:
        x = generator.draws64(array.size)
        if span < 2**64:
            x %= np.uint64(span)
    else:
        x = (generator.draws32(array.size) % np.uint32(span)).astype(np.uint64)
    x += np.uint64(low % 2**64)
    put(array, x.view(np.int64))


def whole_range(array: Array, generator: Generator) -> None:
    """Integers from 0 to the largest of the dtype; up to 2^digits for floats."""
    dtype = array.dtype
    wide = dtype in (np.int64, np.float64)
    top = (
        2 ** (np.finfo(dtype).nmant + 1) if dtype.kind == "f" else 1 if dtype.kind == "b" else int(np.iinfo(dtype).max)
    )
    draws = generator.draws64(array.size) if wide else generator.draws32(array.size)
    put(array, draws % draws.dtype.type(top + 1))


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
        order = list(range(n))
        for i, step in enumerate(steps.tolist()):
            order[i], order[i + step] = order[i + step], order[i]
        return np.array(order)
    from scipy.linalg.lapack import dlaswp

    pivots = np.arange(n, dtype=np.int32)
    pivots[:-1] += steps.astype(np.int32)
    # LAPACK swaps the rows of a matrix by a list of such pairs, 40 times as fast as a loop.
    return dlaswp(np.arange(n, dtype=np.float64).reshape(n, 1), pivots, overwrite_a=True)[:, 0].astype(np.int64)
