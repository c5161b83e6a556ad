"""Which operation makes a tensor and which ones use it: what folding and drawing ask of the graph."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from .recorded import Operation, Value

# Operations that move no number: a picture may pass over them.
PASSING = frozenset(
    ("alias", "clone", "contiguous", "expand", "permute", "reshape", "squeeze", "t", "to_copy", "transpose")
    + ("unsqueeze", "view")
)
Path = tuple[str, ...]  # the parts of a qualified name


class Step(NamedTuple):
    """One operation of the picture, and the tensors that flow into it."""

    operation: Operation
    inputs: list[Value]


class Wiring:
    """The operations in their order; for every tensor, where it is made and used. Hidden views are passed over."""

    def __init__(self, operations: Sequence[Operation], roots: Iterable[Value] = (), *, views: bool = True):
        self.roots = set(roots)
        self.steps: list[Step] = []
        self.made: dict[Value, int] = {}
        self.last_use: dict[Value, int] = {}
        self.seen_through: dict[Value, Value] = {}  # what a hidden view was made from
        for operation in operations:
            inputs = [self.seen_through.get(v, v) for v in operation.inputs]
            if not views and self._passes(operation):
                self.seen_through[operation.outputs[0]] = inputs[0]
                continue
            here = len(self.steps)
            for value in inputs:
                self.last_use[value] = here
            self.made.update(dict.fromkeys(operation.outputs, here))
            self.steps.append(Step(operation, inputs))
        self.weights = self._weights()

    def _passes(self, operation: Operation) -> bool:
        return operation.name in PASSING and len(operation.inputs) == 1 and self.roots.isdisjoint(operation.outputs)

    def _weights(self) -> dict[Value, Path]:
        """Parameters, and what is made of nothing else (the transpose of one), with the module they belong to."""
        weights: dict[Value, Path] = {}
        for operation, inputs in self.steps:
            for value in inputs:
                if value.kind == "parameter":
                    weights.setdefault(value, module_of(value.name))
            of = [weights[v] for v in inputs if v in weights]
            constant = any(isinstance(a, np.ndarray) and a.ndim for a in operation.args)  # a small one without a name
            if of and len(of) == len(inputs) and not constant:
                weights.update(dict.fromkeys(operation.outputs, common(of)))
        return weights


def module_of(name: str) -> Path:
    """`encoder.0.weight` belongs to `encoder.0`."""
    return tuple(name.split(".")[:-1])


def common(paths: Sequence[Path]) -> Path:
    """The longest beginning that all have."""
    low, high = min(paths), max(paths)
    n = 0
    while n < min(len(low), len(high)) and low[n] == high[n]:
        n += 1
    return low[:n]
