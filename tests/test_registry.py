"""The test that holds the design: every record, on every sample, in every reading.

Forward against the reference; gradients against differences; gradients of gradients against
differences of gradients; forward mode against both; the formula, evaluated, against the numbers; and that
an operation keeps what it says, writes into nothing, and shares memory only where it says so.
"""

from __future__ import annotations

import weakref
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule import dtypes, record
from chainrule.autograd import forward_ad
from chainrule.engine import unbroadcast
from chainrule.errors import SymbolicError
from chainrule.expr import Expr, evaluate, formula, forward_formula, jvp_formula, symbols_for, text, vjp_formula
from chainrule.op import FLOAT, REGISTRY, Op

from .expr.numpy_module import module, run
from .samples import Row, all_rows, elementwise_samples

STEP = 1e-5
ROWS = all_rows()


class Case(NamedTuple):
    """One record with one sample."""

    op: Op
    row: Row
    label: str
    args: tuple[Any, ...]
    params: dict[str, Any]


def cases(op: Op, row: Row) -> list[Case]:
    """The samples of a row, and those made for an elementwise record."""
    found = [Case(op, row, str(i), args, params) for i, (args, params) in enumerate(row.samples)]
    if op.elementwise or not row.samples:
        if set(op.params) <= row.notes.get("params", {}).keys():
            found += [Case(op, row, *sample) for sample in elementwise_samples(op, row)]
    return found


CASES = [case for name in sorted(REGISTRY.keys() & ROWS.keys()) for case in cases(REGISTRY[name], ROWS[name])]
every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.op.name}-{case.label}")


def is_float(a: Any) -> bool:
    """Whether a value is an array that may carry a gradient."""
    return isinstance(a, np.ndarray) and a.dtype.kind == "f"


SMOOTH = [c for c in CASES if c.op.differentiable and any(map(is_float, c.args))]
every_smooth_case = pytest.mark.parametrize("case", SMOOTH, ids=lambda case: f"{case.op.name}-{case.label}")


# ── running a record on numbers ─────────────────────────────────────────────────────────────────


def frozen(a: Any) -> Any:
    """A read-only view of an array, so that whatever writes into it fails."""
    if isinstance(a, np.ndarray):
        a = a.view()
        a.flags.writeable = False
    return a


def forward(op: Op, args: Any, params: dict[str, Any]) -> Any:
    """The record's forward on promoted, read-only arrays."""
    if op.promotion is not None and not any(isinstance(a, np.ndarray) and a.dtype.kind == "c" for a in args):
        args = dtypes.promote(args, op.promotion is FLOAT)
    with np.errstate(all="ignore"):
        return op.forward(*map(frozen, args), **params)


def results(y: Any) -> tuple[Any, ...]:
    """The results of an operation as a tuple of arrays."""
    return tuple(map(np.asarray, y if isinstance(y, tuple) else (y,)))


def vjp(op: Op, args: Any, params: dict[str, Any], y: Any, g: tuple[Any, ...]) -> list[Any]:
    """The gradient of each argument, by the record's rules on read-only arrays."""
    args = list(map(frozen, args))
    shapes = [tuple(map(np.shape, args)) if op.variadic else np.shape(args[i]) for i in op.shape_args]
    incoming = tuple(map(frozen, g)) if isinstance(y, tuple) else frozen(g[0])
    kept = [tuple(args)] if op.variadic else args
    values = (incoming, y, *kept, *(params[name] for name in op.params), *shapes)
    with np.errstate(all="ignore"):
        if op.joint is not None:
            found = op.joint(*op.pick_joint(values))
        else:
            found = [_one_vjp(op, step, values, a) for step, a in zip(op.steps, args, strict=True)]
        return [
            unbroadcast(x, a.shape).astype(a.dtype) if is_float(a) and x is not None else None
            for x, a in zip(found, args, strict=True)
        ]


def _one_vjp(op: Op, step: Any, values: tuple[Any, ...], argument: Any) -> Any:
    rule, pick, slope = step
    if not is_float(argument) or (rule is None and slope is None):
        return None
    factor = slope if rule is None else rule(*pick(values))
    return values[0] * factor if op.elementwise or rule is None else factor


def dot(xs: Any, ys: Any) -> Any:
    """The inner product of two lists of arrays; None counts as zero."""
    return sum(np.sum(x * y) for x, y in zip(xs, ys, strict=True) if x is not None and y is not None)


