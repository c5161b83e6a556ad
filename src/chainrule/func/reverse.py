"""Transforms by reverse mode."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import autograd, record
from ..autograd import forward_ad
from ..errors import GraphError
from ..graph import AccumulateGrad, TensorBase
from ..modes import enable_grad, state
from ..op import FUNCTIONS, REGISTRY
from ..trees import describe, flatten, tree_map, unflatten

Argnums = int | tuple[int, ...]


class Tape:
    """Inputs as the starting points of a graph of their own, and whether that graph reaches beyond them."""

    def __init__(self, inputs: Sequence[Any]):
        self.grad_enabled = state.grad
        with enable_grad():
            self.inputs = [start(x) for x in inputs]
        self.connected = False

    def finish(self, outputs: Sequence[Any]) -> list[Any]:
        """The outputs, detached where nothing but the inputs made them."""
        own = {x._node for x in self.inputs}
        nodes = [o._node for o in outputs if o._node is not None]
        seen = set()
        while nodes and not self.connected:
            node = nodes.pop()
            if node in seen:
                continue
            seen.add(node)
            if node in own:
                self.connected = type(node) is not AccumulateGrad
            else:
                self.connected = type(node) is AccumulateGrad
                nodes += [e for e in node.edges if e is not None]
        self.connected = self.connected and self.grad_enabled
        return [self.cut(o) for o in outputs]

    def cut(self, x: Any) -> Any:
        """A value that came out of the graph, without it unless it reaches beyond the inputs."""
        if self.connected or x._node is None:
            return x
        return forward_ad.cut(x)

    def gradients(self, outputs: Sequence[Any], cotangents: Sequence[Any], keep: bool = False) -> list[Any]:
        """Gradients at the inputs, zeros where nothing arrives."""
        pairs = [(o, g) for o, g in zip(outputs, cotangents, strict=True) if record.node_of(o) is not None]
        if not pairs:
            return [zeros_like(x) for x in self.inputs]
        roots, gs = zip(*pairs, strict=True)
        asked = state.grad and any(g._node is not None for g in gs)
        create = self.connected or asked or bool(state.dual_levels)
        with enable_grad():
            found = autograd.grad(
                roots, self.inputs, gs, retain_graph=keep or create, create_graph=create, materialize_grads=True
            )
        return list(found) if asked else [self.cut(g) for g in found]


def start(x: Any) -> Any:
    """`x` as an input whose gradient is asked for, connected to what made it if that has a gradient."""
    if not isinstance(x, TensorBase):
        raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
    if record.node_of(x) is not None:
        return REGISTRY["alias"](x)
    return forward_ad.with_tangents(x, forward_ad.tangents_of(x)).requires_grad_()


def zeros_like(x: Any) -> Any:
    """Zeros of the shape and dtype of a tensor."""
    return record.wrap(np.zeros_like(x._data))


def ones_like(x: Any) -> Any:
    """Ones of the shape and dtype of a tensor."""
    return record.wrap(np.ones_like(x._data))


def chosen(argnums: Any, args: tuple[Any, ...]) -> tuple[int, ...]:
    """The positions that `argnums` names; raises RuntimeError for what is none."""
    if not isinstance(argnums, (int, tuple)):
        raise GraphError(f"argnums must be int or Tuple[int, ...], got: {type(argnums)}")
    numbers = argnums if isinstance(argnums, tuple) else (argnums,)
    if not numbers:
        raise GraphError("argnums must be non-empty")
    for n in numbers:
        if not -len(args) <= n < len(args):
            raise GraphError(f"Got argnum={n}, but only {len(args)} positional inputs")
    positions = tuple(n % len(args) for n in numbers)
    if len(set(positions)) < len(positions):
        raise GraphError(f"argnums elements must be unique, got {argnums}")
    return positions


def with_args(args: tuple[Any, ...], positions: Sequence[int], values: Sequence[Any]) -> list[Any]:
    """The arguments with those at the positions replaced."""
    out = list(args)
    for i, value in zip(positions, values, strict=True):
        out[i] = value
    return out


def split_aux(result: Any, has_aux: bool, what: str) -> tuple[Any, Any]:
    """Output and auxiliary output of a function."""
    if not has_aux:
        return result, None
    if not (isinstance(result, tuple) and len(result) == 2):
        raise GraphError(f"{what}: output of function f should be a tuple: (output, aux) if has_aux is True")
    return result


def tensors_of(tree: Any, what: str) -> tuple[list[Any], Any]:
    """The tensors of an output tree and its structure."""
    leaves, structure = flatten(tree)
    for leaf in leaves:
        if not isinstance(leaf, TensorBase):
            raise GraphError(f"{what}: Expected f(*args) to return only tensors, got unsupported type {type(leaf)}")
    return leaves, structure


def grad_and_value(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that returns (gradient, value) of `func`, which returns a single number.

    With `has_aux`, `func` returns (value, aux), and the result is (gradient, (value, aux)).
    """

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        what = "grad_and_value(f)(*args)"
        positions = chosen(argnums, args)
        leaves, structure = flatten(tuple(args[i] for i in positions))
        tape = Tape(leaves)
        inner = with_args(args, positions, unflatten(tape.inputs, structure))
        with enable_grad():
            output, aux = split_aux(func(*inner, **kwargs), has_aux, what)
        if not isinstance(output, TensorBase):
            raise GraphError(f"{what}: Expected f(*args) to return a Tensor, got {type(output)}")
        if output._data.ndim:
            raise GraphError(
                f"{what}: Expected f(*args) to return a scalar Tensor, got tensor with {output._data.ndim} dims. Maybe "
                "you wanted to use the vjp or jacrev APIs instead?"
            )
        (value,) = tape.finish([output])
        found = unflatten(tape.gradients([output], [ones_like(output)]), structure)
        found = found if isinstance(argnums, tuple) else found[0]
        if has_aux:
            return found, (value, tree_map(lambda x: tape.cut(x) if isinstance(x, TensorBase) else x, aux))
        return found, value

    return wrapper


