"""Printed tensors against PyTorch's, character by character."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule import printing, record

torch = pytest.importorskip("torch")

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool")
SHAPES = [
    (), (0,), (1,), (5,), (30,), (1001,), (0, 3), (2, 0, 3), (1, 1), (3, 4), (7, 25), (40, 30), (2, 3, 4), (11, 10, 10),
    (1, 2, 1, 3), (8, 1, 7, 20),
]  # fmt: skip
VALUES = {
    "normal": lambda r, s: r.standard_normal(s),
    "tiny": lambda r, s: r.standard_normal(s) * 1e-6,
    "large": lambda r, s: r.standard_normal(s) * 1e9,
    "whole": lambda r, s: np.round(r.standard_normal(s) * 10),
    "large whole": lambda r, s: np.round(r.standard_normal(s) * 1e9),
    "wide": lambda r, s: np.exp(4 * r.standard_normal(s)),
    "zero": lambda r, s: np.zeros(s),
    "minus zero": lambda r, s: np.full(s, -0.0),
    "nan": lambda r, s: np.full(s, np.nan),
    "some nan": lambda r, s: np.where(r.random(s) < 0.4, np.nan, r.standard_normal(s)),
    "whole and inf": lambda r, s: np.where(r.random(s) < 0.4, -np.inf, np.round(r.standard_normal(s) * 5)),
    "wide and inf": lambda r, s: np.where(r.random(s) < 0.2, np.inf, np.exp(5 * r.standard_normal(s))),
}
OPTIONS = [
    {}, {"precision": 2}, {"precision": 0}, {"threshold": 5}, {"threshold": 0, "edgeitems": 1}, {"edgeitems": 0},
    {"edgeitems": 0, "threshold": 2}, {"linewidth": 40}, {"linewidth": 20, "precision": 8}, {"profile": "short"},
    {"profile": "full"}, {"profile": "short", "precision": 6}, {"sci_mode": True}, {"sci_mode": False},
]  # fmt: skip


@pytest.fixture(autouse=True)
def default_options():
    """As it was before."""
    yield
    torch.set_printoptions(profile="default")
    printing.set_printoptions(profile="default")


def pair(values, dtype):
    """The same array as a tensor of ours and of PyTorch's."""
    with np.errstate(all="ignore"):
        array = np.nan_to_num(values).astype(dtype) if np.dtype(dtype).kind in "iub" else values.astype(dtype)
    return record.wrap(np.array(array)), torch.from_numpy(np.array(array))


@pytest.mark.parametrize("name, dtype", list(itertools.product(VALUES, DTYPES)))
def test_repr(name, dtype):
    """Every shape, every kind of values."""
    rng = np.random.default_rng(0)
    for shape in SHAPES:
        a, b = pair(np.asarray(VALUES[name](rng, shape)), dtype)
        assert repr(a) == repr(b)
        assert str(a) == str(b)


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", ["normal", "whole", "wide and inf"])
def test_options(options, name):
    """The same options on both sides."""
    rng = np.random.default_rng(1)
    torch.set_printoptions(**options)
    printing.set_printoptions(**options)
    for shape, dtype in itertools.product(SHAPES, ("float32", "int64", "bool")):
        a, b = pair(np.asarray(VALUES[name](rng, shape)), dtype)
        assert repr(a) == repr(b)
    assert printing.get_printoptions() == torch._tensor_str.get_printoptions()


@pytest.mark.parametrize("dtype", ["float64", "float16"])
def test_default_dtype(dtype):
    """What is expected is not mentioned."""
    torch.set_default_dtype(getattr(torch, dtype))
    cr.set_default_dtype(getattr(cr, dtype))
    try:
        for other in DTYPES:
            for shape in ((), (0,), (2, 2)):
                a, b = pair(np.ones(shape), other)
                assert repr(a) == repr(b)
    finally:
        torch.set_default_dtype(torch.float32)
        cr.set_default_dtype(cr.float32)


@pytest.mark.parametrize("n", range(30))
def test_the_place_in_the_graph_and_where_lines_break(n):
    """`requires_grad=True`, `grad_fn=<MulBackward0>`, on a new line where the last one is full."""
    for dtype in ("float32", "float64"):
        a, b = pair(np.linspace(1, 2, n), dtype)
        a.requires_grad_()
        b.requires_grad_()
        assert repr(a) == repr(b)
        assert repr(a * a) == repr(b * b)
        assert repr((a * a).detach()) == repr((b * b).detach())


def test_memory_in_any_order():
    """Transposed and strided tensors print their values, not their memory."""
    array = np.arange(60.0).reshape(6, 10)
    for view in (lambda x: x.T, lambda x: x[::2], lambda x: x[:, 3]):
        assert repr(record.wrap(view(array))) == repr(view(torch.from_numpy(array)))


def test_format():
    """0-d tensors format as numbers, others only plainly."""
    for value, specification in [(1.23456, ".3f"), (2.0, ""), (-1e9, ".2e"), (0.5, "%"), (3.0, "08.2f"), (1.5, ">10")]:
        a, b = pair(np.array(value), "float32")
        assert format(a, specification) == format(b, specification)
        assert format(a.requires_grad_(), specification) == format(b.requires_grad_(), specification)
    a, b = pair(np.array(7), "int64")
    assert f"{a:d} {a:>5} {a}" == f"{b:d} {b:>5} {b}"
    a, b = pair(np.arange(3.0), "float32")
    assert f"{a}" == f"{b}"
    for x in (a, b):
        with pytest.raises(TypeError, match="unsupported format string"):
            format(x, ".2f")
