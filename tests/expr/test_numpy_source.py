"""Formulas as NumPy source: exact text of typical ones, parentheses, temporaries, every word of the vocabulary."""

from __future__ import annotations

import operator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainrule import words
from chainrule.errors import SymbolicError
from chainrule.expr import Expr, Writer, evaluate, forward_formula
from chainrule.expr.expression import Called, apply_word
from chainrule.expr.vocabulary import CALLS, FUNCTIONS, NOTATION
from chainrule.op import REGISTRY

from .numpy_module import module, run

x, y, g = (Expr.symbol(name, (5, 3)) for name in "xyg")
w, v, s = Expr.symbol("w", (3, 4)), Expr.symbol("v", (3,)), Expr.symbol("s", ())
f = Expr.symbol("f", (5, 3), np.float32)
b = Expr.symbol("b", (2, 4, 5))
i, k = Expr.symbol("i", (5,), np.int64), Expr.symbol("k", (5, 3), np.int64)
m = Expr.symbol("m", (5, 3), bool)


def op(name: str, *args, **params):
    """A record's forward as a formula."""
    return forward_formula(REGISTRY[name], *args, **params)


def zeros(*shape: int):
    """A constant of zeros."""
    return Expr.constant(np.zeros(shape))


def select(*key):
    """A step of a chain of views."""
    return REGISTRY["select"], {"key": key}


