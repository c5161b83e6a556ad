"""The engine: order, accumulation, broadcasting and casts undone, nothing changed by a failed pass."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


def leaf(*values):
    return cr.tensor(values, requires_grad=True, dtype=cr.float64)


def test_contributions_of_several_consumers_add_up():
    x = leaf(1.0, 2.0)
    y = x * 3
    (y * y + y.exp() - y).sum().backward()
    expected = 3 * (2 * 3 * x._data + np.exp(3 * x._data) - 1)
    np.testing.assert_allclose(x.grad._data, expected)


def test_gradients_accumulate_over_passes_into_the_same_tensor():
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    first = x.grad
    (x * x).sum().backward()
    assert x.grad is first
    assert x.grad.tolist() == [4.0, 8.0]


def test_a_gradient_is_never_shared_between_leaves():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (a + b).sum().backward()
    a.grad += 1
    assert b.grad.tolist() == [1.0, 1.0]


def test_the_gradient_passed_in_is_never_taken_over():
    x, g = leaf(1.0, 2.0), cr.tensor([1.0, 1.0], dtype=cr.float64)
    x.clone().backward(g)
    x.grad.zero_()
    assert g.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("shape", [(), (1,), (3,), (1, 3), (2, 1), (2, 3)])
def test_broadcasting_is_undone(shape):
    a = cr.rand(shape, dtype=cr.float64, requires_grad=True)
    b = cr.rand(2, 3, dtype=cr.float64)
    (a * b).sum().backward()
    assert a.grad.shape == shape
    total = np.broadcast_to(b._data, (2, 3))
    for axis in range(2):
        if axis >= 2 - len(shape) and shape[axis - 2] != 1:
            continue
        total = total.sum(axis, keepdims=True)
    np.testing.assert_allclose(a.grad._data, total.reshape(shape))


def test_promotion_is_undone():
    a = cr.ones(2, dtype=cr.float32, requires_grad=True)
    b = cr.ones(2, dtype=cr.float64, requires_grad=True)
    (a * b).sum().backward()
    assert a.grad.dtype is cr.float32 and b.grad.dtype is cr.float64


def test_several_roots_with_gradients():
    x = leaf(1.0, 2.0)
    cr.autograd.backward([x * 2, (x * x).sum()], [cr.tensor([1.0, 10.0], dtype=cr.float64), None])
    assert x.grad.tolist() == [4.0, 24.0]


def test_the_same_root_twice():
    x = leaf(3.0)
    y = x * 2
    assert cr.autograd.grad([y, y], [x])[0].tolist() == [4.0]


def test_inputs_limits_what_is_accumulated():
    a, b = leaf(1.0), leaf(2.0)
    (a * b).backward(inputs=[a])
    assert a.grad.tolist() == [2.0] and b.grad is None


def test_gradient_at_an_intermediate_tensor():
    x = leaf(1.0, 2.0)
    y = x * 2
    z = (y * y).sum()
    (gy,) = cr.autograd.grad(z, y, retain_graph=True)
    (gx,) = cr.autograd.grad(z, x)
    assert gy.tolist() == [4.0, 8.0] and gx.tolist() == [8.0, 16.0]


def test_only_the_path_to_the_inputs_runs():
    a, b = leaf(1.0), leaf(2.0)
    seen = []
    other = b.exp()
    other.register_hook(lambda g: seen.append(g))
    cr.autograd.grad(a * 2 + other, a)
    assert not seen


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_gradients_of_any_order(order):
    x = leaf(0.7)
    y = x**5
    for _ in range(order):
        (y,) = cr.autograd.grad(y, x, create_graph=True, grad_outputs=cr.ones(1, dtype=cr.float64))
    factors = np.prod([5 - k for k in range(order)])
    np.testing.assert_allclose(y._data, factors * 0.7 ** (5 - order))


def test_backward_with_create_graph_makes_differentiable_gradients():
    x = leaf(2.0)
    (x**3).backward(create_graph=True)
    g = x.grad
    x.grad = None
    g.backward()
    assert g.tolist() == [12.0] and x.grad.tolist() == [12.0]


def test_a_failed_pass_changes_nothing():
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    spoiled = b * 2
    loss = (a * a).sum() + (spoiled * spoiled).sum()
    a.grad = cr.ones(2, dtype=cr.float64)
    spoiled.mul_(1)
    with pytest.raises(RuntimeError):
        loss.backward()
    assert a.grad.tolist() == [1.0, 1.0] and b.grad is None
    (a.grad_part,) = cr.autograd.grad((a * a).sum(), a)
    assert a.grad_part.tolist() == [2.0, 4.0]


def test_a_failed_pass_frees_nothing():
    x = leaf(1.0, 2.0)
    good = x.exp()

    def refuse(g):
        raise KeyError("refused")

    handle = x.register_hook(refuse)
    loss = good.sum()
    with pytest.raises(KeyError):
        loss.backward()
    handle.remove()
    loss.backward()
    np.testing.assert_allclose(x.grad._data, np.exp([1.0, 2.0]))


def test_a_root_that_is_no_scalar():
    with pytest.raises(RuntimeError, match="^grad can be implicitly created only for scalar outputs"):
        (leaf(1.0, 2.0) * 2).backward()


def test_wrong_gradient_shape():
    with pytest.raises(RuntimeError, match="^Mismatch in shape: grad_output"):
        (leaf(1.0, 2.0) * 2).backward(cr.ones(3, dtype=cr.float64))


def test_unused_input():
    a, b = leaf(1.0), leaf(2.0)
    with pytest.raises(RuntimeError, match="^The differentiated Tensor at index 1 appears to not have been used"):
        cr.autograd.grad(a * 2, [a, b])
    assert cr.autograd.grad(a * 2, [a, b], allow_unused=True)[1] is None
    assert cr.autograd.grad(a * 2, [a, b], materialize_grads=True)[1].tolist() == [0.0]


def test_a_freed_part_is_reported_by_grad_too():
    x = leaf(1.0)
    hidden = x.exp()
    (hidden * 2).backward()
    with pytest.raises(RuntimeError, match="^Trying to backward through the graph a second time"):
        cr.autograd.grad(hidden * 3, x)


def test_batched_gradients_are_refused():
    x = leaf(1.0)
    with pytest.raises(NotImplementedError, match="is_grads_batched"):
        cr.autograd.grad(x * 2, x, is_grads_batched=True)


def test_a_wide_graph():
    x = leaf(1.0, 1.0)
    total = sum(x * float(i) for i in range(1000))
    total.sum().backward()
    assert x.grad.tolist() == [499500.0, 499500.0]


WRITES = {
    "add_": lambda y: y.add_(1),
    "through a view": lambda y: y[0].zero_(),
    "through a reshaped view": lambda y: y.view(2).fill_(3),
    "through detach": lambda y: y.detach().mul_(2),
}


@pytest.mark.parametrize("how", WRITES)
@pytest.mark.parametrize("name", ["exp", "tanh", "sigmoid", "sqrt"])
def test_a_result_that_a_rule_keeps_must_not_be_written(name, how):
    x = leaf(1.0, 2.0)
    y = getattr(x, name)()
    with cr.no_grad():
        WRITES[how](y)
    with pytest.raises(RuntimeError, match=f"a value saved by `{name}`"):
        y.sum().backward()
    assert x.grad is None


def test_a_result_of_two_arguments_that_a_rule_keeps_must_not_be_written():
    a, b = leaf(1.0, 2.0), leaf(2.0, 3.0)
    y = a**b
    with cr.no_grad():
        y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_a_node_waits_for_all_its_consumers():
    """Its number is below theirs; run earlier, it would run once per consumer (the sum would still be right)."""
    x = leaf(1.0)
    y = x * 2
    seen = []
    y.register_hook(lambda g: seen.append(g.item()))
    early = y * 3  # made before `late`, but only needed after it
    other = y * 5
    late = early * 7
    (other + late).sum().backward()
    assert seen == [26.0]
    assert x.grad.tolist() == [52.0]


def test_gradients_are_added_under_the_lock(monkeypatch):
    held = []

    class Lock:
        def acquire(self):
            held.append("acquire")

        def release(self):
            held.append("release")

    monkeypatch.setattr(cr.engine, "_lock", Lock())
    x = leaf(1.0)
    (x * 2).backward()
    assert held == ["acquire", "release"]


def test_a_result_of_three_arguments_that_a_rule_keeps_must_not_be_written():
    x, src = leaf(1.0, 2.0), leaf(3.0, 0.0)
    y = x.scatter_reduce(0, cr.tensor([0, 1]), src, "amax")
    with cr.no_grad():
        y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()
