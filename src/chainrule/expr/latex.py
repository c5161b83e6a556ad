"""A formula in LaTeX: amsmath, as TeX, MathJax and KaTeX read it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .expression import Expr
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
    WORD,
    Math,
    fold,
    name_parts,
)
from .paper import Derivatives, Names
from .paper_words import tree

GREEK = """
    alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega
    Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega
""".split()  # noqa: SIM905
LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta",
    "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho", "σ": "sigma",
    "τ": "tau", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta",
    "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi", "Ψ": "Psi", "Ω": "Omega",
}  # fmt: skip
SIGNS = {
    "−": "-", "⊙": "\\odot", "≠": "\\neq", "≤": "\\leq", "≥": "\\geq", "∧": "\\land", "∨": "\\lor", "⊻": "\\veebar",
    "¬": "\\lnot", "<<": "\\ll", ">>": "\\gg", "·": "\\cdot", "×": "\\times", "⊗": "\\otimes", "←": "\\leftarrow",
    "∂": "\\partial", "Σ": "\\sum", "Π": "\\prod", "⊤": "\\top", "…": "\\ldots", "mod": "\\bmod", "∞": "\\infty",
    "+=": "\\mathrel{+}=",
}  # fmt: skip
FENCES = {
    "(": "(", ")": ")", "[": "[", "]": "]", "⌊": "\\lfloor", "⌋": "\\rfloor", "⌈": "\\lceil", "⌉": "\\rceil",
}  # fmt: skip
PAIRS = {"||": ("\\lvert", "\\rvert"), "‖‖": ("\\lVert", "\\rVert")}
FUNCTIONS = frozenset(
    ("exp", "log", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "max", "min")
)
ESCAPED = {
    "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}",
    **{c: f"\\{c}" for c in "{}$&#_%"},
}  # fmt: skip
_PLAIN = re.compile(r"[A-Za-z0-9_.\[\], ]+")


def latex(
    expr: Expr, names: Names | None = None, derivatives: Derivatives | None = None, *, target: Expr | None = None
) -> str:
    r"""The formula in LaTeX, without dollars; with `target` the equation `target = expr`.

    `names` has the shown names of symbols, `derivatives` the symbols that stand for ∂of/∂by.

    >>> from chainrule.expr import Expr, latex
    >>> x, w1 = Expr.symbol("x", (4, 3)), Expr.symbol("w1", (3, 2))
    >>> print(latex(x @ w1, target=Expr.symbol("h_1", (4, 2))))
    h_1 = x \, w_1
    """
    return fold(tree(expr, names, derivatives, flat=False, target=target), _write)


def aligned(
    equations: Iterable[tuple[Expr, Expr]], names: Names | None = None, derivatives: Derivatives | None = None
) -> str:
    r"""Equations (target, formula) under each other: `\begin{aligned} … \end{aligned}`."""
    lines = []
    for target, expr in equations:
        whole = tree(expr, names, derivatives, flat=False, target=target)
        left, _, right = whole.parts
        lines.append(f"{fold(left, _write)} &= {fold(right, _write)}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def escaped(text: str) -> str:
    """Text with TeX's special characters written out."""
    return "".join(ESCAPED.get(c, c) for c in text)


def _write(node: Math, parts: list[str]) -> str:
    write = WRITE.get(node.kind)
    if write is not None:
        return write(node, parts)
    if node.parts:
        return _side_by_side(parts)
    return SIGNS.get(node.text, node.text)


def _side_by_side(parts: list[str]) -> str:
    """Parts in a row; a command and the letter or command after it are kept apart."""
    out = ""
    for part in parts:
        apart = out and part and re.search(r"\\[A-Za-z]+$", out) and (part[0].isalpha() or part[0] == "\\")
        out += f" {part}" if apart else part
    return out


def _name(node: Math, parts: list[str]) -> str:
    base, subscripts = name_parts(node.text)
    if not subscripts:
        return _letters(base, "\\mathit")
    below = ",".join(_letters(part, "\\mathrm") for part in subscripts)
    return f"{_letters(base, chr(92) + 'mathit')}_{below if len(below) == 1 else f'{{{below}}}'}"


def _letters(text: str, style: str) -> str:
    """A part of a name: a letter, a number, a Greek letter, a word."""
    greek = LETTERS.get(text, text)
    if greek in GREEK:
        return f"\\{greek}"
    if text.isascii() and (text.isdigit() or (len(text) == 1 and text.isalpha())):
        return text
    if text.startswith("["):
        return text if _PLAIN.fullmatch(text) and "_" not in text and "." not in text else f"\\text{{{escaped(text)}}}"
    if not _PLAIN.fullmatch(text):
        return f"\\text{{{escaped(text)}}}"
    return f"{style if text.isalnum() else chr(92) + 'mathrm'}{{{escaped(text)}}}"


def _word(node: Math, parts: list[str]) -> str:
    text = node.text
    if text in FUNCTIONS:
        return f"\\{text}"
    if text in LETTERS:
        return f"\\{LETTERS[text]}"
    if text == "e":
        return text
    return f"\\operatorname{{{escaped(text)}}}" if _PLAIN.fullmatch(text) else f"\\text{{{escaped(text)}}}"


def _fenced(node: Math, parts: list[str]) -> str:
    left, right = PAIRS.get(node.text) or (FENCES[c] for c in node.text)
    size = ("\\left", "\\right") if node.parts[0].tall else ("", "")
    return _side_by_side([size[0] + left, parts[0], size[1] + right])


WRITE = {
    NAME: _name,
    WORD: _word,
    NUMBER: lambda node, parts: node.text.replace("𝟏", "\\mathbf{1}"),
    TEXT: lambda node, parts: f"\\text{{{escaped(node.text)}}}",
    SPACE: lambda node, parts: " \\, ",
    COMMA: lambda node, parts: ", ",
    "infix": lambda node, parts: f" {SIGNS.get(node.text, node.text)} ",
    FENCED: _fenced,
    FRACTION: lambda node, parts: f"\\frac{{{parts[0]}}}{{{parts[1]}}}",
    SUPERSCRIPT: lambda node, parts: f"{parts[0]}^{parts[1] if len(parts[1]) == 1 else f'{{{parts[1]}}}'}",
    SUBSCRIPT: lambda node, parts: f"{parts[0]}_{parts[1] if len(parts[1]) == 1 else f'{{{parts[1]}}}'}",
    INDEX: lambda node, parts: f"{parts[0] if len(parts[0]) == 1 else f'{{{parts[0]}}}'}_{{[{parts[1]}]}}",
    ROOT: lambda node, parts: f"\\sqrt{{{parts[0]}}}",
    BIG: lambda node, parts: SIGNS[node.text] + (f"_{{{parts[0]}}} " if parts else " "),
    CASES: lambda node, parts: (
        f"\\begin{{cases}} {parts[0]} & \\text{{if }} {parts[1]} \\\\ {parts[2]} & \\text{{otherwise}} \\end{{cases}}"
    ),
}
