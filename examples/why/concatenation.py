"""Two branches meet: by addition both get the same gradient, by concatenation each gets its own.

The target depends on the first branch only; the second is noise. What does either way of joining teach the branches?
"""

from __future__ import annotations

import chainrule as torch

STEPS = 300


def train(join):
    """The norms of ∂loss/∂a and ∂loss/∂b, a pair per step, and the last two gradients."""
    torch.manual_seed(0)
    x, noise = torch.randn(256, 4), torch.randn(256, 4)
    y = (x[:, :1] * 2).tanh()
    rows = 16 if join == "concatenation" else 8
    parameters = [torch.randn(4, 8) / 2, torch.randn(4, 8) / 2, torch.randn(rows, 1) / rows**0.5]
    u, v, w = (p.requires_grad_() for p in parameters)
    norms = []
    for _ in range(STEPS):
        a, b = (x @ u).tanh(), (noise @ v).tanh()
        a.retain_grad()
        b.retain_grad()
        joined = torch.cat([a, b], dim=1) if join == "concatenation" else a + b
        loss = (joined @ w - y).pow(2).mean()
        loss.backward()
        norms.append((a.grad.norm().item(), b.grad.norm().item()))
        with torch.no_grad():
            for p in (u, v, w):
                p -= 0.3 * p.grad
                p.grad.zero_()
    return norms, a.grad, b.grad, loss.item()


def main():
    for join in ("addition", "concatenation"):
        norms, to_a, to_b, loss = train(join)
        first, last = (b / a for a, b in (norms[0], norms[-1]))
        print(f"{join}: loss {loss:.4f}")
        print(f"  ‖∂loss/∂b‖ / ‖∂loss/∂a‖   first step {first:.2f}   last {last:.2f}")
        print(f"  the two gradients are equal: {torch.equal(to_a, to_b)}")


def figure():
    import matplotlib.pyplot as plt

    made, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
    for join in ("addition", "concatenation"):
        axes.plot([b / a for a, b in train(join)[0]], label=join)
    axes.set(
        xlabel="step",
        ylabel="‖∂loss/∂b‖ / ‖∂loss/∂a‖",
        title="Share of the gradient that the noise branch gets",
        ylim=(0, None),
    )
    axes.legend()
    return made


if __name__ == "__main__":
    main()
