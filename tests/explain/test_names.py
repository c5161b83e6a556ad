"""Names of tensors: found where the user has them, never given twice."""

from __future__ import annotations

import builtins
import keyword
import sys
from collections import deque, namedtuple
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import chainrule as cr
from chainrule import nn
from chainrule.explain.names import find_names, identifiers


def leaf(*shape: int) -> cr.Tensor:
    return cr.ones(*shape, requires_grad=True)


GLOBAL = leaf(2)


# ── variables ───────────────────────────────────────────────────────────────────────────────────


def test_local_variables():
    x, w = cr.ones(2, 3), leaf(3, 2)
    h = x.mm(w)
    loss = h.sum()
    names = find_names()
    assert names.of_node(loss.grad_fn) == "loss"
    assert names.of_node(h.grad_fn) == "h"
    assert names.of_node(w._node) == "w"
    assert names.of_array(x._data) == "x"
    assert (names.of_leaf(w), names.of_leaf(x), names.of_leaf(loss)) == ("w", "x", "loss")


def test_what_has_no_variable_has_no_name():
    w = leaf(2)
    loss = (w * 2).exp().sum()
    names = find_names()
    exp = loss.grad_fn.edges[0]
    assert names.of_node(exp) is None
    assert names.of_node(exp.edges[0]) is None
    assert names.of_array(np.ones(2)) is None
    assert names.also(exp) == ()


def test_constants_are_known_by_the_array_the_graph_keeps():
    w, x, a = leaf(2), cr.tensor([1.0, 2.0]), np.array([3.0, 4.0], np.float32)
    y = w * x
    z = w * a
    names = find_names()
    assert names.of_array(y.grad_fn.saved[2]) == "x"
    assert names.of_array(z.grad_fn.saved[2]) == "a"


def test_a_view_and_a_copy_are_others():
    x = cr.ones(2, 2)
    names = find_names()
    assert names.of_leaf(x.t()) is None
    assert names.of_leaf(x.clone()) is None
    assert names.of_leaf(x) == "x"


def test_a_detached_tensor_says_what_it_was():
    x = leaf(2)
    y = x.detach()
    del y
    names = find_names()
    assert names.of_array(x.detach()._data) == "x.detach()"
    still = x.detach()
    assert find_names().of_array(still._data) == "still"


def test_another_shape_of_something_with_a_name():
    t, table = cr.tensor([0, 2, 1]), cr.ones(3, 2)
    names = find_names()
    assert names.reshaped(t.unsqueeze(1)._data) is t._data
    assert names.reshaped(table.reshape(2, 3)._data) is table._data
    for other in (t[1:], t[:2], t.clone(), table.t(), t.unsqueeze(1).expand(3, 2), cr.tensor([])):
        assert names.reshaped(other._data) is None


def test_the_target_of_a_cross_entropy_is_found():
    z, t = leaf(3, 4), cr.tensor([0, 2, 1])
    node = nn.functional.cross_entropy(z, t).grad_fn
    while node.op.name != "gather":
        node = node.edges[0]
    names = find_names()
    assert names.of_array(names.reshaped(node.saved[2])) == "t"


def test_globals_and_enclosing_variables():
    outer = leaf(2)

    def inside():
        return find_names(), outer

    names, _ = inside()
    assert names.of_leaf(GLOBAL) == "GLOBAL"
    assert names.of_leaf(outer) == "outer"


def test_the_first_of_two_variables_is_the_name():
    x = leaf(2)
    alias = x
    names = find_names()
    assert names.of_leaf(alias) == "x"
    assert names.also(x) == ("alias",)
    assert names.also(x._node) == ("alias",)


def test_a_rebound_name_is_the_last_ones():
    x = leaf(2)
    first = None
    for _ in range(3):
        x = x * 2
        first = first or x.grad_fn
    names = find_names()
    assert names.of_node(x.grad_fn) == "x"
    assert names.of_node(first) is None


def test_private_names_only_where_there_is_nothing_else():
    _p, _q = leaf(2), leaf(2)
    p = _p
    names = find_names()
    assert (names.of_leaf(p), names.also(p)) == ("p", ("_p",))
    assert names.of_leaf(_q) == "_q"


