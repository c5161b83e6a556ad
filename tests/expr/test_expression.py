"""Formulas take NumPy's words as arrays do, with the shape and dtype that the numbers will have."""

from __future__ import annotations

import gc
import operator
import weakref

import numpy as np
import pytest

from chainrule.errors import SymbolicError
from chainrule.expr import Expr, evaluate, walk
from chainrule.op import opaque

RNG = np.random.default_rng(0)
VALUES = {
    "x": RNG.uniform(0.2, 2, (3, 4)),
    "z": RNG.uniform(0.2, 2, (3, 4)).astype(np.float32),
    "w": RNG.uniform(0.2, 2, (4, 2)),
    "v": RNG.uniform(0.2, 2, 4),
    "b": RNG.uniform(0.2, 2, (2, 3, 4)),
    "i": RNG.integers(0, 3, (3, 4)),
    "m": RNG.random((3, 4)) < 0.5,
    "s": np.float64(0.7),
}


def symbols():
    """A symbol for each of the values."""
    return {name: Expr.symbol(name, np.shape(a), a.dtype) for name, a in VALUES.items()}


WORDS = {
    "operators": lambda x, z, w, v, b, i, m, s: (x + 1) * (2 - z) / (x / v) ** 2 // 0.5 % 3,
    "matmul": lambda x, z, w, v, b, i, m, s: b @ w + (v @ w) - np.dot(x, w).sum(),
    "matrix vector": lambda x, z, w, v, b, i, m, s: x @ v + v @ x.T + v @ v,
    "unary": lambda x, z, w, v, b, i, m, s: -x + abs(x) - (+x),
    "comparisons": lambda x, z, w, v, b, i, m, s: ~(x > 1) & (x != z) | (x <= 2) ^ (x == x),
    "float times mask": lambda x, z, w, v, b, i, m, s: z * (z > 1),
    "integers": lambda x, z, w, v, b, i, m, s: (i << 1) + i * i - (i > 1) * 2,
    "weak numbers": lambda x, z, w, v, b, i, m, s: (2 * z + 0.5) ** 2,
    "weak over integers": lambda x, z, w, v, b, i, m, s: i * 0.5,
    "strong scalar": lambda x, z, w, v, b, i, m, s: z * s,
    "strong numpy scalar": lambda x, z, w, v, b, i, m, s: z * np.float64(2),
    "bool number": lambda x, z, w, v, b, i, m, s: x * True,
    "array": lambda x, z, w, v, b, i, m, s: np.array([1.0, 2.0, 3.0, 4.0]) * x,
    "power of negative": lambda x, z, w, v, b, i, m, s: x**-1.5 + 2**x + np.power(x, 2),
    "exp": lambda x, z, w, v, b, i, m, s: np.exp(z) + np.log1p(z) + np.tanh(z),
    "integer to float": lambda x, z, w, v, b, i, m, s: np.sqrt(i),
    "sum": lambda x, z, w, v, b, i, m, s: x.sum() + np.sum(x, 1).sum(0) + np.sum(b, axis=(0, -1), keepdims=True),
    "sum of mask": lambda x, z, w, v, b, i, m, s: m.sum(0),
    "reduce": lambda x, z, w, v, b, i, m, s: np.add.reduce(x) + np.maximum.reduce(x, axis=0) * np.multiply.reduce(x, 0),
    "reduce all": lambda x, z, w, v, b, i, m, s: np.add.reduce(x, axis=None, keepdims=True),
    "extremes": lambda x, z, w, v, b, i, m, s: np.max(x, axis=-1) - x.min(1) + np.argmax(x, 1),
    "logical": lambda x, z, w, v, b, i, m, s: np.logical_or.reduce(m, axis=1) & np.all(m, axis=1),
    "mean": lambda x, z, w, v, b, i, m, s: z.mean(1, keepdims=True) + np.mean(i),
    "running": lambda x, z, w, v, b, i, m, s: np.cumsum(x, axis=1) + np.multiply.accumulate(x, axis=1),
    "running extreme": lambda x, z, w, v, b, i, m, s: np.maximum.accumulate(x, axis=1),
    "where": lambda x, z, w, v, b, i, m, s: np.where(m, z, 0) + np.where(m, 1, 0.5),
    "clip": lambda x, z, w, v, b, i, m, s: np.clip(x, 0.5, 1.5),
    "shapes": lambda x, z, w, v, b, i, m, s: np.reshape(x, (2, -1)).T.reshape(-1).reshape(4, 3).mT,
    "transpose": lambda x, z, w, v, b, i, m, s: np.transpose(b, (2, 0, 1)) + np.swapaxes(b, 0, 1).T[:, :2, :1],
    "expand": lambda x, z, w, v, b, i, m, s: np.expand_dims(v, 0) + np.squeeze(v[None, :, None], axis=2),
    "broadcast": lambda x, z, w, v, b, i, m, s: np.broadcast_to(v, (2, 3, 4)),
    "index": lambda x, z, w, v, b, i, m, s: b[1:, None, ..., ::-2],
    "index by integers": lambda x, z, w, v, b, i, m, s: x[[2, 0]] + x[i[0, :2]],
    "gather": lambda x, z, w, v, b, i, m, s: np.take_along_axis(x, i, axis=0),
    "join": lambda x, z, w, v, b, i, m, s: np.concatenate([x, z], axis=1) @ np.concatenate([w, w]),
    "stack": lambda x, z, w, v, b, i, m, s: np.stack([x, x * 2], axis=1),
    "rows": lambda x, z, w, v, b, i, m, s: sum(x),
    "several results": lambda x, z, w, v, b, i, m, s: np.modf(x)[1] + np.modf(x)[0] * 2,
    "astype": lambda x, z, w, v, b, i, m, s: x.astype(np.float32) + i.astype(np.int32),
    "questions": lambda x, z, w, v, b, i, m, s: x * np.ndim(b) + np.size(x) - np.shape(x)[0] + x.ndim + x.size + len(x),
    "0-d": lambda x, z, w, v, b, i, m, s: np.exp(s) * s + s.sum(),
    "zeros": lambda x, z, w, v, b, i, m, s: np.zeros_like(z) + np.ones_like(m),
    "einsum": lambda x, z, w, v, b, i, m, s: np.einsum("bij,jk->ik", b, w),
}


