"""Timing peers side by side: in rounds, each in turn, so that a noisy moment hits them all.

Everything runs on one thread. With two, PyTorch waits at OpenMP's barriers for a thread that another
process keeps off its core: on a machine with two cores and one more busy process, a step of 115 µs was
seen to take 2 to 16 ms, in every round, so that not even the least of them was true. On a quiet machine
one thread is also the quicker choice for work this small (111 against 117 µs): it favours PyTorch.
"""

from __future__ import annotations

import gc
import importlib
import importlib.metadata
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"  # before NumPy or a peer is imported


@dataclass
class Row:
    """One measurement: our time, the peers' times, and the ratio that was asked for."""

    what: str
    times: Mapping[str, float]  # seconds by name; "chainrule" is among them
    against: str = ""  # the peer of the ratio
    target: float | None = None  # the ratio that must not be exceeded
    unit: str = "µs"
    note: str = ""
    noisy: bool = False  # times that differed too much between the rounds to be believed
    ratio: float | None = field(default=None)

    def __post_init__(self) -> None:
        self.noisy = self.noisy or getattr(self.times, "noisy", False)
        if self.ratio is None and self.times.get(self.against):
            self.ratio = self.times["chainrule"] / self.times[self.against]

    @property
    def verdict(self) -> str:
        """Whether the target was met; empty if there is none or no ratio."""
        if self.target is None or self.ratio is None:
            return ""
        found = "met" if self.ratio <= self.target else "MISSED"
        return f"{found}, but noisy: run again" if self.noisy else found


NOISE = 1.5  # a median this many times the least says that other processes took part
SCALES = {"µs": 1e6, "ms": 1e3, "s": 1.0, "bytes": 1.0}


def peer(name: str):
    """A peer's module, or None where it is not installed."""
    try:
        module = importlib.import_module(name)
    except ImportError:
        print(f"  ({name} is not installed: left out)", file=sys.stderr)
        return None
    if name == "torch":
        module.set_num_threads(1)
    return module


class Times(dict[str, float]):
    """Seconds by name, and whether the rounds agreed."""

    noisy = False


def side_by_side(contestants: Mapping[str, Callable[[], object]], rounds: int = 15, seconds: float = 0.02) -> Times:
    """The time of one call of each, in seconds: the least of all rounds, in which they take turns.

    The least is what the code costs; everything above it is what the machine did besides. Where the
    median is half as much again, the machine was busy and the result says that it is noisy.
    """
    loops = {name: _loops_for(f, seconds) for name, f in contestants.items()}
    times: dict[str, list[float]] = {name: [] for name in contestants}
    gc_was_enabled = gc.isenabled()
    gc.disable()
    try:
        for _ in range(rounds):
            for name, f in contestants.items():
                n = loops[name]
                start = time.perf_counter()
                for _ in range(n):
                    f()
                times[name].append((time.perf_counter() - start) / n)
            gc.collect()
    finally:
        if gc_was_enabled:
            gc.enable()
    result = Times({name: min(found) for name, found in times.items()})
    result.noisy = any(median(found) > NOISE * min(found) for found in times.values())
    return result


def _loops_for(f: Callable[[], object], seconds: float) -> int:
    f()
    start = time.perf_counter()
    f()
    once = time.perf_counter() - start
    return max(1, round(seconds / max(once, 1e-7)))


def processes(sources: Mapping[str, str], rounds: int = 5) -> dict[str, float]:
    """The time of a whole Python process per source text, in seconds: the median, taking turns."""
    times: dict[str, list[float]] = {name: [] for name in sources}
    for number in range(rounds + 1):  # the first round fills the caches and is not counted
        for name, source in sources.items():
            start = time.perf_counter()
            subprocess.run([sys.executable, "-c", source], check=True, stdout=subprocess.DEVNULL)
            if number:
                times[name].append(time.perf_counter() - start)
    return {name: median(found) for name, found in times.items()}


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table, one column per peer."""
    names: dict[str, None] = {}
    for row in rows:
        names |= dict.fromkeys(row.times)
    head = ["", *names, "ratio", "target", ""]
    lines = [head, ["---"] + ["---:"] * (len(head) - 2) + ["---"]]
    for row in rows:
        scale = SCALES[row.unit]
        cells = [f"{row.times[n] * scale:,.4g} {row.unit}" if n in row.times else "" for n in names]
        ratio = f"{row.ratio:.2f} × {row.against}".strip(" ×") if row.ratio is not None else ""
        target = f"≤ {row.target:g}" if row.target is not None else ""
        lines.append([row.what, *cells, ratio, target, " ".join(filter(None, [row.verdict, row.note]))])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def machine() -> str:
    """The kind of machine and the versions, for the record; nothing that names the machine."""
    model = platform.machine()
    try:
        with open("/proc/cpuinfo") as info:
            model = next(line.split(":")[1].strip() for line in info if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    versions = [f"Python {platform.python_version()}"]
    for name in ("numpy", "torch", "jax", "autograd"):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return f"{model}, {os.cpu_count()} cores; {', '.join(versions)}"
