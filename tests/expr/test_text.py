"""Formulas read as a person would write them."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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


# ── parentheses on paper: read back, a formula gives the same numbers ────────────────────────────


class Read(np.ndarray):
    """An array for which side by side, written @, is the product of matrices or a multiple."""

    def __matmul__(self, other):
        return np.multiply(self, other) if not np.ndim(self) or not np.ndim(other) else np.matmul(self, other)

    def __array_wrap__(self, array, context=None, return_scalar=False):
        return np.asarray(array).view(Read)


def number(value: float) -> Read:
    """A number as an array."""
    return np.asarray(value, float).view(Read)


SQUARES = {name: Expr.symbol(name, (2, 2)) for name in "abc"} | {name: Expr.symbol(name) for name in "mn"}
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")


def read(text: str) -> str:
    """A formula on paper as Python: ⊙ is *, side by side is @."""
    text = text.replace(" ⊙ ", " * ").replace(" · ", " * ").replace("−", "-").replace("ᵀ", ".T").replace("^", "**")
    text = re.sub("[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda found: f"**{found[0].translate(RAISED)}", text)
    text = re.sub(r"√(\w+|(?=\())", lambda found: f"root({found[1]})" if found[1] else "root", text)
    text = re.sub(r"(?<=[\w)\]]) (?=[\w(\[])", " @ ", text).replace("[", "1 * (").replace("]", ")")
    return re.sub(r"(?<![\w.])\d+(\.\d+)?", lambda found: f"number({found[0]})", text)


def arithmetic() -> st.SearchStrategy[Expr]:
    """Formulas of sums, products of all kinds, quotients, powers, roots, transposes, comparisons."""

    def grown(parts: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        one = (lambda x: -x, lambda x: x**2, lambda x: x.T, np.exp, np.sqrt, lambda x: 2.0 * x, lambda x: x**-1.0)
        two = (
            np.add,
            np.subtract,
            np.multiply,
            np.divide,
            np.divide,
            lambda x, y: x @ y if x.ndim and y.ndim else x * y,
        )
        masked = (lambda x, y: x * (y > 0.5), lambda x, y: 1 - (x < y))
        return st.one_of(
            st.builds(lambda f, x: f(x), st.sampled_from(one), parts),
            st.builds(lambda f, x, y: f(x, y), st.sampled_from(two + masked), parts, parts),
        )

    return st.recursive(st.sampled_from(list(SQUARES.values())), grown, max_leaves=8)


@settings(max_examples=600, deadline=None)
@given(arithmetic())
def test_paper_reads_back(expr):
    paper = formula(expr)
    assume("…" not in paper)
    rng = np.random.default_rng(1)
    values = {name: number(rng.uniform(0.5, 1.5, symbol.shape)) for name, symbol in SQUARES.items()}
    with np.errstate(all="ignore"):
        expected = evaluate(expr, {name: np.asarray(value) for name, value in values.items()})
        found = eval(read(paper), {"root": np.sqrt, "exp": np.exp, "number": number, **values})
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-6, err_msg=f"{paper} read as {read(paper)}")
