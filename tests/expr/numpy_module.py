"""Formulas written as a module, run where only NumPy and SciPy can be imported."""

from __future__ import annotations

import builtins
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule.expr import Expr, Writer


def module(names: Sequence[str], *formulas: Expr) -> tuple[str, dict[str, Any]]:
    """A module with `f(names…)` that returns the formulas' values as a tuple, and the constants it takes."""
    writer = Writer(names)
    targets = [f"y{i}_" for i in range(len(formulas))]
    lines = [line for target, e in zip(targets, formulas, strict=True) for line in writer.statements(target, e)]
    arguments = ", ".join([*names, *writer.constants])
    body = "\n".join(f"    {line}" for line in [*lines, f"return {', '.join(targets)},"])
    parts = ["\n".join(writer.imports), *writer.helpers, f"def f({arguments}):\n{body}"]
    return "\n\n\n".join(parts), dict(writer.constants)


def only_numpy(name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0) -> Any:
    """`__import__` that refuses whatever is not NumPy, SciPy or Python's own."""
    asked_by = (globals or {}).get("__name__")
    if asked_by == "generated" and name.partition(".")[0] not in ("numpy", "scipy", "math", "itertools"):
        raise ImportError(f"the source imports {name}")
    return builtins.__import__(name, globals, locals, fromlist, level)


def run(source: str, values: Mapping[str, Any]) -> tuple[Any, ...]:
    """What `f` of a module gives for these values."""
    space: dict[str, Any] = {"__name__": "generated", "__builtins__": {**vars(builtins), "__import__": only_numpy}}
    exec(compile(source, "<generated>", "exec"), space)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # such as "Degrees of freedom <= 0"
        return space["f"](**values)