transposed = (REGISTRY["t"], {})
GOLDEN = [
    (x @ w, "x @ w"),
    (g.T @ x, "g.T @ x"),
    (x @ (w @ w.T), "x @ (w @ w.T)"),
    (np.dot(x, w) @ w.T, "x @ w @ w.T"),
    (np.maximum(x, 0), "np.maximum(x, 0)"),
    (g * (x >= 0), "g * (x >= 0)"),
    (x.sum(), "x.sum()"),
    (x.sum(axis=(0, 1)), "x.sum()"),
    (x.sum(axis=(0,)), "x.sum(axis=0)"),
    (x.sum(axis=1, keepdims=True), "x.sum(axis=1, keepdims=True)"),
    (v.sum(axis=0), "v.sum()"),
    (x.sum() / 15, "x.mean()"),
    (x.sum(axis=0) / 5.0, "x.mean(axis=0)"),
    (-x.sum() / 15, "-x.mean()"),
    ((-x).sum(axis=0), "-x.sum(axis=0)"),
    (x - x.mean(axis=0, keepdims=True), "x - x.mean(axis=0)"),
    (x - x.mean(axis=1, keepdims=True), "x - x.mean(axis=1, keepdims=True)"),
    ((-x.sum(axis=1)).reshape(5, 1), "-x.sum(axis=1, keepdims=True)"),
    (v[:, None] * np.expand_dims(v, 0), "v[:, None] * v"),
    (np.expand_dims(v, -1) * np.expand_dims(v * 2, 0), "np.outer(v, v * 2)"),
    (np.matmul(x, np.expand_dims(v, -1))[..., 0], "x @ v"),
    (x * words.broadcast_to(Expr.constant(np.float64(1)) / 4, (5, 3)), "x * 0.25"),
    (x[np.arange(4), [0, 1, 1, 2]], "x[np.arange(4), [0, 1, 1, 2]]"),
    (x.sum(axis=0) / 3, "x.sum(axis=0) / 3"),
    (x - x.mean(keepdims=True), "x - x.mean()"),
    (2.0 * (x - y), "2 * (x - y)"),
    (2.5 * f, "2.5 * f"),
    (Expr.constant(np.float32(2)) * f, "2 * f"),
    (Expr.constant(np.float64(2)) * f, "np.float64(2.0) * f"),
    (-(x * y), "-x * y"),
    (-(x % y * g), "-(x % y * g)"),
    (x + -y, "x - y"),
    (-x + y, "y - x"),
    (x - -1.5, "x + 1.5"),
    ((-x) ** 2, "(-x) ** 2"),
    (-(x**2), "-x ** 2"),
    (2.0**-x, "2 ** -x"),
    (x - (y - g), "x - (y - g)"),
    (x / (y * g), "x / (y * g)"),
    (~(x > 0) & (y > 0), "~(x > 0) & (y > 0)"),
    (x + np.inf, "x + np.inf"),
    (np.abs(x), "np.abs(x)"),
    (np.where(m, x, 0.0), "np.where(m, x, 0)"),
    (x[1:3], "x[1:3]"),
    (x[0:2, 0:3], "x[:2]"),
    (x[:, 1], "x[:, 1]"),
    (x[(1, ...)], "x[1]"),
    (x[..., None], "x[..., None]"),
    (x[i], "x[i]"),
    (x[m.astype(np.int64).sum(axis=1)], "x[m.astype(np.int64).sum(axis=1)]"),
    (np.take(x, i, 0), "x[i]"),
    (np.take(x, np.array([2, 0]), 1), "x[:, [2, 0]]"),
    (x.reshape(3, 5), "x.reshape(3, 5)"),
    (x.reshape((15,)), "x.ravel()"),
    (v.reshape((3, 1)), "v[:, None]"),
    (np.expand_dims(v, 0), "v[None]"),
    (b.mT, "b.swapaxes(-1, -2)"),
    (x.mT, "x.T"),
    (np.transpose(b, (2, 0, 1)), "b.transpose(2, 0, 1)"),
    (np.transpose(b, (0, 2, 1)), "b.swapaxes(1, 2)"),
    (x * words.broadcast_to(v.reshape(1, 3), (5, 3)), "x * v"),
    (words.broadcast_to(s, (5, 3)), "np.full((5, 3), s)"),
    (words.broadcast_to(v, (5, 3)), "np.broadcast_to(v, (5, 3))"),
    (x.astype(np.float32), "x.astype(np.float32)"),
    ((x > y).astype(bool), "x > y"),
    (words.gather(x, k, 1), "np.take_along_axis(x, k, axis=1)"),
    (words.gather(x, Expr.symbol("j", (5, 1), np.int64), 1), 'np.take_along_axis(x, j, axis=1)'),
    (words.view_get(x, (transposed, select(1))), "x[:, 1]"),
    (x.T[1:], "x.T[1:]"),
    (x.T[..., 2], "x.T[..., 2]"),
    (words.view_put(x, y, ((REGISTRY["alias"], {}),)), "y"),
    (words.view_put(f, s, ((REGISTRY["alias"], {}),)), "np.full((5, 3), s).astype(np.float32)"),
    (words.contiguous(x.T), "x.T"),
    (op("cat", x, y, axis=1), "np.concatenate([x, y], axis=1)"),
    (op("stack", x, y, axis=0), "np.stack([x, y])"),
    (op("amax", x, axis=1, keepdims=False), "x.max(axis=1)"),
    (op("argmax", x, axis=None, keepdims=False), "x.argmax()"),
    (op("std", x, axis=0, correction=1, keepdims=False), "x.std(axis=0, ddof=1)"),
    (op("norm", x, p=2, axis=None, keepdims=False), "np.linalg.norm(x)"),
    (op("norm", x, p=3, axis=1, keepdims=False), "(np.abs(x) ** 3).sum(axis=1) ** (1 / 3)"),
    (op("einsum", x, w, equation="ij,jk->ik"), 'np.einsum("ij,jk->ik", x, w)'),
    (op("argsort", x, axis=1, descending=False), 'x.argsort(kind="stable")'),
    (op("logsumexp", x, axis=1, keepdims=False), "np.logaddexp.reduce(x, axis=1)"),
    (op("masked_fill", x, m, float("-inf")), "np.where(m, -np.inf, x)"),
    (words.softmax(x, axis=1), "softmax(x, axis=1)"),
    ((words.softmax(x, axis=1) - words.onehot(i, 3, np.dtype(float))) / 5, "(softmax(x, axis=1) - np.eye(3)[i]) / 5"),
    (words.onehot(i, 3, np.dtype(np.float32)), "np.eye(3, dtype=np.float32)[i]"),
    (words.sigmoid(x @ w), "1 / (1 + np.exp(-x @ w))"),
    (g * words.sigmoid(x), "g * (1 / (1 + np.exp(-x)))"),
    (op("erf", x), "special.erf(x)"),
    (op("tril", x, k=0), "np.tril(x)"),
    (zeros(5, 3), "np.zeros((5, 3))"),
    (Expr.constant(np.array([0.1, 2], np.float32)), "np.array([0.1, 2.0], np.float32)"),
    (Expr.constant(np.full((2, 9), 7)), "np.full((2, 9), 7)"),
    (Expr.constant(np.arange(9)), "np.arange(9)"),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "text"), GOLDEN, ids=[text for _, text in GOLDEN])
