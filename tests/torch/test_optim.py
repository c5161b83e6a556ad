"""Optimizers against PyTorch's: the same numbers, the same state, the same layout."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

torch = pytest.importorskip("torch")

SHAPES = ((), (3, 2), (0,), (5,))

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "maximize": True}),
    ("Adam", {"lr": 0.1}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "betas": (0.3, 0.5)}),
    ("Adam", {"weight_decay": 0.1, "maximize": True}),
    ("Adam", {"weight_decay": 0.1, "decoupled_weight_decay": True, "foreach": False}),
    ("AdamW", {}),
    ("AdamW", {"amsgrad": True, "eps": 1e-3, "weight_decay": 0}),
]


def trained(t, name, options, dtype, steps=6):
    rng = np.random.default_rng(0)
    params = [t.tensor(rng.normal(size=shape).astype(dtype).tolist()).to(getattr(t, dtype)) for shape in SHAPES]
    params = [p.requires_grad_() for p in params]
    optimizer = getattr(t.optim, name)(params, **options)
    for _ in range(steps):
        for p, shape in zip(params, SHAPES, strict=True):
            p.grad = t.tensor(rng.normal(size=shape).astype(dtype).tolist()).to(getattr(t, dtype))
        optimizer.step()
    return params, optimizer


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name, options", CASES)
def test_numbers_state_and_layout(name, options, dtype):
    ours, our_optimizer = trained(cr, name, options, dtype)
    theirs, their_optimizer = trained(torch, name, options, dtype)
    rtol = 2e-6 if dtype == "float32" else 1e-13
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(a.detach().numpy(), b.detach().numpy(), rtol=rtol, atol=rtol)
    a, b = our_optimizer.state_dict(), their_optimizer.state_dict()
    assert a["param_groups"] == b["param_groups"]
    assert a["state"].keys() == b["state"].keys()
    for key, state in a["state"].items():
        assert state.keys() == b["state"][key].keys()
        for entry, value in state.items():
            other = b["state"][key][entry]
            assert repr(value.dtype) == repr(other.dtype)
            np.testing.assert_allclose(value.numpy(), other.numpy(), rtol=rtol, atol=rtol)
    assert repr(our_optimizer) == repr(their_optimizer)


def refusal(action, t):
    with pytest.raises(Exception) as error:
        action(t, t.ones(2, requires_grad=True))
    return error.value


@pytest.mark.parametrize(
    "action",
    [
        lambda t, x: t.optim.SGD([], lr=0.1),
        lambda t, x: t.optim.SGD(x, lr=0.1),
        lambda t, x: t.optim.SGD([3], lr=0.1),
        lambda t, x: t.optim.SGD([x * 2], lr=0.1),
        lambda t, x: t.optim.SGD([{"params": {x}}], lr=0.1),
        lambda t, x: t.optim.SGD([{"params": [x]}, {"params": [x]}], lr=0.1),
        lambda t, x: t.optim.SGD([x], lr=-1.0),
        lambda t, x: t.optim.SGD([x], momentum=-1.0),
        lambda t, x: t.optim.SGD([x], weight_decay=-1.0),
        lambda t, x: t.optim.SGD([x], nesterov=True),
        lambda t, x: t.optim.Adam([x], betas=(1.0, 0.9)),
        lambda t, x: t.optim.Adam([x], eps=-1.0),
        lambda t, x: t.optim.Adam([x]).add_param_group({"params": [x]}),
        lambda t, x: t.optim.Adam([x]).add_param_group([x]),
        lambda t, x: t.optim.Adam([x]).load_state_dict({"state": {}, "param_groups": []}),
        lambda t, x: t.optim.Adam([x]).load_state_dict({"state": {}, "param_groups": [{"params": [0, 1]}]}),
        lambda t, x: t.optim.Adam([("a", x), t.ones(1)]),
    ],
)
def test_refusals(action):
    ours, theirs = refusal(action, cr), refusal(action, torch)
    assert type(ours) is type(theirs)
    sentence = str(theirs).split("; ")[0].split(". ")[0].replace("torch.", "")
    assert sentence[:60] in str(ours).replace("torch.", "")
