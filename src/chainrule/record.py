"""Running an operation: promote, compute, wrap, and remember what backward will need.

`apply` is the one way in for every operation. `unary` and `binary` are the same thing written flat
for the calls that make up most of every program, a ufunc on tensors of one float dtype (0.9 µs
instead of 2.4, NumPy's own 0.3 included); whatever is not that plain goes to `apply`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes
from .errors import DtypeError, ShapeError, refuse_out
from .graph import Node, Output, Storage, TensorBase, View, call_site, internal, line_of, next_number, node_class
from .modes import enter_quiet, leave_quiet, state
from .op import FLOAT, Op

ndarray = np.ndarray
FLOATS = dtypes.FLOATS
_frame = sys._getframe
_SCALARS = (int, float, bool, type(None))

Tensor: type[TensorBase] = TensorBase  # `tensor.py` puts its class here
# What rare modes (dual numbers, saved-tensor hooks, anomaly mode …) do after an operation ran.
after_apply: list[Callable[..., None]] = []


def wrap(array: Any) -> Any:
    """A tensor around an array that nothing else holds."""
    out = Tensor()
    out._data = array if type(array) is ndarray else np.asarray(array)
    out._node = None
    out._storage = None
    out._view = None
    return out


def node_of(tensor: TensorBase) -> Node | None:
    """The node that made a tensor; a view whose base was written in place is replayed first."""
    view = tensor._view
    if view is not None and view.generation != tensor._storage.generation:  # type: ignore[union-attr]
        replay(tensor, view)
    return tensor._node


def replay(tensor: TensorBase, view: View) -> None:
    """Record a view's chain again, from the node its base has now."""
    node, array = view.base._node, view.base._data
    for op, params in view.chain:
        result = op.forward(array, **params)
        if node is not None:
            node = record(op, (node,), [array], result, 1, params)
        array = result
    tensor._node = node
    view.generation = tensor._storage.generation  # type: ignore[union-attr]


def line_here() -> str:
    """`file.py:12` of the user's code that is running now."""
    return line_of(*call_site(2))


def operand(op: Op, value: Any) -> Any:
    """What stands beside tensors in a call, as NumPy takes it."""
    if isinstance(value, ndarray):
        dtypes.from_numpy_dtype(value.dtype)
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)) or hasattr(value, "__array_ufunc__"):
        return value
    if isinstance(value, complex):
        dtypes.to_numpy_dtype(complex)
    raise TypeError(
        f"{op.name}(): argument must be Tensor or Number, but got {type(value).__name__}; "
        "make it a tensor first with tensor(...)"
    )


def apply(op: Op, *args: Any, **params: Any) -> Any:
    """Run one operation on tensors and numbers, and record it where a gradient may be asked for."""
    arrays: list[Any] = []
    mask, bit = 0, 1
    for a in args:
        if isinstance(a, TensorBase):
            arrays.append(a._data)
            if (a._node if a._view is None else node_of(a)) is not None:
                mask |= bit
        elif type(a) in _SCALARS:
            arrays.append(a)
        else:
            arrays.append(operand(op, a))
        bit <<= 1
    if op.promotion is not None:
        arrays = _promoted(op, arrays)
    quiet = enter_quiet()
    try:
        y = op.forward(*arrays, **params)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise explain_failure(op, args, arrays, params, error) from None
    finally:
        leave_quiet(quiet)
    if type(y) is tuple:
        return _several(op, args, arrays, y, mask, params)
    out = wrap(y)
    y = out._data
    if op.view:
        _become_view(out, args[0], op, params)
    if mask:
        if state.grad and op.differentiable and y.dtype.kind == "f":
            edges = tuple([a._node if isinstance(a, TensorBase) else None for a in args])
            out._node = record(op, edges, arrays, y, mask, params, args)
        else:
            out._cut = (op.name if state.grad else "no_grad", *call_site(2))
    else:
        for a in args:
            if isinstance(a, TensorBase) and a._cut is not None:
                out._cut = a._cut
                break
    if state.special:
        for then in after_apply:
            then(op, args, params, out)
    return out


Op.__call__ = apply  # type: ignore[method-assign, assignment]


