"""The Tensor class: data, properties, Python's protocols."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import record
from chainrule.op import FUNCTIONS, METHODS

TOOLS = Path(__file__).parent.parent / "tools"


# ── .data ───────────────────────────────────────────────────────────────────────────────────────


def test_writes_to_data_are_unseen_by_the_version_counter() -> None:
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    loss = (w * w).sum()
    w.data.add_(1)
    w.data -= 0.5
    w.data[0] = 7
    assert w._version == 0 and w.requires_grad
    loss.backward()  # with the changed values, as in PyTorch
    assert w.grad.tolist() == [14, 5]


def test_data_has_no_history() -> None:
    y = cr.ones(2, requires_grad=True) * 2
    assert not y.data.requires_grad and y.data.is_leaf
    y.data.zero_()
    assert y.tolist() == [0, 0]


def test_assigning_data_changes_memory_shape_and_dtype_but_not_the_graph() -> None:
    w = cr.ones(2, requires_grad=True)
    new = cr.zeros(3, dtype=cr.float64)
    w.data = new
    assert w.shape == (3,) and w.dtype is cr.float64 and w.requires_grad and w.is_leaf
    new[0] = 5
    assert w.tolist() == [5, 0, 0]
    (w * 2).sum().backward()
    assert w.grad.dtype is cr.float64 and w.grad.tolist() == [2, 2, 2]
    with pytest.raises(RuntimeError, match="data set to a tensor that requires gradients must be floating point"):
        w.data = cr.ones(3, dtype=cr.int64)
    with pytest.raises(TypeError, match="Variable data has to be a tensor, but got list"):
        w.data = [1.0]


def test_a_view_that_is_given_other_data_leaves_its_base() -> None:
    base = cr.zeros(4)
    part = base[:2]
    part.data = cr.ones(2)
    part.add_(1)
    assert part.tolist() == [2, 2] and base.tolist() == [0, 0, 0, 0] and base._version == 0


def test_detach_shares_memory_and_the_version_counter() -> None:
    w = cr.ones(2, requires_grad=True)
    y = w * 1
    loss = (y * y).sum()
    y.detach().add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()
    assert y.detach_() is y and y.is_leaf and not y.requires_grad


# ── properties ──────────────────────────────────────────────────────────────────────────────────


def test_properties_of_a_tensor_on_the_cpu() -> None:
    x = cr.ones(2, 3)
    assert (x.shape, x.ndim, x.dtype, x.layout) == ((2, 3), 2, cr.float32, cr.strided)
    assert (x.itemsize, x.nbytes, x.numel(), x.element_size(), x.get_device()) == (4, 24, 6, 4, -1)
    assert x.is_cpu and not (x.is_cuda or x.is_sparse or x.is_quantized or x.is_meta)
    assert x.is_floating_point() and not x.is_complex() and x.is_signed()
    assert not x.is_pinned() and x.share_memory_() is x
    assert x.real is x
    with pytest.raises(RuntimeError, match="imag is not implemented"):
        _ = x.imag


def test_transposes_are_views() -> None:
    x = cr.arange(6.0).reshape(2, 3)
    for y in (x.T, x.mT, x.H):
        assert y.shape == (3, 2) and y.data_ptr() == x.data_ptr()
    assert cr.ones(2, 3, 4).T.shape == (4, 3, 2) and cr.ones(2, 3, 4).mT.shape == (2, 4, 3)
    for wrong, name in ((cr.ones(3), "mT"), (cr.ones(3), "H"), (cr.ones(2, 2, 2), "H")):
        with pytest.raises(RuntimeError, match=f"tensor.{name} is only supported"):
            getattr(wrong, name)


def test_gradients_are_checked_when_assigned() -> None:
    w = cr.ones(2, requires_grad=True)
    w.grad = cr.ones(2)
    for wrong, text in ((cr.ones(3), "different size"), (cr.ones(2, dtype=cr.float64), "different type")):
        with pytest.raises(RuntimeError, match=text):
            w.grad = wrong
    with pytest.raises(TypeError, match="expected to be a Tensor or None"):
        w.grad = 1.0
    del w.grad
    assert w.grad is None


# ── Python's protocols ──────────────────────────────────────────────────────────────────────────


def test_numbers_come_out_of_single_elements_only() -> None:
    assert (int(cr.tensor(2.7)), float(cr.tensor([2])), complex(cr.tensor(2)), bool(cr.tensor([[1]]))) == (
        2,
        2.0,
        2,
        True,
    )
    assert [10, 20, 30][cr.tensor(1)] == 20 and f"{cr.tensor(3):d}" == "3"
    with pytest.raises(RuntimeError, match="a Tensor with 2 elements cannot be converted to Scalar"):
        cr.ones(2).item()
    for convert in (int, float, complex):
        with pytest.raises(ValueError, match="only one element tensors can be converted to Python scalars"):
            convert(cr.ones(2))
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with more than one value is ambiguous"):
        bool(cr.ones(2))
    with pytest.raises(RuntimeError, match="Boolean value of Tensor with no values is ambiguous"):
        bool(cr.ones(0))
    with pytest.raises(TypeError, match="only integer tensors of a single element"):
        [1, 2][cr.tensor(1.0)]


def test_iteration_length_and_membership() -> None:
    x = cr.tensor([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2 and [row.tolist() for row in x] == [[1, 2], [3, 4]]
    assert 3 in x and 5 not in x
    assert [v.item() for v in reversed(cr.tensor([1, 2, 3]))] == [3, 2, 1]
    for use in (len, iter):
        with pytest.raises(TypeError, match="0-d tensor"):
            use(cr.tensor(1))
    with pytest.raises(RuntimeError, match="only supports Tensor or scalar"):
        "a" in x  # noqa: B015


def test_tensors_are_hashed_by_identity_and_equal_elementwise() -> None:
    x, y = cr.ones(2), cr.ones(2)
    assert len({x, y}) == 2 and {x: 1}[x] == 1
    assert (x == y).tolist() == [True, True]
    assert (x == None) is False and (x != "a") is True  # noqa: E711
    with pytest.raises(TypeError):
        x < None  # noqa: B015


def test_what_operations_make_is_as_bare_as_it_can_be() -> None:
    out = record.Tensor()
    assert type(out) is cr.Tensor and not out.__dict__
    assert not hasattr(out, "_data")


# ── the public page and the stubs ───────────────────────────────────────────────────────────────


def test_every_function_and_method_of_the_records_is_public() -> None:
    assert [name for name in FUNCTIONS if getattr(cr, name, None) is not FUNCTIONS[name]] == []
    assert [name for name in METHODS if not hasattr(cr.Tensor, name)] == []


def test_the_stubs_are_current() -> None:
    done = subprocess.run([sys.executable, TOOLS / "stubs.py", "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_numpy_scalars_are_numbers() -> None:
    x = cr.ones(2)
    for number in (np.float64(2), np.float32(2), np.int64(2)):
        assert (x * number).dtype is (number * x).dtype is cr.float32


def test_storage_is_refused_with_what_to_use_instead():
    with pytest.raises(cr.NotSupportedError, match=r"^storage\(\) is not supported.*numpy\(\)"):
        cr.ones(2).storage()