def randoms(rng: np.random.Generator, like: Any) -> list[Any]:
    """Random arrays like the float ones of a list; None for the others."""
    return [np.asarray(rng.standard_normal(a.shape)) if is_float(a) else None for a in like]


def incoming(rng: np.random.Generator, y: Any) -> tuple[Any, ...]:
    """A random gradient for each result, zero for integer ones."""
    return tuple(
        np.asarray(rng.standard_normal(r.shape)) if r.dtype.kind == "f" else np.zeros(r.shape, r.dtype)
        for r in results(y)
    )


def moved(args: Any, directions: Any, step: Any) -> list[Any]:
    """The arguments moved along directions."""
    return [a if d is None else np.asarray(a + step * d) for a, d in zip(args, directions, strict=True)]


def slope(f: Any, args: Any, directions: Any) -> Any:
    """The derivative of f along directions, by central differences of fourth order."""
    f1, f2 = (f(moved(args, directions, h * STEP)) - f(moved(args, directions, -h * STEP)) for h in (1, 2))
    return (8 * f1 - f2) / (12 * STEP)


def close(found: Any, expected: Any, tolerance: float, what: str) -> None:
    """Same shape, and values as near as the tolerance says, NaN and infinities in the same places."""
    assert np.shape(found) == np.shape(expected), f"{what}: shape {np.shape(found)}, expected {np.shape(expected)}"
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance, err_msg=what)


def tensor(a: Any, requires_grad: bool = True) -> Any:
    """A tensor around an array, asking for a gradient where it can."""
    if not isinstance(a, np.ndarray):
        return a
    made = record.wrap(a)
    return made.requires_grad_() if requires_grad and is_float(a) else made


def rng_of(case: Case) -> np.random.Generator:
    """A generator that does not depend on which tests run."""
    return np.random.default_rng(len(case.op.name) * 1000 + len(case.label))


# ── the registry itself ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_every_record_has_a_row_with_samples(name):
    """A record that is not tested is not there."""
    assert name in ROWS, f"{name}: no Row in tests/samples; add one to the file of its family"
    assert cases(REGISTRY[name], ROWS[name]), f"{name}: its Row has no samples, and none can be made"


def test_every_row_has_a_record():
    """A row outlives no record."""
    assert not ROWS.keys() - REGISTRY.keys()


# Several operations whose node PyTorch gives one name as well.
SHARED_TITLES = {"PowBackward0", "CloneBackward0", "IndexPutBackward0", "ClampBackward1"}


def test_titles_are_unique():
    """`grad_fn` prints the title; two records must not look the same."""
    titles = [op.title for op in REGISTRY.values() if op.title not in SHARED_TITLES]
    assert sorted(set(titles)) == sorted(titles)


# ── forward ─────────────────────────────────────────────────────────────────────────────────────


@every_case
def test_forward_agrees_with_the_reference(case):
    """In float64, and in float32 with results of the same dtype; only a view shares memory with an argument."""
    op, row, _, args, params = case
    with np.errstate(all="ignore"):
        expected = row.reference(*args, **params)
    for dtype, tolerance in ((np.float64, 1e-10), (np.float32, 2e-4)):
        cast = [a.astype(dtype) if is_float(a) else a for a in args]
        y = forward(op, cast, params)
        assert isinstance(y, tuple) == isinstance(expected, tuple)
        for found, wanted in zip(results(y), results(expected), strict=True):
            whole = any(isinstance(a, np.ndarray) and a.dtype.kind in "iu" for a in args)  # float32 by promotion
            close(found, wanted, 2e-4 if whole else tolerance, f"forward in {np.dtype(dtype)}")
            if any(map(is_float, args)) and found.dtype.kind == "f":
                assert found.dtype == params.get("dtype", dtype)
            if not op.view and op.promotion is None:
                shared = [a for a in cast if isinstance(a, np.ndarray) and a.size and np.shares_memory(found, a)]
                assert not shared, "the result shares memory with an argument, but the record is not view=True"


# ── gradients ───────────────────────────────────────────────────────────────────────────────────


