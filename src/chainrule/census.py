"""What graphs are alive, and which lines made them: the answer to "why does memory grow?"."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from .graph import AccumulateGrad, Node, Output


@dataclass(frozen=True)
class CensusRow:
    """The nodes alive that one operation on one line made, and the bytes that only they may hold."""

    line: str
    operation: str
    nodes: int
    bytes: int


class Census(list[CensusRow]):
    """Rows, the largest first; printed as a table."""

    def __str__(self) -> str:
        if not self:
            return "no graph is alive"
        nodes, size = sum(r.nodes for r in self), sum(r.bytes for r in self)
        head = f"{nodes} nodes alive, {size:,} bytes saved for backward"
        width = max(len(r.line) for r in self)
        body = [f"  {r.line:<{width}}  {r.operation:<16} {r.nodes:>8} nodes {r.bytes:>14,} bytes" for r in self]
        return "\n".join([head, *body])


def graph_census() -> Census:
    """Count the nodes alive and the bytes they keep, by the line that made them.

    Nothing is counted while recording: the nodes are looked up among the objects of the cycle
    collector, so a call takes time in proportion to all objects of the process. An array that
    several nodes keep is counted for the first of them only.

    >>> import chainrule as cr
    >>> x = cr.ones(1000, requires_grad=True)
    >>> kept = x.exp()
    >>> [(row.operation, row.nodes, row.bytes) for row in cr.graph_census() if row.bytes == 4000]
    [('exp', 1, 4000)]
    """
    counts: dict[tuple[str, str], list[int]] = {}
    seen: set[int] = set()
    for node in sorted(_nodes_alive(), key=lambda n: n.number):
        name = node.op.name if node.op is not None else node.name()
        entry = counts.setdefault((node.line, name), [0, 0])
        entry[0] += 1
        for array in _arrays(node.saved):
            owner = array if array.base is None else array.base
            if id(owner) not in seen:
                seen.add(id(owner))
                entry[1] += getattr(owner, "nbytes", array.nbytes)
    rows = [CensusRow(line, name, nodes, size) for (line, name), (nodes, size) in counts.items()]
    return Census(sorted(rows, key=lambda r: (-r.bytes, -r.nodes, r.line)))


def _nodes_alive() -> list[Any]:
    kinds = [(n, type(n)) for n in gc.get_objects()]  # not isinstance: it asks strangers for their __class__
    return [n for n, kind in kinds if issubclass(kind, Node) and not issubclass(kind, (AccumulateGrad, Output))]


def _arrays(saved: Any) -> Iterator[np.ndarray[Any, Any]]:
    for value in saved or ():
        if isinstance(value, np.ndarray):
            yield value
        elif isinstance(value, tuple):
            yield from (v for v in value if isinstance(v, np.ndarray))
