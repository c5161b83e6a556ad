"""Both passes as a NumPy module that a person could have written, and running it."""

from __future__ import annotations

import ast
import itertools
import linecache
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import GraphError
from ..expr import Expr, walk
from ..expr.expression import SYMBOL
from ..expr.numpy_source import Writer
from .program import Program, Statement
from .recorded import function_word

WIDTH = 100  # of a line
SHOWN = 6  # users of a tensor that a comment names
_numbers = itertools.count(1).__next__


class Module:
    """The source, what it takes and what it gives."""

    def __init__(self, program: Program):
        self.program = program
        self.writer = Writer([s.name for s in program.short] + list(_read(program.short, {})))
        forward = [self._lines(s) for s in program.forward]
        self.writer.new_scope()
        backward = [self._lines(s) for s in program.backward]
        made = {s.name: s.target for s in program.forward}
        loose = {
            n: Expr.symbol(n, a.shape, a.dtype) for n, a in self.writer.constants.items()
        }  # too large to write out
        inputs = _read(program.forward, made) | loose
        inputs |= {v.identifier: v.symbol for v in program.recorded.roots if v.kind == "parameter"}
        needed = _read(program.backward, {s.name: s.target for s in program.backward})
        roots = {root.identifier: root.symbol for root in program.recorded.roots}
        seeds = {seed.args[0]: seed for seed in program.seeds}
        saved = {n: s for n, s in made.items() if n in needed and n not in roots}
        first = {n: s for n, s in (seeds | inputs | made).items() if n in needed or n in seeds or n in loose}
        self.inputs, self.results = list(inputs.values()), list((roots | saved).values())
        self.taken = list((first | needed).values())
        self.leaves = [v for v in program.recorded.leaves if v in program.gradients]
        self.functions = {o.name: o for o in program.recorded.operations if o.op is None}
        self.text = self._text(forward, backward)
        self.file = f"<backprop of {program.recorded.roots[0].identifier}, {_numbers()}>"
        linecache.cache[self.file] = (len(self.text), None, self.text.splitlines(True), self.file)

    def _lines(self, s: Statement) -> list[str]:
        return [part for line in self.writer.statements(s.name, s.value) for part in _wrapped(line)]

    def _text(self, forward: list[list[str]], backward: list[list[str]]) -> str:
        loss = self.program.recorded.roots[0]
        out = [f'"""The forward and backward pass of {loss.name}, written out."""', ""]
        if self.functions:
            out.insert(1, f"# {', '.join(self.functions)}: your own Function, put into this module before it is run")
        out += self.writer.imports
        for helper in self.writer.helpers:
            out += ["", "", *helper.splitlines()]
        out += ["", "", *_call("def ", "forward", self.inputs, ":")]
        out += [f"    {line}" for lines in forward for line in lines]
        out += [f"    {line}" for line in _call("return ", "", self.results, "")]
        out += ["", "", *_call("def ", "backward", self.taken, ":")]
        out += [f"    {line}" for line in self._commented(forward, backward)]
        targets = {s.of: s.target for s in self.program.backward}
        results = [targets.get(v, self.program.gradients[v]) for v in self.leaves]
        out += [f"    {line}" for line in _call("return ", "", results, "")]
        return "\n".join(out)

    def _commented(self, forward: list[list[str]], backward: list[list[str]]) -> Iterable[str]:
        """The backward lines, each group under the forward line that it belongs to."""
        line_of, name_of = {}, {}
        for s, lines in zip(self.program.forward, forward, strict=True):
            for operation in s.operations:
                whole = "; ".join(lines)
                line_of[operation] = whole if len(whole) <= WIDTH else f"{s.name} = …"
                name_of[operation] = s.name
        last: Any = None
        for s, lines in zip(self.program.backward, backward, strict=True):
            consumers = [o for o in s.operations if o in line_of]
            from_lines = tuple(dict.fromkeys(line_of[o] for o in consumers))
            if len(from_lines) > 2:
                names = list(dict.fromkeys(name_of[o] for o in consumers))
                rest = f" … ({len(names)} in all)" if len(names) > SHOWN else ""
                from_lines = (f"{s.of.identifier} is used by {', '.join(names[:SHOWN])}{rest}",)
            if from_lines != last:
                yield from (f"# {line}" for line in from_lines)
                last = from_lines
            yield from lines

    def run(self, explanation: Any) -> dict[str, np.ndarray[Any, Any]]:
        """Run both functions on the present values."""
        values = explanation.values | self.writer.constants
        if gone := [s.args[0] for s in self.inputs if s.args[0] not in values]:
            raise GraphError(
                f"run_numpy(): {', '.join(gone)} is needed, which nothing holds any more; keep the parameters in "
                "variables, a list or a module while the graph is explained"
            )
        space: dict[str, Any] = {"__name__": self.file}
        space |= {name: _Function(operation) for name, operation in self.functions.items()}
        exec(compile(self.text, self.file, "exec"), space)
        with np.errstate(all="ignore"):
            made = space["forward"](*(values[s.args[0]] for s in self.inputs))
            made = made if len(self.results) > 1 else (made,)
            self._check(made)
            known = values | dict(zip((s.args[0] for s in self.results), made, strict=True))
            found = space["backward"](*(known[s.args[0]] for s in self.taken))
        found = found if len(self.leaves) > 1 else (found,)
        return {leaf.name: np.asarray(g) for leaf, g in zip(self.leaves, found, strict=True)}

    def _check(self, made: Sequence[Any]) -> None:
        """Whether what was run again is what was recorded."""
        recorded = {v.identifier: v for v in self.program.recorded.values if v.operation is not None}
        for symbol, again in zip(self.results, made, strict=True):
            value = recorded.get(symbol.args[0])
            if value is None:  # a leaf that is a root itself
                continue
            if value.array is not None and not _is_close(again, value.array):
                raise GraphError(
                    f"run_numpy(): {value.name} comes out different from what was recorded: something that it was "
                    f"made from ({', '.join(s.args[0] for s in self.inputs)}) was changed after the forward pass"
                )


