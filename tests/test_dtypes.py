"""Dtypes, limits, Size, device: what needs no PyTorch to be told right from wrong."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

import chainrule as cr


def test_dtypes_survive_pickle_and_copy_as_themselves() -> None:
    for dtype in (cr.float16, cr.float32, cr.int64, cr.bool):
        assert pickle.loads(pickle.dumps(dtype)) is dtype
        assert copy.deepcopy(dtype) is dtype


def test_numpy_takes_our_dtypes() -> None:
    assert np.zeros(2, dtype=cr.float32).dtype == np.float32


def test_default_dtype_decides_about_floats() -> None:
    cr.set_default_dtype(cr.float64)
    try:
        assert cr.get_default_dtype() is cr.float64
        assert cr.tensor(1.0).dtype is cr.zeros(1).dtype is cr.arange(0.5).dtype is cr.float64
        assert (cr.tensor([1, 2]) / 2).dtype is cr.float64
    finally:
        cr.set_default_dtype(cr.float32)
    with pytest.raises(TypeError, match="only floating-point types are supported as the default type"):
        cr.set_default_dtype(cr.int64)


def test_complex_is_refused_with_a_way_out() -> None:
    for make in (lambda: cr.tensor(1j), lambda: cr.tensor([1.0, 1j]), lambda: cr.from_numpy(np.zeros(2, complex))):
        with pytest.raises(cr.NotSupportedError, match="two real tensors"):
            make()
    with pytest.raises(AttributeError, match="complex64.*two real tensors"):
        _ = cr.complex64
    with pytest.raises(NotImplementedError, match="two real tensors"):
        cr.ones(2) * 1j


@pytest.mark.parametrize(
    "name, reason",
    [("sparse_coo_tensor", "sparse"), ("bfloat16", "no such dtype"), ("quantize_per_tensor", "quantised")],
)
def test_names_that_pytorch_has_and_we_lack_say_why(name: str, reason: str) -> None:
    assert not hasattr(cr, name)
    with pytest.raises(AttributeError, match=reason):
        getattr(cr, name)


def test_an_unknown_name_is_an_ordinary_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'chainrule' has no attribute 'tensr'"):
        _ = cr.tensr
    with pytest.raises(AttributeError, match="'Tensor' object has no attribute 'summ'"):
        cr.ones(2).summ()
    with pytest.raises(AttributeError, match="'to_sparse': there are no sparse tensors"):
        cr.ones(2).to_sparse()


def test_size_stays_a_size() -> None:
    size = cr.ones(2, 3, 4).shape
    assert size == (2, 3, 4)
    for part in (size[1:], size + (5,), (5,) + size, size * 2, 2 * size, copy.deepcopy(size)):
        assert type(part) is cr.Size
    assert pickle.loads(pickle.dumps(size)) == size
    assert size.numel() == 24
    with pytest.raises(TypeError, match="item 1 is 'float'"):
        cr.Size([1, 2.5])


def test_only_the_cpu_can_be_used() -> None:
    assert cr.ones(2).device == cr.device("cpu") == cr.get_default_device()
    assert not cr.cuda.is_available() and cr.cuda.device_count() == 0
    cr.set_default_device("cpu")
    cr.cuda.manual_seed_all(0)
    with cr.device("cpu"):
        assert cr.ones(2, device="cpu:0").device.type == "cpu"
    for use in (
        lambda: cr.ones(2, device="cuda"),
        lambda: cr.ones(2).cuda(),
        lambda: cr.ones(2).to(cr.device("cuda:1")),
        lambda: cr.set_default_device("cuda"),
        lambda: cr.cuda.current_device(),
        lambda: cr.device("cuda").__enter__(),
    ):
        with pytest.raises(cr.NotSupportedError, match="CPU only"):
            use()
    assert pickle.loads(pickle.dumps(cr.device("cuda:1"))) == cr.device("cuda", 1)


def test_numbers_that_do_not_fit() -> None:
    with pytest.raises(
        RuntimeError, match="value cannot be converted to type uint8 without overflow: 300 is not between"
    ):
        cr.full((2,), 300, dtype=cr.uint8)
    with pytest.raises(OverflowError, match="int too (big|large) to convert"):
        cr.ones(2) * 2**2000
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        cr.tensor(2**63)


def test_threads() -> None:
    assert cr.get_num_threads() >= 1
    for wrong in (0, "a", True):
        with pytest.raises(RuntimeError, match="set_num_threads expects"):
            cr.set_num_threads(wrong)
