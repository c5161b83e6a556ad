"""A residual connection adds 1 to the derivative of every layer: what is left of the gradient after 40 of them."""

from __future__ import annotations

import chainrule as torch

DEPTH, WIDTH = 40, 32


def norms(residual, scale=0.7):
    """‖∂loss/∂h‖ for the input of every layer, first to last."""
    torch.manual_seed(0)
    h = torch.randn(16, WIDTH).requires_grad_()
    states = [h]
    for _ in range(DEPTH):
        w = torch.randn(WIDTH, WIDTH) * (scale / WIDTH**0.5)
        change = (h @ w).tanh()
        h = h + change if residual else change
        states.append(h)
    loss = h.pow(2).sum()
    return [g.norm().item() for g in torch.autograd.grad(loss, states)]


def main():
    print("‖∂loss/∂h‖ at layer       0        10        20        30        40")
    for residual in (False, True):
        found = norms(residual)
        name = "h + tanh(h w)" if residual else "tanh(h w)"
        print(f"{name:<17}" + "".join(f"{found[i]:10.2e}" for i in range(0, DEPTH + 1, 10)))


def figure():
    import matplotlib.pyplot as plt

    made, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    axes.semilogy(norms(False), label="tanh(h w)")
    axes.semilogy(norms(True), label="h + tanh(h w)")
    axes.set(xlabel="layer", ylabel="‖∂loss/∂h‖", title=f"The gradient on its way back through {DEPTH} layers")
    axes.legend()
    return made


if __name__ == "__main__":
    main()
