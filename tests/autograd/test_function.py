"""Function: what PyTorch has not; the rest is compared with it in tests/torch."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


def leaf(*values):
    return cr.tensor(values or (1.0, 2.0), dtype=cr.float64, requires_grad=True)


class Exp(cr.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * y


class Product(cr.autograd.Function):
    """Two results, of which one is saved."""

    @staticmethod
    def forward(ctx, a, b):
        product, total = a * b, a + b
        ctx.save_for_backward(a, b, product)
        return product, total

    @staticmethod
    def backward(ctx, gp, gt):
        a, _, product = ctx.saved_tensors
        return gp * product / a + gt, gp * a + gt


def test_gradients_of_any_order_through_a_saved_result():
    x = leaf()
    y = Exp.apply(x)
    for _ in range(4):
        (y,) = cr.autograd.grad(y.sum(), x, create_graph=True)
    np.testing.assert_allclose(y.detach(), np.exp([1.0, 2.0]))


def test_a_saved_result_of_several_has_a_second_derivative():
    a, b = leaf(), leaf(3.0, 4.0)
    assert cr.autograd.gradcheck(Product.apply, (a, b))
    assert cr.autograd.gradgradcheck(Product.apply, (a, b))


@pytest.mark.parametrize("keep", ["attribute", "saved"])
def test_an_intermediate_result_refuses_the_second_derivative(keep):
    """Pains, row 16: PyTorch is silently wrong here."""

    class Square(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            double = 2 * x
            if keep == "attribute":
                ctx.double = double
            else:
                ctx.save_for_backward(double)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return g * (ctx.double if keep == "attribute" else ctx.saved_tensors[0])

    x = leaf()
    Square.apply(x).sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]
    (g,) = cr.autograd.grad(Square.apply(x).sum(), x, create_graph=True)
    name = "ctx.double" if keep == "attribute" else "save_for_backward argument 0"
    with pytest.raises(RuntimeError, match=f"Square.backward cannot be differentiated: it uses {name}"):
        g.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_attributes_that_do_not_depend_on_the_inputs_may_be_used():
    constant = cr.tensor([3.0, 4.0], dtype=cr.float64)

    class Scale(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.factor, ctx.mask = constant, x > 0
            ctx.x = x
            return x * x * constant

        @staticmethod
        def backward(ctx, g):
            return g * 2 * ctx.x * ctx.factor * ctx.mask

    assert cr.autograd.gradgradcheck(Scale.apply, leaf())
    assert constant.grad_fn is None


def test_names_on_ctx_never_meet_those_of_the_graph():
    class Careless(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            for name in (
                "shape",
                "dtype",
                "saved",
                "edges",
                "number",
                "hooks",
                "op",
                "versions",
                "arity",
                "offset",
                "code",
            ):
                setattr(ctx, name, "mine")
            return x * 1

        @staticmethod
        def backward(ctx, g):
            assert ctx.shape == ctx.saved == ctx.op == "mine"
            return g

    x = leaf()
    (Careless.apply(x) * 3).sum().backward()
    assert x.grad.tolist() == [3.0, 3.0]


def test_hooks_of_its_node():
    seen = []
    x = leaf()
    y = Product.apply(x, x)[0]
    y.grad_fn.register_prehook(lambda g: seen.append([None if v is None else v.tolist() for v in g]))
    y.grad_fn.register_hook(lambda i, o: seen.append([v.tolist() for v in i]))
    y.sum().backward()
    assert seen == [[[1.0, 1.0], None], [[1.0, 2.0], [1.0, 2.0]]]


def test_the_line_that_called_it_is_known():
    y = Exp.apply(leaf())
    y.sum().backward()
    with pytest.raises(RuntimeError, match=r"`ExpBackward` at test_function\.py:\d+ was freed by the backward pass"):
        y.sum().backward()


def test_in_forward_mode_without_jvp():
    with cr.autograd.forward_ad.dual_level():
        dual = cr.autograd.forward_ad.make_dual(cr.ones(2), cr.ones(2))
        with pytest.raises(NotImplementedError, match="^You must implement the jvp function"):
            Exp.apply(dual)


def test_a_failing_backward_changes_nothing():
    class Fails(cr.autograd.Function):
        fail = True

        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            if Fails.fail:
                raise KeyError("refused")
            return g

    a, b = leaf(), leaf()
    loss = (a * a + Fails.apply(b).exp()).sum()
    with pytest.raises(KeyError):
        loss.backward()
    assert a.grad is None and b.grad is None
    Fails.fail = False
    loss.backward()
    np.testing.assert_allclose(b.grad, np.exp([1.0, 2.0]))
