"""How long do a million random numbers take, beside NumPy and, where installed, PyTorch?

`python benchmarks/bench_random.py` prints milliseconds, the best of several runs on one thread, and the ratio of
ours to the quickest of NumPy's generators.
"""

from __future__ import annotations

import importlib.util
import platform
import timeit
from collections.abc import Callable

import numpy as np

import chainrule as cr

N = 1_000_000


def best(call: Callable[[], object], runs: int = 7) -> float:
    """Milliseconds of the quickest run."""
    call()
    return min(timeit.repeat(call, number=1, repeat=runs)) * 1e3


def rows() -> dict[str, dict[str, Callable[[], object]]]:
    """What is drawn → who draws it."""
    legacy, modern = np.random.RandomState(0), np.random.default_rng(0)
    order = np.arange(N)
    found: dict[str, dict[str, Callable[[], object]]] = {
        "normals, float32": {
            "chainrule": lambda: cr.randn(N),
            "RandomState": lambda: legacy.standard_normal(N),
            "Generator": lambda: modern.standard_normal(N, np.float32),
        },
        "normals, float64": {
            "chainrule": lambda: cr.randn(N, dtype=cr.float64),
            "RandomState": lambda: legacy.standard_normal(N),
            "Generator": lambda: modern.standard_normal(N),
        },
        "uniforms, float32": {
            "chainrule": lambda: cr.rand(N),
            "RandomState": lambda: legacy.random_sample(N),
            "Generator": lambda: modern.random(N, np.float32),
        },
        "uniforms, float64": {
            "chainrule": lambda: cr.rand(N, dtype=cr.float64),
            "RandomState": lambda: legacy.random_sample(N),
            "Generator": lambda: modern.random(N),
        },
        "integers below 10": {
            "chainrule": lambda: cr.randint(10, (N,)),
            "RandomState": lambda: legacy.randint(0, 10, N),
            "Generator": lambda: modern.integers(0, 10, N),
        },
        "permutation": {
            "chainrule": lambda: cr.randperm(N),
            "RandomState": lambda: legacy.permutation(order),
            "Generator": lambda: modern.permutation(order),
        },
    }
    if importlib.util.find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        found["normals, float32"]["PyTorch"] = lambda: torch.randn(N)
        found["normals, float64"]["PyTorch"] = lambda: torch.randn(N, dtype=torch.float64)
        found["uniforms, float32"]["PyTorch"] = lambda: torch.rand(N)
        found["uniforms, float64"]["PyTorch"] = lambda: torch.rand(N, dtype=torch.float64)
        found["integers below 10"]["PyTorch"] = lambda: torch.randint(10, (N,))
        found["permutation"]["PyTorch"] = lambda: torch.randperm(N)
    return found


def main() -> None:
    """Print the table."""
    print(f"a million numbers, ms; NumPy {np.__version__}, Python {platform.python_version()}, {platform.machine()}")
    for what, calls in rows().items():
        times = {who: best(call) for who, call in calls.items()}
        ratio = times["chainrule"] / min(times["RandomState"], times["Generator"])
        print(
            f"{what:18}",
            *(f"{who} {ms:6.2f}" for who, ms in times.items()),
            f"ours / NumPy's best {ratio:.2f}",
            sep="   ",
        )


if __name__ == "__main__":
    main()
