"""A formula in MathML Core, which every browser draws: no library, no fonts."""

from __future__ import annotations

from html import escape

from .expression import Expr
from .latex import GREEK, latex
from .markup import (
    BIG,
    CASES,
    COMMA,
    FENCED,
    FRACTION,
    INDEX,
    NAME,
    NUMBER,
    ROOT,
    SPACE,
    SUBSCRIPT,
    SUPERSCRIPT,
    TEXT,
    TIGHT,
    WORD,
    Math,
    fold,
    name_parts,
)
from .paper import Derivatives, Names
from .paper_words import tree

LETTERS = dict(zip(GREEK, "αβγδεζηθικλμνξπρστφχψωΓΔΘΛΞΠΣΦΨΩ", strict=True))


def mathml(
    expr: Expr,
    names: Names | None = None,
    derivatives: Derivatives | None = None,
    display: str = "block",
    *,
    target: Expr | None = None,
) -> str:
    """The formula as a `<math>` element; its LaTeX stands in `data-latex`. "inline" keeps it as high as a line.

    `names` has the shown names of symbols, `derivatives` the symbols that stand for ∂of/∂by; with
    `target` it is the equation `target = expr`.

    >>> from chainrule.expr import Expr, mathml
    >>> print(mathml(Expr.symbol("x") + 1))
    <math display="block" data-latex="x + 1"><mrow><mi>x</mi><mo>+</mo><mn>1</mn></mrow></math>
    """
    if display not in ("block", "inline"):
        raise ValueError(f'display is "block" or "inline", not {display!r}')
    whole = fold(tree(expr, names, derivatives, flat=display == "inline", target=target), _write)
    copied = escape(latex(expr, names, derivatives, target=target))
    return f'<math display="{display}" data-latex="{copied}">{whole}</math>'


def _tag(tag: str, *parts: str) -> str:
    return f"<{tag}>{''.join(parts)}</{tag}>"


def _write(node: Math, parts: list[str]) -> str:
    write = WRITE.get(node.kind)
    if write is not None:
        return write(node, parts)
    if node.kind == "row":
        return parts[0] if len(parts) == 1 else _tag("mrow", *parts)
    return _tag("mo", escape(node.text))


def _letters(text: str) -> str:
    return _tag("mn" if text.isdigit() else "mi", escape(LETTERS.get(text, text)))


def _name(node: Math, parts: list[str]) -> str:
    base, subscripts = name_parts(node.text)
    if not subscripts:
        return _letters(base)
    below = [x for part in subscripts for x in (_tag("mo", ","), _letters(part))][1:]
    return _tag("msub", _letters(base), below[0] if len(below) == 1 else _tag("mrow", *below))


def _superscript(node: Math, parts: list[str]) -> str:
    """A power of x_1 has both at one place."""
    base = node.parts[0]
    if base.kind == NAME and parts[0].startswith("<msub>"):
        return _tag("msubsup", parts[0][len("<msub>") : -len("</msub>")], parts[1])
    return _tag("msup", *parts)


def _word(node: Math, parts: list[str]) -> str:
    upright = ' mathvariant="normal"' if len(node.text) == 1 else ""
    return f"<mi{upright}>{escape(node.text)}</mi>"


def _fenced(node: Math, parts: list[str]) -> str:
    left, right = node.text[0], node.text[1]
    return _tag("mrow", f'<mo form="prefix">{left}</mo>', parts[0], f'<mo form="postfix">{right}</mo>')


def _big(node: Math, parts: list[str]) -> str:
    sign = _tag("mo", {"Σ": "∑", "Π": "∏"}[node.text])
    return _tag("munder", sign, parts[0]) if parts else sign


def _text(node: Math, parts: list[str]) -> str:
    return _tag("mtext", escape(node.text).replace(" ", "\N{NO-BREAK SPACE}"))


_IF, _OTHERWISE = "<mtext>\N{NO-BREAK SPACE}if\N{NO-BREAK SPACE}</mtext>", "<mtext>\N{NO-BREAK SPACE}otherwise</mtext>"

WRITE = {
    NAME: _name,
    WORD: _word,
    TIGHT: lambda node, parts: f'<mo lspace="0" rspace="0">{escape(node.text)}</mo>',
    NUMBER: lambda node, parts: _tag("mn", node.text),
    TEXT: _text,
    SPACE: lambda node, parts: '<mspace width="0.17em"/>',
    COMMA: lambda node, parts: _tag("mo", ","),
    FENCED: _fenced,
    FRACTION: lambda node, parts: _tag("mfrac", *parts),
    SUPERSCRIPT: _superscript,
    SUBSCRIPT: lambda node, parts: _tag("msub", *parts),
    INDEX: lambda node, parts: _tag("msub", parts[0], _tag("mrow", "<mo>[</mo>", parts[1], "<mo>]</mo>")),
    ROOT: lambda node, parts: _tag("msqrt", *parts),
    BIG: _big,
    CASES: lambda node, parts: _tag("mrow", "<mo>{</mo>", parts[0], _IF, parts[1], "<mo>,</mo>", parts[2], _OTHERWISE),
}
