"""How each word that is no operator is typed in NumPy.

A function per word: it gets the writer, the node and the word's own arguments, and returns code; or code and how
strongly it binds. What NumPy has as a statement only writes lines first (`w.begin`, `w.line`).
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import words
from ..op import REGISTRY
from .expression import CONSTANT, SYMBOL, Expr, apply_word
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


NEW = frozenset({np.where, np.concatenate, np.stack, np.matmul, np.dot, words.cast})  # words that make new arrays

# Words that copy their first argument and write into the copy.
COPIES = frozenset(
    {words.index_put, words.index_put_add, words.index_add, words.view_put, words.view_add,
     words.scatter, words.scatter_add, words.scatter_max, words.scatter_min, words.scatter_prod}
)  # fmt: skip

# ── other words for the same ────────────────────────────────────────────────────────────────────

REWRITES: dict[Any, Callable[..., Any]] = {
    words.contiguous: lambda x: x,
    words.view_get: lambda x, chain: _follow(x, chain),
}


def _follow(x: Any, chain: Any) -> Any:
    for op, params in chain:
        x = op.forward(x, **params)
    return x


def _mean(x: Any, n: Any) -> Any:
    """Σ x / n, where n is the number of terms."""
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
        path = _follow(Expr.symbol("x", x.shape, x.dtype), to)
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
    if x.word in REDUCTIONS and x.kwargs.get("keepdims") and _is_every(x.kwargs.get("axis"), x.ndim):
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
    return w.numpy("broadcast_to" if x.ndim else "full", *((x, node.shape) if x.ndim else (_size(node.shape), x)))


def _size(shape: tuple[int, ...]) -> Any:
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
        if array.ndim and 0 < array.size <= 8:
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
    if _is_every(axis, ndim):
        return None
    return axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis


def _is_every(axis: Any, ndim: int) -> bool:
    """Whether these axes are all there are, so that they need not be named."""
    if axis is None or (type(axis) is int and ndim == 1):
        return True
    return isinstance(axis, tuple) and len(axis) == ndim > 0


for _name in ("sum", "prod", "max", "min", "mean", "any", "all", "argmax", "argmin", "cumsum", "cumprod", "argsort"):
    say(getattr(np, _name))(_method_call(_name))

# ── written into ────────────────────────────────────────────────────────────────────────────────


def copy(w: Any, node: Expr, x: Any) -> Any:
    """Begin the lines of a word with an array of its own that holds `x`."""
    if w.continues(node):
        return w.go_on(node)
    if not x.ndim:
        return w.begin(node, w.numpy("array", x))
    code = w.text(x)
    is_new = (x.word == CONSTANT and code not in w.constants) or isinstance(x.word, np.ufunc) or x.word in NEW
    return w.begin(node, code if is_new and not code.isidentifier() else w.method(x, "copy"))


def zeros(w: Any, node: Expr, shape: tuple[int, ...], dtype: Any) -> str:
    """Begin the lines of a word with zeros."""
    return str(w.begin(node, w.numpy("zeros", _size(shape), *([] if dtype == np.float64 else [dtype]))))


@say(words.unindex)
def _unindex(w: Any, node: Expr, g: Any, shape: Any, key: Any) -> Any:
    out = zeros(w, node, node.shape, node.dtype)
    w.line(f"{out}[{index(w, shape, key) or '...'}] = {w.text(g)}")
    return out


@say(words.index_put)
def _index_put(w: Any, node: Expr, x: Any, value: Any, key: Any) -> Any:
    out = copy(w, node, x)
    w.line(f"{out}[{index(w, x.shape, key) or '...'}] = {w.text(value)}")
    return out


@say(words.index_put_add)
def _index_put_add(w: Any, node: Expr, x: Any, value: Any, key: Any) -> Any:
    out = copy(w, node, x)
    inside = index(w, x.shape, key)
    keys = key if isinstance(key, tuple) else (key,)
    if all(map(_names_once, keys)) and len([k for k in keys if isinstance(k, Expr)]) < 2:
        zero = x.word == CONSTANT and not np.any(x.args[0])
        w.line(f"{out}[{inside or '...'}] {'' if zero else '+'}= {w.text(value)}")
    else:
        w.line(w.numpy("add.at", Code(out), at_key(w, x.shape, key), value))
    return out


def at_key(w: Any, shape: tuple[int, ...], key: Any) -> Code:
    """An index as the argument of `ufunc.at`."""
    keys = key if isinstance(key, tuple) else (key,)
    inside = index(w, shape, key)
    if not all(isinstance(k, Expr) for k in keys):
        return Code(f"np.s_[{inside}]")
    return Code(inside if len(keys) == 1 else f"({inside})")


def _names_once(item: Any) -> bool:
    """Whether an item of an index is sure to name nothing twice."""
    if not isinstance(item, Expr) or item.dtype == bool:
        return True
    if item.word != CONSTANT:
        return False
    array = np.asarray(item.args[0])
    return len(np.unique(array)) == array.size and bool((array >= 0).all() or (array < 0).all())


# ── writing through views ───────────────────────────────────────────────────────────────────────


@say(words.view_put)
def _view_put(w: Any, node: Expr, x: Any, value: Any, chain: Any) -> Any:
    out = copy(w, node, x)
    where = _written_place(w, out, x, chain)
    w.line(where.format(value=w.text(value)) if "{value}" in where else f"{where} = {w.text(value)}")
    return out


@say(words.view_add)
def _view_add(w: Any, node: Expr, x: Any, value: Any, chain: Any) -> Any:
    out = copy(w, node, x)
    path = _follow(Expr.symbol(out, x.shape, x.dtype), chain)
    if _is_writable(w, path, out, x):
        zero = x.word == CONSTANT and not np.any(x.args[0])
        w.line(f"{_view_place(w, path)} {'' if zero else '+'}= {w.text(value)}")
    else:
        w.line(w.numpy("add.at", Code(f"{out}.reshape(-1)"), Code(_places(w, x, chain)), value))
    return out


def _written_place(w: Any, out: str, x: Any, chain: Any) -> str:
    """What stands on the left of an assignment that writes into a view of `out`."""
    path = _follow(Expr.symbol(out, x.shape, x.dtype), chain)
    if _is_writable(w, path, out, x):
        return _view_place(w, path)
    if path.word is np.diagonal and _is_writable(w, path.args[0], out, x):
        return _diagonal_place(w, path, *path.args)
    return f"{out}.reshape(-1)[{_places(w, x, chain)}]"


def _is_writable(w: Any, path: Expr, out: str, x: Any) -> bool:
    """Whether the code for a view of `out` leads to its memory: `reshape` may copy, some views only read."""
    while path.word is operator.getitem and is_basic(path.args[1]):
        path = path.args[0]
    memory = np.empty(x.shape, x.dtype)
    view = eval(w.inner(path), {"np": np, out: memory})
    if not (isinstance(view, np.ndarray) and view.flags.writeable):
        return False
    return not view.size or np.may_share_memory(view, memory)


def is_basic(key: Any) -> bool:
    """Whether an index gives a view."""
    keys = key if isinstance(key, tuple) else (key,)
    return all(i is None or i is Ellipsis or type(i) in (int, slice) for i in keys)


def _view_place(w: Any, path: Expr) -> str:
    while path.word is operator.getitem:
        base, key = path.args
        inside = index(w, base.shape, key)
        if inside:
            return f"{w.inner(base)}[{inside}]"
        path = base
    return f"{w.inner(path)}[...]"


def _diagonal_place(w: Any, path: Expr, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> str:
    a, b = axis1 % x.ndim, axis2 % x.ndim
    base = w.inner(x)
    if x.ndim == 2 and (a, b) == (0, 1) and not offset:
        w.need("import numpy as np")
        return f"np.fill_diagonal({base}, {{value}})"
    n = path.shape[-1]
    rows, columns = (w.numpy("arange", *((i, i + n) if i else (n,))) for i in (max(-offset, 0), max(offset, 0)))
    if (a, b) != (x.ndim - 2, x.ndim - 1):
        base = w.numpy("moveaxis", Code(base), (a, b), (-2, -1))
    return f"{base}[{'..., ' if x.ndim > 2 else ''}{rows}, {columns}]"


def _places(w: Any, x: Any, chain: Any) -> str:
    """Which elements of the flattened `x` the view at the end of a chain names."""
    if len(chain) == 1 and chain[0][0] is REGISTRY["as_strided"]:
        return _grid(w, **chain[0][1])
    path = _follow(Expr.symbol("numbers", x.shape, np.int64), chain)
    numbers = w.method(w.numpy("arange", x.size), "reshape", *(x.shape or [()]))
    return str(w.inner(path).replace("numbers", numbers))


def _grid(w: Any, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> str:
    """offset + Σ stride · number, for every axis."""
    terms = [str(offset)] if offset or not size else []
    for i, (n, s) in enumerate(zip(size, stride, strict=True)):
        if n == 1 and i:
            continue
        numbers = w.numpy("arange", n) + (f"[:{', None' * (len(size) - i - 1)}]" if i < len(size) - 1 else "")
        terms.append(numbers if s == 1 else f"{s} * {numbers}")
    return " + ".join(terms)


@say(words.strided)
def _strided(w: Any, node: Expr, x: Any, size: Any, stride: Any, offset: int) -> Any:
    return f"{w.text(x, ATOM)}{'.ravel()' if x.ndim != 1 else ''}[{_grid(w, size, stride, offset)}]"


@say(words.windows)
def _windows(w: Any, node: Expr, x: Any, axis: int, size: int, step: int) -> Any:
    view = w.numpy("lib.stride_tricks.sliding_window_view", x, size, axis=axis if x.ndim > 1 else None)
    return view if step == 1 else f"{view}[{':, ' * axis}::{step}]"


@say(np.diagonal)
def _diagonal(w: Any, node: Expr, x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    axes = [offset, axis1, axis2] if (axis1, axis2) != (0, 1) else [offset] if offset else []
    return w.method(x, "diagonal", *axes)
