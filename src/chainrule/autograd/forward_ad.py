"""Forward mode: dual numbers, whose tangents every operation carries along.

The tangent of a result follows from the kind of the record: for an elementwise one the slope times the
tangent, for a linear one the operation itself on the tangent, for any other the record's own rule or
a double VJP. Rules run on tensors, so that tangents have gradients (reverse over forward) and, at
an outer level, tangents of their own (forward over forward). Gradients with `create_graph=True` carry
tangents too (forward over reverse).

Every level has a number of its own, higher for inner ones; a tensor maps the levels to its tangents. The tangent
at one level is computed from what the arguments are at the levels outside of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes, record
from ..errors import GraphError, ShapeError
from ..graph import Node, TensorBase, next_number
from ..modes import enable_grad, state
from ..op import REGISTRY, Op
from .gradients import grad

Tangents = dict[int, Any]


class UnpackedDualTensor(NamedTuple):
    """What `unpack_dual` returns: the value, and its tangent or None."""

    primal: Any
    tangent: Any


# ── levels and dual tensors ─────────────────────────────────────────────────────────────────────


class Level:
    """A level inside of the present one, for a block; may be nested."""

    def __enter__(self) -> int:
        self.before = state.dual_levels
        state.dual_levels = (*self.before, next_number() + 1)
        state.update()
        return state.dual_levels[-1]

    def __exit__(self, *exc: Any) -> None:
        state.dual_levels = self.before
        state.update()


def enter_dual_level() -> int:
    """Begin forward mode; returns the level. Only one at a time, as in PyTorch (`func.jvp` nests)."""
    if state.dual_levels:
        raise GraphError(
            "Nested forward mode AD is not supported at the moment; chainrule.func.jvp and jacfwd can be nested"
        )
    Level().__enter__()
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """End forward mode: the tangents of the level are gone."""
    if not state.dual_levels or level not in (None, 0):
        raise GraphError("Trying to exit a forward AD level that was not the last one that was created.")
    state.dual_levels = ()
    state.update()


class dual_level:
    """The block in which `make_dual` may be used.

    >>> import chainrule as cr
    >>> from chainrule.autograd import forward_ad
    >>> with forward_ad.dual_level():
    ...     x = forward_ad.make_dual(cr.tensor(3.0), cr.tensor(1.0))
    ...     forward_ad.unpack_dual(x * x).tangent
    tensor(6.)
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: Any) -> None:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """A tensor with the value of `tensor`, whose memory and gradient it shares, and this tangent."""
    if not state.dual_levels:
        raise GraphError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    for what, value in (("primal", tensor), ("tangent", tangent)):
        if value._data.dtype.kind != "f":
            raise ValueError(f"Expected {what} to be floating point or complex, but got: {value.dtype!r}")
    if level is None:
        level = state.dual_levels[-1]
    tangents = tangents_of(tensor)
    if level in tangents:
        raise GraphError(
            "Making a dual Tensor based on a Tensor that already has a forward gradient at the same level "
            f"{state.dual_levels.index(level)} is not supported."
        )
    check_tangent(tensor, tangent)
    return with_tangents(tensor, {**tangents, level: tangent})


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """Value and tangent of a tensor; the tangent is None for one that has none."""
    if level is None:
        level = state.dual_levels[-1] if state.dual_levels else -1
    tangents = tangents_of(tensor)
    if level not in tangents:
        return UnpackedDualTensor(tensor, None)
    return UnpackedDualTensor(below(tensor, level), tangents[level])


def check_tangent(tensor: Any, tangent: Any) -> None:
    """Raise unless a tangent has the shape of its tensor."""
    if tensor._data.shape != tangent._data.shape:
        raise ShapeError(
            "Trying to set a forward gradient that has a different size than that of the original Tensor, this is not "
            f"supported. Tensor is of size {list(tensor._data.shape)} while the given forward gradient is of size "
            f"{list(tangent._data.shape)}."
        )


def tangents_of(tensor: Any) -> Tangents:
    """The tangents of a tensor by level; those of a view whose base was written come from the base."""
    view, storage = tensor._view, tensor._storage
    written = 0 if storage is None else storage.dual_writes
    found = tensor._tangent
    if view is not None and written > (0 if found is None else found[0]):
        base = tangents_of(view.base)
        found = tensor._tangent = (written, {level: _through(view.chain, t) for level, t in base.items()})
    return {} if found is None else found[1]


def set_tangents(tensor: Any, tangents: Tangents) -> None:
    """Give a tensor its tangents, as of now."""
    written = 0 if tensor._storage is None else tensor._storage.dual_writes
    tensor._tangent = (written, tangents) if tangents or written else None


def _through(chain: Any, t: Any) -> Any:
    for op, params in chain:
        t = op(t, **params)
    return t


def with_tangents(tensor: Any, tangents: Tangents) -> Any:
    """The same value, memory and gradient, with other tangents."""
    out = record.wrap(tensor._data)
    out._storage = tensor.storage
    out._node = record.node_of(tensor)
    out._output = tensor._output
    set_tangents(out, tangents)
    return out


