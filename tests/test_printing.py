"""How tensors print; the comparison with PyTorch, character by character, is in `torch/test_printing.py`."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import printing, record

CASES = [
    (np.float32([1, 2.5, -3]), "tensor([ 1.0000,  2.5000, -3.0000])"),
    (np.float32([1, 2, -3]), "tensor([ 1.,  2., -3.])"),
    (np.float32([1e-5, 1]), "tensor([1.0000e-05, 1.0000e+00])"),
    (np.float32([np.nan, np.inf, 1]), "tensor([nan, inf, 1.])"),
    (np.float64([0.5]), "tensor([0.5000], dtype=torch.float64)"),
    (np.array([1, -20]), "tensor([  1, -20])"),
    (np.int32([7]), "tensor([7], dtype=torch.int32)"),
    (np.array([True, False]), "tensor([ True, False])"),
    (np.array(3.0, np.float32), "tensor(3.)"),
    (np.zeros((0, 3), np.float32), "tensor([], size=(0, 3))"),
    (np.zeros(0, np.int64), "tensor([], dtype=torch.int64)"),
    (np.float32([[1, 2], [3, 4]]), "tensor([[1., 2.],\n        [3., 4.]])"),
    (np.arange(2000), "tensor([   0,    1,    2,  ..., 1997, 1998, 1999])"),
]


@pytest.mark.parametrize("array, expected", CASES, ids=[text for _, text in CASES])
def test_repr(array, expected):
    """One of each kind."""
    assert repr(record.wrap(array)) == expected


def test_the_place_in_the_graph():
    """A leaf that asks for a gradient, a result, a retained one's detached twin."""
    x = record.wrap(np.float32([1, 2])).requires_grad_()
    assert repr(x) == "tensor([1., 2.], requires_grad=True)"
    assert repr(x * x) == "tensor([1., 4.], grad_fn=<MulBackward0>)"
    assert repr((x * x).detach()) == "tensor([1., 4.])"


def test_a_subclass_prints_its_name():
    """And the following lines are indented by it; a Parameter is a plain tensor with words of its own in front."""

    class Image(cr.Tensor):
        __slots__ = ()

    image = Image.__new__(Image)
    image._data, image._node, image._storage, image._view = np.ones((2, 1), np.float32), None, None, None
    assert repr(image) == "Image([[1.],\n       [1.]])"


def test_options_are_kept_until_they_are_set_again():
    """`profile` first, then what is given beside it."""
    before = printing.get_printoptions()
    try:
        cr.set_printoptions(profile="short", precision=1)
        assert repr(record.wrap(np.float32([1.26]))) == "tensor([1.3])"
        assert printing.get_printoptions() == {
            "precision": 1, "threshold": 1000, "edgeitems": 2, "linewidth": 80, "sci_mode": None,
        }  # fmt: skip
    finally:
        cr.set_printoptions(profile="default")
    assert printing.get_printoptions() == before


def test_format_of_one_number():
    """As Python formats the number."""
    x = record.wrap(np.array(2 / 3))
    assert f"{x:.3f} {x:8.1e}" == "0.667  6.7e-01"
    with pytest.raises(TypeError, match="unsupported format string"):
        format(record.wrap(np.ones(2)), ".3f")
