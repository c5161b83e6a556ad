"""PyTorch's own sample inputs (its `op_db`), run through the functions of the same name.

Values, dtypes, shapes and first gradients have to agree. `KNOWN` lists what does not, with the reason.
"""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.graph import TensorBase
from chainrule.op import FUNCTIONS

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    # Needs the package expecttest: without it this fails, since what is silently skipped is not tested.
    methods = importlib.import_module("torch.testing._internal.common_methods_invocations")

MAX_SAMPLES = 40
DTYPES = {"float32": torch.float32, "float64": torch.float64, "int64": torch.int64, "bool": torch.bool}
# Functions whose results are random, or whose memory is not initialised.
RANDOM = {
    "bernoulli", "empty", "empty_like", "empty_permuted", "empty_strided", "exponential", "geometric", "multinomial",
    "new_empty", "new_empty_strided", "normal", "rand", "rand_like", "randint", "randint_like", "randn", "randn_like",
    "uniform", "cauchy", "log_normal", "randperm",
}  # fmt: skip
KNOWN: dict[str, str] = {"argsort": "equal elements come in an order that PyTorch does not specify; sort is compared"}
# Results beyond the values are indices, which PyTorch does not specify among equal elements.
UNSPECIFIED = {"kthvalue", "mode", "sort", "topk"}
# float32, against PyTorch's own float64: at 10⁴ its logcumsumexp is 1e-3 off, ours 2e-4.
LOOSE = {"logcumsumexp": 2e-3}


class Skip(Exception):
    """A sample that uses what chainrule refuses (complex numbers, sparse layouts, out=)."""


def convert(value: Any, tracked: bool) -> Any:
    if isinstance(value, torch.Tensor):
        if value.is_complex() or value.layout != torch.strided:
            raise Skip
        array = value.detach().numpy()
        made = cr.from_numpy(array.copy(order="K") if array.size else array.copy())
        if array.size and array.strides != made._data.strides:
            base = np.empty(array.size * 4 + 16, array.dtype)
            made = cr.from_numpy(base)[: array.size].reshape(array.shape).copy_(made)
        return made.requires_grad_() if tracked and value.requires_grad else made
    if isinstance(value, torch.dtype):
        name = str(value).removeprefix("torch.")
        if "complex" in name or not hasattr(cr, name):
            raise Skip
        return getattr(cr, name)
    if isinstance(value, torch.device):
        return cr.device(str(value))
    if isinstance(value, (torch.memory_format, torch.layout)):
        raise Skip
    if isinstance(value, complex):
        raise Skip
    if isinstance(value, (list, tuple)) and not isinstance(value, torch.Size):
        return type(value)(convert(v, tracked) for v in value)
    if isinstance(value, dict):
        return {k: convert(v, tracked) for k, v in value.items()}
    return value


def tensors(value: Any) -> list[Any]:
    if isinstance(value, (torch.Tensor, TensorBase)):
        return [value]
    if isinstance(value, (list, tuple)):
        return [t for v in value for t in tensors(v)]
    return []


def check_equal(ours: Any, theirs: Any, what: str, loose: float = 0.0) -> None:
    a, b = tensors(ours), tensors(theirs)
    assert len(a) == len(b), f"{what}: {len(a)} results for {len(b)}"
    if not b:
        same = ours == theirs or (isinstance(theirs, float) and math.isnan(theirs) and math.isnan(ours))
        assert same, f"{what}: {ours} for {theirs}"
    for x, y in zip(a, b, strict=True):
        assert str(x.dtype) == str(y.dtype), f"{what}: dtype {x.dtype} for {y.dtype}"
        assert tuple(x.shape) == tuple(y.shape), f"{what}: shape {tuple(x.shape)} for {tuple(y.shape)}"
        tolerance = {torch.float16: 1e-2, torch.float32: 2e-4, torch.float64: 1e-8}.get(y.dtype, 0)
        tolerance = max(tolerance, loose)
        np.testing.assert_allclose(
            x.detach().numpy(), y.detach().numpy(force=True), rtol=tolerance, atol=tolerance, err_msg=what, strict=False
        )


def gradients(out: list[Any], inputs: list[Any], grad: Any, ones: Any) -> list[Any]:
    roots = [o for o in out if o.requires_grad]
    return list(grad(roots, inputs, [ones(o) for o in roots], allow_unused=True)) if roots and inputs else []


def cases() -> list[Any]:
    found = []
    for op in methods.op_db:
        if op.variant_test_name or op.name in RANDOM or op.name not in FUNCTIONS:
            continue
        for name, dtype in DTYPES.items():
            if op.supports_dtype(dtype, "cpu"):
                found.append(pytest.param(op, dtype, id=f"{op.name}-{name}"))
    return found


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("op", "dtype"), cases())
def test_function_agrees_on_pytorchs_samples(op, dtype):
    if op.name in KNOWN:
        pytest.skip(KNOWN[op.name])
    torch.manual_seed(0)
    differentiable = dtype.is_floating_point and op.supports_autograd
    ran = 0
    for i, sample in enumerate(op.sample_inputs("cpu", dtype, requires_grad=differentiable)):
        if i >= MAX_SAMPLES:
            break
        try:
            args = [convert(a, differentiable) for a in (sample.input, *sample.args)]
            kwargs = convert(sample.kwargs, differentiable)
        except Skip:
            continue
        what = f"{op.name}, sample {i}: {sample.summary()}"[:400]
        theirs = op(sample.input, *sample.args, **sample.kwargs)
        if any(t.is_complex() for t in tensors(theirs)):
            continue
        if op.name in ("where", "einsum"):  # the samples put `input` first
            args[0], args[1] = args[1], args[0]
        try:
            ours = FUNCTIONS[op.name](*args, **kwargs)
        except cr.errors.NotSupportedError:
            continue
        except Exception as error:
            raise AssertionError(f"{what}: {type(error).__name__}: {error}") from error
        if op.name in UNSPECIFIED:
            ours, theirs = ours[0], theirs[0]
        check_equal(ours, theirs, what)
        ran += 1
        if not differentiable:
            continue
        mine = [t for t in tensors([args, list(kwargs.values())]) if t.requires_grad]
        other = [t for t in tensors([sample.input, list(sample.args), list(sample.kwargs.values())]) if t.requires_grad]
        theirs_g = gradients(tensors(theirs), other, torch.autograd.grad, torch.ones_like)
        ours_g = gradients(tensors(ours), mine, cr.autograd.grad, cr.ones_like)
        assert len(ours_g) == len(theirs_g), f"{what}: gradients {len(ours_g)} for {len(theirs_g)}"
        for x, y in zip(ours_g, theirs_g, strict=True):
            if y is None or x is None:
                zero = x if y is None else y
                assert zero is None or not zero.detach().numpy().any(), f"{what}: one gradient is None"
            else:
                check_equal(x, y, f"{what}: gradient", LOOSE.get(op.name, 0.0))
    if not ran:
        pytest.skip("no sample without what chainrule refuses")
