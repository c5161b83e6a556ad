"""What reductions do that no comparison with PyTorch shows: accuracy, large zeros, the texts of errors."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng(0)


def tensor(array, dtype=np.float64):
    return cr.tensor(np.asarray(array, dtype))


@pytest.mark.parametrize(
    "shape, dim", [((200_000,), None), ((200_000, 2), 0), ((2, 200_000), 1), ((500, 400, 2), (0, 1))]
)
@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_float32_sums_are_accurate(reduce, shape, dim):
    x = rng.uniform(0, 1, shape).astype(np.float32)
    found = getattr(cr.tensor(x), reduce)(dim).numpy()
    np.testing.assert_allclose(found, getattr(x.astype(np.float64), reduce)(dim), rtol=1e-6)


def test_strided_sums_are_accurate():
    x = rng.uniform(0, 1, (200_000, 3)).astype(np.float32)
    np.testing.assert_allclose(cr.tensor(x)[:, :2].sum().item(), x[:, :2].astype(np.float64).sum(), rtol=1e-6)


@pytest.mark.parametrize("dim", [0, 1, None])
def test_float16_sums_do_not_stop_at_2048(dim):
    x = cr.tensor(np.ones((4096, 2), np.float16))
    assert x.sum(dim).max().item() == {0: 4096, 1: 2, None: 8192}[dim]
    assert x.mean().item() == 1


def test_float16_mean_does_not_overflow():
    assert cr.tensor(np.full(1000, 1000, np.float16)).mean().item() == 1000


def test_variance_of_numbers_far_from_zero():
    x = cr.tensor((1e4 + np.arange(1000) % 2).astype(np.float32))
    assert x.var(correction=0).item() == pytest.approx(0.25, rel=1e-5)


def test_logsumexp_neither_overflows_nor_underflows():
    x = tensor([1000.0, 1000.0]).requires_grad_()
    y = x.logsumexp(0)
    y.backward()
    assert y.item() == pytest.approx(1000 + np.log(2))
    np.testing.assert_allclose(x.grad.numpy(), [0.5, 0.5])
    assert tensor([-1000.0, -1000.0]).logsumexp(0).item() == pytest.approx(-1000 + np.log(2))


@pytest.mark.parametrize("zeros", [0, 1, 2])
def test_gradient_of_a_product_with_zeros(zeros):
    values = np.array([2.0, 3.0, 5.0])
    values[:zeros] = 0
    x = tensor(values).requires_grad_()
    x.prod().backward()
    assert x.grad.tolist() == [np.prod(np.delete(values, i)) for i in range(3)]


def test_a_tie_shares_the_gradient():
    x = tensor([1.0, 3.0, 3.0]).requires_grad_()
    x.max().backward()
    assert x.grad.tolist() == [0, 0.5, 0.5]


def test_a_maximum_along_a_dim_takes_the_first():
    x = tensor([[1.0, 3.0, 3.0]]).requires_grad_()
    x.max(1).values.sum().backward()
    assert x.grad.tolist() == [[0, 1, 0]]


def test_named_results_unpack_and_print():
    result = cr.tensor([[1.0, 5.0], [4.0, 2.0]]).max(1)
    values, indices = result
    assert values is result.values
    assert indices.tolist() == [1, 0]
    assert repr(result) == "torch.return_types.max(\nvalues=tensor([5., 4.]),\nindices=tensor([1, 0]))"


def test_degrees_of_freedom_are_warned_about():
    with pytest.warns(UserWarning, match=r"var\(\): degrees of freedom is <= 0"):
        assert np.isnan(cr.tensor([1.0]).var().item())


@pytest.mark.parametrize(
    "call, error, text",
    [
        (lambda x: x.int().mean(), RuntimeError, "could not infer output dtype.*float"),
        (lambda x: x.sum(2), IndexError, r"Dimension out of range \(expected to be in range of \[-2, 1\], but got 2\)"),
        (
            lambda x: x[:0].max(),
            RuntimeError,
            r"max\(\): Expected reduction dim to be specified for input.numel\(\) == 0",
        ),
        (lambda x: x[:0].max(0), IndexError, r"max\(\): Expected reduction dim 0 to have non-zero size"),
        (lambda x: x.norm("nuc"), NotImplementedError, "singular values"),
        (lambda x: x.sum(out=x), NotImplementedError, "out="),
    ],
)
def test_errors_say_what_to_do(call, error, text):
    with pytest.raises(error, match=text):
        call(cr.tensor([[1.0, 2.0], [3.0, 4.0]]))
