"""Other words for the same: what a person would say in place of the words that rules and records use."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import words
from ..op import REGISTRY
from .expression import CONSTANT, SYMBOL, Expr, apply_word
from .numpy_words import ALL, WEAK, is_every

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
    if word is words.view_put and isinstance(value, Expr):
        path = follow(Expr.symbol("x", x.shape, x.dtype), to)
        while path.word is operator.getitem and _takes_all(path.args[1]):
            path = path.args[0]
        if path.word == SYMBOL:
            return words.broadcast_to(value, x.shape).astype(x.dtype)
    inner = value
    while (found := _inner(inner)) is not None:
        inner = found
    return None if inner is value else apply_word(word, (x, inner, to), {})


def _takes_all(key: Any) -> bool:
    keys = key if isinstance(key, tuple) else (key,)
    return all(i is Ellipsis or (isinstance(i, slice) and i == ALL) for i in keys)


REWRITES.update({word: functools.partial(_assigned, word) for word in (words.view_put, words.index_put)})
REWRITES[np.divide] = _mean
REWRITES[words.broadcast_to] = REWRITES[np.broadcast_to] = _filled
REDUCTIONS = frozenset({np.sum, np.prod, np.max, np.min, np.mean, np.any, np.all})


def _inner(x: Any) -> Any:
    """What a formula only gives another shape to for broadcasting."""
    if not isinstance(x, Expr):
        return None
    if x.word in (words.broadcast_to, np.broadcast_to):
        return x.args[0]
    if x.word in REDUCTIONS and x.kwargs.get("keepdims") and is_every(x.kwargs.get("axis"), x.ndim):
        return apply_word(x.word, x.args, {k: v for k, v in x.kwargs.items() if k not in ("axis", "keepdims")})
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


def _adds_leading_ones(x: Expr) -> bool:
    inner = x.args[0] if x.word is np.reshape else None
    return isinstance(inner, Expr) and x.shape == (1,) * (x.ndim - inner.ndim) + inner.shape


def _sample(x: Any, *others: Any, sample: Any) -> Any:
    """What was drawn is taken as it is."""
    return Expr.constant(np.asarray(sample.args[0] if isinstance(sample, Expr) else sample, x.dtype))


REWRITES.update({REGISTRY[name].forward: _sample for name in ("bernoulli", "bernoulli_each_")})