def below(tensor: Any, level: int) -> Any:
    """What a tensor is at the levels outside of this one."""
    tangents = tangents_of(tensor)
    kept = {n: t for n, t in tangents.items() if n < level}
    return tensor if len(kept) == len(tangents) else with_tangents(tensor, kept)


# ── how an operation carries tangents along ─────────────────────────────────────────────────────


def _after_apply(op: Op, args: tuple[Any, ...], params: dict[str, Any], out: Any) -> None:
    """Give the results of an operation their tangents, and its node what a gradient of it needs."""
    if not state.dual_levels or not op.differentiable:
        return
    if not any(isinstance(a, TensorBase) and (a._tangent or a._view is not None) and tangents_of(a) for a in args):
        return
    carry(op, args, params, out)
    first = out[0] if isinstance(out, tuple) else out
    node = first._node
    if node is not None:
        node = node.parent or node
        node.duals = (
            tuple(with_tangents(a, tangents_of(a)) if isinstance(a, TensorBase) else a for a in args),
            params,
        )


def carry(op: Op, args: tuple[Any, ...], params: dict[str, Any], out: Any) -> None:
    """Set the tangents of `out` = op(*args, **params) at all levels that are open."""
    outs = out if isinstance(out, tuple) else (out,)
    found: list[Tangents] = [{} for _ in outs]
    active = [tangents_of(a) if isinstance(a, TensorBase) else {} for a in args]
    for level in state.dual_levels:
        moving = [t.get(level) for t in active]
        if not any(t is not None for t in moving):
            continue
        lowered = tuple(below(a, level) if isinstance(a, TensorBase) else a for a in args)
        results = tuple(_plain(o, t) for o, t in zip(outs, found, strict=True))
        tangents = _tangents(op, lowered, moving, params, results if isinstance(out, tuple) else results[0])
        for o, t, target in zip(outs, tangents, found, strict=True):
            if t is not None:
                target[level] = _fit(t, o)
    for o, t in zip(outs, found, strict=True):
        set_tangents(o, t)


def _plain(out: Any, tangents: Tangents) -> Any:
    """A result with the tangents found so far, while its own are not set yet."""
    return with_tangents(out, tangents) if out._data.dtype.kind == "f" else out


def _fit(t: Any, out: Any) -> Any:
    """A tangent in the shape and dtype of its tensor."""
    if t._data.shape != out._data.shape:
        t = t.expand(out._data.shape)
    return t if t._data.dtype == out._data.dtype else t.to(out.dtype)


def _tangents(op: Op, args: tuple[Any, ...], moving: list[Any], params: dict[str, Any], y: Any) -> Sequence[Any]:
    """The tangent of each result."""
    if op.kind == "linear":
        return (_linear(op, args, moving, params),)
    values = _values(op, args, params, y)
    if op.jvp is not None:
        return _stated(op, args, moving, params, values)
    if op.elementwise:
        return (_elementwise(op, moving, values),)
    return _double_vjp(op, moving, values, y)


def _elementwise(op: Op, moving: list[Any], values: tuple[Any, ...]) -> Any:
    total: Any = None
    for t, (rule, pick, slope) in zip(moving, op.steps, strict=True):
        if t is None or (rule is None and slope is None):
            continue
        term = t * rule(*pick(values)) if rule is not None and pick is not None else t if slope == 1 else t * slope
        total = term if total is None else total + term
    return total


def _linear(op: Op, args: tuple[Any, ...], moving: list[Any], params: dict[str, Any]) -> Any:
    """The operation itself on the tangents: of all arguments at once, or summed over one after the other."""
    rules = op.rules * len(args) if op.variadic else op.rules
    moved = [i for i, t in enumerate(moving) if t is not None and (rules[i] is not None or op.joint is not None)]
    if not moved:
        return None
    if op.linear_together:
        zeros = [zeros_like(a) if rules[i] is not None or op.joint is not None else a for i, a in enumerate(args)]
        return op(*[moving[i] if i in moved else z for i, z in enumerate(zeros)], **params)
    total: Any = None
    for i in moved:
        term = op(*[moving[j] if i == j else a for j, a in enumerate(args)], **params)
        total = term if total is None else total + term
    return total


def zeros_like(a: Any) -> Any:
    return record.wrap(np.zeros_like(a._data)) if isinstance(a, TensorBase) else 0 if isinstance(a, (int, float)) else a


def _stated(op: Op, args: Any, moving: list[Any], params: dict[str, Any], values: Any) -> Sequence[Any]:
    """The record's own rule: called with the tangents, zeros for arguments without, then with what it names."""
    tangents = [zeros_like(a) if t is None else t for a, t in zip(args, moving, strict=True)]
    found = op.jvp(*([tangents] if op.variadic else tangents), *op.pick_jvp(values))  # type: ignore[misc]
    return found if isinstance(found, tuple) else (found,)


