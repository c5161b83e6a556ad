"""Samples per record: what `test_registry.py` feeds to every operation.

One file per family in `ops/`, each with a dict `ROWS` from record name to `Row`. A record without a
row fails the registry test.
"""

from __future__ import annotations

import importlib
import pkgutil
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule.op import Op


@dataclass(frozen=True)
class Row:
    """How one record is tested.

    `reference(*args, **params)` is NumPy or SciPy, written independently of the record's forward
    where that is possible. `samples` are pairs (args, params): float64 arrays (values in the
    domain, away from kinks), integer or boolean arrays where the operation takes them, numbers,
    None; with 0-d, empty and broadcast cases where the operation has them. An elementwise record
    needs no samples: they are made from its `domain` and `kinks`.

    `notes` may hold: `params`, the parameters for the samples that are made; `integers=False`, no
    integer samples are made; `torch`, the function of PyTorch with the record's arguments and
    parameters, where it is not `getattr(torch, name)` (None: there is none);
    `shape_depends_on_values`, as in `unique`: there is no formula for it;
    `edges=False`, it differs from PyTorch at zeros, infinities or NaN, and says why.
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


# ── samples of elementwise records ──────────────────────────────────────────────────────────────

NEAR = 0.05  # how near to a kink a sample may not come
SPAN = 3.0  # samples of an unbounded domain lie in (−3, 3), or 3 wide beside the bound


def elementwise_samples(op: Op, row: Row) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Label, arguments and parameters of generated calls, among them every layout that arrays come in."""
    rng = np.random.default_rng(zlib.crc32(op.name.encode()))
    params = row.notes.get("params", {})
    n = len(op.args)
    shapes = {
        "matrix": [(3, 4)] * n,
        "scalar": [()] * n,
        "empty": [(0, 3)] * n,
    }
    if n > 1:
        shapes["broadcast"] = [((2, 1, 3), (4, 1), ())[i % 3] for i in range(n)]
        shapes["grown"] = [((), (2, 2), (2,))[i % 3] for i in range(n)]
    for label, sizes in shapes.items():
        yield label, tuple(drawn(op, rng, sizes)), params
    yield "transposed", tuple(a.T.copy().T for a in drawn(op, rng, [(3, 4)] * n)), params
    yield "strided", tuple(_strided(a) for a in drawn(op, rng, [(4,)] * n)), params
    if n > 1 and op.promotion is not None:
        first, *others = drawn(op, rng, [(2, 3)] + [()] * (n - 1))
        yield "numbers", (first, *map(float, others)), params
    if op.promotion is not None and row.notes.get("integers", True) and (whole := _integers(op, rng, [(2, 3)] * n)):
        yield "integers", tuple(whole), params


def drawn(op: Op, rng: np.random.Generator, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray[Any, Any]]:
    """Arguments of these shapes inside of the record's domain and away from its kinks."""
    ranges = [_range(op, name) for name in op.args]
    arrays = [rng.uniform(low, high, shape) for (low, high), shape in zip(ranges, shapes, strict=True)]
    for _ in range(1000):
        bad = [_near_kink(op, i, arrays) for i in range(len(arrays))]
        if not any(b.any() for b in bad):
            return arrays
        for a, b, (low, high) in zip(arrays, bad, ranges, strict=True):
            a[...] = np.where(b, rng.uniform(low, high, a.shape), a)
    raise ValueError(f"{op.name}: no samples away from the kinks {op.kinks} in {ranges}")


def _range(op: Op, name: str) -> tuple[float, float]:
    domain = op.domain.get(name) if isinstance(op.domain, Mapping) else op.domain
    low, high = domain or (-np.inf, np.inf)
    if np.isinf(low):
        low = -SPAN if high > 0 else high - SPAN
    if np.isinf(high):
        high = max(SPAN, low + SPAN)
    margin = NEAR * (high - low)
    return low + margin, high - margin


def _near_kink(op: Op, i: int, arrays: list[np.ndarray[Any, Any]]) -> np.ndarray[Any, Any]:
    """Which elements of argument `i` are too near to a kink."""
    if callable(op.kinks):
        near = np.broadcast_to(np.abs(op.kinks(*arrays)) < NEAR, np.broadcast_shapes(*(a.shape for a in arrays)))
        lead = near.ndim - arrays[i].ndim
        near = near.any(axis=tuple(range(lead)))
        ones = tuple(k for k, n in enumerate(arrays[i].shape) if n == 1)
        return near.any(axis=ones, keepdims=True)
    points = op.kinks.get(op.args[i], ()) if isinstance(op.kinks, Mapping) else op.kinks
    near = np.zeros(arrays[i].shape, bool)
    for point in points:
        near |= np.abs(arrays[i] - point) < NEAR
    return near


def _integers(op: Op, rng: np.random.Generator, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray[Any, Any]]:
    arrays = []
    for name, shape in zip(op.args, shapes, strict=True):
        low, high = _range(op, name)
        inside = np.arange(np.ceil(low), np.floor(high) + 1).astype(np.int64)
        if not inside.size:
            return []
        arrays.append(rng.choice(inside, shape))
    return arrays


def _strided(a: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    out = np.zeros((2 * len(a), 2))[::2, 1]
    out[...] = a
    return out
