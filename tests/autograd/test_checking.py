"""gradcheck finds what is wrong, and only that."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.autograd import gradcheck, gradgradcheck
from chainrule.autograd.checking import GradcheckError


def leaf(*shape):
    return cr.rand(shape, dtype=cr.float64).requires_grad_()


class Wrong(cr.autograd.Function):
    """Squares; its gradient is half of what it should be, its tangent too."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)
        return x * x

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[0]

    @staticmethod
    def jvp(ctx, t):
        return t * ctx.saved_tensors[0]


class WrongSecond(Wrong):
    """Its gradient is right, but written so that the gradient of it is not."""

    @staticmethod
    def backward(ctx, g):
        return g * 2 * ctx.saved_tensors[0].detach()


RIGHT = {
    "one": (lambda a: a.exp(), lambda: leaf(2, 3)),
    "two": (lambda a, b: (a @ b, a.sum()), lambda: (leaf(2, 3), leaf(3, 2))),
    "constants": (lambda a, n, b: a * n + b, lambda: (leaf(2), 3, cr.ones(2, dtype=cr.float64))),
    "scalar": (lambda a: a * a, lambda: leaf()),
    "empty": (lambda a: a * a, lambda: leaf(0)),
    "integer output": (lambda a: (a * a, a.argmax()), lambda: leaf(3)),
    "view": (lambda a: a.t()[0], lambda: leaf(2, 3)),
}


@pytest.mark.parametrize("fast", [False, True])
@pytest.mark.parametrize("name", RIGHT)
def test_right_ones_pass(name, fast):
    f, inputs = RIGHT[name]
    assert gradcheck(f, inputs(), fast_mode=fast, check_forward_ad=True)
    assert gradgradcheck(f, inputs(), fast_mode=fast)


@pytest.mark.parametrize("options", [{}, {"fast_mode": True}, {"check_backward_ad": False, "check_forward_ad": True}])
def test_wrong_ones_do_not(options):
    with pytest.raises(GradcheckError, match="mismatch for output 0 with respect to input 0,\nnumerical:"):
        gradcheck(Wrong.apply, leaf(3), **options)
    assert gradcheck(Wrong.apply, leaf(3), raise_exception=False, **options) is False


def test_a_wrong_second_derivative_is_found():
    assert gradcheck(WrongSecond.apply, leaf(3))
    with pytest.raises(GradcheckError):
        gradgradcheck(WrongSecond.apply, leaf(3))


def test_forward_over_reverse():
    assert gradgradcheck(lambda a: (a.exp() * a).sum(), leaf(3), check_fwd_over_rev=True, check_rev_over_rev=False)


def test_what_goes_in():
    with pytest.raises(ValueError, match="^gradcheck expects at least one input tensor to require gradient"):
        gradcheck(lambda a: a, cr.ones(2))
    with pytest.warns(UserWarning, match="is not a double precision"):
        assert gradcheck(lambda a: a * 2, cr.ones(2, requires_grad=True), atol=0.1)
    with pytest.raises(RuntimeError, match="has a dimension with stride 0"):
        gradcheck(lambda a: a * 2, leaf(1).expand(3))
    with pytest.raises(NotImplementedError, match="check_batched_grad"):
        gradcheck(lambda a: a, leaf(2), check_batched_grad=True)


def test_backward_that_is_not_repeatable():
    class Random(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            return g + cr.rand(3, dtype=cr.float64) * 1e-6

    with pytest.raises(GradcheckError, match="^Backward is not reentrant"):
        gradcheck(Random.apply, leaf(3))
    assert gradcheck(Random.apply, leaf(3), nondet_tol=1e-4)


def test_inputs_are_left_as_they_were():
    x = leaf(3)
    before = x.tolist()
    gradcheck(lambda a: a * a, x)
    assert x.tolist() == before and x.grad is None