def test_text(expr, text):
    """As short as a person would type it."""
    assert Writer().expression(expr) == text


e = np.exp(x - x.max(axis=1, keepdims=True))
STATEMENTS = [
    (words.unindex(v, (5, 3), (1,)), ["out = np.zeros((5, 3))", "out[1] = v"]),
    (words.view_put(x, 0, (transposed, select(1, ...))), ["out = x.copy()", "out.T[1] = 0"]),
    (words.view_put(x, v, (select(4), select(...))), ["out = x.copy()", "out[4] = v"]),
    (words.view_put(x, w.T[:3], ((REGISTRY["slice"], {"key": (slice(0, 3),)}), transposed)),
     ["out = x.copy()", "out[:3].T[...] = w.T[:3]"]),
    (words.view_put(zeros(5, 3), v, ((REGISTRY["diagonal"], {"offset": 0, "a": 0, "b": 1}),)),
     ["out = np.zeros((5, 3))", "np.fill_diagonal(out, v)"]),
    (words.view_put(x, 1.0, ((REGISTRY["reshape"], {"shape": (15,)}), select(7))),
     ["out = x.copy()", "out.ravel()[7] = 1.0"]),
    (words.view_put(x, 1.0, (transposed, (REGISTRY["reshape"], {"shape": (15,)}), select(7))),
     ["out = x.copy()", "out.reshape(-1)[np.arange(15).reshape(5, 3).T.ravel()[7]] = 1.0"]),
    (words.index_put(x, 0.0, (m,)), ["out = x.copy()", "out[m] = 0.0"]),
    (words.index_put_add(zeros(5, 3), g[:2], (np.array([0, 4]),)), ["out = np.zeros((5, 3))", "out[[0, 4]] = g[:2]"]),
    (words.index_put_add(x, g, (i,)), ["out = x.copy()", "np.add.at(out, i, g)"]),
    (words.index_add(zeros(3, 5), i, g.T, 1), ["out = np.zeros((3, 5))", "np.add.at(out, np.s_[:, i], g.T)"]),
    (words.scatter(x, k, g, 1), ["out = x.copy()", "np.put_along_axis(out, k, g, axis=1)"]),
    (words.scatter_add(zeros(5, 3), k, g, 1),
     ["out = np.zeros((5, 3))", "np.add.at(out, (np.arange(5)[:, None], k), g)"]),
    (words.index_put(x + y, 0.0, (m,)), ["out = x + y", "out[m] = 0.0"]),
    (2 * words.unindex(v, (5, 3), (1,)), ["t1 = np.zeros((5, 3))", "t1[1] = v", "out = 2 * t1"]),
    (e / e.sum(axis=1, keepdims=True),
     ["t1 = np.exp(x - x.max(axis=1, keepdims=True))", "out = t1 / t1.sum(axis=1, keepdims=True)"]),
    (words.view_put(words.view_put(x, 0, (select(1),)), words.broadcast_to(s, (3,)), (select(2),)),
     ["out = x.copy()", "out[1] = 0", "out[2] = s"]),
    (words.index_put_add(words.unindex(v, (5, 3), (1,)), g[0], (i[0],)),
     ["out = np.zeros((5, 3))", "out[1] = v", "np.add.at(out, i[0], g[0])"]),
    (words.unindex(v, (5, 3), (1,)) + words.unindex(x[:1] * y[:1], (5, 3), (slice(2, 3),)),
     ["out = np.zeros((5, 3))", "out[1] = v", "out[2:3] = x[:1] * y[:1]"]),
    (words.unindex(v, (5, 3), (1,)) + words.unindex(x[:2] * y[:2], (5, 3), (slice(0, 2),)),
     ["out = np.zeros((5, 3))", "out[1] = v", "out[:2] += x[:2] * y[:2]"]),
    (words.unindex(v, (5, 3), (1,)).T, ["out = np.zeros((3, 5))", "out[:, 1] = v"]),
    (words.unindex(x[:2], (4, 3), (slice(1, 3),)).mT, ["out = np.zeros((3, 4))", "out[:, 1:3] = x[:2].T"]),
    (x + words.unindex(v, (5, 3), (1,)), ["out = x.copy()", "out[1] += v"]),
    (words.view_put(x, 0, (select(1),)) + words.unindex(v, (5, 3), (1,)), ["out = x.copy()", "out[1] = v"]),
    (words.view_put(x, x[1], (select(1),)), ["out = x"]),
    (words.unindex(words.index_put(x, 0.0, (m,)), (2, 5, 3), (1,)),
     ["t1 = x.copy()", "t1[m] = 0.0", "out = np.zeros((2, 5, 3))", "out[1] = t1"]),
    (words.index_put(words.index_put(x, 0.0, (m,)), words.index_put(y, 1.0, (m,))[0], (0,)),
     ["out = x.copy()", "out[m] = 0.0", "t1 = y.copy()", "t1[m] = 1.0", "out[0] = t1[0]"]),
    (np.sin(words.index_put(words.index_put(x, 0.0, (m,)), 1.0, (0,))),
     ["t1 = x.copy()", "t1[m] = 0.0", "t1[0] = 1.0", "out = np.sin(t1)"]),
    (op("block_diag", w, v[None]), ["out = np.zeros((4, 7))", "out[:3, :4] = w", "out[3:, 4:] = v[None]"]),
]  # fmt: skip