def _double_vjp(op: Op, moving: list[Any], values: tuple[Any, ...], y: Any) -> Sequence[Any]:
    """J t, as the gradient at g of ⟨Jᵀ g, t⟩, which is linear in g."""
    outs = y if isinstance(y, tuple) else (y,)
    with enable_grad():
        probes = [
            record.wrap(np.zeros(o._data.shape, o._data.dtype)).requires_grad_() if o._data.dtype.kind == "f" else None
            for o in outs
        ]
        g = tuple(probes) if isinstance(y, tuple) else probes[0]
        values = (g, *values[1:])
        if op.joint is not None:
            found = op.joint(*op.pick_joint(values))
        else:
            found = [
                rule(*pick(values)) if t is not None and rule is not None and pick is not None else None
                for t, (rule, pick, _) in zip(moving, op.steps, strict=True)
            ]
        pairs = [
            (x, _like_gradient(t, x))
            for x, t in zip(found, moving, strict=True)
            if isinstance(x, TensorBase) and t is not None and x._node is not None  # an array is a constant
        ]
        real = [p for p in probes if p is not None]
        if not pairs:
            return [None for _ in outs]
        xs, ts = zip(*pairs, strict=True)
        slopes = iter(grad(xs, real, ts, create_graph=True, materialize_grads=True))
    tangents = [None if p is None else next(slopes) for p in probes]
    return tangents if state.grad else [None if t is None else cut(t) for t in tangents]


def _like_gradient(t: Any, x: Any) -> Any:
    """A tangent as what comes in where a gradient goes out; the latter may not be summed over broadcasting yet."""
    if t._data.dtype != x._data.dtype:
        t = t.to(x.dtype)
    return t if t._data.shape == x._data.shape else t.expand(x._data.shape)


def cut(t: Any) -> Any:
    """A tensor without its graph, and its tangents without theirs."""
    tangents = tangents_of(t)
    out = record.wrap(t._data)
    out._storage = t.storage
    set_tangents(out, {level: cut(x) for level, x in tangents.items()})
    return out


def _values(op: Op, args: tuple[Any, ...], params: dict[str, Any], y: Any) -> tuple[Any, ...]:
    """What a rule picks from, in a node's order: g, result, arguments, parameters, shapes."""
    promoted = list(args)
    if op.promotion is not None:
        arrays = [a._data if isinstance(a, TensorBase) else a for a in args]
        met = dtypes.promote(arrays, op.promotion == "float")
        promoted = [
            a.to(dtypes.from_numpy_dtype(m.dtype))  # type: ignore[attr-defined]
            if isinstance(a, TensorBase) and a._data.dtype != m.dtype
            else a
            for a, m in zip(args, met, strict=True)
        ]
    shapes = [a._data.shape if isinstance(a, TensorBase) else np.shape(a) for a in promoted]
    kept = [tuple(promoted)] if op.variadic else promoted
    asked = [tuple(shapes) if op.variadic else shapes[i] for i in op.shape_args]
    return (None, y, *kept, *map(params.__getitem__, op.params), *asked)


def _restore(node: Node, out: list[Any]) -> None:
    """Give what a node kept the tangents it had, when gradients are recorded: forward over reverse."""
    args, params = node.duals
    if not state.dual_levels:
        return
    op = node.op
    kept = list(out[1]) if op.variadic else out[1 : 1 + len(args)]
    for i, a in enumerate(args):
        if isinstance(a, TensorBase) and kept[i] is not None and (tangents := tangents_of(a)):
            if not isinstance(kept[i], TensorBase):
                kept[i] = record.wrap(kept[i])
            cast = kept[i].dtype
            set_tangents(kept[i], {n: t if t.dtype == cast else t.to(cast) for n, t in tangents.items()})
    if op.variadic:
        out[1] = tuple(kept)
    else:
        out[1 : 1 + len(args)] = kept
    if isinstance(out[0], (TensorBase, tuple)):
        carry(op, args, params, out[0])


def _after_write(x: Any, op: Op | None, args: tuple[Any, ...], params: dict[str, Any]) -> None:
    """Let tangents follow an in-place write: into the base of a view, whose other views see it when used next."""
    if not state.dual_levels:
        return
    value: Any = None
    if op is None:
        value = args[0]
        tangents = tangents_of(value) if isinstance(value, TensorBase) else {}
        tangents = {level: _fit(t, x) for level, t in tangents.items()}
    else:
        value = record.wrap(x._data)
        carry(op, args, params, value)
        tangents = tangents_of(value)
    base = x if x._view is None else x._view.base
    old = tangents_of(base)
    if not tangents and not old:
        return
    if base is not x:
        tangents = _put_through(base, x, old, tangents)
    x.storage.dual_writes += 1
    set_tangents(base, tangents)


def _put_through(base: Any, x: Any, old: Tangents, new: Tangents) -> Tangents:
    put, chain = REGISTRY["view_put"], x._view.chain
    return {
        level: put(
            old[level] if level in old else zeros_like(base), new[level] if level in new else zeros_like(x), chain=chain
        )
        for level in {*old, *new}
        if level in state.dual_levels
    }


record.after_apply.append(_after_apply)
record.after_write.append(_after_write)
record.restore_tangents = _restore
