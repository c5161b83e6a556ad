"""How long does one training step of the lecture network take?

64×3 → 3×2 → ReLU → 2×1, sum of squares: forward, backward, update.
"""

from __future__ import annotations

from timing import Row, peer, side_by_side, table  # first: it sets the number of threads

import numpy as np  # isort: skip

rng = np.random.default_rng(0)
X, Y, W1, W2 = (rng.normal(size=s).astype(np.float32) for s in ((64, 3), (64, 1), (3, 2), (2, 1)))
RATE = 1e-6


def by_hand():
    """Backprop written out in NumPy."""
    x, y, w1, w2 = X, Y, W1.copy(), W2.copy()

    def step():
        h = x.dot(w1)
        h_relu = np.maximum(h, 0)
        out = h_relu.dot(w2)
        d = out - y
        loss = np.square(d).sum()
        g = 2.0 * d
        grad_w2 = h_relu.T.dot(g)
        grad_h = g.dot(w2.T)
        grad_h[h < 0] = 0
        grad_w1 = x.T.dot(grad_h)
        np.subtract(w1, RATE * grad_w1, w1)
        np.subtract(w2, RATE * grad_w2, w2)
        return loss

    return step


def eager(torch):
    """The lecture's second program, on PyTorch or on chainrule."""
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    w1, w2 = torch.tensor(W1, requires_grad=True), torch.tensor(W2, requires_grad=True)

    def step():
        nonlocal w1, w2
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
        loss.backward()
        with torch.no_grad():
            w1 -= RATE * w1.grad
            w2 -= RATE * w2.grad
            w1.grad.zero_()
            w2.grad.zero_()

    return step


def with_adam(torch):
    """The lecture's third program, on PyTorch or on chainrule."""
    x, y = torch.from_numpy(X), torch.from_numpy(Y)
    w1, w2 = torch.tensor(W1, requires_grad=True), torch.tensor(W2, requires_grad=True)
    loss_function = torch.nn.MSELoss(reduction="sum")
    optimizer = torch.optim.Adam([w1, w2], lr=1e-3)

    def step():
        loss = loss_function(x.mm(w1).clamp(min=0).mm(w2), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def hips(autograd):
    """The same with HIPS autograd."""
    import autograd.numpy as anp

    def loss(weights):
        w1, w2 = weights
        return anp.sum((anp.dot(anp.maximum(anp.dot(X, w1), 0), w2) - Y) ** 2)

    gradient = autograd.value_and_grad(loss)
    weights = [W1.copy(), W2.copy()]

    def step():
        _, grads = gradient(weights)
        for w, g in zip(weights, grads):
            np.subtract(w, RATE * g, w)

    return step


def jax_jit(jax):
    """The same with JAX, the whole step compiled."""
    jnp = jax.numpy

    def loss(weights):
        w1, w2 = weights
        return jnp.sum((jnp.maximum(X @ w1, 0) @ w2 - Y) ** 2)

    update = jax.jit(lambda w: jax.tree_util.tree_map(lambda a, g: a - RATE * g, w, jax.grad(loss)(w)))
    weights = [jnp.asarray(W1), jnp.asarray(W2)]

    def step():
        nonlocal weights
        weights = update(weights)
        weights[0].block_until_ready()

    return step


def run() -> list[Row]:
    """The step plain, and with Adam and MSELoss."""
    import chainrule

    torch, autograd, jax = peer("torch"), peer("autograd"), peer("jax")
    plain = {"chainrule": eager(chainrule), "NumPy by hand": by_hand()}
    adam = {"chainrule": with_adam(chainrule)}
    if torch:
        plain["PyTorch"], adam["PyTorch"] = eager(torch), with_adam(torch)
    if autograd:
        plain["autograd"] = hips(autograd)
    if jax:
        plain["JAX jit"] = jax_jit(jax)
    return [
        Row("lecture step", side_by_side(plain), "PyTorch", 0.30),
        Row("lecture step, Adam and MSELoss", side_by_side(adam), "PyTorch", 0.35),
    ]


if __name__ == "__main__":
    print(table(run()))
