"""Sorting: stability, and gradients that go where a value came from."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


@pytest.mark.parametrize("descending, expected", [(False, [1, 3, 0, 2]), (True, [0, 2, 1, 3])])
def test_equal_elements_keep_their_order(descending, expected):
    assert cr.tensor([2, 1, 2, 1]).argsort(descending=descending).tolist() == expected


def test_topk_takes_the_first_of_equal_elements():
    assert cr.tensor([1.0, 1.0, 1.0]).topk(2).indices.tolist() == [0, 1]


def test_the_gradient_follows_the_values():
    x = cr.tensor([3.0, 1.0, 2.0]).requires_grad_()
    (x.sort().values * cr.tensor([1.0, 10.0, 100.0])).sum().backward()
    assert x.grad.tolist() == [100, 1, 10]


def test_a_quantile_between_two_elements_shares_the_gradient():
    x = cr.tensor(np.array([4.0, 1.0, 2.0, 3.0])).requires_grad_()
    x.quantile(0.25).backward()
    np.testing.assert_allclose(x.grad.numpy(), [0, 0.25, 0.75, 0])
