"""Does a node cost the same in a long graph as in a short one?

A chain of n multiplications is built, differentiated and freed. The collector is on, as in a user's program;
memory is what `tracemalloc` counts while the graph is alive, in a run of its own.
"""

from __future__ import annotations

import gc
import time
import tracemalloc

from timing import NOISE, Row, table

LENGTHS = (10**2, 10**3, 10**4, 10**5, 10**6)
NODES_PER_ROUND = 10**5  # short chains are repeated until they make as many nodes as a long one


def chain(torch, x, n):
    """x multiplied by a number n times."""
    y = x
    for _ in range(n):
        y = y * 1.000001
    return y


def seconds_per_node(torch, n: int) -> float:
    """Build, backward and freeing, per node."""
    x = torch.ones(1, requires_grad=True)
    repeats = max(1, NODES_PER_ROUND // n)
    start = time.perf_counter()
    for _ in range(repeats):
        chain(torch, x, n).sum().backward()
    return (time.perf_counter() - start) / (n * repeats)


def bytes_per_node(torch, n: int) -> float:
    """What a living graph holds, per node."""
    x = torch.ones(1, requires_grad=True)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    y = chain(torch, x, n)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del y
    return held / n


def run() -> list[Row]:
    """Time and memory per node at every length; the ratio is to the shortest chain."""
    import chainrule

    times: dict[int, list[float]] = {n: [] for n in LENGTHS}
    for _ in range(5):
        for n in LENGTHS:
            gc.collect()
            times[n].append(seconds_per_node(chainrule, n))
    rows = []
    least = {n: min(found) for n, found in times.items()}
    for n in LENGTHS:
        found = sorted(times[n])
        rows.append(
            Row(
                f"time per node, chain of {n:,}",
                {"chainrule": least[n]},
                f"the chain of {LENGTHS[0]}",
                1.3 if n == 10**5 else None,
                ratio=least[n] / least[LENGTHS[0]],
                noisy=found[2] > NOISE * found[0],
            )
        )
    memory = {n: bytes_per_node(chainrule, n) for n in LENGTHS[:-1]}
    for n, held in memory.items():
        rows.append(
            Row(
                f"memory per node, chain of {n:,}",
                {"chainrule": held},
                f"the chain of {LENGTHS[0]}",
                1.3 if n == 10**5 else None,
                unit="bytes",
                ratio=held / memory[LENGTHS[0]],
            )
        )
    return rows


if __name__ == "__main__":
    print(table(run()))
