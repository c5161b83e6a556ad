"""Anomaly mode, debug mode, 0 × ∞ = 0, and the warning about graphs that grow."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

import chainrule as cr


def line(offset=0):
    return f"test_anomaly.py:{sys._getframe(1).f_lineno + offset}"


def leaf(*values):
    return cr.tensor(values or (0.0, 4.0), requires_grad=True)


# ── anomaly mode (pains, row 8) ─────────────────────────────────────────────────────────────────


def test_the_error_names_the_pattern_and_both_lines():
    x = leaf()
    with cr.autograd.detect_anomaly():
        root = line(1)
        y = x.sqrt()
        chosen = line(1)
        z = cr.where(x > 0, y, x)
        with pytest.raises(
            RuntimeError, match=r"^Function 'SqrtBackward0' returned nan values in its 0th output\."
        ) as error:
            z.sum().backward()
    text = str(error.value)
    for part in ("0 × ∞", f"`sqrt` at {root}", f"`where` at {chosen}", "The forward call that made it", "y = x.sqrt()"):
        assert part in text
    assert x.grad is None


def test_without_it_the_nan_is_silent():
    x = leaf()
    cr.where(x > 0, x.sqrt(), x).sum().backward()
    assert np.isnan(x.grad[0].item())


def test_a_nan_that_came_in_is_not_called_zero_times_infinity():
    x = leaf(1.0, 2.0)
    with cr.autograd.detect_anomaly(), pytest.raises(RuntimeError, match="returned nan values") as error:
        (x * float("nan")).sum().backward()
    assert "0 × ∞" not in str(error.value)


def test_check_nan_false():
    x = leaf()
    with cr.autograd.set_detect_anomaly(True, check_nan=False):
        (x.sqrt() * 0).sum().backward()
    assert np.isnan(x.grad[0].item())


def test_as_a_function():
    cr.autograd.set_detect_anomaly(True)
    try:
        assert cr.autograd.anomaly.is_anomaly_enabled()
        assert (leaf() * 1).grad_fn.trace
    finally:
        cr.autograd.set_detect_anomaly(False)
    assert not cr.autograd.anomaly.is_anomaly_enabled()
    assert (leaf() * 1).grad_fn.trace is None


def test_other_errors_are_shown_with_the_stack():
    class Fails(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 1

        @staticmethod
        def backward(ctx, g):
            raise KeyError("refused")

    with cr.autograd.detect_anomaly():
        y = (leaf() * 2).exp()
        y.grad_fn.register_hook(lambda i, o: None)
        y.sum().backward()
        saved = leaf() * 1
        z = saved.exp() * saved
        saved.add_(1)
        with pytest.raises(RuntimeError, match="The forward call that saved it"):
            z.sum().backward()


# ── 0 × ∞ = 0 ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("create_graph", [False, True])
def test_zero_times_infinity_is_zero(create_graph):
    x = leaf()
    y = cr.where(x > 0, x.sqrt(), x)
    with cr.autograd.zero_times_infinity_is_zero():
        (g,) = cr.autograd.grad(y.sum(), x, create_graph=create_graph)
    assert g.tolist() == [1.0, 0.25]


# ── debug mode (pains, rows 3 and 17) ───────────────────────────────────────────────────────────


def test_in_debug_mode_the_offending_line_raises():
    x = leaf(1.0, 2.0)
    with cr.autograd.set_debug(True):
        made = line(1)
        y = x.exp()
        with pytest.raises(
            RuntimeError, match="^one of the variables needed for gradient computation is being modified"
        ) as error:
            y.add_(1)
        assert f"saved by `exp` at {made}" in str(error.value) and "test_anomaly.py" in str(error.value)
        assert y.tolist() == x.exp().tolist()
        y.sum().backward()
        y.detach().add_(1)  # the graph is gone


def test_in_debug_mode_arguments_are_guarded_too():
    with cr.autograd.set_debug(True):
        x = leaf(1.0, 2.0) * 1
        y = x * x
        with pytest.raises(RuntimeError, match="saved by `mul`"):
            x[0] = 5.0
        del y
        x[0] = 5.0
    assert x.tolist() == [5.0, 2.0]


def test_in_debug_mode_writes_to_data_are_seen():
    w = leaf(1.0, 2.0)
    with cr.autograd.set_debug(True):
        y = (w * w).sum()
        with pytest.raises(RuntimeError, match="saved by `mul`"):
            w.data.mul_(2)
        y.backward()
        w.data.mul_(2)
    assert w.tolist() == [2.0, 4.0] and w._version == 1
    assert not cr.autograd.is_debug_enabled()


# ── graphs that grow (pains, row 2) ─────────────────────────────────────────────────────────────


def test_a_retained_graph_that_grows_is_warned_about_once():
    w = cr.tensor([0.5], requires_grad=True)

    def train():
        state = cr.ones(1)
        for _ in range(6):
            state = cr.tanh(w * state)
            state.sum().backward(retain_graph=True)

    with pytest.warns(UserWarning, match=r"grows from call to call, by now \d+ nodes.*Detach") as found:
        train()
    assert len(found) == 1 and "test_anomaly.py" in str(found[0].message)


def test_graphs_that_do_not_grow_are_not():
    w = cr.tensor([0.5], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        outputs = [w]
        for _ in range(6):
            outputs.append(outputs[-1].tanh())
        for y in outputs[1:]:  # ever more of one graph, which is complete
            y.sum().backward(retain_graph=True)
        for n in range(1, 6):  # graphs of their own
            y = w
            for _ in range(n):
                y = y * w
            y.sum().backward(retain_graph=True)
