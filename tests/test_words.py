"""Each word of our own against the plainest way to say it, one element at a time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import chainrule
from chainrule import words
from chainrule.errors import SymbolicError
from chainrule.expr import Expr, evaluate
from chainrule.op import OPAQUE, REGISTRY, WORDS

RNG = np.random.default_rng(0)


def plain_scatter(x, index, source, axis, join):
    """`scatter` and its kin, element by element; `join` says what becomes of the old and the new value."""
    out = np.array(x)
    for place in itertools.product(*map(range, index.shape)):
        target = (*place[:axis], index[place], *place[axis + 1 :])
        value = source[place] if np.ndim(source) else source
        out[target] = join(out[target], value)
    return out


def last(old, new):
    """The new value."""
    return new


X = RNG.random((4, 3, 2))
INDEX = RNG.integers(0, 3, (2, 5, 2))
SOURCE = RNG.random((4, 5, 2))
ROWS = np.array([0, 2, 0, 0])
CHAIN = ((REGISTRY["permute"], {"axes": (1, 0, 2)}), (REGISTRY["reshape"], {"shape": (3, 8)}))


def view_of(x):
    """What CHAIN makes of an array."""
    return np.transpose(x, (1, 0, 2)).reshape(3, 8)


def with_view(x, value):
    """The array of which CHAIN makes `value`."""
    return np.transpose(np.broadcast_to(value, (3, 8)).reshape(3, 4, 2), (1, 0, 2)) + 0 * x


def added_at(x, key, value):
    """`np.add.at` on a copy."""
    out = np.array(x)
    np.add.at(out, key, value)
    return out


def put_at(x, key, value):
    """`x[key] = value` on a copy."""
    out = np.array(x)
    out[key] = value
    return out


# word, arguments, expected
CASES = [
    (words.broadcast_to, (np.array(2.0), (2, 3)), np.full((2, 3), 2.0)),
    (words.broadcast_to, (np.arange(3.0), (2, 3)), np.array([[0.0, 1, 2], [0, 1, 2]])),
    (words.cast, (X, np.float32), X.astype(np.float32)),
    (words.view_get, (X, CHAIN), view_of(X)),
    (words.view_put, (X, 7.0, CHAIN), with_view(X, 7.0)),
    (words.view_put, (X, RNG.random((3, 8)) * 0 + 5, CHAIN), with_view(X, 5.0)),
    (words.view_add, (X, 1.0, CHAIN), X + 1),
    (words.unindex, (np.ones((2, 3)), (4, 3), np.s_[1:3]), np.array([[0.0] * 3, [1] * 3, [1] * 3, [0] * 3])),
    (words.index_put, (X, 1.0, np.s_[1:, 0]), put_at(X, np.s_[1:, 0], 1.0)),
    (words.index_put_add, (X, 1.0, (ROWS,)), added_at(X, ROWS, 1.0)),
    (words.index_put_add, (X, 2.0, (ROWS, ROWS % 2)), added_at(X, (ROWS, ROWS % 2), 2.0)),
    (words.index_put_add, (X, 2.0, (X > 0.5,)), added_at(X, X > 0.5, 2.0)),
    (words.index_add, (X, ROWS, RNG.random((4, 3, 2)) * 0 + 3, 0), added_at(X, ROWS, 3.0)),
    (words.index_add, (X, ROWS, np.full((4, 4, 2), 3.0), 1), added_at(X, np.s_[:, ROWS], 3.0)),
    (words.gather, (X, INDEX, 1), np.take_along_axis(X[:2], INDEX, 1)),
    (words.gather, (np.array(3.0), np.array(0), 0), np.array(3.0)),
    (words.scatter, (X, INDEX[:, :3], 0.5, 1), plain_scatter(X, INDEX[:, :3], 0.5, 1, last)),
    (words.scatter, (X, INDEX[:, :1], SOURCE, 1), plain_scatter(X, INDEX[:, :1], SOURCE, 1, last)),
    (words.scatter_add, (X, INDEX, SOURCE, 1), plain_scatter(X, INDEX, SOURCE, 1, np.add)),
    (words.scatter_add, (X, INDEX, 2.0, 1), plain_scatter(X, INDEX, 2.0, 1, np.add)),
    (words.scatter_prod, (X, INDEX, SOURCE, 1), plain_scatter(X, INDEX, SOURCE, 1, np.multiply)),
    (words.scatter_prod, (np.array(3.0), np.array([0, 0]), np.array([2.0, 2.0]), 0), np.array(12.0)),
    (words.scatter_max, (X, INDEX, SOURCE, 1), plain_scatter(X, INDEX, SOURCE, 1, np.maximum)),
    (words.scatter_min, (X, INDEX, SOURCE, 1), plain_scatter(X, INDEX, SOURCE, 1, np.minimum)),
    (words.windows, (X, 0, 2, 1), np.stack([X[:-1], X[1:]], -1)),
    (words.windows, (X, 1, 1, 2), X[:, ::2, :, None]),
    (words.strided, (X, (2, 3), (4, 1), 5), X.reshape(-1)[[[5, 6, 7], [9, 10, 11]]]),
    (words.contiguous, (X.T,), X.T),
    (words.sigmoid, (X,), 1 / (1 + np.exp(-X))),
    (words.onehot, (ROWS, 3, np.float64), np.array([[1.0, 0, 0], [0, 0, 1], [1, 0, 0], [1, 0, 0]])),
    (words.scatter_add, (X, INDEX[:, :2], SOURCE, 0), plain_scatter(X, INDEX[:, :2], SOURCE, 0, np.add)),
]  # fmt: skip
IDS = [f"{word.__name__}-{i}" for i, (word, _, _) in enumerate(CASES)]


def frozen(a):
    """A read-only copy of an array, so that a word that writes into its arguments fails."""
    if isinstance(a, np.ndarray):
        a = a.copy()
        a.flags.writeable = False
    return a


@pytest.mark.parametrize(("word", "args", "expected"), CASES, ids=IDS)
def test_word(word, args, expected):
    np.testing.assert_allclose(word(*map(frozen, args)), expected)


@pytest.mark.parametrize(("word", "args", "expected"), CASES, ids=IDS)
def test_word_as_a_formula(word, args, expected):
    values = {f"a{i}": a for i, a in enumerate(args) if isinstance(a, np.ndarray)}
    made = word(*(Expr.symbol(f"a{i}", a.shape, a.dtype) if f"a{i}" in values else a for i, a in enumerate(args)))
    assert made.shape == expected.shape
    np.testing.assert_allclose(evaluate(made, values), expected)


def test_the_shape_of_nonzero_depends_on_values():
    x = np.array([[0.0, 1.0], [2.0, 0.0]])
    np.testing.assert_array_equal(words.nonzero(x), [[0, 1], [1, 0]])
    assert words.nonzero(np.array(3.0)).shape == (1, 0)
    with pytest.raises(SymbolicError, match="the shape depends on values"):
        evaluate(words.nonzero(Expr.symbol("x", (2, 2))), {"x": x})


def test_every_word_of_the_file_is_tested():
    ours = {word.__name__ for word in OPAQUE if word.__module__ == words.__name__}
    assert ours == {word.__name__ for word, _, _ in CASES} | {"nonzero", "softmax", "log_softmax"}


def test_every_word_means_something_for_tensors():
    assert [word.__name__ for word in OPAQUE if word.__module__.startswith("chainrule") and word not in WORDS] == []


def test_words_that_only_formulas_use_mean_the_same_for_tensors():
    x, rows = chainrule.tensor(X), chainrule.tensor(ROWS)
    np.testing.assert_allclose(words.softmax(X, axis=1), np.exp(X) / np.exp(X).sum(1, keepdims=True))
    np.testing.assert_allclose(words.log_softmax(X, axis=1), X - np.log(np.exp(X).sum(1, keepdims=True)))
    for word in (words.softmax, words.log_softmax):
        np.testing.assert_allclose(word(x, axis=1), word(X, axis=1))
    np.testing.assert_allclose(words.sigmoid(x), words.sigmoid(X))
    np.testing.assert_allclose(words.onehot(rows, 3, np.float64), words.onehot(ROWS, 3, np.float64))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [1, 3, 64])
@pytest.mark.parametrize("rows", [10, 5000])
def test_many_rows_are_added_as_few_are(rows, width, dtype):
    """Large additions go through a sparse product; it adds what is named several times as often."""
    x = RNG.random((30, width)).astype(dtype)
    index = RNG.integers(-30, 30, rows)
    source = RNG.random((rows, width)).astype(dtype)
    expected = added_at(x.astype(np.float64), index, source)
    np.testing.assert_allclose(words.index_put_add(x, source, (index,)), expected, rtol=1e-4)
    np.testing.assert_allclose(words.index_add(x, index % 30, source, 0), expected, rtol=1e-4)


def test_an_index_out_of_range_is_refused_by_large_additions_too():
    with pytest.raises(IndexError):
        words.index_put_add(np.zeros((3, 100)), np.ones((200, 100)), (np.full(200, 3),))
