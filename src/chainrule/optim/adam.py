"""Adam and AdamW."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import record
from ..tensor import Tensor
from .optimizer import Array, Group, Optimizer, check_range, number, refuse_differentiable, zeros_like


class Adam(Optimizer):
    """w ← w − lr · m̂ / (√v̂ + eps), with running means m of g and v of g² (Kingma & Ba 2015).

    m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ) undo the start at zero. `weight_decay` is added to the
    gradient, or with `decoupled_weight_decay` taken from w itself (AdamW). With `amsgrad`, v is its
    own running maximum (Reddi et al. 2018). `foreach`, `fused` and `capturable` choose a kernel in
    PyTorch and change nothing here.

    >>> import chainrule as cr
    >>> w = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = cr.optim.Adam([w], lr=0.1)
    >>> (w * w).sum().backward()
    >>> optimizer.step()
    >>> w
    tensor([0.9000, 1.9000], requires_grad=True)
    """

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
        amsgrad: bool = False,
        *,
        foreach: bool | None = None,
        maximize: bool = False,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
        decoupled_weight_decay: bool = False,
    ):
        check_range("learning rate", lr)
        check_range("epsilon value", eps)
        check_range("beta parameter at index 0", betas[0], below=1)
        check_range("beta parameter at index 1", betas[1], below=1)
        check_range("weight_decay value", weight_decay)
        refuse_differentiable(differentiable)
        defaults = {
            "lr": lr,
            "betas": (number(betas[0]), number(betas[1])),
            "eps": eps,
            "weight_decay": weight_decay,
            "amsgrad": amsgrad,
            "maximize": maximize,
            "foreach": foreach,
            "capturable": capturable,
            "differentiable": differentiable,
            "fused": fused,
            "decoupled_weight_decay": decoupled_weight_decay,
        }
        super().__init__(params, defaults)

    def new_state(self, param: Tensor, group: Group) -> dict[str, Any]:
        """The number of steps, m and v, and with `amsgrad` the maximum of v."""
        state = {
            "step": record.wrap(np.zeros((), np.float32)),
            "exp_avg": zeros_like(param),
            "exp_avg_sq": zeros_like(param),
        }
        if group["amsgrad"]:
            state["max_exp_avg_sq"] = zeros_like(param)
        return state

    def update(self, group: Group, work: list[tuple[Array, Array, dict[str, Any]]]) -> None:
        """One step for the parameters of one group: 14 ufuncs each, written into two work arrays."""
        beta1, beta2 = group["betas"]
        lr, eps, decay = number(group["lr"]), group["eps"], group["weight_decay"]
        for x, g, state in work:
            if group["maximize"]:
                g = -g
            if decay and group["decoupled_weight_decay"]:
                x *= 1 - lr * decay
            elif decay:
                g = g + decay * x
            steps = state["step"]._data
            steps += 1
            t = steps.item()
            m, v = state["exp_avg"]._data, state["exp_avg_sq"]._data
            work_1, work_2 = np.empty(m.shape, m.dtype), np.empty(m.shape, m.dtype)
            np.subtract(g, m, work_1)
            work_1 *= 1 - beta1
            m += work_1
            np.multiply(g, 1 - beta2, work_1)
            work_1 *= g
            v *= beta2
            v += work_1
            if group["amsgrad"]:
                largest = state["max_exp_avg_sq"]._data
                v = np.maximum(largest, v, out=largest)
            np.sqrt(v, work_1)
            work_1 /= (1 - beta2**t) ** 0.5
            work_1 += eps
            np.multiply(m, lr / (1 - beta1**t), work_2)
            work_2 /= work_1
            x -= work_2


class AdamW(Adam):
    """Adam whose weight decay acts on the weights, not on the gradient (Loshchilov & Hutter 2019)."""

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[Any, Any] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
        amsgrad: bool = False,
        *,
        maximize: bool = False,
        foreach: bool | None = None,
        capturable: bool = False,
        differentiable: bool = False,
        fused: bool | None = None,
    ):
        super().__init__(
            params,
            lr,
            betas,
            eps,
            weight_decay,
            amsgrad,
            foreach=foreach,
            maximize=maximize,
            capturable=capturable,
            differentiable=differentiable,
            fused=fused,
            decoupled_weight_decay=True,
        )
