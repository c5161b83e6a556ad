"""What a graph saves: by name, through hooks, with versions."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.autograd import graph


def leaf(*values):
    return cr.tensor(values or (1.0, 2.0), dtype=cr.float64, requires_grad=True)


def counting():
    log = []
    return log, graph.saved_tensors_hooks(lambda t: log.append("pack") or t, lambda t: log.append("unpack") or t)


PROGRAMS = {
    "exp": lambda x: x.exp(),
    "mul": lambda x: x * x * 3,
    "chain": lambda x: ((x * x).sin() * x).cos(),
    "cat": lambda x: cr.cat([x * x, x.exp()]),
    "matmul": lambda x: x.view(2, 1) @ (x * x).view(1, 2),
    "several results": lambda x: (x * x).sort().values * x,
    "views": lambda x: (x * x)[1:] * x.view(1, 2),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_packed_graphs_give_the_same_gradients(name):
    x = leaf()
    f = PROGRAMS[name]
    (expected,) = cr.autograd.grad(f(x).sum(), x)
    log, hooks = counting()
    with hooks:
        y = f(x)
    assert "unpack" not in log and "pack" in log
    np.testing.assert_allclose(cr.autograd.grad(y.sum(), x, retain_graph=True)[0], expected)
    (g,) = cr.autograd.grad(y.sum(), x, create_graph=True)
    assert log.count("unpack") == 2 * log.count("pack")
    (second,) = cr.autograd.grad(g.sum(), x)
    (g,) = cr.autograd.grad(f(x).sum(), x, create_graph=True)
    np.testing.assert_allclose(second, cr.autograd.grad(g.sum(), x)[0])


def test_the_title_stays():
    with counting()[1]:
        y = leaf().exp()
    assert type(y.grad_fn).__name__ == y.grad_fn.name() == "ExpBackward0"


def test_a_packed_graph_is_freed():
    with counting()[1]:
        y = leaf().exp().sum()
    y.backward()
    with pytest.raises(RuntimeError, match="^Trying to backward through the graph a second time"):
        y.backward()


def test_only_the_innermost_hooks_are_asked():
    outer, inner = counting(), counting()
    with outer[1], inner[1]:
        leaf().exp()
    assert (outer[0], inner[0]) == ([], ["pack"])


def test_hooks_see_what_a_function_saves():
    class Square(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        def backward(ctx, g):
            return 2 * g * ctx.saved_tensors[0]

    log, hooks = counting()
    x = leaf()
    with hooks:
        y = Square.apply(x)
    y.sum().backward()
    assert log == ["pack", "unpack"] and x.grad.tolist() == [2.0, 4.0]


def test_what_hooks_may_not_do():
    with (
        graph.saved_tensors_hooks(lambda t: t.add_(1), lambda t: t),
        pytest.raises(RuntimeError, match="modifying its input"),
    ):
        (leaf() * 1).exp()
    with graph.saved_tensors_hooks(lambda t: t, lambda t: 3):
        y = leaf().exp()
    with pytest.raises(TypeError, match="^Output of saved tensor unpack_hook expected to be a Tensor"):
        y.sum().backward()
    with graph.disable_saved_tensors_hooks("not here"), pytest.raises(RuntimeError, match="^not here$"):
        counting()[1].__enter__()
    with pytest.raises(NotImplementedError, match="clone"):
        graph.allow_mutation_on_saved_tensors()


def test_save_on_cpu_changes_nothing():
    x = leaf()
    with graph.save_on_cpu(pin_memory=True):
        y = x * x
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 4.0]


def test_saved_values_by_name():
    a, b = leaf(), leaf(3.0, 4.0)
    node = (a * b).grad_fn
    assert node._saved_self.tolist() == [1.0, 2.0] and node._saved_other.tolist() == [3.0, 4.0]
    assert node._saved_self.requires_grad and node._saved_a.is_leaf
    y = a.exp()
    assert y.grad_fn._saved_result.grad_fn is y.grad_fn
    assert a.sum(0, keepdim=True).grad_fn._saved_dim == (0,) or a.sum(0, keepdim=True).grad_fn._saved_dim == 0
    with pytest.raises(AttributeError, match="_saved_nonsense"):
        _ = node._saved_nonsense
    with pytest.raises(AttributeError, match="its rule needs none"):
        _ = y.grad_fn._saved_self
    y.sum().backward()
    with pytest.raises(RuntimeError, match="directly access saved tensors after they have already been freed"):
        _ = y.grad_fn._saved_result


def test_increment_version():
    x = leaf() * 1
    y = x.exp() * x
    graph.increment_version(x)
    with pytest.raises(RuntimeError, match="^one of the variables needed for gradient computation has been modified"):
        y.sum().backward()


def test_edges_stand_for_tensors():
    x = leaf()
    values, _ = (x * x).sort()
    edge = graph.get_gradient_edge(values)
    assert edge.output_nr == 0 and edge.node is values.grad_fn
    (g,) = cr.autograd.grad((values * 3).sum(), edge)
    assert g.tolist() == [3.0, 3.0]
    with pytest.raises(RuntimeError, match="It is not possible to get the gradient edge"):
        graph.get_gradient_edge(x.detach())
