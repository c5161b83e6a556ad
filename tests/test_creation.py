"""Tensors from sizes, ranges and numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr

FACTORIES = [cr.zeros, cr.ones, cr.empty]


@pytest.mark.parametrize("factory", FACTORIES)
def test_sizes_in_every_form(factory) -> None:
    forms = [((2, 3),), ([2, 3],), (2, 3), (cr.Size([2, 3]),), (np.int64(2), cr.tensor(3))]
    for form in forms:
        assert factory(*form).shape == (2, 3)
    assert factory(size=(2, 3)).shape == (2, 3)
    assert factory(()).shape == ()
    assert factory(0, 3).shape == (0, 3)


@pytest.mark.parametrize("factory", FACTORIES)
def test_options_of_every_factory(factory) -> None:
    x = factory(2, dtype=cr.float64, device="cpu", layout=cr.strided, pin_memory=False, requires_grad=True)
    assert x.dtype is cr.float64 and x.requires_grad and x.is_leaf
    with pytest.raises(RuntimeError, match="floating point and complex dtype can require gradients"):
        factory(2, dtype=cr.int64, requires_grad=True)
    with pytest.raises(cr.NotSupportedError, match="out= is not supported"):
        factory(2, out=x)
    with pytest.raises(RuntimeError, match="Dimension size must be non-negative"):
        factory(2, -1)


@pytest.mark.parametrize(
    "function", [cr.zeros_like, cr.ones_like, cr.empty_like, lambda x, **o: cr.full_like(x, 7, **o)]
)
def test_likes_keep_shape_dtype_and_strides(function) -> None:
    x = cr.ones(2, 3, 4, dtype=cr.int16).permute(2, 0, 1)
    y = function(x)
    assert (y.shape, y.dtype, y.stride()) == (x.shape, x.dtype, x.stride())
    assert function(cr.ones(1, 3).expand(2, 3)).is_contiguous()
    assert function(x, dtype=cr.float32, requires_grad=True).requires_grad
    assert function(x, memory_format=cr.contiguous_format).is_contiguous()


def test_news_take_the_dtype_of_the_tensor() -> None:
    x = cr.ones(2, dtype=cr.int16)
    for y in (x.new_zeros(2, 3), x.new_ones((2, 3)), x.new_empty([2, 3]), x.new_full((2, 3), 5.5)):
        assert y.dtype is cr.int16 and y.shape == (2, 3)
    assert x.new_full((1,), 5.5).tolist() == [5]
    assert x.new_tensor([1.5]).tolist() == [1]
    assert x.new_zeros(2, dtype=cr.float64).dtype is cr.float64


def test_ranges_end_where_they_should() -> None:
    assert cr.arange(0, 1, 0.1).shape == (10,)
    assert cr.arange(5, 0, -2).tolist() == [5, 3, 1]
    for steps in range(6):
        points = cr.linspace(-1, 2, steps, dtype=cr.float64)
        np.testing.assert_allclose(points.numpy(), np.linspace(-1, 2, steps), rtol=1e-15)
    assert cr.linspace(0.1, 0.7, 101, dtype=cr.float64)[-1] == 0.7
    np.testing.assert_allclose(cr.logspace(-3, 3, 7).numpy(), np.logspace(-3, 3, 7), rtol=1e-6)
    for wrong, text in (((0, 1, 0), "step must be nonzero"), ((0, 1, -1), "inconsistent with step sign")):
        with pytest.raises(RuntimeError, match=text):
            cr.arange(*wrong)
    with pytest.raises(RuntimeError, match="unsupported range"):
        cr.arange(math.nan)


def test_triangles_are_where_tril_keeps_elements() -> None:
    for offset in (-1, 0, 2):
        for name in ("tril", "triu"):
            rows, columns = getattr(cr, f"{name}_indices")(3, 4, offset)
            kept = cr.zeros(3, 4, dtype=cr.int64)
            kept[rows, columns] = 1
            assert kept.tolist() == getattr(np, name)(np.ones((3, 4), int), offset).tolist()


def test_empty_strided_lies_as_asked() -> None:
    assert cr.empty_strided((2, 3), (1, 2)).stride() == (1, 2)
    assert cr.empty_strided((0, 3), (3, 1)).shape == (0, 3)
    with pytest.raises(RuntimeError, match=r"dimensionality of sizes \(1\) must match dimensionality of strides \(2\)"):
        cr.empty_strided((2,), (1, 2))


def test_vander_has_gradients() -> None:
    x = cr.tensor([2.0, 3.0], requires_grad=True)
    cr.vander(x, 3).sum().backward()
    assert x.grad.tolist() == [5.0, 7.0]


def test_constructors_of_old() -> None:
    assert cr.Tensor().shape == (0,)
    assert cr.Tensor(2, 3).shape == cr.FloatTensor(2, 3).shape == (2, 3)
    assert cr.Tensor([1, 2]).dtype is cr.float32
    assert cr.LongTensor([1.5]).tolist() == [1]
    shared = cr.ones(2)
    cr.Tensor(shared)[0] = 5
    assert shared.tolist() == [5, 1]
    assert isinstance(cr.ones(2), cr.FloatTensor) and not isinstance(cr.ones(2), cr.LongTensor)
    with pytest.raises(TypeError, match="data must be a sequence"):
        cr.Tensor(2.5)
    with pytest.raises(TypeError, match="convert it"):
        cr.LongTensor(cr.ones(2))


def test_subclasses_are_made_as_their_class_says() -> None:
    class Plain(cr.Tensor):
        pass

    class Named(cr.Tensor):
        def __new__(cls, data: object, name: str) -> Named:
            out = cr.Tensor._make_subclass(cls, cr.tensor(data))
            out.name = name
            return out

        def __init__(self, data: object, name: str) -> None:
            pass

    assert type(Plain([1.0, 2.0])) is Plain
    named = Named([1.0], "x")
    assert type(named) is Named and named.name == "x" and (named + 1).tolist() == [2]
    assert type(cr.ones(2).as_subclass(Plain)) is Plain


def test_inference_mode_makes_inference_tensors() -> None:
    with cr.inference_mode():
        assert all(x.is_inference() for x in (cr.ones(2), cr.tensor([1.0]), cr.arange(3)))
    assert not cr.ones(2).is_inference()
