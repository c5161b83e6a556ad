"""Modules: registration, names, state, hooks, printing."""

from __future__ import annotations

import copy
import pickle

import pytest

import chainrule as cr
from chainrule import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 2)
        self.rest = nn.ModuleList()
        self.rest.append(nn.Linear(2, 2))
        self.scale = nn.Parameter(cr.tensor(2.0))
        self.register_buffer("count", cr.tensor(0.0))
        self.register_buffer("scratch", cr.tensor(0.0), persistent=False)

    def forward(self, x):
        return self.scale * self.rest[0](self.first(x).relu())


def values(module):
    return {name: p.tolist() for name, p in module.state_dict().items()}


# ── registration and names ──────────────────────────────────────────────────────────────────────


def test_members_are_found_in_order_with_qualified_names():
    net = Net()
    assert [n for n, _ in net.named_parameters()] == [
        "scale", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias",
    ]  # fmt: skip
    assert [n for n, _ in net.named_buffers()] == ["count", "scratch"]
    assert [n for n, _ in net.named_modules()] == ["", "first", "rest", "rest.0"]
    assert [n for n, _ in net.named_children()] == ["first", "rest"]
    assert list(net.state_dict()) == ["scale", "count", "first.weight", "first.bias", "rest.0.weight", "rest.0.bias"]
    assert [n for n, _ in net.named_parameters(recurse=False)] == ["scale"]
    assert net.get_submodule("rest.0") is net.rest[0]
    assert net.get_parameter("rest.0.bias") is net.rest[0].bias
    with pytest.raises(AttributeError, match="has no attribute `1`"):
        net.get_submodule("rest.1")


def test_parameters_know_their_qualified_names_however_the_tree_was_built():
    net = Net()  # appends to a list that already stands in the tree
    assert all(p._name == name for name, p in net.named_parameters())
    outer = nn.Sequential(nn.ReLU(), net)
    assert net.rest[0].weight._name == "1.rest.0.weight"
    net.late = nn.Linear(1, 1)
    assert net.late.bias._name == "1.late.bias"
    assert all(p._name == name for name, p in outer.named_parameters())


def test_messages_name_the_parameter():
    net = Net()
    loss = net.first(cr.ones(1, 3)).sum()
    with pytest.raises(RuntimeError, match=r"at index 0 .*'rest.0.weight'.* appears to not have been used"):
        cr.autograd.grad(loss, net.rest[0].weight)


def test_shared_members_are_counted_once():
    layer = nn.Linear(2, 2)
    net = nn.Sequential(layer, layer)
    assert len(list(net.parameters())) == 2
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert len(list(net.modules())) == 2
    assert len(net.state_dict()) == 4


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("scale", 3, r"cannot assign 'int' as parameter 'scale' \(torch.nn.Parameter or None expected\)"),
        ("scale", "tensor", r"cannot assign 'torch.FloatTensor' as parameter 'scale'"),
        ("first", 3, r"cannot assign 'int' as child module 'first' \(torch.nn.Module or None expected\)"),
        ("count", 3, r"cannot assign 'int' as buffer 'count'"),
    ],
)
def test_a_name_keeps_its_kind(name, value, message):
    net = Net()
    before = values(net)
    with pytest.raises(TypeError, match=message):
        setattr(net, name, cr.ones(1) if value == "tensor" else value)
    assert values(net) == before


def test_assignment_moves_a_name_between_tables():
    net = Net()
    net.plain = 3
    net.plain = nn.Parameter(cr.ones(1))
    assert "plain" in dict(net.named_parameters())
    assert "plain" not in net.__dict__
    net.plain = None
    assert net.plain is None
    assert "plain" not in dict(net.named_parameters())
    del net.scale
    with pytest.raises(AttributeError, match="'Net' object has no attribute 'scale'"):
        _ = net.scale


def test_before_init():
    class Forgetful(nn.Module):
        def __init__(self, value):
            self.value = value

    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__\(\) call"):
        Forgetful(nn.Parameter(cr.ones(1)))
    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        Forgetful(nn.ReLU())


