"""A formula as a mathematician writes it: the tree of `markup.py` for an `Expr`.

Every word that is not a plain call has its way of being written here. Casts and broadcasts are not seen:
shapes and dtypes stand elsewhere.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from ..op import REGISTRY
from .expression import CONSTANT, PART, SYMBOL, Expr, walk
from .markup import (
    ATOM,
    BIG,
    CASES,
    COMMA,
    ELLIPSIS,
    FRACTION,
    GAP,
    INDEX,
    INFIX,
    LOOSE,
    MINUS,
    NAME,
    NEGATIVE,
    NOT,
    NUMBER,
    POWER,
    PREFIX,
    PRODUCT,
    ROOT,
    RUNNING,
    SUBSCRIPT,
    SUM,
    SUPERSCRIPT,
    TEXT,
    TIGHT,
    TRUTH,
    WORD,
    Math,
    fenced,
    joined,
    row,
)
from .markup import (
    SYMBOL as SIGN,
)
from .vocabulary import name_of

LONGEST = 400  # a part that is written out longer than this is shown as …
SHORT = 24  # an exponent up to this length stands above the line
Names = Mapping[str, str]
Derivatives = Mapping[str, tuple[str, str]]

PLUS, EQUALS, ARROW, COMMA_ = Math(INFIX, "+"), Math(INFIX, "="), Math(INFIX, "←"), Math(COMMA, ",")
ONE, TRANSPOSED, PARTIAL = Math(NUMBER, "1"), Math(SIGN, "⊤"), Math(PREFIX, "∂")

INFIXES: dict[Any, str] = {
    np.equal: "=", np.not_equal: "≠", np.less: "<", np.less_equal: "≤", np.greater: ">", np.greater_equal: "≥",
    np.logical_and: "∧", np.logical_or: "∨", np.logical_xor: "⊻",
    np.bitwise_and: "∧", np.bitwise_or: "∨", np.bitwise_xor: "⊻", np.left_shift: "<<", np.right_shift: ">>",
}  # fmt: skip
# Words that are called by another name on paper.
SPOKEN = {
    "maximum": "max", "minimum": "min", "clip": "clamp", "expit": "σ", "sigmoid": "σ", "gamma": "Γ", "digamma": "ψ",
    "psi": "ψ", "trace": "tr", "amax": "max", "amin": "min", "rint": "round",
    "maximum.accumulate": "cummax", "minimum.accumulate": "cummin", "take_along_axis": "gather",
}  # fmt: skip
UNSEEN = ("keepdims", "dtype", "axis", "dim")  # arguments that are not listed


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
    if getattr(expr.word, "__name__", "") == "broadcast_to":
        value = call("broadcast", [value])
    return value if target is None else row(paper.read(target), EQUALS, operand(value, SUM), level=TRUTH)


def call(name: str, args: Iterable[Math], index: Math | None = None) -> Math:
    """name(args), with an index below the name."""
    said = Math(WORD, name)
    return row(said if index is None else Math(SUBSCRIPT, "", (said, index)), fenced(joined(args, COMMA_)))


def operand(part: Math, level: int) -> Math:
    """A part where at least this level is asked for; what is true or false becomes 1 or 0 in [ ]."""
    if part.level >= level:
        return part
    return fenced(part, "[]") if part.level in (TRUTH, NOT) and level >= SUM else fenced(part)


class Paper:
    """Writes the nodes of formulas, one after the other."""

    def __init__(self, names: Names, derivatives: Derivatives, flat: bool):
        self.names = names
        self.derivatives = derivatives
        self.flat = flat

    def read(self, expr: Expr, known: dict[int, Math] | None = None) -> Math:
        """The tree of a formula; `known` has the trees of nodes that need no writing."""
        known = {} if known is None else known
        for node in walk(expr):
            if id(node) not in known:
                made = self.write(node, known)
                known[id(node)] = ELLIPSIS if made.length > LONGEST and node is not expr else made
        return known[id(expr)]

    def write(self, node: Expr, known: dict[int, Math]) -> Math:
        """One node, whose inputs are known."""
        word = node.word
        if word == SYMBOL:
            return self.symbol(node.args[0])
        if word == CONSTANT:
            return self.constant(node.args[0])
        args = [self.value(a, known) for a in node.args]
        if word == PART:
            return Math(INDEX, "[]", (operand(args[0], ATOM), args[1]))
        writer = WRITERS.get(word) or WRITERS.get(spoken(word))
        made = writer(self, node, args, known) if writer is not None else None
        return self.called(node, args, known) if made is None else made

    # ── leaves ──────────────────────────────────────────────────────────────────────────────────

    def symbol(self, name: str) -> Math:
        """A symbol by its name, or as the derivative it stands for."""
        if name not in self.derivatives:
            return Math(NAME, self.names.get(name, name))
        above, below = (row(PARTIAL, Math(NAME, of)) for of in self.derivatives[name])
        if self.flat:
            return row(above, Math(TIGHT, "/"), below, level=POWER, flavour="∂")
        return Math(FRACTION, "", (above, below), POWER)

    def number(self, value: Any) -> Math:
        """A number: 2.0 is written 2, 1e-5 is 10⁻⁵, and a third is 1/3."""
        if isinstance(value, complex):
            imaginary = row(self.number(abs(value.imag)), Math(NAME, "i"))
            return row(self.number(value.real), PLUS if value.imag >= 0 else Math(INFIX, "−"), imaginary, level=SUM)
        if isinstance(value, bool):
            return Math(WORD, str(value))
        if value != value:
            return Math(WORD, "nan")
        if value < 0:
            return row(MINUS, self.number(-value), level=NEGATIVE)
        if value == math.inf:
            return Math(SIGN, "∞")
        if isinstance(value, float) and value.is_integer() and value < 1e6:
            value = int(value)
        digits = repr(value)
        if isinstance(value, float) and len(digits) > 8:
            near = Fraction(value).limit_denominator(1000)
            if value == math.pi:
                return Math(NAME, "π")
            if near.numerator and near.numerator / near.denominator == value:
                return self.ratio(near)
            digits = f"{value:.6g}"
        mantissa, _, exponent = digits.partition("e")
        if not exponent:
            return Math(NUMBER, digits)
        power = Math(SUPERSCRIPT, "", (Math(NUMBER, "10"), self.number(int(exponent))), POWER)
        return power if mantissa == "1" else row(Math(NUMBER, mantissa), Math(INFIX, "·"), power, level=PRODUCT)

    def ratio(self, ratio: Fraction) -> Math:
        """p/q, small."""
        above, below = Math(NUMBER, str(ratio.numerator)), Math(NUMBER, str(ratio.denominator))
        return row(above, Math(TIGHT, "/"), below, level=PRODUCT, flavour="/")

    def constant(self, value: Any) -> Math:
        """A constant: its elements where they are few, else what is in it and how many."""
        array = np.asarray(value)
        if array.dtype.kind not in "biufc":
            return ELLIPSIS
        if not array.ndim:
            item = array.item()
            return self.number(float(str(array)) if array.dtype.kind == "f" else item)
        if array.size <= 6 and array.ndim == 1:
            return fenced(joined([self.number(x) for x in array.tolist()], COMMA_), "[]")
        for number, name in ((0, "zeros"), (1, "ones")):
            if array.size and (array == number).all():
                return call(name, [self.size(array.shape)])
        return call("constant", [self.size(array.shape)])

    def size(self, shape: Any) -> Math:
        """A shape: 2×3."""
        if not shape:
            return Math(TEXT, "scalar")
        return joined([self.number(n) if isinstance(n, int) else ELLIPSIS for n in shape], Math(TIGHT, "×"))

    def value(self, value: Any, known: dict[int, Math]) -> Math:
        """An argument: a formula, a number, a list of them."""
        if isinstance(value, Expr):
            return known[id(value)]
        if isinstance(value, (bool, int, float, complex)):
            return self.number(value)
        if isinstance(value, (tuple, list)):
            if any(isinstance(x, tuple) and len(x) == 2 and hasattr(x[0], "forward") for x in value):
                return Math(TEXT, "view")
            return fenced(
                joined([self.value(x, known) for x in value], COMMA_), "[]" if isinstance(value, list) else "()"
            )
        if isinstance(value, slice):
            return self.index(value, known)
        if isinstance(value, np.dtype):
            return Math(WORD, value.name)
        return Math(TEXT, str(value)) if value is None or isinstance(value, str) else ELLIPSIS

    def index(self, index: Any, known: dict[int, Math]) -> Math:
        """What stands between brackets: 1:3, None, …"""
        if isinstance(index, tuple):
            return joined([self.index(i, known) for i in index], COMMA_)
        if isinstance(index, slice):
            ends = [index.start, index.stop] if index.step is None else [index.start, index.stop, index.step]
            parts = [row() if end is None else self.value(end, known) for end in ends]
            return joined(parts, Math(TIGHT, ":"))
        return ELLIPSIS if index is Ellipsis else self.value(index, known)

    def axes(self, node: Expr) -> tuple[int, ...] | None:
        """The axes a word runs over; None for all of them."""
        axis = node.kwargs.get("axis", node.kwargs.get("dim"))
        found = axis if isinstance(axis, tuple) else (axis,)
        n = node.inputs[0].ndim if node.inputs and type(node.inputs[0].shape) is tuple else 0
        if axis is None or not all(isinstance(a, int) for a in found) or not n:
            return None
        return tuple(sorted(a % n for a in found))

    # ── what many words share ───────────────────────────────────────────────────────────────────

    def called(self, node: Expr, args: list[Math], known: dict[int, Math]) -> Math:
        """name(args), where nothing else is said; the axis stands below the name."""
        options = [
            row(Math(WORD, name), Math(TIGHT, "="), self.value(value, known))
            for name, value in node.kwargs.items()
            if value is not None and value is not False and name not in UNSEEN
        ]
        axes = self.axes(node)
        index = None if axes is None else joined([self.number(a) for a in axes], COMMA_)
        return call(spoken(node.word), [*args, *options], index)

    def quotient(self, a: Math, b: Math) -> Math:
        """a over b."""
        if not self.flat:
            return Math(FRACTION, "", (operand(a, SUM), operand(b, SUM)), POWER)
        level = min(a.level, PRODUCT)
        if (a.level < PRODUCT and a.level != NEGATIVE) or (a.level <= PRODUCT and a.flavour == "/") or a.flavour == "∂":
            a, level = fenced(a, "[]" if a.level == TRUTH else "()"), PRODUCT
        b = operand(b, PRODUCT + 1) if b.flavour != "∂" else fenced(b)
        return row(a, Math(INFIX, "/"), b, level=level, flavour="/")

    def product(self, a: Math, b: Math, sign: str) -> Math:
        """a times b: ⊙ for each element, none for matrices, others as they are."""
        if a.level in (NEGATIVE, PRODUCT) and a.flavour not in ("", sign):
            a = fenced(a)
        elif a.level != NEGATIVE:
            a = operand(a, PRODUCT)
        if b.level != RUNNING:
            b = operand(b, PRODUCT + 1)
        between = Math(INFIX, sign) if sign != "matrix" else GAP
        return row(a, between, b, level=min(a.level, b.level, PRODUCT), flavour=sign)

    def scaled(self, a: Math, b: Math) -> Math:
        """A number or scalar times anything."""
        if a.level != NEGATIVE or a.flavour == "/":
            a = operand(a, PRODUCT if a.flavour != "/" else ATOM)
        if b.level != RUNNING:
            b = operand(b, PRODUCT if b.flavour in ("⊙", "matrix") else PRODUCT + 1)
        between = Math(INFIX, "·") if b.digit else GAP
        return row(a, between, b, level=min(a.level, b.level, PRODUCT), flavour=b.flavour if b.level <= PRODUCT else "")

    def negated(self, a: Math) -> Math:
        """−a."""
        a = operand(a, RUNNING)
        return row(MINUS, a, level=NEGATIVE, flavour=a.flavour if a.level <= PRODUCT else "")

    def negation(self, a: Math) -> Math:
        """¬a."""
        return row(Math(PREFIX, "¬"), a if a.level == ATOM else fenced(a), level=NOT)

    def sum(self, a: Math, b: Math) -> Math:
        """a + b, which is a − c where b is −c."""
        a = operand(a, SUM)
        if b.kind == "row" and b.parts[:1] == (MINUS,) and b.level == NEGATIVE:
            return row(a, Math(INFIX, "−"), *b.parts[1:], level=SUM)
        return row(a, PLUS, operand(b, SUM) if b.level != NEGATIVE else fenced(b), level=SUM)

    def power(self, a: Math, b: Math, exact: Any = None) -> Math:
        """a to the power of b, whose value is `exact` if it is a number."""
        if isinstance(exact, float) and not exact.is_integer() and math.isfinite(exact):
            small = Fraction(exact).limit_denominator(8)
            if float(small) == exact:
                if small == Fraction(1, 2):
                    return self.root(a)
                b = self.ratio(abs(small))
                b = row(MINUS, b, level=NEGATIVE) if small < 0 else b
        whole = isinstance(exact, (int, float)) and math.isfinite(exact) and float(exact).is_integer()
        if self.flat and not whole:
            b = operand(b, ATOM)
        return Math(SUPERSCRIPT, "", (operand(a, ATOM), operand(b, SUM)), POWER)

    def root(self, a: Math) -> Math:
        """√a."""
        return Math(ROOT, "√", (operand(a, ATOM if self.flat else SUM),), POWER)

    def exponential(self, a: Math) -> Math:
        """e to the power of a short part, exp(…) of a long one."""
        if self.flat or a.tall or a.length > SHORT:
            return call("exp", [a])
        return self.power(Math(WORD, "e"), a)

    def transposed(self, a: Math) -> Math:
        """aᵀ."""
        return Math(SUPERSCRIPT, "", (operand(a, ATOM), TRANSPOSED), POWER)

    def over(self, sign: str, node: Expr, a: Math) -> Math:
        """Σ or Π over the axes of a word."""
        axes = self.axes(node)
        below = () if axes is None else (joined([self.number(i) for i in axes], COMMA_),)
        return row(Math(BIG, sign, below), GAP, operand(a, PRODUCT), level=RUNNING)

    def changed(self, a: Math, place: Math, sign: str, b: Math) -> Math:
        """a with a place in it that holds b, or to which b is added."""
        parts = (operand(a, SUM), Math(TEXT, " with "), place, Math(INFIX, sign), operand(b, SUM))
        return row(*parts, level=LOOSE)

    def view(self, a: Math, of: Expr, chain: Any) -> Math:
        """What a chain of views sees of `a`, the tree of `of`."""
        hole = Expr.symbol("view of", of.shape, of.dtype)
        seen = hole
        for op, params in chain:
            seen = op.forward(seen, **params)
        return self.read(seen, {id(hole): a})


def spoken(word: Any) -> str:
    """What a word is called on paper."""
    record = _records().get(word)
    name = name_of(word) if record is None else record.strip("_")
    return SPOKEN.get(name, name)


def _records() -> dict[Any, str]:
    """The names of the forwards that are one word."""
    if len(_recorded) != len(REGISTRY):
        _recorded.update({op.name: op.forward for op in REGISTRY.values()})
        _by_forward.update({op.forward: op.name for op in reversed(REGISTRY.values()) if not _has_name(op.forward)})
    return _by_forward


def _has_name(forward: Any) -> bool:
    """Whether a forward is a word with a name of its own: a ufunc or a function of NumPy's or of `words.py`."""
    return isinstance(forward, np.ufunc) or not getattr(forward, "__module__", "").startswith("chainrule.ops")


