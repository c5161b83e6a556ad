"""Attention: the weights that mix the values forward carry the gradient back, and why scores are divided by √d."""

from __future__ import annotations

import chainrule as torch

TOKENS = 10


def reach():
    """Attention weights, and |∂out[i]/∂v[j]| for every pair of tokens: the same picture."""
    torch.manual_seed(0)
    q, k, v = (torch.randn(TOKENS, 4) for _ in range(3))
    v.requires_grad_()
    later = torch.ones(TOKENS, TOKENS).triu(1) == 1
    weights = (q @ k.t()).masked_fill(later, float("-inf")).softmax(1)
    out = weights @ v
    rows = [torch.autograd.grad(out[i, 0], v, retain_graph=True)[0][:, 0] for i in range(TOKENS)]
    return weights, torch.stack(rows)


def of_scores(d, scaled):
    """The middle one of ‖∂loss/∂s‖ over the rows of scores s, for queries and keys of d numbers each."""
    torch.manual_seed(0)
    q, k, v = torch.randn(200, d), torch.randn(TOKENS, d), torch.randn(TOKENS, 8)
    s = (q @ k.t() / (d**0.5 if scaled else 1.0)).requires_grad_()
    (gradient,) = torch.autograd.grad((s.softmax(1) @ v).pow(2).sum(), s)
    return gradient.norm(dim=1).median().item()


def main():
    weights, rows = reach()
    print(f"∂out[i]/∂v[j] is the attention weight: {torch.allclose(weights, rows)}")
    print(f"later tokens get exactly nothing:      {(rows.triu(1) == 0).all().item()}")
    print("‖∂loss/∂s‖            d = 4       64     1024     4096")
    for scaled in (True, False):
        name = "scores / √d" if scaled else "scores"
        print(f"{name:<18}" + "".join(f"{of_scores(d, scaled):9.1e}" for d in (4, 64, 1024, 4096)))


def figure():
    import matplotlib.pyplot as plt

    made, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    image = left.imshow(reach()[1].numpy(), cmap="Blues")
    left.set(xlabel="value j", ylabel="output i", title="∂out[i]/∂v[j], causal")
    made.colorbar(image, ax=left)
    sizes = [4**i for i in range(1, 7)]
    for scaled in (True, False):
        right.loglog(sizes, [of_scores(d, scaled) for d in sizes], label="scores / √d" if scaled else "scores")
    right.set(xlabel="d", ylabel="‖∂loss/∂s‖", title="Queries and keys of d numbers")
    right.legend()
    return made


if __name__ == "__main__":
    main()
