"""What the arguments of random functions have to be, and the ranges of integers that dtypes hold."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import NotSupportedError
from ..modes import enter_quiet, leave_quiet
from .generator import Generator, default_generator


def source_of(name: str, generator: Any) -> Generator:
    if generator is None:
        return default_generator
    if not isinstance(generator, Generator):
        raise TypeError(f"{name}(): argument 'generator' must be Generator, not {type(generator).__name__}")
    return generator


def check_float(dtype: np.dtype[Any], kernel: str) -> None:
    if dtype.kind != "f":
        title = dtypes.from_numpy_dtype(dtype).title
        raise NotSupportedError(f"\"{kernel}\" not implemented for '{title}'; only float dtypes can be drawn so")


def run(array: np.ndarray[Any, Any], kernel: Callable[..., None], generator: Generator, *parameters: Any) -> None:
    """Fill an array, silently as PyTorch; nothing is drawn for an empty one."""
    if array.size:
        quiet = enter_quiet()
        try:
            with generator.lock:
                kernel(array, generator, *parameters)
        finally:
            leave_quiet(quiet)


def check_std(std: Any) -> None:
    if not std >= 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")


def check_positive(name: str, word: str, value: float) -> None:
    if not value > 0:
        raise RuntimeError(f"{name} expects {word} > 0.0, but found {word}={value:g}")


def check_continuous(x: Any, name: str, title: str) -> None:
    if x._data.dtype.kind != "f":
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a floating point but you "
            f"specified {title}"
        )


def check_probability(p: Any) -> None:
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")


def check_probabilities(p: np.ndarray[Any, Any]) -> None:
    check_float(p.dtype, "bernoulli_tensor_cpu_p_")
    if p.size and not (p.min() >= 0 and p.max() <= 1):
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false: probabilities lie between 0 and 1, these "
            f"between {p.min():g} and {p.max():g}"
        )


# ── ranges of integers ──────────────────────────────────────────────────────────────────────────

C_NAMES = {
    "uint8": "unsigned char", "int8": "signed char", "int16": "short int", "int32": "int", "int64": "long",
    "float16": "c10::Half", "float32": "float", "float64": "double", "bool": "bool",
}  # fmt: skip


def span(dtype: np.dtype[Any], low: int, high: int | None) -> tuple[int, int]:
    """Where a range of integers starts in this dtype, and how many it has; RuntimeError if it does not fit."""
    if high is not None and low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.kind == "f":
        digits = np.finfo(dtype).nmant + 1
        low = _inside(dtype, low, digits, 1)
        last = 2**digits if high is None else _inside(dtype, high, digits, -1) - 1
        if low > last:
            raise RuntimeError(
                f"random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, but got from={low} >= "
                f"to={last + 1}"
            )
        smallest, largest = float(np.finfo(dtype).min), float(np.finfo(dtype).max)
    else:
        smallest, largest = (0, 1) if dtype.kind == "b" else (int(np.iinfo(dtype).min), int(np.iinfo(dtype).max))
        last = int(largest) if high is None else high - 1
    for word, bound in (("from", low), ("to - 1", last)):
        if not smallest <= bound <= largest:
            raise RuntimeError(f"{word} is out of bounds for {C_NAMES[dtype.name]}")
        if dtype.kind == "f" and abs(bound) > 2**digits:
            warnings.warn(
                f"{word} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations "
                f"{C_NAMES[dtype.name]} can support discrete uniform distribution only within this range. "
                "This warning will become an error in version 1.7 release, please fix the code in advance",
                stacklevel=4,
            )
    return low, last - low + 1


def _inside(dtype: np.dtype[Any], bound: int, digits: int, towards: int) -> int:
    """A bound moved by one step of the dtype where rounding would leave the range."""
    with np.errstate(over="ignore"):
        neighbour = float(dtype.type(bound + towards))
    if not np.isfinite(neighbour) or neighbour >= 2**63:  # C++ casts these to the smallest integer
        return bound
    rounded = int(neighbour)
    if rounded < bound if towards > 0 else rounded >= bound:
        return rounded + towards * 2 ** (abs(bound + towards).bit_length() - digits)
    return bound
