"""How our own words, and the forwards that are no formula, are typed in NumPy: joining, norms, sorting."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import words
from ..ops import contraction, scan, special, triangle
from .expression import Expr
from .numpy_words import ALL, Code, axis_of, index, place, say
from .numpy_writes import zeros
from .vocabulary import ATOM, POWER, PRODUCT, SUM

# ── a copy, a constant ──────────────────────────────────────────────────────────────────────────


@say("clone", np.copy)
def _copied(w: Any, node: Expr, x: Any) -> Any:
    return w.method(x, "copy")


@say("masked_fill")
def _masked_fill(w: Any, node: Expr, x: Any, mask: Any, value: Any) -> Any:
    if not isinstance(value, Expr):
        value = np.asarray(value).astype(x.dtype).item()
        value = int(value) if isinstance(value, float) and value == round(value, 0) and abs(value) < 1e6 else value
    elif value.dtype != x.dtype:
        value = w.method(value, "astype", x.dtype)
    return w.numpy("where", mask, value, x)


# ── joining and repeating ───────────────────────────────────────────────────────────────────────


@say(words.nonzero)
def _nonzero(w: Any, node: Expr, x: Any) -> Any:
    return w.numpy("argwhere", x)


@say("cat")
def _cat(w: Any, node: Expr, *xs: Any, axis: int) -> Any:
    return w.numpy("concatenate", list(xs), axis=axis or None)


@say("stack")
def _stack(w: Any, node: Expr, *xs: Any, axis: int) -> Any:
    return w.numpy("stack", list(xs), axis=axis or None)


@say(np.concatenate, np.stack)
def _joined(w: Any, node: Expr, xs: Any, axis: int = 0) -> Any:
    return w.numpy(node.word.__name__, list(xs), axis=axis or None)


@say("block_diag")
def _block_diag(w: Any, node: Expr, *xs: Any) -> Any:
    out = zeros(w, node, node.shape, node.dtype)
    row = column = 0
    for x in xs:
        n, m = x.shape
        key = slice(row, row + n), slice(column, column + m)
        w.line(f"{out}[{index(w, node.shape, key) or '...'}] = {w.text(x)}")
        row, column = row + n, column + m
    return out


@say("repeat_index")
def _repeat_index(w: Any, node: Expr, repeats: Any) -> Any:
    return w.numpy("repeat", w.numpy("arange", repeats.size), repeats)


@say("combination_index")
def _combinations(w: Any, node: Expr, x: Any, *, r: int, with_replacement: bool) -> Any:
    w.need("import itertools")
    choose = "combinations_with_replacement" if with_replacement else "combinations"
    if not node.size:
        return w.numpy("zeros", node.shape, np.int64)
    return w.numpy("array", Code(f"list(itertools.{choose}(range({x.size}), {r}))"))


@say(np.roll)
def _roll(w: Any, node: Expr, x: Any, shift: Any, axis: Any = None) -> Any:
    return w.numpy("roll", x, shift, axis=None if x.ndim == 1 and axis == 0 else axis)


@say(np.flip)
def _flip(w: Any, node: Expr, x: Any, axis: Any = None) -> Any:
    if x.ndim == 1:
        return f"{w.text(x, ATOM)}[::-1]"
    return w.numpy("flip", x, axis=axis_of(axis, x.ndim))


@say(np.tril, np.triu)
def _triangle(w: Any, node: Expr, x: Any, k: int = 0) -> Any:
    return w.numpy(node.word.__name__, x, *([k] if k else []))


@say(triangle.embedded_diagonal)
def _embedded_diagonal(w: Any, node: Expr, x: Any, offset: int, axis1: int, axis2: int) -> Any:
    if x.ndim == 1 and axis1 != axis2:
        code = w.numpy("diag", x, *([offset] if offset else []))
        return code if axis1 % 2 == 0 else f"{code}.T"
    n = x.shape[-1]
    shape = (*x.shape[:-1], n + abs(offset), n + abs(offset))
    rows, columns = (w.numpy("arange", *((i, i + n) if i else (n,))) for i in (max(-offset, 0), max(offset, 0)))
    in_place = (axis1 % node.ndim, axis2 % node.ndim) == (node.ndim - 2, node.ndim - 1)
    out = zeros(w, node, shape, x.dtype) if in_place else w.temporary(w.numpy("zeros", shape, x.dtype))
    w.line(f"{out}[..., {rows}, {columns}] = {w.text(x)}")
    return out if in_place else w.numpy("moveaxis", Code(out), (-2, -1), (axis1, axis2))


# ── reductions ──────────────────────────────────────────────────────────────────────────────────


def _reduction(name: str) -> Any:
    def reduction(w: Any, node: Expr, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        code = w.method(x, name, axis=axis_of(axis, x.ndim), keepdims=keepdims)
        same = node.dtype == (bool if name in ("any", "all") else node.dtype)
        return code if same else w.method(code, "astype", node.dtype)

    return reduction


say("amax", "max")(_reduction("max"))
say("amin", "min")(_reduction("min"))
say("argmax", "max_index")(_reduction("argmax"))
say("argmin", "min_index")(_reduction("argmin"))
say("all")(_reduction("all"))
say("any")(_reduction("any"))


def _axes(x: Any, axis: Any, keepdims: bool) -> dict[str, Any]:
    return {"axis": axis_of(axis, x.ndim), "keepdims": keepdims}


@say("prod")
def _prod(w: Any, node: Expr, x: Any, *, axis: Any, keepdims: bool) -> Any:
    if x.dtype == np.float16:
        return w.method(w.method(x, "prod", dtype=np.float32, **_axes(x, axis, keepdims)), "astype", np.float16)
    return w.method(x, "prod", dtype=np.int64 if x.dtype.kind == "u" else None, **_axes(x, axis, keepdims))


def _moment(name: str) -> Any:
    def moment(w: Any, node: Expr, x: Any, *, axis: Any, correction: float, keepdims: bool) -> Any:
        return w.method(x, name, axis=axis_of(axis, x.ndim), ddof=correction or None, keepdims=keepdims)

    return moment


say("var")(_moment("var"))
say("std")(_moment("std"))


@say("norm")
def _norm(w: Any, node: Expr, x: Any, *, p: float, axis: Any, keepdims: bool) -> Any:
    axes = _axes(x, axis, keepdims)
    size = Code(w.numpy("abs", x))
    if p == 2:
        if x.dtype != np.float16 and not isinstance(axes["axis"], tuple):
            return w.numpy("linalg.norm", x, **axes)
        return w.numpy("sqrt", w.method(w.numpy("square", x), "sum", **axes))
    if p == 0:
        return w.method(w.method(Code(f"({w.text(x, SUM)} != 0)"), "sum", **axes), "astype", node.dtype)
    if abs(p) == math.inf:
        return w.method(size, "max" if p > 0 else "min", **axes)
    if p == 1:
        return w.method(size, "sum", **axes)
    powers = Code(f"({size} ** {w.text(p, POWER)})")
    return f"{w.method(powers, 'sum', **axes)} ** (1 / {w.text(p, PRODUCT + 1)})", POWER


@say("logsumexp")
def _logsumexp(w: Any, node: Expr, x: Any, *, axis: Any, keepdims: bool) -> Any:
    axes = _axes(x, axis, keepdims)
    if x.ndim > 1 and not isinstance(axes["axis"], int):
        return w.special("logsumexp", x, **axes)
    return w.numpy("logaddexp.reduce", x, **axes)


@say("logcumsumexp")
def _logcumsumexp(w: Any, node: Expr, x: Any, *, axis: int) -> Any:
    return w.numpy("logaddexp.accumulate", x, axis=axis or None)


@say(contraction.contract)
def _contract(w: Any, node: Expr, a: Any, b: Any, equation: str) -> Any:
    return w.numpy("einsum", Code(f'"{equation}"'), a, b)


@say(scan.shifted)
def _shifted(w: Any, node: Expr, x: Any, axis: int, by: int) -> Any:
    out = zeros(w, node, node.shape, node.dtype)
    late, early = slice(1, None), slice(None, -1)
    to, of = (late, early) if by == 1 else (early, late)
    before = (ALL,) * axis
    w.line(f"{out}[{index(w, x.shape, (*before, to))}] = {place(w, x, x.shape, (*before, of))[0]}")
    return out


RECURRENCE = """def {name}(a, b, axis):
    y = np.array(b)
    rows, factors = np.moveaxis(y, axis, 0), np.moveaxis(a, axis, 0)
    for i in range(1, len(rows)):
        rows[i] += factors[i] * rows[i - 1]
    return y"""
BACKWARDS = """def {name}(a, b, axis):
    y = np.array(b)
    rows, factors = np.moveaxis(y, axis, 0), np.moveaxis(a, axis, 0)
    for i in reversed(range(len(rows) - 1)):
        rows[i] += factors[i + 1] * rows[i + 1]
    return y"""


@say(scan.recurrence)
def _recurrence(w: Any, node: Expr, a: Any, b: Any, axis: int, transposed: bool) -> Any:
    name = w.helper("recurrence_back" if transposed else "recurrence", BACKWARDS if transposed else RECURRENCE)
    return w.call(name, a, b, axis)


@say("cumextreme_index")
def _last_extreme(w: Any, node: Expr, x: Any, *, axis: int, largest: bool) -> Any:
    extremes = w.numpy("maximum.accumulate" if largest else "minimum.accumulate", x, axis=axis or None)
    x_ = w.text(x, SUM)
    hit = f"({x_} == {extremes})" + (f" | ({x_} != {x_})" if x.dtype.kind == "f" else "")
    behind = x.ndim - axis - 1
    places = w.numpy("arange", x.shape[axis]) + (f"[:{', None' * behind}]" if behind else "")
    return w.numpy("maximum.accumulate", w.numpy("where", Code(hit), Code(places), 0), axis=axis or None)


# ── sorting ─────────────────────────────────────────────────────────────────────────────────────


@say("argsort")
def _argsort(w: Any, node: Expr, x: Any, *, axis: int, descending: bool) -> Any:
    named = axis if axis != x.ndim - 1 else None
    kind = Code('"stable"')
    if not descending:
        return w.method(x, "argsort", axis=named, kind=kind)
    last = x.shape[axis] - 1
    if x.ndim == 1:
        return f"{last} - {w.text(x, ATOM)}[::-1].argsort(kind={kind})[::-1]", SUM
    found = w.method(w.numpy("flip", x, axis=axis), "argsort", axis=named, kind=kind)
    return f"{last} - {w.numpy('flip', found, axis=axis)}", SUM


@say("topk_index")
def _topk(w: Any, node: Expr, x: Any, *, k: int, axis: int, largest: bool) -> Any:
    order = _argsort(w, node, x, axis=axis, descending=largest)
    return place(w, Code(f"({order[0]})" if isinstance(order, tuple) else order), x.shape, (*(ALL,) * axis, slice(k)))


@say("kthvalue_index")
def _kth(w: Any, node: Expr, x: Any, *, k: int, axis: int) -> Any:
    order = _argsort(w, node, x, axis=axis, descending=False)
    return place(w, Code(order), x.shape, (*(ALL,) * axis, slice(k, k + 1)))


@say("unique")
def _unique(w: Any, node: Expr, x: Any, *, axis: Any) -> Any:
    return w.numpy("unique", x, return_inverse=True, return_counts=True, axis=axis, equal_nan=Code("False"))


@say("searchsorted")
def _searchsorted(w: Any, node: Expr, boundaries: Any, values: Any, *, right: bool, dtype: Any) -> Any:
    if boundaries.ndim > 1:
        return w.ours(node)
    side = Code('"right"') if right else None
    found = w.numpy("searchsorted", boundaries, values, side=side)
    return found if np.dtype(dtype) == np.int64 else w.method(found, "astype", np.dtype(dtype))


@say("isin")
def _isin(w: Any, node: Expr, elements: Any, test_elements: Any, *, invert: bool) -> Any:
    return w.numpy("isin", elements, test_elements, invert=invert)


@say("bincount")
def _bincount(w: Any, node: Expr, x: Any, weights: Any, *, minlength: int) -> Any:
    found = w.numpy("bincount", x, *([] if weights is None else [weights]), minlength=minlength or None)
    return w.method(found, "astype", np.float32) if node.dtype == np.float32 else found


@say("histc")
def _histc(w: Any, node: Expr, x: Any, *, bins: int, low: float, high: float) -> Any:
    limits = None if low == high else Code(w.text((low, high)))
    found = Code(f"{w.numpy('histogram', x, bins, limits) if limits else w.numpy('histogram', x, bins)}[0]")
    return w.method(found, "astype", x.dtype)


# ── special functions ───────────────────────────────────────────────────────────────────────────


@say(special.polygamma_of)
def _polygamma(w: Any, node: Expr, x: Any, n: int) -> Any:
    found = w.special("polygamma", n, x)
    return found if x.dtype == np.float64 else w.method(found, "astype", x.dtype)


# ── softmax and its kin ─────────────────────────────────────────────────────────────────────────

SOFTMAX = """def {name}(x, axis):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)"""
LOG_SOFTMAX = """def {name}(x, axis):
    x = x - x.max(axis=axis, keepdims=True)
    return x - np.log(np.exp(x).sum(axis=axis, keepdims=True))"""


@say(words.softmax)
def _softmax(w: Any, node: Expr, x: Any, axis: int) -> Any:
    return w.call(w.helper("softmax", SOFTMAX), x, axis=axis) if x.size else w.written(x)


@say(words.log_softmax)
def _log_softmax(w: Any, node: Expr, x: Any, axis: int) -> Any:
    return w.call(w.helper("log_softmax", LOG_SOFTMAX), x, axis=axis) if x.size else w.written(x)


@say(words.sigmoid)
def _sigmoid(w: Any, node: Expr, x: Any) -> Any:
    return f"1 / (1 + {w.numpy('exp', Code(f'-{w.text(x, PRODUCT)}'))})", PRODUCT


@say(words.onehot)
def _onehot(w: Any, node: Expr, t: Any, n: int, dtype: Any) -> Any:
    rows = w.numpy("eye", n, dtype=None if np.dtype(dtype) == np.float64 else np.dtype(dtype))
    return Code(f"{rows}[{w.text(t)}]")
