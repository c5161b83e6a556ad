"""In-place methods and `x[...] = y`: what they write, what gradients make of it, what a failed one leaves."""

from __future__ import annotations

import pytest

import chainrule as cr
from chainrule.errors import DtypeError, InplaceError, ShapeError


def unchanged(x, call, error, match):
    """Assert that a call raises and changes nothing about x."""
    before = (x.tolist(), x._version, x.grad_fn, x.requires_grad, x.shape)
    with pytest.raises(error, match=match):
        call(x)
    assert (x.tolist(), x._version, x.grad_fn, x.requires_grad, x.shape) == before


REFUSED = {
    "shape": (lambda x: x.add_(cr.ones(4)), ShapeError, "must match"),
    "growing": (
        lambda x: x.add_(cr.ones(5, 2, 3)),
        ShapeError,
        r"output with shape \[2, 3\] doesn't match the broadcast shape",
    ),
    "copy_": (lambda x: x.copy_(cr.ones(4)), ShapeError, "The size of tensor a"),
    "copy_ growing": (lambda x: x.copy_(cr.ones(1, 2, 3)), ShapeError, "doesn't match the broadcast shape"),
    "row": (lambda x: x.__setitem__(0, cr.ones(2)), ShapeError, "The expanded size of the tensor"),
    "integers": (lambda x: x.__setitem__([0, 1], cr.ones(2)), ShapeError, "shape mismatch: value tensor of shape"),
    "outside": (lambda x: x.__setitem__(2, 0), IndexError, "index 2 is out of bounds for dimension 0 with size 2"),
    "outside in a tensor": (
        lambda x: x.__setitem__(cr.tensor([0, 9]), 0),
        IndexError,
        "index 9 is out of bounds for dimension 0",
    ),
    "dimensions": (lambda x: x.__setitem__((0, 0, 0), 0), IndexError, "too many indices for tensor of dimension 2"),
    "step": (lambda x: x.__setitem__(slice(None, None, -1), 0), ValueError, "step must be greater than zero"),
    "list": (lambda x: x.__setitem__(0, [1, 2, 3]), TypeError, "can't assign a list to a torch.FloatTensor"),
    "dtype": (
        lambda x: x.__setitem__([0], cr.tensor([[1, 2, 3]])),
        DtypeError,
        "Index put requires the source and destination",
    ),
    "fill_": (lambda x: x.fill_(cr.ones(2)), ShapeError, "fill_ only supports 0-dimension value tensor"),
    "index_put_": (lambda x: x.index_put_((cr.tensor([5]),), cr.tensor(1.0)), IndexError, "index 5 is out of bounds"),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("tracked", [False, True])
def test_a_refused_write_changes_nothing(name, tracked):
    x = cr.ones(2, 3)
    if tracked:
        x = x.requires_grad_() * 1
    unchanged(x, *REFUSED[name])


def test_integers_refuse_fractions():
    x = cr.tensor([1, 2])
    unchanged(x, lambda x: x.add_(1.5), RuntimeError, "result type Float can't be cast to the desired output type Long")
    unchanged(x, lambda x: x.div_(2), RuntimeError, "result type Float can't be cast")
    x[0] = 2.7
    assert x.tolist() == [2, 2]
    y = cr.tensor([1], dtype=cr.uint8)
    unchanged(y, lambda y: y.fill_(300), RuntimeError, "value cannot be converted to type uint8")
    y.fill_(-1)
    assert y.tolist() == [255]


def test_elements_that_share_memory_are_not_written():
    x = cr.ones(3).expand(2, 3)
    unchanged(x, lambda x: x.add_(1), InplaceError, "more than one element of the written-to tensor refers to a single")
    x[0].fill_(2)
    assert x.tolist() == [[2.0] * 3] * 2
    one = cr.ones(3)
    one.expand(3).mul_(4)
    assert one.tolist() == [4.0] * 3


def test_frozen_memory_is_not_written():
    x = cr.zeros(3)
    x._data.flags.writeable = False
    unchanged(x, lambda x: x.add_(1), InplaceError, "its memory is read-only")
    unchanged(x, lambda x: x.__setitem__(0, 1), InplaceError, "its memory is read-only")
    unchanged(x, lambda x: x.__setitem__([0], 1), InplaceError, "its memory is read-only")


def test_a_leaf_is_written_under_no_grad_only():
    w = cr.ones(2, requires_grad=True)
    unchanged(
        w,
        lambda w: w.sub_(1),
        InplaceError,
        "a leaf Variable that requires grad is being used in an in-place operation",
    )
    unchanged(w, lambda w: w.copy_(cr.zeros(2)), InplaceError, "with no_grad")
    with cr.no_grad():
        w -= 0.5
    assert (w.tolist(), w.is_leaf, w.requires_grad, w._version) == ([0.5, 0.5], True, True, 1)


def test_leaf_and_node_after_a_write():
    a = cr.ones(2, requires_grad=True)
    x = cr.zeros(2)
    assert x.is_leaf
    x.add_(a)
    assert not x.is_leaf
    assert type(x.grad_fn).__name__ == "AddBackward0"
    x.copy_(a)
    assert type(x.grad_fn).__name__ == "CopyBackwards"
    x.fill_(3)
    assert x.requires_grad  # as in PyTorch; of the gradient nothing is left
    x.sum().backward()
    assert a.grad.tolist() == [0.0, 0.0]
    assert x._version == 3


def test_copy_casts_broadcasts_and_hands_the_gradient_back():
    a = cr.tensor([1.0, 2.0], requires_grad=True)
    x = cr.zeros(3, 2, dtype=cr.float64)
    assert x.copy_(a) is x
    (x * cr.arange(6).reshape(3, 2)).sum().backward()
    assert x.tolist() == [[1.0, 2.0]] * 3
    assert (a.grad.tolist(), a.grad.dtype) == ([6.0, 9.0], cr.float32)


def test_assignment_is_differentiated_on_both_sides():
    a = cr.arange(6.0).reshape(2, 3).clone().requires_grad_()
    b = cr.tensor([10.0, 20.0], requires_grad=True)
    x = a * 2
    x[:, 1] = b
    x[1, [0, 2]] = b * 3
    assert x.tolist() == [[0.0, 10.0, 4.0], [30.0, 20.0, 60.0]]
    (x * x).sum().backward()
    assert a.grad.tolist() == [[0.0, 0.0, 16.0], [0.0, 0.0, 0.0]]
    assert b.grad.tolist() == [20.0 + 180.0, 40.0 + 360.0]


def test_assignment_through_masks():
    a = cr.tensor([1.0, -2.0, 3.0], requires_grad=True)
    x = a * 1
    mask = x.detach() < 0
    x[mask] = 0
    mask[:] = True  # as after PyTorch's own: the write is over
    x.sum().backward()
    assert a.grad.tolist() == [1.0, 0.0, 1.0]


def test_assignment_under_a_bool():
    x = cr.zeros(2, 2)
    x[True] = 1
    x[False] = 7
    x[cr.tensor(False)] = 7
    assert x.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_assignment_from_itself():
    x = cr.arange(4.0)
    x[1:] = x[:-1]
    assert x.tolist() == [0.0, 0.0, 1.0, 2.0]


def test_a_saved_value_that_was_written_is_noticed():
    a = cr.ones(2, requires_grad=True)
    x = a * 1
    y = x.square()
    x[0] = 5
    with pytest.raises(InplaceError, match=r"modified by an inplace operation: a value saved by `square`.*changed by"):
        y.sum().backward()


def test_an_index_that_was_written_is_noticed():
    a = cr.ones(3, requires_grad=True)
    index = cr.tensor([0, 1])
    y = a[index]
    index += 1
    with pytest.raises(InplaceError, match="modified by an inplace operation"):
        y.sum().backward()


def test_operands_that_are_the_tensor_itself():
    a = cr.tensor([2.0, 3.0], requires_grad=True)
    x = a * 1
    x.mul_(x)
    x.add_(x)
    x.sum().backward()
    assert x.tolist() == [8.0, 18.0]
    assert a.grad.tolist() == [8.0, 12.0]


def test_index_put_in_place():
    a = cr.tensor([1.0, 2.0, 3.0], requires_grad=True)
    x = cr.zeros(2)
    assert x.index_put_((cr.tensor([0, 0, 1]),), a, accumulate=True) is x
    assert x.tolist() == [3.0, 3.0]
    (x * cr.tensor([5.0, 7.0])).sum().backward()
    assert a.grad.tolist() == [5.0, 5.0, 7.0]
    assert x._version == 1


def test_second_gradients_of_a_write():
    a = cr.tensor([1.0, 2.0], dtype=cr.float64, requires_grad=True)
    x = a**2
    x[0] = a[1] ** 3
    (g,) = cr.autograd.grad((x * x).sum(), a, create_graph=True)
    (h,) = cr.autograd.grad(g.sum(), a)
    assert g.tolist() == [0.0, 6 * 2.0**5 + 4 * 2.0**3]
    assert h.tolist() == [0.0, 30 * 2.0**4 + 12 * 2.0**2]


def test_a_chain_of_writes_is_a_chain_of_gradients():
    a = cr.ones(3, requires_grad=True)
    x = a * 1
    for i in range(3):
        x[i] = x[i] * (i + 2)
        x[i:].mul_(2)
    x.sum().backward()
    assert a.grad.tolist() == [4.0, 12.0, 32.0]


def test_writes_through_data_go_unseen():
    a = cr.ones(2, requires_grad=True)
    x = a * 1
    x.data[0] = 9
    assert (x.tolist(), x._version) == ([9.0, 1.0], 0)