@pytest.mark.parametrize(("expr", "lines"), STATEMENTS, ids=[lines[-1] for _, lines in STATEMENTS])
def test_statements(expr, lines):
    """What NumPy writes with statements, into the target itself where it can; and they give the formula's numbers."""
    assert Writer().statements("out", expr) == lines
    rng = np.random.default_rng(0)
    values = {e.name: rng.standard_normal(e.shape) for e in (x, y, g, w, v, s)}
    values |= {"i": rng.integers(0, 3, 5), "k": np.argsort(rng.random((5, 3))), "m": rng.random((5, 3)) > 0.5}
    source, constants = module(list(values), expr)
    for a in values.values():
        a.flags.writeable = False
    np.testing.assert_allclose(run(source, values | constants)[0], evaluate(expr, values))


def test_what_is_used_twice_is_copied_before_it_is_written_into():
    """An array with a second reader is left as it is."""
    zeroed = words.index_put(x, 0.0, (m,))
    expr = words.index_put(zeroed, 1.0, (0,)) + zeroed
    lines = ["t1 = x.copy()", "t1[m] = 0.0", "t2 = t1.copy()", "t2[0] = 1.0", "out = t2 + t1"]
    assert Writer().statements("out", expr) == lines


def test_expression_refuses_what_takes_statements():
    """There is no expression for a write."""
    with pytest.raises(SymbolicError, match="statements"):
        Writer().expression(words.unindex(v, (5, 3), (1,)))


def test_a_deep_sum_of_shared_parts_stays_small():
    """A formula whose tree has 2^200 leaves is 200 short lines; a long chain is cut into lines as well."""
    shared = np.exp(x)
    for _ in range(200):
        shared = shared * shared + 1
    lines = Writer().statements("out", shared)
    assert len(lines) <= 201
    assert max(map(len, lines)) < 60
    chain = x
    for n in range(1000):
        chain = np.sin(chain) + n
    lines = Writer().statements("out", chain)
    assert max(map(len, lines)) < 120
    source, _ = module(["x"], chain)
    assert np.isfinite(run(source, {"x": np.ones((5, 3))})[0]).all()


