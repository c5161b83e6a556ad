"""Formulas read as a person would write them."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule  # noqa: F401  (the records give the symbols of a formula on paper)
from chainrule.expr import Expr, evaluate, formula

g, x, y = (Expr.symbol(name, (4, 2)) for name in "gxy")
b = Expr.symbol("b", (3, 2))
s = Expr.symbol("s", (2, 2, 2))

ROWS = [
    (g @ b.T, "g @ b.T", "g bᵀ"),
    (np.dot(g, np.transpose(b, (1, 0))), "g @ b.T", "g bᵀ"),
    (np.exp(x), "exp(x)", "exp(x)"),
    (2 * x, "2 * x", "2 x"),
    (g * (x > 0), "g * (x > 0)", "g ⊙ [x > 0]"),
    (2 * (x - y), "2 * (x - y)", "2 (x − y)"),
    (x - (y - g), "x - (y - g)", "x − (y − g)"),
    (x - y - g, "x - y - g", "x − y − g"),
    (x / (y * g), "x / (y * g)", "x / (y ⊙ g)"),
    (x * y / g, "x * y / g", "x ⊙ y / g"),
    (-(x + y), "-(x + y)", "−(x + y)"),
    (-(x**2), "-x ** 2", "−x²"),
    ((-x) ** 2, "(-x) ** 2", "(−x)²"),
    (x ** (y**2), "x ** y ** 2", "x^(y²)"),
    ((x**y) ** 2, "(x ** y) ** 2", "(x^y)²"),
    (x**-1.0, "x ** -1.0", "x⁻¹"),
    (x - -1, "x - -1", "x − (−1)"),
    ((x < 1) == (y < 1), "(x < 1) == (y < 1)", "(x < 1) = (y < 1)"),
    (~(x < 1) & (y < 1), "~(x < 1) & (y < 1)", "¬(x < 1) ∧ (y < 1)"),
    (np.where(x > 0, x, 0), "where(x > 0, x, 0)", "where(x > 0, x, 0)"),
    (x.sum(), "sum(x)", "Σ x"),
    (((x - y) ** 2).sum(), "sum((x - y) ** 2)", "Σ (x − y)²"),
    (x.sum(1, keepdims=True), "sum(x, axis=1, keepdims=True)", "Σ₁ x"),
    (np.abs(x), "abs(x)", "|x|"),
    (x[1:, None, ..., ::2], "x[1:, None, ..., ::2]", "x[1:, None, …, ::2]"),
    ((x + y)[0], "(x + y)[0]", "(x + y)[0]"),
    ((x + y).T, "(x + y).T", "(x + y)ᵀ"),
    (x[[0, 1]], "x[[0, 1]]", "x[[0, 1]]"),
    (s.mT, "s.mT", "sᵀ"),
    (np.transpose(s, (0, 2, 1)), "transpose(s, (0, 2, 1))", "sᵀ"),
    (np.concatenate([x, y], axis=1), "concatenate([x, y], axis=1)", "concatenate₁([x, y])"),
    (x * np.zeros((4, 2)), "x * zeros(4×2)", "x ⊙ zeros(4×2)"),
    (x * np.array([1.0, 2.0]), "x * [1.0, 2.0]", "x ⊙ [1, 2]"),
    (x * np.float64(3), "x * 3.0", "3 x"),
    (x.astype(np.float32), "x.astype(float32)", "x"),
    (np.modf(x)[1], "modf(x)[1]", "modf(x)[1]"),
]


@pytest.mark.parametrize(("expr", "numpy", "paper"), ROWS, ids=[row[1] for row in ROWS])
def test_texts(expr, numpy, paper):
    assert str(expr) == numpy
    assert formula(expr) == paper


NAMES = {name: getattr(np, name) for name in ("exp", "where", "sum", "concatenate", "transpose", "modf")}


@pytest.mark.parametrize("expr", [r[0] for r in ROWS if "×" not in r[1] and "float32" not in r[1]], ids=str)
def test_the_text_is_the_program(expr):
    """Parentheses stand where they have to: run as Python, the text gives the same numbers."""
    rng = np.random.default_rng(0)
    values = {symbol.name: rng.uniform(0.5, 2, symbol.shape) for symbol in (g, x, y, b, s)}
    np.testing.assert_allclose(eval(str(expr), NAMES | values), evaluate(expr, values))


def test_repr_tells_shape_and_dtype():
    assert repr(x * y) == "<Expr x * y : 4×2 float64>"
    assert repr(Expr.symbol("s", (), np.float32)) == "<Expr s : scalar float32>"


def test_a_long_part_is_cut():
    z = x
    for _ in range(60):
        z = z * z  # 2⁶⁰ factors
    assert "…" in str(z)
    assert len(str(z)) < 1000