@pytest.mark.parametrize("name", WORDS)
def test_words_mean_what_they_mean_for_arrays(name):
    expected = WORDS[name](**VALUES)
    made = WORDS[name](**symbols())
    found = evaluate(made, VALUES)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert (made.shape, made.dtype) == (np.shape(expected), expected.dtype)
    assert str(made)


def test_equal_formulas_are_one_object():
    x, y = Expr.symbol("x", (2,)), Expr.symbol("y", (2,))
    assert np.exp(x * y) is np.exp(x * y)
    assert x[1:] is x[1:]
    assert np.sum(x, axis=0) is x.sum(0)
    assert np.array([1.0, 2.0]) * x is np.array([1.0, 2.0]) * x


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0.0, -0.0), (np.float32(1), np.float64(1)), (np.ones(2), np.zeros(2))],
)
def test_different_numbers_make_different_formulas(one, other):
    x = Expr.symbol("x", (2,))
    assert x * one is not x * other


def test_lists_and_tuples_differ_as_indices():
    x = Expr.symbol("x", (2, 3))
    assert x[[0, 1]].shape == (2, 3)
    assert x[(0, 1)].shape == ()


def test_a_formula_is_freed_when_nobody_holds_it():
    gc.disable()
    try:
        node = weakref.ref(Expr.symbol("only here", (5,)) * 3)
        assert node() is None
    finally:
        gc.enable()


def test_inference_is_cheap():
    big = Expr.symbol("big", (1 << 20, 1 << 12))
    y = (np.where(big > 0, big, 0) @ big.T)[:2].sum(1, keepdims=True)
    assert y.shape == (2, 1)
    assert np.broadcast_to(big, (3, 1 << 20, 1 << 12)).T.shape == (1 << 12, 1 << 20, 3)


@pytest.mark.parametrize(
    "ask",
    [
        bool, float, int, operator.index, np.asarray, list(range(3)).__getitem__, lambda x: x.item(),
        lambda x: x.tolist(), lambda x: 1 in x, lambda x: 1 if x > 0 else 2, lambda x: np.full(3, x),
    ],
)  # fmt: skip
def test_a_formula_has_no_value(ask):
    with pytest.raises(SymbolicError, match=r"the formula 2 \* x.* has no value.*np\.where\(condition, a, b\)"):
        ask(2 * Expr.symbol("x", ()))


