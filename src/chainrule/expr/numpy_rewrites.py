"""Other words for the same: what a person would say in place of the words that rules and records use."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import words
from ..op import REGISTRY
from .expression import CONSTANT, SYMBOL, Expr, _key, apply_word
from .numpy_words import ALL, WEAK, is_every

LARGE = 1_000_000  # elements up to which it is looked whether parts of an array overlap
REWRITES: dict[Any, Callable[..., Any]] = {
    words.contiguous: lambda x: x,
    words.view_get: lambda x, chain: follow(x, chain),
}


def follow(x: Any, chain: Any) -> Any:
    for op, params in chain:
        x = op.forward(x, **params)
    return x


def _mean(x: Any, n: Any) -> Any:
    """Σ x / n, where n is the number of terms."""
    if isinstance(x, Expr) and x.word is np.negative:
        found = _mean(x.args[0], n)
        return None if found is None else -found
    if isinstance(x, Expr) and x.word is np.sum and x.dtype.kind == "f" and x.size and type(n) in (int, float):
        terms = x.args[0]
        if terms.dtype == x.dtype and n * x.size == terms.size and not x.kwargs.keys() - {"axis", "keepdims"}:
            return apply_word(np.mean, (terms,), x.kwargs)
    return None


def _filled(x: Any, shape: tuple[int, ...]) -> Any:
    """A number in every place, as a constant that takes no memory."""
    if isinstance(x, Expr) and x.word != CONSTANT:
        return None
    return Expr.constant(np.broadcast_to(x.args[0] if isinstance(x, Expr) else x, shape))


def _assigned(word: Any, x: Any, value: Any, to: Any) -> Any:
    """What is assigned broadcasts by itself, and where it fills everything nothing of `x` is left."""
    key = to
    if word is words.view_put:
        path = follow(Expr.symbol("x", x.shape, x.dtype), to)
        while path.word is operator.getitem and _takes_all(path.args[1]):
            path = path.args[0]
        if path.word == SYMBOL and isinstance(value, Expr):
            return words.broadcast_to(value, x.shape).astype(x.dtype)
        if path.word is operator.getitem and path.args[0].word == SYMBOL and is_basic(path.args[1]):
            word, key = words.index_put, path.args[1]
    inner = value
    while (found := _inner(inner)) is not None:
        inner = found
    number = _number(inner)
    inner = inner if number is None else number
    if word is words.index_put and is_basic(key):
        found = _put(x, inner, key)
        return None if inner is value and key is to and found.word is word and found.args[0] is x else found
    return None if inner is value else apply_word(word, (x, inner, key), {})


def _put(x: Any, value: Any, key: Any) -> Any:
    """A copy of `x` with `value` at a basic index, in the fewest words."""
    same = isinstance(value, Expr) and value.dtype == x.dtype
    if same and value.word is operator.getitem and value.args[0] is x and _alike(value.args[1], key):
        return x
    if x.word is words.index_put and _alike(x.args[2], key):
        return _put(x.args[0], value, key)
    if same and x.word == CONSTANT and not np.any(x.args[0]):
        return apply_word(words.unindex, (value, x.shape, key), {})
    return apply_word(words.index_put, (x, value, key), {})


def _alike(key: Any, other: Any) -> bool:
    """Whether two indices are the same, whichever way they end."""
    ends = []
    for k in (key, other):
        items = list(k) if isinstance(k, tuple) else [k]
        while items and _takes_all(items[-1]):
            items.pop()
        ends.append(_key(items))
    return bool(ends[0] == ends[1])


def _added(a: Any, b: Any) -> Any:
    """A sum with an array that is zero but for a part of it: added to that part only."""
    for one, other in ((a, b), (b, a)):
        if isinstance(one, Expr) and isinstance(other, Expr) and other.word is words.unindex:
            if (one.shape, one.dtype) == (other.shape, other.dtype) and one.word != CONSTANT:
                value, _, key = other.args
                zero = _is_zero_at(one, key)
                return _put(one, value, key) if zero else apply_word(words.index_put_add, (one, value, key), {})
    return None


def _is_zero_at(x: Expr, key: Any) -> bool:
    """Whether nothing but zeros stand at a basic index."""
    if x.word is words.index_put and _alike(x.args[2], key) and type(x.args[1]) in (int, float):
        return x.args[1] == 0
    keys = []
    while x.word in (words.index_put, words.index_put_add) and is_basic(x.args[2]):
        keys.append(x.args[2])
        x = x.args[0]
    if x.word is not words.unindex or x.size > LARGE:
        return False
    taken = np.zeros(x.shape, bool)
    for k in (*keys, x.args[2]):
        taken[k] = True
    return not taken[key].any()


def _number(x: Any) -> Any:
    """The Python number that a constant holds in every place; None for another formula."""
    if not isinstance(x, Expr) or x.word != CONSTANT or not x.size:
        return None
    array = np.asarray(x.args[0])
    return None if any(array.strides) else array.flat[0].item()


def folded(node: Expr, args: tuple[Any, ...]) -> Any:
    """What an elementwise word makes of constants that hold one number each; None where that is unknown."""
    if not isinstance(node.word, np.ufunc) or node.kwargs or node.word.nout > 1:
        return None
    if not all(_number(a) is not None or type(a) in (int, float) for a in args) or type(node.dtype) is tuple:
        return None
    with np.errstate(all="ignore"):
        value = node.word(*(np.asarray(a.args[0]).flat[0] if isinstance(a, Expr) else a for a in args))
    return Expr.constant(np.broadcast_to(value, node.shape))


def _of_negative(word: Any) -> Callable[..., Any]:
    """−Σ x for Σ −x."""

    def rewritten(x: Any, **kwargs: Any) -> Any:
        return -apply_word(word, x.args, kwargs) if x.word is np.negative and x.dtype.kind == "f" else None

    return rewritten


def _reshaped(x: Any, shape: Any) -> Any:
    """A sum that keeps its axes, in place of putting them back; the sign stays outside."""
    if not isinstance(x, Expr) or type(x.dtype) is tuple:
        return None
    if x.word is np.negative:
        return -np.reshape(x.args[0], shape)
    if x.word in REDUCTIONS and not x.kwargs.keys() - {"axis"} and x.kwargs.get("axis") is not None:
        terms, axis = x.args[0], x.kwargs["axis"]
        axes = {a % terms.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
        if tuple(shape) == tuple([1 if i in axes else n for i, n in enumerate(terms.shape)]):
            return apply_word(x.word, (terms,), {"axis": axis, "keepdims": True})
    return None


def _taken(x: Any, key: Any) -> Any:
    """A column in place of a row of the transpose; and a matrix times a vector that was made a column for that."""
    if x.word is np.transpose and x.ndim == 2 and (keys := _pair(key)) is not None and int in map(type, keys):
        return x.args[0][keys[::-1]]
    if x.word is np.matmul and key == (Ellipsis, 0) and (v := _as_column(x.args[1])) is not None:
        return apply_word(np.dot if x.args[0].ndim == 2 else np.matmul, (x.args[0], v), {})
    return None


def _transposed(x: Any, *axes: Any) -> Any:
    """The transpose of a matrix that is zero but for a part of it."""
    if x.word is not words.unindex or x.ndim != 2 or axes in (((0, 1),), (0, 0), (1, 1)):
        return None
    part, keys = x.args[0], _pair(x.args[2])
    if keys is None or part.ndim != sum(isinstance(k, slice) for k in keys):
        return None
    return apply_word(words.unindex, (part.T if part.ndim == 2 else part, x.shape[::-1], keys[::-1]), {})


def _pair(key: Any) -> Any:
    """The index of a matrix as two items, numbers or slices; None for another one."""
    items = list(key) if isinstance(key, tuple) else [key]
    while items and items[-1] is Ellipsis:
        items.pop()
    if len(items) > 2 or not all(type(i) in (int, slice) for i in items):
        return None
    return (*items, ALL, ALL)[:2]


def _outer(a: Any, b: Any) -> Any:
    """aᵢ bⱼ of two vectors."""
    b = _inner(b) if _adds_leading_ones(b) else b
    if isinstance(b, Expr) and b.ndim == 1 and b.word != CONSTANT and (v := _as_column(a)) is not None:
        return apply_word(np.outer, (v, b), {})
    return None


def _as_column(x: Any) -> Any:
    """The vector that was made a column."""
    if isinstance(x, Expr) and x.word in (np.expand_dims, np.reshape) and x.ndim == 2 and x.shape[1] == 1:
        return x.args[0] if isinstance(x.args[0], Expr) and x.args[0].ndim == 1 else None
    return None


def is_basic(key: Any) -> bool:
    """Whether an index gives a view."""
    keys = key if isinstance(key, tuple) else (key,)
    return all(i is None or i is Ellipsis or type(i) in (int, slice) for i in keys)


def _takes_all(key: Any) -> bool:
    keys = key if isinstance(key, tuple) else (key,)
    return all(i is Ellipsis or (isinstance(i, slice) and i == ALL) for i in keys)


REWRITES.update({word: functools.partial(_assigned, word) for word in (words.view_put, words.index_put)})
REWRITES.update({word: _of_negative(word) for word in (np.sum, np.mean)})
REWRITES[np.add], REWRITES[np.multiply], REWRITES[operator.getitem] = _added, _outer, _taken
REWRITES[np.reshape] = _reshaped
REWRITES.update(dict.fromkeys((np.transpose, np.swapaxes, np.matrix_transpose), _transposed))
REWRITES[np.divide] = _mean
REWRITES[words.broadcast_to] = REWRITES[np.broadcast_to] = _filled
REDUCTIONS = frozenset({np.sum, np.prod, np.max, np.min, np.mean, np.any, np.all})


def _inner(x: Any) -> Any:
    """What a formula only gives another shape to for broadcasting."""
    if not isinstance(x, Expr):
        return None
    if x.word in (words.broadcast_to, np.broadcast_to):
        return x.args[0]
    if x.ndim and _number(x) is not None:
        return Expr.constant(np.asarray(x.args[0]).flat[0])
    if x.word in REDUCTIONS and x.kwargs.get("keepdims"):
        axis = x.kwargs.get("axis")
        if is_every(axis, x.ndim):
            axis = None
        elif (axes := sorted(axis if isinstance(axis, tuple) else (axis,))) != list(range(len(axes))):
            return None
        kwargs = {name: v for name, v in x.kwargs.items() if name not in ("axis", "keepdims")}
        return apply_word(x.word, x.args, kwargs if axis is None else {"axis": axis, **kwargs})
    return x.args[0] if _adds_leading_ones(x) else None


def without_broadcasts(node: Expr, args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of an elementwise word, not spelling out what it broadcasts anyway."""
    if not (isinstance(node.word, np.ufunc) and node.word.signature is None) and node.word not in WEAK:
        return args
    found = list(args)
    for i, a in enumerate(args):
        inner = _inner(a)
        while inner is not None:
            shapes = [np.shape(b) for j, b in enumerate(found) if j != i]
            if np.broadcast_shapes(inner.shape, *shapes) != node.shape:
                break
            found[i], inner = inner, _inner(inner)
    return tuple(found)


def _adds_leading_ones(x: Any) -> bool:
    inner = x.args[0] if isinstance(x, Expr) and x.word in (np.reshape, np.expand_dims) else None
    return isinstance(inner, Expr) and x.shape == (1,) * (x.ndim - inner.ndim) + inner.shape


def _sample(x: Any, *others: Any, sample: Any) -> Any:
    """What was drawn is taken as it is."""
    return Expr.constant(np.asarray(sample.args[0] if isinstance(sample, Expr) else sample, x.dtype))


REWRITES.update({REGISTRY[name].forward: _sample for name in ("bernoulli", "bernoulli_each_")})
