"""The in-place methods that fill a tensor with random numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes, record
from ..errors import NotSupportedError
from ..graph import TensorBase
from ..inplace import check_broadcast, check_writable, follow, is_tracked, touch
from ..op import Op
from ..ops import random as records
from ..tensor import Tensor
from . import kernels
from .arguments import (
    C_NAMES,
    check_continuous,
    check_float,
    check_positive,
    check_probabilities,
    check_probability,
    check_std,
    run,
    source_of,
    span,
)


def _write(x: Any, op: Op, kernel: Callable[..., None], generator: Any, *parameters: Any, others: Any = ()) -> Any:
    """Fill a tensor in place; what it was before, and what the numbers depend on, get a gradient of zero."""
    name = op.name if op.name.endswith("_") else f"{op.name}_"
    source = source_of(name, generator)
    tracked = is_tracked(x, others)
    check_writable(x, name, tracked)
    before = [record.node_of(t) for t in (x, *others)] if tracked else []
    run(x._data, kernel, source, *parameters)
    touch(x, name)
    if tracked:
        mask = sum(1 << i for i, node in enumerate(before) if node is not None)
        arrays = [x._data, *(t._data for t in others)]
        follow(x, x._data, record.record(op, tuple(before), arrays, x._data, mask, {"sample": x._data.copy()}))
    return x


def _from(named: dict[str, Any], given: Any, name: str) -> Any:
    """The argument that PyTorch calls `from`, which Python does not let anybody write down."""
    if unknown := named.keys() - {"from"}:
        raise TypeError(f"{name}() got an unexpected keyword argument '{unknown.pop()}'")
    return named.get("from", given)


def _method(f: Callable[..., Any]) -> Callable[..., Any]:
    """Give tensors a method, which no record is behind."""
    setattr(Tensor, f.__name__, f)
    return f


@_method
def uniform_(self: Any, from_: float = 0.0, to: float = 1.0, *, generator: Any = None, **named: Any) -> Any:
    """Fill with uniform numbers in [from, to)."""
    low = float(_from(named, from_, "uniform_"))
    high = float(to)
    check_float(self._data.dtype, "check_uniform_bounds")
    limits, title = np.finfo(self._data.dtype), C_NAMES[self._data.dtype.name]
    for word, bound in (("from", low), ("to", high)):
        if not float(limits.min) <= bound <= float(limits.max):
            raise RuntimeError(f"{word} is out of bounds for {title}")
    if not low <= high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}; swap them"
        )
    if high - low > float(limits.max):
        title = dtypes.from_numpy_dtype(self._data.dtype).title
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{title}>::max(), but found to={high:g} and "
            f"from={low:g} which result in to-from to exceed the limit"
        )
    return _write(self, records.uniform_, kernels.uniform, generator, low, high)


@_method
def normal_(self: Any, mean: float = 0.0, std: float = 1.0, *, generator: Any = None) -> Any:
    """Fill with normal numbers."""
    check_std(std)
    check_float(self._data.dtype, "normal_kernel_cpu")
    return _write(self, records.normal_, kernels.normal, generator, float(mean), float(std))


@_method
def log_normal_(self: Any, mean: float = 1.0, std: float = 2.0, *, generator: Any = None) -> Any:
    """Fill with exp of normal numbers."""
    check_positive("log_normal_", "std", std)
    check_float(self._data.dtype, "log_normal_cpu")
    return _write(self, records.log_normal_, kernels.log_normal, generator, float(mean), float(std))


@_method
def exponential_(self: Any, lambd: float = 1.0, *, generator: Any = None) -> Any:
    """Fill with exponential numbers of rate `lambd`."""
    check_positive("exponential_", "lambda", lambd)
    check_continuous(self, "Exponential", dtypes.from_numpy_dtype(self._data.dtype).title)
    return _write(self, records.exponential_, kernels.exponential, generator, float(lambd))


@_method
def cauchy_(self: Any, median: float = 0.0, sigma: float = 1.0, *, generator: Any = None) -> Any:
    """Fill with Cauchy numbers."""
    check_positive("cauchy_", "sigma", sigma)
    check_continuous(self, "Cauchy", C_NAMES[self._data.dtype.name])
    return _write(self, records.cauchy_, kernels.cauchy, generator, float(median), float(sigma))


@_method
def geometric_(self: Any, p: float, *, generator: Any = None) -> Any:
    """Fill with the number of trials up to the first success of probability p."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    if self._data.dtype.kind == "b":
        raise NotSupportedError("\"geometric_cpu\" not implemented for 'Bool'")
    return _write(self, records.geometric_, kernels.geometric, generator, float(p))


@_method
def bernoulli_(self: Any, p: Any = 0.5, *, generator: Any = None) -> Any:
    """Fill with 1 of probability p, else 0; a tensor p has a probability for each element.

    PyTorch on Intel processors draws `bernoulli_(number)` with MKL, from another generator; elsewhere, and
    for a tensor p everywhere, the numbers are the same.
    """
    if not isinstance(p, TensorBase):
        check_probability(p)
        return _write(self, records.bernoulli_, kernels.bernoulli, generator, float(p))
    check_probabilities(p._data)
    check_broadcast(p, self._data.shape)
    kept = p._data.reshape(p._data.shape[max(0, p._data.ndim - self._data.ndim) :])
    return _write(self, records.bernoulli_each, kernels.bernoulli_each, generator, kept, others=(p,))


@_method
def random_(self: Any, *bounds: Any, generator: Any = None, to: int | None = None, **named: Any) -> Any:
    """Fill with integers in [from, to): `random_(from, to)`, `random_(to)`, or over the whole range of the dtype.

    `random_(from, None)` goes up to the largest; a float dtype counts up to 2^digits.
    """
    source = source_of("random_", generator)
    if bounds and len(bounds) == 1 and not named and to is None:
        low, high, op = 0, bounds[0], records.random_to
    elif bounds or named or to is not None:
        given = [*bounds, *([to] if len(bounds) < 2 else [])]
        low, high, op = _from(named, given[0], "random_"), given[-1], records.random_from_to
        if not bounds and not named:
            low, op = 0, records.random_to
    else:
        return _write(self, records.random_, kernels.whole_range, source)
    low, high = operator.index(low), None if high is None else operator.index(high)
    if high is None and low == -(2**63):
        kind = dtypes.from_numpy_dtype(self._data.dtype)
        if kind in (dtypes.bool, dtypes.float16):
            raise NotSupportedError(f"\"random_full_64_bits_range_kernel_cpu\" not implemented for '{kind.title}'")
        if kind not in (dtypes.int64, dtypes.float32, dtypes.float64):
            raise RuntimeError("random_full_64_bits_range_kernel_cpu handles only int64, double, float and bfloat16")
        return _write(self, op, kernels.integers, source, 0, 2**64)
    low, count = span(self._data.dtype, low, high)
    return _write(self, op, kernels.integers, source, low, count)
