"""Views: shared memory and counters, gradients that follow in-place writes, refusals, no cycles."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import InplaceError
from chainrule.op import REGISTRY

VIEWS = {
    "select": lambda x: x[1],
    "element": lambda x: x[1, 2],
    "slice": lambda x: x[:, ::2],
    "none": lambda x: x[None],
    "view": lambda x: x.view(4, 3),
    "reshape": lambda x: x.reshape(-1),
    "flatten": lambda x: x.flatten(),
    "unflatten": lambda x: x.unflatten(1, (2, 2)),
    "t": lambda x: x.t(),
    "T": lambda x: x.T,
    "mT": lambda x: x.mT,
    "permute": lambda x: x.permute(1, 0),
    "movedim": lambda x: x.movedim(0, 1),
    "squeeze": lambda x: x[:1].squeeze(0),
    "unsqueeze": lambda x: x.unsqueeze(-1),
    "expand": lambda x: x.expand(1, 3, 4),
    "diagonal": lambda x: x.diagonal(),
    "unfold": lambda x: x.unfold(1, 2, 2),
    "as_strided": lambda x: x.as_strided((2, 2), (1, 4), 1),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "tensor_split": lambda x: x.tensor_split(2)[1],
    "view of views": lambda x: x.unfold(1, 2, 2)[1:].reshape(2, 2, 2)[..., 0].t(),
}
every_view = pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)


@every_view
def test_a_view_shares_memory_and_counter(view):
    x = cr.zeros(3, 4)
    v = view(x)
    v.add_(1)
    assert x.sum().item() == v.numel()
    assert x._version == v._version == 1
    x.fill_(7)
    assert v.reshape(-1).tolist() == [7.0] * v.numel()
    assert v._version == 2


@every_view
def test_a_write_through_a_view_is_differentiated(view):
    a = cr.arange(12, dtype=cr.float64).reshape(3, 4).clone().requires_grad_()
    x = a * 1
    before = view(x)
    view(x).mul_(3)
    (x * cr.arange(12, dtype=cr.float64).reshape(3, 4)).sum().backward()
    factor = np.ones((3, 4))
    marked = cr.zeros(3, 4)
    view(marked).fill_(1)
    factor[marked.numpy() == 1] = 3
    assert (a.grad.numpy() == factor * np.arange(12.0).reshape(3, 4)).all()
    assert type(x.grad_fn).__name__ == "CopySlices"
    assert before.requires_grad


@every_view
def test_a_view_made_before_a_write_to_its_base_has_the_new_gradient(view):
    a = cr.ones(3, 4, requires_grad=True)
    x = a * 1
    v = view(x)
    x.mul_(5)
    v.sum().backward()
    expected = cr.zeros(3, 4)
    view(expected).fill_(5)
    assert a.grad.tolist() == expected.tolist()


def test_views_of_a_constant_follow_a_write_that_requires_grad():
    w = cr.tensor(2.0, requires_grad=True)
    x = cr.ones(3, 2)
    row, other = x[0], x[1]
    assert not row.requires_grad
    row.mul_(w)
    assert x.requires_grad
    assert row.requires_grad
    assert other.requires_grad
    (row.sum() + 10 * other.sum()).backward()
    assert w.grad.item() == 2.0


def test_writing_one_view_is_seen_by_an_overlapping_one():
    a = cr.ones(4, requires_grad=True)
    x = a * 1
    left, right = x[:3], x[1:]
    left.mul_(2)
    right.mul_(3)
    left.sum().backward()
    assert left.tolist() == [2.0, 6.0, 6.0]
    assert a.grad.tolist() == [2.0, 6.0, 6.0, 0.0]


def test_names_of_nodes():
    x = cr.ones(3, 4, requires_grad=True) * 1
    names = {
        "SelectBackward0": x[0],
        "SliceBackward0": x[1:],
        "ViewBackward0": x.view(12),
        "TBackward0": x.t(),
        "TransposeBackward0": x.transpose(0, 1),
        "PermuteBackward0": x.permute(1, 0),
        "ExpandBackward0": x.expand(2, 3, 4),
        "UnsqueezeBackward0": x.unsqueeze(0),
        "AliasBackward0": x[...],
        "UnbindBackward0": x.unbind()[0],
        "SplitBackward0": x.split(2)[0],
        "DiagonalBackward0": x.diagonal(),
        "UnfoldBackward0": x.unfold(0, 2, 1),
    }
    assert {name: type(v.grad_fn).__name__ for name, v in names.items()} == {name: name for name in names}


def test_reshape_copies_only_where_it_must():
    x = cr.arange(6).reshape(2, 3)
    x.t().reshape(6)[0] = 9
    assert x[0, 0].item() == 0
    with pytest.raises(RuntimeError, match="view size is not compatible with input tensor's size and stride"):
        x.t().view(6)


# ── refusals ────────────────────────────────────────────────────────────────────────────────────


def test_a_view_made_under_no_grad_is_not_written_with_gradients():
    x = cr.ones(3, requires_grad=True) * 1
    with cr.no_grad():
        v = x[:2]
        w = v[0]
    for part in (v, w):
        with pytest.raises(InplaceError, match="A view was created in no_grad mode and is being modified inplace"):
            part.mul_(2)
    assert x.tolist() == [1.0, 1.0, 1.0]
    assert x._version == 0
    x.mul_(2)
    with pytest.raises(InplaceError, match="its base or another view of its base has been modified inplace"):
        v * 2
    assert v.detach().tolist() == [2.0, 2.0]
    with cr.no_grad():
        assert (v + 1).tolist() == [3.0, 3.0]


@pytest.mark.parametrize(
    "parts", [lambda x: x.unbind(), lambda x: x.split(1), lambda x: x.chunk(3), lambda x: x.split([1, 2])]
)
def test_one_of_several_views_is_not_written_with_gradients(parts):
    x = cr.ones(3, 2, requires_grad=True) * 1
    part = parts(x)[0]
    with pytest.raises(InplaceError, match=r"Output 0 of \w+ is a view and is being modified inplace"):
        part.mul_(2)
    with pytest.raises(InplaceError, match="functions do not allow the output views to be modified inplace"):
        part[..., 0].mul_(2)
    assert x.sum().item() == 6.0
    plain = cr.ones(3, 2)
    parts(plain)[0].mul_(2)
    assert plain.sum().item() > 6


def test_a_view_of_a_leaf_is_written_only_under_no_grad():
    a = cr.ones(3, requires_grad=True)
    with pytest.raises(InplaceError, match="a view of a leaf Variable that requires grad is being used in an in-place"):
        a[0].mul_(2)
    with pytest.raises(InplaceError, match="a view of a leaf Variable"):
        a[0] = 5
    with pytest.raises(InplaceError, match="a leaf Variable that requires grad"):
        a[cr.tensor([0])] = 5
    assert a.tolist() == [1.0, 1.0, 1.0]
    with cr.no_grad():
        a[0] = 5
        a[1:] *= 2
    assert a.tolist() == [5.0, 2.0, 2.0]
    assert a.is_leaf


def test_detach_shares_memory_and_counter_but_no_gradient():
    a = cr.ones(2, requires_grad=True)
    x = a * 1
    d = x.detach()
    d.mul_(3)
    assert (x.tolist(), x._version, d.requires_grad) == ([3.0, 3.0], 1, False)
    x.sum().backward()
    assert a.grad.tolist() == [1.0, 1.0]


def test_a_view_may_be_a_leaf_of_its_own():
    x = cr.ones(3)
    v = x[:2].requires_grad_()
    x.mul_(2)
    (v * 2).sum().backward()
    assert v.grad.tolist() == [2.0, 2.0]
    assert not x.requires_grad
    with pytest.raises(InplaceError, match="a leaf Variable that requires grad"):
        v.mul_(2)


def test_inference_views():
    x = cr.ones(3)
    with cr.inference_mode():
        v = x[:2]
    w = cr.ones(2, requires_grad=True)
    with pytest.raises(InplaceError, match="A view was created in inference mode"):
        v.mul_(w)


# ── in-place changes of the shape alone ─────────────────────────────────────────────────────────


def test_shape_in_place():
    x = cr.arange(6.0).reshape(2, 3).clone()
    assert x.t_() is x
    assert (x.shape, x._version) == ((3, 2), 1)
    x.unsqueeze_(0).squeeze_().transpose_(0, 1).swapaxes_(0, 1)
    assert (x.tolist(), x._version) == ([[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]], 5)
    with pytest.raises(InplaceError, match="a leaf Variable that requires grad"):
        cr.ones(2, 2, requires_grad=True).t_()


def test_views_made_before_t_in_place_keep_their_rows():
    a = cr.ones(3, 2, requires_grad=True)
    x = a * 1
    row = x[0]
    x.t_()
    assert type(x.grad_fn).__name__ == "TBackward0"
    row.mul_(3)
    column = x[0]
    assert (row.shape, column.shape) == ((2,), (3,))
    x.sum().backward(retain_graph=True)
    assert a.grad.tolist() == [[3.0, 3.0], [1.0, 1.0], [1.0, 1.0]]
    column.mul_(2)
    a.grad = None
    x.sum().backward()
    assert a.grad.tolist() == [[6.0, 3.0], [2.0, 1.0], [2.0, 1.0]]


def test_resize_and_set_are_refused():
    for call in (lambda x: x.resize_(3), lambda x: x.set_(x)):
        with pytest.raises(NotImplementedError, match="the memory of a tensor is never replaced"):
            call(cr.ones(2))


# ── retained gradients, hooks ───────────────────────────────────────────────────────────────────


def test_a_retained_gradient_is_that_of_the_last_value():
    a = cr.ones(2, requires_grad=True)
    x = a * 1
    x.retain_grad()
    x.mul_(2)
    x.sum().backward()
    assert x.grad.tolist() == [1.0, 1.0]
    assert a.grad.tolist() == [2.0, 2.0]


def test_a_written_view_hangs_on_its_base():
    a = cr.ones(2, requires_grad=True)
    x = a * 1
    v = x[0]
    v.mul_(2)
    v.retain_grad()
    x.sum().backward(retain_graph=True)
    assert v.grad is None
    v.backward()
    assert v.grad.item() == 1.0


# ── cost and memory ─────────────────────────────────────────────────────────────────────────────


def _never(*_):
    raise AssertionError("the rule makes a whole tensor of zeros per part")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("select", lambda x, i: x[i]),
        ("slice", lambda x, i: x[i : i + 1]),
        ("unbind", lambda x, i: x.unbind()[i]),
        ("index_select", lambda x, i: x[[i, i]]),
        ("index", lambda x, i: x[[i, i], [0, 1]]),
        ("gather", lambda x, i: x.gather(0, cr.tensor([[i, 0]]))),
        ("diagonal", lambda x, i: x.diagonal()),
    ],
)
def test_parts_add_up_in_one_buffer(monkeypatch, name, read):
    x = cr.ones(4, 4, requires_grad=True)
    total = sum((read(x, i).sum() for i in range(4)), start=cr.tensor(0.0))
    op = REGISTRY[name]
    monkeypatch.setattr(op, "steps", ((_never, *op.steps[0][1:]), *op.steps[1:]))
    total.backward()
    assert x.grad.sum().item() == sum(read(x, i).numel() for i in range(4))


@pytest.mark.parametrize(("name", "key"), [("view_put", lambda i: i), ("index_put", lambda i: cr.tensor([i]))])
def test_written_parts_take_their_gradient_out_of_one_buffer(monkeypatch, name, key):
    a = cr.ones(4, 3, requires_grad=True)
    x = cr.zeros(4, 3)
    for i in range(4):
        x[key(i)] = a[i] * 2
        x[key(i)] = a[i] * (i + 1)
    loss = (x * cr.arange(12.0).reshape(4, 3)).sum()
    op = REGISTRY[name]
    monkeypatch.setattr(op, "steps", tuple([(_never, *step[1:]) for step in op.steps]))
    loss.backward()
    assert a.grad.tolist() == [[(3 * i + j) * (i + 1.0) for j in range(3)] for i in range(4)]


def test_a_buffer_that_someone_else_sees_is_not_written():
    a = cr.ones(3, requires_grad=True)
    x = a * 1
    y = x * 1
    y[0] = 5.0
    y.retain_grad()
    seen = []
    y.register_hook(lambda g: seen.append(g))
    g = cr.tensor([1.0, 2.0, 3.0])
    y.backward(g)
    assert g.tolist() == y.grad.tolist() == seen[0].tolist() == [1.0, 2.0, 3.0]
    assert a.grad.tolist() == [0.0, 2.0, 3.0]


def test_a_long_chain_of_views_is_freed_without_recursion():
    a = cr.ones(30_000, requires_grad=True)
    x = a * 1
    for _ in range(29_999):
        x = x[1:]
    x.mul_(3)
    x.sum().backward()
    assert a.grad.sum().item() == 3.0
    x = cr.ones(30_000)
    for _ in range(29_999):
        x = x[1:]
    assert x.item() == 1.0
    del x


def test_views_and_writes_make_no_cycles():
    gc.collect()
    gc.disable()
    try:
        a = cr.ones(3, 3, requires_grad=True)
        x = a * 1
        v = x[0]
        w = v[1:]
        v.mul_(2)
        x[1] = w.sum()
        x[x.detach() > 1] = 0.5
        x.t_()
        u = x[:, 0]
        u.copy_(a[0])
        loss = (w * 1).sum() + x.sum()
        things = [x, v, w, u, loss, x.grad_fn, w.grad_fn, loss.grad_fn]
        references = [weakref.ref(t) for t in things]
        loss.backward()
        del x, v, w, u, loss, things
        assert [r() for r in references] == [None] * len(references)
    finally:
        gc.enable()