def test_names_of_the_code_around_are_left_alone():
    """Temporaries, helpers and constants get names that are free, and no keyword."""
    t1 = Expr.symbol("t1", (5, 3))
    expr = np.exp(t1 + 2 * x) * (1 - np.exp(t1 + 2 * x))
    assert Writer(["t2"]).statements("out", expr)[0].startswith("t3 = ")
    assert Writer().statements("x", words.unindex(x[0], (5, 3), (1,)))[-1] == "x = t1"  # x is read after it is begun
    taken = Writer(["median", "_c0"])
    assert taken.expression(op("median", x, ignore_nan=False)).startswith("median2(")
    assert taken.expression(x + Expr.constant(np.random.default_rng(0).random((5, 3)))) == "x + _c1"
    assert list(taken.constants) == ["_c1"]


def test_temporaries_serve_later_statements_until_a_new_scope():
    """What has a name is not computed again in the same function."""
    writer = Writer()
    shared = np.exp(x + 2 * y)
    writer.statements("a", shared * (1 - shared))
    assert writer.statements("b", shared * 3) == ["b = t1 * 3"]
    writer.new_scope()
    assert writer.statements("b", shared * 3) == ["b = np.exp(x + 2 * y) * 3"]


def test_helpers_come_once_and_after_those_they_call():
    """The source of our own functions, without a trace of us."""
    writer = Writer()
    for _ in range(2):
        writer.statements("out", op("median", x, ignore_nan=False))
    assert [h.split("(")[0] for h in writer.helpers] == ["def median_index", "def median"]
    assert writer.imports == ["import numpy as np"]
    assert not any("Any" in h or "@" in h or "chainrule" in h for h in writer.helpers)


def test_a_function_of_the_users_is_called_by_its_name():
    """The writer says which ones there are."""
    twice = Called("twice", lambda a: a)
    first, second = Expr.called(twice, (x,), (x.shape, ()), (x.dtype, x.dtype))
    writer = Writer()
    assert writer.statements("out", first * second) == ["t1 = twice(x)", "out = t1[0] * t1[1]"]
    assert writer.statements("again", second) == ["again = t1[1]"]
    assert writer.called == {"twice": twice}


OURS = [
    words.softmax(x, axis=1), words.softmax(f, axis=0), words.log_softmax(x, axis=0), words.log_softmax(f, axis=-1),
    words.sigmoid(x - y), words.sigmoid(-f),
    words.onehot(i, 7, np.dtype(np.float32)), words.onehot(k, 9, np.dtype(int)),
]  # fmt: skip


@pytest.mark.parametrize("expr", OURS, ids=str)
def test_words_that_simplifying_brings_in(expr):
    """They are no record's forward, so that no sample of the registry has them."""
    rng = np.random.default_rng(0)
    values = {e.name: rng.standard_normal(e.shape).astype(e.dtype) for e in (x, y, f)}
    values |= {e.name: rng.integers(0, 7, e.shape) for e in (i, k)}
    source, constants = module(list(values), expr)
    (found,) = run(source, values | constants)
    assert found.dtype == expr.dtype
    np.testing.assert_allclose(found, evaluate(expr, values), rtol=1e-6)


# ── parentheses ─────────────────────────────────────────────────────────────────────────────────

