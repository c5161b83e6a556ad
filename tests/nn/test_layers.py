"""Layers, losses and initialisation against what they are defined as."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.nn import functional as F
from chainrule.nn import init


def test_linear():
    layer = nn.Linear(3, 2)
    x = cr.randn(5, 4, 3)
    expected = x.numpy() @ layer.weight.detach().numpy().T + layer.bias.detach().numpy()
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-6)
    assert layer.weight.abs().max().item() <= 1 / math.sqrt(3)
    assert nn.Linear(3, 2, bias=False).bias is None
    assert nn.Linear(3, 2, dtype=cr.float64).weight.dtype == cr.float64
    assert repr(nn.Linear(3, 2, bias=False)) == "Linear(in_features=3, out_features=2, bias=False)"


def test_linear_names_the_shapes():
    with pytest.raises(RuntimeError, match=r"mat1 and mat2 shapes cannot be multiplied \(5x4 and 3x2\)"):
        nn.Linear(3, 2)(cr.ones(5, 4))


@pytest.mark.parametrize(
    "module, function, reference",
    [
        (nn.ReLU(), F.relu, lambda x: np.maximum(x, 0)),
        (nn.Sigmoid(), F.sigmoid, lambda x: 1 / (1 + np.exp(-x))),
        (nn.Tanh(), F.tanh, np.tanh),
    ],
)
def test_activations(module, function, reference):
    x = cr.randn(4, 3)
    np.testing.assert_allclose(module(x).numpy(), reference(x.numpy()), rtol=1e-6)
    np.testing.assert_allclose(function(x).numpy(), reference(x.numpy()), rtol=1e-6)


def test_relu_in_place():
    x = cr.tensor([-1.0, 2.0])
    assert nn.ReLU(inplace=True)(x) is x
    assert x.tolist() == [0.0, 2.0]
    assert repr(nn.ReLU(inplace=True)) == "ReLU(inplace=True)"


def test_softmax_and_its_logarithm():
    x = cr.randn(4, 3)
    y = F.softmax(x, dim=1)
    np.testing.assert_allclose(y.sum(dim=1).numpy(), np.ones(4), rtol=1e-6)
    np.testing.assert_allclose(F.log_softmax(x, dim=1).exp().numpy(), y.numpy(), rtol=1e-5)
    with pytest.warns(UserWarning, match="Implicit dimension choice for softmax has been deprecated"):
        assert cr.equal(F.softmax(x), y)


def test_flatten_and_identity():
    x = cr.ones(2, 3, 4)
    assert nn.Flatten()(x).shape == (2, 12)
    assert nn.Flatten(0)(x).shape == (24,)
    assert nn.Identity(1, unused=2)(x) is x


@pytest.mark.parametrize("reduction, reference", [("mean", np.mean), ("sum", np.sum), ("none", lambda d: d)])
def test_mse_loss(reduction, reference):
    x, y = cr.randn(4, 3, requires_grad=True), cr.randn(4, 3)
    loss = nn.MSELoss(reduction=reduction)(x, y)
    difference = x.detach().numpy() - y.numpy()
    np.testing.assert_allclose(loss.detach().numpy(), reference(difference**2), rtol=1e-5)
    loss.sum().backward()
    factor = 2 / 12 if reduction == "mean" else 2
    np.testing.assert_allclose(x.grad.numpy(), factor * difference, rtol=1e-5)


def test_mse_loss_warns_of_sizes_and_refuses_nonsense():
    with pytest.warns(UserWarning, match=r"Using a target size \(torch.Size\(\[4\]\)\) that is different to the input"):
        F.mse_loss(cr.ones(4, 1), cr.ones(4))
    with pytest.raises(ValueError, match="median is not a valid value for reduction"):
        F.mse_loss(cr.ones(2), cr.ones(2), reduction="median")
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        assert nn.MSELoss(size_average=False).reduction == "sum"
    weighted = F.mse_loss(cr.tensor([1.0, 3.0]), cr.zeros(2), weight=cr.tensor([1.0, 0.0]))
    assert weighted.item() == 1.0


# ── initialisation ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "fill, bound",
    [
        (lambda w: init.uniform_(w, -2, 2), 2.0),
        (lambda w: init.xavier_uniform_(w, gain=2.0), 2 * math.sqrt(6 / 500)),
        (init.kaiming_uniform_, math.sqrt(6 / 300)),
        (lambda w: init.kaiming_uniform_(w, mode="fan_out", nonlinearity="tanh"), 5 / 3 * math.sqrt(3 / 200)),
    ],
)
def test_uniform_fills(fill, bound):
    w = nn.Parameter(cr.empty(200, 300))
    assert fill(w) is w
    assert w.requires_grad
    assert 0.99 * bound < w.abs().max().item() <= bound * (1 + 1e-6)


@pytest.mark.parametrize(
    "fill, std",
    [
        (lambda w: init.normal_(w, 0, 3), 3.0),
        (init.xavier_normal_, math.sqrt(2 / 500)),
        (lambda w: init.kaiming_normal_(w, nonlinearity="relu"), math.sqrt(2 / 300)),
    ],
)
def test_normal_fills(fill, std):
    w = nn.Parameter(cr.empty(200, 300))
    fill(w)
    assert w.std().item() == pytest.approx(std, rel=0.02)  # 60,000 numbers: within 0.3 % nearly always; seeded
    assert abs(w.mean().item()) < 0.02 * std


def test_constant_fills():
    w = nn.Parameter(cr.empty(2, 2))
    assert init.zeros_(w).sum().item() == 0
    assert init.ones_(w).sum().item() == 4
    assert init.constant_(w, 3.0).sum().item() == 12


def test_what_initialisation_refuses():
    with pytest.raises(ValueError, match="Fan in and fan out can not be computed for tensor with fewer than 2"):
        init.xavier_uniform_(cr.empty(3))
    with pytest.raises(ValueError, match="Mode fan_between not supported"):
        init.kaiming_uniform_(cr.empty(3, 3), mode="fan_between")
    with pytest.raises(ValueError, match="Unsupported nonlinearity step"):
        init.calculate_gain("step")
    with pytest.raises(ValueError, match="negative_slope True not a valid number"):
        init.calculate_gain("leaky_relu", True)
    with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
        init.kaiming_uniform_(cr.empty(0, 3))
