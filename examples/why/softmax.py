"""A softmax that is sure and wrong: squared error teaches it nothing, cross-entropy does."""

from __future__ import annotations

import chainrule as torch
import chainrule.nn.functional as F

LOSSES = {
    "squared error": lambda z, t: (z.softmax(1) - torch.eye(3)[t]).pow(2).sum(),
    "cross-entropy": lambda z, t: F.cross_entropy(z, t),
}


def gradient_norm(loss, scale):
    """‖∂loss/∂z‖ for logits that are sure (more so with `scale`) of class 0, where class 1 is right."""
    z = (scale * torch.tensor([[1.0, 0.0, -1.0]])).requires_grad_()
    (gradient,) = torch.autograd.grad(loss(z, torch.tensor([1])), z)
    return gradient.norm().item()


def main():
    print("scale of the logits         1         5        10        20")
    for name, loss in LOSSES.items():
        print(f"‖∂{name}/∂z‖ " + "".join(f"{gradient_norm(loss, s):10.1e}" for s in (1, 5, 10, 20)))


def figure():
    import matplotlib.pyplot as plt

    scales = [0.5 * i for i in range(41)]
    made, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for name, loss in LOSSES.items():
        axes.semilogy(scales, [gradient_norm(loss, s) for s in scales], label=name)
    axes.set(xlabel="scale of the logits: how sure the wrong answer is", ylabel="‖∂loss/∂z‖", title="Sure and wrong")
    axes.legend()
    return made


if __name__ == "__main__":
    main()