_recorded: dict[str, Any] = {}
_by_forward: dict[Any, str] = {}


# ── words ───────────────────────────────────────────────────────────────────────────────────────

Writer = Callable[[Paper, Expr, list[Math], dict[int, Math]], Any]
WRITERS: dict[Any, Writer] = {}


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
    np.zeros_like: _of_one(lambda p, a: Math(NUMBER, "0")),
    np.ones_like: _of_one(lambda p, a: ONE),
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
    np.full_like: _of_two(lambda p, a, b: b),
    "xlogy": _of_two(lambda p, a, b: p.product(a, call("log", [b]), "⊙")),
    "log_expit": _of_one(lambda p, a: row(Math(WORD, "log"), GAP, call("σ", [a]), level=RUNNING)),
    "gammaln": _of_one(lambda p, a: row(Math(WORD, "log"), GAP, call("Γ", [a]), level=RUNNING)),
    "contiguous": _of_one(lambda p, a: a),
}


@writes(*INFIXES)
def _compared(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    a, b = (fenced(a) if a.level <= TRUTH else a for a in args)
    return row(a, Math(INFIX, INFIXES[node.word]), b, level=TRUTH)


@writes("broadcast_to")
def _broadcast(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return args[0]


@writes("cast")
def _cast(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return operand(args[0], SUM) if args[0].level in (TRUTH, NOT) and node.dtype != bool else args[0]


def _is_scalar(argument: Any) -> bool:
    return not isinstance(argument, Expr) or argument.shape == ()


@writes(np.multiply)
def _multiply(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    if len(args) != 2:
        return None
    a, b = args
    first, second = (_is_scalar(x) for x in node.args)
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
    return paper.power(args[0], args[1], node.args[1])


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
        ones = paper.transposed(ONE) if axes == (0,) else ONE
        return paper.product(ones, args[0], "matrix") if axes == (0,) else paper.product(args[0], ones, "matrix")
    if axes == tuple(range(n)):
        return row(Math(BIG, "Σ"), GAP, operand(args[0], PRODUCT), level=RUNNING)
    return paper.over("Σ", node, args[0])


@writes(np.prod)
def _prod(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return paper.over("Π", node, args[0]) if set(node.kwargs) <= {"axis", "keepdims", "dtype"} else None


@writes(np.where)
def _where(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    if paper.flat or len(args) != 3:
        return None
    condition, a, b = args
    return Math(CASES, "", (operand(a, SUM), condition, operand(b, SUM)), LOOSE)


@writes("masked_fill")
def _masked_fill(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return (
        call("where", [args[1], args[2], args[0]])
        if paper.flat
        else Math(CASES, "", (args[2], args[1], args[0]), LOOSE)
    )


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
    made = fenced(args[0], "‖‖")
    return made if order == 2 and paper.axes(node) is None else None


@writes(operator.getitem)
def _getitem(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return Math(INDEX, "[]", (operand(args[0], ATOM), paper.index(node.args[1], known)))


@writes("take")
def _take(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    first = node.inputs[0].ndim == 1 or node.kwargs.get("axis") == 0
    return Math(INDEX, "[]", (operand(args[0], ATOM), args[1])) if first and len(args) == 2 else None


@writes(np.reshape)
def _reshape(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return call("reshape", [args[0], paper.size(node.shape)])


@writes("view_get")
def _view_get(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    return paper.view(args[0], node.args[0], node.args[1])


@writes("view_put", "view_add")
def _view_put(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    whole = operand(args[0], ATOM)
    place = paper.view(whole if whole.length <= SHORT else ELLIPSIS, node.args[0], node.args[2])
    return paper.changed(whole, place, "←" if spoken(node.word) == "view_put" else "+=", args[1])


@writes("index_put", "index_put_add")
def _index_put(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    whole = operand(args[0], ATOM)
    key = paper.index(node.args[2] if len(node.args) > 2 else node.kwargs["key"], known)
    place = Math(INDEX, "[]", (whole if whole.length <= SHORT else ELLIPSIS, key))
    return paper.changed(whole, place, "←" if spoken(node.word) == "index_put" else "+=", args[1])


@writes("unindex")
def _unindex(paper: Paper, node: Expr, args: list[Math], known: Any) -> Any:
    zero = Math(NUMBER, "0")
    return paper.changed(zero, Math(INDEX, "[]", (zero, paper.index(node.args[2], known))), "←", args[0])
