"""A test per row of what users of dynamic-graph libraries trip over: the error says where and what to do.

Three rows are tested with their subjects: a retained graph that grows (2) and the debug mode that makes
saved values read-only (3, 17) in `autograd/test_anomaly.py`, tensors kept in a Function's ctx (16) in
`autograd/test_function.py`, a chain of a million nodes (21) in `test_memory.py`.
"""

from __future__ import annotations

import gc
import re
import weakref

import numpy as np
import pytest

import chainrule as cr


def here(offset: int = 0) -> str:
    """`test_pains.py:<line>` of the caller, `offset` lines further down."""
    import sys

    return f"test_pains.py:{sys._getframe(1).f_lineno + offset}"


def both(error: pytest.ExceptionInfo[BaseException], *parts: str) -> None:
    for part in parts:
        assert part in str(error.value), f"{part!r} is not in {error.value}"


# ── row 1: backward twice ───────────────────────────────────────────────────────────────────────


def test_second_backward_of_the_same_loss_says_run_the_forward_again():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    made = here(1)
    loss = (x * x).sum()
    first = here(1)
    loss.backward()
    with pytest.raises(RuntimeError, match="^Trying to backward through the graph a second time") as error:
        loss.backward()
    both(error, f"`mul` at {made}", f"by the backward pass at {first}", "run the forward pass again")


def test_state_carried_over_from_an_earlier_iteration_says_detach():
    w = cr.tensor([0.5], requires_grad=True)
    state = cr.ones(1)

    def iterate(state):
        for _ in range(2):
            state = cr.tanh(w * state)
            state.sum().backward()

    with pytest.raises(RuntimeError, match="^Trying to backward") as error:
        iterate(state)
    both(error, "earlier iteration", "state = state.detach()")


def test_two_losses_that_share_a_part_say_add_them():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    shared = x.exp()
    first, second = shared.sum(), (shared * 2).sum()
    first.backward()
    with pytest.raises(RuntimeError, match="^Trying to backward") as error:
        second.backward()
    both(error, "`exp`", "(loss_1 + loss_2).backward()")


def test_a_graph_that_saved_nothing_may_run_twice_as_in_pytorch():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    loss = (x + 1).sum()
    loss.backward()
    loss.backward()
    assert x.grad.tolist() == [2.0, 2.0]


# ── row 3: a saved value changed in place ───────────────────────────────────────────────────────


def test_inplace_change_of_a_saved_value_names_who_saved_and_who_wrote():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    y = x * 2
    saved = here(1)
    z = y * y
    written = here(1)
    y += 1
    before = None if x.grad is None else x.grad.clone()
    with pytest.raises(RuntimeError, match="^one of the variables needed for gradient") as error:
        z.sum().backward()
    both(error, f"saved by `mul` at {saved}", f"changed by `add_` at {written}", "expected version 0", "clone()")
    assert x.grad is before


# ── row 4: a loss without a graph ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("cut", "text"),
    [
        (lambda x: x.argmax().float(), "`argmax` at {line} is not differentiable"),
        (lambda x: (x > 1).float().sum(), "`gt` at {line} is not differentiable"),
        (lambda x: x.detach().sum(), "cut off by detach() at {line}"),
        (lambda x: cr.no_grad()(lambda: (x * 2).sum())(), "made under no_grad() at {line}"),
    ],
    ids=["argmax", "comparison", "detach", "no_grad"],
)
def test_a_loss_without_a_graph_names_where_the_path_ended(cut, text):
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    loss = cut(x) * 3
    with pytest.raises(RuntimeError, match="^element 0 of tensors does not require grad and does") as error:
        loss.backward()
    pattern = re.escape(text).replace(r"\{line\}", r"test_pains\.py:\d+")
    assert re.search(pattern, str(error.value)), str(error.value)


def test_a_value_that_left_through_item_says_where():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    line = here(1)
    value = (x * 2).sum().item()
    with pytest.raises(RuntimeError, match="^element 0 of tensors") as error:
        cr.tensor(value).backward()
    both(error, ".item()", line)


def test_requires_grad_on_the_loss_itself_is_warned_about():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    loss = x.detach().sum().requires_grad_()
    with pytest.warns(UserWarning, match="reaches no parameter"):
        loss.backward()


# ── row 6: which parameter ──────────────────────────────────────────────────────────────────────


def test_an_unused_parameter_is_named():
    model = cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.Linear(3, 1))
    loss = model[0](cr.ones(1, 2)).sum()
    with pytest.raises(RuntimeError, match="^The differentiated Tensor at index 1") as error:
        cr.autograd.grad(loss, [model[0].weight, model[1].weight])
    both(error, "'1.weight'", "allow_unused=True")


# ── row 9: edges ────────────────────────────────────────────────────────────────────────────────