@every_smooth_case
def test_gradient_agrees_with_differences(case):
    """gᵀ ∂y/∂x for every element of every argument of few elements, along random directions for many."""
    op, row, _, args, params = case
    rng = rng_of(case)
    y = forward(op, args, params)
    g = incoming(rng, y)
    found = vjp(op, args, params, y, g)
    assert any(x is not None for x in found), "no argument gets a gradient: is it discrete?"

    def loss(xs: Any) -> Any:
        return dot(g, results(forward(op, xs, params)))

    for i, (a, x) in enumerate(zip(args, found, strict=True)):
        if x is None:
            continue
        for direction in _directions(rng, a):
            along = [direction if i == k else None for k in range(len(args))]
            if row.complex_step and not isinstance(y, tuple):
                step = loss(moved([b.astype(complex) if is_float(b) else b for b in args], along, 1e-30j)).imag / 1e-30
            else:
                step = slope(loss, args, along)
            close(np.sum(x * direction), step, row.tolerance, f"gradient of argument {i}")
    _same_in_another_layout(case, y, g, found)


def _same_in_another_layout(case: Case, y: Any, g: tuple[Any, ...], gradients: list[Any]) -> None:
    """Fortran order and negative strides give the same result and the same gradients."""
    op, _, _, args, params = case
    backwards = [a[::-1].copy()[::-1] if is_float(a) and a.ndim else a for a in args]
    fortran = [np.asfortranarray(a) if is_float(a) and a.ndim > 1 else a for a in backwards]
    again = forward(op, fortran, params)
    for found, expected in zip(results(again), results(y), strict=True):
        close(found, expected, 1e-10, "forward in another layout")
    for found, expected in zip(vjp(op, fortran, params, again, g), gradients, strict=True):
        if expected is not None:
            close(found, expected, 1e-10, "gradient in another layout")


def _directions(rng: np.random.Generator, a: np.ndarray[Any, Any]) -> Any:
    if a.size > 12:
        return [rng.standard_normal(a.shape) for _ in range(3)]
    return np.eye(a.size).reshape(a.size, *a.shape)


@every_smooth_case
def test_backward_is_the_rule(case):
    """`backward()`, with and without create_graph, gives what the rules give, and changes no input."""
    op, _, _, args, params = case
    y = forward(op, args, params)
    g = incoming(rng_of(case), y)
    expected = vjp(op, args, params, y, g)
    for create_graph in (False, True):
        arrays = [np.array(a, order="K") if isinstance(a, np.ndarray) else a for a in args]
        tensors = list(map(tensor, arrays))
        outputs = _outputs(op, tensors, params)
        roots = [(o, record.wrap(np.array(x))) for o, x in zip(outputs, g, strict=True) if o.requires_grad]
        cr.autograd.backward(*zip(*roots, strict=True), create_graph=create_graph)
        for t, a, before, wanted in zip(tensors, arrays, args, expected, strict=True):
            if isinstance(a, np.ndarray):
                np.testing.assert_array_equal(a, before)
            if wanted is not None:
                close(t.grad._data, wanted, 1e-10, f"create_graph={create_graph}")
                assert t.grad._data.dtype == a.dtype


def _outputs(op: Op, tensors: Any, params: dict[str, Any]) -> tuple[Any, ...]:
    out = op(*tensors, **params)
    return out if isinstance(out, tuple) else (out,)


@every_smooth_case
def test_second_derivative_agrees_with_differences_of_the_first(case):
    """Of the gradients, contracted with random vectors, with respect to all arguments and to what comes in."""
    op, row, _, args, params = case
    if not row.second:
        pytest.skip("has no second derivative")
    rng = rng_of(case)
    y = forward(op, args, params)
    g = incoming(rng, y)
    first = vjp(op, args, params, y, g)
    v = [None if x is None else np.asarray(rng.standard_normal(x.shape)) for x in first]
    n = len(args)

    def contracted(xs: Any) -> Any:
        return dot(v, vjp(op, xs[:n], params, forward(op, xs[:n], params), tuple(xs[n:])))

    tensors, tangents = list(map(tensor, args)), list(map(tensor, g))
    grads = _gradients(op, tensors, tangents, params, create_graph=True)
    pieces = [(x * record.wrap(w)).sum() for x, w in zip(grads, v, strict=True) if x is not None and w is not None]
    moving = [t for t in (*tensors, *tangents) if isinstance(t, cr.Tensor) and t.requires_grad]
    total = pieces[0]
    for piece in pieces[1:]:
        total = total + piece
    second = cr.autograd.grad(total, moving, materialize_grads=True)
    for _ in range(2):
        drawn = randoms(rng, [*args, *g])
        along = [None if x is None else d for x, d in zip([*first, *g], drawn, strict=True)]
        wanted = slope(contracted, [*args, *g], along)
        directions = [d for d, t in zip(along, (*tensors, *tangents), strict=True) if any(t is m for m in moving)]
        found = dot([s._data for s in second], directions)
        close(found, wanted, 10 * row.tolerance, "second derivative")


