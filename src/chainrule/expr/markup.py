"""The tree of a formula on paper: fractions, powers, fences. Text, LaTeX and MathML are printed from it.

`paper.py` makes the tree of an `Expr` and decides on parentheses; a printer says how each kind of node looks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

# Leaves have a text.
NAME = "name"  # of a value: w1, loss, model.0.weight
WORD = "word"  # of a function: exp, max, σ
NUMBER = "number"
TEXT = "text"  # words between formulas: if, with
SYMBOL = "symbol"  # ∂, ⊤, ∞, …
PREFIX = "prefix"  # an operator before its operand: −, ¬
INFIX = "infix"  # an operator between operands, with space around it
TIGHT = "tight"  # a sign between parts, without space: 1:3, 2×3
COMMA = "comma"
SPACE = "space"  # what stands between factors side by side
# The others have parts.
ROW = "row"
FENCED = "fenced"  # (body); the text holds the two fences
FRACTION = "fraction"  # above, below
SUPERSCRIPT = "superscript"  # base, exponent
SUBSCRIPT = "subscript"  # base, index
INDEX = "index"  # base[body]
ROOT = "root"
BIG = "big"  # Σ or Π, with what it runs over if it does not run over everything
CASES = "cases"  # value, condition, value otherwise

# How strongly what was written binds; an operand that binds less is put in parentheses.
LOOSE, TRUTH, NOT, SUM, NEGATIVE, RUNNING, PRODUCT, POWER, ATOM = range(9)


class Math:
    """A node of the tree.

    `flavour` is the sign between the factors of a product: without parentheses, x ⊙ y z would read two ways.
    """

    __slots__ = ("digit", "flavour", "kind", "length", "level", "parts", "tall", "text")

    def __init__(self, kind: str, text: str = "", parts: tuple[Math, ...] = (), level: int = ATOM, flavour: str = ""):
        self.kind = kind
        self.text = text
        self.parts = parts
        self.level = level
        self.flavour = flavour
        self.length: int = len(text) + sum([p.length for p in parts])
        self.tall: bool = kind in (FRACTION, CASES, BIG) or any(p.tall for p in parts)  # higher than a line
        self.digit: bool = kind == NUMBER or (kind not in (FENCED, ROOT) and bool(parts) and parts[0].digit)


ELLIPSIS = Math(SYMBOL, "…")
MINUS = Math(PREFIX, "−")
GAP = Math(SPACE, " ")


def row(*parts: Math, level: int = ATOM, flavour: str = "") -> Math:
    """Parts side by side."""
    return Math(ROW, "", parts, level, flavour)


def fenced(body: Math, fences: str = "()") -> Math:
    """A part in parentheses or other fences."""
    return Math(FENCED, fences, (body,))


def joined(parts: Iterable[Math], between: Math, longest: int = 9) -> Math:
    """Parts with a sign between them; the middle of a long list is left out."""
    shown = list(parts)
    if len(shown) > longest:
        shown = [*shown[: longest - 3], ELLIPSIS, shown[-1]]
    return row(*[p for part in shown for p in (between, part)][1:])


def fold(root: Math, write: Callable[[Math, list[str]], str]) -> str:
    """Print a tree: `write` gets a node and what its parts were printed as. Each node is printed once."""
    done: dict[int, str] = {}
    stack = [root]
    while stack:
        node = stack[-1]
        missing = [p for p in node.parts if id(p) not in done]
        if missing:
            stack += missing
        else:
            stack.pop()
            done[id(node)] = write(node, [done[id(p)] for p in node.parts])
    return done[id(root)]


class NameParts(NamedTuple):
    """A name as it is set: h_relu is h with the subscript relu."""

    base: str
    subscripts: tuple[str, ...]


_BRACKETS = re.compile(r"(.+?)((?:\[[^\[\]]*\])+)")
_WORDS = re.compile(r"([^\W\d_]+)(\d*)((?:_[^\W_]+)*)")


def name_parts(name: str) -> NameParts:
    """Base and subscripts of a name; a name of another form, as `model.0.weight` or `_x`, is one base.

    >>> from chainrule.expr.markup import name_parts
    >>> name_parts("h_relu"), name_parts("w[3]")
    (NameParts(base='h', subscripts=('relu',)), NameParts(base='w', subscripts=('[3]',)))
    """
    found = _BRACKETS.fullmatch(name)
    inner, index = (found[1], (found[2],)) if found else (name, ())
    words = _WORDS.fullmatch(inner)
    if words is None:
        return NameParts(name, ())
    rest = [part for part in (words[2], *words[3].split("_")) if part]
    return NameParts(words[1], (*rest, *index))
