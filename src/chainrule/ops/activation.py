"""The activations whose rules have to be stable: relu, sigmoid, softmax, log_softmax."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import words
from ..dtypes import from_numpy_dtype
from ..errors import DtypeError, UnsupportedDtypeError, refuse_out
from ..op import FLOAT, REGISTRY, Op, elementwise, general, public, word
from .checks import kind_of
from .dims import axis_of


def _no_bools(arrays: Sequence[Any]) -> None:
    if kind_of(arrays) == "b":
        raise DtypeError("Boolean inputs not supported for relu; convert them with .float()")


relu = elementwise(
    "relu",
    lambda x: np.maximum(x, 0),
    {"x": lambda y: y > 0},
    symbol="max({x}, 0)",
    kinks=(0,),
    check=_no_bools,
    doc="""max(x, 0), with slope 0 at 0. Raises DtypeError for bools.

    >>> import chainrule as cr
    >>> cr.tensor([-1., 2.]).relu()
    tensor([0., 2.])
    """,
)
sigmoid = elementwise(
    "sigmoid",
    lambda x: 1 / (1 + np.exp(-x)),
    {"x": lambda y: y * (1 - y)},
    promotion=FLOAT,
    symbol="σ({x})",
    doc="""1 / (1 + e⁻ˣ).

    >>> import chainrule as cr
    >>> cr.tensor([0., 100.]).sigmoid()
    tensor([0.5000, 1.0000])
    """,
)


_softmax = general(
    "_softmax",
    words.softmax,
    {"x": lambda g, y, axis: y * (g - np.sum(g * y, axis=axis, keepdims=True))},
    symbol="softmax {x}",
)
_log_softmax = general(
    "_log_softmax",
    words.log_softmax,
    {"x": lambda g, y, axis: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True)},
    symbol="log softmax {x}",
)


word(words.sigmoid)(lambda x: sigmoid.call(x))
word(words.softmax)(lambda x, *, axis: _softmax.call(x, axis=axis))
word(words.log_softmax)(lambda x, *, axis: _log_softmax.call(x, axis=axis))


@word(words.onehot)
def _onehot(t: Any, n: int, dtype: Any) -> Any:
    return REGISTRY["eq"].call(t.unsqueeze(-1), np.arange(n)).to(from_numpy_dtype(np.dtype(dtype)))


def _along(record: Op, name: str, input: Any, dim: int, dtype: Any, out: None) -> Any:
    if out is not None:
        refuse_out(name)
    if dtype is not None:
        input = input.to(dtype)
    axis = axis_of(dim, input.ndim)
    if input._data.dtype.kind != "f":
        title = from_numpy_dtype(input._data.dtype).title
        kernel = f"{name}_lastdim_kernel_impl" if axis >= input.ndim - 1 else f"{name}_kernel_impl"
        raise UnsupportedDtypeError(f"\"{kernel}\" not implemented for '{title}'; say dtype=float32 or use .float()")
    if input.ndim:
        return record.call(input, axis=axis)
    return record.call(input.reshape((1,)), axis=0).reshape(())


@public()
def softmax(input: Any, dim: int, dtype: Any = None, *, out: None = None) -> Any:
    """exp(x) / Σ exp(x) along `dim`, without overflow; with `dtype` the input is converted first.

    Raises IndexError for a dimension that does not exist, NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.tensor([0., 0., 1000.]).softmax(0)
    tensor([0., 0., 1.])
    """
    return _along(_softmax, "softmax", input, dim, dtype, out)


@public()
def log_softmax(input: Any, dim: int, dtype: Any = None, *, out: None = None) -> Any:
    """x − log Σ exp(x) along `dim`, without overflow; with `dtype` the input is converted first.

    Raises IndexError for a dimension that does not exist, NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.tensor([0., 0.]).log_softmax(0)
    tensor([-0.6931, -0.6931])
    """
    return _along(_log_softmax, "log_softmax", input, dim, dtype, out)
