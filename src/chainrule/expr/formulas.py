"""The forward and the rules of a record, run on formulas instead of numbers."""

from __future__ import annotations

import functools
import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..errors import NotSupportedError
from ..op import FLOAT, Op
from ..words import broadcast_to
from .expression import Expr
from .shapes import stand_in


def forward_formula(op: Op, *args: Any, **params: Any) -> Any:
    """The result of an operation as a formula of its arguments (formulas, numbers, None).

    >>> import numpy as np
    >>> import chainrule as cr
    >>> from chainrule.expr import Expr, forward_formula
    >>> a, b = Expr.symbol("a", (4, 3)), Expr.symbol("b", (3, 2))
    >>> print(forward_formula(cr.op.REGISTRY["mm"], a, b))
    a @ b
    """
    return op.forward(*promoted(op, args), **params)


def vjp_formula(
    op: Op, *args: Any, g: Any = None, y: Any = None, wanted: Sequence[bool] | None = None, **params: Any
) -> tuple[Any, ...]:
    """The gradient of each argument as a formula; None for a number and for an argument without a rule.

    `g` is the gradient that comes in and `y` the result, symbols of these names unless given (a
    tuple of them for an operation with several results). Only the arguments that are `wanted` get one.

    >>> import chainrule as cr
    >>> from chainrule.expr import Expr, vjp_formula
    >>> x = Expr.symbol("x", (4, 3))
    >>> print(vjp_formula(cr.op.REGISTRY["mul"], x, 2.0)[0])
    g * 2.0
    """
    met, g, y, values = _values(op, args, g, y, params)
    asked = [isinstance(a, Expr) and (wanted is None or wanted[i]) for i, a in enumerate(met)]
    found: Sequence[Any]
    if op.joint is not None:
        found = op.joint(*op.pick_joint(values))
    else:
        found = [_through(op, g, i, values) if asked[i] else None for i, a in enumerate(met)]
    # The gradient has the dtype that the argument had before it was promoted.
    return tuple([_fitted(x, a) if ask else None for x, a, ask in zip(found, args, asked, strict=True)])


def jvp_formula(op: Op, *args: Any, tangents: Sequence[Any], y: Any = None, **params: Any) -> Any:
    """The tangent of the result as a formula of the arguments and their tangents (None: no tangent).

    Raises NotSupportedError for a general operation that states none: its tangent is a double VJP.
    """
    if op.kind == "linear":
        return _linear_tangent(op, args, tangents, params)
    if op.jvp is None and not op.elementwise:
        raise NotSupportedError(f"{op.name} states no tangent as a formula; evaluate a double VJP instead")
    met, _, y, values = _values(op, args, None, y, params)
    if op.jvp is not None:
        moves = [_zero(a) if t is None else t for a, t in zip(met, tangents, strict=True)]
        return op.jvp(*([moves] if op.variadic else moves), *op.pick_jvp(values))
    terms = [_through(op, t, i, values) for i, t in enumerate(tangents) if t is not None]
    terms = [term for term in terms if term is not None]
    return _fitted(functools.reduce(operator.add, terms), y) if terms else None


def symbols_for(op: Op, *args: Any) -> list[Any]:
    """The arguments of a call with a symbol, named as the forward names it, in place of each array."""
    names: Sequence[str] = [f"{op.args[0]}{i}" for i in range(len(args))] if op.variadic else op.args
    return [
        Expr.symbol(name, a.shape, a.dtype) if isinstance(a, np.ndarray) else a
        for name, a in zip(names, args, strict=False)
    ]


def promoted(op: Op, args: Sequence[Any]) -> list[Any]:
    """The arguments in the dtype in which they meet, as the record's `promotion` says."""
    if op.promotion is None:
        return list(args)
    arrays = [stand_in(a.shape, a.dtype) if isinstance(a, Expr) else a for a in args]
    met = dtypes.promote(arrays, op.promotion is FLOAT)
    return [a.astype(m.dtype) if isinstance(a, Expr) else m for a, m in zip(args, met, strict=True)]


def _values(
    op: Op, args: Sequence[Any], g: Any, y: Any, params: dict[str, Any]
) -> tuple[Sequence[Any], Any, Any, tuple[Any, ...]]:
    """What a node would keep, as formulas, in the order in which the record's rules pick from it."""
    args = promoted(op, args)
    if y is None or g is None:
        result = op.forward(*args, **params)
        y = _like(result, "y") if y is None else y
        g = _like(result, "g") if g is None else g
    kept = [tuple(args)] if op.variadic else args
    shapes: list[Any] = [tuple(map(np.shape, args)) if op.variadic else np.shape(args[i]) for i in op.shape_args]
    return args, g, y, (g, y, *kept, *map(params.__getitem__, op.params), *shapes)


def _like(result: Any, name: str) -> Any:
    if isinstance(result, tuple):
        return tuple(Expr.symbol(f"{name}{i}", r.shape, r.dtype) for i, r in enumerate(result))
    return Expr.symbol(name, result.shape, result.dtype)


def _through(op: Op, g: Any, i: int, values: tuple[Any, ...]) -> Any:
    """The gradient (for an elementwise record the tangent too) that goes through argument `i`."""
    rule = op.rules[i]
    if callable(rule):
        found = rule(*op.picks[i](values))
        return g * found if op.elementwise else found
    return None if rule is None else g if rule == 1 else -g if rule == -1 else g * rule


def _fitted(g: Any, argument: Expr) -> Any:
    """A gradient in the shape and dtype of its argument: summed where that was broadcast."""
    if g is None:
        return None
    if not isinstance(g, Expr):
        g = Expr.constant(g)
    shape, lead = argument.shape, g.ndim - argument.ndim
    if g.shape != shape:
        axes = [
            *range(lead),
            *(i + lead for i, n in enumerate(shape) if n == 1 and lead >= 0 and g.shape[i + lead] != 1),
        ]
        g = g.sum(tuple(axes)).reshape(shape) if axes else broadcast_to(g, shape)
    return g.astype(argument.dtype)


def _zero(a: Any) -> Any:
    """The tangent of an argument that does not move."""
    return stand_in(a.shape, a.dtype) if isinstance(a, (Expr, np.ndarray)) else None if a is None else 0


def _linear_tangent(op: Op, args: Sequence[Any], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
    """The operation itself on the tangents: of all arguments at once, or summed over one after the other."""
    args = promoted(op, args)
    moving = [i for i, t in enumerate(tangents) if t is not None and op.rules[i] is not None]
    if not moving:
        return None
    if op.linear_together:
        zeros = [a if rule is None else _zero(a) for rule, a in zip(op.rules, args, strict=True)]
        return op.forward(*(tangents[i] if i in moving else z for i, z in enumerate(zeros)), **params)
    terms = [op.forward(*(tangents[j] if i == j else a for j, a in enumerate(args)), **params) for i in moving]
    return functools.reduce(operator.add, terms)
