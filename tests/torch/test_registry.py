"""Every record whose name PyTorch knows, or whose Row names PyTorch's function, against PyTorch.

Values, dtypes and gradients on the samples of the registry test; for elementwise records also at the
kinks and at the edges: zeros of both signs, infinities, NaN.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from chainrule import record
from chainrule.op import REGISTRY

from ..samples import all_rows
from ..test_registry import cases, close, incoming, is_float, results, tensor

torch = pytest.importorskip("torch")

SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, np.inf, -np.inf, np.nan]


def counterpart(name: str) -> Any:
    """PyTorch's function for a record; None where there is none."""
    notes = ROWS[name].notes
    if "torch" in notes:
        return notes["torch"]
    if not REGISTRY[name].elementwise and REGISTRY[name].kind != "discrete":
        return None
    return None if REGISTRY[name].params else getattr(torch, name, getattr(torch.special, name, None))


ROWS = all_rows()
FUNCTIONS = {name: f for name in sorted(REGISTRY.keys() & ROWS.keys()) if (f := counterpart(name)) is not None}
CASES = [case for name in FUNCTIONS for case in cases(REGISTRY[name], ROWS[name])]


def theirs(a: Any) -> Any:
    """An argument as PyTorch takes it."""
    return torch.tensor(np.array(a), requires_grad=is_float(a)) if isinstance(a, np.ndarray) else a


def outputs(result: Any) -> tuple[Any, ...]:
    """One result or several as a tuple."""
    return tuple(result) if isinstance(result, (tuple, list)) else (result,)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.op.name}-{case.label}")
def test_values_dtypes_and_gradients(case):
    """The same call, ours and theirs."""
    op, row, _, args, params = case
    mine, other = list(map(tensor, args)), list(map(theirs, args))
    compare(op, mine, other, FUNCTIONS[op.name](*other, **params), params, max(row.tolerance, 1e-10))


def compare(op: Any, mine: Any, other: Any, expected: Any, params: Any, tolerance: float) -> None:
    """Our results and gradients against theirs."""
    found, expected = outputs(op(*mine, **params)), outputs(expected)
    for f, e in zip(found, expected, strict=True):
        whole = any(np.asarray(t.detach()).dtype.kind in "iu" for t in other if isinstance(t, torch.Tensor))
        close(f._data, e.detach().numpy(), 1e-5 if whole else tolerance, "value")
        assert f._data.dtype == e.detach().numpy().dtype
    moving = [(m, o) for m, o in zip(mine, other, strict=True) if isinstance(o, torch.Tensor) and o.requires_grad]
    roots = [(f, e) for f, e in zip(found, expected, strict=True) if e.requires_grad and f.requires_grad]
    if not moving or not roots:
        return
    g = incoming(np.random.default_rng(0), tuple(f._data for f, _ in roots))
    for (f, e), x in zip(roots, g, strict=True):
        f.backward(record.wrap(x), retain_graph=True)
        e.backward(torch.tensor(x), retain_graph=True)
    for m, o in moving:
        if o.grad is not None and m.grad is not None:
            close(m.grad._data, o.grad.numpy(), tolerance, "gradient")
        else:
            assert m.grad is None or not m.grad._data.any()
            assert o.grad is None or not o.grad.any()


ELEMENTWISE = [
    name
    for name in FUNCTIONS
    if REGISTRY[name].elementwise and not REGISTRY[name].params and ROWS[name].notes.get("edges", True)
]


@pytest.mark.parametrize("name", ELEMENTWISE)
def test_edges(name):
    """At every combination of special values, the same result and the same gradient."""
    op = REGISTRY[name]
    points = list(SPECIAL)
    if isinstance(op.kinks, (tuple, list)):
        points += [float(k) for k in op.kinks if np.isfinite(k)]
    args = np.array(list(itertools.product(points, repeat=len(op.args)))).T
    arrays = [np.ascontiguousarray(a) for a in args]
    mine, other = list(map(tensor, arrays)), list(map(theirs, arrays))
    found, expected = op(*mine), FUNCTIONS[name](*other)
    _same(name, args, found._data, expected.detach().numpy(), "value")
    if not expected.requires_grad or not found.requires_grad:
        return
    found.backward(record.wrap(np.ones(found._data.shape)))
    expected.backward(torch.ones_like(expected))
    for i, (m, o) in enumerate(zip(mine, other, strict=True)):
        if o.grad is not None:
            ours = np.zeros_like(args[i]) if m.grad is None else m.grad._data
            _same(name, args, ours, o.grad.numpy(), f"gradient of argument {i}")


def _same(name: str, args: Any, found: Any, expected: Any, what: str) -> None:
    wrong = ~np.isclose(found, expected, rtol=1e-10, atol=1e-12, equal_nan=True)
    lines = [
        f"{name}({', '.join(map(str, args[:, i]))}): {what} {found[i]}, PyTorch's {expected[i]}"
        for i in np.flatnonzero(wrong)
    ]
    assert not lines, "\n".join(lines[:12])


def test_results_of_numpy_are_arrays():
    """The helpers above see scalars as arrays too."""
    assert results(np.float64(1))[0].shape == ()
