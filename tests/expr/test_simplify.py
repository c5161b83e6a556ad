"""Simplification: what it turns into what, and that value, shape and dtype stay."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule.expr import Expr, evaluate, forward_formula, simplify, symbols_for, text, vjp_formula
from chainrule.op import REGISTRY
from chainrule.words import broadcast_to, index_put_add, log_softmax, onehot, softmax

from ..test_registry import CASES, SMOOTH, _values, incoming, results
from ..test_registry import forward as run

A, B, C = (Expr.symbol(name, (4, 3)) for name in "abc")
V, S = Expr.symbol("v", (3,)), Expr.symbol("s", ())
COLUMN = Expr.symbol("k", (4, 1))
M = Expr.symbol("m", (4, 3), bool)
X, W = Expr.symbol("x", (4, 5)), Expr.symbol("w", (5, 3))
G = Expr.symbol("grad_a", (4, 3))
ONE = Expr.constant(np.ones(()))
T = Expr.symbol("t", (4,), np.int64)


def full(x, shape=(4, 3)):
    return broadcast_to(x, shape)


TABLE = [
    # products
    (np.multiply(1.0, A), "a"),
    (A * 1, "a"),
    (A / 1, "a"),
    (full(ONE) * (2 * A), "2 * a"),
    (full(np.divide(ONE, 12)) * (2 * A), "2 * a / 12"),
    (A * 2 * B, "2 * a * b"),
    (3 * (2 * A), "6 * a"),
    (A * -1, "-a"),
    (np.negative(-A), "a"),
    (-A * -B, "a * b"),
    (-A / B / B, "-a / b ** 2"),
    (A * (1 / B), "a / b"),
    (A * (0.5 / B), "a / (2 * b)"),
    (A * A * A, "a ** 3"),
    (A * A**2, "a ** 3"),
    (A * M * M, "a * m"),
    (M * A * B, "a * b * m"),
    (A * full(COLUMN), "a * k"),
    (full(np.reshape(V, (1, 3))) * A, "v * a"),
    (full(V) * full(COLUMN), "v * k"),
    (A / 4 / 2, "a / 8"),
    (A / 3 * 3, "a"),
    (2 * A / 64, "2 * a / 64"),
    # sums
    (A + 0, "a"),
    (A + full(Expr.constant(np.zeros(()))), "a"),
    (A + -B, "a - b"),
    (A - -B, "a + b"),
    (-A + B, "b - a"),
    (A - (B - C), "a - b + c"),
    (A - 2 * -B, "a + 2 * b"),
    (A / 8 - B / 8, "(a - b) / 8"),
    (A * B - A * C, "a * (b - c)"),
    (A - A * B, "a * (1 - b)"),
    (A + full(V), "a + v"),
    (A + B + B - C, "a + 2 * b - c"),
    (A + 1 - 1, "a"),
    (-(A - B), "b - a"),
    (0.01 * A, "0.01 * a"),
    (np.where(M, 1.0, 0.0) * A, "a * m"),
    # shapes
    (A.T.T, "a"),
    (np.swapaxes(A, 0, 1), "a.T"),
    ((W.T @ X.T).T, "x @ w"),
    (np.reshape(A, (4, 3)), "a"),
    (np.reshape(np.reshape(A, (12,)), (3, 4)), "reshape(a, (3, 4))"),
    (np.reshape(A.sum((0,)), (3,)), "sum(a, axis=0)"),
    (np.reshape(A.sum((1,)), (4, 1)), "sum(a, axis=1, keepdims=True)"),
    (full(full(S, (3,))), "broadcast_to(s, (4, 3))"),
    (broadcast_to(A, (4, 3)), "a"),
    (COLUMN.sum(1, keepdims=True), "k"),
    (full(S).sum(), "12 * s"),
    # powers, masks, casts
    (np.square(A), "a ** 2"),
    (A**1, "a"),
    (A**2.0, "a ** 2"),
    (np.where(M, G, 0), "grad_a * m"),
    (np.where(M, A, 0), "where(m, a, 0)"),  # A may hold NaN where the mask is false
    (A.astype(np.float64), "a"),
    # words with names
    (1 / (1 + np.exp(-A)), "sigmoid(a)"),
    (np.exp(log_softmax(A, axis=1)), "softmax(a, axis=1)"),
    (full(onehot(T, 3, np.float64)).sum(1), "broadcast_to(1.0 / 1, (4,))"),
]


@pytest.mark.parametrize("before, after", TABLE[:-1], ids=lambda x: str(x)[:60])
def test_what_becomes_of_it(before, after):
    assert text(simplify(before)) == after


def test_softmax_minus_onehot():
    """Of cross entropy: the gradient of the scores in its closed form."""
    rows = Expr.known("rows", np.arange(4))
    y = Expr.symbol("y", (4, 3))
    g = index_put_add(Expr.constant(np.zeros((4, 3))), full(np.divide(-ONE, 4), (4,)), (rows, T))
    gradient = simplify(g - np.exp(y) * g.sum(1, keepdims=True), {"y": log_softmax(A, axis=1)})
    assert text(gradient) == "(softmax(a, axis=1) - onehot(t, 3, float64)) / 4"
    other = simplify(index_put_add(Expr.constant(np.zeros((4, 3))), S, (T, T)))
    assert "onehot" not in text(other)  # those rows are not 0, 1, 2 …


def numbers(rng, node):
    if node.dtype == bool:
        return rng.random(node.shape) < 0.5
    if node.dtype.kind == "i":
        return rng.integers(0, 3, node.shape)
    return rng.normal(size=node.shape).astype(node.dtype)


def agree(expr, values, definitions=None):
    short = simplify(expr, definitions)
    assert (short.shape, short.dtype) == (expr.shape, expr.dtype)
    with np.errstate(all="ignore"):
        wanted, found = evaluate(expr, values), evaluate(short, values)
    tolerance = 1e-10 if expr.dtype == np.float64 else 1e-3
    np.testing.assert_allclose(found, wanted, tolerance, tolerance)
    assert np.asarray(found).dtype == np.asarray(wanted).dtype


@pytest.mark.parametrize("before, after", TABLE, ids=lambda x: str(x)[:60])
def test_the_value_stays(before, after):
    rng = np.random.default_rng(0)
    agree(before, {e.name: numbers(rng, e) for e in (A, B, C, V, S, COLUMN, M, X, W, G, T)})


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.op.name}-{case.label}")
def test_forwards_of_records_keep_their_values(case):
    op, row, _, args, params = case
    symbols = symbols_for(op, *args)
    made = forward_formula(op, *symbols, **params)
    if row.notes.get("shape_depends_on_values"):
        return
    for part in made if isinstance(made, tuple) else (made,):
        if isinstance(part, Expr):
            agree(part, _values(symbols, args))


@pytest.mark.parametrize("case", SMOOTH, ids=lambda case: f"{case.op.name}-{case.label}")
def test_gradients_of_records_keep_their_values(case):
    op, _, _, args, params = case
    y = run(op, args, params)
    g = incoming(np.random.default_rng(1), y)
    symbols = symbols_for(op, *args)
    values = _values(symbols, args)
    if isinstance(y, tuple):
        values |= {f"y{i}": x for i, x in enumerate(y)} | {f"g{i}": x for i, x in enumerate(g)}
    else:
        values |= {"y": results(y)[0], "g": g[0]}
    for made in vjp_formula(op, *symbols, **params):
        if made is not None:
            agree(made, values)


def trees(depth):
    leaves = st.sampled_from([A, B, C, V, S, COLUMN, M, 2, -1, 0.5, 0, 1, ONE, full(ONE), full(V), full(COLUMN)])
    if not depth:
        return leaves
    inner = trees(depth - 1)
    pairs = st.tuples(st.sampled_from([np.add, np.subtract, np.multiply, np.divide]), inner, inner)
    singles = st.tuples(st.sampled_from(["neg", "square", "sum", "T", "full"]), inner)
    return st.one_of(leaves, pairs, singles)


def built(tree):
    if not isinstance(tree, tuple):
        return tree
    word, *parts = tree
    parts = [built(p) for p in parts]
    if word == "sum":
        return parts[0].sum() if isinstance(parts[0], Expr) else parts[0]
    if word == "T":
        return parts[0].T.T if isinstance(parts[0], Expr) else parts[0]
    if word == "full":
        x = parts[0]
        return full(x) if isinstance(x, Expr) else x
    if word == "neg":
        return -parts[0] if not isinstance(parts[0], Expr) or parts[0].dtype != bool else parts[0]
    if word == "square":
        return np.square(parts[0]) if isinstance(parts[0], Expr) and parts[0].dtype != bool else parts[0]
    a, b = parts
    if not isinstance(a, Expr) and not isinstance(b, Expr):
        return A
    if word is np.subtract and all(getattr(x, "dtype", 0) == np.dtype(bool) for x in parts):
        return a
    return word(a, b)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(trees(4))
def test_any_formula_keeps_its_value(tree):
    made = built(tree)
    if isinstance(made, Expr):
        rng = np.random.default_rng(0)
        values = {e.name: numbers(rng, e) for e in (A, B, C, V, S, COLUMN, M)}
        with np.errstate(all="ignore"):
            if np.isfinite(evaluate(made, values)).all():
                agree(made, values)


def test_a_long_chain_is_no_recursion():
    chain = A
    for _ in range(5000):
        chain = np.tanh(chain) * 2
    total = A
    for _ in range(5000):
        total = total + B
    assert text(simplify(total)) == "a + 5000 * b"
    assert simplify(chain).shape == (4, 3)


def test_softmax_is_the_word():
    assert simplify(softmax(A, axis=1)) is softmax(A, axis=1)


def test_exp_of_a_difference_to_logsumexp_is_softmax_along_its_own_axis_only():
    square = Expr.symbol("q", (3, 3))
    total = REGISTRY["logsumexp"].forward(square, axis=1, keepdims=False)
    assert text(simplify(np.exp(square - np.reshape(total, (3, 1))))) == "softmax(q, axis=1)"
    assert "softmax" not in text(simplify(np.exp(square - total)))


def test_whole_numbers_and_masks_are_not_reordered():
    """Products of int8 overflow where they are taken in another order; a sum of masks is a logical or."""
    i, j = Expr.symbol("i", (3,), np.int8), Expr.symbol("j", (3,), np.int8)
    m, n = Expr.symbol("m1", (3,), bool), Expr.symbol("n1", (3,), bool)
    x = Expr.symbol("x3", (3,), np.float32)
    values = {
        "i": np.array([100, -100, 7], np.int8), "j": np.array([3, 2, -1], np.int8),
        "m1": np.array([True, True, False]), "n1": np.array([True, False, False]),
        "x3": np.array([0.5, -2.0, 3.0], np.float32),
    }  # fmt: skip
    for expr in (i * j * x, x * (i * j), m + (n + x), 0.0 - m * x, x * m * n, (i + j) * x, 1e200 * (1e200 * i)):
        with np.errstate(all="ignore"):
            agree(expr, values)


def test_shared_parts_are_not_written_out_again_and_again():
    x = A
    for _ in range(200):
        x = x + x
    assert simplify(x).shape == (4, 3)
    y = A
    for _ in range(200):
        y = y * y
    assert simplify(y).shape == (4, 3)
