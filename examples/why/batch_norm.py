"""Batch normalisation couples the observations, and makes the gradient independent of the scale of the weights."""

from __future__ import annotations

import chainrule as torch

DEPTH, WIDTH, BATCH = 20, 32, 64


def normalise(h):
    """Mean 0 and variance 1 over the batch, by hand."""
    centred = h - h.mean(0)
    return centred / (centred.pow(2).mean(0) + 1e-5).sqrt()


def one_layer(scale):
    """The normalised layer, ∂loss/∂h before it, the weights and their gradient."""
    torch.manual_seed(0)
    x, y = torch.randn(BATCH, 5), torch.randn(BATCH, 3)
    w = (scale * torch.randn(5, 3)).requires_grad_()
    h = x @ w
    z = normalise(h)
    to_h, to_w = torch.autograd.grad((z - y).pow(2).mean(), [h, w])
    return z.detach(), to_h, w.detach(), to_w


def first_layer(scale, normalised):
    """‖∂loss/∂w‖ of the first of 20 layers whose weights are `scale` times what keeps the variance."""
    torch.manual_seed(0)
    h, first = torch.randn(BATCH, WIDTH), None
    for _ in range(DEPTH):
        w = scale * torch.randn(WIDTH, WIDTH) * (2 / WIDTH) ** 0.5
        first = w.requires_grad_() if first is None else first
        h = h @ w
        h = (normalise(h) if normalised else h).relu()
    (gradient,) = torch.autograd.grad(h.pow(2).mean(), first)
    return gradient.norm().item()


def main():
    z, to_h, w, to_w = one_layer(1.0)
    print(f"‖∂loss/∂h‖ {to_h.norm().item():.4f}")
    print(f"its sums over the batch are 0:    {(to_h.sum(0).abs().max() < 1e-6).item()}")
    print(f"its products with z are 0:        {((to_h * z).sum(0).abs().max() < 1e-5).item()}")
    print(f"each column of ∂loss/∂w ⟂ of w:   {((to_w * w).sum(0).abs().max() < 1e-5).item()}")
    print(f"weights × 10, gradient ×          {(one_layer(10.0)[3].norm() / to_w.norm()).item():.3f}")
    print("‖∂loss/∂w‖ of the first of 20 layers; weights × 0.5        1        2")
    for normalised in (False, True):
        row = "".join(f"{first_layer(s, normalised):9.1e}" for s in (0.5, 1.0, 2.0))
        print(f"{'  with' if normalised else '  without'} batch normalisation".ljust(49) + row)


def figure():
    import matplotlib.pyplot as plt

    scales = [0.25 * 1.25**i for i in range(14)]
    made, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for normalised, name in ((False, "without"), (True, "with batch normalisation")):
        axes.loglog(scales, [first_layer(s, normalised) for s in scales], label=name)
    axes.set(xlabel="scale of the weights", ylabel="‖∂loss/∂w‖", title=f"The first of {DEPTH} layers")
    axes.legend()
    return made


if __name__ == "__main__":
    main()
