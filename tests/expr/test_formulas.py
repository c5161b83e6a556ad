"""What a record says about itself when symbols flow through it."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import NotSupportedError
from chainrule.expr import Expr, evaluate, forward_formula, jvp_formula, vjp_formula
from chainrule.op import REGISTRY


def symbol(name, *shape, dtype=np.float64):
    """A symbol, its shape number by number."""
    return Expr.symbol(name, shape, dtype)


a, b = symbol("a", 4, 3), symbol("b", 3, 2)
x, row = symbol("x", 4, 3), symbol("row", 3)


@pytest.mark.parametrize(
    ("name", "args", "params", "forward", "gradients"),
    [
        ("mm", (a, b), {}, "a @ b", ["g @ b.T", "a.T @ g"]),
        ("mul", (x, a), {}, "x * a", ["g * a", "g * x"]),
        ("mul", (x, 2.0), {}, "x * 2.0", ["g * 2.0", None]),
        ("sub", (x, a), {}, "x - a", ["g", "-g"]),
        ("add", (x, row), {}, "x + row", ["g", "reshape(sum(g, axis=(0,)), (3,))"]),
        ("sqrt", (x,), {}, "sqrt(x)", ["g * (0.5 / y)"]),
    ],
)
def test_formulas(name, args, params, forward, gradients):
    op = REGISTRY[name]
    assert str(forward_formula(op, *args, **params)) == forward
    assert [e if e is None else str(e) for e in vjp_formula(op, *args, **params)] == gradients


def test_integers_are_promoted_as_the_record_says():
    i = symbol("i", 4, 3, dtype=np.int64)
    z = symbol("z", 4, 3, dtype=np.float32)
    assert forward_formula(REGISTRY["div"], i, 2).dtype == np.float32
    assert str(forward_formula(REGISTRY["mul"], i, z)) == "i.astype(float32) * z"
    assert forward_formula(REGISTRY["mul"], i, 2).dtype == np.int64
    assert forward_formula(REGISTRY["mul"], symbol("s"), z).dtype == np.float32  # a 0-d value does not promote


def test_g_and_y_may_be_given():
    y = forward_formula(REGISTRY["exp"], x)
    (gradient,) = vjp_formula(REGISTRY["exp"], x, g=2 * a, y=y)
    assert str(gradient) == "2 * a * exp(x)"
    (gradient,) = vjp_formula(REGISTRY["exp"], x)
    assert str(gradient) == "g * y"


def test_tangents():
    t, u = symbol("t", 4, 3), symbol("u", 3, 2)
    assert str(jvp_formula(REGISTRY["mm"], a, b, tangents=[t, u])) == "t @ b + a @ u"
    assert str(jvp_formula(REGISTRY["mm"], a, b, tangents=[None, u])) == "a @ u"
    assert str(jvp_formula(REGISTRY["mul"], x, a, tangents=[t, None])) == "t * a"
    assert str(jvp_formula(REGISTRY["exp"], x, tangents=[t])) == "t * y"
    assert jvp_formula(REGISTRY["mm"], a, b, tangents=[None, None]) is None


def test_a_tangent_of_something_linear_in_both_together():
    """f(x, value) that overwrites is no product: each tangent alone would count the other's value."""
    chain = ((REGISTRY["permute"], {"axes": (1, 0)}),)
    value, t = symbol("value", 3, 4), symbol("t", 4, 3)
    tangent = jvp_formula(REGISTRY["view_put"], x, value, tangents=[t, None], chain=chain)
    found = evaluate(tangent, {"t": np.ones((4, 3)), "value": np.ones((3, 4))})
    np.testing.assert_array_equal(found, np.zeros((4, 3)))


def test_a_general_operation_says_that_it_has_no_tangent_as_a_formula():
    general = next(op for op in REGISTRY.values() if op.kind == "general")
    with pytest.raises(NotSupportedError, match="double VJP"):
        jvp_formula(general, x, tangents=[x])


def test_formulas_evaluate_on_tensors_too():
    """The words of a formula are NumPy's, and tensors take those: the third reading of one rule."""
    t = cr.tensor([1.0, 2.0], dtype=cr.float64, requires_grad=True)
    made = forward_formula(REGISTRY["mul"], symbol("x", 2), symbol("x", 2))
    evaluate(made, {"x": t}).sum().backward()
    assert t.grad.tolist() == [2.0, 4.0]
