"""Loss functions and their gradients, side by side, each as a function of one prediction."""

from __future__ import annotations

import chainrule as torch

# of the error e = prediction − target; of the logit z of the right class; of the distance d of a pair
LOSSES = {
    "MSE": lambda e: e**2,
    "L1": lambda e: e.abs(),
    "Huber": lambda e: torch.where(e.abs() <= 1, e**2 / 2, e.abs() - 0.5),
    "cross-entropy": lambda z: -torch.log(torch.sigmoid(z)),
    "hinge": lambda z: torch.clamp(1 - z, min=0),
    "focal": lambda z: -((1 - torch.sigmoid(z)) ** 2) * torch.log(torch.sigmoid(z)),
    "contrastive, alike": lambda d: d**2,
    "contrastive, different": lambda d: torch.clamp(2 - d, min=0) ** 2,
}
PANELS = [("the error e", -3, 3, 0, 3), ("the logit z of the right class", -4, 4, 3, 6), ("the distance d", 0, 3, 6, 8)]


def curves(loss, low, high):
    """Points, values and slopes."""
    x = torch.linspace(low, high, 241, requires_grad=True)
    y = loss(x)
    (slope,) = torch.autograd.grad(y.sum(), x)
    return x.detach(), y.detach(), slope


def main():
    print("slope at                -2       -1      0.5        2")
    for name, loss in list(LOSSES.items())[:6]:
        x = torch.tensor([-2.0, -1.0, 0.5, 2.0], requires_grad=True)
        (slope,) = torch.autograd.grad(loss(x).sum(), x)
        print(f"{name:<17}" + "".join(f"{s + 0.0:9.3f}" for s in slope.tolist()))


def figure():
    import matplotlib.pyplot as plt

    made, axes = plt.subplots(2, 3, figsize=(9, 5), layout="constrained", sharex="col")
    for (label, low, high, start, stop), (value, gradient) in zip(PANELS, axes.T, strict=True):
        for name, loss in list(LOSSES.items())[start:stop]:
            x, y, slope = (a.numpy() for a in curves(loss, low, high))
            value.plot(x, y, label=name)
            gradient.plot(x, slope, label=name)
        value.legend(fontsize="small")
        gradient.set(xlabel=label)
    axes[0, 0].set(ylabel="loss")
    axes[1, 0].set(ylabel="gradient")
    return made


if __name__ == "__main__":
    main()
