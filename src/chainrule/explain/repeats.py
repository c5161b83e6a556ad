"""Blocks that come several times in a row: a loop over time steps, a stack of layers."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

import numpy as np

from .recorded import Value
from .wiring import Wiring

LONGEST = 2000  # operations and groups in a block; longer ones are not looked for
SAVED = 6  # operations after the first block: with fewer, a fold is not worth its box


class Run(NamedTuple):
    """`times` blocks of `period` items each, the first at `start`."""

    start: int
    period: int
    times: int


class Structure:
    """Numbers that are equal where operations, or stretches of them, are alike."""

    def __init__(self, wiring: Wiring):
        self.wiring = wiring
        self._numbers: dict[Hashable, int] = {}
        self.kinds = [self._number(_kind(wiring, i)) for i in range(len(wiring.steps))]

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def stretch(self, start: int, stop: int) -> int:
        """The same for stretches with the same operations on the same shapes."""
        return self.kinds[start] if stop == start + 1 else self._number(tuple(self.kinds[start:stop]))

    def inside(self, start: int, stop: int) -> int:
        """The same for stretches that are wired alike inside as well."""
        first: dict[Value, int] = {}
        wiring = self.wiring

        def wire(operand: Any) -> Hashable:
            if not isinstance(operand, Value):
                return None
            value = wiring.seen_through.get(operand, operand)
            at = wiring.made.get(value, -1)
            if at >= start:
                return at - start, wiring.steps[at].operation.outputs.index(value)
            return first.setdefault(value, len(first)) if value in wiring.weights else None

        wires = tuple(tuple(map(wire, step.operation.args)) for step in wiring.steps[start:stop])
        return self._number((*self.kinds[start:stop], wires))

    def weights(self, start: int, stop: int) -> list[Value]:
        """The parameters that a stretch uses, in the order of their first use."""
        known, made = self.wiring.weights, self.wiring.made
        used = (v for step in self.wiring.steps[start:stop] for v in step.inputs)
        return list(dict.fromkeys(v for v in used if v in known and made.get(v, -1) < start))


def _kind(wiring: Wiring, i: int) -> Hashable:
    operation = wiring.steps[i].operation
    results = tuple((v.shape, str(v.dtype)) for v in operation.outputs)
    return operation.name, results, tuple(_operand(wiring, a) for a in operation.args)


def _operand(wiring: Wiring, operand: Any) -> Hashable:
    """The shape of a tensor, whichever it is, and whether it is a parameter; other values may differ."""
    weight = isinstance(operand, Value) and wiring.seen_through.get(operand, operand) in wiring.weights
    return getattr(operand, "shape", None), weight


def runs(structure: Structure, spans: Sequence[tuple[int, int]]) -> list[Run]:
    """The repeated blocks among items that span the given operations; those that save most come first, then in order.

    Takes time in proportion to n · min(n, LONGEST) simple comparisons, done by NumPy.
    """
    kinds = np.array([structure.stretch(*span) for span in spans])
    found = []
    for period in range(1, min(len(kinds) // 2, LONGEST) + 1):
        same = kinds[:-period] == kinds[period:]
        if np.count_nonzero(same) < period:
            continue
        edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False]))))
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            if stop - start >= period:
                found.append(Run(start, period, (stop - start) // period + 1))
    taken = np.zeros(len(kinds), bool)
    chosen = []
    for run in sorted(found, key=lambda run: (-(run.times - 1) * run.period, run.period)):
        if not taken[run.start : run.start + run.period * run.times].any():
            for part in _wired_alike(structure, spans, run):
                taken[part.start : part.start + part.period * part.times] = True
                chosen.append(part)
    return sorted(chosen)


def _wired_alike(structure: Structure, spans: Sequence[tuple[int, int]], run: Run) -> list[Run]:
    """The parts of a run whose blocks are wired alike inside, as far as they are worth a fold."""
    starts = range(run.start, run.start + run.period * run.times, run.period)
    blocks = [(spans[i][0], spans[i + run.period - 1][1]) for i in starts]
    wires = [structure.inside(*block) for block in blocks]
    parts, first = [], 0
    for i in range(1, len(wires) + 1):
        if i == len(wires) or wires[i] != wires[first]:
            if (i - first - 1) * (blocks[first][1] - blocks[first][0]) >= SAVED:
                parts.append(Run(starts[first], run.period, i - first))
            first = i
    return parts