def _is_close(a: Any, b: Any) -> bool:
    if b.dtype.kind != "f" or not b.size:
        return True
    step = float(np.finfo(b.dtype).eps)
    size = float(np.abs(b[np.isfinite(b)]).max(initial=0.0))
    return np.allclose(a, b, step**0.5, max(step**0.5 * size, 1000 * step), equal_nan=True)  # of a sum that is zero


class _Function:
    """A user's Function, so that the module can call its forward and its backward on arrays."""

    def __init__(self, operation: Any):
        self.forward = function_word(operation, backward=False)
        self.backward = function_word(operation, backward=True)


def _read(statements: Sequence[Statement], made: dict[str, Expr]) -> dict[str, Expr]:
    """The symbols that are read and not made, in the order of their first use."""
    found: dict[str, Expr] = {}
    for statement in statements:
        for node in walk(statement.value):
            if node.word == SYMBOL and node.args[0] not in made:
                found.setdefault(node.args[0], node)
    return found


_SUMS: Any = (ast.Add, ast.Sub)
_PRODUCTS: Any = (ast.Mult, ast.Div, ast.MatMult)


def _wrapped(line: str) -> list[str]:
    """A line that is too long, broken before the operators of its sum or product."""
    if len(line) <= WIDTH:
        return [line]
    statement = ast.parse(line).body[0]
    if not isinstance(statement, (ast.Assign, ast.AugAssign)) or not isinstance(statement.value, ast.BinOp):
        return [line]
    raw, node, breaks = line.encode(), statement.value, []
    kinds = _SUMS if isinstance(node.op, _SUMS) else _PRODUCTS
    while isinstance(node, ast.BinOp) and isinstance(node.op, kinds):
        left = raw[node.left.end_col_offset : node.right.col_offset].rstrip(b"( ")  # `) *`: what stands in between
        breaks.append(node.left.end_col_offset + len(left) - 1)  # type: ignore[operator]
        if b")" in left:
            break
        node = node.left  # type: ignore[assignment]
    start = statement.value.col_offset
    ends = [start, *reversed(breaks), len(raw)]
    parts = [raw[a:b].decode().strip() for a, b in itertools.pairwise(ends)]
    return [raw[:start].decode() + "(", *(f"    {part}" for part in parts), ")"]


def _call(head: str, name: str, symbols: Sequence[Expr], tail: str) -> list[str]:
    """`def forward(x, w):` or `return a, b`, over several lines where it is long."""
    names = [s.args[0] if s.word == SYMBOL else str(s) for s in symbols]
    inside = ", ".join(names)
    line = f"{head}{name}({inside}){tail}" if name else f"{head}{inside}"
    if len(line) <= WIDTH:
        return [line]
    rows: list[str] = []
    row = ""
    for n in names:
        if len(row) + len(n) > WIDTH - 8:
            rows, row = [*rows, row.rstrip()], ""
        row += f"{n}, "
    return [f"{head}{name}(", *(f"    {r}" for r in [*rows, row.rstrip()]), f"){tail}"]
