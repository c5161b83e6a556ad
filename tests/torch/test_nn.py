"""Modules, losses and initialisation against PyTorch's."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

torch = pytest.importorskip("torch")


def same(a, b, rtol=1e-6):
    np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=rtol, atol=1e-7)
    assert repr(a.dtype) == repr(b.dtype)


def net(t):
    t.manual_seed(3)
    return t.nn.Sequential(
        t.nn.Linear(5, 4), t.nn.Tanh(), t.nn.Linear(4, 4), t.nn.Sigmoid(), t.nn.Flatten(), t.nn.Linear(4, 2, bias=False)
    )


def test_the_same_seed_gives_the_same_network():
    ours, theirs = net(cr), net(torch)
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for (_, a), (_, b) in zip(ours.named_parameters(), theirs.named_parameters(), strict=True):
        assert repr(a) == repr(b)
        same(a, b, rtol=0)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gradients_of_a_network(reduction):
    gradients = []
    for t in (cr, torch):
        model = net(t)
        x, y = t.randn(6, 5), t.randn(6, 2)
        t.nn.MSELoss(reduction=reduction)(model(x), y).sum().backward()
        gradients.append([p.grad for p in model.parameters()])
    for a, b in zip(*gradients, strict=True):
        same(a, b, rtol=2e-5)


@pytest.mark.parametrize(
    "fill",
    [
        lambda i, w: i.uniform_(w, -1, 2),
        lambda i, w: i.normal_(w, 1, 2),
        lambda i, w: i.xavier_uniform_(w, gain=i.calculate_gain("tanh")),
        lambda i, w: i.xavier_normal_(w),
        lambda i, w: i.kaiming_uniform_(w, a=0.3, mode="fan_out"),
        lambda i, w: i.kaiming_normal_(w, nonlinearity="relu"),
        lambda i, w: i.constant_(w, 0.5),
        lambda i, w: i.ones_(w),
        lambda i, w: i.zeros_(w),
    ],
)
@pytest.mark.parametrize("shape", [(4, 3), (7, 5, 3)])
def test_initialisation(fill, shape):
    results = []
    for t in (cr, torch):
        t.manual_seed(1)
        results.append(fill(t.nn.init, t.empty(shape)))
    same(*results)


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softmax", "log_softmax"])
def test_functional(name):
    results = []
    for t in (cr, torch):
        t.manual_seed(1)
        x = t.randn(4, 3, requires_grad=True)
        f = getattr(t.nn.functional, name)
        y = f(x, dim=-1) if "softmax" in name else f(x)
        (y * t.arange(12.0).view(4, 3)).sum().backward()
        results.append((y, x.grad))
    for a, b in zip(*results, strict=True):
        same(a, b, rtol=2e-5)


def refusal(action, t):
    with pytest.raises(Exception) as error:
        action(t)
    return error.value


@pytest.mark.parametrize(
    "action",
    [
        lambda t: t.nn.Linear(3, 2).load_state_dict({"weight": t.ones(1), "other": t.ones(1)}),
        lambda t: t.nn.Linear(3, 2).load_state_dict([1]),
        lambda t: t.nn.Linear(3, 2).load_state_dict({"weight": 3, "bias": t.ones(2)}),
        lambda t: setattr(t.nn.Linear(3, 2), "weight", t.ones(1)),
        lambda t: setattr(t.nn.Sequential(t.nn.ReLU()), "0", 3),
        lambda t: t.nn.Module().register_parameter("a.b", None),
        lambda t: t.nn.Module().register_parameter("x", t.nn.Parameter(t.ones(1)) * 2),
        lambda t: t.nn.Module().register_buffer("x", 3),
        lambda t: t.nn.Module().add_module("", t.nn.ReLU()),
        lambda t: t.nn.Module().add_module("x", 3),
        lambda t: t.nn.Linear(3, 2).missing,
        lambda t: t.nn.Linear(3, 2).get_submodule("missing"),
        lambda t: t.nn.Sequential(t.nn.ReLU())[1],
        lambda t: t.nn.Module().train("yes"),
        lambda t: t.nn.MSELoss(reduction="median")(t.ones(1), t.ones(1)),
        lambda t: t.nn.init.xavier_normal_(t.ones(3)),
        lambda t: t.nn.init.kaiming_normal_(t.ones(3, 3), mode="fan"),
        lambda t: t.nn.init.calculate_gain("step"),
        lambda t: t.nn.Linear(3, 2)(t.ones(4, 4)),
        lambda t: t.nn.Linear(3, 2)(t.ones(4, 3, dtype=t.float64)),
    ],
)
def test_refusals(action):
    """The same built-in type, and PyTorch's words up to the first full stop or bracket."""
    ours, theirs = refusal(action, cr), refusal(action, torch)
    assert type(theirs) in type(ours).__mro__
    sentence = str(theirs).split(". ")[0].split("(")[0].replace("torch.nn.modules.module.", "").replace("Tensor", "")
    assert sentence[:40] in str(ours).replace("Tensor", "")


def test_copies_and_hooks():
    for t in (cr, torch):
        layer = t.nn.Linear(2, 2)
        layer.register_forward_pre_hook(lambda m, args: (args[0] * 2,))
        layer.register_forward_hook(lambda m, args, out: (out, args[0]))
        _, doubled = layer(t.ones(1, 2))
        assert doubled.tolist() == [[2.0, 2.0]]
