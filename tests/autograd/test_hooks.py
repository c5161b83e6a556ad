"""Hooks: handles, order, and that a pass in which one raises changes nothing."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.autograd import graph


def leaf(*values):
    return cr.tensor(values or (1.0, 2.0), requires_grad=True)


def test_a_removed_hook_is_not_called():
    x, seen = leaf(), []
    handle = x.register_hook(seen.append)
    (x * 2).sum().backward()
    handle.remove()
    handle.remove()
    (x * 2).sum().backward()
    assert len(seen) == 1


def test_a_handle_as_a_block():
    x, seen = leaf(), []
    with x.register_hook(seen.append):
        (x * 2).sum().backward()
    (x * 2).sum().backward()
    assert len(seen) == 1


def test_a_hook_that_removes_itself():
    x, seen = leaf(), []

    def hook(g):
        seen.append(g.tolist())
        handle.remove()

    handle = x.register_hook(hook)
    x.register_hook(lambda g: g * 2)
    (x * 2).sum().backward()
    (x * 2).sum().backward()
    assert seen == [[2.0, 2.0]] and x.grad.tolist() == [8.0, 8.0]


@pytest.mark.parametrize("where", ["tensor", "leaf", "pre", "post"])
def test_a_hook_that_raises_changes_nothing(where):
    a, x = leaf(), leaf()
    y = x.exp()
    y.retain_grad()

    def refuse(*grads):
        raise KeyError("refused")

    handle = {
        "tensor": lambda: y.register_hook(refuse),
        "leaf": lambda: x.register_hook(refuse),
        "pre": lambda: y.grad_fn.register_prehook(refuse),
        "post": lambda: y.grad_fn.register_hook(refuse),
    }[where]()
    loss = (a * a).sum() + y.sum()
    with pytest.raises(KeyError):
        loss.backward()
    assert a.grad is x.grad is y.grad is None
    assert (a._version, x._version) == (0, 0)
    handle.remove()
    loss.backward()
    assert a.grad.tolist() == [2.0, 4.0]


def test_hooks_under_create_graph_are_recorded():
    x = leaf()
    y = x * x
    y.register_hook(lambda g: g * x)
    (g,) = cr.autograd.grad(y.sum(), x, create_graph=True)  # 2x · x
    g.sum().backward()
    assert x.grad.tolist() == [4.0, 8.0]


def test_hooks_of_the_node_of_a_leaf():
    x, seen = leaf(), []
    node = (x * 1).grad_fn.next_functions[0][0]
    node.register_prehook(lambda g: seen.append(("pre", g[0].tolist(), x.grad)))
    node.register_hook(lambda i, o: seen.append(("post", i, o[0].tolist(), x.grad.tolist())))
    (x * 2).sum().backward()
    assert seen == [("pre", [2.0, 2.0], None), ("post", (), [2.0, 2.0], [2.0, 2.0])]


def test_multi_grad_hook_waits_for_all_that_come():
    a, b, c = leaf(), leaf(), leaf()
    seen = []
    handle = graph.register_multi_grad_hook(
        [a, b, c], lambda gs: seen.append([g if g is None else g.tolist() for g in gs])
    )
    (a * 2 + b * 3).sum().backward()
    (a * c).sum().backward(inputs=[c])
    handle.remove()
    (a * 2).sum().backward()
    assert seen == [[[2.0, 2.0], [3.0, 3.0], None], [None, None, [1.0, 2.0]]]


def test_multi_grad_hook_for_the_first():
    a, b, seen = leaf(), leaf(), []
    graph.register_multi_grad_hook([a, b], lambda g: seen.append(g.tolist()), mode="any")
    (a * 2 + b * 2).sum().backward()
    assert seen == [[2.0, 2.0]]
    with pytest.raises(ValueError, match="Expects mode to be one of"):
        graph.register_multi_grad_hook([a], print, mode="some")


def test_a_post_accumulate_hook_that_raises_costs_no_other_leaf_its_gradient():
    leaves = [leaf() for _ in range(3)]

    def refuse(p):
        raise KeyError("refused")

    for x in leaves:
        x.register_post_accumulate_grad_hook(refuse)
    with pytest.raises(KeyError):
        sum((x * x).sum() for x in leaves).backward()
    assert [x.grad.tolist() for x in leaves] == [[2.0, 4.0]] * 3
