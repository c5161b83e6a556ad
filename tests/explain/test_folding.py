"""Modules and repeated blocks as groups, and what they are called."""

from __future__ import annotations

import sys
from random import Random

import pytest

import chainrule as cr
from chainrule import nn
from chainrule.explain.folding import Group, fold, modules_of
from chainrule.explain.names import find_names
from chainrule.explain.recorded import Recorded
from chainrule.explain.wiring import Wiring


def recorded(*tensors) -> Recorded:
    return Recorded(tensors, find_names(sys._getframe(1)))


def folded(graph: Recorded, views: bool = True, **options) -> Group:
    return fold(Wiring(graph.operations, graph.roots, views=views), **options)


def covered(group: Group) -> list[int]:
    """The operations under a group, in order."""
    return [i for m in group.members for i in (covered(m) if isinstance(m, Group) else [m])]


def labels(group: Group) -> list[str]:
    return [g.label for g in group.groups()][1:]


class Residual(nn.Module):
    def __init__(self, d: int):
        super().__init__()
        self.norm, self.up, self.down = nn.Linear(d, d), nn.Linear(d, 2 * d), nn.Linear(2 * d, d)

    def forward(self, x):
        return x + self.down(self.up(self.norm(x)).relu().exp())


class Stack(nn.Module):
    def __init__(self, n: int, d: int = 3):
        super().__init__()
        self.first, self.last = nn.Linear(2, d), nn.Linear(d, 1)
        self.blocks = nn.ModuleList([Residual(d) for _ in range(n)])

    def forward(self, x):
        x = self.first(x)
        for block in self.blocks:
            x = block(x)
        return self.last(x)


# ── modules ─────────────────────────────────────────────────────────────────────────────────────


def test_operations_belong_to_the_modules_of_their_parameters_and_to_what_lies_between():
    net = nn.Sequential(nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 3)), nn.Tanh(), nn.Linear(3, 1))
    graph = recorded(net(cr.ones(4, 2)).sum())
    assert [(o.name, m) for o, m in zip(graph.operations, modules_of(graph.operations), strict=True)] == [
        ("linear", "net.0.0"),
        ("relu", "net.0"),
        ("linear", "net.0.2"),
        ("tanh", "net"),
        ("linear", "net.2"),
        ("sum", ""),
    ]


def test_a_residual_connection_ends_its_block():
    net = Stack(2)
    graph = recorded(net(cr.ones(4, 2)).sum())
    found = [m for o, m in zip(graph.operations, modules_of(graph.operations), strict=True) if o.name == "add"]
    assert found == ["net.blocks.0", "net.blocks.1"]


def test_a_transposed_parameter_is_still_a_parameter():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False)

        def forward(self, x):
            return x @ self.a.weight.t() @ self.b.weight.t()

    net = Net()
    graph = recorded(net(cr.ones(5, 2)).sum())
    found = list(zip([o.name for o in graph.operations], modules_of(graph.operations), strict=True))
    assert found == [("t", "net.a"), ("mm", "net.a"), ("t", "net.b"), ("mm", "net.b"), ("sum", "")]


def test_what_a_parameter_and_a_small_constant_make_is_no_parameter():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    graph = recorded(net(cr.ones(1, 2)).sum())
    assert modules_of(graph.operations) == ["net.0", "net", "net.2", ""]


def test_tensors_without_modules():
    w = cr.ones(2, requires_grad=True)
    graph = recorded((w * w).sum())
    assert modules_of(graph.operations) == ["", ""]
    assert modules_of([]) == []


# ── the tree ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("limit", [3, 7, 200])
def test_every_operation_is_in_the_tree_once_and_in_order(limit):
    net = Stack(5)
    graph = recorded(net(cr.ones(4, 2)).sum())
    root = folded(graph, limit=limit)
    assert covered(root) == list(range(len(graph.operations)))
    for group in root.groups():
        assert covered(group) == list(range(group.start, group.stop))
        assert 2 <= len(group.members) <= limit or group is root


def test_paths_are_unique_when_a_module_is_called_twice():
    net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    other = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 2))
    x = other(net(cr.ones(1, 2)))
    root = folded(recorded(net(x).sum()))
    assert [g.path for g in root.groups()] == ["", "net", "other", "net#2"]


