"""Tensors from nothing but a size, a range or a number."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes
from .convert import array_of, leaf, warn_copy
from .device import strided
from .errors import NotSupportedError, ShapeError, refuse_out
from .graph import TensorBase
from .tensor import Tensor, method

# ── what is given ───────────────────────────────────────────────────────────────────────────────


def shape_of(name: str, sizes: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """The shape that `f(2, 3)`, `f((2, 3))` or `f(size=(2, 3))` asks for."""
    if size is not None:
        sizes = (size,)
    elif not sizes:
        raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = tuple(sizes[0])
    elif len(sizes) > 1 and isinstance(sizes[0], (tuple, list)):
        raise TypeError(f"{name}() takes 1 positional argument but {len(sizes)} were given")
    for n in sizes:
        if type(n) is not int:
            sizes = tuple([_int(name, "size", n, "tuple of ints") for n in sizes])
            break
    for n in sizes:
        if n < 0:
            raise ShapeError(
                f"{name}: Dimension size must be non-negative. Trying to create tensor with negative dimension {n}: "
                f"{list(sizes)}"
            )
    return sizes


def _int(name: str, argument: str, value: Any, kind: str = "int") -> int:
    if not isinstance(value, (bool, float)):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise TypeError(f"{name}(): argument '{argument}' (position 1) must be {kind}, not {type(value).__name__}")


def _floating(dtype: Any) -> np.dtype[Any]:
    return dtypes.default_numpy_dtype() if dtype is None else dtypes.to_numpy_dtype(dtype)


def _number(name: str, argument: str, value: Any) -> Any:
    """A Python number from a number, a NumPy scalar or a 0-d tensor."""
    if isinstance(value, TensorBase) and not value._data.ndim:
        return value._data.item()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, complex):
        dtypes.to_numpy_dtype(complex)
    if not isinstance(value, (bool, int, float)):
        raise TypeError(f"{name}(): argument '{argument}' (position 2) must be Number, not {type(value).__name__}")
    return value


def _finish(name: str, array: Any, out: Any, layout: Any, device: Any, requires_grad: bool) -> Any:
    if out is not None:
        refuse_out(name)
    if layout is not None and layout is not strided:
        raise NotSupportedError(f"{name}(): layout {layout!r} is not supported, only strided; sparse tensors are not")
    return leaf(array, requires_grad, device)


# ── filled with one value ───────────────────────────────────────────────────────────────────────


def zeros(
    *sizes: Any,
    size: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """0 in every element: `zeros(2, 3)` or `zeros((2, 3))`.

    >>> import chainrule as cr
    >>> cr.zeros(2)
    tensor([0., 0.])
    """
    return _finish(
        "zeros", np.zeros(shape_of("zeros", sizes, size), _floating(dtype)), out, layout, device, requires_grad
    )


def ones(
    *sizes: Any,
    size: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """1 in every element: `ones(2, 3)` or `ones((2, 3))`.

    >>> import chainrule as cr
    >>> cr.ones(2, dtype=cr.int64)
    tensor([1, 1])
    """
    return _finish("ones", np.ones(shape_of("ones", sizes, size), _floating(dtype)), out, layout, device, requires_grad)


def empty(
    *sizes: Any,
    size: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """Whatever the memory holds in every element; to be written before it is read."""
    array: Any = np.empty(shape_of("empty", sizes, size), _floating(dtype))
    return _finish("empty", array, out, layout, device, requires_grad)


def full(
    size: Any,
    fill_value: Any,
    *,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """`fill_value` in every element; the dtype is that of the value unless given.

    Raises RuntimeError where the dtype cannot hold the value.

    >>> import chainrule as cr
    >>> cr.full((2,), 0.5)
    tensor([0.5000, 0.5000])
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}")
    return _finish("full", _filled(shape_of("full", (size,)), fill_value, dtype), out, layout, device, requires_grad)


def _filled(shape: tuple[int, ...], value: Any, dtype: Any) -> Any:
    value = _number("full", "fill_value", value)
    if dtype is not None:
        to = dtypes.to_numpy_dtype(dtype)
    elif isinstance(value, float):
        to = dtypes.default_numpy_dtype()
    else:
        to = dtypes.bool.numpy if isinstance(value, bool) else dtypes.int64.numpy
    return np.full(shape, dtypes.fit(value, to), to)


def scalar_tensor(
    s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """A number as a 0-d tensor of the default dtype, unless another is given."""
    array = _filled((), s, dtype or dtypes.get_default_dtype())
    return _finish("scalar_tensor", array, None, layout, device, requires_grad)


# ── like another tensor ─────────────────────────────────────────────────────────────────────────


def _array_like(name: str, input: Any, dtype: Any, device: Any, layout: Any, memory_format: Any) -> Any:
    """Uninitialised memory of the shape and, where it is dense, with the strides of `input`."""
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}")
    x = input._data
    order: Any = "C" if 0 in x.strides or str(memory_format) == "torch.contiguous_format" else "K"
    return np.empty_like(x, None if dtype is None else dtypes.to_numpy_dtype(dtype), order, subok=False)


