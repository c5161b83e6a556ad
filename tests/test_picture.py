"""The graph as text."""

from __future__ import annotations

import re

import pytest

import chainrule as cr


def picture(text: str) -> list[str]:
    """The lines without the source places at their ends."""
    return [re.sub(r"\s+\w+\.py:\d+$", "", line).rstrip() for line in text.splitlines()]


def test_tensors_are_edges_and_operations_nodes():
    x, y = cr.ones(64, 3), cr.zeros(64, 1)
    w1, w2 = cr.ones(3, 2, requires_grad=True), cr.ones(2, 1, requires_grad=True)
    h_relu = x.mm(w1).relu()
    out = h_relu.mm(w2)
    loss = (out - y).sum()
    assert picture(cr.graph_text(loss)) == [
        "5 operations, 2 leaves",
        "○    w1  3×2",
        "│ ○  w2  2×1",
        "● │  mm(x, w1)",
        "│ │  64×2",
        "● │  relu(·)",
        "│ │  h_relu  64×2",
        "●─╯  mm(h_relu, w2)",
        "│    out  64×1",
        "●    sub(out, y)",
        "│    64×1",
        "●    sum(·)",
        "▼    loss  scalar",
    ]


def test_the_line_of_every_operation_is_named():
    w = cr.ones(3, requires_grad=True)
    line = test_the_line_of_every_operation_is_named.__code__.co_firstlineno + 3
    loss = w.exp()
    assert re.search(rf"exp\(w\) +test_picture.py:{line}\n", cr.graph_text(loss))


def test_a_tensor_used_twice_has_one_column_and_a_branch():
    a = cr.ones(2, requires_grad=True)
    b = a.exp()
    c = b * b.sin()
    assert picture(cr.graph_text(c)) == [
        "3 operations, 1 leaf",
        "○    a  2",
        "●    exp(a)",
        "│    b  2",
        "├─●  sin(b)",
        "│ │  2",
        "●─╯  mul(b, ·)",
        "▼    c  2",
    ]


def test_lines_that_cross_and_inputs_from_both_sides():
    a, b = cr.ones(3, requires_grad=True), cr.ones(3, requires_grad=True)
    c = a * b
    d = c + a
    e = d * c * b + (a * a) * d
    text = picture(cr.graph_text(e))
    assert "●─┼───┤  mul(a, b)" in text
    assert "●─│─│─╯  mul(·, b)" in text


def test_parameters_have_their_module_s_names():
    net = cr.nn.Sequential(cr.nn.Linear(2, 1))
    loss = net(cr.ones(4, 2)).sum()
    text = cr.graph_text(loss)
    assert "0.weight  1×2" in text
    assert "0.bias  1" in text


def test_numbers_flags_and_dtypes():
    x = cr.ones(2, dtype=cr.float64, requires_grad=True)
    y = (x * 3).sum(dim=0, keepdim=True)
    text = cr.graph_text(y)
    assert "mul(x, 3)" in text
    assert "keepdims=True" in text
    assert "y  1 float64" in text


def test_no_graph():
    x = cr.ones(2)
    assert cr.graph_text(x) == "no operation: x does not require grad and has no grad_fn"


def test_a_freed_graph_says_so():
    x = cr.ones(2, requires_grad=True)
    loss = (x * x).sum()
    loss.backward()
    assert "mul: freed by backward()" in cr.graph_text(loss)


@pytest.mark.parametrize("limit", [1, 10])
def test_long_graphs_are_cut_at_the_limit(limit):
    y = cr.ones(2, requires_grad=True)
    for _ in range(100_000):
        y = y * 1.0
    text = cr.graph_text(y, limit=limit)
    head, *rows = text.splitlines()
    assert head == f"100,000 operations, 1 leaf; the first {100_000 - limit:,} operations are not drawn (limit={limit})"
    assert sum("mul(" in row for row in rows) == limit


def test_user_functions_and_several_results():
    class Double(cr.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    x = cr.ones(3, requires_grad=True)
    loss = Double.apply(x).sum()
    assert "DoubleBackward(·)" in cr.graph_text(loss)