FLOATS = {name: Expr.symbol(name, (2, 2)) for name in "xyz"}
WHOLE = {name: Expr.symbol(name, (2, 2), np.int64) for name in "pq"}
BINARY = [np.add, np.subtract, np.multiply, np.divide, np.matmul, np.maximum, np.remainder, np.floor_divide]
BITS = [np.bitwise_and, np.bitwise_or, np.bitwise_xor, np.add, np.subtract, np.multiply, np.left_shift]
COMPARED = [np.less, np.greater_equal, np.equal, np.not_equal]
numbers = st.sampled_from([2, -1, 0.5, -3.0, 1e-3])
floats = st.recursive(
    st.sampled_from(list(FLOATS.values())),
    lambda inside: st.one_of(
        st.builds(lambda word, a, b: word(a, b), st.sampled_from(BINARY), inside, inside),
        st.builds(lambda word, a, b: word(a, b), st.sampled_from(BINARY[:4]), inside, numbers),
        st.builds(lambda word, a, b: word(b, a), st.sampled_from(BINARY[:4]), inside, numbers),
        st.builds(lambda a, n: a**n, inside, st.sampled_from([2, 3, -1, 0.5])),
        st.builds(lambda a: 2**a, inside),
        st.builds(operator.neg, inside),
        st.builds(lambda a: a.T, inside),
        st.builds(lambda a: a[0:1, ::-1] + a, inside),
        st.builds(lambda a: a.sum(axis=0), inside).map(lambda a: words.broadcast_to(a, (2, 2))),
        st.builds(lambda word, a, b, c: np.where(word(a, b), a, c), st.sampled_from(COMPARED), inside, inside, inside),
    ),
    max_leaves=12,
)
wholes = st.recursive(
    st.sampled_from(list(WHOLE.values())),
    lambda inside: st.one_of(
        st.builds(lambda word, a, b: word(a, b), st.sampled_from(BITS), inside, inside),
        st.builds(operator.neg, inside),
        st.builds(operator.invert, inside),
        st.builds(lambda word, a, b: (word(a, b)).astype(np.int64), st.sampled_from(COMPARED), inside, inside),
    ),
    max_leaves=10,
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(floats, wholes))
def test_parentheses(expr):
    """Any tree of operators, written and read by Python, gives the numbers of the formula, bit for bit."""
    rng = np.random.default_rng(0)
    values = {name: rng.standard_normal((2, 2)) for name in FLOATS} | {
        name: rng.integers(0, 5, (2, 2)) for name in WHOLE
    }
    source, constants = module(list(values), expr)
    (found,) = run(source, values | constants)
    expected = evaluate(expr, values)
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)


keys = st.sampled_from(
    [0, (1, ...), (slice(None), 2), slice(1, 3), (slice(0, 2), slice(1, None)), (..., 0), (2, 1), ...]
)
square = {name: Expr.symbol(name, (3, 3)) for name in "xyz"}
VIEWS = [
    (transposed,), (transposed, select(1)), (select(...),), ((REGISTRY["slice"], {"key": (slice(0, 2),)}), transposed),
    ((REGISTRY["reshape"], {"shape": (9,)}), select(slice(2, 5))),
    ((REGISTRY["diagonal"], {"offset": 0, "a": 0, "b": 1}),),
    ((REGISTRY["diagonal"], {"offset": 1, "a": 1, "b": 0}),), (transposed, (REGISTRY["view"], {"shape": (9,)})),
    ((REGISTRY["unfold"], {"axis": 0, "size": 2, "step": 1}), select(0)),
    ((REGISTRY["as_strided"], {"size": (2, 2), "stride": (3, 1), "offset": 1}),),
]  # fmt: skip
written = st.recursive(
    st.sampled_from(list(square.values())),
    lambda inside: st.one_of(
        st.builds(operator.add, inside, inside),
        st.builds(lambda a, b: a - 2 * b, inside, inside),
        st.builds(lambda a: a.T, inside),
        st.builds(lambda a, b, k: words.index_put(a, b[k], k), inside, inside, keys),
        st.builds(lambda a, k: words.index_put(a, 0, k), inside, keys),
        st.builds(lambda a, k: words.unindex(a[k], (3, 3), k), inside, keys),
        st.builds(lambda a, b, k: words.index_put_add(a, b[k], k), inside, inside, keys),
        st.builds(lambda a, b, v: words.view_put(a, words.view_get(b, v), v), inside, inside, st.sampled_from(VIEWS)),
        st.builds(lambda a, v: words.view_put(a, 0, v), inside, st.sampled_from(VIEWS)),
        st.builds(lambda a, b, v: words.view_add(a, words.view_get(b, v), v), inside, inside, st.sampled_from(VIEWS)),
        st.builds(lambda a, i: words.index_add(a, np.array(i), a[0:2], 0), inside, st.sampled_from([[0, 0], [2, 1]])),
        st.builds(lambda a: a / a.sum(axis=0, keepdims=True) + a.mean(axis=1, keepdims=True), inside),
        st.builds(lambda a: np.expand_dims(a[0], -1) * np.expand_dims(a[:, 1], 0), inside),
    ),
    max_leaves=8,
)


