"""How a formula reads: as the NumPy a person would type (`str(expr)`), or as on paper (`formula(expr)`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .expression import CONSTANT, PART, SYMBOL, Expr, walk
from .markup import ATOM as WHOLE
from .markup import BIG, COMMA, FENCED, INDEX, INFIX, NAME, NUMBER, ROOT, SUBSCRIPT, SUPERSCRIPT, Math, fold
from .paper import LONGEST, Derivatives, Names
from .paper_words import tree
from .vocabulary import ATOM, COMPARISON, POWER, SIGN, name_of, notation

Written = tuple[str, int]  # the text and how strongly it binds


def text(expr: Expr) -> str:
    """The formula in NumPy's notation: `g @ b.T`, `exp(x)`, `2 * x`."""
    known: dict[int, Written] = {}
    for node in walk(expr):
        done = _node(node, known)
        known[id(node)] = ("…", ATOM) if len(done[0]) > LONGEST and node is not expr else done
    return known[id(expr)][0]


def formula(
    expr: Expr, names: Names | None = None, derivatives: Derivatives | None = None, *, target: Expr | None = None
) -> str:
    """The formula as on paper, on one line: `g bᵀ`, `x²`, `2 x`; with `target` the equation `target = expr`.

    `names` has the shown names of symbols, `derivatives` the symbols that stand for ∂of/∂by.

    >>> import numpy as np
    >>> from chainrule.expr import Expr, formula
    >>> g, x = Expr.symbol("g", (4, 2)), Expr.symbol("x", (4, 2))
    >>> print(formula(g * (x >= 0)))
    g ⊙ [x ≥ 0]
    >>> print(formula(g * (x >= 0), derivatives={"g": ("loss", "y")}))
    ∂loss/∂y ⊙ [x ≥ 0]
    """
    return fold(tree(expr, names, derivatives, flat=True, target=target), _on_paper)


# ── on paper ────────────────────────────────────────────────────────────────────────────────────

RAISED = str.maketrans("0123456789−⊤", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻ᵀ")
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _on_paper(node: Math, parts: list[str]) -> str:
    write = ON_PAPER.get(node.kind)
    return write(node, parts) if write is not None else "".join(parts) or node.text


def _raised(text: str, exponent: Math) -> str:
    return (
        text.translate(RAISED)
        if all(ord(c) in RAISED for c in text)
        else f"^{text}"
        if exponent.level == WHOLE
        else f"^({text})"
    )


def _lowered(text: str) -> str:
    text = text.replace(" ", "")
    return text.translate(LOWERED) if all(ord(c) in LOWERED or c == "," for c in text) else f"_{text}"


ON_PAPER: dict[str, Callable[[Math, list[str]], str]] = {
    INFIX: lambda node, parts: f" {node.text} ",
    COMMA: lambda node, parts: ", ",
    FENCED: lambda node, parts: f"{node.text[0]}{parts[0]}{node.text[1]}",
    SUPERSCRIPT: lambda node, parts: parts[0] + _raised(parts[1], node.parts[1]),
    NUMBER: lambda node, parts: node.text.replace("𝟏", "1"),
    SUBSCRIPT: lambda node, parts: parts[0] + _lowered(parts[1]),
    INDEX: lambda node, parts: f"{parts[0]}[{parts[1]}]",
    ROOT: lambda node, parts: f"√{parts[0]}" if node.parts[0].kind in (NAME, NUMBER, FENCED) else f"√({parts[0]})",
    BIG: lambda node, parts: f"{node.text}{_lowered(''.join(parts))} ",
}


# ── NumPy's notation ────────────────────────────────────────────────────────────────────────────


def _node(node: Expr, known: dict[int, Written]) -> Written:
    if node.word == SYMBOL:
        return node.args[0], ATOM
    if node.word == CONSTANT:
        return _constant(node.args[0])
    if node.word == PART:
        return f"{known[id(node.args[0])][0]}[{node.args[1]}]", ATOM
    template = "{0}.T" if _reverses_axes(node) else notation(node.word).text
    if not template or node.kwargs:
        arguments = [_plain(a, known) for a in node.args]
        arguments += [f"{name}={_plain(a, known)}" for name, a in node.kwargs.items()]
        return f"{name_of(node.word)}({', '.join(arguments)})", ATOM
    level = notation(node.word).level
    operands = [_operand(a, i, level, template, known) for i, a in enumerate(node.args)]
    return template.format(*operands), level


def _reverses_axes(node: Expr) -> bool:
    axes = (*node.args, None)[1] if node.word is np.transpose else ()
    return axes is None or (axes != () and tuple(axes) == tuple(reversed(range(node.ndim))))


def _operand(argument: Any, i: int, level: int, template: str, known: dict[int, Written]) -> str:
    """An argument as it stands in the template: in parentheses where it binds less than its place asks."""
    if i and template.startswith("{0}["):
        return _index(argument, known)
    written, binds = known[id(argument)] if isinstance(argument, Expr) else _value(argument, known)
    if binds >= _needed(template, i, level):
        return written
    return f"({written})"


def _needed(template: str, i: int, level: int) -> int:
    """How strongly the argument number `i` of a template has to bind to stand there without parentheses."""
    if level == ATOM:
        return ATOM if template.startswith(f"{{{i}}}") else 0
    if level == POWER:
        return SIGN if i else ATOM
    return level if i == 0 and level != COMPARISON else level + 1


def _index(index: Any, known: dict[int, Written]) -> str:
    """What stands between brackets: `1:3, None, ...`."""
    if isinstance(index, tuple):
        return ", ".join(_index(i, known) for i in index) or "()"
    if isinstance(index, slice):
        ends = ["" if x is None else _plain(x, known) for x in (index.start, index.stop)]
        return ":".join(ends if index.step is None else [*ends, _plain(index.step, known)])
    return "..." if index is Ellipsis else _plain(index, known)


def _plain(argument: Any, known: dict[int, Written]) -> str:
    return known[id(argument)][0] if isinstance(argument, Expr) else _value(argument, known)[0]


def _value(value: Any, known: dict[int, Written]) -> Written:
    """A Python value among the arguments."""
    if isinstance(value, (tuple, list)):
        inside = ", ".join(_plain(x, known) for x in value)
        if isinstance(value, list):
            return f"[{inside}]", ATOM
        return f"({inside},)" if len(value) == 1 else f"({inside})", ATOM
    if isinstance(value, np.dtype):
        return value.name, ATOM
    if isinstance(value, (int, float)):
        return repr(value), SIGN if value < 0 else ATOM
    return (repr(value) if value is None or isinstance(value, str) else getattr(value, "__name__", "…")), ATOM


def _constant(value: Any) -> Written:
    """A constant: its elements where they are few, else what is in it and how many."""
    array = np.asarray(value)
    if not array.ndim:
        return _value(array.item(), {})
    if array.size <= 6 and array.ndim == 1:
        return "[" + ", ".join(repr(x) for x in array.tolist()) + "]", ATOM
    size = "×".join(map(str, array.shape))
    for number, name in ((0, "zeros"), (1, "ones")):
        if array.size and (array == number).all():
            return f"{name}({size})", ATOM
    return f"constant({size})", ATOM


Expr.__str__ = text  # type: ignore[method-assign, assignment]
