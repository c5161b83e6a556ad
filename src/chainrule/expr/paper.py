"""A formula as a mathematician writes it: the tree of `markup.py` for an `Expr`.

Here stands what words have in common: names, numbers, products, powers, where parentheses are needed.
How each word is written says `paper_words.py`.
"""

from __future__ import annotations

import functools
import inspect
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

PLUS, EQUALS, NEXT = Math(INFIX, "+"), Math(INFIX, "="), Math(COMMA, ",")
ONE, ONES, TRANSPOSED, PARTIAL = Math(NUMBER, "1"), Math(NUMBER, "𝟏"), Math(SIGN, "⊤"), Math(PREFIX, "∂")

# Words that are called by another name on paper.
SPOKEN = {
    "maximum": "max", "minimum": "min", "clip": "clamp", "expit": "σ", "sigmoid": "σ", "gamma": "Γ", "digamma": "ψ",
    "psi": "ψ", "trace": "tr", "amax": "max", "amin": "min", "rint": "round",
    "maximum.accumulate": "cummax", "minimum.accumulate": "cummin", "take_along_axis": "gather", "contract": "einsum",
}  # fmt: skip
UNSEEN = ("keepdims", "dtype", "axis", "dim")  # arguments that are not listed


def call(name: str, args: Iterable[Math], index: Math | None = None) -> Math:
    """name(args), with an index below the name."""
    said = Math(WORD, name)
    return row(said if index is None else Math(SUBSCRIPT, "", (said, index)), fenced(joined(args, NEXT)))


def operand(part: Math, level: int) -> Math:
    """A part where at least this level is asked for; what is true or false becomes 1 or 0 in [ ]."""
    if part.level >= level:
        return part
    return fenced(part, "[]") if part.level in (TRUTH, NOT) and level >= SUM else fenced(part)


Writer = Callable[["Paper", Expr, list[Math], dict[int, Math]], Any]
WRITERS: dict[Any, Writer] = {}  # how words are written; `paper_words.py` says it