@pytest.mark.parametrize("history", ["_", "__", "_12", "_i3", "Out", "In", "_oh"])
def test_the_history_of_a_notebook_is_not_a_name(history):
    space = {history: {1: GLOBAL} if history in ("Out", "_oh", "In") else GLOBAL, "find_names": find_names}
    exec("names = find_names()", space)
    names = [names for names in [space["names"].of_leaf(GLOBAL), *space["names"].also(GLOBAL)] if names]
    assert not [n for n in names if n.startswith(history)]


def test_extra_names_come_first():
    w, v = leaf(2), leaf(2)
    names = find_names(extra={"weights": w, "v": w})
    assert names.of_leaf(w) == "weights"
    assert names.of_leaf(v).startswith("v (in ")


# ── frames ──────────────────────────────────────────────────────────────────────────────────────


def show(thing):
    return find_names(), thing


def test_variables_of_callers():
    w = leaf(2)
    names, _ = show(1)
    assert names.of_leaf(w) == "w"
    names, _ = show(w)
    assert names.of_leaf(w) == "thing"
    assert names.also(w) == ("w",)


def test_where_two_frames_have_a_name_it_says_which():
    def helper(w):
        return find_names()

    def train():
        w = leaf(2)
        return helper(leaf(2)), w, helper(w)

    names, w, both = train()
    assert names.of_leaf(w) == "w (in train())"
    assert both.of_leaf(w) == "w"
    assert both.also(w) == ()


def test_a_local_number_hides_a_global_tensor():
    space = {"w": GLOBAL, "find_names": find_names}
    exec("def f():\n    w = 3\n    return find_names()\nnames = f()", space)
    assert "w (global)" in (space["names"].of_leaf(GLOBAL), *space["names"].also(GLOBAL))
    assert "w" not in (space["names"].of_leaf(GLOBAL), *space["names"].also(GLOBAL))


def test_recursion_gives_no_name_twice():
    def down(n):
        t = leaf(n + 1)
        if n == 0:
            return find_names(), [t]
        names, below = down(n - 1)
        return names, [*below, t]

    names, tensors = down(3)
    given = [names.of_leaf(t) for t in tensors]
    assert given[:3] == ["t", "t (in down())", None]


def test_a_frame_can_be_given():
    def elsewhere():
        w = leaf(2)
        return sys._getframe(), w

    frame, w = elsewhere()
    assert find_names(frame).of_leaf(w) == "w"


# ── containers and objects ──────────────────────────────────────────────────────────────────────

Pair = namedtuple("Pair", "left right")


@dataclass
class Weights:
    first: cr.Tensor
    more: list


class Slotted:
    __slots__ = ("__weakref__", "empty", "w")

    def __init__(self, w):
        self.w = w


class Plain:
    def __init__(self, **values):
        self.__dict__.update(values)


class Strange:
    """Everything that could run, raises."""

    def __init__(self, w):
        object.__setattr__(self, "w", w)

    def __getattribute__(self, name):
        raise RuntimeError(name)

    __getattr__ = __getattribute__

    def __eq__(self, other):
        raise RuntimeError("eq")

    def __hash__(self):
        raise RuntimeError("hash")

    def __bool__(self):
        raise RuntimeError("bool")

    def __len__(self):
        raise RuntimeError("len")

    @property
    def value(self):
        raise RuntimeError("property")


class StrangeList(list):
    def __iter__(self):
        raise RuntimeError("iter")

    def __getitem__(self, index):
        raise RuntimeError("item")


HELD = {
    "w[3]": lambda t: [leaf(1), leaf(1), None, t],
    "w[1]": lambda t: (leaf(1), t),
    "w[0]": lambda t: deque([t]),
    "w['b']": lambda t: {"a": 1, "b": t},
    "w[7]": lambda t: {7: t},
    "w['layers'][1]": lambda t: {"layers": [1, t]},
    "w[1]['b'][0]": lambda t: [0, {"b": (t,)}],
    "w.right": lambda t: Pair(leaf(1), t),
    "w.first": lambda t: Weights(t, []),
    "w.more[1]": lambda t: Weights(leaf(1), [leaf(1), t]),
    "w.w": Strange,
    "w.inner.w": lambda t: Plain(inner=Slotted(t)),
    "w.x": lambda t: SimpleNamespace(x=t),
    "w[0][0]": lambda t: StrangeList([StrangeList([t])]),
    "w.values": lambda t: cr.return_types.max(t, None),
}


