"""How each word is written on paper. A word that is not here is a plain call.

Casts and broadcasts are not seen: shapes and dtypes stand elsewhere.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .expression import CONSTANT, Expr
from .markup import (
    ATOM,
    ELLIPSIS,
    GAP,
    INDEX,
    INFIX,
    NOT,
    NUMBER,
    POWER,
    PRODUCT,
    RUNNING,
    SUBSCRIPT,
    SUM,
    TRUTH,
    WORD,
    Math,
    fenced,
    row,
)
from .paper import EQUALS, ONE, ONES, SHORT, WRITERS, Derivatives, Names, Paper, Writer, call, operand, spoken

INFIXES: dict[Any, str] = {
    np.equal: "=", np.not_equal: "≠", np.less: "<", np.less_equal: "≤", np.greater: ">", np.greater_equal: "≥",
    np.logical_and: "∧", np.logical_or: "∨", np.logical_xor: "⊻",
    np.bitwise_and: "∧", np.bitwise_or: "∨", np.bitwise_xor: "⊻", np.left_shift: "<<", np.right_shift: ">>",
}  # fmt: skip


def tree(
    expr: Expr,
    names: Names | None = None,
    derivatives: Derivatives | None = None,
    *,
    flat: bool,
    target: Expr | None = None,
) -> Math:
    """The tree of a formula, or of the equation `target = expr`; `flat` keeps everything on one line."""
    paper = Paper(names or {}, derivatives or {}, flat)
    value = paper.read(expr)
    return value if target is None else row(paper.read(target), EQUALS, operand(value, SUM), level=TRUTH)


def writes(*words: Any) -> Callable[[Writer], Writer]:
    """Say how words are written; None leaves it to the plain call."""

    def define(writer: Writer) -> Writer:
        WRITERS.update(dict.fromkeys(words, writer))
        return writer

    return define


def _of_one(write: Callable[[Paper, Math], Math]) -> Writer:
    return lambda paper, node, args, known: write(paper, args[0]) if len(args) == 1 and not node.kwargs else None


def _of_two(write: Callable[[Paper, Math, Math], Math]) -> Writer:
    return lambda paper, node, args, known: write(paper, *args) if len(args) == 2 and not node.kwargs else None


WRITERS |= {
    np.negative: _of_one(Paper.negated),
    np.exp: _of_one(Paper.exponential),
    np.sqrt: _of_one(Paper.root),
    np.square: _of_one(lambda p, a: p.power(a, p.number(2), 2)),
    np.reciprocal: _of_one(lambda p, a: p.quotient(ONE, a)),
    np.absolute: _of_one(lambda p, a: fenced(a, "||")),
    np.fabs: _of_one(lambda p, a: fenced(a, "||")),
    np.floor: _of_one(lambda p, a: fenced(a, "⌊⌋")),
    np.ceil: _of_one(lambda p, a: fenced(a, "⌈⌉")),
    np.expm1: _of_one(lambda p, a: row(p.exponential(a), Math(INFIX, "−"), ONE, level=SUM)),
    np.log1p: _of_one(lambda p, a: call("log", [p.sum(ONE, a)])),
    np.log2: _of_one(lambda p, a: call("log", [a], Math(NUMBER, "2"))),
    np.log10: _of_one(lambda p, a: call("log", [a], Math(NUMBER, "10"))),
    np.exp2: _of_one(lambda p, a: p.power(Math(NUMBER, "2"), a)),
    np.cbrt: _of_one(lambda p, a: p.power(a, p.number(1 / 3), 1 / 3)),
    np.positive: _of_one(lambda p, a: a),
    np.copy: _of_one(lambda p, a: a),
    np.logical_not: _of_one(lambda p, a: p.negation(a)),
    np.invert: _of_one(lambda p, a: p.negation(a)),
    np.matrix_transpose: _of_one(Paper.transposed),
    np.add: _of_two(Paper.sum),
    np.subtract: _of_two(lambda p, a, b: row(operand(a, SUM), Math(INFIX, "−"), operand(b, RUNNING), level=SUM)),
    np.divide: _of_two(Paper.quotient),
    np.floor_divide: _of_two(lambda p, a, b: fenced(p.quotient(a, b), "⌊⌋")),
    np.outer: _of_two(lambda p, a, b: p.product(a, b, "⊗")),
    np.hypot: _of_two(lambda p, a, b: p.root(p.sum(p.power(a, p.number(2), 2), p.power(b, p.number(2), 2)))),
    np.remainder: _of_two(
        lambda p, a, b: row(operand(a, POWER), Math(INFIX, "mod"), operand(b, POWER), level=PRODUCT, flavour="/")
    ),
    "xlogy": _of_two(lambda p, a, b: p.product(a, call("log", [b]), "⊙")),
    "log_expit": _of_one(lambda p, a: row(Math(WORD, "log"), GAP, call("σ", [a]), level=RUNNING)),
    "gammaln": _of_one(lambda p, a: row(Math(WORD, "log"), GAP, call("Γ", [a]), level=RUNNING)),
    "contiguous": _of_one(lambda p, a: a),
    "clone": _of_one(lambda p, a: a),
}


@writes(*INFIXES)
def _compared(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    a, b = (fenced(a) if a.level <= TRUTH else a for a in args)
    return row(a, Math(INFIX, INFIXES[node.word]), b, level=TRUTH)


@writes("broadcast_to", np.broadcast_to)
def _broadcast(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    x = node.args[0]
    part, shape = paper.smaller.get(id(x), (args[0], getattr(x, "shape", ())))
    paper.smaller[id(node)] = part, shape
    return call("broadcast", [part])


@writes(np.zeros_like, np.ones_like, np.full_like)
def _filled(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    values = {np.zeros_like: Math(NUMBER, "0"), np.ones_like: ONE}
    value = values.get(node.word) or args[1]
    if not isinstance(value, Math) or (node.word is np.full_like and isinstance(node.args[1], Expr)):
        return None
    paper.smaller[id(node)] = value, ()
    return value if node.shape == () else None


@writes("cast")
def _cast(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    def counted(part: Math) -> Math:
        return operand(part, SUM) if part.level in (TRUTH, NOT) and node.dtype != bool else part

    if id(node.args[0]) in paper.smaller:
        part, shape = paper.smaller[id(node.args[0])]
        paper.smaller[id(node)] = counted(part), shape
    return counted(args[0])


@writes(np.multiply)
def _multiply(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    if len(args) != 2:
        return None
    a, b = args
    first, second = (shape == () for _, shape in paper.operands(node, known))
    numbers = [not isinstance(x, Expr) or x.word == CONSTANT for x in node.args]
    if first or second:
        swap = (second and not first) or (first and second and numbers[1] and not numbers[0])
        return paper.scaled(b, a) if swap else paper.scaled(a, b)
    return paper.product(a, b, "⊙")


@writes(np.matmul, np.dot, np.inner, np.vecdot)
def _matmul(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    if len(args) != 2 or len(node.inputs) != 2 or not all(isinstance(x.shape, tuple) for x in node.inputs):
        return None
    ranks = [x.ndim for x in node.inputs]
    if 0 in ranks:
        return paper.scaled(*args) if ranks[0] == 0 else paper.scaled(args[1], args[0])
    if ranks == [1, 1]:
        return paper.product(args[0], args[1], "·")
    return paper.product(args[0], args[1], "matrix") if node.word in (np.matmul, np.dot) else None


@writes(operator.pow, np.float_power)
def _power(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    exact = node.args[1]
    if isinstance(exact, Expr) and exact.word == CONSTANT and exact.shape == ():
        exact = exact.args[0].item()
    return paper.power(args[0], args[1], exact)


@writes(np.transpose)
def _transpose(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    n = node.ndim
    axes = (*node.args, None)[1] if "axes" not in node.kwargs else node.kwargs["axes"]
    axes = tuple(reversed(range(n))) if axes is None else tuple(a % n for a in axes)
    if axes == tuple(range(n)):
        return args[0]
    return paper.transposed(args[0]) if axes in (tuple(reversed(range(n))), (*range(n - 2), n - 1, n - 2)) else None


@writes(np.swapaxes)
def _swapaxes(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    n = node.ndim
    swapped = {a % n for a in node.args[1:]} == {n - 1, n - 2}
    return paper.transposed(args[0]) if swapped else None


@writes(np.sum, np.nansum)
def _sum(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    if not set(node.kwargs) <= {"axis", "keepdims", "dtype"}:
        return None
    axes, n = paper.axes(node), node.inputs[0].ndim
    if n == 2 and axes in ((0,), (1,)) and "keepdims" not in node.kwargs:
        if axes == (1,):
            return paper.product(args[0], ONES, "matrix")
        return paper.product(paper.transposed(ONES), args[0], "matrix")
    return paper.over("Σ", node, args[0])


@writes(np.prod, "prod")
def _prod(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return paper.over("Π", node, args[0]) if set(node.kwargs) <= {"axis", "keepdims", "dtype"} else None


@writes(np.where)
def _where(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    if paper.flat or len(args) != 3:
        return None
    condition, a, b = args
    return paper.cases(a, condition, b)


@writes("masked_fill")
def _masked_fill(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return call("where", [args[1], args[2], args[0]]) if paper.flat else paper.cases(args[2], args[1], args[0])


@writes("softmax", "log_softmax")
def _softmax(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    name = spoken(node.word)
    axis = node.kwargs.get("axis", node.args[1] if len(node.args) > 1 else -1)
    last = isinstance(axis, int) and axis % max(node.ndim, 1) == node.ndim - 1
    made = call("softmax", args[:1], None if last or not isinstance(axis, int) else paper.number(axis % node.ndim))
    return made if name == "softmax" else row(Math(WORD, "log"), GAP, made, level=RUNNING)


@writes("onehot")
def _onehot(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return call("onehot", args[:1])


@writes("norm")
def _norm(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    order = node.kwargs.get("p", 2)
    if paper.axes(node) is not None or not isinstance(order, (int, float)):
        return None
    made = fenced(args[0], "‖‖")
    return made if order == 2 else Math(SUBSCRIPT, "", (made, paper.number(order)))


@writes(operator.getitem)
def _getitem(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return Math(INDEX, "[]", (operand(args[0], ATOM), paper.index(node.args[1], known)))


@writes("take")
def _take(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    first = paper.axes(node) == (0,) or node.inputs[0].ndim == 1
    return Math(INDEX, "[]", (operand(args[0], ATOM), args[1])) if first else None


@writes(np.reshape)
def _reshape(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return call("reshape", [args[0], paper.size(node.shape)])


@writes("view_get")
def _view_get(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return paper.view(args[0], node.args[0], node.args[1])


def _whole(node: Expr, args: list[Math]) -> Math:
    """What something is put into; an array of zeros is 0."""
    x = node.args[0]
    zero = isinstance(x, Expr) and x.word == CONSTANT and not np.any(x.args[0])
    return Math(NUMBER, "0") if zero else operand(args[0], ATOM)


@writes("view_put", "view_add")
def _view_put(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    whole = _whole(node, args)
    place = paper.view(whole if whole.length <= SHORT else ELLIPSIS, node.args[0], node.args[2])
    return paper.changed(whole, place, "←" if spoken(node.word) == "view_put" else "+=", args[1])


@writes("index_put", "index_put_add")
def _index_put(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    whole = _whole(node, args)
    key = paper.index(node.args[2] if len(node.args) > 2 else node.kwargs["key"], known)
    place = Math(INDEX, "[]", (whole if whole.length <= SHORT else ELLIPSIS, key))
    return paper.changed(whole, place, "←" if spoken(node.word) == "index_put" else "+=", args[1])


@writes("unindex")
def _unindex(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    zero = Math(NUMBER, "0")
    return paper.changed(zero, Math(INDEX, "[]", (zero, paper.index(node.args[2], known))), "←", args[0])
