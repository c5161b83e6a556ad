"""Transforms by forward mode."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import autograd, record
from ..autograd import forward_ad
from ..errors import GraphError
from ..graph import TensorBase
from ..modes import enable_grad
from ..op import FUNCTIONS
from ..trees import describe, flatten, tree_map, unflatten
from .reverse import Argnums, Tape, chosen, jacrev, split_aux, tensors_of, with_args, zeros_like


def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False) -> Any:
    """(func(*primals), J · tangents): the directional derivative, by one forward pass and nothing kept.

    `primals` and `tangents` are tuples of the same structure. Calls may be nested.

    >>> import chainrule as cr
    >>> cr.func.jvp(lambda x: x * x, (cr.tensor(3.0),), (cr.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    what = "jvp(f, primals, tangents)"
    if not isinstance(primals, tuple):
        raise GraphError(f"{what}: Expected primals to be a tuple. E.g. it should be valid to call f(*primals).")
    values, structure = flatten(primals)
    directions, other = flatten(tangents)
    if structure != other:
        raise GraphError(
            f"{what}: Expected primals and tangents to have the same python structure. For example, if primals is "
            "a tuple "
            f"of 3 tensors, tangents also must be. Got primals with structure {describe(structure)} and tangents with "
            f"structure {describe(other)}"
        )
    for x in (*values, *directions):
        if not isinstance(x, TensorBase):
            raise GraphError(f"{what}: Expected primals and tangents to hold only tensors, got {type(x)}")
    with forward_ad.Level() as level:
        duals = [forward_ad.make_dual(x, t) for x, t in zip(values, directions, strict=True)]
        output, aux = split_aux(func(*unflatten(duals, structure)), has_aux, what)
        outputs, shape = tensors_of(output, what)
        pairs = [forward_ad.unpack_dual(o, level=level) for o in outputs]
        aux = tree_map(lambda x: forward_ad.below(x, level) if isinstance(x, TensorBase) else x, aux)
    if strict and any(p.tangent is None for p in pairs):
        raise GraphError(f"{what}: The output of f is independent of the inputs. This is not allowed with strict=True.")
    primal = unflatten([p.primal for p in pairs], shape)
    tangent = unflatten([zeros_like(p.primal) if p.tangent is None else p.tangent for p in pairs], shape)
    return (primal, tangent, aux) if has_aux else (primal, tangent)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """(func(*primals), f): f(*tangents) is J · tangents. The graph is kept: func runs only once.

    >>> import chainrule as cr
    >>> y, push = cr.func.linearize(lambda x: x * x, cr.tensor(3.0))
    >>> push(cr.tensor(1.0))
    tensor(6.)
    """
    values, structure = flatten(primals)
    tape = Tape(values)
    with enable_grad():
        outputs, shape = tensors_of(func(*unflatten(tape.inputs, structure)), "linearize(f, *primals)")
        probes = [zeros_like(o).requires_grad_() for o in outputs]
        pairs = [(o, p) for o, p in zip(outputs, probes, strict=True) if record.node_of(o) is not None]
        roots, gs = zip(*pairs, strict=True) if pairs else ((), ())
        first = (
            autograd.grad(roots, tape.inputs, gs, create_graph=True, allow_unused=True)
            if pairs
            else [None] * len(values)
        )

    def push(*tangents: Any) -> Any:
        given, other = flatten(tangents)
        if other != structure:
            raise GraphError(
                f"Expected the tangents {describe(other)} to have the same argspec as the primals {describe(structure)}"
            )
        moving = [(g, t) for g, t in zip(first, given, strict=True) if g is not None and record.node_of(g) is not None]
        if not moving:
            return unflatten([zeros_like(o) for o in outputs], shape)
        gradients, ts = zip(*moving, strict=True)
        found = autograd.grad(gradients, probes, ts, retain_graph=True, materialize_grads=True)
        return unflatten(list(found), shape)

    return unflatten(tape.finish(outputs), shape), push


def jacfwd(
    func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """The Jacobian of `func` at the arguments `argnums`, of shape (*output, *input), by forward mode.

    One forward pass per element of the inputs: the choice where there are fewer inputs than outputs.
    """

    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        positions = chosen(argnums, args)
        values, structure = flatten(tuple(args[i] for i in positions))

        def inner(*moved: Any) -> Any:
            return func(*with_args(args, positions, unflatten(moved, structure)))

        zeros = [zeros_like(x) for x in values]
        columns: list[list[list[Any]]] = []  # per input, per element: the tangents of the outputs
        result: Any = None
        for k, x in enumerate(values):
            columns.append([])
            for unit in np.eye(x._data.size, dtype=x._data.dtype).reshape(x._data.size, *x._data.shape):
                directions = [record.wrap(unit.copy()) if i == k else z for i, z in enumerate(zeros)]
                result = jvp(inner, tuple(values), tuple(directions), has_aux=has_aux)
                columns[-1].append(flatten(result[1])[0])
        if result is None:
            result = jvp(inner, tuple(values), tuple(zeros), has_aux=has_aux)
        outputs, shape = flatten(result[0])
        found = [_jacobian(i, outputs, values, columns) for i in range(len(outputs))]
        rows = [unflatten(row, structure) for row in found]
        if not isinstance(argnums, tuple):
            rows = [row[0] for row in rows]
        jacobian = unflatten(rows, shape)
        return (jacobian, result[2]) if has_aux else jacobian

    return wrapper


def _jacobian(i: int, outputs: list[Any], values: list[Any], columns: list[list[list[Any]]]) -> list[Any]:
    """The Jacobian of output i at every input."""
    shape = outputs[i]._data.shape
    return [
        FUNCTIONS["stack"]([column[i] for column in columns[k]], -1).reshape(shape + x._data.shape)
        if columns[k]
        else record.wrap(np.zeros(shape + x._data.shape, outputs[i]._data.dtype))
        for k, x in enumerate(values)
    ]


def hessian(func: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """The Hessian of `func` at the arguments `argnums`: forward mode over reverse mode.

    >>> import chainrule as cr
    >>> cr.func.hessian(lambda x: (x ** 3).sum())(cr.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)
