"""Derivatives of functions of tensors: jacobian, hessian and their products with vectors.

Each takes a function and its inputs, a tensor or a tuple of tensors, and returns a tensor or tuples of them to match.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import record
from ..errors import GraphError
from ..graph import TensorBase
from ..modes import enable_grad
from ..op import FUNCTIONS
from . import forward_ad
from .gradients import grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Function = Callable[..., Any]


def _as_tuple(x: Any, what: str, function: str) -> tuple[bool, tuple[Any, ...]]:
    """Whether a tuple was given, and the values as a tuple."""
    is_tuple = isinstance(x, tuple)
    values = x if is_tuple else (x,)
    for i, t in enumerate(values):
        if not isinstance(t, TensorBase):
            whose = "given to" if what.startswith(("inputs", "v")) else "of the user-provided function given to"
            which = f"value at index {i}" if is_tuple else f"given {what}"
            raise TypeError(
                f"The {what} {whose} {function} must be either a Tensor or a tuple of Tensors but the {which} has type "
                f"{type(t)}."
            )
    return is_tuple, values


def _fresh(inputs: tuple[Any, ...], create_graph: bool) -> tuple[Any, ...]:
    """The inputs as the starting points of a graph of their own; connected to the old one with create_graph."""
    if create_graph:
        return tuple(x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in inputs)
    return tuple(x.detach().requires_grad_() for x in inputs)


def _result(values: Any, create_graph: bool) -> Any:
    if isinstance(values, tuple):
        return tuple(_result(v, create_graph) for v in values)
    return values if create_graph else values.detach()


def _unpacked(values: tuple[Any, ...], is_tuple: bool) -> Any:
    return values if is_tuple else values[0]


def _zeros(x: Any) -> Any:
    return record.wrap(np.zeros_like(x._data))


def _vector(v: Any, like: tuple[Any, ...], function: str, source: str) -> tuple[Any, ...]:
    """The vector that a product is taken with; ones for a single element."""
    if v is None:
        if len(like) != 1 or like[0]._data.size != 1:
            raise GraphError(f"The vector v can only be None if {source} a single Tensor with a single element.")
        return (record.wrap(np.ones_like(like[0]._data)),)
    _, vs = _as_tuple(v, "v", function)
    if len(vs) != len(like):
        raise GraphError(f"v is a tuple of invalid length: should be {len(like)} but got {len(vs)}.")
    for i, (w, x) in enumerate(zip(vs, like, strict=True)):
        if w._data.shape != x._data.shape:
            where = f"Entry {i} in " if len(vs) > 1 else ""
            raise GraphError(
                f"{where}v has invalid size: should be torch.Size({list(x._data.shape)}) but got "
                f"torch.Size({list(w._data.shape)})."
            )
    return vs


def _gradients(
    outputs: tuple[Any, ...], inputs: tuple[Any, ...], vs: Any, create_graph: bool, strict: bool, how: str
) -> tuple[Any, ...]:
    """Gradients at inputs; zeros where there is no path, an error in strict mode."""
    pairs = [(o, v) for o, v in zip(outputs, vs, strict=True) if o.requires_grad]
    found: tuple[Any, ...] = (None,) * len(inputs)
    if pairs:
        found = grad(*_columns(pairs, inputs), allow_unused=True, create_graph=create_graph, retain_graph=True)
    for i, g in enumerate(found):
        if strict and g is None:
            raise GraphError(how.format(i=i))
    return tuple(_zeros(x) if g is None else g for g, x in zip(found, inputs, strict=True))


def _columns(pairs: Any, inputs: Any) -> tuple[Any, Any, Any]:
    outputs, vs = zip(*pairs, strict=True)
    return outputs, inputs, vs


def _check_strict(outputs: tuple[Any, ...], strict: bool, kind: str = "Output") -> None:
    for i, o in enumerate(outputs):
        if strict and not o.requires_grad:
            raise GraphError(
                f"{kind} {i} of the user-provided function does not require gradients. The outputs must be computed in "
                "a differentiable manner from the input when running in strict mode."
            )


def _check_curved(first: tuple[Any, ...], strict: bool) -> None:
    for i, g in enumerate(first):
        if strict and not g.requires_grad:
            raise GraphError(
                "While computing the hessian, found that the jacobian of the user-provided function with respect "
                "to input "
                f"{i} is independent of the input. This is not allowed in strict mode. You should ensure that your "
                "function is twice differentiable and that the jacobian depends on the inputs (this would be "
                "violated by "
                "a linear function for example)."
            )


_INDEPENDENT = (
    "The output of the user-provided function is independent of input {i}. This is not allowed in strict mode."
)


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(inputs), vᵀ J): the product of a vector with the Jacobian, by one backward pass.

    `v` has the shape of the output, and may be left out for one of a single element.
    """
    with enable_grad():
        is_tuple, inputs = _as_tuple(inputs, "inputs", "vjp")
        inputs = _fresh(inputs, create_graph)
        out_tuple, outputs = _as_tuple(func(*inputs), "outputs", "vjp")
        _check_strict(outputs, strict)
        vs = _vector(v, outputs, "vjp", "the user-provided function returns")
        found = _gradients(outputs, inputs, vs, create_graph, strict, _INDEPENDENT)
    return (
        _unpacked(_result(outputs, create_graph), out_tuple),
        _unpacked(_result(found, create_graph), is_tuple),
    )


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(inputs), J v): the product of the Jacobian with a vector, by two backward passes.

    `v` has the shape of the inputs. `chainrule.func.jvp` does it by one forward pass.
    """
    with enable_grad():
        _, inputs = _as_tuple(inputs, "inputs", "jvp")
        inputs = _fresh(inputs, create_graph)
        vs = _vector(v, inputs, "jvp", "the input to the user-provided function is")
        out_tuple, outputs = _as_tuple(func(*inputs), "outputs", "jvp")
        _check_strict(outputs, strict)
        probes = tuple(_zeros(o).requires_grad_() for o in outputs)
        first = _gradients(outputs, inputs, probes, True, strict, _INDEPENDENT)
        found = _gradients(first, probes, vs, create_graph, False, _INDEPENDENT)
    return (
        _unpacked(_result(outputs, create_graph), out_tuple),
        _unpacked(_result(found, create_graph), out_tuple),
    )


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """J[i, j] = ∂func(inputs)_i / ∂inputs_j, of shape (*output, *input), for each output and each input.

    One backward pass per element of the output, or with `strategy="forward-mode"` (which needs `vectorize=True`, as in
    PyTorch) one forward pass per element of the inputs. `vectorize` itself changes nothing: NumPy has no batching.

    >>> import chainrule as cr
    >>> cr.autograd.functional.jacobian(lambda x: x ** 2, cr.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs '
            'than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode":
        return _forward_jacobian(func, inputs, create_graph, strict, vectorize)
    with enable_grad():
        is_tuple, inputs = _as_tuple(inputs, "inputs", "jacobian")
        inputs = _fresh(inputs, create_graph)
        out_tuple, outputs = _as_tuple(func(*inputs), "outputs", "jacobian")
        _check_strict(outputs, strict)
        rows = tuple(_rows(o, inputs, create_graph, strict, i) for i, o in enumerate(outputs))
    rows = _result(rows, create_graph)
    rows = tuple(_unpacked(row, is_tuple) for row in rows)
    return _unpacked(rows, out_tuple)


def _rows(output: Any, inputs: tuple[Any, ...], create_graph: bool, strict: bool, index: int) -> tuple[Any, ...]:
    """The Jacobian of one output at every input."""
    how = (
        f"Output {index} of the user-provided function is independent of input {{i}}. "
        "This is not allowed in strict mode."
    )
    units = np.eye(output._data.size, dtype=output._data.dtype).reshape(output._data.size, *output._data.shape)
    rows = [_gradients((output,), inputs, (record.wrap(u.copy()),), create_graph, strict, how) for u in units]
    stack = FUNCTIONS["stack"]
    return tuple(
        stack([row[k] for row in rows]).reshape(output._data.shape + x._data.shape)
        if rows
        else record.wrap(np.zeros(output._data.shape + x._data.shape, x._data.dtype))
        for k, x in enumerate(inputs)
    )


def _forward_jacobian(func: Function, inputs: Any, create_graph: bool, strict: bool, vectorize: bool) -> Any:
    if strict:
        raise GraphError(
            'torch.autograd.functional.jacobian: `strict=True` and `strategy="forward-mode"` are not supported '
            'together (yet). Please either set `strict=False` or `strategy="reverse-mode"`.'
        )
    if not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian isonly implemented for "
            "`vectorize=True`."
        )
    is_tuple, values = _as_tuple(inputs, "inputs", "jacobian")
    out_tuple = False
    outputs: tuple[Any, ...] = ()
    columns: list[list[list[Any]]] = []
    for k, x in enumerate(values):
        units = np.eye(x._data.size, dtype=x._data.dtype).reshape(x._data.size, *x._data.shape)
        columns.append([])
        for unit in units:
            with forward_ad.Level() as level:
                dual = forward_ad.make_dual(x, record.wrap(unit.copy()))
                out_tuple, outputs = _as_tuple(func(*values[:k], dual, *values[k + 1 :]), "outputs", "jacobian")
                columns[-1].append([forward_ad.unpack_dual(o, level=level).tangent for o in outputs])
    stack = FUNCTIONS["stack"]
    rows = tuple(
        tuple(
            stack([_zeros(o) if c[i] is None else c[i] for c in columns[k]], -1).reshape(o._data.shape + x._data.shape)
            for k, x in enumerate(values)
        )
        for i, o in enumerate(outputs)
    )
    rows = tuple(_unpacked(_result(row, create_graph), is_tuple) for row in rows)
    return _unpacked(rows, out_tuple)