@pytest.mark.parametrize("name", HELD)
def test_what_holds_tensors(name):
    def ask(t):
        w = HELD[name](t)
        return find_names(), w

    t = cr.ones(2)
    names, _ = ask(t)
    assert names.also(t._data) == (name,)
    names.of_leaf(t)


def test_names_can_be_evaluated():
    params = {"w1": leaf(2), "b": [leaf(1), leaf(1)]}
    data = Plain(x=cr.ones(2), pair=Pair(cr.ones(1), cr.ones(1)))
    names = find_names()
    for tensor in [params["w1"], *params["b"], data.x, *data.pair]:
        assert eval(names.of_leaf(tensor)) is tensor


def test_a_variable_is_nearer_than_a_list():
    w1, w2 = leaf(1), leaf(1)
    params = [w1, w2]
    names = find_names()
    assert [names.of_leaf(p) for p in params] == ["w1", "w2"]
    assert names.also(w2) == ("params[1]",)


def test_what_a_loop_leaves_behind_is_no_name_of_a_parameter():
    w1, w2 = leaf(1), leaf(1)
    layers = [(leaf(1), leaf(1)) for _ in range(3)]
    for p in [w1, w2]:
        p.grad = None
    for _i, (w, b) in enumerate(layers):
        w.grad = b.grad = None
    names = find_names()
    assert names.of_leaf(w2) == "w2"
    assert [names.of_leaf(t) for t in layers[2]] == ["layers[2][0]", "layers[2][1]"]
    assert names.also(layers[2][0]) == ("w",)


def test_data_is_called_as_the_loop_calls_it():
    data = [(cr.ones(1), cr.zeros(1)) for _ in range(2)]
    for x, y in data:
        names = find_names()
        assert (names.of_leaf(x), names.of_leaf(y)) == ("x", "y")


def test_cycles_and_great_sizes_end():
    loop: list = []
    loop.append(loop)
    ring = Plain()
    ring.ring = ring
    many = [[i] for i in range(200_000)]
    wide = {i: list(range(1000)) for i in range(1000)}
    w = leaf(2)
    names = find_names()
    assert names.of_leaf(w) == "w"
    assert len(many) == 200 * len(wide)


def test_foreign_objects_are_left_alone():
    class Foreign:
        pass

    Foreign.__module__ = "numpy.linalg"
    held = leaf(1)
    foreign = Foreign()
    foreign.w = held
    names = find_names()
    assert names.also(held) == ()


def test_the_users_own_modules_are_looked_into():
    library = ModuleType("library")
    library.__file__ = "library.py"
    library.w = leaf(1)
    names = find_names()
    assert names.of_leaf(library.w) == "library.w"


# ── modules ─────────────────────────────────────────────────────────────────────────────────────


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        self.scale = nn.Parameter(cr.ones(1))
        self.register_buffer("shift", cr.zeros(1))
        self.extra = [cr.ones(1)]

    def forward(self, x):
        return find_names()


def test_parameters_and_buffers_have_qualified_names():
    model = Net()
    names = find_names()
    for name, p in model.named_parameters():
        assert names.of_leaf(p) == f"model.{name}"
        assert names.of_node(p._node) == f"model.{name}"
    assert names.of_leaf(model.shift) == "model.shift"
    assert names.of_leaf(model.extra[0]) == "model.extra[0]"


def test_a_variable_left_over_does_not_name_a_parameter():
    model = Net()
    for p in model.parameters():
        p.grad = None
    for layer in model.layers:
        layer.training = False
    weight = model.layers[2].bias
    names = find_names()
    assert names.of_leaf(p) == "model.layers.2.bias"
    assert {"p", "weight", "layer.bias"} <= set(names.also(weight))


def test_inside_of_forward_it_is_self():
    model = Net()
    names = model(cr.ones(2))
    assert names.of_leaf(model.scale) == "self.scale"
    assert names.also(model.scale) == ("model.scale",)


