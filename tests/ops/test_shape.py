"""Shapes and views: sizes as users give them, contiguity, errors. Values against PyTorch stand in tests/torch."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule import words
from chainrule.errors import ShapeError

X = cr.arange(24).reshape(2, 3, 4)

SHAPES = {
    "numbers": (X.reshape(4, 6), (4, 6)),
    "a tuple": (X.reshape((4, 6)), (4, 6)),
    "a Size": (X.view(cr.Size([4, 6])), (4, 6)),
    "a shape": (X.view(X.shape), (2, 3, 4)),
    "keywords": (cr.reshape(cr.permute(X, dims=(2, 0, 1)), shape=(8, 3))[None].expand(size=(2, -1, -1)), (2, 8, 3)),
    "inferred": (X.view(-1, 8), (3, 8)),
    "NumPy's numbers": (X.view(np.int64(4), 6), (4, 6)),
    "tensors": (X.view(cr.tensor(4), 6), (4, 6)),
    "empty": (cr.zeros(0, 3).reshape(3, -1), (3, 0)),
    "scalar": (cr.ones(1).view(()), ()),
    "flatten": (X.flatten(1), (2, 12)),
    "flatten a scalar": (cr.tensor(1).flatten(), (1,)),
    "unflatten": (X.unflatten(-1, (2, -1)), (2, 3, 2, 2)),
    "squeeze": (cr.zeros(1, 2, 1).squeeze(), (2,)),
    "squeeze one": (cr.zeros(1, 2, 1).squeeze(-1), (1, 2)),
    "squeeze nothing": (X.squeeze(1), (2, 3, 4)),
    "squeeze several": (cr.zeros(1, 2, 1, 1).squeeze((0, 1, 3)), (2, 1)),
    "unsqueeze": (X.unsqueeze(-2), (2, 3, 1, 4)),
    "expand": (cr.zeros(3, 1).expand(2, -1, 4), (2, 3, 4)),
    "movedim": (X.movedim((0, 1), (-1, 0)), (3, 4, 2)),
    "permute": (X.permute(-1, 0, 1), (4, 2, 3)),
    "unfold": (X.unfold(2, 3, 1), (2, 3, 2, 3)),
    "diagonal": (X.diagonal(1, 1, 2), (2, 3)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes(name):
    result, shape = SHAPES[name]
    assert result.shape == shape


ERRORS = {
    "does not fill": (lambda: X.view(5, 5), RuntimeError, r"shape '\[5, 5\]' is invalid for input of size 24"),
    "two unknown": (lambda: X.view(-1, -1), RuntimeError, "only one dimension can be inferred"),
    "negative": (lambda: X.view(-2, 12), RuntimeError, "invalid shape dimension -2 at index 0"),
    "ambiguous": (lambda: cr.zeros(0).view(-1, 0), RuntimeError, "cannot reshape tensor of 0 elements"),
    "fraction": (lambda: X.view(2.0, 12), TypeError, "float"),
    "dimension": (
        lambda: X.transpose(0, 3),
        IndexError,
        r"Dimension out of range \(expected to be in range of \[-3, 2\], but got 3\)",
    ),
    "twice": (lambda: X.permute(0, 0, 1), RuntimeError, r"permute\(\): duplicate dims are not allowed"),
    "too few": (lambda: X.permute(0, 1), RuntimeError, "does not match the length of the desired ordering"),
    "t": (lambda: X.t(), RuntimeError, r"t\(\) expects a tensor with <= 2 dimensions, but self is 3D"),
    "expand": (
        lambda: X.expand(2, 3, 5),
        RuntimeError,
        r"The expanded size of the tensor \(5\) must match the existing size \(4\)",
    ),
    "memory": (lambda: X.as_strided((5, 5), (5, 1)), RuntimeError, "are out of bounds for storage of size"),
    "bytes": (lambda: cr.zeros(3).view(cr.float64), RuntimeError, r"self.size\(-1\) must be divisible by 2"),
    "windows": (lambda: X.unfold(0, 3, 1), RuntimeError, "maximum size for tensor at dimension 0 is 2 but size is 3"),
    "sections": (lambda: X.split([1, 2], 2), ShapeError, "split_with_sizes expects split_sizes to sum exactly to 4"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_errors(name):
    call, error, match = ERRORS[name]
    with pytest.raises(error, match=match):
        call()


def test_the_tensor_itself_where_nothing_is_to_be_done():
    assert X.contiguous() is X
    assert X.flatten(1, 1) is X
    assert X.mT.contiguous().is_contiguous()


def test_what_lies_where():
    assert X.stride() == (12, 4, 1)
    assert X[1, 1:].storage_offset() == 16
    assert X[1].data_ptr() == X.data_ptr() + 12 * X.element_size()
    assert not X.mT.is_contiguous()
    assert X.nbytes == 24 * 8


def test_a_view_that_has_to_copy_in_another_layout_is_written_by_place():
    chain = ((cr.op.REGISTRY["t"], {}), (cr.op.REGISTRY["reshape"], {"shape": (6,)}))
    y = words.view_put(np.zeros((2, 3)), np.arange(6.0), chain)
    assert y.tolist() == [[0.0, 2.0, 4.0], [1.0, 3.0, 5.0]]


def test_gradient_through_a_view_of_a_transposed_layout():
    a = cr.ones(3, 2, requires_grad=True)
    x = a.t() * 2  # lies in memory as its transpose
    x.t().view(6)[:2].mul_(5)
    x.sum().backward()
    assert a.grad.tolist() == [[10.0, 10.0], [2.0, 2.0], [2.0, 2.0]]
