"""Plain functions, second derivatives, and forward passes that fail."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GraphError


def test_a_function_of_a_number():
    explanation = cr.explain(lambda x: cr.sin(x) * cr.exp(x))(2.0)
    (gradient,) = explanation.run_numpy().values()
    np.testing.assert_allclose(gradient, math.exp(2) * (math.sin(2) + math.cos(2)))
    lines = str(explanation).splitlines()
    assert lines[0].startswith("forward    f = sin(x) ⊙ ") or "f = sin(x)" in lines[-2]
    assert any(line.startswith("backward   ∂f/∂x") for line in lines)


def test_numpy_functions_and_names_inside():
    def area(a, b):
        side = np.sqrt(a * a + b * b)
        return side * 2

    explanation = cr.explain(area)(3.0, 4.0)
    assert explanation.gradient(explanation.value_of("a")) == pytest.approx(1.2)
    assert "side = √(a² + b²)" in str(explanation)
    assert "∂area/∂side" in str(explanation)


def test_arrays_and_several_results():
    def both(x, w):
        y = x @ w
        return y.sum(), (y * y).sum()

    x, w = np.ones((2, 3)), [[1.0], [2.0], [3.0]]
    explanation = cr.explain(both)(x, w)
    found = explanation.run_numpy()
    np.testing.assert_allclose(found["w"], np.full((3, 1), 2 + 2 * 12.0))


def test_what_is_not_recorded_is_refused():
    with pytest.raises(GraphError, match=r"explain\(f\): the result does not depend on .*not math\.sin\(x\)"):
        cr.explain(lambda x: math.sin(x))(1.0)


def test_second_derivative():
    x = cr.tensor([1.0, 2.0], dtype=cr.float64, requires_grad=True)
    (slope,) = cr.autograd.grad((x**3).sum(), x, create_graph=True)
    explanation = cr.explain(slope.sum())
    np.testing.assert_allclose(explanation.run_numpy()["x"], 6 * x.detach().numpy())
    np.testing.assert_allclose(explanation.gradient(explanation.value_of(x)), [6, 12])


def test_a_failed_forward_is_drawn_up_to_its_line():
    w = cr.ones(3, 2, requires_grad=True)

    def forward(x):
        h = x.mm(w)
        a, b = h.relu(), h.exp()
        return (a + b).mm(w)

    with pytest.raises(RuntimeError) as caught:
        forward(cr.ones(4, 3))
    drawing = cr.explain(caught.value).graph()
    text = str(drawing)
    assert "mm(x, w)" in text
    assert "h 4×2" in text
    assert "ShapeError: mat1 and mat2 shapes cannot be multiplied" in text
    assert "test_function.py" in text
    assert "cannot be multiplied" in drawing.svg()


def test_an_exception_before_any_operation():
    with pytest.raises(ZeroDivisionError) as caught:
        1 / 0  # noqa: B018
    with pytest.raises(GraphError, match="no operation was recorded"):
        cr.explain(caught.value)