def test_distinct_blocks_are_counted_before_their_name():
    net = Stack(12)
    graph = recorded(net(cr.ones(4, 2)).sum())
    blocks = next(g for g in folded(graph).groups() if g.name == "net.blocks")
    assert blocks.note == "12 × (linear, linear, relu, …)"
    assert len(blocks.members) == 12
    named = folded(graph, classes={f"net.blocks.{i}": "Residual" for i in range(12)})
    blocks = next(g for g in named.groups() if g.name == "net.blocks")
    assert blocks.note == "12 × Residual"
    assert blocks.members[3].label == "net.blocks.3  Residual"


def test_the_same_parameters_applied_again_are_counted_after_the_name():
    w, u, h = cr.ones(2, 3, requires_grad=True), cr.ones(3, 3, requires_grad=True), cr.zeros(4, 3)
    x = cr.ones(50, 4, 2)
    for t in range(50):
        h = (x[t] @ w + h @ u).tanh()
    root = folded(recorded(h.sum()))
    assert [m.label if isinstance(m, Group) else m for m in root.members] == ["(mm, mm, add, …) × 50", 200]
    assert [len(m.members) for m in root.members[0].members] == [4] * 50


def test_different_parameters_in_a_loop_are_not_called_the_same():
    ws = [cr.ones(3, 3, requires_grad=True) for _ in range(12)]
    h = cr.ones(1, 3)
    for w in ws:
        h = (h @ w).tanh()
    assert labels(folded(recorded(h.sum())))[0] == "12 × (mm, tanh)"


def test_one_different_weight_among_equal_ones_is_enough():
    w, v = cr.ones(3, 3, requires_grad=True), cr.ones(3, 3, requires_grad=True)
    h = cr.ones(1, 3)
    for i in range(12):
        h = (h @ (v if i == 5 else w)).tanh()
    assert labels(folded(recorded(h.sum())))[0] == "12 × (mm, tanh)"


def test_blocks_of_other_shapes_are_not_alike():
    net = nn.Sequential(*[nn.Linear(i + 2, i + 3) for i in range(10)])
    assert labels(folded(recorded(net(cr.ones(1, 2)).sum()))) == ["net"]


def test_blocks_wired_otherwise_inside_are_not_alike():
    h = cr.ones(3, requires_grad=True)
    for i in range(16):
        a = h.exp()
        b = a.sin()
        h = a * b if i < 8 else b * b
    assert [x for x in labels(folded(recorded(h.sum()))) if "×" in x] == ["8 × (exp, sin, mul)"] * 2


def test_a_loop_in_a_loop():
    w, v = cr.ones(3, requires_grad=True), cr.ones(3, requires_grad=True)
    h = cr.ones(3)
    for _ in range(5):
        for _ in range(6):
            h = (h * w).tanh()
        h = h + v
    found = labels(folded(recorded(h.sum())))
    assert found[0] == "(mul, tanh, mul, …) × 5"
    assert found.count("(mul, tanh) × 6") == 5


def test_few_repeats_are_not_folded():
    w = cr.ones(3, requires_grad=True)
    assert labels(folded(recorded((((w * w).sin() * w).sin() * w).sin().sum()))) == []


def test_long_levels_are_cut_into_stretches():
    h, chosen = cr.ones(3, requires_grad=True), Random(3)
    for _ in range(50):
        h = chosen.choice([h.exp, h.sin, h.cos])()
    root = folded(recorded(h.sum()), limit=10)
    assert len(root.members) <= 10
    assert any(g.label.startswith("operations 0 … ") for g in root.groups())


# ── views ───────────────────────────────────────────────────────────────────────────────────────


def test_hidden_views_leave_their_inputs_in_place():
    x, w = cr.ones(4, 3, requires_grad=True), cr.ones(2, 3, requires_grad=True)
    graph = recorded((x.reshape(4, 3) @ w.t()).reshape(8).exp().sum())
    wiring = Wiring(graph.operations, graph.roots, views=False)
    assert [s.operation.name for s in wiring.steps] == ["mm", "exp", "sum"]
    assert [v.name for v in wiring.steps[0].inputs] == ["x", "w"]
    assert wiring.steps[1].inputs == list(wiring.steps[0].operation.outputs)


def test_a_view_that_is_the_result_is_shown():
    x = cr.ones(4, requires_grad=True)
    graph = recorded(x.exp().reshape(2, 2))
    assert len(Wiring(graph.operations, graph.roots, views=False).steps) == 2
