"""Gradients against differences: `gradcheck` and `gradgradcheck`."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import record
from ..errors import GraphError, NotSupportedError
from ..graph import TensorBase
from ..modes import enable_grad, no_grad
from . import forward_ad
from .gradients import grad

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


class GradcheckError(RuntimeError):
    """A gradient that differs from the differences; the text says which, and by how much."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Whether the gradients of `func` at `inputs` (float64, requires_grad) agree with central differences.

    Every column of the Jacobian is compared: |analytical − numerical| ≤ atol + rtol · |numerical|. With
    `fast_mode`, only one random projection uᵀ J v of it. Also checked: that backward gives the same result twice
    (within
    `nondet_tol`), and forward mode with `check_forward_ad`. Raises GradcheckError, or returns False.

    >>> import chainrule as cr
    >>> x = cr.tensor([0.5, 1.0], dtype=cr.float64, requires_grad=True)
    >>> cr.autograd.gradcheck(lambda x: x.exp() * x, x)
    True
    """
    if check_batched_grad or check_batched_forward_grad:
        raise NotSupportedError("gradcheck(): check_batched_grad is not supported, there are no batched gradients")
    if not (check_forward_ad or check_backward_ad):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    try:
        check = _Check(func, inputs, eps, atol, rtol, nondet_tol, fast_mode)
        check.prepare()
        if check_backward_ad:
            check.backward(check_grad_dtypes, check_undefined_grad)
        if check_forward_ad:
            check.forward()
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


class _Check:
    def __init__(self, func: Any, inputs: Any, eps: float, atol: float, rtol: float, nondet_tol: float, fast: bool):
        self.func = func
        self.inputs = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
        self.eps, self.atol, self.rtol, self.nondet_tol, self.fast = eps, atol, rtol, nondet_tol, fast
        self.moving = [
            i for i, x in enumerate(self.inputs) if isinstance(x, TensorBase) and record.node_of(x) is not None
        ]
        self.outputs: list[tuple[int, Any]] = []  # number and tensor of the differentiable ones

    def prepare(self) -> None:
        """Check the inputs and run the function."""
        if not self.moving:
            raise ValueError(
                "gradcheck expects at least one input tensor to require gradient, but none of the them have "
                "requires_grad=True."
            )
        for i in self.moving:
            x = self.inputs[i]
            if x._data.dtype != np.float64:
                warnings.warn(
                    f"Input #{i} requires gradient and is not a double precision floating point or complex. This "
                    "check will "
                    "likely fail if all the inputs are not of double precision floating point or complex.",
                    stacklevel=4,
                )
            if 0 in x._data.strides and any(
                s == 0 and n > 1 for s, n in zip(x._data.strides, x._data.shape, strict=True)
            ):
                raise GraphError(
                    f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                    "non-overlapping to be able to compute the numerical gradients correctly. You should call "
                    ".contiguous on the input before passing it to gradcheck."
                )
        with enable_grad():
            outputs = _tensors(self.func(*self.inputs))
        self.outputs = [(k, o) for k, o in enumerate(outputs) if o._data.dtype.kind == "f" and o._node is not None]
        if not self.outputs:
            self._all_zero(outputs)

    def _all_zero(self, outputs: Sequence[Any]) -> None:
        for k, o in enumerate(outputs):
            if o._data.dtype.kind == "f":
                for i in self.moving:
                    if np.any(self._numerical(k, i)):
                        raise GradcheckError("Numerical gradient for function expected to be zero")

    def _values(self, k: int) -> np.ndarray[Any, Any]:
        with no_grad():
            return np.array(_tensors(self.func(*self.inputs))[k]._data, dtype=np.float64)

    def _numerical(self, k: int, i: int) -> np.ndarray[Any, Any]:
        """∂output_k / ∂input_i by central differences, of shape (inputs, outputs)."""
        x = self.inputs[i]._data
        rows = []
        for at in np.ndindex(x.shape):
            old = x[at]
            try:
                x[at] = old + self.eps
                high = self._values(k)
                x[at] = old - self.eps
                low = self._values(k)
            finally:
                x[at] = old
            rows.append((high - low).reshape(-1) / (2 * self.eps))
        return np.array(rows) if rows else np.zeros((0, self._values(k).size))

    def _projected(self, k: int, i: int, v: Any) -> np.ndarray[Any, Any]:
        """J v of one output and input."""
        x = self.inputs[i]._data
        old = x.copy()
        try:
            x[...] = old + self.eps * v
            high = self._values(k)
            x[...] = old - self.eps * v
            low = self._values(k)
        finally:
            x[...] = old
        return (high - low) / (2 * self.eps)

    def _gradients(self, output: Any, g: Any, dtypes_too: bool = False) -> list[np.ndarray[Any, Any]]:
        """Gradients at the moving inputs for one gradient that goes in."""
        inputs = [self.inputs[i] for i in self.moving]
        g = record.wrap(np.asarray(g, output._data.dtype))
        found = grad(output, inputs, g, retain_graph=True, allow_unused=True)
        for x, f in zip(inputs, found, strict=True):
            if f is None:
                continue
            if f._data.shape != x._data.shape:
                raise GradcheckError("Analytical gradient has incorrect size")
            if dtypes_too and f._data.dtype != x._data.dtype:
                raise GradcheckError("Gradient has dtype mismatch")
        return [np.zeros(x._data.shape) if f is None else np.array(f._data) for x, f in zip(inputs, found, strict=True)]

    def backward(self, dtypes_too: bool, undefined: bool) -> None:
        """Compare reverse mode with differences."""
        rng = np.random.default_rng(0)
        for k, o in self.outputs:
            size = o._data.size
            units = np.eye(size) if not self.fast else _unit(rng, size)[None]
            rows = [self._gradients(o, u.reshape(o._data.shape), dtypes_too) for u in units]
            again = [self._gradients(o, u.reshape(o._data.shape)) for u in units]
            for n, i in enumerate(self.moving):
                x = self.inputs[i]._data
                analytical = np.array([r[n].reshape(-1) for r in rows]).reshape(len(rows), x.size)
                repeated = np.array([r[n].reshape(-1) for r in again]).reshape(len(rows), x.size)
                if not np.allclose(analytical, repeated, rtol=0, atol=self.nondet_tol, equal_nan=True):
                    raise GradcheckError(
                        "Backward is not reentrant, i.e., running backward with same input and grad_output "
                        "multiple times "
                        f"gives different values, although analytical gradient matches numerical gradient. The "
                        "tolerance "
                        f"for nondeterminism was {self.nondet_tol}."
                    )
                if self.fast:
                    v = _unit(rng, x.size)
                    numerical = units[0] @ self._projected(k, i, v.reshape(x.shape)).reshape(-1)
                    self._compare(np.asarray(analytical[0] @ v), np.asarray(numerical), k, i, "backward")
                else:
                    self._compare(analytical.T, self._numerical(k, i), k, i, "backward")
        if undefined and len(self.outputs) > 1:
            self._undefined()

    def _undefined(self) -> None:
        """Backward with gradients for some outputs only: what no gradient reaches is None or zero."""
        inputs = [self.inputs[i] for i in self.moving]
        for _, o in self.outputs:
            zero = record.wrap(np.zeros_like(o._data))
            for f in grad(o, inputs, zero, retain_graph=True, allow_unused=True):
                if f is not None and np.any(f._data != 0):
                    raise GradcheckError(
                        "Expected all input grads to be undefined or zero when all output grads are undefined or zero. "
                        "Please check if you have set_materialize_grads and handle None in backward."
                    )

    def forward(self) -> None:
        """Compare forward mode with differences."""
        for i in self.moving:
            x = self.inputs[i]._data
            columns: dict[int, list[Any]] = {k: [] for k, _ in self.outputs}
            for unit in np.eye(x.size).reshape(x.size, *x.shape):
                with forward_ad.dual_level():
                    dual = forward_ad.make_dual(self.inputs[i], record.wrap(np.asarray(unit, x.dtype)))
                    outputs = _tensors(self.func(*[dual if j == i else y for j, y in enumerate(self.inputs)]))
                    for k, o in self.outputs:
                        t = forward_ad.unpack_dual(outputs[k]).tangent
                        columns[k].append(np.zeros(o._data.size) if t is None else np.array(t._data).reshape(-1))
            for k, o in self.outputs:
                found = np.array(columns[k]).reshape(x.size, o._data.size)
                self._compare(found, self._numerical(k, i), k, i, "forward")

    def _compare(self, analytical: Any, numerical: Any, k: int, i: int, mode: str) -> None:
        if np.allclose(analytical, numerical, rtol=self.rtol, atol=self.atol):
            return
        note = " computed with forward mode" if mode == "forward" else ""
        raise GradcheckError(
            f"Jacobian{note} mismatch for output {k} with respect to input {i},\n"
            f"numerical:{numerical}\nanalytical:{analytical}\n"
            f"The largest difference is {np.max(np.abs(analytical - numerical)):.3g}"
            + (", of one random projection; use fast_mode=False to see the element." if self.fast else ".")
        )


def _unit(rng: np.random.Generator, size: int) -> Any:
    v = rng.standard_normal(size)
    return v / (np.linalg.norm(v) or 1)


def _tensors(outputs: Any) -> tuple[Any, ...]:
    return (outputs,) if isinstance(outputs, TensorBase) else tuple(o for o in outputs if isinstance(o, TensorBase))


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """`gradcheck` of the gradient of `func`, as a function of the inputs and of the gradients that go in.

    `grad_outputs` are random where they are not given.
    """
    xs = (inputs,) if isinstance(inputs, TensorBase) else tuple(inputs)
    with enable_grad():
        outputs = [o for o in _tensors(func(*xs)) if o._node is not None]
    if grad_outputs is None:
        rng = np.random.default_rng(0)
        gs = [_random_like(rng, o, gen_non_contig_grad_outputs) for o in outputs]
    else:
        gs = list((grad_outputs,) if isinstance(grad_outputs, TensorBase) else grad_outputs)
    moving = [i for i, x in enumerate(xs) if isinstance(x, TensorBase) and record.node_of(x) is not None]

    def gradient(*args: Any) -> Any:
        values, cotangents = args[: len(xs)], args[len(xs) :]
        with enable_grad():
            values = tuple(_asked(v) if i in moving else v for i, v in enumerate(values))
            results = [o for o in _tensors(func(*values)) if o._node is not None]
            found = grad(results, [values[i] for i in moving], cotangents, create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None)

    return gradcheck(
        gradient, (*xs, *gs), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception, nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev, fast_mode=fast_mode, masked=masked,
    )  # fmt: skip


def _asked(x: Any) -> Any:
    """`x` itself where it has a node; a dual number without one is asked for its gradient too."""
    return x if record.node_of(x) is not None else x.detach().requires_grad_()


def _random_like(rng: np.random.Generator, o: Any, apart: bool) -> Any:
    g = rng.standard_normal((*o._data.shape, 2) if apart else o._data.shape).astype(o._data.dtype)
    return record.wrap(g[..., 0] if apart else g).requires_grad_()