INFINITE = {
    "x.sqrt()": lambda x: x.sqrt(),
    "sqrt(x)": cr.sqrt,
    "x ** 0.5": lambda x: x**0.5,
    "x.pow(0.5)": lambda x: x.pow(0.5),
    "pow(x, tensor)": lambda x: cr.pow(x, cr.tensor(0.5)),
    "x.log()": lambda x: x.log(),
    "x.log2()": lambda x: x.log2(),
    "x.log10()": lambda x: x.log10(),
}
ZERO = {
    "x.norm()": lambda x: x.norm(),
    "norm(x, dim)": lambda x: cr.norm(x, dim=0),
    "norm(x, 'fro')": lambda x: cr.norm(x, p="fro"),
    "norm(x, 3)": lambda x: x.norm(p=3),
    "dist": lambda x: cr.dist(x, cr.zeros(2)),
    "std": lambda x: x.std(),
    "abs": lambda x: x.abs().sum(),
    "x ** 0": lambda x: (x**0).sum(),
    "x ** 2": lambda x: (x**2).sum(),
}


@pytest.mark.parametrize("name", INFINITE)
def test_vertical_tangents_are_infinite_in_every_spelling(name):
    x = cr.zeros(2, requires_grad=True)
    INFINITE[name](x).sum().backward()
    assert x.grad.tolist() == [np.inf, np.inf]


@pytest.mark.parametrize("name", ZERO)
def test_corners_have_subgradient_zero_in_every_spelling(name):
    x = cr.zeros(2, requires_grad=True)
    ZERO[name](x).backward()
    assert x.grad.tolist() == [0.0, 0.0]


# ── rows 10 and 11: memory ──────────────────────────────────────────────────────────────────────


def test_a_kept_loss_holds_a_number_not_the_graph():
    x = cr.tensor([1.0, 2.0], requires_grad=True)
    hidden = x.exp()
    reference = weakref.ref(hidden.grad_fn)
    loss = (hidden * hidden).sum()
    loss.backward()
    del hidden
    assert reference() is None
    assert loss.item() > 0


def test_the_census_counts_what_is_alive_by_line():
    gc.collect()
    x = cr.ones(500, requires_grad=True)
    line = here(1)
    kept = [x.exp() for _ in range(3)]
    rows = [row for row in cr.graph_census() if row.line == line]
    assert [(row.operation, row.nodes, row.bytes) for row in rows] == [("exp", 3, 6000)]
    assert line in str(cr.graph_census())
    kept.clear()
    assert not [row for row in cr.graph_census() if row.line == line]


def test_create_graph_makes_no_cycle():
    gc.collect()
    gc.disable()
    try:
        x = cr.tensor([1.0, 2.0], requires_grad=True)
        (x.exp() * x).sum().backward(create_graph=True)
        x.grad.sum().backward()
        reference = weakref.ref(x)
        del x
        assert reference() is None
    finally:
        gc.enable()


# ── rows 17 and 18: .data, and in-place on leaves ───────────────────────────────────────────────


def test_data_is_written_unseen_by_the_version_counter():
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    y = (w * w).sum()
    w.data -= 1
    w.data.mul_(2)
    assert w._version == 0
    assert w.tolist() == [0.0, 2.0]
    y.backward()
    assert w.requires_grad


def test_inplace_on_a_leaf_is_refused_before_anything_is_written():
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="^a leaf Variable that requires grad is being used in an in-place") as error:
        w += 1
    both(error, "with no_grad():", "test_pains.py")
    assert w.tolist() == [1.0, 2.0] and w._version == 0


# ── row 22: rows in a loop ──────────────────────────────────────────────────────────────────────


def test_rows_in_a_loop_share_one_gradient_buffer(monkeypatch):
    made = []
    zeros = np.zeros

    def counted(*args, **kwargs):
        made.append(args)
        return zeros(*args, **kwargs)

    x = cr.rand(200, 3).requires_grad_()
    total = sum((x[i] * i).sum() for i in range(200))
    monkeypatch.setattr(np, "zeros", counted)
    total.backward()
    monkeypatch.undo()
    assert x.grad[:, 0].tolist() == [float(i) for i in range(200)]
    assert len(made) <= 2


# ── rows 23 and 25: NumPy ───────────────────────────────────────────────────────────────────────


def test_float64_from_numpy_meets_float32_weights():
    w = cr.ones(3, 2, requires_grad=True)
    data = cr.from_numpy(np.ones((4, 3)))
    with pytest.raises(RuntimeError, match="mat1 and mat2 must have the same dtype, but got Double and Float") as error:
        data.mm(w)
    both(error, "mat1 is float64, NumPy's default", "`mat1.to(float32)`")


def test_numpy_of_a_tensor_that_requires_grad():
    x = cr.ones(2, requires_grad=True)
    y = x.exp()
    with pytest.raises(RuntimeError, match=r"^Can't call numpy\(\) on Tensor that requires grad") as error:
        y.numpy()
    both(error, "`exp`", "detach()")
    with cr.no_grad():
        assert y.numpy().shape == (2,)
