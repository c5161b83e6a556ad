"""The table that `print(explain(loss))` shows."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from ..expr import Expr, formula
from .catalogue import say
from .program import Program, Statement
from .recorded import Operation, Value


class Line(NamedTuple):
    """A line of the table: what is computed, its formula, shape, and what is worth knowing about its numbers."""

    statement: Statement
    left: str
    right: str
    shape: str
    notes: str


def size(shape: tuple[int, ...]) -> str:
    """`64×3`; `scalar` for no dimensions."""
    return "×".join(map(str, shape)) or "scalar"


def shown_names(program: Program) -> tuple[dict[str, str], dict[str, tuple[str, str]]]:
    """For each symbol the name it is shown by; for the gradients of what, by what."""
    names = {v.identifier: v.name for v in program.recorded.values}
    roots = program.recorded.roots
    loss = roots[0].name if len(roots) == 1 else "L"
    derivatives = {s.name: (loss, s.of.name) for s in [*program.full, *program.short] if s.phase == "backward"}
    seeds = [root for root in roots if root.shape]
    derivatives |= {
        seed.args[0]: (loss if len(roots) > 1 else "Σ", root.name)
        for seed, root in zip(program.seeds, seeds, strict=True)
    }
    return names, derivatives


def written(program: Program, expr: Expr) -> str:
    """A formula with the user's names, on paper."""
    names, derivatives = shown_names(program)
    return formula(expr, names=names, derivatives=derivatives)


def lines(explanation: Any) -> list[Line]:
    """The table, line by line."""
    program, values = explanation.program, explanation.values
    names, derivatives = shown_names(program)
    found = []
    for s in program.short:
        left = formula(s.target, names=names, derivatives=derivatives)
        right = formula(s.value, names=names, derivatives=derivatives)
        shape = size(s.target.shape) if s.target.shape else say("table.scalar", explanation.lang)
        found.append(Line(s, left, right, shape, notes(s, values, explanation.lang)))
    return found


def notes(s: Statement, values: dict[str, Any], lang: str) -> str:
    """What is worth knowing about the numbers: the value of a scalar, the norm of a gradient, what masks stop."""
    array = values.get(s.name)
    if array is None:  # it depends on a leaf that is gone
        return ""
    if s.phase == "forward":
        return f"{array.item():.5g}" if not array.shape else ""
    if not array.size:
        return say("table.empty", lang)
    norm = f"‖·‖ {np.linalg.norm(array.astype(np.float64)):.3g}"
    share = stopped(s, values)
    return norm if share is None else f"{norm}   {say('table.stopped', lang, percent=f'{100 * share:.0f}')}"


def stopped(s: Statement, values: dict[str, Any]) -> float | None:
    """The share of entries whose gradient a mask (ReLU, clamp, where, dropout) stops; None where there is none."""
    shares = [mask_share(o, s.of, values) for o in s.operations if any(a is s.of for a in o.args)]
    found = [share for share in shares if share is not None]
    return found[0] if len(found) == 1 and len(s.operations) == 1 else None


def mask_share(operation: Operation, argument: Value, values: dict[str, Any]) -> float | None:
    """The share of an operation's entries at which its slope is a mask's zero."""
    op = operation.op
    if op is None or not op.elementwise:
        return None
    i = next(i for i, a in enumerate(operation.args) if a is argument)
    step: Any = op.steps[i]
    rule, pick, _ = step
    if rule is None:
        return None
    numbers: list[Any] = [values.get(a.identifier) if isinstance(a, Value) else a for a in operation.args]
    y = values.get(operation.outputs[0].identifier)
    if y is None or any(x is None for x in numbers):
        return None
    if op.name == "mul":  # by a constant that holds zeros, as dropout's
        other = operation.args[1 - i]
        constant = isinstance(other, Value) and not other.tracked and other.array is not None
        return float(np.mean(other.array == 0)) if constant and (other.array == 0).any() else None
    kept = (None, y, *numbers, *operation.params.values(), *(np.shape(numbers[k]) for k in op.shape_args))
    with np.errstate(all="ignore"):
        slope = np.asarray(rule(*pick(kept)))
    return float(np.mean(~slope)) if slope.dtype == bool and slope.size else None


def as_text(explanation: Any) -> str:
    """The table with aligned columns."""
    rows = lines(explanation)
    wide = max((len(r.left) for r in rows if r.statement.phase == "backward"), default=0)
    bodies = [f"{r.left:<{wide if r.statement.phase == 'backward' else 0}} = {r.right}" for r in rows]
    width = min(max(map(len, bodies), default=0), 72)
    shapes = max((len(r.shape) for r in rows), default=0)
    out, phase = [], ""
    for row, body in zip(rows, bodies, strict=True):
        head = say(f"table.{row.statement.phase}", explanation.lang) if row.statement.phase != phase else ""
        phase = row.statement.phase
        out.append(f"{head:<11}{body:<{width}}    {row.shape:<{shapes}}   {row.notes}".rstrip())
    return "\n".join(out)
