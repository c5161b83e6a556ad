"""PyTorch's random functions, which make new tensors."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from .. import dtypes, record
from ..device import check_device
from ..errors import DtypeError, NotSupportedError, ShapeError, refuse_out
from ..graph import TensorBase
from ..op import public
from ..ops import random as records
from ..ops.dims import broadcast
from ..tensor import Tensor
from . import kernels
from .arguments import check_float, check_probabilities, check_probability, check_std, run, source_of, span
from .generator import Generator


def _size(name: str, size: Any) -> tuple[int, ...]:
    """A size as a tuple of integers, from one sequence or from several numbers."""
    if len(size) == 1 and isinstance(size[0], (tuple, list)):
        size = size[0]
    shape = []
    for position, n in enumerate(size, 1):
        try:
            shape.append(operator.index(n))
        except TypeError:
            raise TypeError(
                f"{name}(): argument 'size' failed to unpack the object at pos {position} with error \"type must be "
                f'tuple of ints,but got {type(n).__name__}"'
            ) from None
    if any(n < 0 for n in shape):
        bad = next(n for n in shape if n < 0)
        raise ShapeError(f"Trying to create tensor with negative dimension {bad}: {shape}")
    return tuple(shape)


def _sizes(name: str, sizes: tuple[Any, ...], size: Any) -> tuple[int, ...]:
    if size is not None:
        return _size(name, (size,))
    if not sizes:
        raise TypeError(f"{name}() received an invalid combination of arguments: the size is missing")
    return _size(name, sizes)


def _empty(shape: tuple[int, ...], dtype: Any, device: Any, default: Any = None) -> np.ndarray[Any, Any]:
    check_device(device)
    chosen = dtypes.get_default_dtype() if default is None else default
    return np.empty(shape, chosen.numpy if dtype is None else dtypes.to_numpy_dtype(dtype))


def _empty_like(input: Any, dtype: Any, device: Any, memory_format: Any) -> np.ndarray[Any, Any]:
    check_device(device)
    order: Any = "C" if getattr(memory_format, "name", "") == "contiguous_format" else "K"
    return np.empty_like(input._data, input._data.dtype if dtype is None else dtypes.to_numpy_dtype(dtype), order)


def _made(array: np.ndarray[Any, Any], requires_grad: bool) -> Any:
    made = record.wrap(array)
    return made.requires_grad_() if requires_grad else made


def _integers(array: np.ndarray[Any, Any], low: int, high: int, source: Generator) -> None:
    run(array, kernels.integers, source, *span(array.dtype, low, high))


@public(method=False)
def rand(
    *sizes: Any,
    size: Any = None,
    generator: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """Uniform numbers in [0, 1), the same from the same seed as PyTorch's.

    >>> import chainrule as cr
    >>> _ = cr.manual_seed(0)
    >>> cr.rand(2)
    tensor([0.4963, 0.7682])
    """
    if out is not None:
        refuse_out("rand")
    array = _empty(_sizes("rand", sizes, size), dtype, device)
    check_float(array.dtype, "check_uniform_bounds")
    made = _made(array, requires_grad)
    run(array, kernels.uniform, source_of("rand", generator), 0.0, 1.0)
    return made


@public(method=False)
def randn(
    *sizes: Any,
    size: Any = None,
    generator: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """Standard normal numbers, the same from the same seed as PyTorch's.

    >>> import chainrule as cr
    >>> _ = cr.manual_seed(0)
    >>> cr.randn(2, 2)
    tensor([[ 1.5410, -0.2934],
            [-2.1788,  0.5684]])
    """
    if out is not None:
        refuse_out("randn")
    array = _empty(_sizes("randn", sizes, size), dtype, device)
    check_float(array.dtype, "normal_kernel_cpu")
    made = _made(array, requires_grad)
    run(array, kernels.normal, source_of("randn", generator), 0.0, 1.0)
    return made


@public(method=False)
def randint(
    *arguments: Any,
    low: int = 0,
    high: int | None = None,
    size: Any = None,
    generator: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """Integers in [low, high): `randint(high, size)` or `randint(low, high, size)`; int64 unless said otherwise.

    >>> import chainrule as cr
    >>> _ = cr.manual_seed(0)
    >>> cr.randint(10, (4,))
    tensor([4, 9, 3, 0])
    """
    if out is not None:
        refuse_out("randint")
    rest = list(arguments)
    if size is None and rest:
        size = rest.pop()
    if high is None and rest:
        high = rest.pop()
    if rest:
        low = rest.pop()
    if rest or high is None or not isinstance(size, (tuple, list)):
        raise TypeError(
            f"randint(): argument 'size' must be tuple of ints, not {type(size).__name__}; "
            "call randint(high, size) or randint(low, high, size)"
        )
    array = _empty(_size("randint", (size,)), dtype, device, dtypes.int64)
    made = _made(array, requires_grad)
    _integers(array, operator.index(low), operator.index(high), source_of("randint", generator))
    return made


@public(method=False)
def randperm(
    n: int,
    *,
    generator: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """A permutation of 0 … n − 1; int64 unless said otherwise.

    >>> import chainrule as cr
    >>> _ = cr.manual_seed(0)
    >>> cr.randperm(4)
    tensor([0, 1, 3, 2])
    """
    if out is not None:
        refuse_out("randperm")
    n = operator.index(n)
    if n < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    array = _empty((n,), dtype, device, dtypes.int64)
    kind = dtypes.from_numpy_dtype(array.dtype)
    if array.dtype.kind == "b":
        raise NotSupportedError("\"randperm\" not implemented for 'Bool'")
    largest = 2 ** (np.finfo(array.dtype).nmant + 1) if kind.is_floating_point else int(np.iinfo(array.dtype).max)
    if n > largest + kind.is_floating_point:
        raise DtypeError(
            f"n cannot be greater than {largest + 1} for {kind.title} type: it has no room for {n} numbers"
        )
    made = _made(array, requires_grad)
    array[...] = kernels.permutation(n, source_of("randperm", generator))
    return made


@public(method=False)
def rand_like(
    input: Any,
    *,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Any:
    """Uniform numbers in [0, 1), in the shape, dtype and order of memory of `input`."""
    array = _empty_like(input, dtype, device, memory_format)
    check_float(array.dtype, "check_uniform_bounds")
    made = _made(array, requires_grad)
    run(array, kernels.uniform, source_of("rand_like", generator), 0.0, 1.0)
    return made


@public(method=False)
def randn_like(
    input: Any,
    *,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Any:
    """Standard normal numbers, in the shape, dtype and order of memory of `input`."""
    array = _empty_like(input, dtype, device, memory_format)
    check_float(array.dtype, "normal_kernel_cpu")
    made = _made(array, requires_grad)
    run(array, kernels.normal, source_of("randn_like", generator), 0.0, 1.0)
    return made


@public(method=False)
def randint_like(
    input: Any,
    *bounds: int,
    low: int = 0,
    high: int | None = None,
    generator: Any = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
    memory_format: Any = None,
) -> Any:
    """Integers in [low, high), in the shape and dtype of `input`: `randint_like(x, high)` or `(x, low, high)`."""
    if bounds:
        low, high = (low, bounds[0]) if len(bounds) == 1 else bounds
    if high is None:
        raise TypeError('randint_like() missing 1 required positional arguments: "high"')
    array = _empty_like(input, dtype, device, memory_format)
    made = _made(array, requires_grad)
    _integers(array, operator.index(low), operator.index(high), source_of("randint_like", generator))
    return made


@public(method=False)
def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Any = None,
    out: None = None,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Any:
    """mean + std · z with z standard normal: tensors, broadcast, or numbers and a size. Its gradient is zero.

    For a gradient that is not, write the sum yourself: `mean + std * randn_like(mean)`.

    >>> import chainrule as cr
    >>> _ = cr.manual_seed(0)
    >>> cr.normal(cr.tensor([10.0, 20.0]), 0.1)
    tensor([10.1541, 19.9707])
    """
    if out is not None:
        refuse_out("normal")
    source = source_of("normal", generator)
    tensors = [t for t in (mean, std) if isinstance(t, TensorBase)]
    if not tensors:
        if size is None:
            raise TypeError("normal() received an invalid combination of arguments: two numbers need a size")
        check_std(std)
        array = _empty(_size("normal", (size,)), dtype, device)
        check_float(array.dtype, "normal_kernel_cpu")
        made = _made(array, requires_grad)
        run(array, kernels.normal, source, float(mean), float(std))
        return made
    if isinstance(std, TensorBase):
        if std._data.size and not std._data.min() >= 0:
            raise RuntimeError("normal expects all elements of std >= 0.0; a standard deviation is never negative")
    else:
        check_std(std)
    array = np.empty(broadcast(*[t._data.shape for t in tensors]), tensors[0]._data.dtype)
    check_float(array.dtype, "normal_kernel_cpu")
    run(array, kernels.normal, source, 0.0, 1.0 if isinstance(std, TensorBase) else float(std))
    if isinstance(std, TensorBase):
        array *= std._data.astype(array.dtype)
    array += mean._data.astype(array.dtype) if isinstance(mean, TensorBase) else mean
    op = (records.normal_mean, records.normal_std)[mean is not tensors[0]] if len(tensors) == 1 else records.normal_both
    return op(*tensors, sample=array)


@public(method=False)
def bernoulli(input: Any, p: Any = None, *, generator: Any = None, out: None = None) -> Any:
    """1 with the probability that stands in `input` (or `p` everywhere), else 0. Its gradient is zero.

    >>> import chainrule as cr
    >>> _ = cr.manual_seed(0)
    >>> cr.bernoulli(cr.tensor([0.2, 0.5, 0.9]))
    tensor([0., 0., 1.])
    """
    if out is not None:
        refuse_out("bernoulli")
    source = source_of("bernoulli", generator)
    array = np.empty(input._data.shape, input._data.dtype)
    if p is None:
        check_probabilities(input._data)
        run(array, kernels.bernoulli_each, source, input._data)
    else:
        check_probability(p)
        run(array, kernels.bernoulli, source, float(p))
    return records.bernoulli(input, sample=array)


@public(method=False)
def multinomial(
    input: Any, num_samples: int, replacement: bool = False, *, generator: Any = None, out: None = None
) -> Any:
    """Indices drawn with the probabilities in each row of `input`, which need not sum to 1; int64.

    Raises RuntimeError for weights that are negative, not finite or all zero, and for more samples than
    there are categories when drawn without replacement.

    >>> import chainrule as cr
    >>> _ = cr.manual_seed(0)
    >>> cr.multinomial(cr.tensor([0.0, 10.0, 3.0, 0.0]), 2)
    tensor([1, 2])
    """
    if out is not None:
        refuse_out("multinomial")
    p, n = input._data, operator.index(num_samples)
    source = source_of("multinomial", generator)
    _check_multinomial(p, n, replacement)
    if not p.size:
        return record.wrap(np.empty((*p.shape[:-1], n), np.int64))
    if replacement and n > 1:
        found = _with_replacement(p.reshape(-1, p.shape[-1]), n, source)
    else:
        found = _race(p, n, source)
    return record.wrap(found.reshape(*p.shape[:-1], n))


def _check_multinomial(p: np.ndarray[Any, Any], n: int, replacement: bool) -> None:
    if p.dtype.kind != "f":
        title = dtypes.from_numpy_dtype(p.dtype).title
        raise DtypeError(f"multinomial only supports floating-point dtypes for input, got: {title}")
    if p.ndim not in (1, 2):
        raise ShapeError(f"prob_dist must be 1 or 2 dim, but has shape {list(p.shape)}")
    if n <= 0:
        raise RuntimeError(f"cannot sample n_sample <= 0 samples, but num_samples is {n}")
    if not replacement and n > p.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement: "
            f"{n} of {p.shape[-1]} categories; pass replacement=True"
        )
    if not (np.isfinite(p) & (p >= 0)).all():
        raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    if p.size and (p.sum(-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")


def _race(p: np.ndarray[Any, Any], n: int, source: Generator) -> np.ndarray[Any, Any]:
    """Each category waits an exponential time over its weight; the n first win."""
    time = np.empty(p.shape, p.dtype)
    run(time, kernels.exponential, source, 1.0)
    with np.errstate(all="ignore"):
        speed = p / time
    if n == 1:
        return np.argmax(speed, -1)
    return np.argsort(-speed, -1, kind="stable")[..., :n]


def _with_replacement(p: np.ndarray[Any, Any], n: int, source: Generator) -> np.ndarray[Any, Any]:
    """Where uniforms fall among the cumulated weights."""
    u = source.uniforms(len(p) * n, np.float64).reshape(len(p), n)
    found = np.empty((len(p), n), np.int64)
    for row, (weights, marks) in enumerate(zip(p, u, strict=True)):
        total = np.cumsum(weights, dtype=np.float64 if p.dtype == np.float64 else np.float32)
        share = (total / total[-1]).astype(p.dtype)
        share[-1] = 1
        found[row] = np.searchsorted(share.astype(np.float64), marks)
    return found


for _method in (bernoulli, multinomial):
    setattr(Tensor, _method.__name__, _method)
