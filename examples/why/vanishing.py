"""Products of many factors: sigmoids in depth, a recurrence in time."""

from __future__ import annotations

import chainrule as torch

LAYERS, STEPS, WIDTH = 15, 60, 24


def through_layers(activation):
    """‖∂loss/∂w‖ of every layer of a deep net, first to last."""
    torch.manual_seed(0)
    h = torch.randn(32, WIDTH)
    weights = [(torch.randn(WIDTH, WIDTH) / WIDTH**0.5).requires_grad_() for _ in range(LAYERS)]
    for w in weights:
        h = activation(h @ w)
    return [g.norm().item() for g in torch.autograd.grad(h.pow(2).mean(), weights)]


def through_time(radius):
    """‖∂loss/∂x_t‖ for every input of hₜ = tanh(hₜ₋₁ u + xₜ); u is `radius` times an orthogonal matrix."""
    torch.manual_seed(0)
    u = torch.eye(WIDTH)[torch.randperm(WIDTH)] * radius
    inputs = [(0.01 * torch.randn(1, WIDTH)).requires_grad_() for _ in range(STEPS)]
    h = torch.zeros(1, WIDTH)
    for x in inputs:
        h = (h @ u + x).tanh()
    return [g.norm().item() for g in torch.autograd.grad(h.sum(), inputs)]


def main():
    print("‖∂loss/∂w‖            layer 1    layer 5   layer 10   layer 15")
    for name in ("sigmoid", "tanh"):
        found = through_layers(getattr(torch, name))
        print(f"{name:<18}" + "".join(f"{found[i - 1]:11.1e}" for i in (1, 5, 10, 15)))
    print("‖∂loss/∂x‖, steps ago      59        40        20         0")
    for radius in (0.8, 1.0, 1.2):
        found = through_time(radius)
        print(f"‖u‖ = {radius:<12}" + "".join(f"{found[-1 - ago]:10.1e}" for ago in (59, 40, 20, 0)))


def figure():
    import matplotlib.pyplot as plt

    made, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for name in ("sigmoid", "tanh", "relu"):
        left.semilogy(range(1, LAYERS + 1), through_layers(getattr(torch, name)), label=name)
    left.set(xlabel="layer", ylabel="‖∂loss/∂w‖", title=f"{LAYERS} layers")
    for radius in (0.8, 1.0, 1.2):
        right.semilogy(range(STEPS), through_time(radius)[::-1], label=f"‖u‖ = {radius}")
    right.set(xlabel="steps ago", ylabel="‖∂loss/∂x‖", title=f"{STEPS} time steps")
    left.legend()
    right.legend()
    return made


if __name__ == "__main__":
    main()
