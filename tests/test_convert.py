"""Data in and out: lists, NumPy, DLPack, pickle, copies."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

import chainrule as cr


def test_tensor_copies() -> None:
    a = np.zeros(2)
    x = cr.tensor(a)
    a[0] = 1
    assert x.tolist() == [0, 0]


@pytest.mark.parametrize("share", [cr.from_numpy, cr.as_tensor, cr.asarray, cr.from_dlpack])
def test_sharing_is_mutual(share) -> None:
    a = np.zeros(3)
    x = share(a)
    a[0] = 1
    x[1] = 2
    x[2:].add_(3)
    assert a.tolist() == x.tolist() == [1, 2, 3]
    assert np.shares_memory(x.numpy(), a)


def test_negative_strides_are_shared_too() -> None:
    a = np.arange(4.0)
    x = cr.from_numpy(a[::-1])
    x[0] = 9
    assert a.tolist() == [0, 1, 2, 9]


def test_read_only_arrays_warn_and_cannot_be_written() -> None:
    a = np.zeros(2)
    a.flags.writeable = False
    with pytest.warns(UserWarning, match="not writable"):
        x = cr.from_numpy(a)
    with pytest.raises(RuntimeError, match="read-only"):
        x.add_(1)
    assert cr.tensor(a).add_(1).tolist() == [1, 1]


def test_ragged_lists_say_where() -> None:
    with pytest.raises(ValueError, match=r"expected sequence of length 2 at dim 1 \(got 3\)"):
        cr.tensor([[1, 2], [1, 2, 3]])
    with pytest.raises(ValueError, match=r"expected sequence of length 2 at dim 2 \(got 1\)"):
        cr.tensor([[[1, 2]], [[1]]])
    with pytest.raises(TypeError, match="not a sequence"):
        cr.tensor([[1, 2], 3])


def test_tensors_in_lists_leave_the_graph_and_it_is_remembered() -> None:
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    x = cr.tensor([w[0], w[1]])
    assert x.tolist() == [1, 2] and not x.requires_grad
    with pytest.raises(RuntimeError, match=r"`tensor` at test_convert.py:\d+ is not differentiable"):
        x.sum().backward()
    with pytest.raises(ValueError, match="use stack"):
        cr.tensor([w, w])


def test_a_tensor_given_to_tensor_warns() -> None:
    with pytest.warns(UserWarning, match="To copy construct from a tensor") as caught:
        cr.tensor(cr.ones(2))
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="To copy construct from a tensor"):
        cr.ones(2).new_tensor(cr.ones(2))


def test_as_tensor_keeps_history_and_identity() -> None:
    w = cr.ones(2, requires_grad=True)
    assert cr.as_tensor(w) is w
    assert cr.as_tensor(w, dtype=cr.float64).requires_grad


def test_asarray_copies_as_told() -> None:
    x = cr.ones(2)
    assert cr.asarray(x) is x
    assert cr.asarray(x, copy=True).data_ptr() != x.data_ptr()
    a = np.ones(2)
    assert not np.shares_memory(cr.asarray(a, copy=True).numpy(), a)
    with pytest.raises(ValueError, match="can't alias arbitrary sequence"):
        cr.asarray([1.0], copy=False)
    with pytest.raises(ValueError, match="can't alias tensor with dtype 'Float' into dtype 'Double'"):
        cr.asarray(x, dtype=cr.float64, copy=False)
    w = cr.ones(2, requires_grad=True)
    assert not cr.asarray(w, requires_grad=False).requires_grad
    assert cr.asarray(x, requires_grad=True).requires_grad and not x.requires_grad


# ── numpy() and NumPy's functions ───────────────────────────────────────────────────────────────


def test_numpy_refuses_what_it_cannot_carry_and_names_the_operation() -> None:
    w = cr.ones(2, requires_grad=True)
    y = w * 2
    with pytest.raises(
        RuntimeError, match="Can't call numpy.. on Tensor that requires grad. Use tensor.detach"
    ) as error:
        y.numpy()
    assert "made by `mul` at test_convert.py" in str(error.value) and "no_grad" in str(error.value)
    with pytest.raises(RuntimeError, match="Can't call numpy"):
        np.asarray(w)
    with cr.no_grad():
        assert y.numpy().tolist() == [2, 2]
    assert y.numpy(force=True).tolist() == y.detach().numpy().tolist() == [2, 2]


def test_ufuncs_give_tensors_with_gradients() -> None:
    w = cr.tensor([0.5, 1.0], requires_grad=True)
    y = np.sin(w)
    assert type(y) is cr.Tensor
    y.sum().backward()
    np.testing.assert_allclose(w.grad.numpy(), np.cos([0.5, 1.0]), rtol=1e-6)


def test_ufuncs_that_are_no_operation_of_ours_compute_on_the_numbers() -> None:
    x = cr.tensor([1.0, 2.0])
    assert type(np.cbrt(x)) is cr.Tensor
    assert np.cbrt(x).tolist() == np.cbrt(np.array([1, 2], np.float32)).tolist()
    assert np.add.outer(x, x).shape == (2, 2)
    whole, rest = np.divmod(x, 2)
    assert (whole.tolist(), rest.tolist()) == ([0, 1], [1, 0])
    with pytest.raises(RuntimeError, match="Can't call numpy"):
        np.cbrt(x.requires_grad_())


@pytest.mark.parametrize("operation", ["+", "-", "*", "/", "**", "<", "=="])
def test_arrays_and_tensors_meet_on_either_side(operation: str) -> None:
    a, x = np.array([1.0, 4.0]), cr.tensor([2.0, 3.0])
    for expression in (f"a {operation} x", f"x {operation} a"):
        found = eval(expression, {"a": a, "x": x})
        assert type(found) is cr.Tensor
        assert found.tolist() == eval(expression, {"a": a, "x": x.numpy().astype(float)}).tolist()


def test_an_array_that_is_written_stays_an_array() -> None:
    a = np.ones(2)
    a += cr.tensor([1.0, 2.0], dtype=cr.float64)
    assert type(a) is np.ndarray and a.tolist() == [2, 3]


def test_numpy_functions_take_tensors() -> None:
    x = cr.tensor([3.0, 1.0])
    assert np.allclose(x, [3, 1])
    assert np.median(x) == 2
    np.testing.assert_array_equal(x, np.array([3, 1]))
    assert np.array(x, dtype=np.float64).dtype == np.float64
    assert not np.shares_memory(np.array(x), x.numpy()) and np.shares_memory(np.asarray(x), x.numpy())


def test_dlpack_gives_the_memory_away_but_not_a_gradient() -> None:
    x = cr.ones(3)
    a = np.from_dlpack(x)
    a[0] = 7
    assert x.tolist() == [7, 1, 1]
    with pytest.raises(BufferError, match="Can't export tensors that require gradient"):
        np.from_dlpack(cr.ones(2, requires_grad=True))


# ── pickle and copy ─────────────────────────────────────────────────────────────────────────────

COPIES = [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))]


@pytest.mark.parametrize("duplicate", COPIES)
def test_copies_keep_everything_but_the_memory(duplicate) -> None:
    for x in (
        cr.tensor([[1.5, 2.0]], dtype=cr.float64, requires_grad=True),
        cr.arange(6).reshape(2, 3).t(),
        cr.arange(24).reshape(2, 3, 4)[:, 1:, ::2],
        cr.tensor(3, dtype=cr.int8),
        cr.zeros(0, 2),
        cr.ones(1, 3).expand(2, 3),
        cr.ones(2, 3, 4).permute(2, 0, 1).clone(),
    ):
        y = duplicate(x)
        assert (y.tolist(), y.dtype, y.shape, y.requires_grad) == (x.tolist(), x.dtype, x.shape, x.requires_grad)
        assert y.stride() == x.stride() or not x.numel() or 0 in x.stride()
        assert y.is_leaf and not np.shares_memory(y.numpy(force=True), x.numpy(force=True))


@pytest.mark.parametrize("duplicate", COPIES)
def test_views_stay_views_of_one_memory(duplicate) -> None:
    base = cr.arange(6.0)
    whole, part, matrix = duplicate([base, base[2:4], base.reshape(2, 3)])
    whole[3] = 9
    assert part.tolist() == [2, 9] and matrix.tolist() == [[0, 1, 2], [9, 4, 5]]
    assert base.tolist() == [0, 1, 2, 3, 4, 5]


def test_deepcopy_keeps_gradients_and_attributes_and_identity() -> None:
    w = cr.ones(2, requires_grad=True)
    (w * 3).sum().backward()
    w.note = ["mine"]
    first, second = copy.deepcopy([w, w])
    assert first is second
    assert first.grad.tolist() == [3, 3] and first.grad is not w.grad
    assert first.note == ["mine"] and first.note is not w.note
    (first * 2).sum().backward()
    assert first.grad.tolist() == [5, 5] and w.grad.tolist() == [3, 3]


def test_deepcopy_of_a_result_is_refused() -> None:
    y = cr.ones(2, requires_grad=True) * 2
    with pytest.raises(
        RuntimeError, match="Only Tensors created explicitly by the user .graph leaves. support"
    ) as error:
        copy.deepcopy(y)
    assert "MulBackward0" in str(error.value) and "test_convert.py" in str(error.value)


def test_pickle_drops_history_and_copy_shares_memory() -> None:
    y = cr.ones(2, requires_grad=True) * 2
    z = pickle.loads(pickle.dumps(y))
    assert z.is_leaf and z.requires_grad and z.grad is None
    x = cr.zeros(2)
    copy.copy(x)[0] = 1
    assert x.tolist() == [1, 0]


def test_subclasses_are_pickled_as_what_they_are() -> None:
    x = Labelled([1.0, 2.0])
    x.label = "a"
    for y in (pickle.loads(pickle.dumps(x)), copy.deepcopy(x)):
        assert type(y) is Labelled and y.label == "a" and y.tolist() == [1, 2]


class Labelled(cr.Tensor):
    label = ""


# ── dtypes ──────────────────────────────────────────────────────────────────────────────────────


def test_conversions_return_the_tensor_itself_where_nothing_changes() -> None:
    x = cr.ones(2)
    assert x.float() is x.to(cr.float32) is x.to("cpu") is x.type_as(x) is x.cpu() is x.to(x) is x.type(cr.float32) is x
    assert x.to(cr.float32, copy=True) is not x


def test_conversions_are_differentiable_between_floats() -> None:
    w = cr.tensor([1.0, 2.0], requires_grad=True)
    y = w.double()
    assert type(y.grad_fn).__name__ == "ToCopyBackward0"
    (y * y).sum().backward()
    assert w.grad.dtype is cr.float32 and w.grad.tolist() == [2, 4]
    assert not w.long().requires_grad
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cr.tensor([1e6, float("nan")]).half().tolist()[0] == float("inf")