def test_a_mask_as_index_is_refused():
    x = Expr.symbol("x", (3,))
    with pytest.raises(SymbolicError, match=r"x\[x > 0\]: the shape depends on the values of the mask"):
        x[x > 0]


def test_nothing_is_written_into_a_formula():
    x = Expr.symbol("x", (3,))
    with pytest.raises(SymbolicError, match="nothing is written into the formula x"):
        x[0] = 1
    with pytest.raises(SymbolicError, match="has no value"):
        np.zeros(3)[0:1] = x


@pytest.mark.parametrize("call", [np.unique, np.fft.fft, np.nonzero, lambda x: np.add.reduceat(x, [0, 1])])
def test_a_word_outside_of_the_vocabulary_says_where_to_add_it(call):
    with pytest.raises(SymbolicError, match=r"not in the vocabulary of rules.*chainrule/expr/vocabulary\.py.*@opaque"):
        call(Expr.symbol("x", (3,)))


def test_out_and_where_are_no_part_of_the_vocabulary():
    x = Expr.symbol("x", (3,))
    with pytest.raises(SymbolicError, match="out="):
        np.exp(x, out=np.zeros(3))


def test_shapes_that_do_not_fit_fail_when_the_formula_is_made():
    x = Expr.symbol("x", (3, 4))
    for make in (lambda: x + np.ones(3), lambda: x @ x, lambda: x.sum(2), lambda: x.reshape(5), lambda: x[3]):
        with pytest.raises((ValueError, IndexError)):
            make()
    with pytest.raises(ValueError, match="zero-size array"):
        np.max(Expr.symbol("none", (0, 3)), axis=0)
    with pytest.raises(TypeError):
        Expr.symbol("m", (2,), bool) - Expr.symbol("n", (2,), bool)


@opaque
def doubled_and_shape(x, times=2):
    """A word of the tests: two results, and it takes no formula itself."""
    return x.copy() * times, np.array(x.shape)


@opaque
def positive_ones(x):
    """A word whose shape depends on values."""
    return x[x > 0]


def test_an_opaque_function_is_one_word():
    x = Expr.symbol("x", (2, 3))
    y, shape = doubled_and_shape(x, times=3)
    assert str(y) == "doubled_and_shape(x, times=3)[0]"
    assert (y.shape, shape.dtype) == ((2, 3), np.dtype(int))
    found = evaluate((y, shape), {"x": np.ones((2, 3))})
    np.testing.assert_array_equal(found[0], np.full((2, 3), 3.0))
    np.testing.assert_array_equal(found[1], [2, 3])


def test_a_shape_that_depends_on_values_is_never_silently_wrong():
    x = Expr.symbol("x", (3,))
    with pytest.raises(SymbolicError, match="the shape depends on values"):
        evaluate(positive_ones(x), {"x": np.array([1.0, -1.0, 1.0])})


def test_nor_are_shapes_of_several_results():
    @opaque
    def counted(x):
        return np.unique(x, return_counts=True)

    with pytest.raises(SymbolicError, match="the shape depends on values"):
        evaluate(counted(Expr.symbol("x", (3,)))[0], {"x": np.arange(3.0)})


def test_evaluation_and_text_do_not_recurse():
    y = x = Expr.symbol("x", ())
    for _ in range(20_000):
        y = y + 1
    assert evaluate(y, {"x": 0.0}) == 20_000
    assert len(str(y)) < 1000
    assert sum(1 for _ in walk(y)) == 20_001
    assert x.name == "x"


def test_shared_parts_are_evaluated_once():
    calls = []

    @opaque
    def counted(x):
        calls.append(x)
        return x + 1

    y = counted(Expr.symbol("x", ()))
    calls.clear()  # the stand-in
    for _ in range(40):
        y = y * y  # 2⁴⁰ paths
    evaluate(y, {"x": np.float64(0)})
    assert len(calls) == 1


def test_a_symbol_without_a_value_is_named():
    with pytest.raises(KeyError, match="missing"):
        evaluate(Expr.symbol("missing") + 1, {})
