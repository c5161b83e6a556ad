"""Triangles and diagonals."""

from __future__ import annotations

import pytest

import chainrule as cr


def test_the_diagonal_of_a_matrix_is_a_copy():
    x = cr.ones(2, 2)
    x.diag().zero_()
    assert x.sum().item() == 4


@pytest.mark.parametrize("offset", [-2, 0, 1])
def test_diag_undoes_diag(offset):
    x = cr.tensor([1.0, 2.0, 3.0])
    assert x.diag(offset).diag(offset).tolist() == [1, 2, 3]


def test_identical_dims_are_refused():
    with pytest.raises(RuntimeError, match="diagonal dimensions cannot be identical 0, 0"):
        cr.ones(2).diag_embed(0, 0, 0)
