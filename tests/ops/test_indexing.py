"""Indices, and the sums that scatter makes. What PyTorch gives stands in tests/torch."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import words

rng = np.random.default_rng(3)


@pytest.mark.parametrize("dtype", ["f4", "f8", "f2"])
@pytest.mark.parametrize(
    ("n", "m", "width"), [(5, 7, ()), (5, 7, (3,)), (40, 300, (8, 8)), (3, 2000, (9,)), (4, 0, (2,))]
)
@pytest.mark.parametrize("axis", [0, -1])
@pytest.mark.parametrize("order", ["C", "F"])
def test_slices_named_several_times_add_up(dtype, n, m, width, axis, order):
    x = np.zeros((n, *width), dtype, order=order)
    axis %= x.ndim
    index = rng.integers(-x.shape[axis], x.shape[axis], m)
    source = rng.integers(-2, 3, (*x.shape[:axis], m, *x.shape[axis + 1 :])).astype(dtype)
    expected = np.zeros(x.shape)
    for i in range(m):
        expected[(slice(None),) * axis + (index[i],)] += source[(slice(None),) * axis + (i,)]
    words.add_slices(x, index, source, axis)
    np.testing.assert_array_equal(x, expected)


def test_elements_named_several_times_add_up():
    for order in "CF":
        for shape, key in [
            ((4, 5), (np.array([[0, 3], [0, -1]]), np.array([2, 2]))),
            ((4, 5, 6), (np.array([1, 1, -1]),)),
            ((4, 5, 6), (np.array([1, 1]), slice(None), np.array([0, 0]))),
            ((4, 5), (np.array([True, False, True, True]),)),
        ]:
            x = np.zeros(shape, order=order)
            value = rng.standard_normal(x[key].shape)
            expected = np.zeros(shape)
            np.add.at(expected, key, value)
            words.add_at(x, key, value)
            np.testing.assert_allclose(x, expected)


def test_a_wrong_row_never_reaches_foreign_memory():
    with pytest.raises(IndexError, match="index out of range in self"):
        words.add_slices(np.zeros((4, 64)), np.full(200, 4), np.ones((200, 64)), 0)


@pytest.mark.parametrize("value", [True, np.int64(1), np.array(1), cr.tensor(1)])
def test_numbers_of_every_sort(value):
    x = cr.arange(6).reshape(2, 3)
    expected = x[None] if value is True else x.select(0, 1)
    assert x[value].tolist() == expected.tolist()
    y = x.clone()
    y[value] = 0
    assert y.sum().item() == (0 if value is True else 3)


def test_basic_indices_are_views_and_others_copies():
    x = cr.zeros(3, 3)
    for key in (0, (0, 1), slice(1), None, ..., (slice(None), 0), cr.tensor(1), np.int64(0)):
        x[key].fill_(1)
        assert x.sum().item() > 0
        x.zero_()
    for key in ([0], cr.tensor([0, 1]), x == 0, np.array([True, False, True]), True):
        x[key].fill_(1)
        assert x.sum().item() == 0


def test_iteration_gives_rows():
    a = cr.arange(6.0).reshape(3, 2).clone().requires_grad_()
    total = sum((i * row.sum() for i, row in enumerate(a)), start=cr.tensor(0.0))
    total.backward()
    assert a.grad.tolist() == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]


def test_messages_name_the_operation_and_its_operands():
    x = cr.zeros(2, 3)
    with pytest.raises(
        IndexError, match=r"^index 5 is out of bounds for dimension 0 with size 2; in select\(x: 2×3 float32"
    ):
        x[5]
    with pytest.raises(IndexError, match=r"^too many indices for tensor of dimension 2"):
        x[0, 0, 0]
    with pytest.raises(RuntimeError, match=r"^index 9 is out of bounds for dimension 1 with size 3"):
        x.gather(1, cr.tensor([[9]]))


def test_an_integer_index_written_later_does_not_change_a_gradient():
    a = cr.ones(3, 3, requires_grad=True)
    rows, columns = cr.tensor([0, 1]), cr.tensor([0, 1])
    y = a[rows, columns]
    rows.fill_(2)
    y.sum().backward()
    assert a.grad.tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 0.0]]


def test_scatter_reduce_of_zeros_has_second_gradients():
    x = cr.tensor([2.0, 0.0], dtype=cr.float64, requires_grad=True)
    src = cr.tensor([3.0, 5.0], dtype=cr.float64, requires_grad=True)
    y = x.scatter_reduce(0, cr.tensor([0, 1]), src, "prod")
    g, h = cr.autograd.grad(y.sum(), (x, src), create_graph=True)
    assert (g.tolist(), h.tolist()) == ([3.0, 5.0], [2.0, 0.0])
    (second,) = cr.autograd.grad(g.sum(), src)
    assert second.tolist() == [1.0, 1.0]
