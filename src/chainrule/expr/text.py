"""How a formula reads: as the NumPy a person would type (`str(expr)`), or as on paper (`formula(expr)`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .expression import CONSTANT, PART, SYMBOL, Expr, walk
from .vocabulary import ATOM, COMPARISON, POWER, PRODUCT, SIGN, name_of, notation, symbols

LONGEST = 400  # a part that is written out longer than this is shown as …
Written = tuple[str, int]  # the text and how strongly it binds


def text(expr: Expr) -> str:
    """The formula in NumPy's notation: `g @ b.T`, `exp(x)`, `2 * x`."""
    return _write(expr, lambda node: notation(node.word).text)


def formula(expr: Expr) -> str:
    """The formula as on paper: `g bᵀ`, `exp(x)`, `2 x`.

    >>> import numpy as np
    >>> from chainrule.expr import Expr, formula
    >>> g, x = Expr.symbol("g", (4, 2)), Expr.symbol("x", (4, 2))
    >>> print(formula(g * (x >= 0)))
    g ⊙ [x ≥ 0]
    """
    written = symbols()
    return _write(expr, lambda node: written.get(node.word) or notation(node.word).formula, paper=True)


def _write(expr: Expr, template_of: Callable[[Expr], str], paper: bool = False) -> str:
    known: dict[int, Written] = {}
    for node in walk(expr):
        done = _node(node, known, template_of, paper)
        known[id(node)] = ("…", ATOM) if len(done[0]) > LONGEST and node is not expr else done
    return known[id(expr)][0]


def _node(node: Expr, known: dict[int, Written], template_of: Callable[[Expr], str], paper: bool) -> Written:
    if node.word == SYMBOL:
        return node.args[0], ATOM
    if node.word == CONSTANT:
        return _constant(node.args[0])
    if node.word == PART:
        return f"{known[id(node.args[0])][0]}[{node.args[1]}]", ATOM
    template = ("{0}ᵀ" if paper else "{0}.T") if _reverses_axes(node) else template_of(node)
    if paper and node.word is np.multiply and type(node.args[0]) in (int, float):
        template = "{0} {1}"
    if not template or node.kwargs:
        arguments = [_plain(a, known) for a in node.args]
        arguments += [f"{name}={_plain(a, known)}" for name, a in node.kwargs.items()]
        return f"{name_of(node.word)}({', '.join(arguments)})", ATOM
    level = notation(node.word).level
    operands = [_operand(a, i, level, template, known, paper) for i, a in enumerate(node.args)]
    return template.format(*operands), level


def _reverses_axes(node: Expr) -> bool:
    axes = (*node.args, None)[1] if node.word is np.transpose else ()
    return axes is None or (axes != () and tuple(axes) == tuple(reversed(range(node.ndim))))


def _operand(argument: Any, i: int, level: int, template: str, known: dict[int, Written], paper: bool) -> str:
    """An argument as it stands in the template: in parentheses where it binds less than its place asks."""
    if i and template.startswith("{0}["):
        return _index(argument, known)
    written, binds = known[id(argument)] if isinstance(argument, Expr) else _value(argument, known)
    if binds >= _needed(template, i, level):
        return written
    return f"[{written}]" if paper and binds == COMPARISON and level >= PRODUCT else f"({written})"


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