def _gradients(op: Op, tensors: Any, g: Any, params: dict[str, Any], create_graph: bool) -> list[Any]:
    """The gradient of each argument as a tensor; None where there is none."""
    roots = [(o, x) for o, x in zip(_outputs(op, tensors, params), g, strict=True) if o.requires_grad]
    moving = [t for t in tensors if isinstance(t, cr.Tensor) and t.requires_grad]
    outs, tangents = zip(*roots, strict=True)
    found = iter(cr.autograd.grad(outs, moving, tangents, create_graph=create_graph, allow_unused=True))
    return [next(found) if any(t is m for m in moving) else None for t in tensors]


@every_smooth_case
def test_forward_mode_agrees_with_reverse_mode(case):
    """⟨g, J t⟩ = ⟨Jᵀ g, t⟩, for dual numbers and for the tangent as a formula."""
    op, row, _, args, params = case
    rng = rng_of(case)
    y = forward(op, args, params)
    g = incoming(rng, y)
    gradients = vjp(op, args, params, y, g)
    t = [None if x is None else d for x, d in zip(gradients, randoms(rng, args), strict=True)]
    wanted = dot(gradients, t)
    with forward_ad.dual_level():
        duals = [
            a if not isinstance(a, np.ndarray) else record.wrap(a) if d is None
            else forward_ad.make_dual(record.wrap(a), record.wrap(d))
            for a, d in zip(args, t, strict=True)
        ]  # fmt: skip
        tangents = [forward_ad.unpack_dual(o).tangent for o in _outputs(op, duals, params)]
    found = dot(g, [None if x is None else x._data for x in tangents])
    close(found, wanted, row.tolerance, "dual numbers")
    if op.kind in ("elementwise", "linear") or (op.jvp is not None and not isinstance(y, tuple)):
        symbols = symbols_for(op, *args)
        names = [None if d is None else Expr.symbol(f"t{i}", d.shape, d.dtype) for i, d in enumerate(t)]
        values = _values(symbols, args) | {s.name: d for s, d in zip(names, t, strict=True) if s is not None}
        tangent = evaluate(jvp_formula(op, *symbols, tangents=names, **params), values | {"y": y})
        close(np.sum(g[0] * tangent), wanted, row.tolerance, "tangent as a formula")


@pytest.mark.parametrize(
    "case", [c for c in CASES if not c.op.differentiable], ids=lambda case: f"{case.op.name}-{case.label}"
)
def test_discrete_records_give_no_gradient(case):
    """Nor an error before a gradient is asked for."""
    for out in _outputs(case.op, list(map(tensor, case.args)), case.params):
        assert not out.requires_grad


# ── formulas ────────────────────────────────────────────────────────────────────────────────────


def _values(symbols: Any, args: Any) -> dict[str, Any]:
    return {s.name: a for s, a in zip(symbols, args, strict=True) if isinstance(s, Expr)}


@every_case
def test_forward_as_a_formula(case):
    """The forward run on symbols, evaluated, gives the numbers, with shapes and dtypes known beforehand."""
    op, row, _, args, params = case
    for dtype in (np.float64, np.float32):
        cast = [a.astype(dtype) if is_float(a) else a for a in args]
        symbols = symbols_for(op, *cast)
        made = forward_formula(op, *symbols, **params)
        try:
            found = evaluate(made, _values(symbols, cast))
        except SymbolicError:  # never a wrong shape in silence
            if not row.notes.get("shape_depends_on_values"):
                raise
        else:
            _agree(made, found, forward(op, cast, params))


def _agree(made: Any, found: Any, expected: Any) -> None:
    for e, x, y in zip(*(z if isinstance(z, tuple) else (z,) for z in (made, found, expected)), strict=True):
        close(x, y, 1e-10, str(e))
        assert (e.shape, e.dtype) == (np.shape(y), y.dtype), f"{e} says {e.shape} {e.dtype}, is {np.shape(y)} {y.dtype}"
        assert text(e)
        assert formula(e)


