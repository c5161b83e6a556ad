"""`backward` and `grad`: check what was asked, then let the engine run."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import dtypes, engine, record
from ..errors import GraphError, NotSupportedError
from ..failures import no_graph_error
from ..graph import Node, TensorBase

_ONES = {d: np.ones((), d) for d in dtypes.FLOATS}


class GradientEdge(NamedTuple):
    """A place in the graph: a node, and which of its results. Stands for a tensor in `grad` and `backward`."""

    node: Any
    output_nr: int
    ownership_token: Any = None

    @property
    def _node(self) -> Any:
        return self.ownership_token if self.ownership_token is not None else self.node


def _node_of(x: Any) -> Node | None:
    return x._node if isinstance(x, GradientEdge) else record.node_of(x)


def _initial(output: Any, node: Node, gradient: Any, index: int, create_graph: bool) -> Any:
    """The gradient that goes in at a root: given, or 1 for a single element."""
    shape, dtype = node.shape, node.dtype
    if gradient is None:
        if isinstance(output, GradientEdge) or output._data.size != 1:
            raise GraphError(
                "grad can be implicitly created only for scalar outputs; this one has shape "
                f"{tuple(shape)}: reduce it first, `.sum()` or `.mean()`, or pass gradient="
            )
        one = _ONES[dtype] if not shape else np.ones(shape, dtype)
        return record.wrap(one.copy()) if create_graph else one
    if not isinstance(gradient, TensorBase):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(gradient).__name__}")
    if gradient._data.shape != shape:
        raise GraphError(
            f"Mismatch in shape: grad_output[{index}] has a shape of torch.Size({list(gradient._data.shape)}) and "
            f"output[{index}] has a shape of torch.Size({list(shape)})."
        )
    if create_graph:
        return gradient
    return gradient._data if gradient._data.dtype == dtype else gradient._data.astype(dtype)


def _tuple(x: Any) -> tuple[Any, ...]:
    return (x,) if x is None or isinstance(x, (TensorBase, GradientEdge)) else tuple(x)


def backward(
    tensors: Any,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Any = None,
) -> None:
    """Add the gradients of the sum of `tensors` to `.grad` of every leaf, or of `inputs` only.

    `grad_tensors` are the gradients that go in, needed for tensors of more than one element.
    Raises GraphError where there is no graph, FreedGraphError for a second pass through one that was freed. A pass
    that fails changes nothing. Post-accumulate hooks run when all gradients are in their places.

    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> cr.autograd.backward([x.sum(), x * x], [None, cr.tensor([1.0, 10.0])])
    >>> x.grad
    tensor([ 3., 41.])
    """
    if grad_variables is not None:
        warnings.warn("`grad_variables` is deprecated. Use `grad_tensors` instead.", FutureWarning, stacklevel=2)
        if grad_tensors is not None:
            raise GraphError(
                "`grad_tensors` and `grad_variables` (deprecated) arguments both passed to `backward()`. Please only "
                "use `grad_tensors`."
            )
        grad_tensors = grad_variables
    roots = _all_roots(_tuple(tensors), grad_tensors, create_graph)
    if inputs is not None:
        inputs = _checked_inputs(inputs, "backward")
    if roots:
        engine.backward(roots, create_graph if retain_graph is None else retain_graph, create_graph, inputs)


def _checked_inputs(inputs: Any, name: str) -> tuple[Any, ...]:
    inputs = tuple(inputs.values()) if isinstance(inputs, dict) else _tuple(inputs)
    if not inputs:
        raise GraphError(f"`inputs` argument to `{name}()` cannot be empty.")
    for x in inputs:
        if not isinstance(x, (TensorBase, GradientEdge)):
            raise GraphError(f"all inputs have to be Tensors or GradientEdges, but got {type(x).__name__}")
        if _node_of(x) is None:
            raise GraphError(
                "One of the differentiated Tensors does not require grad; ask for its gradient before it is used, "
                "`x.requires_grad_()`"
            )
    return inputs


def _all_roots(outputs: tuple[Any, ...], grads: Any, create_graph: bool) -> Sequence[tuple[Node, Any]]:
    grads = (None,) * len(outputs) if grads is None else _tuple(grads)
    if len(grads) != len(outputs):
        raise GraphError(f"got {len(outputs)} tensors and {len(grads)} gradients")
    roots = []
    for i, (output, g) in enumerate(zip(outputs, grads, strict=True)):
        if not isinstance(output, (TensorBase, GradientEdge)):
            raise TypeError(f"expected tensors to differentiate, but element {i} is {type(output).__name__}")
        node = _node_of(output)
        if node is None:
            raise no_graph_error(output, i)  # type: ignore[arg-type]
        roots.append((node, _initial(output, node, g, i, create_graph)))
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
) -> Any:
    """The gradients of the sum of `outputs` at `inputs`, as a tuple (a dict for a dict); `.grad` is left alone.

    With `create_graph` the gradients can themselves be differentiated. Raises GraphError for an input that the
    outputs do not depend on, unless `allow_unused` (then None) or `materialize_grads` (then zeros).

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
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    if not only_inputs:
        warnings.warn(
            "only_inputs argument is deprecated and is ignored now (defaults to True). To accumulate gradient for "
            "other parts of the graph, please use backward.",
            FutureWarning,
            stacklevel=2,
        )
    roots = _all_roots(_tuple(outputs), grad_outputs, create_graph)
    sources = _checked_inputs(inputs, "grad")
    unused = bool(materialize_grads if allow_unused is None else allow_unused)
    retain = create_graph if retain_graph is None else retain_graph
    found = engine.gradients(roots, sources, retain, create_graph, unused)
    if materialize_grads:
        found = [_zeros_at(x) if g is None else g for g, x in zip(found, sources, strict=True)]
    return dict(zip(inputs, found, strict=True)) if isinstance(inputs, dict) else tuple(found)


def _zeros_at(x: Any) -> Any:
    node: Any = _node_of(x)
    return record.wrap(np.zeros(node.shape, node.dtype))
