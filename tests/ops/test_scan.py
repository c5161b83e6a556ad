"""Scans: the recurrence behind their gradients, and numbers that would overflow."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.ops.scan import recurrence

rng = np.random.default_rng(0)


@pytest.mark.parametrize("n", [1, 2, 3, 7, 8, 100])
@pytest.mark.parametrize("transposed", [False, True])
def test_recurrence_is_the_solution_of_a_bidiagonal_system(n, transposed):
    a, b = rng.standard_normal((2, n))
    system = np.eye(n) - np.diag(a[1:], -1)
    expected = np.linalg.solve(system.T if transposed else system, b)
    np.testing.assert_allclose(recurrence(a, b, 0, transposed), expected, rtol=1e-9)


def test_logcumsumexp_does_not_overflow():
    x = cr.tensor(np.array([900.0, 1000.0, -1000.0])).requires_grad_()
    y = x.logcumsumexp(0)
    y.sum().backward()
    np.testing.assert_allclose(y.detach().numpy(), [900, 1000, 1000])
    np.testing.assert_allclose(x.grad.numpy(), [1, 2, 0], atol=1e-12)


def test_float16_running_sums_do_not_stop_at_2048():
    assert cr.tensor(np.ones(4096, np.float16)).cumsum(0)[-1].item() == 4096
