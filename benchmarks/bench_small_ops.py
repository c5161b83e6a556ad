"""How long does one small operation take, alone and with its backward pass?

4×3 float32 tensors that require grad. "and backward" is the operation, a sum to a scalar, `backward()`
and forgetting the gradient; the sum is the same for both sides.
"""

from __future__ import annotations

from timing import Row, peer, side_by_side, table  # first: it sets the number of threads

import numpy as np  # isort: skip

rng = np.random.default_rng(0)
A, B = (rng.uniform(0.5, 2.0, (4, 3)).astype(np.float32) for _ in range(2))
C = rng.uniform(0.5, 2.0, (3, 4)).astype(np.float32)

OPERATIONS = {
    "a + b": lambda a, b, c: a + b,
    "a * b": lambda a, b, c: a * b,
    "a / b": lambda a, b, c: a / b,
    "2 * a": lambda a, b, c: 2 * a,
    "a ** 2": lambda a, b, c: a**2,
    "a.exp()": lambda a, b, c: a.exp(),
    "a.tanh()": lambda a, b, c: a.tanh(),
    "a.relu()": lambda a, b, c: a.relu(),
    "a.clamp(min=0)": lambda a, b, c: a.clamp(min=0),
    "a @ c": lambda a, b, c: a @ c,
    "a.sum(0)": lambda a, b, c: a.sum(0),
    "a.mean()": lambda a, b, c: a.mean(),
    "a.t()": lambda a, b, c: a.t(),
    "a.reshape(12)": lambda a, b, c: a.reshape(12),
    "a[1]": lambda a, b, c: a[1],
    "a.softmax(1)": lambda a, b, c: a.softmax(1),
}


def contestants(torch, operation):
    """The operation alone, and with its backward pass."""
    a, b, c = (torch.tensor(x, requires_grad=True) for x in (A, B, C))

    def forward():
        operation(a, b, c)

    def backward():
        operation(a, b, c).sum().backward()
        a.grad = b.grad = c.grad = None

    return forward, backward


def run() -> list[Row]:
    """Two rows per operation."""
    import chainrule

    torch = peer("torch")
    rows = []
    for name, operation in OPERATIONS.items():
        ours = contestants(chainrule, operation)
        theirs = contestants(torch, operation) if torch else (None, None)
        for what, f, g in zip((name, f"{name} and backward"), ours, theirs):
            times = side_by_side({"chainrule": f, **({"PyTorch": g} if g else {})}, rounds=9, seconds=0.005)
            rows.append(Row(f"`{what}`" if what == name else f"`{name}` and backward", times, "PyTorch", 0.6))
    return rows


if __name__ == "__main__":
    print(table(run()))
