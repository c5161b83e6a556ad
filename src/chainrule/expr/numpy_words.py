"""How each word that is no operator is typed in NumPy.

A function per word: it gets the writer, the node and the word's own arguments, and returns code; or code and how
strongly it binds. What NumPy has as a statement only writes lines first (`w.begin`, `w.line`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import words
from ..op import REGISTRY
from .expression import CONSTANT, Expr
from .vocabulary import ATOM, PRODUCT

ALL = slice(None)
WEAK = frozenset({operator.pow, np.where})  # words beside ufuncs in which Python's numbers adopt the dtype of arrays
Say = Callable[..., Any]
TABLE: dict[Any, Say] = {}  # how each word is typed


class Code(str):
    """Text that is code already, among arguments that are values."""

    __slots__ = ()


def say(*words: Any) -> Callable[[Say], Say]:
    """State how words are typed; a string names the record whose forward is meant."""

    def define(f: Say) -> Say:
        TABLE.update({REGISTRY[word].forward if isinstance(word, str) else word: f for word in words})
        return f

    return define


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────


@say(np.reshape)
def _reshape(w: Any, node: Expr, x: Any, shape: Any) -> Any:
    if node.shape == x.shape:
        return w.written(x)
    key = _ones_added(x.shape, node.shape)
    if key is not None:
        return f"{w.text(x, ATOM)}[{_joined(w, key)}]"
    if node.ndim == 1:
        return w.method(x, "ravel") if x.ndim > 1 else w.method(x, "reshape", 1)
    return w.method(x, "reshape", *(shape if shape else [()]))


def _ones_added(old: tuple[int, ...], new: tuple[int, ...]) -> list[Any] | None:
    """The index that inserts axes of size 1, if that is all the difference."""
    if not old or len(new) <= len(old):
        return None
    key: list[Any] = []
    for n in new:
        left = old[len([k for k in key if k is not None]) :]
        if left and left[0] == n:
            key.append(ALL)
        elif n == 1:
            key.append(None)
        else:
            return None
    return key if len([k for k in key if k is not None]) == len(old) else None


@say(np.transpose)
def _transpose(w: Any, node: Expr, x: Any, axes: Any = None) -> Any:
    axes = tuple(range(x.ndim))[::-1] if axes is None else tuple(a % x.ndim for a in axes)
    moved = [i for i, a in enumerate(axes) if i != a]
    if not moved:
        return w.written(x)
    if axes == tuple(range(x.ndim))[::-1]:
        return f"{w.text(x, ATOM)}.T"
    return w.method(x, "swapaxes", *moved) if len(moved) == 2 else w.method(x, "transpose", *axes)


@say(np.swapaxes)
def _swapaxes(w: Any, node: Expr, x: Any, a: int, b: int) -> Any:
    if a % x.ndim == b % x.ndim:
        return w.written(x)
    return f"{w.text(x, ATOM)}.T" if x.ndim == 2 else w.method(x, "swapaxes", a, b)


@say(np.matrix_transpose)
def _matrix_transpose(w: Any, node: Expr, x: Any) -> Any:
    return _swapaxes(w, node, x, -1, -2)


@say(np.expand_dims)
def _expand_dims(w: Any, node: Expr, x: Any, axis: Any) -> Any:
    axes = {a % node.ndim for a in (axis if isinstance(axis, tuple) else (axis,))}
    key: list[Any] = [None if i in axes else ALL for i in range(node.ndim)]
    if len(axes) == 1 and x.ndim > 1 and node.ndim - 1 in axes:
        key = [Ellipsis, None]
    return f"{w.text(x, ATOM)}[{_joined(w, key)}]"


@say(words.broadcast_to, np.broadcast_to)
def _broadcast_to(w: Any, node: Expr, x: Any, shape: Any) -> Any:
    if node.shape == x.shape:
        return w.written(x)
    return w.numpy("broadcast_to" if x.ndim else "full", *((x, node.shape) if x.ndim else (size_of(node.shape), x)))


def size_of(shape: tuple[int, ...]) -> Any:
    return shape[0] if len(shape) == 1 else shape


@say(words.cast)
def _cast(w: Any, node: Expr, x: Any, dtype: Any) -> Any:
    return w.method(x, "astype", np.dtype(dtype))


# ── indices ─────────────────────────────────────────────────────────────────────────────────────


@say(operator.getitem)
def _getitem(w: Any, node: Expr, x: Any, key: Any) -> Any:
    return place(w, x, x.shape, key)


def place(w: Any, x: Any, shape: tuple[int, ...], key: Any) -> Any:
    """`x[key]`, or `x` alone where the index takes everything; and how strongly it binds."""
    inside = index(w, shape, key)
    return (Code(f"{w.text(x, ATOM)}[{inside}]"), ATOM) if inside else w.written(x)


def index(w: Any, shape: tuple[int, ...], key: Any) -> str:
    """What stands between the brackets; nothing where it takes everything."""
    items = list(key) if isinstance(key, tuple) else [key]
    consumed = [_consumed(i) for i in items]
    if any(i is Ellipsis for i in items):
        at = next(n for n, i in enumerate(items) if i is Ellipsis)
        if not any(consumed[at + 1 :]) and not any(i is None for i in items[at + 1 :]):
            items = items[:at]
    axis, written = 0, []
    for n, item in enumerate(items):
        if item is Ellipsis:
            axis = len(shape) - sum(consumed[n + 1 :])
        elif isinstance(item, slice):
            item = _shortest(item, shape[axis])
        if item is not Ellipsis:
            axis += consumed[n]
        written.append(item)
    return _joined(w, written)


def _joined(w: Any, items: list[Any]) -> str:
    items = list(items)
    while items and isinstance(items[-1], slice) and items[-1] == ALL:
        items.pop()
    return ", ".join(_item(w, i) for i in items)


def _consumed(item: Any) -> int:
    """How many axes an item of an index uses up."""
    if item is None or item is Ellipsis:
        return 0
    return item.ndim if isinstance(item, Expr) and item.dtype == bool else 1


def _shortest(item: slice, n: int) -> slice:
    if not all(x is None or type(x) is int for x in (item.start, item.stop, item.step)):
        return item
    start, stop, step = item.start, item.stop, None if item.step == 1 else item.step
    if step is not None and step < 0:
        return slice(start, stop, step)
    return slice(start or None, None if stop is not None and stop >= n else stop, step)


def _item(w: Any, item: Any) -> str:
    if isinstance(item, slice):
        start, stop, step = ("" if x is None else w.text(x) for x in (item.start, item.stop, item.step))
        return f"{start}:{stop}" + (f":{step}" if step else "")
    if isinstance(item, Expr) and item.word == CONSTANT:
        array = np.asarray(item.args[0])
        counted = array.ndim == 1 and array.size > 2 and np.array_equal(array, np.arange(array.size))
        if array.ndim and 0 < array.size <= 8 and not counted:
            return str(w.elements(array))
    return str(w.text(item))


@say(np.take)
def _take(w: Any, node: Expr, x: Any, indices: Any, axis: Any = None) -> Any:
    if axis is None or not isinstance(indices, Expr):
        return w.numpy("take", x, indices, axis=axis)
    return place(w, x, x.shape, (*(ALL,) * axis, indices))


# ── products ────────────────────────────────────────────────────────────────────────────────────


@say(np.dot)
def _dot(w: Any, node: Expr, a: Any, b: Any) -> Any:
    if a.ndim and b.ndim and max(a.ndim, b.ndim) <= 2:
        return f"{w.text(a, PRODUCT)} @ {w.text(b, PRODUCT + 1)}", PRODUCT
    if not a.ndim or not b.ndim:
        return f"{w.text(a, PRODUCT)} * {w.text(b, PRODUCT + 1)}", PRODUCT
    return w.numpy("dot", a, b)


# ── reductions ──────────────────────────────────────────────────────────────────────────────────


def _method_call(name: str) -> Say:
    def method(w: Any, node: Expr, x: Any, axis: Any = None, **kwargs: Any) -> Any:
        return w.method(x, name, axis=axis_of(axis, x.ndim), **kwargs)

    return method


def axis_of(axis: Any, ndim: int) -> Any:
    """The axis as it has to be named: not at all where it is every axis."""
    if is_every(axis, ndim):
        return None
    return axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis


def is_every(axis: Any, ndim: int) -> bool:
    """Whether these axes are all there are, so that they need not be named."""
    if axis is None or (type(axis) is int and ndim == 1):
        return True
    return isinstance(axis, tuple) and len(axis) == ndim > 0


for _name in ("sum", "prod", "max", "min", "mean", "any", "all", "argmax", "argmin", "cumsum", "cumprod", "argsort"):
    say(getattr(np, _name))(_method_call(_name))
