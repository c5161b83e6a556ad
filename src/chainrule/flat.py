"""The flat twins of `record.apply`, for the calls that make up most of every program.

The same thing written out without loops: one float tensor, or two of one dtype, or a tensor and a
number (0.9 µs instead of 2.4, NumPy's own 0.3 included). Whatever is not that plain goes to `apply`;
`tests/test_record.py` holds the two equal.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, cast

import numpy as np

from . import record
from .dtypes import FLOATS
from .errors import refuse_out
from .graph import TensorBase, View, call_site, internal, next_number, node_class
from .modes import state
from .op import Op
from .record import apply, node_of

ndarray = np.ndarray
_frame = sys._getframe


class _Constants(dict[Any, Any]):
    """number → 0-d array of one dtype, which ufuncs take 0.3 µs faster than the number itself."""

    def __init__(self, dtype: Any):
        self.dtype = dtype

    def __missing__(self, number: Any) -> Any:
        if len(self) > 1000:  # learning rates of a schedule, say
            self.clear()
        with np.errstate(all="ignore"):
            array = np.array(number, self.dtype)
        array.flags.writeable = False
        self[number] = array
        return array


_CONSTANTS = {dtype: _Constants(dtype) for dtype in FLOATS}


# A forward that trips over these is run again by `apply`, which silences NumPy or explains the error.
_RETRY = (RuntimeWarning, FloatingPointError, ValueError, TypeError, OverflowError, IndexError)


def unary(op: Op) -> Callable[..., Any]:
    """`apply(op, x, **params)` for one float tensor; `params` in the record's order."""
    forward, cls, Tensor = op.forward, cast(Any, node_class(op)), cast(Any, record.Tensor)
    plan = op.plan(1)
    keeps_x, keeps_y, wants_shape = bool(plan.keep), plan.keeps_result, bool(op.shape_args)

    def call(input: Any, *, out: None = None, **params: Any) -> Any:
        grad = state.plain
        if grad is None or out is not None or not isinstance(input, TensorBase) or input._view is not None:
            return apply(op, input, **params) if out is None else refuse_out(op.name)
        x = input._data
        edge = input._node
        if edge is None and x.dtype not in FLOATS:
            return apply(op, input, **params)
        try:
            y = forward(x, **params)
        except _RETRY:
            return apply(op, input, **params)
        result = Tensor()
        result._data = y if type(y) is ndarray else (y := np.asarray(y))
        result._storage = None
        result._view = None
        if edge is None or not grad:
            result._node = None
            if edge is not None or input._cut is not None:
                result._cut = input._cut or ("no_grad", *call_site(2))
            return result
        result._node = node = cls()
        node.edge = edge
        node.y = y if keeps_y else None
        node.storage_y = None  # made when the result is shared or written
        if keeps_x:
            node.x = x
            storage = input._storage
            if storage is None:
                storage = input.storage
            node.storage = storage
            node.version = storage.version
        else:
            node.x = node.storage = None
        node.rest = (*params.values(), x.shape) if wants_shape else tuple(params.values()) if params else ()
        node.number = next_number()
        node.shape = y.shape
        node.dtype = y.dtype
        node.hooks = None
        frame = _frame(1)
        code = frame.f_code
        while internal[code.co_filename] and frame.f_back is not None:
            frame = frame.f_back
            code = frame.f_code
        node.code = code
        node.offset = frame.f_lasti
        return result

    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = op.doc
    return call


