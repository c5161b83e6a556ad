"""All benchmarks, each in a process of its own, and their table in `benchmarks/README.md`.

A process each, because what one benchmark imports burdens the next: with PyTorch's and JAX's 240,000 objects
on the heap, Python's collector makes a node of a long chain a fifth more expensive.

`python benchmarks/run.py [name …]` runs those named (`lecture`, `rows` …); the README is written only
when all of them ran. Missed targets do not fail: they are reported.
"""

from __future__ import annotations

import datetime
import importlib
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from timing import Row, machine, table

HERE = Path(__file__).parent
NAMES = ("lecture", "small_ops", "growth", "rows", "explain", "import")
START, END = "<!-- results -->", "<!-- end of results -->"


def report(results: dict[str, list[Row]]) -> str:
    """Markdown: when and on what, a table per question, and how many targets were met."""
    judged = [row for rows in results.values() for row in rows if row.verdict]
    met = sum(row.verdict == "met" for row in judged)
    parts = [
        f"{datetime.date.today():%d %B %Y}, {machine()}; every peer on one thread.",
        f"Targets met: {met} of {len(judged)}; not met: {len(judged) - met}, among them those marked noisy.",
    ]
    for name, rows in results.items():
        question = (importlib.import_module(f"bench_{name}").__doc__ or name).split("\n")[0]
        parts += [f"## {question}", table(rows)]
    return "\n\n".join(parts)


def main(chosen: list[str]) -> None:
    """Run the chosen benchmarks, or all of them."""
    results = {}
    for name in chosen or NAMES:
        print(f"── {name}", flush=True)
        command = [sys.executable, __file__, "--child", name]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        results[name] = [Row(**row) for row in json.loads(output)]
        print(table(results[name]), flush=True)
    if not chosen:
        readme = HERE / "README.md"
        before, _, rest = readme.read_text(encoding="utf-8").partition(START)
        after = rest.partition(END)[2]
        readme.write_text(f"{before}{START}\n\n{report(results)}\n\n{END}{after}", encoding="utf-8")
        print("written to benchmarks/README.md")


def child(name: str) -> None:
    """Run one benchmark and print its rows as JSON."""
    print(json.dumps([asdict(row) for row in importlib.import_module(f"bench_{name}").run()]))


if __name__ == "__main__":
    child(sys.argv[2]) if sys.argv[1:2] == ["--child"] else main(sys.argv[1:])
