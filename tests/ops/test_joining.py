"""Joining and filling: memory of their own, masks that stop gradients, many tensors at once."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


@pytest.mark.parametrize("name, arguments", [("flip", (0,)), ("roll", (1,)), ("clone", ()), ("repeat", (1,))])
def test_results_are_copies(name, arguments):
    x = cr.tensor([1.0, 2.0])
    y = getattr(x, name)(*arguments)
    y.zero_()
    assert x.tolist() == [1, 2]


def test_a_masked_element_stops_even_an_infinite_gradient():
    x = cr.tensor([0.0, 4.0]).requires_grad_()
    masked = x.masked_fill(cr.tensor([True, False]), 0)
    masked.backward(cr.tensor([float("inf"), 1.0]))
    assert x.grad.tolist() == [0, 1]


def test_a_thousand_tensors_are_one_node():
    parts = [cr.tensor([float(i)]).requires_grad_() for i in range(1000)]
    y = cr.cat(parts)
    assert len(y.grad_fn.next_functions) == 1000
    (y * cr.tensor(np.arange(1000, dtype=np.float32))).sum().backward()
    assert [p.grad.item() for p in parts] == list(range(1000))


def test_a_tensor_joined_with_itself_gets_both_gradients():
    x = cr.tensor([1.0, 2.0]).requires_grad_()
    (cr.stack([x, x]) * cr.tensor([[1.0], [10.0]])).sum().backward()
    assert x.grad.tolist() == [11, 11]


def test_sizes_that_differ_are_all_shown():
    with pytest.raises(
        RuntimeError, match=r"Expected size 3 but got size 2 for tensor number 1.*\[\[2, 3\], \[2, 2\]\]"
    ):
        cr.cat([cr.ones(2, 3), cr.ones(2, 2)])