def binary(op: Op) -> Callable[..., Any]:
    """`apply(op, a, b)` for a float tensor with another of the same dtype, or with a number."""
    forward, cls, Tensor = op.forward, cast(Any, node_class(op)), cast(Any, record.Tensor)
    numbers, ufunc = op.promotion is not None, isinstance(forward, np.ufunc)
    keeps = [(False, False, False)]
    keeps += [(0 in op.plan(m).keep, 1 in op.plan(m).keep, op.plan(m).keeps_result) for m in (1, 2, 3)]

    def call(input: Any, other: Any, *, out: None = None) -> Any:
        grad = state.plain
        if grad is None or out is not None or not isinstance(input, TensorBase) or input._view is not None:
            return apply(op, input, other) if out is None else refuse_out(op.name)
        x = input._data
        number = False
        if isinstance(other, TensorBase):
            y: Any = other._data
            if other._view is not None or x.dtype is not y.dtype:
                return apply(op, input, other)
            edge_b = other._node
        elif numbers and (type(other) is float or type(other) is int):
            # Not 0.0: it is equal to −0.0, and a NaN to nothing at all.
            cached = ufunc and x.dtype in FLOATS and (other == other if other else type(other) is int)
            y = _CONSTANTS[x.dtype][other] if cached else other
            edge_b = None
            number = True
        else:
            return apply(op, input, other)
        edge_a = input._node
        if edge_a is None:
            if edge_b is None and x.dtype not in FLOATS:  # what needs a gradient is a float anyway
                return apply(op, input, other)
            mask = 0 if edge_b is None else 2
        else:
            mask = 1 if edge_b is None else 3
        try:
            z = forward(x, y)
        except _RETRY:
            return apply(op, input, other)
        result = Tensor()
        result._data = z if type(z) is ndarray else (z := np.asarray(z))
        result._storage = None
        result._view = None
        if not mask or not grad:
            result._node = None
            if mask:
                result._cut = ("no_grad", *call_site(2))
            elif input._cut is not None:
                result._cut = input._cut
            elif not number and other._cut is not None:
                result._cut = other._cut
            return result
        keep_a, keep_b, keep_y = keeps[mask]
        result._node = node = cls()
        node.edge_a = edge_a
        node.edge_b = edge_b
        node.y = z if keep_y else None
        node.storage_y = None  # made when the result is shared or written
        node.a = x if keep_a or edge_a is None else None
        node.b = y if keep_b or edge_b is None else None
        if keep_a:
            storage = input._storage
            if storage is None:
                storage = input.storage
            node.storage_a = storage
            node.version_a = storage.version
        else:
            node.storage_a = None
        if keep_b and not number:
            storage = other._storage
            if storage is None:
                storage = other.storage
            node.storage_b = storage
            node.version_b = storage.version
        else:
            node.storage_b = None
        node.rest = ()
        node.number = next_number()
        node.shape = z.shape
        node.dtype = z.dtype
        node.hooks = None
        frame = _frame(1)
        code = frame.f_code
        while internal[code.co_filename] and frame.f_back is not None:
            frame = frame.f_back
            code = frame.f_code
        node.code = code
        node.offset = frame.f_lasti
        return result

    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = op.doc
    return call


def viewing(op: Op) -> Callable[..., Any]:
    """`apply(op, x, **params)` for a view of x; `params` in the record's order."""
    forward, cls, Tensor = op.forward, cast(Any, node_class(op)), cast(Any, record.Tensor)
    grad_origin = "multi" if op.view == "multi" else None
    wants_shape, may_copy = bool(op.shape_args), op.view == "maybe"

    def call(input: Any, **params: Any) -> Any:
        grad = state.plain
        if grad is None or not isinstance(input, TensorBase):
            return apply(op, input, **params)
        x = input._data
        try:
            y = forward(x, **params)
        except _RETRY:
            return apply(op, input, **params)
        result = Tensor()
        result._data = y
        edge = input._node if input._view is None else node_of(input)
        if not may_copy or record.shares(y, x):
            storage = input._storage
            if storage is None:
                storage = input.storage
            result._storage = storage
            result._view = View(input, op, params, storage.generation, grad_origin if grad else "no_grad")
        else:  # a reshape that had to copy
            result._storage = result._view = None
        if edge is None or not grad:
            result._node = None
            if edge is not None or input._cut is not None:
                result._cut = input._cut or ("no_grad", *call_site(2))
            return result
        result._node = node = cls()
        node.edge = edge
        node.x = node.y = node.storage = node.storage_y = None
        node.rest = (*params.values(), x.shape) if wants_shape else tuple(params.values())
        node.number = next_number()
        node.shape = y.shape
        node.dtype = y.dtype
        node.hooks = None
        frame = _frame(1)
        code = frame.f_code
        while internal[code.co_filename] and frame.f_back is not None:
            frame = frame.f_back
            code = frame.f_code
        node.code = code
        node.offset = frame.f_lasti
        return result

    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = op.doc
    return call


def prepare(op: Op) -> None:
    """Give a record the quickest call it can have."""
    if op.view and op.differentiable:
        op.call = viewing(op)
        return
    if op.variadic or not op.args or not op.differentiable or op.joint is not None:
        return
    if len(op.args) == 1:
        op.call = unary(op)
    elif len(op.args) == 2 and not op.params and not op.shape_args:
        op.call = binary(op)
