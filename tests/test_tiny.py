"""The whole library in one short file, from top to bottom. Cells run on PyTorch too, but for the last."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as torch
from chainrule.expr import Expr, evaluate, forward_formula, vjp_formula
from chainrule.op import REGISTRY


def test_a_tensor_is_an_array_with_pytorch_s_manners():
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    assert (x.shape, x.dtype) == ((2, 3), torch.float32)
    assert repr(x[:, 1]) == "tensor([2., 5.])"
    assert (x.sum(dim=0) + 1).tolist() == [6.0, 8.0, 10.0]
    assert (torch.arange(3) / 2).tolist() == [0.0, 0.5, 1.0]  # integers become floats
    array = np.zeros(3)
    torch.from_numpy(array).add_(1)  # the memory is shared
    assert array.tolist() == [1.0, 1.0, 1.0]


def test_running_code_builds_a_graph():
    x = torch.tensor(3.0, requires_grad=True)
    y = x * x + x.exp()
    assert type(y.grad_fn).__name__ == "AddBackward0"
    assert [type(f).__name__ for f, _ in y.grad_fn.next_functions] == ["MulBackward0", "ExpBackward0"]
    y.backward()
    assert x.grad.item() == pytest.approx(6 + np.exp(3))
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


def lecture_net():
    """64 examples, 3 inputs, 2 hidden units, 1 output."""
    torch.manual_seed(0)
    x, y = torch.randn(64, 3), torch.randn(64, 1)
    return x, y, torch.randn(3, 2), torch.randn(2, 1)


def test_backprop_by_hand_is_autograd():
    x, y, w1, w2 = lecture_net()
    h_1 = x.mm(w1)
    h_relu = h_1.clamp(min=0)
    out = h_relu.mm(w2)
    grad_out = 2.0 * (out - y)
    grad_w2 = h_relu.t().mm(grad_out)
    grad_h_relu = grad_out.mm(w2.t())
    grad_h_relu[h_1 < 0] = 0
    grad_w1 = x.t().mm(grad_h_relu)

    w1.requires_grad = w2.requires_grad = True
    (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum().backward()
    assert torch.equal(w1.grad, grad_w1) and torch.equal(w2.grad, grad_w2)


def test_training_lowers_the_loss():
    x, y, w1, w2 = lecture_net()
    w1.requires_grad = w2.requires_grad = True
    losses = []
    for _ in range(50):
        loss = (x.mm(w1).clamp(min=0).mm(w2) - y).pow(2).sum()
        losses.append(loss.item())
        loss.backward()
        with torch.no_grad():
            w1 -= 1e-3 * w1.grad
            w2 -= 1e-3 * w2.grad
            w1.grad = w2.grad = None
    assert losses[0] == pytest.approx(55.5185)  # as PyTorch says from this seed
    assert losses[-1] < 0.85 * losses[0]
    assert losses == sorted(losses, reverse=True)


def test_adam_takes_the_same_first_step_everywhere():
    w = torch.tensor([1.0, -2.0], requires_grad=True)
    optimizer = torch.optim.Adam([w], lr=0.1)
    optimizer.zero_grad()
    torch.nn.MSELoss(reduction="sum")(w, torch.zeros(2)).backward()
    optimizer.step()
    assert w.tolist() == pytest.approx([0.9, -1.9])  # lr · sign of the gradient


def test_gradients_of_gradients():
    x = torch.tensor(2.0, requires_grad=True)
    (first,) = torch.autograd.grad(x**4, x, create_graph=True)
    (second,) = torch.autograd.grad(first, x, create_graph=True)
    (third,) = torch.autograd.grad(second, x)
    assert (first.item(), second.item(), third.item()) == (32.0, 48.0, 48.0)
    hessian = torch.autograd.functional.hessian(lambda v: (v**3).sum(), torch.tensor([1.0, 2.0]))
    assert hessian.tolist() == [[6.0, 0.0], [0.0, 12.0]]


def test_views_share_memory_and_gradients():
    x = torch.ones(2, 3, requires_grad=True)
    y = x * 2
    y[0].mul_(5)  # a view, written in place
    y.sum().backward()
    assert x.grad.tolist() == [[10.0, 10.0, 10.0], [2.0, 2.0, 2.0]]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad is being used in an in-place operation"):
        x.add_(1)


def test_no_grad_records_nothing():
    x = torch.ones(2, requires_grad=True)
    with torch.no_grad():
        assert not (x * 2).requires_grad
        with torch.enable_grad():
            assert (x * 2).requires_grad
    assert x.detach().requires_grad is False


class Cube(torch.autograd.Function):
    """x³, with a rule of its own."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * 3 * x**2


def test_a_function_of_one_s_own():
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(Cube.apply, x)
    Cube.apply(x).sum().backward()
    assert x.grad.tolist() == [3.0, 12.0]


def test_random_numbers_are_pytorch_s():
    torch.manual_seed(0)
    assert torch.rand(2).tolist() == pytest.approx([0.49625658988952637, 0.7682217955589294])
    assert torch.randn(2).tolist() != torch.randn(2).tolist()


def test_one_record_seen_as_numbers_tensors_and_formula():
    mm = REGISTRY["mm"]
    numbers = {name: np.random.default_rng(0).random(s) for name, s in [("a", (4, 3)), ("b", (3, 2)), ("g", (4, 2))]}
    a, b, g = numbers.values()
    by_rule = mm.rules[0](g, b)  # numbers
    ta, tb = torch.tensor(a, requires_grad=True), torch.tensor(b)
    mm(ta, tb).backward(torch.tensor(g))  # tensors
    sa, sb = Expr.symbol("a", (4, 3)), Expr.symbol("b", (3, 2))
    grad_a, grad_b = vjp_formula(mm, sa, sb)  # a formula
    assert (str(forward_formula(mm, sa, sb)), str(grad_a), str(grad_b)) == ("a @ b", "g @ b.T", "a.T @ g")
    assert by_rule.tolist() == ta.grad.tolist() == evaluate(grad_a, numbers).tolist()
