"""Samples per record: what `test_registry.py` feeds to every operation.

One file per family in `ops/`, each with a dict `ROWS` from record name to `Row`. A record without a
row fails the registry test.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Row:
    """How one record is tested.

    `reference(*args, **params)` is NumPy or SciPy, written independently of the record's forward
    where that is possible. `samples` are pairs (args, params): float64 arrays (values in the
    domain, away from kinks), integer or boolean arrays where the operation takes them, numbers,
    None; with 0-d, empty and broadcast cases where the operation has them. An elementwise record
    needs no samples: they are made from its `domain` and `kinks`.
    """

    reference: Callable[..., Any]
    samples: Sequence[tuple[tuple[Any, ...], dict[str, Any]]] = ()
    complex_step: bool = False  # the forward is analytic and NumPy computes it for complex input
    second: bool = True  # whether the second derivative exists
    tolerance: float = 1e-6
    notes: dict[str, Any] = field(default_factory=dict)


def all_rows() -> dict[str, Row]:
    """The rows of every family."""
    rows: dict[str, Row] = {}
    for module in pkgutil.iter_modules(__path__):
        family = importlib.import_module(f"{__name__}.{module.name}").ROWS
        if doubled := rows.keys() & family.keys():
            raise ValueError(f"rows given twice: {sorted(doubled)}")
        rows.update(family)
    return rows
