"""Running an operation: promote, compute, wrap, and remember what backward will need.

`apply` is the one way in for every operation; `flat.py` has twins of it for the plainest calls.
"""

from __future__ import annotations

import itertools
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes
from .errors import InplaceError, ShapeError, UnsupportedDtypeError
from .graph import (
    AccumulateGrad,
    InferenceStorage,
    Node,
    Output,
    Storage,
    TensorBase,
    View,
    call_site,
    internal,
    line_of,
    next_number,
    node_class,
)
from .modes import enter_quiet, leave_quiet, state
from .op import FLOAT, Op

ndarray = np.ndarray
FLOATS = dtypes.FLOATS
_frame = sys._getframe
_SCALARS = (int, float, bool, type(None))

Tensor: type[TensorBase] = TensorBase  # `tensor.py` puts its class here
# What rare modes (dual numbers, saved-tensor hooks, anomaly mode …) do after an operation ran.
after_apply: list[Callable[[Op, tuple[Any, ...], dict[str, Any], Any], None]] = []
# What they do after `x` was written: x now holds op(*args, **params), or args[0] where op is None.
after_write: list[Callable[[TensorBase, Op | None, tuple[Any, ...], dict[str, Any]], None]] = []

restore_tangents: Callable[[Node, list[Any]], None]  # of a node's arguments; `autograd.forward_ad` puts it here


def wrap(array: Any) -> Any:
    """A tensor around an array that nothing else holds."""
    out = Tensor()
    out._data = array if type(array) is ndarray else np.asarray(array)
    out._node = None
    out._storage = InferenceStorage() if state.inference else None
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
    if node is not None:
        if view.origin is not None:
            if not state.grad:
                return
            raise InplaceError(view_refusal(view, "its base or another view of its base has been modified"))
        for op, params in view.chain:
            result = op.forward(array, **params)
            node = record(op, (node,), [array], result, 1, params)
            array = result
        set_node(tensor, node)
    elif type(tensor._node) is not AccumulateGrad:
        tensor._node = None
    view.generation = tensor._storage.generation  # type: ignore[union-attr]


def set_node(tensor: TensorBase, node: Node) -> None:
    """Give a tensor that was written its new node; a retained gradient is from now on the new value's."""
    old = tensor._node
    if old is not None and old.hooks is not None and old.hooks.retain:
        retain = old.hooks.retain
        moved = [r for r in retain if r() is tensor]
        if moved:
            old.hooks.retain = [r for r in retain if r() is not tensor]
            node._hooks().retain += moved
    tensor._node = node


_ORIGINS = {"no_grad": ("no_grad mode", "no_grad"), "inference": ("inference mode", "inference_mode")}


def view_refusal(view: View, what: str) -> str:
    """Why gradients cannot follow an in-place write through a view, in PyTorch's words."""
    if view.origin == "multi":
        name = view.op.title.removesuffix("Backward0")
        return (
            f"Output 0 of {name} is a view and {what} inplace. This view is the output of a function that returns "
            "multiple views. Such functions do not allow the output views to be modified inplace. You should replace "
            "the inplace operation by an out-of-place one."
        )
    if view.origin is not None and view.origin.startswith("function "):
        return (
            f"Output 0 of {view.origin.removeprefix('function ')} is a view and {what} inplace. This view was created "
            "inside a custom Function (or because an input was returned as-is) and the autograd logic to handle "
            "view+inplace would override the custom backward associated with the custom Function, leading to incorrect "
            "gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function."
        )
    mode, block = _ORIGINS[view.origin]  # type: ignore[index]
    where = "with grad mode enabled" if view.origin == "no_grad" else "in normal mode"
    return (
        f"A view was created in {mode} and {what} inplace {where}. Given that this use case is ambiguous and "
        f"error-prone, it is forbidden. You can clarify your code by moving both the view and the inplace either both "
        f"inside the {block} block (if you don't want the inplace to be tracked) or both outside (if you want the "
        "inplace to be tracked)."
    )


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
    if op.check is not None:
        op.check(arrays)
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
            out._node = node = record(op, edges, arrays, y, mask, params, args)
            if op.plans[mask].keeps_result and not node.arity:  # else `TensorBase.storage` does, when there is one
                node.guard_result(out.storage)
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
    if state.special:
        for then in after_apply:
            then(op, args, params, outs)
    return outs


class SeveralResults(tuple[Any, ...]):
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
    if op.view == "maybe" and not shares(out._data, base._data):
        return  # a reshape that had to copy
    out._storage = storage = base.storage
    out._view = View(base, op, params, storage.generation, _origin(op))


def shares(y: Any, x: Any) -> bool:
    """Whether the result of an operation that copies only if it must is a view of x."""
    owner = y.base
    return owner is x or (owner is not None and (owner is x.base or np.may_share_memory(y, x)))


def _origin(op: Op) -> str | None:
    if state.grad:
        return "multi" if op.view == "multi" else None
    return "inference" if state.inference else "no_grad"


def explain_failure(
    op: Op, args: tuple[Any, ...], arrays: list[Any], params: dict[str, Any], error: Exception
) -> Exception:
    """PyTorch's error for what NumPy refused, with the operation and its operands."""
    what = operands(op, arrays, params)
    text = str(error)
    if isinstance(error, IndexError):
        return IndexError(f"{index_message(text)}; in {what}")
    if isinstance(error, OverflowError):
        return OverflowError(f"int too big to convert; in {what}")
    if "operands could not be broadcast" in text:
        shapes = [np.shape(a) for a in arrays if isinstance(a, ndarray)]
        return ShapeError(broadcast_message(shapes) + f"; in {what}. Only sizes that are equal or 1 broadcast.")
    if isinstance(error, TypeError):
        if "not supported for the input types" in text or "no loop" in text:
            names = ", ".join(dtypes.from_numpy_dtype(a.dtype).title for a in arrays if isinstance(a, ndarray))
            return UnsupportedDtypeError(f"\"{op.name}_cpu\" not implemented for '{names}'; in {what}")
        return TypeError(f"{text}; in {what}")
    return ShapeError(f"{text}; in {what}")


def index_message(text: str) -> str:
    """PyTorch's sentence for an index that NumPy refused."""
    if (found := re.match(r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", text)) is not None:
        return "index {} is out of bounds for dimension {} with size {}".format(*found.groups())
    if (found := re.match(r"too many indices for array: array is (\d+)-dimensional", text)) is not None:
        if found[1] == "0":
            return (
                "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to "
                "convert a 0-dim tensor to a number"
            )
        return f"too many indices for tensor of dimension {found[1]}"
    if text.startswith("shape mismatch: indexing arrays"):
        shapes = ", ".join(f"[{s.rstrip(',')}]" for s in re.findall(r"\(([\d, ]*)\)", text))
        return f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
    return text


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
    for a, b in itertools.pairwise(shapes):
        n = max(len(a), len(b))
        long_a, long_b = (1,) * (n - len(a)) + a, (1,) * (n - len(b)) + b
        for axis in reversed(range(n)):
            if long_a[axis] != long_b[axis] and 1 not in (long_a[axis], long_b[axis]):
                return (
                    f"The size of tensor a ({long_a[axis]}) must match the size of tensor b ({long_b[axis]}) "
                    f"at non-singleton dimension {axis}"
                )
    return "shapes do not broadcast"
