"""Whole models as small graphs: what every reading of an explanation is tried on.

Each function returns (loss, variables): the names that the caller would have.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr

Model = tuple[Any, dict[str, Any]]


def normal(*shape: int, grad: bool = False, scale: float = 0.7) -> Any:
    """Normal numbers in float64."""
    return (cr.randn(*shape, dtype=cr.float64) * scale).requires_grad_(grad)


def lecture() -> Model:
    x, y = normal(64, 3), normal(64, 1)
    w1, w2 = normal(3, 2, grad=True), normal(2, 1, grad=True)
    h_1 = x.mm(w1)
    h_relu = h_1.clamp(min=0)
    out = h_relu.mm(w2)
    loss = (out - y).pow(2).sum()
    return loss, locals()


def mlp() -> Model:
    x, t = normal(8, 5), cr.tensor([0, 2, 1, 1, 0, 2, 2, 0])
    w1, b1 = normal(5, 6, grad=True), normal(6, grad=True)
    w2, b2 = normal(6, 3, grad=True), normal(3, grad=True)
    h = (x @ w1 + b1).tanh()
    z = h @ w2 + b2
    loss = -z.log_softmax(1)[cr.arange(8), t].mean()
    return loss, locals()


def module() -> Model:
    model = cr.nn.Sequential(cr.nn.Linear(4, 5), cr.nn.ReLU(), cr.nn.Linear(5, 2)).double()
    x, y = normal(6, 4), normal(6, 2)
    loss = cr.nn.MSELoss()(model(x), y)
    return loss, locals()


def attention() -> Model:
    x = normal(2, 4, 6)
    wq, wk, wv = normal(6, 3, grad=True), normal(6, 3, grad=True), normal(6, 3, grad=True)
    q, k, v = x @ wq, x @ wk, x @ wv
    scores = q @ k.transpose(-2, -1) / 3**0.5
    mask = cr.ones(4, 4).tril() == 0
    weights = scores.masked_fill(mask, float("-inf")).softmax(-1)
    out = weights @ v
    loss = out.pow(2).mean()
    return loss, locals()


def gru() -> Model:
    xs, h = normal(5, 3, 4), normal(3, 6)
    wz, wr, wn = (normal(10, 6, grad=True) for _ in range(3))
    for step in range(5):
        both = cr.cat([xs[step], h], 1)
        z, r = (both @ wz).sigmoid(), (both @ wr).sigmoid()
        n = (cr.cat([xs[step], r * h], 1) @ wn).tanh()
        h = (1 - z) * n + z * h
    loss = h.pow(2).sum()
    return loss, locals()


def layer_norm() -> Model:
    x = normal(5, 7, grad=True)
    gain, bias = normal(7, grad=True), normal(7, grad=True)
    mean = x.mean(-1, keepdim=True)
    var = x.var(-1, unbiased=False, keepdim=True)
    out = (x - mean) / (var + 1e-5).sqrt() * gain + bias
    loss = (out * cr.arange(7)).sum()
    return loss, locals()


def contrastive() -> Model:
    a, b = normal(6, 4, grad=True), normal(6, 4, grad=True)
    u, v = a / a.norm(dim=1, keepdim=True), b / b.norm(dim=1, keepdim=True)
    sim = u @ v.t() / 0.5
    loss = (sim.logsumexp(1) - sim.diagonal()).mean()
    return loss, locals()


def mixture_density() -> Model:
    x, y = normal(7, 2), normal(7, 1)
    w = normal(2, 9, grad=True)
    logits, mu, log_sigma = (x @ w).chunk(3, dim=1)
    log_p = -((y - mu) / log_sigma.exp()).pow(2) / 2 - log_sigma
    loss = -(logits.log_softmax(1) + log_p).logsumexp(1).mean()
    return loss, locals()


def pinn() -> Model:
    """u″ = −u: the loss holds the second derivative of the network."""
    t = cr.linspace(0, 1, 6, dtype=cr.float64).reshape(6, 1).requires_grad_()
    w1, b1, w2 = normal(1, 5, grad=True), normal(5, grad=True), normal(5, 1, grad=True)
    u = (t @ w1 + b1).tanh() @ w2
    (du,) = cr.autograd.grad(u.sum(), t, create_graph=True)
    (d2u,) = cr.autograd.grad(du.sum(), t, create_graph=True)
    loss = (d2u + u).pow(2).mean()
    return loss, locals()


class Swish(cr.autograd.Function):
    """x σ(x), with a rule of its own."""

    @staticmethod
    def forward(ctx: Any, x: Any, beta: float) -> Any:
        s = (beta * x).sigmoid()
        ctx.save_for_backward(x, s)
        ctx.beta = beta
        return x * s

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        x, s = ctx.saved_tensors
        return g * (s + ctx.beta * x * s * (1 - s)), None


def custom_function() -> Model:
    x, w = normal(4, 3), normal(3, 2, grad=True)
    h = x @ w
    a = Swish.apply(h, 1.5)
    loss = a.pow(3).sum()
    return loss, locals()


def autoencoder() -> Model:
    x = normal(9, 6)
    enc, dec = normal(6, 2, grad=True), normal(2, 6, grad=True)
    code = (x @ enc).relu()
    loss = (code @ dec - x).abs().mean() + 0.1 * code.abs().sum()
    return loss, locals()


def residual() -> Model:
    h = x = normal(5, 4)
    w = [normal(4, 4, grad=True, scale=0.3) for _ in range(4)]
    for i in range(4):
        h = h + (h @ w[i]).relu()
    loss = h.square().mean()
    return loss, locals()


def inplace() -> Model:
    w = normal(4, 3, grad=True)
    x = normal(5, 4)
    h = x @ w
    h[0] = 0
    h[:, 1] *= 2
    h += 1
    loss = (h.t()[2] * h[:, 0]).sum()
    return loss, locals()


def embedding() -> Model:
    table, w = normal(10, 4, grad=True), normal(4, 10, grad=True)
    tokens = cr.tensor([1, 5, 5, 2])
    h = table[tokens]
    logits = h @ w
    loss = cr.logsumexp(logits, 1).sum() - logits.gather(1, tokens[:, None]).sum()
    return loss, locals()


def quadratic_form() -> Model:
    a, x = normal(4, 4, grad=True), normal(4, grad=True)
    loss = x @ a @ x / (x @ x)
    return loss, locals()


def batch_norm() -> Model:
    x = normal(8, 3)
    w, gain, bias = normal(3, 4, grad=True), normal(4, grad=True), normal(4, grad=True)
    z = x @ w
    normed = (z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt()
    loss = (gain * normed + bias).relu().sum()
    return loss, locals()


MODELS = [
    lecture, mlp, module, attention, gru, layer_norm, contrastive, mixture_density, pinn, custom_function,
    autoencoder, residual, inplace, embedding, quadratic_form, batch_norm,
]  # fmt: skip


def gradients(loss: Any, leaves: Any) -> list[np.ndarray[Any, Any]]:
    """What autograd says."""
    return [g.detach().numpy() for g in cr.autograd.grad(loss, leaves, retain_graph=True, materialize_grads=True)]
