"""Graphs are freed by reference counting alone, the moment they can be; deep and wide ones too."""

from __future__ import annotations

import gc
import sys
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule.utils.checkpoint import checkpoint


@pytest.fixture(autouse=True, scope="module")
def without_collector():
    """Nothing is collected; `gc.get_objects` lists only what these tests make."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


def alive():
    return {id(n): n for n in gc.get_objects() if issubclass(type(n), cr.autograd.graph.Node)}


class Keeps(cr.autograd.Function):
    """Keeps input, output and an intermediate value in every way there is."""

    @staticmethod
    def forward(ctx, x):
        y = x.exp()
        ctx.x, ctx.y, ctx.double = x, y, x * 2
        ctx.save_for_backward(x, y)
        return y

    @staticmethod
    def backward(ctx, g):
        return g * ctx.saved_tensors[1] + 0 * ctx.y + 0 * ctx.x


def in_place(x):
    y = x * 1
    part = y[0]
    y.mul_(2)
    part.exp_()
    y[1:] = y[:1] * 3
    return (y * part).sum()


def hooked(x):
    y = x.exp()
    y.register_hook(lambda g: g * 2)
    y.grad_fn.register_hook(lambda i, o: None)
    y.retain_grad()
    return (y * y).sum()


def packed(x):
    with cr.autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        return (x.exp() * x).sum()


PROGRAMS = {
    "plain": lambda x: (x.exp() * x).sum(),
    "several results": lambda x: (x * x).sort().values.sum(),
    "views": lambda x: (x * x).view(3, 1).t()[0].sum(),
    "in place": in_place,
    "hooks": hooked,
    "Function": lambda x: Keeps.apply(x).sum(),
    "packed": packed,
    "checkpoint": lambda x: checkpoint(lambda v: (v * v).exp(), x, use_reentrant=False).sum(),
    "checkpoint, reentrant": lambda x: checkpoint(lambda v: (v * v).exp(), x, use_reentrant=True).sum(),
}
USES = {
    "dropped": lambda y, x: None,
    "backward": lambda y, x: y.backward(),
    "retained": lambda y, x: y.backward(retain_graph=True),
    "create_graph": lambda y, x: y.backward(create_graph=True),
    "second": lambda y, x: cr.autograd.grad(cr.autograd.grad(y, x, create_graph=True)[0].sum(), x),
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("name", PROGRAMS)
def test_graphs_are_freed_without_the_collector(name, use):
    if name == "checkpoint, reentrant" and use in ("create_graph", "second"):
        pytest.skip("has no second derivative")
    before = set(alive())
    x = cr.tensor([0.1, 0.2, 0.3], requires_grad=True)
    array = weakref.ref(x._data)
    y = PROGRAMS[name](x)
    USES[use](y, x)
    del x, y
    left = [n for i, n in alive().items() if i not in before]
    assert not left
    assert array() is None


def test_a_failed_pass_leaves_nothing_behind():
    x = cr.tensor([0.1, 0.2], requires_grad=True)
    y = x.exp()
    handle = x.register_hook(lambda g: 1 / 0)
    node = weakref.ref(y.grad_fn)
    with pytest.raises(ZeroDivisionError):
        y.sum().backward()
    handle.remove()
    del y
    sys.exc_info()
    assert node() is None


def test_a_kept_loss_keeps_no_graph():
    x = cr.tensor([0.1, 0.2], requires_grad=True)
    losses, arrays = [], []
    for _ in range(3):
        hidden = x.exp()
        arrays.append(weakref.ref(hidden._data))
        losses.append((hidden * hidden).sum())
        losses[-1].backward()
    del hidden
    assert [a() is None for a in arrays] == [True] * 3
    assert sum(losses).item() > 0


def test_saved_values_go_as_backward_comes_by():
    """Not before the pass has succeeded, but before the leaves get their gradients."""
    x = cr.tensor([0.1, 0.2], requires_grad=True)
    hidden = x.exp()
    array = weakref.ref(hidden._data)
    loss = (hidden * hidden).sum()
    del hidden
    seen = []
    x.register_post_accumulate_grad_hook(lambda p: seen.append(array() is None))
    loss.backward()
    assert seen == [True]


# ── deep and wide ───────────────────────────────────────────────────────────────────────────────


def chain(x, n):
    y = x
    for _ in range(n):
        y = y * 1.0
    return y


def test_a_chain_of_a_million_nodes():
    assert sys.getrecursionlimit() <= 10_000
    x = cr.tensor(2.0, requires_grad=True)
    y = chain(x, 1_000_000)
    node = weakref.ref(y.grad_fn)
    y.backward(retain_graph=True)
    assert x.grad.item() == 1.0
    del y
    assert node() is None


@pytest.mark.parametrize("use", ["dropped", "backward", "grad"])
def test_a_deep_chain(use):
    x = cr.tensor(0.5, requires_grad=True)
    y = x
    for _ in range(100_000):
        y = y.sin()
    node = weakref.ref(y.grad_fn.next_functions[0][0])
    if use == "backward":
        y.backward()
    elif use == "grad":
        cr.autograd.grad(y, x)
    del y
    assert node() is None


def test_a_deep_chain_to_the_second_order():
    x = cr.tensor(1.0, dtype=cr.float64, requires_grad=True)
    y = x
    for _ in range(10_000):
        y = y * x
    (g,) = cr.autograd.grad(y, x, create_graph=True)
    (second,) = cr.autograd.grad(g, x)
    assert g.item() == 10_001.0 and second.item() == 10_001.0 * 10_000.0


def test_deep_chains_of_other_nodes():
    class Same(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x + 0

        @staticmethod
        def backward(ctx, g):
            return g

    x = cr.ones(2, requires_grad=True)
    y = x
    for _ in range(5_000):
        y = Same.apply(y)
        y = cr.stack(y.unbind()).sort().values
    y.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    y = cr.ones(2) * x
    for _ in range(5_000):
        y[0] = y[1] * 1
    node = weakref.ref(y.grad_fn)
    del y
    assert node() is None


def test_a_wide_graph():
    x = cr.tensor([1.0, 1.0], dtype=cr.float64, requires_grad=True)
    terms = [x * float(i) for i in range(20_000)]
    cr.stack(terms).sum().backward()
    assert x.grad.tolist() == [199_990_000.0] * 2
    np.testing.assert_array_equal(x.grad, [20_000 * 19_999 / 2] * 2)
