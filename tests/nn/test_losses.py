"""Losses against what they are defined as, and how they are recorded."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn
from chainrule.nn import functional as F

Z = np.array([[2.0, 0.0, -1.0], [0.5, 0.5, 3.0]])
T = np.array([0, 1])


def softmax(z):
    return np.exp(z) / np.exp(z).sum(1, keepdims=True)


def test_cross_entropy_and_its_gradient():
    z = cr.tensor(Z, requires_grad=True)
    loss = F.cross_entropy(z, cr.tensor(T))
    loss.backward()
    assert loss.item() == pytest.approx(-np.log(softmax(Z)[[0, 1], T]).mean())
    np.testing.assert_allclose(z.grad.numpy(), (softmax(Z) - np.eye(3)[T]) / 2)


def test_cross_entropy_is_recorded_as_log_softmax_a_pick_and_a_mean():
    node = F.cross_entropy(cr.tensor(Z, requires_grad=True), cr.tensor(T)).grad_fn
    names = []
    while node.op is not None:
        names.append(node.op.name)
        node = node.edges[0]
    assert names == ["mean", "neg", "squeeze", "gather", "_log_softmax"]


def test_cross_entropy_of_probabilities_is_that_of_classes():
    z = cr.tensor(Z)
    for smoothing in (0.0, 0.1):
        by_class = F.cross_entropy(z, cr.tensor(T), label_smoothing=smoothing)
        by_probability = F.cross_entropy(z, cr.tensor(np.eye(3)[T]), label_smoothing=smoothing)
        assert by_class.item() == pytest.approx(by_probability.item())


def test_ignored_targets_do_not_count():
    z = cr.tensor([*Z, [9.0, -9.0, 0.0]], requires_grad=True)
    loss = F.cross_entropy(z, cr.tensor([0, 1, -100]))
    loss.backward()
    assert loss.item() == pytest.approx(F.cross_entropy(cr.tensor(Z), cr.tensor(T)).item())
    assert not z.grad[2].any()


def test_weights_divide_the_mean():
    weight = cr.tensor([1.0, 3.0, 5.0], dtype=cr.float64)
    each = -np.log(softmax(Z)[[0, 1], T])
    loss = nn.CrossEntropyLoss(weight)(cr.tensor(Z), cr.tensor(T))
    assert loss.item() == pytest.approx((each[0] + 3 * each[1]) / 4)


def test_logits_and_probabilities_agree():
    z, t = cr.tensor(Z), cr.tensor([[0.0, 1.0, 0.3], [1.0, 0.2, 0.0]], dtype=cr.float64)
    scores = F.binary_cross_entropy_with_logits(z, t, reduction="none")
    np.testing.assert_allclose(scores.numpy(), F.binary_cross_entropy(z.sigmoid(), t, reduction="none").numpy())
    p = cr.tensor(Z, requires_grad=True)
    F.binary_cross_entropy_with_logits(p, t, reduction="sum").backward()
    np.testing.assert_allclose(p.grad.numpy(), 1 / (1 + np.exp(-Z)) - t.numpy(), atol=1e-12)


def test_great_scores_neither_overflow_nor_vanish():
    z = cr.tensor([-200.0, 200.0], requires_grad=True)
    F.binary_cross_entropy_with_logits(z, cr.tensor([1.0, 1.0]), reduction="sum").backward()
    assert z.grad.tolist() == [-1.0, 0.0]
    assert F.binary_cross_entropy(cr.tensor([0.0]), cr.tensor([1.0])).item() == 100.0


@pytest.mark.parametrize(
    ("loss", "values", "slopes"),
    [
        (lambda d: F.l1_loss(d, cr.zeros(4), reduction="none"), [2.0, 0.5, 0.0, 3.0], [-1, 1, 0, 1]),
        (lambda d: F.huber_loss(d, cr.zeros(4), "none", 2.0), [2.0, 0.125, 0.0, 4.0], [-2, 0.5, 0, 2]),
        (
            lambda d: F.smooth_l1_loss(d, cr.zeros(4), reduction="none", beta=2.0),
            [1.0, 0.0625, 0.0, 2.0],
            [-1, 0.25, 0, 1],
        ),
        (lambda d: F.hinge_embedding_loss(d, -cr.ones(4), reduction="none"), [3.0, 0.5, 1.0, 0.0], [-1, -1, -1, 0]),
        (lambda d: F.leaky_relu(d, 0.5), [-1.0, 0.5, 0.0, 3.0], [0.5, 1, 0.5, 1]),
    ],
)
def test_values_and_slopes(loss, values, slopes):
    d = cr.tensor([-2.0, 0.5, 0.0, 3.0], requires_grad=True)
    y = loss(d)
    y.sum().backward()
    assert y.tolist() == values
    assert d.grad.tolist() == slopes


def test_a_triplet_pulls_and_pushes():
    anchor = cr.zeros(1, 2)
    positive = cr.tensor([[3.0, 4.0]], requires_grad=True)
    negative = cr.tensor([[0.0, 2.0]], requires_grad=True)
    loss = nn.TripletMarginLoss(eps=0.0)(anchor, positive, negative)
    loss.backward()
    assert loss.item() == pytest.approx(4.0)
    np.testing.assert_allclose(positive.grad.numpy(), [[0.6, 0.8]], rtol=1e-6)
    np.testing.assert_allclose(negative.grad.numpy(), [[0.0, -1.0]], rtol=1e-6)


def test_cosines():
    x, y = cr.tensor([[1.0, 0.0]]), cr.tensor([[1.0, 1.0]])
    cosine = 1 / np.sqrt(2)
    assert F.cosine_embedding_loss(x, y, cr.tensor([1])).item() == pytest.approx(1 - cosine)
    assert F.cosine_embedding_loss(x, y, cr.tensor([-1]), margin=0.2).item() == pytest.approx(cosine - 0.2)


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: F.cross_entropy(cr.zeros(2, 3), cr.tensor([0, 3])), IndexError, "Target 3 is out of bounds"),
        (lambda: F.cross_entropy(cr.zeros(2, 3), cr.tensor([0])), ValueError, r"batch_size \(2\) to match"),
        (lambda: F.cross_entropy(cr.zeros(2, 3), cr.zeros(2)), RuntimeError, r"got Float; convert it with \.long"),
        (lambda: F.binary_cross_entropy(cr.ones(1) * 2, cr.ones(1)), RuntimeError, "between 0 and 1; scores go into"),
        (lambda: F.leaky_relu(cr.tensor([1])), NotImplementedError, "not implemented for 'Long'"),
    ],
)
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


@pytest.mark.parametrize("loss", [F.l1_loss, F.smooth_l1_loss, F.huber_loss])
def test_sizes_that_differ_are_warned_of(loss):
    with pytest.warns(UserWarning, match="is different to the input size") as found:
        loss(cr.ones(4, 1), cr.ones(4))
    assert found[0].filename == __file__


def test_old_arguments():
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        assert nn.CrossEntropyLoss(reduce=False).reduction == "none"
    with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated"):
        assert F.l1_loss(cr.ones(2), cr.zeros(2), size_average=False).item() == 2.0
