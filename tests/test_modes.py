"""Grad modes: as blocks and decorators, for generators, after errors, per thread; inference tensors."""

from __future__ import annotations

import threading

import pytest

import chainrule as cr

MODES = {
    "no_grad": (cr.no_grad, False),
    "no_grad()": (cr.no_grad(), False),
    "enable_grad": (cr.enable_grad, True),
    "enable_grad()": (cr.enable_grad(), True),
    "inference_mode()": (cr.inference_mode(), False),
    "inference_mode": (cr.inference_mode, False),
}


@pytest.mark.parametrize("outside", [False, True])
@pytest.mark.parametrize("name", MODES)
def test_as_decorators(name, outside):
    decorator, inside = MODES[name]

    @decorator
    def f(x):
        """Doc."""
        return cr.is_grad_enabled(), x

    before = cr.is_grad_enabled()
    cr.set_grad_enabled(outside)
    try:
        assert f(3) == (inside, 3)
        assert cr.is_grad_enabled() is outside
        assert (f.__name__, f.__doc__) == ("f", "Doc.")
    finally:
        cr.set_grad_enabled(before)


@pytest.mark.parametrize("name", MODES)
def test_restored_after_an_error(name):
    decorator, _ = MODES[name]

    @decorator
    def f():
        raise KeyError

    with pytest.raises(KeyError):
        f()
    assert cr.is_grad_enabled() and not cr.is_inference_mode_enabled()


def test_recursion_through_one_decorator():
    @cr.no_grad()
    def f(n):
        return [cr.is_grad_enabled()] + (f(n - 1) if n else [])

    assert f(3) == [False] * 4 and cr.is_grad_enabled()


def test_nested_blocks():
    seen = []
    with cr.no_grad():
        seen.append(cr.is_grad_enabled())
        with cr.enable_grad():
            seen.append(cr.is_grad_enabled())
            with cr.set_grad_enabled(False):
                seen.append(cr.is_grad_enabled())
        seen.append(cr.is_grad_enabled())
    assert seen == [False, True, False, False] and cr.is_grad_enabled()


def test_set_grad_enabled_acts_at_once_but_not_as_a_decorator():
    cr.set_grad_enabled(False)
    assert not cr.is_grad_enabled()
    cr.set_grad_enabled(True)

    @cr.set_grad_enabled(False)
    def f():
        return cr.is_grad_enabled()

    assert cr.is_grad_enabled()
    assert f() is False and cr.is_grad_enabled()


def test_generators_hold_the_mode_only_while_they_run():
    @cr.no_grad()
    def numbers():
        try:
            while True:
                got = yield cr.is_grad_enabled()
                seen.append((got, cr.is_grad_enabled()))
        except KeyError:
            yield ("caught", cr.is_grad_enabled())
        finally:
            seen.append(("closed", cr.is_grad_enabled()))

    seen = []
    generator = numbers()
    assert next(generator) is False and cr.is_grad_enabled()
    assert generator.send(5) is False and cr.is_grad_enabled()
    assert generator.throw(KeyError()) == ("caught", False)
    generator.close()
    assert seen == [(5, False), ("closed", False)]


def test_generators_return_values():
    @cr.no_grad
    def f():
        yield 1
        return 2

    def g():
        got = yield from f()
        yield got

    assert list(g()) == [1, 2]


def test_modes_are_per_thread():
    seen = []
    with cr.no_grad(), cr.autograd.set_debug(True):
        thread = threading.Thread(target=lambda: seen.append((cr.is_grad_enabled(), cr.autograd.is_debug_enabled())))
        thread.start()
        thread.join()
    assert seen == [(True, False)]


# ── inference mode ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "make",
    [
        lambda: cr.ones(2),
        lambda: cr.tensor([1.0, 1.0]),
        lambda: cr.rand(2) * 0 + 1,
        lambda: cr.stack([cr.ones(()), cr.ones(())]),
    ],
    ids=["ones", "tensor", "result", "stack"],
)
def test_inference_tensors_cannot_be_saved(make):
    with cr.inference_mode():
        x = make()
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    assert x.is_inference() and not w.is_inference()
    for f in (lambda: x * w, lambda: w * x, lambda: w.view(1, 2) @ x, lambda: cr.where(x > 0, w, x) * x):
        with pytest.raises(RuntimeError, match="^Inference tensors cannot be saved for backward"):
            f()
    (w + x).sum().backward()
    assert w.grad.tolist() == [1.0, 1.0]
    assert not x.clone().is_inference()
    assert (x.clone() * w).requires_grad


def test_inference_mode_off():
    with cr.inference_mode(), cr.inference_mode(False):
        assert cr.is_grad_enabled() and not cr.ones(2).is_inference()


def test_the_version_of_an_inference_tensor():
    with cr.inference_mode():
        x = cr.ones(2)
        x.add_(1)
        with pytest.raises(RuntimeError, match="^Inference tensors do not track version counter"):
            _ = x._version
    with pytest.raises(RuntimeError, match="^Inplace update to inference tensor outside InferenceMode"):
        x.add_(1)
    assert x.tolist() == [2.0, 2.0]


def test_a_normal_tensor_written_in_inference_mode_stays_normal():
    x = cr.ones(2)
    with cr.inference_mode():
        x.add_(1)
        view = x.view(2)
        assert not view.is_inference()
    assert not x.is_inference() and x._version == 1