def test_two_models_are_told_apart():
    class Trainer:
        def __init__(self):
            self.student, self.teacher = nn.Linear(1, 1), nn.Linear(1, 1)

    trainer = Trainer()
    names = find_names()
    assert names.of_leaf(trainer.student.weight) == "trainer.student.weight"
    assert names.of_leaf(trainer.teacher.weight) == "trainer.teacher.weight"


def test_a_parameter_out_of_reach_has_its_qualified_name_if_that_is_its_own():
    def made():
        return nn.Sequential(nn.Linear(1, 1))

    names = find_names()
    first, second = made(), made()
    assert names.of_leaf(first[0].weight) == "0.weight"
    assert names.of_leaf(second[0].weight) is None
    assert names.of_leaf(first[0].weight) == "0.weight"


# ── in place, views, several results ────────────────────────────────────────────────────────────


def test_after_an_inplace_write_the_name_is_the_new_values():
    w = leaf(2)
    x = w * 2
    before = x.grad_fn
    x += 1
    names = find_names()
    assert names.of_node(x.grad_fn) == "x"
    assert names.of_node(before) is None


def test_looking_records_nothing():
    w = leaf(2)
    x = w * 2
    v = x[0]
    old = v._node
    x += 1
    names = find_names()
    assert v._node is old
    assert names.of_node(old) is None
    assert v.grad_fn is not old


def test_several_results():
    x = leaf(4)
    values, order = x.sort()
    part, rest = (x * 2).split(2)
    names = find_names()
    assert names.of_node(values.grad_fn, 0) == "values"
    assert names.of_leaf(order) == "order"
    assert (names.of_leaf(part), names.of_leaf(rest)) == ("part", "rest")
    a, b = x.unbind()[:2]
    names = find_names()
    assert names.of_node(b._node) == "b"
    assert names.of_node(a.grad_fn, a.output_nr) == "a"


def test_names_stay_with_what_they_were_given_to():
    def ask(x):
        return find_names()

    names = ask(cr.ones(3))
    others = [cr.ones(3) for _ in range(100)]
    assert [names.of_array(t._data) for t in others] == [None] * 100


# ── identifiers ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("w", "w"),
        ("w[3]", "w_3"),
        ("params['w1']", "params_w1"),
        ("model.0.weight", "model_0_weight"),
        ("self.net[0].weight", "self_net_0_weight"),
        ("w (in train())", "w_in_train"),
        ("0.weight", "_0_weight"),
        ("lambda", "lambda_"),
        ("sum", "sum_"),
        ("np", "np_"),
        ("forward", "forward_"),
        ("special", "special_"),
        ("input", "input"),
        ("вес", "вес"),
        ("x²", "x2"),
        ("ﬁlter", "filter_"),
        ("_w", "_w"),
        ("", "_"),
        ("→", "_"),
    ],
)
def test_identifier_of_a_name(name, expected):
    assert identifiers([name]) == [expected]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["w[3]", "w.3", "w_3"], ["w_3", "w_3_2", "w_3_3"]),
        (["lambda", "lambda_"], ["lambda_", "lambda_2"]),
        (["x", "grad_x"], ["x", "grad_x_2"]),
        (["grad_x", "x"], ["grad_x", "x_2"]),
        (["grad_x"], ["grad_x"]),
        (["loss", "x", "dloss_x"], ["loss", "x", "dloss_x_2"]),
        (["dloss_x", "x", "loss"], ["dloss_x", "x", "loss_2"]),
        (["decoder_x", "loss", "x"], ["decoder_x", "loss", "x"]),
    ],
)
def test_identifiers_differ_from_each_other_and_from_gradients(names, expected):
    assert identifiers(names) == expected


def test_identifiers_avoid_what_is_taken():
    assert identifiers(["h", "grad_y"], taken=["h", "y"]) == ["h_2", "grad_y_2"]


@given(st.lists(st.text(max_size=6) | st.sampled_from(["x", "grad_x", "dx_x", "x_2", "grad_x_2", "dloss_x", "loss"])))
def test_any_names_give_identifiers(names):
    found = identifiers(names)
    assert len(set(found)) == len(found) == len(names)
    assert all(name.isidentifier() and not keyword.iskeyword(name) for name in found)
    every = set(found)
    assert not every & {f"grad_{name}" for name in found}
    assert not every & {f"d{a}_{b}" for a in found for b in found}
    assert not every & (set(dir(builtins)) - {"input"})
