"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import record
from ..tensor import Tensor
from .optimizer import Array, Group, Optimizer, check_range, number, refuse_differentiable


class SGD(Optimizer):
    """w ← w − lr · v, v ← momentum · v + (1 − dampening) · (g + weight_decay · w).

    With `nesterov`, the step is momentum · v + g (Sutskever et al. 2013). `foreach` and `fused`
    choose a kernel in PyTorch and change nothing here.

    >>> import chainrule as cr
    >>> w = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = cr.optim.SGD([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.8000, 1.6000], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        check_range("learning rate", lr)
        check_range("momentum value", momentum)
        check_range("weight_decay value", weight_decay)
        refuse_differentiable(differentiable)
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "dampening": dampening,
            "weight_decay": weight_decay,
            "nesterov": nesterov,
            "maximize": maximize,
            "foreach": foreach,
            "differentiable": differentiable,
            "fused": fused,
        }
        super().__init__(params, defaults)

    def new_state(self, param: Tensor, group: Group) -> dict[str, Any]:
        """A buffer for the momentum, which starts as the first gradient."""
        return {"momentum_buffer": None} if group["momentum"] else {}

    def update(self, group: Group, work: list[tuple[Array, Array, dict[str, Any]]]) -> None:
        """One step for the parameters of one group."""
        lr, decay, momentum = number(group["lr"]), number(group["weight_decay"]), number(group["momentum"])
        for x, g, state in work:
            if group["maximize"]:
                g = -g
            if decay:
                g = g + decay * x
            if momentum:
                g = _with_momentum(g, state, momentum, number(group["dampening"]), group["nesterov"])
            np.subtract(x, lr * g, x)


def _with_momentum(g: Array, state: dict[str, Any], momentum: float, dampening: float, nesterov: bool) -> Array:
    buffer = state.get("momentum_buffer")
    if buffer is None:
        buffer = state["momentum_buffer"] = record.wrap(np.array(g))
    else:
        v = buffer._data
        v *= momentum
        v += (1 - dampening) * g if dampening else g
    return g + momentum * buffer._data if nesterov else buffer._data
