"""Products: the texts of errors, the order of multi_dot, large contractions."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.ops import contraction, products

rng = np.random.default_rng(0)


def test_float64_from_numpy_is_named_with_its_cure():
    weight = cr.ones(3, 2)
    with pytest.raises(RuntimeError) as caught:
        cr.tensor(np.ones((4, 3))).mm(weight)
    text = str(caught.value)
    assert "mat1 and mat2 must have the same dtype, but got Double and Float" in text
    assert "mat1: 4x3 float64, mat2: 3x2 float32" in text
    assert "mat1 is float64, NumPy's default: convert it where it enters, `mat1.to(float32)`" in text


def test_linear_names_the_input():
    with pytest.raises(RuntimeError, match=r"^mat1 and mat2 must have the same dtype.*input is float64"):
        products.linear(cr.tensor(np.ones((4, 3))), cr.ones(2, 3), cr.ones(2))


@pytest.mark.parametrize(
    "a, b, hint",
    [((2, 3), (2, 3), r"transpose the second, `.t\(\)`"), ((3, 2), (3, 4), r"transpose the first, `.t\(\)`")],
)
def test_shapes_that_do_not_fit_come_with_a_hint(a, b, hint):
    with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(\dx\d and \dx\d\).*" + hint):
        cr.ones(*a).mm(cr.ones(*b))


def test_a_failed_product_records_nothing():
    a = cr.ones(2, 3).requires_grad_()
    with pytest.raises(RuntimeError):
        a @ a
    (a @ a.t()).sum().backward()
    assert a.grad.tolist() == [[4.0] * 3] * 2


@pytest.mark.parametrize("equation", ["bij,bjk->kbi", "ij,ij->i", "ij,ij->", "abc,cd->dab", "ab,cd->acbd"])
def test_large_contractions_agree_with_numpy(equation):
    sizes = dict(zip("abcdijk", (5, 6, 7, 8, 40, 30, 20), strict=True))
    a, b = (rng.standard_normal([sizes[i] for i in part]) for part in equation.split("->")[0].split(","))
    found = cr.einsum(equation, cr.tensor(a), cr.tensor(b)).numpy()
    np.testing.assert_allclose(found, np.einsum(equation, a, b), atol=1e-10)


def test_multi_dot_takes_the_cheapest_order():
    shapes = [(10, 100), (100, 5), (5, 50)]
    tensors = [cr.tensor(rng.standard_normal(s)).requires_grad_() for s in shapes]
    y = contraction.multi_dot(tensors)
    np.testing.assert_allclose(y.detach().numpy(), np.linalg.multi_dot([t.detach().numpy() for t in tensors]))
    left, right = (edge for edge, _ in y.grad_fn.next_functions)
    assert left.name() == "MmBackward0"  # (a b) c: 7,500 multiplications in place of 75,000
    assert right.name() == "AccumulateGrad"


def test_beta_zero_ignores_the_input():
    assert cr.addmm(cr.full((2,), float("nan")), cr.ones(2, 3), cr.ones(3, 2), beta=0).tolist() == [[3, 3], [3, 3]]