@every_smooth_case
def test_gradient_as_a_formula(case):
    """Each rule run on symbols, evaluated, gives the numbers."""
    op, _, _, args, params = case
    y = forward(op, args, params)
    g = incoming(rng_of(case), y)
    symbols = symbols_for(op, *args)
    made = vjp_formula(op, *symbols, **params)
    values = _values(symbols, args)
    if isinstance(y, tuple):
        values |= {f"y{i}": x for i, x in enumerate(y)} | {f"g{i}": x for i, x in enumerate(g)}
    else:
        values |= {"y": y, "g": g[0]}
    for e, expected in zip(made, vjp(op, args, params, y, g), strict=True):
        if expected is not None:
            _agree(e, evaluate(e, values), expected)


# ── as NumPy source ─────────────────────────────────────────────────────────────────────────────


def _as_source(names: list[Any], args: Any, formulas: Any, expected: Any, given: Any, what: str) -> None:
    """Formulas, written as a module and run on the numbers, give the values, shapes and dtypes expected."""
    values = {e.name: a for e, a in zip(names, args, strict=True) if isinstance(e, Expr)} | given
    source, constants = module(list(values), *formulas)
    assert "chainrule" not in source
    for found, wanted in zip(run(source, values | constants), expected, strict=True):
        wanted = np.asarray(wanted)
        tolerance = 1e-9 if wanted.dtype == np.float64 else 2e-4
        assert np.asarray(found).dtype == wanted.dtype, f"{what}: {source}"
        close(found, wanted, tolerance, f"{what}: {source}")


def in_dtypes(case: Case) -> Any:
    """The arguments in float64 and in float32."""
    for dtype in (np.float64, np.float32):
        yield [a.astype(dtype) if is_float(a) else a for a in case.args]


@every_case
def test_forward_as_numpy_source(case):
    """The forward, written in NumPy alone, gives the record's result.

    A record that draws numbers takes what was drawn as a constant: its forward is that array.
    """
    op, _, _, _, params = case
    for args in in_dtypes(case):
        y = forward(op, args, params)
        names = symbols_for(op, *args)
        found = forward_formula(op, *names, **params)
        _as_source(names, args, found if isinstance(found, tuple) else (found,), results(y), {}, "forward")


@every_smooth_case
def test_gradient_as_numpy_source(case):
    """The gradients, written in NumPy alone, are those of the rules."""
    op, _, _, _, params = case
    for args in in_dtypes(case):
        y = forward(op, args, params)
        g = tuple(a.astype(r.dtype) for a, r in zip(incoming(rng_of(case), y), results(y), strict=True))
        promoted = dtypes.promote(args, op.promotion is FLOAT) if op.promotion is not None else args
        expected = vjp(op, promoted, params, y, g)
        names = symbols_for(op, *args)
        found = vjp_formula(op, *names, **params)
        pairs = [(x, e) for x, e, a in zip(found, expected, args, strict=True) if x is not None and is_float(a)]
        several = isinstance(y, tuple)
        given = {f"y{i}" if several else "y": r for i, r in enumerate(results(y))}
        given |= {f"g{i}" if several else "g": r for i, r in enumerate(g)}
        _as_source(names, args, [x for x, _ in pairs], [e for _, e in pairs], given, "gradient")


# ── what is kept ────────────────────────────────────────────────────────────────────────────────


@every_smooth_case
def test_only_what_a_rule_names_is_kept(case):
    """An argument that no rule asks for is gone when nobody else holds it."""
    op, _, _, args, params = case
    floats = [i for i, a in enumerate(args) if is_float(a)]
    for mask in {tuple(floats), *((i,) for i in floats)}:
        arrays = [np.array(a) if isinstance(a, np.ndarray) else a for a in args]
        tensors = [tensor(a, i in mask) for i, a in enumerate(arrays)]
        outputs = _outputs(op, tensors, params)
        if op.view or any(np.shares_memory(o._data, arrays[i]) for o in outputs for i in mask):
            continue
        kept = op.plan(sum(1 << i for i in mask)).keep
        references = {i: weakref.ref(arrays[i]) for i in mask}
        del arrays, tensors
        for i, reference in references.items():
            assert (reference() is not None) == (i in kept), f"argument {i}"
