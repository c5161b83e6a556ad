"""The public face of the engine: backward, grad, Function, functional, gradcheck, checkpoint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes, engine, record
from ..errors import GraphError, NotSupportedError
from ..graph import Node, TensorBase

_ONES = {d: np.ones((), d) for d in dtypes.FLOATS}


def _initial(tensor: Any, gradient: Any, create_graph: bool) -> Any:
    """The gradient that goes in at a root: given, or 1 for a single element."""
    array = tensor._data
    if gradient is None:
        if array.size != 1:
            raise GraphError(
                "grad can be implicitly created only for scalar outputs; this one has shape "
                f"{tuple(array.shape)}: reduce it first, `.sum()` or `.mean()`, or pass gradient="
            )
        one = _ONES[array.dtype] if not array.shape else np.ones(array.shape, array.dtype)
        return record.wrap(one.copy()) if create_graph else one
    if not isinstance(gradient, TensorBase):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if gradient._data.shape != array.shape:
        raise GraphError(
            f"Mismatch in shape: grad_output[0] has a shape of {tuple(gradient._data.shape)} and output[0] has a "
            f"shape of {tuple(array.shape)}."
        )
    if create_graph:
        return gradient
    return gradient._data if gradient._data.dtype == array.dtype else gradient._data.astype(array.dtype)


def _tuple(x: Any) -> tuple[Any, ...]:
    return (x,) if x is None or isinstance(x, TensorBase) else tuple(x)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of the sum of `tensors` to `.grad` of every leaf, or of `inputs` only."""
    if isinstance(tensors, TensorBase) and inputs is None:
        node = record.node_of(tensors)
        if node is None:
            raise engine.no_graph_error(tensors)
        roots: Sequence[tuple[Node, Any]] = ((node, _initial(tensors, grad_tensors, create_graph)),)
    else:
        roots = _all_roots(_tuple(tensors), grad_tensors, create_graph)
        if inputs is not None:
            inputs = _tuple(inputs)
            if not inputs:
                raise GraphError("'inputs' argument to backward() cannot be empty")
            for tensor in inputs:
                if record.node_of(tensor) is None:
                    raise GraphError("One of the differentiated Tensors does not require grad")
    engine.backward(roots, create_graph if retain_graph is None else retain_graph, create_graph, inputs)


def _all_roots(tensors: tuple[Any, ...], grads: Any, create_graph: bool) -> list[tuple[Node, Any]]:
    grads = (None,) * len(tensors) if grads is None else _tuple(grads)
    if len(grads) != len(tensors):
        raise GraphError(f"got {len(tensors)} tensors and {len(grads)} gradients")
    roots = []
    for i, (tensor, grad) in enumerate(zip(tensors, grads, strict=True)):
        node = record.node_of(tensor)
        if node is None:
            raise engine.no_graph_error(tensor, i)
        roots.append((node, _initial(tensor, grad, create_graph)))
    return roots


def grad(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Any, ...]:
    """The gradients of the sum of `outputs` at `inputs`, as a tuple; `.grad` is left alone.

    >>> import chainrule as cr
    >>> x = cr.tensor(2.0, requires_grad=True)
    >>> (slope,) = cr.autograd.grad(x ** 3, x, create_graph=True)
    >>> slope.item(), cr.autograd.grad(slope, x)[0].item()
    (12.0, 12.0)
    """
    if is_grads_batched:
        raise NotSupportedError(
            "grad(): is_grads_batched=True is not supported; call grad() per row of grad_outputs with "
            "retain_graph=True, or use chainrule.func.vmap"
        )
    if materialize_grads and allow_unused is False:
        raise ValueError("Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False.")
    outputs, inputs = _tuple(outputs), _tuple(inputs)
    roots = _all_roots(outputs, grad_outputs, create_graph)
    for tensor in inputs:
        if not isinstance(tensor, TensorBase) or record.node_of(tensor) is None:
            raise GraphError("One of the differentiated Tensors does not require grad")
    unused = bool(materialize_grads if allow_unused is None else allow_unused)
    retain = create_graph if retain_graph is None else retain_graph
    found = engine.gradients(roots, inputs, retain, create_graph, unused)
    if materialize_grads:
        found = [record.wrap(np.zeros_like(t._data)) if g is None else g for g, t in zip(found, inputs, strict=True)]
    return tuple(found)
