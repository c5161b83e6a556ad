"""Checkpoints: same gradients, memory freed for real, the second run like the first."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule.utils.checkpoint import CheckpointError, checkpoint, checkpoint_sequential

both = pytest.mark.parametrize("reentrant", [False, True])


def leaf(*values):
    return cr.tensor(values or (0.3, 0.7), dtype=cr.float64, requires_grad=True)


def block(x):
    return (x * x).exp().sin() * x


@both
def test_same_gradients(reentrant):
    a, b = leaf(), leaf()
    block(block(a)).sum().backward()
    y = checkpoint(block, b, use_reentrant=reentrant)
    checkpoint(block, y, use_reentrant=reentrant).sum().backward()
    np.testing.assert_array_equal(a.grad, b.grad)


@both
def test_intermediate_values_are_freed_and_the_function_runs_again(reentrant):
    made = []

    def watched(x):
        h = (x * x).exp()
        made.append(weakref.ref(h._data))
        return h.sin() * h

    x = leaf()
    y = checkpoint(watched, x, use_reentrant=reentrant)
    gc.collect()
    assert [r() is None for r in made] == [True]
    y.sum().backward()
    assert len(made) == 2
    gc.disable()
    try:
        del y
        assert all(r() is None for r in made)
    finally:
        gc.enable()


@both
def test_random_numbers_repeat_and_the_generator_is_left_alone(reentrant):
    seen = []

    def noisy(x):
        mask = cr.rand(2, dtype=cr.float64)
        seen.append(mask.tolist())
        return (x * mask).exp()

    x = leaf()
    y = checkpoint(noisy, x, use_reentrant=reentrant).sum()
    state = cr.get_rng_state()
    y.backward()
    assert seen[0] == seen[1]
    assert (cr.get_rng_state() == state).all()


@both
def test_arguments_that_are_no_tensors(reentrant):
    x = leaf()
    checkpoint(lambda n, x, flag: x.exp() * n if flag else x, 3, x, True, use_reentrant=reentrant).sum().backward()
    np.testing.assert_allclose(x.grad, 3 * np.exp([0.3, 0.7]))


@both
def test_parameters_closed_over(reentrant):
    w, x = leaf(), leaf()
    checkpoint(lambda x: (x * w).exp(), x, use_reentrant=reentrant).sum().backward()
    np.testing.assert_allclose(w.grad, x._data * np.exp(x._data * w._data))


@both
def test_several_results(reentrant):
    x = leaf()
    a, b = checkpoint(lambda x: (x.exp(), x.sin()), x, use_reentrant=reentrant)
    (a * b).sum().backward()
    np.testing.assert_allclose(x.grad, np.exp(x._data) * (np.sin(x._data) + np.cos(x._data)))


def test_keywords_and_inputs_without_gradient():
    w, x = leaf(), cr.ones(2, dtype=cr.float64)
    checkpoint(lambda x, *, scale: (x * w).exp() * scale, x, use_reentrant=False, scale=2).sum().backward()
    np.testing.assert_allclose(w.grad, 2 * np.exp(w._data))


def test_autograd_grad_and_second_derivatives():
    x = leaf()
    y = checkpoint(block, x, use_reentrant=False).sum()
    (g,) = cr.autograd.grad(y, x, create_graph=True)
    (second,) = cr.autograd.grad(g.sum(), x)
    (expected,) = cr.autograd.grad(block(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(second, cr.autograd.grad(expected.sum(), x)[0])


def test_nested():
    calls = []

    def inner(x):
        calls.append("inner")
        return block(x)

    def outer(x):
        calls.append("outer")
        return block(checkpoint(inner, x.exp(), use_reentrant=False))

    a, b = leaf(), leaf()
    block(block(a.exp())).sum().backward()
    checkpoint(outer, b, use_reentrant=False).sum().backward()
    np.testing.assert_array_equal(a.grad, b.grad)
    assert calls[:3] == ["outer", "inner", "outer"]


def test_a_retained_graph_recomputes_each_time():
    runs = []
    x = leaf()
    y = checkpoint(lambda x: runs.append(1) or block(x), x, use_reentrant=False).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert len(runs) == 3
    with pytest.raises(RuntimeError, match="^Trying to backward through the graph a second time"):
        y.backward()


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        (lambda x: x.exp().sin(), lambda x: x.exp(), "A different number of tensors was saved"),
        (
            lambda x: x.exp(),
            lambda x: x[:1].exp(),
            "Recomputed values for the following tensors have different metadata",
        ),
    ],
)
def test_a_second_run_that_differs(first, second, text):
    runs = []

    def changing(x):
        runs.append(1)
        return first(x) if len(runs) == 1 else second(x)

    x = leaf()
    y = checkpoint(changing, x, use_reentrant=False).sum()
    with pytest.raises(CheckpointError, match=f"^torch.utils.checkpoint: {text}"):
        y.backward()
    assert x.grad is None


def test_early_stop():
    reached = []

    def late(x):
        y = x.exp()
        reached.append(1)
        return y + 1

    checkpoint(late, leaf(), use_reentrant=False).sum().backward()
    assert len(reached) == 1
    checkpoint(late, leaf(), use_reentrant=False, early_stop=False).sum().backward()
    assert len(reached) == 3


@both
def test_sequential(reentrant):
    a, b = leaf(), leaf()
    chain = [block, cr.tanh, block, cr.exp, cr.sin]
    y = a
    for f in chain:
        y = f(y)
    y.sum().backward()
    checkpoint_sequential(chain, 2, b, use_reentrant=reentrant).sum().backward()
    np.testing.assert_array_equal(a.grad, b.grad)


def test_the_way_has_to_be_said():
    with pytest.warns(UserWarning, match="use_reentrant parameter should be passed explicitly"):
        checkpoint(block, leaf())
    with pytest.warns(UserWarning, match="None of the inputs have requires_grad=True"):
        checkpoint(block, cr.ones(2), use_reentrant=True)
