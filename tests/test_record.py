"""`apply` and its flat twins: same values, same nodes, same saved values."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import chainrule as cr
from chainrule import record
from chainrule.op import REGISTRY

FLAT = sorted(name for name, op in REGISTRY.items() if op.call is not op and op.elementwise)


def operands(op, dtype, tracked):
    rng = np.random.default_rng(0)
    tensors = [cr.tensor(rng.uniform(0.2, 0.8, 3), dtype=dtype) for _ in op.args]
    for i, t in enumerate(tensors):
        t.requires_grad_(bool(tracked >> i & 1))
    return tensors


def describe(node):
    if node is None:
        return None
    saved = [v.tolist() if isinstance(v, np.ndarray) else v for v in node.saved]
    versions = [version for _, version in node.versions]
    edges = [e is not None for e in node.edges]
    return type(node), saved, versions, edges, node.shape, node.dtype, node.line


@pytest.mark.parametrize("dtype", [cr.float32, cr.float64, cr.int64], ids=str)
@pytest.mark.parametrize("name", FLAT)
def test_flat_calls_equal_apply(name, dtype):
    op = REGISTRY[name]
    for tracked in range(2 ** len(op.args)) if dtype.is_floating_point else [0]:
        tensors = operands(op, dtype, tracked)
        try:
            general = record.apply(op, *tensors)
        except (RuntimeError, TypeError) as error:
            with pytest.raises(type(error)):
                op.call(*tensors)
            continue
        flat, general = op.call(*tensors), record.apply(op, *tensors)
        assert flat._data.dtype == general._data.dtype
        np.testing.assert_array_equal(flat._data, general._data)
        assert (describe(flat._node) or [])[:6] == (describe(general._node) or [])[:6]


def test_a_node_knows_the_line_that_made_it():
    import sys

    x = cr.ones(2, requires_grad=True)
    line = sys._getframe().f_lineno
    y = x * x
    z = y.sum()
    assert y.grad_fn.line == f"test_record.py:{line + 1}"
    assert z.grad_fn.line == f"test_record.py:{line + 2}"


def test_numpy_warnings_stay_silent_even_when_warnings_are_errors():
    x = cr.tensor([0.0, 3e38], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (x / x).isnan().tolist() == [True, False]
        assert (x * x).tolist() == [0.0, np.inf]
        assert x.log()[0].item() == -np.inf
        (x * x).sum().backward()


def test_the_users_own_numpy_still_warns():
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        np.float64(1.0) / np.zeros(1)


def test_constants_are_kept_and_values_only_where_a_rule_needs_them():
    x, c = cr.ones(2, requires_grad=True), cr.ones(2)
    node = (x + c).grad_fn
    assert node.saved[1] is None and node.saved[2] is c._data
    node = (x * c).grad_fn
    assert node.saved[1] is None and node.saved[2] is c._data
    w = cr.ones(2, requires_grad=True)
    node = (x * w).grad_fn
    assert node.saved[1] is x._data and node.saved[2] is w._data


def test_unsupported_operands_say_what_to_do():
    with pytest.raises(TypeError, match=r"must be Tensor or Number, but got object.*tensor\("):
        cr.ones(2) * object()


def test_shapes_that_do_not_broadcast():
    with pytest.raises(RuntimeError, match=r"^The size of tensor a \(3\) must match the size of") as e:
        cr.ones(2, 3) * cr.ones(4)
    assert "mul(a: 2×3 float32, b: 4 float32)" in str(e.value)


def test_numbers_beside_tensors_keep_their_sign_and_their_nan():
    x = cr.ones(1)
    for zero in (0.0, -0.0, 0, -0.0, 0.0):
        assert np.signbit((x * zero)._data[0]) == np.signbit(np.float64(zero))
    assert (x * float("nan")).isnan().item() and (x + float("inf")).isinf().item()


def test_the_numbers_kept_for_speed_are_bounded():
    from chainrule.flat import _CONSTANTS

    x = cr.ones(1)
    for i in range(3000):
        x * (i + 0.5)
    assert len(_CONSTANTS[np.dtype(np.float32)]) <= 1001
    assert not any(number != number for number in _CONSTANTS[np.dtype(np.float32)])