def _promoted(op: Op, arrays: list[Any]) -> list[Any]:
    first = None
    for a in arrays:
        if type(a) is ndarray:
            if first is None:
                first = a.dtype
            elif a.dtype is not first:
                break
        elif type(a) is not float and type(a) is not int and a is not None:
            break
    else:
        if first in FLOATS:
            return arrays
    return dtypes.promote(arrays, op.promotion is FLOAT)


def record(
    op: Op,
    edges: tuple[Node | None, ...],
    arrays: list[Any],
    y: Any,
    mask: int,
    params: dict[str, Any],
    args: tuple[Any, ...] = (),
) -> Node:
    """The node of one executed operation. `args` are the tensors, for their version counters."""
    plan = op.plans.get(mask) or op.plan(mask)
    cls = op.node_class or node_class(op)
    node: Node = cls()
    versions: list[tuple[Storage, int]] = []
    if args:
        for i in plan.keep:
            a = args[i]
            if isinstance(a, TensorBase):
                storage = a.storage
                versions.append((storage, storage.version))
    shapes = [_shapes(op, arrays, i) for i in op.shape_args]
    if plan.drop:
        arrays = arrays.copy()
        for i in plan.drop:
            arrays[i] = None
    node.saved = (
        y if plan.keeps_result else None,
        *((tuple(arrays),) if op.variadic else arrays),
        *([params[name] for name in op.params] if op.params else ()),
        *shapes,
    )
    node.edges = edges
    node.versions = tuple(versions)
    node.number = next_number()
    node.shape = y.shape
    node.dtype = y.dtype
    node.hooks = None
    frame = _frame(1)
    while internal[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    node.code = frame.f_code
    node.offset = frame.f_lasti
    return node


def _shapes(op: Op, arrays: list[Any], i: int) -> Any:
    return tuple([np.shape(a) for a in arrays]) if op.variadic else np.shape(arrays[i])


def _several(
    op: Op, args: tuple[Any, ...], arrays: list[Any], ys: tuple[Any, ...], mask: int, params: dict[str, Any]
) -> tuple[Any, ...]:
    """The results of an operation that has several, each with its own `Output`."""
    outs = tuple(wrap(y) for y in ys)
    if mask and state.grad and op.differentiable:
        edges = tuple([a._node if isinstance(a, TensorBase) else None for a in args])
        node = record(op, edges, arrays, SeveralResults(o._data for o in outs), mask, params, args)
        for i, out in enumerate(outs):
            if out._data.dtype.kind == "f":
                out._node = Output(node, i, out._data)
                out._output = i
    return outs


class SeveralResults(tuple):  # type: ignore[type-arg]
    """The arrays of an operation with several results, where a node expects one."""

    @property
    def shape(self) -> tuple[tuple[int, ...], ...]:
        return tuple(y.shape for y in self)

    @property
    def dtype(self) -> tuple[Any, ...]:
        return tuple(y.dtype for y in self)


def _become_view(out: Any, base: Any, op: Op, params: dict[str, Any]) -> None:
    """Let a result that shares memory with its argument share its storage too."""
    if not isinstance(base, TensorBase):
        return
    array = base._data
    if not (out._data is array or out._data.base is array or (array.base is not None and out._data.base is array.base)):
        return  # a reshape that had to copy
    out._storage = storage = base.storage
    view = base._view
    root, chain = (base, ()) if view is None else (view.base, view.chain)
    recorded = state.grad and (view is None or view.recorded)
    out._view = View(root, (*chain, (op, params)), storage.generation, recorded)


def explain_failure(
    op: Op, args: tuple[Any, ...], arrays: list[Any], params: dict[str, Any], error: Exception
) -> Exception:
    """PyTorch's error for what NumPy refused, with the operation and its operands."""
    what = operands(op, arrays, params)
    text = str(error)
    if isinstance(error, IndexError):
        return IndexError(f"{text}; in {what}")
    if "broadcast" in text and op.elementwise:
        shapes = [np.shape(a) for a in arrays if isinstance(a, ndarray)]
        return ShapeError(broadcast_message(shapes) + f"; in {what}. Only sizes that are equal or 1 broadcast.")
    if isinstance(error, TypeError):
        if "not supported for the input types" in text or "no loop" in text:
            names = ", ".join(dtypes.from_numpy_dtype(a.dtype).title for a in arrays if isinstance(a, ndarray))
            return DtypeError(f'"{op.name}" not implemented for \'{names}\'; in {what}')
        return TypeError(f"{text}; in {what}")
    return ShapeError(f"{text}; in {what}")


def operands(op: Op, arrays: list[Any], params: dict[str, Any]) -> str:
    """`mul(a: 2×3 float32, b: 4 float32)`, for messages."""
    parts = []
    for i, a in enumerate(arrays):
        name = op.args[0 if op.variadic else i]
        if isinstance(a, ndarray):
            size = "×".join(map(str, a.shape)) or "scalar"
            parts.append(f"{name}: {size} {a.dtype.name}")
        else:
            parts.append(f"{name}={a!r}")
    parts += [f"{k}={v!r}" for k, v in params.items() if v is not None]
    return f"{op.name}({', '.join(parts)})"


def broadcast_message(shapes: list[tuple[int, ...]]) -> str:
    """PyTorch's sentence for two shapes that do not broadcast, counted from the last axis."""
    for a, b in zip(shapes, shapes[1:], strict=False):
        n = max(len(a), len(b))
        long_a, long_b = (1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b
        for axis in reversed(range(n)):
            if long_a[axis] != long_b[axis] and 1 not in (long_a[axis], long_b[axis]):
                return (
                    f"The size of tensor a ({long_a[axis]}) must match the size of tensor b ({long_b[axis]}) "
                    f"at non-singleton dimension {axis}"
                )
    return "shapes do not broadcast"


# ── the flat paths ──────────────────────────────────────────────────────────────────────────────

# A forward that trips over these is run again by `apply`, which silences NumPy or explains the error.
_RETRY = (RuntimeWarning, FloatingPointError, ValueError, TypeError, OverflowError, IndexError)


def unary(op: Op) -> Callable[..., Any]:
    """`apply(op, x, **params)` for one float tensor; `params` in the record's order."""
    forward, cls = op.forward, node_class(op)
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
        if keeps_x:
            node.x = x
            storage = input._storage
            if storage is None:
                storage = input._storage = Storage()
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
    return call


def binary(op: Op) -> Callable[..., Any]:
    """`apply(op, a, b)` for a float tensor with another of the same dtype, or with a number."""
    forward, cls = op.forward, node_class(op)
    numbers = op.promotion is not None
    keeps = [(False, False, False)]
    keeps += [(0 in op.plan(m).keep, 1 in op.plan(m).keep, op.plan(m).keeps_result) for m in (1, 2, 3)]

    def call(input: Any, other: Any, *, out: None = None) -> Any:
        grad = state.plain
        if grad is None or out is not None or not isinstance(input, TensorBase) or input._view is not None:
            return apply(op, input, other) if out is None else refuse_out(op.name)
        x = input._data
        if isinstance(other, TensorBase):
            y = other._data
            if other._view is not None or x.dtype is not y.dtype:
                return apply(op, input, other)
            edge_b = other._node
        elif numbers and (type(other) is float or type(other) is int):
            y = other
            edge_b = None
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
            elif y is not other and other._cut is not None:
                result._cut = other._cut
            return result
        keep_a, keep_b, keep_y = keeps[mask]
        result._node = node = cls()
        node.edge_a = edge_a
        node.edge_b = edge_b
        node.y = z if keep_y else None
        node.a = x if keep_a or edge_a is None else None
        node.b = y if keep_b or edge_b is None else None
        if keep_a:
            storage = input._storage
            if storage is None:
                storage = input._storage = Storage()
            node.storage_a = storage
            node.version_a = storage.version
        else:
            node.storage_a = None
        if keep_b and y is not other:
            storage = other._storage
            if storage is None:
                storage = other._storage = Storage()
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
    return call


def prepare(op: Op) -> None:
    """Give a record the quickest call it can have."""
    if op.variadic or op.view or not op.args or not op.differentiable or op.kind == "general" and op.params:
        return
    if len(op.args) == 1:
        op.call = unary(op)
    elif len(op.args) == 2 and not op.params and not op.shape_args:
        op.call = binary(op)