@pytest.mark.parametrize(
    "call, error, message",
    [
        (lambda m: m.register_parameter("a.b", None), KeyError, "parameter name can.+t contain"),
        (lambda m: m.register_parameter("", None), KeyError, "parameter name can.+t be empty string"),
        (lambda m: m.register_parameter("first", None), KeyError, "attribute 'first' already exists"),
        (lambda m: m.register_parameter("x", cr.ones(1)), TypeError, "cannot assign 'torch.FloatTensor' object to"),
        (lambda m: m.register_parameter(3, None), TypeError, "parameter name should be a string. Got int"),
        (lambda m: m.register_buffer("x", 3), TypeError, "cannot assign 'int' object to buffer 'x'"),
        (lambda m: m.add_module("x", 3), TypeError, "int is not a Module subclass"),
        (lambda m: m.add_module("a.b", nn.ReLU()), KeyError, "module name can.+t contain"),
        (lambda m: m.train("yes"), ValueError, "training mode is expected to be boolean"),
    ],
)
def test_refusals(call, error, message):
    net = Net()
    before = list(net.state_dict())
    with pytest.raises(error, match=message):
        call(net)
    assert list(net.state_dict()) == before


def test_modules_in_a_plain_list_are_warned_of_when_parameters_are_collected():
    class Hidden(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = []
            self.layers.append(nn.Linear(2, 2))

    net = Hidden()
    with pytest.warns(
        cr.GradientWarning, match=r"Hidden.layers, assigned at test_module.py:\d+, is a plain list with 2"
    ):
        list(net.parameters())
    list(net.parameters())  # once is enough


def test_plain_containers_that_hide_nothing_are_fine():
    class Healthy(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [nn.Linear(2, 2), nn.ReLU()]  # registered below
            self.net = nn.Sequential(*self.layers)
            self.frozen = [nn.Linear(2, 2).requires_grad_(False)]  # hidden on purpose
            self.sizes = (1, 2, 3)
            self.options = {"a": 1}

    assert len(list(Healthy().parameters())) == 2


# ── state ───────────────────────────────────────────────────────────────────────────────────────


def test_load_state_dict():
    net, other = Net(), Net()
    result = net.load_state_dict(other.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    assert values(net) == values(other)
    weight = net.first.weight
    net.first.weight.data.fill_(1.0)
    assert other.first.weight.tolist() != weight.tolist()  # copied, not shared


def test_assign_takes_the_tensors_over():
    net, other = Net(), Net()
    state = other.state_dict()
    net.load_state_dict(state, assign=True)
    assert isinstance(net.first.weight, nn.Parameter)
    other.first.weight.data.fill_(3.0)
    assert net.first.weight.tolist() == [[3.0] * 3] * 2
    assert net.first.weight._name == "first.weight"


def broken(state):
    del state["scale"]
    state["extra"] = cr.ones(1)
    state["first.bias"] = cr.ones(5)
    return state


def test_a_failed_load_changes_nothing():
    net = Net()
    before = values(net)
    state = broken(cr.nn.Module.state_dict(Net()))
    with pytest.raises(RuntimeError) as error:
        net.load_state_dict(state)
    assert str(error.value) == (
        "Error(s) in loading state_dict for Net:\n"
        '\tMissing key(s) in state_dict: "scale". \n'
        '\tUnexpected key(s) in state_dict: "extra". \n'
        "\tsize mismatch for first.bias: copying a param with shape torch.Size([5]) from checkpoint, the shape in "
        "current model is torch.Size([2])."
    )
    with pytest.raises(RuntimeError, match="size mismatch"):
        net.load_state_dict(state, strict=False)
    assert values(net) == before


def test_not_strict():
    net = Net()
    missing, unexpected = net.load_state_dict({"scale": cr.tensor(7.0), "extra": cr.ones(1)}, strict=False)
    assert net.scale.item() == 7.0
    assert unexpected == ["extra"]
    assert missing[0] == "count"


def test_state_dict_shares_memory_and_has_no_graph():
    net = Net()
    state = net.state_dict()
    assert not state["scale"].requires_grad
    state["scale"].fill_(5.0)
    assert net.scale.item() == 5.0
    assert net.state_dict(keep_vars=True)["scale"] is net.scale
    assert "net.scale" in net.state_dict(prefix="net.")


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copies_are_independent(copied):
    net = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    twin = copied(net)
    assert values(twin) == values(net)
    twin[0].weight.data.zero_()
    assert values(twin) != values(net)
    assert type(twin[0].weight) is nn.Parameter
    assert twin[0].weight._name == "0.weight"


# ── changing all of it ──────────────────────────────────────────────────────────────────────────


def test_train_eval_and_freezing():
    net = Net()
    assert not net.eval().rest[0].training
    assert net.train().rest[0].training
    assert not any(p.requires_grad for p in net.requires_grad_(False).parameters())


def test_zero_grad():
    net = Net()
    net(cr.ones(1, 3)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert net.scale.grad.item() == 0.0
    net.zero_grad()
    assert net.scale.grad is None


def test_dtypes_are_converted_in_place():
    net = Net()
    weight = net.first.weight
    net(cr.ones(1, 3)).sum().backward()
    net.double()
    assert net.first.weight is weight
    assert {t.dtype for t in net.state_dict().values()} == {cr.float64}
    assert weight.grad.dtype == cr.float64
    net.zero_grad()
    net(cr.ones(1, 3, dtype=cr.float64)).sum().backward()
    assert weight.grad.dtype == cr.float64
    assert net.to(cr.float32).first.weight.dtype == cr.float32
    assert net.to(cr.ones(1, dtype=cr.float64)).first.weight.dtype == cr.float64


def test_apply_visits_children_first():
    seen = []
    Net().apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "Linear", "ModuleList", "Net"]


# ── hooks ───────────────────────────────────────────────────────────────────────────────────────


def test_forward_hooks_see_and_replace():
    layer = nn.Identity()
    calls = []
    before = layer.register_forward_pre_hook(lambda m, args: calls.append("before") or (args[0] + 1,))
    after = layer.register_forward_hook(lambda m, args, out: calls.append("after") or out * 10)
    first = layer.register_forward_hook(lambda m, args, out: calls.append("first"), prepend=True)
    assert layer(cr.tensor(1.0)).item() == 20.0
    assert calls == ["before", "first", "after"]
    for handle in (before, after, first):
        handle.remove()
    assert layer(cr.tensor(1.0)).item() == 1.0


def test_hooks_with_keywords():
    class Add(nn.Module):
        def forward(self, x, other=0.0):
            return x + other

    net = Add()
    net.register_forward_pre_hook(lambda m, args, kwargs: (args, {"other": 5.0}), with_kwargs=True)
    net.register_forward_hook(lambda m, args, kwargs, out: out + kwargs["other"], with_kwargs=True)
    assert net(cr.tensor(1.0)).item() == 11.0
    net.register_forward_pre_hook(lambda m, args, kwargs: 3, with_kwargs=True)
    with pytest.raises(RuntimeError, match="forward pre-hook must return None or a tuple"):
        net(cr.tensor(1.0))


# ── parameters, containers, printing ────────────────────────────────────────────────────────────


def test_parameter():
    data = cr.ones(2)
    p = nn.Parameter(data)
    assert p.is_leaf
    assert p.requires_grad
    assert isinstance(p, cr.Tensor)
    data.fill_(3.0)
    assert p.tolist() == [3.0, 3.0]
    assert repr(p) == "Parameter containing:\ntensor([3., 3.], requires_grad=True)"
    assert type(p * 2) is cr.Tensor
    assert not nn.Parameter(cr.tensor([1]), requires_grad=False).requires_grad
    with pytest.raises(RuntimeError, match="only Tensors of floating point"):
        nn.Parameter(cr.tensor([1]))
    with cr.no_grad():
        assert nn.Parameter(cr.ones(1)).requires_grad


def test_sequential_is_a_sequence():
    net = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
    assert len(net) == 3
    assert net[-1] is net[2]
    assert [type(m).__name__ for m in net[1:]] == ["ReLU", "Linear"]
    net[1] = nn.Tanh()
    assert type(net[1]) is nn.Tanh
    net.insert(0, nn.Identity())
    assert net[1].weight._name == "1.weight"
    del net[0]
    assert [n for n, _ in net.named_children()] == ["0", "1", "2"]
    assert net(cr.ones(4, 2)).shape == (4, 1)
    with pytest.raises(IndexError, match="index 3 is out of range"):
        net[3]


def test_module_list_is_a_list():
    layers = nn.ModuleList([nn.Linear(1, 1)])
    layers += [nn.ReLU(), nn.ReLU()]
    assert len(layers[1:]) == 2
    assert [type(m).__name__ for m in layers] == ["Linear", "ReLU", "ReLU"]


def test_printing():
    assert repr(Net()) == (
        "Net(\n"
        "  (first): Linear(in_features=3, out_features=2, bias=True)\n"
        "  (rest): ModuleList(\n"
        "    (0): Linear(in_features=2, out_features=2, bias=True)\n"
        "  )\n"
        ")"
    )
    assert repr(nn.ModuleList([nn.ReLU(), nn.ReLU(), nn.Flatten()])) == (
        "ModuleList(\n  (0-1): 2 x ReLU()\n  (2): Flatten(start_dim=1, end_dim=-1)\n)"
    )