class Paper:
    """Writes the nodes of formulas, one after the other."""

    def __init__(self, names: Names, derivatives: Derivatives, flat: bool):
        self.names = names
        self.derivatives = derivatives
        self.flat = flat
        self.kept: list[Expr] = []  # formulas made here, whose identity is that of their trees
        self.smaller: dict[int, tuple[Math, Any]] = {}  # of what was broadcast: what it was, and its shape

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
        operands = self.operands(node, known)
        args = [part for part, _ in operands]
        if word == PART:
            return Math(INDEX, "[]", (operand(args[0], ATOM), args[1]))
        writer = WRITERS.get(word) or WRITERS.get(spoken(word))
        made = writer(self, node, args, known) if writer is not None else None
        made = self.called(node, args, known) if made is None else made
        if _is_elementwise(word) and any(id(a) in self.smaller for a in node.args):
            shape = np.broadcast_shapes(*[shape for _, shape in operands])
            if type(node.shape) is tuple and shape != node.shape:
                self.smaller[id(node)] = made, shape
                return call("broadcast", [made])
        return made

    def operands(self, node: Expr, known: dict[int, Math]) -> list[tuple[Math, Any]]:
        """The arguments and their shapes. A broadcast that the word would make by itself is not seen."""
        found = [(self.value(a, known), getattr(a, "shape", ())) for a in node.args]
        if not _is_elementwise(node.word):
            return found
        return [self.smaller.get(id(a), pair) for a, pair in zip(node.args, found, strict=True)]

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
            if value < 100 and math.sqrt(round(value * value)) == value:
                return self.root(Math(NUMBER, str(round(value * value))))
            if 0 < near.numerator <= 1000 and near.numerator / near.denominator == value:
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
            return fenced(joined([self.number(x) for x in array.tolist()], NEXT), "[]")
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
                joined([self.value(x, known) for x in value], NEXT), "[]" if isinstance(value, list) else "()"
            )
        if isinstance(value, slice):
            return self.index(value, known)
        if isinstance(value, np.dtype):
            return Math(WORD, value.name)
        return Math(TEXT, str(value)) if value is None or isinstance(value, str) else ELLIPSIS

    def index(self, index: Any, known: dict[int, Math]) -> Math:
        """What stands between brackets: 1:3, None, …"""
        if isinstance(index, tuple):
            index = index[:-1] if len(index) > 1 and index[-1] is Ellipsis else index
            return joined([self.index(i, known) for i in index], NEXT) if index else Math(TEXT, "()")
        if isinstance(index, slice):
            ends = [index.start, index.stop] if index.step is None else [index.start, index.stop, index.step]
            parts = [[Math(TIGHT, ":")] if end is None else [Math(TIGHT, ":"), self.value(end, known)] for end in ends]
            return row(*[part for both in parts for part in both][1:])
        return ELLIPSIS if index is Ellipsis else self.value(index, known)

    def axes(self, node: Expr) -> tuple[int, ...] | None:
        """The axes a word runs over; None for all of them."""
        names = _parameters(node.word)
        place = names.index("axis") if "axis" in names[: len(node.args)] else None
        axis = node.kwargs.get("axis", node.kwargs.get("dim")) if place is None else node.args[place]
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
        seen = len(args)
        while seen and node.args[seen - 1] is None:
            seen -= 1
        names = (*_parameters(node.word), *[""] * seen) if axes is not None else [""] * seen
        args = [a for name, a in zip(names, args[:seen]) if name != "axis"]
        index = None if axes is None else joined([self.number(a) for a in axes], NEXT)
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
            close = b.flavour in ("⊙", "matrix") or (b.flavour == "" and not b.digit)
            b = operand(b, PRODUCT if close else PRODUCT + 1)
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
        return Math(SUPERSCRIPT, "", (operand(a, ATOM), operand(b, SUM)), POWER)

    def root(self, a: Math) -> Math:
        """√a."""
        return Math(ROOT, "√", (operand(a, SUM),), POWER)

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
        whole = axes is None or axes == tuple(range(node.inputs[0].ndim))
        below = () if axes is None or whole else (joined([self.number(i) for i in axes], NEXT),)
        return row(Math(BIG, sign, below), operand(a, PRODUCT), level=RUNNING)

    def cases(self, a: Math, condition: Math, b: Math) -> Math:
        """a if a condition holds, else b."""
        a, b = (x if x.kind == CASES else operand(x, SUM) for x in (a, b))
        return Math(CASES, "", (a, condition, b), LOOSE)

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
        self.kept.append(seen)
        return self.read(seen, {id(hole): a})


def _is_elementwise(word: Any) -> bool:
    return word in (operator.pow, np.where) or (isinstance(word, np.ufunc) and word.signature is None)


@functools.cache
def _parameters(word: Any) -> tuple[str, ...]:
    """The names of what a word takes, as far as they are known."""
    try:
        return () if isinstance(word, np.ufunc) else tuple(inspect.signature(word).parameters)
    except (TypeError, ValueError):
        return ()


def spoken(word: Any) -> str:
    """What a word is called on paper."""
    record = _records().get(word)
    name = name_of(word) if record is None else record.strip("_")
    return SPOKEN.get(name, name)


def _records() -> dict[Any, str]:
    """The names of the records whose forward is one word without a name of its own."""
    if len(_known_records) != len(REGISTRY):
        _known_records.clear()
        _known_records.update(REGISTRY)
        _by_forward.clear()
        for op in REGISTRY.values():
            if getattr(op.forward, "__module__", "").startswith("chainrule.ops"):
                own = op.forward.__name__ in ("<lambda>", "forward", "run") or op.forward not in _by_forward
                _by_forward[op.forward] = op.name if own else op.forward.__name__
    return _by_forward


_known_records: dict[str, Any] = {}
_by_forward: dict[Any, str] = {}
