"""Sparse data: weights that a ReLU never lets move, and that a LeakyReLU does."""

from __future__ import annotations

import chainrule as torch
import chainrule.nn.functional as F

UNITS, FEATURES, STEPS, BATCH = 64, 200, 300, 16
ACTIVATIONS = {"ReLU": F.relu, "LeakyReLU": lambda h: F.leaky_relu(h, 0.01)}


def train(activation, share):
    """Which entries of w1 have had a gradient at all, on rows of which `share` is not 0."""
    torch.manual_seed(0)
    start = torch.randn(FEATURES, UNITS) * 0.5
    w1, b1 = start.clone().requires_grad_(), (-torch.linspace(0, 5, UNITS)).requires_grad_()  # open to closed
    w2 = (torch.randn(UNITS, 1) / UNITS**0.5).requires_grad_()
    truth = torch.randn(FEATURES, 1)
    moved = torch.zeros(FEATURES, UNITS, dtype=torch.bool)
    for _ in range(STEPS):
        x = torch.randn(BATCH, FEATURES) * (torch.rand(BATCH, FEATURES) < share)
        loss = (activation(x @ w1 + b1) @ w2 - x @ truth).pow(2).mean()
        loss.backward()
        moved |= w1.grad != 0
        with torch.no_grad():
            for p in (w1, b1, w2):
                p -= 0.05 * p.grad
                p.grad.zero_()
    return moved


def still(activation, share):
    """The share of weights and of units that never moved in training."""
    moved = train(activation, share)
    return 1 - moved.float().mean().item(), 1 - moved.any(0).float().mean().item()


def main():
    print("never moved in 300 steps    weights    units   (rows with 2 non-zeros of 200)")
    for name, activation in ACTIVATIONS.items():
        weights, units = still(activation, 0.01)
        print(f"{name:<27}{100 * weights:6.1f} %  {100 * units:5.1f} %")


def figure():
    import matplotlib.pyplot as plt

    shares = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1]
    made, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for name, activation in ACTIVATIONS.items():
        axes.semilogx(shares, [100 * still(activation, s)[0] for s in shares], "o-", label=name)
    axes.set(xlabel="share of inputs that are not 0", ylabel="% of weights", title="Weights that never move")
    axes.legend()
    return made


if __name__ == "__main__":
    main()
