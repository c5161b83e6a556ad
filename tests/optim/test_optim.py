"""Optimizers: what they compute, what they refuse, what they leave alone."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import chainrule as cr
from chainrule import optim


def parameter(*values, dtype=cr.float32):
    return cr.tensor(values, dtype=dtype, requires_grad=True)


def with_gradient(p, *values):
    p.grad = cr.tensor(values, dtype=p.dtype)
    return p


# ── numbers, by the formulas ────────────────────────────────────────────────────────────────────


def test_sgd_with_momentum_dampening_and_decay():
    p = with_gradient(parameter(1.0, dtype=cr.float64), 2.0)
    optimizer = optim.SGD([p], lr=0.1, momentum=0.5, dampening=0.25, weight_decay=0.1)
    w, v = 1.0, None
    for _ in range(3):
        optimizer.step()
        g = 2.0 + 0.1 * w
        v = g if v is None else 0.5 * v + 0.75 * g
        w -= 0.1 * v
        assert p.item() == pytest.approx(w, rel=1e-12)


@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("decoupled", [False, True])
def test_adam(amsgrad, decoupled):
    p = parameter(1.0, dtype=cr.float64)
    optimizer = optim.Adam(
        [p], lr=0.1, betas=(0.8, 0.9), eps=0.01, weight_decay=0.2, amsgrad=amsgrad, decoupled_weight_decay=decoupled
    )
    w, m, v, largest = 1.0, 0.0, 0.0, 0.0
    for t, g in enumerate([3.0, -1.0, 0.5], 1):
        with_gradient(p, g)
        optimizer.step()
        if decoupled:
            w *= 1 - 0.1 * 0.2
        else:
            g += 0.2 * w
        m, v = 0.8 * m + 0.2 * g, 0.9 * v + 0.1 * g * g
        largest = max(largest, v) if amsgrad else v
        w -= 0.1 * (m / (1 - 0.8**t)) / (np.sqrt(largest / (1 - 0.9**t)) + 0.01)
        assert p.item() == pytest.approx(w, rel=1e-12)


def test_adamw_decays_by_default():
    p = with_gradient(parameter(1.0), 0.0)
    optim.AdamW([p], lr=0.1).step()
    assert p.item() == pytest.approx(1 - 0.1 * 0.01)


@pytest.mark.parametrize("make", [optim.SGD, optim.Adam, optim.AdamW])
def test_maximize_climbs(make):
    p = with_gradient(parameter(1.0), 1.0)
    make([p], lr=0.1, maximize=True, weight_decay=0).step()
    assert p.item() == pytest.approx(1.1)


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 0.1, momentum=0.9, nesterov=True), optim.Adam])
@pytest.mark.parametrize("shape", [(), (0,), (3, 2)])
def test_every_shape(make, shape):
    p = cr.ones(shape, requires_grad=True)
    optimizer = make([p])
    for _ in range(2):
        p.grad = cr.ones(shape)
        optimizer.step()
    assert p.shape == shape
    assert (p < 1).all()


def test_a_tensor_can_be_the_learning_rate():
    p = with_gradient(parameter(1.0), 1.0)
    optim.SGD([p], lr=cr.tensor(0.5)).step()
    assert p.item() == 0.5


# ── groups ──────────────────────────────────────────────────────────────────────────────────────


def test_groups_have_their_own_options():
    a, b = with_gradient(parameter(1.0), 1.0), with_gradient(parameter(1.0), 1.0)
    optimizer = optim.SGD([{"params": [a]}, {"params": b, "lr": 0.5}], lr=0.1)
    optimizer.step()
    assert (a.item(), b.item()) == (pytest.approx(0.9), 0.5)
    c = with_gradient(parameter(1.0), 1.0)
    optimizer.add_param_group({"params": [c], "lr": 1.0})
    optimizer.step()
    assert c.item() == 0.0


def test_names_of_parameters_are_kept():
    net = cr.nn.Linear(2, 1)
    optimizer = optim.SGD(net.named_parameters(), lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]
    with pytest.raises(ValueError, match="cannot add param group without names"):
        optimizer.add_param_group({"params": [parameter(1.0)]})
    with pytest.raises(ValueError, match="Some param names are missing"):
        optim.SGD([("a", parameter(1.0)), parameter(1.0)], lr=0.1)


x = cr.ones(2, requires_grad=True)


@pytest.mark.parametrize(
    "make, error, message",
    [
        (lambda: optim.SGD([], lr=0.1), ValueError, "optimizer got an empty parameter list"),
        (lambda: optim.SGD(x, lr=0.1), TypeError, "params argument given to the optimizer should be an iterable of Te"),
        (
            lambda: optim.SGD([3], lr=0.1),
            TypeError,
            "optimizer can only optimize Tensors, but one of the params is int",
        ),
        (
            lambda: optim.SGD([x * 2], lr=0.1),
            ValueError,
            "can't optimize a non-leaf Tensor: it was made by MulBackward0",
        ),
        (lambda: optim.SGD([{"params": {x}}], lr=0.1), TypeError, "need to be organized in ordered collections"),
        (
            lambda: optim.SGD([{"params": [x]}, {"params": [x]}], 0.1),
            ValueError,
            "appear in more than one parameter gr",
        ),
        (lambda: optim.SGD([x], lr=-1.0), ValueError, "Invalid learning rate: -1.0"),
        (lambda: optim.SGD([x], momentum=-1.0), ValueError, "Invalid momentum value: -1.0"),
        (lambda: optim.SGD([x], nesterov=True), ValueError, "Nesterov momentum requires a momentum and zero dampening"),
        (lambda: optim.Adam([x], betas=(1.0, 0.9)), ValueError, "Invalid beta parameter at index 0: 1.0"),
        (lambda: optim.Adam([x], betas=(0.9, -1.0)), ValueError, "Invalid beta parameter at index 1: -1.0"),
        (lambda: optim.Adam([x], eps=-1.0), ValueError, "Invalid epsilon value: -1.0"),
        (lambda: optim.Adam([x], weight_decay=-1.0), ValueError, "Invalid weight_decay value: -1.0"),
        (lambda: optim.Adam([x], differentiable=True), NotImplementedError, "differentiable=True is not supported"),
        (lambda: optim.Optimizer([x], {}).add_param_group(3), TypeError, "param_group must be a dict"),
    ],
)
def test_refusals(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_duplicates_are_warned_of():
    with pytest.warns(UserWarning, match="optimizer contains a parameter group with duplicate parameters"):
        optim.SGD([x, x], lr=0.1)


# ── the step ────────────────────────────────────────────────────────────────────────────────────


def test_parameters_without_gradient_are_left_alone():
    a, b = with_gradient(parameter(1.0), 1.0), parameter(1.0)
    optimizer = optim.Adam([a, b], lr=0.1)
    optimizer.step()
    assert b.item() == 1.0
    assert b not in optimizer.state


def test_a_step_without_any_gradient_warns_once():
    net = cr.nn.Linear(1, 1)
    optimizer = optim.Adam(net.parameters())
    with pytest.warns(cr.GradientWarning, match=r"Adam.step\(\) changed nothing: none of its 2 parameters .*'weight'"):
        optimizer.step()
    optimizer.step()


def test_closures_run_with_gradients_and_give_the_loss():
    p = parameter(2.0)
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with cr.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert p.item() == pytest.approx(1.6)


def failing_gradients():
    def shape(p):
        p.grad._data = np.ones(3, np.float32)

    def dtype(p):
        p.grad._data = np.ones(2)

    def frozen(p):
        p._data.flags.writeable = False

    return [
        (shape, "has shape \\[2\\], its gradient \\[3\\]"),
        (dtype, "its gradient torch.float64"),
        (frozen, "read-only"),
    ]


@pytest.mark.parametrize("spoil, message", failing_gradients())
@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 0.1, momentum=0.9), optim.Adam])
def test_a_failed_step_changes_nothing(spoil, message, make):
    a, b = with_gradient(parameter(1.0, 2.0), 1.0, 1.0), with_gradient(parameter(1.0, 2.0), 1.0, 1.0)
    optimizer = make([a, b])
    optimizer.step()
    state, version = copy.deepcopy(optimizer.state_dict()), a._version
    before = a.tolist(), b.tolist()
    spoil(b)
    with pytest.raises(RuntimeError, match=message):
        optimizer.step()
    assert (a.tolist(), b.tolist()) == before
    assert a._version == version
    assert repr(optimizer.state_dict()) == repr(state)


def test_a_step_counts_as_a_write():
    w = parameter(1.0, 2.0)
    loss = (w * w).sum()
    w.grad = cr.ones(2)
    version = w._version
    optim.Adam([w]).step()
    assert w._version == version + 1
    with pytest.raises(
        RuntimeError, match=r"modified by an inplace operation.*changed by `Adam.step` at test_optim.py"
    ):
        loss.backward()


def test_zero_grad():
    p = with_gradient(parameter(1.0), 1.0)
    optimizer = optim.SGD([p], lr=0.1)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.item() == 0.0
    optimizer.zero_grad()
    assert p.grad is None


def test_a_user_s_own_optimizer():
    class SignDescent(optim.Optimizer):
        def __init__(self, params, lr):
            super().__init__(params, {"lr": lr})

        @cr.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    p -= group["lr"] * p.grad.sign()
                    self.state[p]["steps"] = self.state[p].get("steps", 0) + 1

    p = with_gradient(parameter(1.0, 1.0), 3.0, -3.0)
    optimizer = SignDescent([p], lr=0.5)
    optimizer.step()
    assert p.tolist() == [0.5, 1.5]
    assert optimizer.state_dict()["state"] == {0: {"steps": 1}}


def test_a_base_without_a_step_says_so():
    p = with_gradient(parameter(1.0), 1.0)
    with pytest.raises(NotImplementedError, match="Optimizer defines neither"):
        optim.Optimizer([p], {}).step()


# ── saving and loading ──────────────────────────────────────────────────────────────────────────


def trained(make, steps=3):
    p = parameter(1.0, 2.0)
    optimizer = make([p])
    for i in range(steps):
        with_gradient(p, 1.0 + i, -1.0)
        optimizer.step()
    return p, optimizer


@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, 0.1, momentum=0.9), lambda p: optim.Adam(p, amsgrad=True)])
def test_training_goes_on_from_a_state_dict(make):
    p, optimizer = trained(make)
    twin = cr.tensor(p.tolist(), requires_grad=True)
    other = make([twin])
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for q, o in ((p, optimizer), (twin, other)):
        with_gradient(q, 0.5, 0.5)
        o.step()
    assert p.tolist() == twin.tolist()
    before = repr(other.state_dict())
    optimizer.step()
    assert repr(other.state_dict()) == before  # copies


def test_loading_casts_to_the_parameter_s_dtype_but_not_the_step_count():
    _, optimizer = trained(optim.Adam)
    p = parameter(1.0, 2.0, dtype=cr.float64)
    other = optim.Adam([p])
    other.load_state_dict(optimizer.state_dict())
    assert other.state[p]["exp_avg"].dtype == cr.float64
    assert other.state[p]["step"].dtype == cr.float32


@pytest.mark.parametrize(
    "groups, message",
    [
        ([], "loaded state dict has a different number of parameter groups"),
        ([{"params": [0, 1]}], "parameter group that doesn't match the size of optimizer's group"),
    ],
)
def test_a_failed_load_changes_nothing(groups, message):
    _, optimizer = trained(optim.Adam)
    before = repr(optimizer.state_dict())
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict({"state": {}, "param_groups": groups})
    assert repr(optimizer.state_dict()) == before


def test_printing():
    text = repr(optim.SGD([parameter(1.0)], lr=0.1))
    assert text.startswith("SGD (\nParameter Group 0\n    dampening: 0\n    differentiable: False\n")
    assert text.endswith("    weight_decay: 0\n)")
