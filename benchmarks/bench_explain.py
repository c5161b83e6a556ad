"""What does `explain` cost: nothing while the graph is recorded, and how much when it is asked?"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

from timing import Row, table  # first: it sets the number of threads

ROUNDS = 7
STEP = """
import sys, time
import chainrule as torch
torch.manual_seed(0)
x, y = torch.randn(64, 3), torch.randn(64, 1)
w1, w2 = torch.randn(3, 2, requires_grad=True), torch.randn(2, 1, requires_grad=True)
def step():
    h_relu = x.mm(w1).clamp(min=0)
    loss = (h_relu.mm(w2) - y).pow(2).sum()
    loss.backward()
    w1.grad = w2.grad = None
if {explained}:
    loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
    str(torch.explain(loss))
best = 1e9
for _ in range(20):
    start = time.perf_counter()
    for _ in range(200):
        step()
    best = min(best, (time.perf_counter() - start) / 200)
print(best)
"""


def recording() -> Row:
    """The lecture's step in processes that explained a graph and in processes that did not, in turn."""
    times: dict[bool, list[float]] = {False: [], True: []}
    for _ in range(ROUNDS):
        for explained in times:
            command = [sys.executable, "-c", STEP.format(explained=explained)]
            times[explained].append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    after, before = min(times[True]), min(times[False])
    shown = {"chainrule": after, "never explained": before}
    return Row("a step after something was explained", shown, "never explained", 1.02)


def network(torch, operations: int):
    """The loss of a residual network of about so many operations, and its parameters."""
    torch.manual_seed(0)
    w = [torch.randn(8, 8, requires_grad=True) for _ in range(100)]
    h = torch.randn(4, 8)
    for i in range(operations // 4):
        h = h + (h @ w[i % 100]).tanh() * 0.1
    return h.pow(2).sum(), w


def asking() -> list[Row]:
    """Seconds for the table and the NumPy source; the ratio is to the target of two seconds."""
    import chainrule

    rows = []
    for operations in (200, 2000):
        loss, w = network(chainrule, operations)
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            explanation = chainrule.explain(loss, names={"w": w})
            str(explanation)
            explanation.numpy_source()
            seconds.append(time.perf_counter() - start)
        last = operations == 2000
        rows.append(
            Row(
                f"table and NumPy source of {operations:,} operations",
                {"chainrule": median(seconds)},
                "2 s",
                1.0 if last else None,
                unit="ms",
                ratio=median(seconds) / 2,
            )
        )
    return rows


def run() -> list[Row]:
    """Recording, then asking."""
    return [recording(), *asking()]


if __name__ == "__main__":
    print(table(run()))
