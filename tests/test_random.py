"""Random numbers: PyTorch's for known seeds, generators, threads; the comparison is in `torch/test_random.py`."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

import chainrule as cr
from chainrule import random, record
from chainrule.random import kernels
from chainrule.random.box_muller import fused, normals32


@pytest.fixture(autouse=True)
def seeded():
    """Every test starts from the same numbers."""
    cr.manual_seed(0)


KNOWN = [
    (lambda: cr.rand(3), [0.4962565899, 0.7682217956, 0.0884774327]),
    (lambda: cr.randn(3), [1.5409960747, -0.2934289277, -2.1787893772]),
    (lambda: record.wrap(cr.randn(20)._data[-2:]), [2.0049805641, 0.0537369028]),
    (lambda: cr.randint(100, (4,)), [44, 39, 33, 60]),
    (lambda: cr.randperm(6), [2, 5, 3, 0, 1, 4]),
    (lambda: cr.bernoulli(record.wrap(np.full(6, 0.5, np.float32))), [1.0, 0.0, 1.0, 1.0, 1.0, 0.0]),
    (lambda: cr.normal(10.0, 0.5, (2,)), [10.7704982758, 9.8532857895]),
]


@pytest.mark.parametrize("draw, expected", KNOWN)
def test_numbers_of_pytorch(draw, expected):
    """What PyTorch 2.13 gives after manual_seed(0)."""
    np.testing.assert_allclose(draw()._data, expected, rtol=2e-7)


def test_draws_are_those_of_mt19937():
    """However many are asked for at once."""
    for n in (1, 3, 2000, 2001, 5000):
        raw = np.random.RandomState(7)._bit_generator.random_raw(4 * n)
        g = random.Generator().manual_seed(7)
        np.testing.assert_array_equal(g.draws32(n), raw[:n])
        np.testing.assert_array_equal(g.draws64(n), raw[n : 3 * n : 2] << np.uint64(32) | raw[n + 1 : 3 * n : 2])


def test_normals_are_normal():
    """Against the C library, and their moments."""
    u = random.Generator().manual_seed(1).uniforms(160_000, np.float32)
    found = normals32(u, 0.0, 1.0)
    blocks = u.astype(np.float64).reshape(-1, 2, 8)
    radius, angle = np.sqrt(-2 * np.log(1 - blocks[:, 0])), 2 * np.pi * blocks[:, 1]
    expected = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1).reshape(-1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-6)
    assert abs(found.mean()) < 0.01
    assert abs(found.std() - 1) < 0.01


def test_fused_multiply_add_rounds_once():
    """Against exact rational arithmetic."""
    from fractions import Fraction

    rng = np.random.default_rng(0)
    for dtype in (np.float32, np.float64):
        x = rng.standard_normal(500).astype(dtype)
        factor, term = dtype(1.1), dtype(-0.7)
        exact = [Fraction(float(v)) * Fraction(float(factor)) + Fraction(float(term)) for v in x]
        nearest = np.array([float(v) for v in exact])  # Python rounds a fraction once
        found = fused(x.copy(), factor, term)
        if dtype is np.float64:
            np.testing.assert_array_equal(found, nearest)
        else:
            np.testing.assert_array_equal(found, nearest.astype(np.float32))


@pytest.mark.parametrize("n", [0, 1, 2, 900, 70_000])
def test_permutations_hold_every_number_once(n):
    """By the loop and by LAPACK."""
    np.testing.assert_array_equal(np.sort(cr.randperm(n)._data), np.arange(n))


def test_the_loop_and_lapack_swap_alike():
    """Fisher and Yates in two ways."""
    for n in (2, 3, 50, 3000):
        steps = np.random.default_rng(n).integers(0, np.arange(n, 1, -1))
        np.testing.assert_array_equal(kernels.swapped_by_loop(steps), kernels.swapped_by_lapack(steps))


def test_states():
    """get and set, fork, clone, pickle: all go on with the same numbers."""
    cr.randn(3)  # one normal is kept
    state = cr.get_rng_state()
    assert (state._data.dtype, state._data.shape) == (np.uint8, (5056,))
    expected = cr.randn(5)._data
    for _ in range(2):
        cr.set_rng_state(state)
        np.testing.assert_array_equal(cr.randn(5)._data, expected)
    cr.set_rng_state(state)
    with random.fork_rng():
        cr.manual_seed(99)
        cr.rand(10)
    np.testing.assert_array_equal(cr.randn(5)._data, expected)
    g = cr.Generator().manual_seed(5)
    cr.randn(1, generator=g)
    twins = [g.clone_state(), pickle.loads(pickle.dumps(g))]
    expected = cr.randn(4, generator=g)._data
    for twin in twins:
        np.testing.assert_array_equal(cr.randn(4, generator=twin)._data, expected)


def test_seeds():
    """Known until the next one, drawn from the operating system by `seed`."""
    assert cr.initial_seed() == 0
    cr.manual_seed(-1)
    assert cr.initial_seed() == 2**64 - 1
    assert cr.seed() == cr.initial_seed()
    first = cr.initial_seed()
    assert cr.seed() != first
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        cr.manual_seed(2**64)


def test_threads_share_a_generator_without_losing_or_doubling_numbers():
    """Together they take exactly what one thread would have taken."""
    expected = np.sort(random.Generator().manual_seed(4).uniforms(8 * 200 * 5, np.float64))
    g, found = cr.Generator().manual_seed(4), []

    def work():
        for _ in range(200):
            found.append(cr.rand(5, dtype=cr.float64, generator=g)._data)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), expected)


def test_in_place_sampling_counts_as_a_write():
    """And is refused where a write would be, before anything is drawn."""
    x = cr.rand(4)
    before = x._version
    x.uniform_()
    assert x._version == before + 1
    leaf = cr.rand(4, requires_grad=True)
    state = cr.get_rng_state()._data
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        leaf.normal_()
    np.testing.assert_array_equal(cr.get_rng_state()._data, state)
    y = leaf * leaf  # saves leaf
    with cr.no_grad():
        leaf.normal_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


def test_a_sample_has_a_gradient_of_zero():
    """In place, through a view, and for what the probabilities came from."""
    x = record.wrap(np.float32([0.2, 0.7])).requires_grad_()
    (cr.bernoulli(x) * 3).sum().backward()
    np.testing.assert_array_equal(x.grad._data, [0, 0])
    x.grad = None
    y = x * 2
    y.bernoulli_(x)
    assert y.grad_fn.name() == "BernoulliBackward1"
    (y + x).sum().backward()
    np.testing.assert_array_equal(x.grad._data, [1, 1])


def test_out_is_refused():
    """With the way out."""
    for call in (
        lambda t: cr.rand(2, out=t), lambda t: cr.randn(2, out=t), lambda t: cr.randint(5, (2,), out=t),
        lambda t: cr.randperm(2, out=t), lambda t: cr.bernoulli(t, out=t), lambda t: cr.multinomial(t, 1, out=t),
        lambda t: cr.normal(t, 1.0, out=t),
    ):  # fmt: skip
        with pytest.raises(NotImplementedError, match="out= is not supported"):
            call(cr.rand(2))


def test_multinomial_follows_the_weights():
    """Never a category of weight zero, never one twice without replacement, frequencies as asked."""
    p = record.wrap(np.float32([[0, 1, 3, 0, 4]] * 3))
    once = cr.multinomial(p, 3)._data
    assert np.isin(once, [1, 2, 4]).all()
    assert all(len(set(row)) == 3 for row in once.tolist())
    many = cr.multinomial(p, 20_000, replacement=True)._data
    np.testing.assert_allclose(np.bincount(many.ravel(), minlength=5) / many.size, [0, 0.125, 0.375, 0, 0.5], atol=0.02)
