"""How words are typed that NumPy has as statements: writing by index, through views, scattering."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import words
from ..op import REGISTRY
from .expression import CONSTANT, SYMBOL, Expr, walk
from .numpy_rewrites import follow, is_basic
from .numpy_words import ALL, Code, index, place, say, size_of
from .vocabulary import ATOM, SUM

# Steps to a part of an array that are views whichever way the array lies in memory.
STEPS = frozenset({SYMBOL, operator.getitem, np.transpose, np.swapaxes, np.matrix_transpose, np.expand_dims})
NEW = frozenset({np.where, np.concatenate, np.stack, np.matmul, np.dot, words.cast})  # words that make new arrays

# Words that copy their first argument and write into the copy.
COPIES = frozenset(
    {words.index_put, words.index_put_add, words.index_add, words.view_put, words.view_add,
     words.scatter, words.scatter_add, words.scatter_max, words.scatter_min, words.scatter_prod}
)  # fmt: skip

# ── written into ────────────────────────────────────────────────────────────────────────────────


def copy(w: Any, node: Expr, x: Any) -> Any:
    """Begin the lines of a word with an array of its own that holds `x`."""
    if w.continues(node):
        return w.go_on(node)
    if not x.ndim:
        return w.begin(node, w.numpy("array", x))
    code = w.text(x)
    is_new = (isinstance(x.word, np.ufunc) or x.word in NEW) and not in_order(node)
    is_new = is_new or (x.word == CONSTANT and code not in w.constants)
    return w.begin(node, code if is_new and not code.isidentifier() else w.method(x, "copy"))


def in_order(node: Expr) -> bool:
    """Whether the lines of a word reshape the array that they write into: it has to lie in C order for that."""
    if node.word not in (words.view_put, words.view_add):
        return False
    path = follow(Expr.symbol("x", node.shape, node.dtype), node.args[-1])
    return any(step.word not in STEPS for step in walk(path))


def zeros(w: Any, node: Expr, shape: tuple[int, ...], dtype: Any) -> str:
    """Begin the lines of a word with zeros."""
    return str(w.begin(node, w.numpy("zeros", size_of(shape), *([] if dtype == np.float64 else [dtype]))))


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
    path = follow(Expr.symbol(out, x.shape, x.dtype), chain)
    if _is_writable(w, path, out, x):
        zero = x.word == CONSTANT and not np.any(x.args[0])
        w.line(f"{_view_place(w, path)} {'' if zero else '+'}= {w.text(value)}")
    else:
        w.line(w.numpy("add.at", Code(f"{out}.reshape(-1)"), Code(_places(w, x, chain)), value))
    return out


def _written_place(w: Any, out: str, x: Any, chain: Any) -> str:
    """What stands on the left of an assignment that writes into a view of `out`."""
    path = follow(Expr.symbol(out, x.shape, x.dtype), chain)
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
    path = follow(Expr.symbol("numbers", x.shape, np.int64), chain)
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


# ── gathering and scattering ────────────────────────────────────────────────────────────────────


def _part(w: Any, x: Any, shape: tuple[int, ...], but: int | None = None, name: str = "") -> Code:
    """`x` cut to the leading part of `shape`, along all axes but one."""
    key = tuple([ALL if i == but else slice(n) for i, n in enumerate(shape)])
    return Code(place(w, Code(name) if name else x, x.shape, key)[0])


def _along(w: Any, index: Any, axis: int) -> Code:
    """The index tuple that takes `index` along `axis` and stays in place along all others."""
    keys = []
    for i, n in enumerate(index.shape):
        behind = index.ndim - i - 1
        keys.append(
            w.text(index) if i == axis else w.numpy("arange", n) + (f"[:{', None' * behind}]" if behind else "")
        )
    return Code(f"({', '.join(keys)})" if len(keys) > 1 else keys[0])


@say(words.gather)
def _gather(w: Any, node: Expr, x: Any, index: Any, axis: int) -> Any:
    if not x.ndim:
        return w.numpy("full", node.shape, x)
    if x.ndim == 1 == index.ndim:
        return place(w, x, x.shape, index)
    return w.numpy("take_along_axis", _part(w, x, index.shape, axis), index, axis=axis)


@say(words.scatter)
def _scatter(w: Any, node: Expr, x: Any, index: Any, source: Any, axis: int) -> Any:
    if not x.ndim:
        return w.numpy("full", (), w.method(source, "item") if np.ndim(source) else source, x.dtype)
    out = copy(w, node, x)
    value = _part(w, source, index.shape) if np.ndim(source) else source
    if x.ndim == 1:
        w.line(f"{place(w, Code(out), x.shape, index)[0]} = {w.text(value)}")
    else:
        w.line(w.numpy("put_along_axis", _part(w, x, index.shape, axis, out), index, value, axis=axis))
    return out


def _scattered(ufunc: str, function: str) -> Any:
    def scattered(w: Any, node: Expr, x: Any, index: Any, source: Any, axis: int) -> Any:
        if not x.ndim:
            if not index.size:
                return w.written(x)
            return w.numpy(ufunc, x, w.method(source, function) if np.ndim(source) else source)
        out = copy(w, node, x)
        value = _part(w, source, index.shape) if np.ndim(source) else source
        name = "logical_or" if ufunc == "add" and x.dtype == bool else ufunc
        w.line(w.numpy(f"{name}.at", Code(out), _along(w, index, axis), value))
        return out

    return scattered


say(words.scatter_add)(_scattered("add", "sum"))
say(words.scatter_max)(_scattered("maximum", "max"))
say(words.scatter_min)(_scattered("minimum", "min"))
say(words.scatter_prod)(_scattered("multiply", "prod"))


@say(words.index_add)
def _index_add(w: Any, node: Expr, x: Any, index: Any, source: Any, axis: int) -> Any:
    if not x.ndim:
        return f"{w.text(x, SUM)} + {w.method(source, 'sum')}", SUM
    out = copy(w, node, x)
    key = (*(ALL,) * axis, index) if axis else index
    name = "logical_or" if x.dtype == bool else "add"
    w.line(w.numpy(f"{name}.at", Code(out), at_key(w, x.shape, key), source))
    return out
