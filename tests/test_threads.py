"""Several threads at once: no gradient is lost, no mode leaks."""

from __future__ import annotations

import sys
import threading

import pytest

import chainrule as cr


@pytest.fixture(autouse=True)
def switch_often():
    """Threads take turns as often as Python lets them."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(n, work):
    errors = []

    def run(i):
        try:
            work(i)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(i,)) for i in range(n)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not errors, errors


def test_backward_over_shared_leaves_loses_nothing():
    w = cr.zeros(3, dtype=cr.float64, requires_grad=True)
    v = cr.ones(3, dtype=cr.float64, requires_grad=True)

    def work(i):
        for k in range(50):
            (w * float(i + k) + w.exp() * v).sum().backward()

    in_threads(8, work)
    total = sum(i + k for i in range(8) for k in range(50))
    assert w.grad.tolist() == [total + 8 * 50.0] * 3
    assert v.grad.tolist() == [8 * 50.0] * 3


def test_one_retained_graph_from_many_threads():
    x = cr.ones(3, dtype=cr.float64, requires_grad=True)
    loss = (x.exp() * x).sum()
    in_threads(6, lambda i: [loss.backward(retain_graph=True) for _ in range(20)])
    expected = 120 * 2 * cr.ones(3, dtype=cr.float64).exp()
    assert cr.allclose(x.grad, expected)


def test_modes_do_not_leak_between_threads():
    x = cr.ones(3, requires_grad=True)
    wrong = []

    def work(i):
        for _ in range(50):
            if i % 2:
                with cr.no_grad():
                    if (x * 2).requires_grad:
                        wrong.append(i)
            elif not (x * 2).requires_grad:
                wrong.append(i)

    in_threads(6, work)
    assert not wrong


def test_forward_levels_are_per_thread():
    def work(i):
        for _ in range(20):
            _, t = cr.func.jvp(lambda x: x * x, (cr.tensor(float(i)),), (cr.tensor(1.0),))
            assert t.item() == 2.0 * i

    in_threads(6, work)


def test_backward_inside_of_a_hook():
    x, y = cr.ones(2, requires_grad=True), cr.ones(2, requires_grad=True)

    def hook(g):
        with cr.enable_grad():
            (y * 3).sum().backward()

    x.register_hook(hook)
    (x * 2).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0] and y.grad.tolist() == [3.0, 3.0]
