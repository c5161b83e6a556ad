"""How long does it take to start: the import alone, and the lecture's whole program from start to end?"""

from __future__ import annotations

from timing import Row, peer, processes, table  # first: it sets the number of threads

IMPORTS = {"chainrule": "import chainrule", "NumPy": "import numpy", "nothing": "pass"}

PROGRAM = """
import {module} as torch
torch.manual_seed(0)
x, y = torch.randn(64, 3), torch.randn(64, 1)
w1, w2 = torch.randn(3, 2, requires_grad=True), torch.randn(2, 1, requires_grad=True)
for t in range(500):
    loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
    if t % 100 == 99:
        print(t, loss.item())
    loss.backward()
    with torch.no_grad():
        w1 -= 1e-6 * w1.grad
        w2 -= 1e-6 * w2.grad
        w1.grad.zero_()
        w2.grad.zero_()
"""

BY_HAND = """
import numpy as np
rng = np.random.default_rng(0)
x, y, w1, w2 = (rng.normal(size=s).astype(np.float32) for s in ((64, 3), (64, 1), (3, 2), (2, 1)))
for t in range(500):
    h = x.dot(w1)
    h_relu = np.maximum(h, 0)
    d = h_relu.dot(w2) - y
    if t % 100 == 99:
        print(t, np.square(d).sum())
    g = 2.0 * d
    grad_h = g.dot(w2.T)
    grad_h[h < 0] = 0
    w2 -= 1e-6 * h_relu.T.dot(g)
    w1 -= 1e-6 * x.T.dot(grad_h)
"""


def run() -> list[Row]:
    """Medians over processes that take turns; the import's ratio is to that of NumPy, Python's start included."""
    program = {"chainrule": PROGRAM.format(module="chainrule"), "NumPy by hand": BY_HAND}
    if peer("torch"):
        program["PyTorch"] = PROGRAM.format(module="torch")
    return [
        Row("import, whole process", processes(IMPORTS, rounds=11), "NumPy", 1.5, unit="ms"),
        Row("the lecture's whole program", processes(program), "PyTorch", 0.15, unit="ms"),
    ]


if __name__ == "__main__":
    print(table(run()))
