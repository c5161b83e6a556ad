"""Formulas on paper, in three notations."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from chainrule.expr import Expr, aligned, formula, forward_formula, latex, mathml, symbols_for, vjp_formula, walk
from chainrule.expr.markup import NameParts, name_parts

from ..test_registry import CASES
from .formulas import DERIVATIVES, FILE, FORMULAS, blocks, expression
from .valid import check_latex, check_mathml

PRINTERS = (formula, latex, mathml, lambda expr, **names: mathml(expr, display="inline", **names))
x, y = Expr.symbol("x", (4, 2)), Expr.symbol("y", (4, 2))


def test_formulas_are_as_agreed():
    """`formulas.txt` is what a mathematician was shown; a change there is to be looked at."""
    lines = FILE.read_text("utf-8").splitlines()
    known = {lines[i]: "\n".join(lines[i + 1 : i + 4]) for i in range(0, len(lines), 4)}
    assert list(known) == FORMULAS.strip().splitlines()
    made = blocks()
    assert {source: made[source] for source in known} == known


def _formulas(tree: Any) -> list[Expr]:
    if isinstance(tree, (tuple, list)):
        return [e for part in tree for e in _formulas(part)]
    return [tree] if isinstance(tree, Expr) else []


def _of_case(case: Any) -> list[Expr]:
    op, _, _, args, params = case
    symbols = symbols_for(op, *args)
    found = _formulas(forward_formula(op, *symbols, **params))
    return found + (_formulas(vjp_formula(op, *symbols, **params)) if op.differentiable else [])


@pytest.mark.parametrize("name", sorted({case.op.name for case in CASES}))
def test_every_record_is_written(name):
    """The forward and the rules of every record, on every sample, are valid in all notations."""
    for expr in [e for case in CASES if case.op.name == name for e in _of_case(case)]:
        text = formula(expr)
        assert text and "<lambda>" not in text
        check_latex(latex(expr))
        for display in ("block", "inline"):
            check_mathml(mathml(expr, display=display))


@pytest.mark.parametrize("source", FORMULAS.strip().splitlines())
def test_latex_is_read_by_another_parser(source):
    converter = pytest.importorskip("latex2mathml.converter")
    converter.convert(latex(expression(source), derivatives=DERIVATIVES))


# ── names ───────────────────────────────────────────────────────────────────────────────────────

NAMES = [
    ("w1", "w1", "w_1", "<msub><mi>w</mi><mn>1</mn></msub>"),
    ("w12", "w12", "w_{12}", "<msub><mi>w</mi><mn>12</mn></msub>"),
    ("loss", "loss", r"\mathit{loss}", "<mi>loss</mi>"),
    ("h_relu", "h_relu", r"h_{\mathrm{relu}}", "<msub><mi>h</mi><mi>relu</mi></msub>"),
    ("alpha", "alpha", r"\alpha", "<mi>α</mi>"),
    ("α", "α", r"\alpha", "<mi>α</mi>"),
    ("w[3]", "w[3]", "w_{[3]}", "<msub><mi>w</mi><mi>[3]</mi></msub>"),
    ("model.0.weight", "model.0.weight", r"\mathrm{model.0.weight}", "<mi>model.0.weight</mi>"),
    ("a_b.c_d", "a_b.c_d", r"\mathrm{a\_b.c\_d}", "<mi>a_b.c_d</mi>"),
    ("_x", "_x", r"\mathrm{\_x}", "<mi>_x</mi>"),
    ("a<b&c", "a<b&c", r"\text{a<b\&c}", "<mi>a&lt;b&amp;c</mi>"),
    ("größe", "größe", r"\text{größe}", "<mi>größe</mi>"),
]


@pytest.mark.parametrize("name, text, tex, core", NAMES)
def test_names(name, text, tex, core):
    symbol = Expr.symbol("s")
    names = {"s": name}
    assert formula(symbol, names) == text
    assert latex(symbol, names) == tex
    assert mathml(symbol, names).partition(">")[2] == f"{core}</math>"


HARD = [
    "_", "__", "__init__", "x_", "x__y", "_1", "a1b2", "lambda", "None", "Ünïcödé", "данные", "変数", "ªº", "x²",
    "layers[0][1].weight", "net['a_b'].w", "a.b_c[2]", "x%y", "50$", "a#b", "a^b", "~x", "a\\b", "{x}", "[", "]", "w[3",
    "w[3]x", "e", "i", "mu", "Omega", "x_alpha_1_beta", "a b", "<lambda>", '"', "…", "x'", "w[_]", "w[a_b]",
]  # fmt: skip


@pytest.mark.parametrize("name", HARD)
def test_any_name_is_valid(name):
    """As a name, under a power, in a derivative, and as the name of a function."""
    symbol, g = Expr.symbol("s", (2, 2)), Expr.symbol("g", (2, 2))
    for expr in (symbol, symbol.T @ g, symbol**2, symbol[0][1] ** 2):
        check_latex(latex(expr, {"s": name}, {"g": (name, name)}))
        check_mathml(mathml(expr, {"s": name}, {"g": (name, name)}))
        assert name in formula(expr, {"s": name}, {"g": (name, name)})


def test_every_part_of_a_name_is_kept():
    for name in HARD:
        base, below = name_parts(name)
        assert base and all(below)
        assert (base + "".join(below)).replace("_", "") == name.replace("_", "")
        assert below or base == name
    assert name_parts("h1_relu[2]") == NameParts("h", ("1", "relu", "[2]"))


# ── derivatives, equations ──────────────────────────────────────────────────────────────────────


def test_a_derivative_is_one_factor():
    g, w = Expr.symbol("g", (4, 2)), Expr.symbol("w", (2, 2))
    of = {"g": ("loss", "h_1")}
    assert formula(2 * g @ w.T, derivatives=of) == "2 ∂loss/∂h_1 wᵀ"
    assert formula(g.T / 2, derivatives=of) == "(∂loss/∂h_1)ᵀ / 2"
    assert formula(g / 2, derivatives=of) == "(∂loss/∂h_1) / 2"
    assert formula(1 / g, derivatives=of) == "1 / (∂loss/∂h_1)"
    assert latex(g, derivatives=of) == r"\frac{\partial \mathit{loss}}{\partial h_1}"
    assert latex(g.T, derivatives=of) == r"\left(\frac{\partial \mathit{loss}}{\partial h_1}\right)^{\top}"
    assert mathml(g, derivatives=of, display="inline").partition(">")[2] == (
        '<mrow><mrow><mo>∂</mo><mi>loss</mi></mrow><mo lspace="0" rspace="0">/</mo>'
        "<mrow><mo>∂</mo><msub><mi>h</mi><mn>1</mn></msub></mrow></mrow></math>"
    )


def test_equations():
    h, w = Expr.symbol("h_1", (4, 3)), Expr.symbol("w1", (2, 3))
    g = Expr.symbol("g", (4, 3))
    assert formula(x @ w, target=h) == "h_1 = x w1"
    assert formula(x > 0, target=x) == "x = [x > 0]"
    assert latex(x @ w, target=h) == r"h_1 = x \, w_1"
    assert mathml(x @ w, target=h, display="inline") == (
        r'<math display="inline" data-latex="h_1 = x \, w_1"><mrow><msub><mi>h</mi><mn>1</mn></msub><mo>=</mo><mrow>'
        '<mi>x</mi><mspace width="0.17em"/><msub><mi>w</mi><mn>1</mn></msub></mrow></mrow></math>'
    )
    assert aligned([(h, x @ w), (g, h * 2)], derivatives={"g": ("L", "h")}) == (
        "\\begin{aligned}\nh_1 &= x \\, w_1 \\\\\n\\frac{\\partial L}{\\partial h} &= 2 \\, h_1\n\\end{aligned}"
    )


def test_display_is_block_or_inline():
    assert "mfrac" in mathml(x / y)
    assert "mfrac" not in mathml(x / y, display="inline")
    with pytest.raises(ValueError, match="inline"):
        mathml(x, display="wide")


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────

NUMBERS = [
    (2.0, "2"), (0, "0"), (-1, "−1"), (0.1, "0.1"), (1 / 3, "1/3"), (-2 / 3, "−2/3"), (1e-5, "10⁻⁵"),
    (2.5e-7, "2.5 · 10⁻⁷"), (1e20, "10²⁰"), (np.float32(0.1), "0.1"), (float("inf"), "∞"), (float("-inf"), "−∞"),
    (float("nan"), "nan"), (np.pi, "π"), (0.7978845608028654, "0.797885"), (True, "True"),
    (12345678.9, "1.23457 · 10⁷"), (1 + 2j, "1 + 2i"), (-1j, "0 − 1i"),
]  # fmt: skip


@pytest.mark.parametrize("number, text", NUMBERS, ids=[text for _, text in NUMBERS])
def test_numbers(number, text):
    assert formula(Expr.constant(number)) == text
    check_latex(latex(Expr.constant(number)))


# ── size ────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_shared_does_not_grow():
    z = x
    for _ in range(200):
        z = z * z + y  # 2²⁰⁰ factors
    for write in PRINTERS:
        assert len(write(z)) < 20_000
    assert "…" in formula(z)


def test_a_deep_formula_is_written():
    """Longer than Python's stack, in steps that add nothing to read too."""
    z, w = x, x
    for i in range(3 * sys.getrecursionlimit()):
        z = -z
        w = w.astype(np.float32 if i % 2 else np.float64)
    assert len(list(walk(z))) > sys.getrecursionlimit()
    for write in PRINTERS:
        assert write(z)
        assert "x" in write(w)


def test_a_long_list_is_cut():
    z = np.concatenate([Expr.symbol(f"x{i}", (2, 2)) for i in range(1000)])
    assert formula(z) == "concatenate([x0, x1, x2, x3, x4, x5, …, x999])"