def zeros_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """0 in every element of a tensor of the shape, dtype and strides of `input`.

    >>> import chainrule as cr
    >>> cr.zeros_like(cr.ones(2))
    tensor([0., 0.])
    """
    array = _array_like("zeros_like", input, dtype, device, layout, memory_format)
    array.fill(0)
    return _finish("zeros_like", array, None, layout, device, requires_grad)


def ones_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """1 in every element of a tensor of the shape, dtype and strides of `input`."""
    array = _array_like("ones_like", input, dtype, device, layout, memory_format)
    array.fill(1)
    return _finish("ones_like", array, None, layout, device, requires_grad)


def empty_like(
    input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Whatever the memory holds, in a tensor of the shape, dtype and strides of `input`."""
    array = _array_like("empty_like", input, dtype, device, layout, memory_format)
    return _finish("empty_like", array, None, layout, device, requires_grad)


def full_like(
    input: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False, memory_format: Any = None, pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """`fill_value` in every element of a tensor of the shape, dtype and strides of `input`."""
    array = _array_like("full_like", input, dtype, device, layout, memory_format)
    array.fill(dtypes.fit(_number("full_like", "fill_value", fill_value), array.dtype))
    return _finish("full_like", array, None, layout, device, requires_grad)


# ── ranges ──────────────────────────────────────────────────────────────────────────────────────


def arange(
    *args: Any,
    start: Any = None,
    end: Any = None,
    step: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    """start, start + step, … below end: `arange(end)`, `arange(start, end)`, `arange(start, end, step)`.

    int64 where all are ints, else the default dtype. Raises RuntimeError for a step of 0 or away from the end.

    >>> import chainrule as cr
    >>> cr.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    if len(args) == 1 and type(args[0]) is int and args[0] >= 0 and dtype is start is end is step is None:
        return _finish("arange", np.arange(args[0]), out, layout, device, requires_grad)
    names = ("end",) if len(args) == 1 and end is None else ("start", "end", "step")
    given = {"start": start, "end": end, "step": step}
    for name, value in zip(names, args, strict=False):
        given[name] = value
    if given["end"] is None or len(args) > 3:
        raise TypeError(f"arange() takes end, or start and end, or start, end and step; got {args}")
    first = _number("arange", "start", 0 if given["start"] is None else given["start"])
    last = _number("arange", "end", given["end"])
    by = _number("arange", "step", 1 if given["step"] is None else given["step"])
    array = _progression(first, last, by, dtype)
    return _finish("arange", array, out, layout, device, requires_grad)


def _progression(start: Any, end: Any, step: Any, dtype: Any) -> Any:
    """The numbers of `arange`, computed in double precision."""
    whole = not any(isinstance(v, float) for v in (start, end, step))
    to = dtypes.int64.numpy if dtype is None and whole else _floating(dtype)
    if to.kind == "b":
        raise NotSupportedError("\"arange_cpu\" not implemented for 'Bool'")
    if not all(map(math.isfinite, (start, end, step))):
        raise RuntimeError(f"unsupported range: {start} -> {end} in steps of {step}")
    # PyTorch counts in double precision, except for int64, and then drops the fractions.
    count = None if to == np.int64 or step == 0 else math.ceil((end - start) / step)
    if to.kind != "f":
        start, end, step = int(start), int(end), int(step)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError(
            f"upper bound and lower bound inconsistent with step sign: from {start} to {end} in steps of {step}"
        )
    i = np.arange(len(range(start, end, step)) if count is None else count)
    return (start + i * step).astype(to)


def _spaced(name: str, start: Any, end: Any, steps: Any, to: np.dtype[Any]) -> Any:
    """`steps` numbers from start to end, counted from the nearer end, as PyTorch computes them."""
    for which, value in (("start", start), ("end", end)):
        if isinstance(value, TensorBase) and value._data.ndim:
            raise ShapeError(
                f"{name} only supports 0-dimensional start and end tensors, but got {which} with "
                f"{value._data.ndim} dimension(s)."
            )
    start, end = _number(name, "start", start), _number(name, "end", end)
    n = _int(name, "steps", steps)
    if n < 0:
        raise RuntimeError(f"number of steps must be non-negative, got {n}")
    work = to if to.kind == "f" else np.dtype(np.float64)
    start, end = (np.array(v, to).astype(work) for v in (start, end))
    i = np.arange(n)
    step = (end - start) / work.type(max(n - 1, 1))
    up, down = start + step * i.astype(work), end - step * (n - 1 - i).astype(work)
    return np.where(i < n // 2 if n > 1 else i == 0, up, down)


def linspace(
    start: Any, end: Any, steps: Any, *, out: None = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """`steps` numbers evenly from start to end, both included.

    >>> import chainrule as cr
    >>> cr.linspace(0, 1, 3)
    tensor([0.0000, 0.5000, 1.0000])
    """
    to = _floating(dtype)
    array = _spaced("linspace", start, end, steps, to).astype(to)
    return _finish("linspace", array, out, layout, device, requires_grad)


def logspace(
    start: Any, end: Any, steps: Any, base: Any = 10.0, *, out: None = None, dtype: Any = None, layout: Any = None,
    device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """base to the power of `linspace(start, end, steps)`.

    >>> import chainrule as cr
    >>> cr.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    to = _floating(dtype)
    exponents = _spaced("logspace", start, end, steps, to).astype(np.float64)
    array = np.power(float(_number("logspace", "base", base)), exponents).astype(to)
    return _finish("logspace", array, out, layout, device, requires_grad)


# ── matrices and indices ────────────────────────────────────────────────────────────────────────


def eye(
    n: int, m: int | None = None, *, out: None = None, dtype: Any = None, layout: Any = None, device: Any = None,
    pin_memory: bool = False, requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """1 on the diagonal of an n × m matrix (n × n without m), 0 elsewhere.

    >>> import chainrule as cr
    >>> cr.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    sizes = {"n": _int("eye", "n", n), "m": _int("eye", "m", n if m is None else m)}
    for name, value in sizes.items():
        if value < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {value}")
    return _finish("eye", np.eye(*sizes.values(), dtype=_floating(dtype)), out, layout, device, requires_grad)


def empty_strided(
    size: Any, stride: Any, *, dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:  # fmt: skip
    """Whatever the memory holds, laid out with the given strides (in elements)."""
    shape, to = shape_of("empty_strided", (size,)), _floating(dtype)
    if len(shape) != len(stride):
        raise ShapeError(f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(stride)})")
    count = 1 + sum((n - 1) * s for n, s in zip(shape, stride, strict=True)) if 0 not in shape else 0
    strides = tuple([s * to.itemsize for s in stride])
    array: Any = np.ndarray(shape, to, np.empty(count, to), 0, strides)
    return _finish("empty_strided", array, None, layout, device, requires_grad)


def vander(x: Any, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of every x_i: x^(N−1) … x¹ x⁰ in a row, or the other way round. N is len(x) unless given.

    Raises RuntimeError unless x has one dimension.

    >>> import chainrule as cr
    >>> cr.vander(cr.tensor([2., 3.]), 3)
    tensor([[4., 2., 1.],
            [9., 3., 1.]])
    """
    if x._data.ndim != 1:
        raise ShapeError(f"x must be a one-dimensional tensor. Its shape is {list(x._data.shape)}")
    exponents = np.arange(len(x._data) if N is None else N)
    return x.unsqueeze(-1) ** leaf(exponents if increasing else exponents[::-1].copy())


def _triangle(name: str, indices: Callable[..., Any]) -> Callable[..., Tensor]:
    def function(
        row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None, layout: Any = None
    ) -> Tensor:
        for which, n in (("row", row), ("col", col)):
            if n < 0:
                raise RuntimeError(f"{which} must be non-negative, got{n}")
        to = dtypes.int64.numpy if dtype is None else dtypes.to_numpy_dtype(dtype)
        if to not in (dtypes.int64.numpy, dtypes.int32.numpy):
            raise NotSupportedError(f"\"{name}\" not implemented for '{dtypes.from_numpy_dtype(to).title}'")
        return _finish(name, np.stack(indices(row, offset, col)).astype(to), None, layout, device, False)

    function.__name__ = function.__qualname__ = name
    return function


tril_indices = _triangle("tril_indices", np.tril_indices)
tril_indices.__doc__ = """Row and column numbers of the elements on and below a diagonal, as a 2 × n tensor.

    >>> import chainrule as cr
    >>> cr.tril_indices(2, 2)
    tensor([[0, 1, 1],
            [0, 0, 1]])
    """
triu_indices = _triangle("triu_indices", np.triu_indices)
triu_indices.__doc__ = "Row and column numbers of the elements on and above a diagonal, as a 2 × n tensor."


# ── of the dtype of a tensor ────────────────────────────────────────────────────────────────────


def _new(name: str, make: Callable[..., Any]) -> None:
    def function(self: Any, *args: Any, dtype: Any = None, **options: Any) -> Any:
        return make(*args, dtype=self.dtype if dtype is None else dtype, **options)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"`{make.__name__}` in this tensor's dtype, unless another is given."
    method(function)


for _make in (zeros, ones, empty, full, empty_strided):
    _new(f"new_{_make.__name__}", _make)


@method
def new_tensor(self: Any, data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A copy of `data` in this tensor's dtype, unless another is given."""
    if isinstance(data, TensorBase):
        warn_copy("tensor.new_tensor")
    return leaf(array_of(data, dtypes.to_numpy_dtype(dtype or self.dtype)), requires_grad, device)