@settings(max_examples=400, deadline=None)
@given(written)
def test_writes(expr):
    """Any tree of writes into parts gives the numbers of the formula, and writes into nothing that was given."""
    rng = np.random.default_rng(0)
    values = {name: rng.standard_normal((3, 3)) for name in square}
    for a in values.values():
        a.flags.writeable = False
    source, constants = module(list(values), expr)
    (found,) = run(source, values | constants)
    np.testing.assert_allclose(found, evaluate(expr, values), rtol=1e-7, atol=1e-9, err_msg=source)


# ── the vocabulary ──────────────────────────────────────────────────────────────────────────────

MORE = {  # arguments of functions that take more than one formula
    np.cumsum: (x, 0), np.cumprod: (x, 1), np.argmax: (x, 1), np.argmin: (x,), np.where: (m, x, y), np.clip: (x, 0, 1),
    np.take: (x, i, 0), np.take_along_axis: (x, k % 3, 1), np.isclose: (x, y), np.searchsorted: (v, x),
    np.vecdot: (x, y), np.inner: (x, y), np.outer: (v, v), np.einsum: ("ij,jk->ik", x, w), np.tensordot: (x, w, 1),
    np.kron: (x, w), np.diagonal: (x, 1), np.cross: (x, y), np.reshape: (x, (3, 5)), np.transpose: (b, (2, 0, 1)),
    np.swapaxes: (b, 0, 2), np.moveaxis: (b, 0, 2), np.expand_dims: (x, (0, 2)), np.squeeze: (x[None],),
    np.broadcast_to: (v, (5, 3)), np.flip: (x, 1), np.roll: (x, 1, 0), np.repeat: (x, 2, 1), np.tile: (x, (2, 1)),
    np.concatenate: ([x, y], 1), np.stack: ([x, y], 1), np.split: (x, [2], 0), np.pad: (x, ((1, 0), (0, 2))),
    np.full_like: (x, 0.5), operator.getitem: (x, (slice(1, 3), 0)), words.cast: (x, np.dtype(np.float32)),
    operator.pow: (x, y), np.dot: (x, w), np.matmul: (x, w),
}  # fmt: skip
WHOLES = {"gcd", "lcm", "left_shift", "right_shift", "bitwise_and", "bitwise_or", "bitwise_xor", "invert"}


def sample_of(word) -> tuple:
    """Arguments for a word of the vocabulary."""
    if word in MORE:
        return MORE[word]
    if not isinstance(word, np.ufunc):
        return (x,)
    if word.__name__ == "ldexp":
        return x, k
    return (k, k)[: word.nin] if word.__name__ in WHOLES else (x, y, g)[: word.nin]


def every_word():
    """The words of the table; SciPy's stand there by name."""
    special = pytest.importorskip("scipy.special")
    named = [
        word if isinstance(word := getattr(np, name, None), np.ufunc) else getattr(special, name)
        for name in CALLS.split()
    ]
    return {*FUNCTIONS, *(word for word in NOTATION if not isinstance(word, str)), *named}


@pytest.mark.parametrize("word", sorted(every_word(), key=lambda word: word.__name__), ids=lambda word: word.__name__)
def test_every_word_of_the_vocabulary_is_written(word):
    """It is code that NumPy and SciPy run, and that gives what the word gives."""
    found = apply_word(word, sample_of(word), {})
    parts = found if isinstance(found, tuple) else (found,)
    rng = np.random.default_rng(0)
    values = {a.name: rng.random(a.shape).astype(a.dtype) for a in (x, y, g, w, v, b)}
    values |= {"i": rng.integers(0, 3, 5), "k": rng.integers(1, 9, (5, 3)), "m": rng.random((5, 3)) > 0.5}
    source, constants = module(list(values), *parts)
    for got, expected in zip(run(source, values | constants), evaluate(parts, values), strict=True):
        assert np.asarray(got).dtype == expected.dtype
        np.testing.assert_array_equal(got, expected)