def grad(func: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The gradient function of `func`, which returns a single number, at the arguments `argnums`.

    >>> import chainrule as cr
    >>> cube = lambda x: x ** 3
    >>> cr.func.grad(cr.func.grad(cube))(cr.tensor(2.0))
    tensor(12.)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return wrapper


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """(func(*primals), f): f(cotangents) is the tuple of vᵀ J at each of the primals, by one backward pass each call.

    `cotangents` has the structure of the output. With `has_aux`, a third value: what func returned beside its output.

    >>> import chainrule as cr
    >>> y, pull = cr.func.vjp(lambda x: x * x, cr.tensor([1.0, 2.0]))
    >>> pull(cr.tensor([1.0, 10.0]))
    (tensor([ 2., 40.]),)
    """
    what = "vjp(f, *primals)"
    leaves, structure = flatten(primals)
    tape = Tape(leaves)
    with enable_grad():
        output, aux = split_aux(func(*unflatten(tape.inputs, structure)), has_aux, what)
    outputs, shape = tensors_of(output, what)

    def pull(cotangents: Any, retain_graph: bool = True, create_graph: bool | None = None) -> Any:
        given, given_shape = flatten(cotangents)
        if given_shape != shape:
            raise GraphError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
                "function. "
                f"cotangents: {describe(given_shape)}, primal output: {describe(shape)}"
            )
        return unflatten(tape.gradients(outputs, given, keep=True), structure)

    values = unflatten(tape.finish(outputs), shape)
    if has_aux:
        return values, pull, tree_map(lambda x: tape.cut(x) if isinstance(x, TensorBase) else x, aux)
    return values, pull


def jacrev(
    func: Callable[..., Any],
    argnums: Argnums = 0,
    *,
    has_aux: bool = False,
    chunk_size: int | None = None,
    _preallocate_and_copy: bool = False,
) -> Callable[..., Any]:
    """The Jacobian of `func` at the arguments `argnums`, of shape (*output, *input), by reverse mode.

    One backward pass per element of the output (NumPy has no batching, so `chunk_size` changes nothing): the
    choice where there are fewer outputs than inputs.
    """

    @functools.wraps(func)
    def wrapper(*args: Any) -> Any:
        positions = chosen(argnums, args)

        def inner(*values: Any) -> Any:
            return func(*with_args(args, positions, values))

        result = vjp(inner, *[args[i] for i in positions], has_aux=has_aux)
        output, pull = result[:2]
        outputs, shape = flatten(output)
        rows = [_rows(k, outputs, shape, pull) for k in range(len(outputs))]
        if not isinstance(argnums, tuple):
            rows = [row[0] for row in rows]
        jacobian = unflatten(rows, shape)
        return (jacobian, result[2]) if has_aux else jacobian

    return wrapper


def _rows(k: int, outputs: list[Any], shape: Any, pull: Callable[..., Any]) -> Any:
    """The Jacobian of output k, at every input: a tree like the tuple of inputs."""
    array = outputs[k]._data
    units = np.eye(array.size, dtype=array.dtype).reshape(array.size, *array.shape)
    rest = [zeros_like(o) for o in outputs]
    rows = []
    for unit in units:
        rest[k] = record.wrap(unit.copy())
        rows.append(flatten(pull(unflatten(rest, shape))))
    if not rows:  # an empty output
        found, tree = flatten(pull(unflatten(rest, shape)))
        return unflatten([record.wrap(np.zeros(array.shape + x._data.shape, x._data.dtype)) for x in found], tree)
    tree = rows[0][1]
    stacked = [FUNCTIONS["stack"](list(column)) for column in zip(*[row[0] for row in rows], strict=True)]
    return unflatten([s.reshape(array.shape + s._data.shape[1:]) for s in stacked], tree)