def _scalar(output: Any, function: str) -> Any:
    is_tuple, outputs = _as_tuple(output, "outputs", function)
    if is_tuple or not isinstance(outputs[0], TensorBase):
        raise GraphError(f"The function given to {function} should return a single Tensor")
    if outputs[0]._data.size != 1:
        raise GraphError(f"The Tensor returned by the function given to {function} should contain a single element")
    return outputs[0].squeeze()  # type: ignore[attr-defined]


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """H[i, j] = ∂²func / ∂inputs_i ∂inputs_j of a function with a single value; a tuple of tuples for a tuple.

    >>> import chainrule as cr
    >>> cr.autograd.functional.hessian(lambda x: (x ** 3).sum(), cr.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    is_tuple, values = _as_tuple(inputs, "inputs", "hessian")

    def gradient(*xs: Any) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            xs = tuple(x if x.requires_grad else _asked(x) for x in xs)
        with enable_grad():
            out = _scalar(func(*xs), "hessian")
            _check_strict((out,), strict)
            first = _gradients((out,), xs, (record.wrap(np.ones_like(out._data)),), True, strict, _INDEPENDENT)
            _check_curved(first, strict)
            return first

    found = jacobian(gradient, values, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found if is_tuple else found[0][0]


def _asked(x: Any) -> Any:
    return forward_ad.with_tangents(x, forward_ad.tangents_of(x)).requires_grad_()


def _hessian_product(
    func: Function, inputs: Any, v: Any, create_graph: bool, strict: bool, name: str
) -> tuple[bool, Any, tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    is_tuple, inputs = _as_tuple(inputs, "inputs", name)
    inputs = _fresh(inputs, create_graph)
    vs = _vector(v, inputs, name, "the input to the user-provided function is")
    output = _scalar(func(*inputs), name)
    _check_strict((output,), strict)
    one = (record.wrap(np.ones_like(output._data)),)
    first = _gradients((output,), inputs, one, True, strict, _INDEPENDENT)
    _check_curved(first, strict)
    return is_tuple, output, inputs, vs, first


def vhp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(inputs), vᵀ H): the product of a vector with the Hessian, by two backward passes."""
    with enable_grad():
        is_tuple, output, inputs, vs, first = _hessian_product(func, inputs, v, create_graph, strict, "vhp")
        found = _gradients(first, inputs, vs, create_graph, strict, _INDEPENDENT)
    return _result(output, create_graph), _unpacked(_result(found, create_graph), is_tuple)


def hvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """(func(inputs), H v): as `vhp`, for the Hessian is symmetric; computed as PyTorch does, by a double VJP."""
    with enable_grad():
        is_tuple, output, inputs, vs, first = _hessian_product(func, inputs, v, create_graph, strict, "hvp")
        probes = tuple(_zeros(g).requires_grad_() for g in first)
        double = _gradients(first, inputs, probes, True, strict, _INDEPENDENT)
        found = _gradients(double, probes, vs, create_graph, strict, _INDEPENDENT)
    return _result(output, create_graph), _unpacked(_result(found, create_graph), is_tuple)
