"""Reductions: sums, products, extremes, moments, norms."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import return_types
from ..dtypes import from_numpy_dtype
from ..errors import DtypeError, ShapeError, refuse_out
from ..op import FUNCTIONS, REGISTRY, discrete, general, linear, opaque, public, word
from ..words import broadcast_to
from .dims import axes_of, axis_of, count, kept
from .scan import product_before

# What elements are added up in; float32 and float64 are left to NumPy's pairwise summation.
_ACCUMULATOR: dict[Any, Any] = {np.dtype(d): np.dtype(np.int64) for d in ("?", "u1", "i1", "i2", "i4")}
_ACCUMULATOR[np.dtype(np.float16)] = np.dtype(np.float32)
_PAIRWISE = frozenset({np.dtype(np.float32), np.dtype(np.float64)})
_LARGE = 4096  # elements from which the order of additions matters
_BLOCK = 128


# ── sums ────────────────────────────────────────────────────────────────────────────────────────


def total(x: Any, axis: Any, keepdims: bool) -> Any:
    """Σ x in the accumulator's dtype, added up in blocks where NumPy would add one by one."""
    dtype = _ACCUMULATOR.get(x.dtype)
    if dtype is None and (x.size < _LARGE or type(x) is not np.ndarray):
        return np.add.reduce(x, axis, None, None, keepdims)
    if dtype is None and not (axis is None and (x.flags.c_contiguous or x.flags.f_contiguous)):
        if type(axis) is int and x.strides[axis] != x.itemsize:
            return _in_blocks(x, axis, keepdims)
        if type(axis) is not int and x.dtype.itemsize == 4:
            return np.add.reduce(x, axis, np.float64, None, keepdims).astype(x.dtype)
    return np.add.reduce(x, axis, dtype, None, keepdims)


def _in_blocks(x: Any, axis: int, keepdims: bool) -> Any:
    """Σ along a strided axis, where NumPy adds row after row: the error grows with log n, not n."""
    blocks = x.shape[axis] // _BLOCK
    if blocks < 2:
        return np.add.reduce(x, axis, None, None, keepdims)
    before = (slice(None),) * axis
    head = x[(*before, slice(0, blocks * _BLOCK))]
    split = head.reshape(*x.shape[:axis], _BLOCK, blocks, *x.shape[axis + 1 :])
    y = _in_blocks(np.add.reduce(split, axis), axis, keepdims)
    rest = x[(*before, slice(blocks * _BLOCK, None))]
    return y + np.add.reduce(rest, axis, None, None, keepdims) if rest.size else y


def _sum_forward(x: Any, *, axis: Any, keepdims: bool) -> Any:
    if x.size < _LARGE and x.dtype.char in "fd":
        return np.add.reduce(x, axis, None, None, keepdims)
    y = total(x, axis, keepdims)
    return y.astype(x.dtype) if x.dtype == np.float16 else y


def _mean_forward(x: Any, *, axis: Any, keepdims: bool) -> Any:
    if x.size < _LARGE and x.dtype.char in "fd":
        return np.add.reduce(x, axis, None, None, keepdims) / (x.size if axis is None else count(x.shape, axis))
    y = total(x, axis, keepdims) / count(x.shape, axis)
    if y.dtype is x.dtype:
        return y
    if x.dtype.kind != "f":
        raise DtypeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {from_numpy_dtype(x.dtype).title}; convert it, `x.float().mean()`, or give a dtype, "
            "`x.mean(dtype=float32)`"
        )
    return y.astype(x.dtype)


def spread(g: Any, x_shape: tuple[int, ...], axis: Any, keepdims: bool) -> Any:
    """A reduced value, once for every element that went into it: the transpose of the sum."""
    if axis is not None and not keepdims:
        g = g.reshape(kept(x_shape, axis))
    return broadcast_to(g, x_shape)


def _sum_all_forward(x: Any) -> Any:
    if x.size < _LARGE and x.dtype.char in "fd":
        return np.add.reduce(x, None)
    return _sum_forward(x, axis=None, keepdims=False)


# PyTorch has the sum of everything apart, too; without parameters it takes 0.7 µs less.
_sum_all = linear(
    "sum_all",
    _sum_all_forward,
    {"x": lambda g, x_shape: broadcast_to(g, x_shape)},
    title="SumBackward0",
    symbol="Σ {x}",
)
_sum = linear("sum", _sum_forward, {"x": spread}, title="SumBackward1", symbol="Σ {x}")
_mean = linear(
    "mean",
    _mean_forward,
    {"x": lambda g, x_shape, axis, keepdims: spread(g / count(x_shape, axis), x_shape, axis, keepdims)},
    symbol="mean {x}",
)
_nansum = general(
    "nansum",
    lambda x, *, axis, keepdims: _sum_forward(np.where(x == x, x, 0), axis=axis, keepdims=keepdims),
    {"x": lambda g, x, axis, keepdims: spread(g, x.shape, axis, keepdims) * (x == x)},
    symbol="Σ {x}",
)


@public()
def sum(
    input: Any,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: None = None,
    axis: Any = None,
    keepdims: bool | None = None,
) -> Any:
    """Σ input, over all elements or along the dimensions `dim`.

    Integers and bools are added up as int64. `dim` may be an int, several, None or empty (all).
    Raises IndexError for a dimension that does not exist.

    >>> import chainrule as cr
    >>> cr.tensor([[1., 2.], [3., 4.]]).sum(0)
    tensor([4., 6.])
    """
    if dim is None and axis is None and dtype is None and out is None and not keepdim and not keepdims:
        return _sum_all.call(input)
    if axis is not None:
        dim = axis
    if keepdims is not None:
        keepdim = keepdims
    if dtype is not None or out is not None:
        return _in_dtype(sum, "sum", input, dim, keepdim, dtype, out)
    return _sum.call(input, axis=None if dim is None else axes_of(dim, input.ndim), keepdims=keepdim)


@public()
def mean(
    input: Any,
    dim: Any = None,
    keepdim: bool = False,
    *,
    dtype: Any = None,
    out: None = None,
    axis: Any = None,
    keepdims: bool | None = None,
) -> Any:
    """Σ input / n, over all elements or along the dimensions `dim`.

    Raises DtypeError for integers, unless `dtype` says in which floats to compute.

    >>> import chainrule as cr
    >>> cr.tensor([[1., 2.], [3., 4.]]).mean()
    tensor(2.5000)
    """
    if axis is not None:
        dim = axis
    if keepdims is not None:
        keepdim = keepdims
    if dtype is not None or out is not None:
        return _in_dtype(mean, "mean", input, dim, keepdim, dtype, out)
    return _mean.call(input, axis=None if dim is None else axes_of(dim, input.ndim), keepdims=keepdim)


def _in_dtype(function: Any, name: str, input: Any, dim: Any, keepdim: bool, dtype: Any, out: None) -> Any:
    """A reduction of the input converted to `dtype`, whose result has that dtype too."""
    if out is not None:
        refuse_out(name)
    return function(input.to(dtype), dim, keepdim).to(dtype)


@public()
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: None = None) -> Any:
    """Σ of the elements that are numbers; NaN counts as 0."""
    if dtype is not None or out is not None:
        return _in_dtype(nansum, "nansum", input, dim, keepdim, dtype, out)
    return _nansum(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)


@public()
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: None = None) -> Any:
    """The mean of the elements that are numbers; NaN where there is none."""
    if out is not None:
        refuse_out("nanmean")
    if dtype is not None:
        input = input.to(dtype)
    if not input.dtype.is_floating_point:
        raise DtypeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.dtype.title}; convert it with .float()"
        )
    numbers = sum(input == input, dim, keepdim)
    return nansum(input, dim, keepdim) / numbers


@public()
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements are not zero, in all or along `dim`; int64."""
    return sum(input != 0, dim)


@word(np.sum)
def _np_sum(x: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return sum(x, axis, keepdims)


@word(np.mean)
def _np_mean(x: Any, axis: Any = None, dtype: Any = None, out: None = None, keepdims: bool = False) -> Any:
    return mean(x, axis, keepdims)


# ── products ────────────────────────────────────────────────────────────────────────────────────


@opaque
def _prod_forward(x: Any, *, axis: int | None, keepdims: bool) -> Any:
    dtype = np.float32 if x.dtype == np.float16 else np.int64 if x.dtype.kind != "f" else None
    return np.multiply.reduce(x, axis, dtype, None, keepdims).astype(x.dtype if x.dtype.kind == "f" else np.int64)


def _prod_rule(g: Any, x: Any, axis: int | None, keepdims: bool) -> Any:
    """Every slope is the product of the elements before times that of those after: zeros do no harm."""
    flat, along = (np.reshape(x, (-1,)), 0) if axis is None else (x, axis)
    after = np.flip(product_before(np.flip(flat, along), along), along)
    return spread(g, x.shape, axis, keepdims) * np.reshape(product_before(flat, along) * after, x.shape)


_prod = general("prod", _prod_forward, {"x": _prod_rule}, symbol="Π {x}")


@public()
def prod(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None, out: None = None) -> Any:
    """Π input, over all elements or along one dimension; integers and bools give int64.

    >>> import chainrule as cr
    >>> cr.tensor([[1., 2.], [3., 4.]]).prod(1)
    tensor([ 2., 12.])
    """
    if dtype is not None or out is not None:
        return _in_dtype(prod, "prod", input, dim, keepdim, dtype, out)
    if isinstance(dim, (tuple, list)):
        raise TypeError(f"prod() takes one dim, an int, but got {dim}; call it once per dimension")
    return _prod(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)


# ── extremes ────────────────────────────────────────────────────────────────────────────────────


def _reduced(name: str, ufunc: np.ufunc) -> Any:
    """The forward of a reduction that has no value for no elements."""

    @opaque
    def forward(x: Any, *, axis: Any, keepdims: bool) -> Any:
        if not x.size:
            check_not_empty(name, x.shape, axis)
        return ufunc.reduce(x, axis, None, None, keepdims)

    return forward


def _over_all(name: str, ufunc: np.ufunc) -> Any:
    @opaque
    def forward(x: Any) -> Any:
        if not x.size:
            check_not_empty(name, x.shape, None)
        return ufunc.reduce(x, None)

    return forward


def check_not_empty(name: str, shape: tuple[int, ...], axis: Any) -> None:
    """Raise PyTorch's error for a reduction over nothing."""
    if axis is None:
        raise ShapeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim "
            f"with the 'dim' argument. The input has shape {list(shape)}."
        )
    for i in (axis,) if type(axis) is int else axis:
        if shape[i] == 0:
            raise IndexError(
                f"{name}(): Expected reduction dim {i} to have non-zero size. The input has shape {list(shape)}."
            )


def share(g: Any, hit: Any, axis: Any, keepdims: bool) -> Any:
    """The gradient goes in equal parts to the elements that attained the result."""
    return hit * spread(g / np.sum(hit, axis=axis, keepdims=keepdims), hit.shape, axis, keepdims)


def _share(g: Any, y: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    return share(g, x == spread(y, x.shape, axis, keepdims), axis, keepdims)


def share_of_all(g: Any, y: Any, x: Any) -> Any:
    """The same for a result over everything; a NaN attains it, too."""
    return share(g, (x == y) | (x != x), None, False)


_amax = general("amax", _reduced("amax", np.maximum), {"x": _share}, symbol="max {x}")
_amin = general("amin", _reduced("amin", np.minimum), {"x": _share}, symbol="min {x}")
_max = general("max", _over_all("max", np.maximum), {"x": share_of_all}, symbol="max {x}")
_min = general("min", _over_all("min", np.minimum), {"x": share_of_all}, symbol="min {x}")


def _index_of(name: str, find: Any) -> Any:
    @opaque
    def forward(x: Any, *, axis: int | None, keepdims: bool) -> Any:
        if not x.size and (axis is None or x.shape[axis] == 0):
            if axis is None:
                raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
            check_not_empty(name, x.shape, axis)
        return np.asarray(find(x, axis, keepdims=keepdims))

    return forward


_argmax = discrete("argmax", _index_of("argmax", np.argmax))
_argmin = discrete("argmin", _index_of("argmin", np.argmin))
_max_index = discrete("max_index", _index_of("max", np.argmax))
_min_index = discrete("min_index", _index_of("min", np.argmin))


@public()
def amax(input: Any, dim: Any = (), keepdim: bool = False, *, out: None = None) -> Any:
    """The largest element, in all or along `dim` (one or several).

    Elements that tie share the gradient equally. Raises IndexError for an empty dimension.
    """
    if out is not None:
        refuse_out("amax")
    return _amax(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)


@public()
def amin(input: Any, dim: Any = (), keepdim: bool = False, *, out: None = None) -> Any:
    """The smallest element, in all or along `dim` (one or several).

    Elements that tie share the gradient equally. Raises IndexError for an empty dimension.
    """
    if out is not None:
        refuse_out("amin")
    return _amin(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)


@public()
def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False, out: None = None) -> Any:
    """The smallest and the largest element: (min, max)."""
    if out is not None:
        refuse_out("aminmax")
    return return_types.aminmax(amin(input, dim, keepdim), amax(input, dim, keepdim))


def at(input: Any, axis: int, indices: Any, keepdim: bool) -> tuple[Any, Any]:
    """The elements at indices that kept the reduced axis, and the indices, both without it unless `keepdim`."""
    values = REGISTRY["gather"](input, indices, axis=axis)  # the indices are known to fit
    if keepdim:
        return values, indices
    shape = values.shape[:axis] + values.shape[axis + 1 :]
    return values.reshape(shape), indices.reshape(shape)


def _extreme(name: str, reduce: Any, index: Any, between: str, input: Any, dim: Any, keepdim: bool, other: Any) -> Any:
    if dim is not None and not isinstance(dim, int):
        if not hasattr(dim, "ndim"):
            raise TypeError(f"{name}() takes one dim, an int, but got {dim}; a{name} takes several")
        other = dim
    if other is not None:
        return FUNCTIONS[between](input, other)
    if dim is None:
        return reduce.call(input)
    axis = axis_of(dim, input.ndim)
    if not input.ndim:
        return getattr(return_types, name)(input.clone(), _argmax(input, axis=None, keepdims=False))
    indices = index(input, axis=axis, keepdims=True)
    return getattr(return_types, name)(*at(input, axis, indices, keepdim))


@public()
def max(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: None = None) -> Any:
    """The largest element; along one `dim`: (values, indices); of two tensors: `maximum`.

    Without a dim, elements that tie share the gradient equally; along a dim it goes to the first.

    >>> import chainrule as cr
    >>> cr.tensor([[1., 5.], [4., 2.]]).max(1)
    torch.return_types.max(
    values=tensor([5., 4.]),
    indices=tensor([1, 0]))
    """
    if out is not None:
        refuse_out("max")
    return _extreme("max", _max, _max_index, "maximum", input, dim, keepdim, other)


@public()
def min(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None, out: None = None) -> Any:
    """The smallest element; along one `dim`: (values, indices); of two tensors: `minimum`.

    Without a dim, elements that tie share the gradient equally; along a dim it goes to the first.
    """
    if out is not None:
        refuse_out("min")
    return _extreme("min", _min, _min_index, "minimum", input, dim, keepdim, other)


def _arg_extreme(index: Any, input: Any, dim: Any, keepdim: bool) -> Any:
    if input.dtype.name == "bool":
        raise DtypeError(f"{index.name}(): does not support bool input; convert it with .int()")
    return index(input, axis=axes_of(dim, input.ndim), keepdims=keepdim)


@public()
def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The index of the largest element (of the first, where several are), of the flattened tensor or along `dim`.

    >>> import chainrule as cr
    >>> cr.tensor([1., 5., 2.]).argmax()
    tensor(1)
    """
    return _arg_extreme(_argmax, input, dim, keepdim)


@public()
def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The index of the smallest element (of the first, where several are), of the flattened tensor or along `dim`."""
    return _arg_extreme(_argmin, input, dim, keepdim)


# ── logic ───────────────────────────────────────────────────────────────────────────────────────


def _logical(ufunc: np.ufunc) -> Any:
    @opaque
    def forward(x: Any, *, axis: Any, keepdims: bool) -> Any:
        y = ufunc.reduce(x, axis, None, None, keepdims)
        return y.astype(np.uint8) if x.dtype == np.uint8 else y

    return forward


_all = discrete("all", _logical(np.logical_and))
_any = discrete("any", _logical(np.logical_or))


def _some_axes(dim: Any, ndim: int) -> Any:
    """Here, unlike elsewhere, an empty list of dims reduces nothing."""
    return () if isinstance(dim, (tuple, list)) and not dim else axes_of(dim, ndim)


@public()
def all(input: Any, dim: Any = None, keepdim: bool = False, *, out: None = None) -> Any:
    """Whether every element is nonzero, in all or along `dim`; bool (uint8 for uint8)."""
    if out is not None:
        refuse_out("all")
    return _all(input, axis=_some_axes(dim, input.ndim), keepdims=keepdim)


@public()
def any(input: Any, dim: Any = None, keepdim: bool = False, *, out: None = None) -> Any:
    """Whether some element is nonzero, in all or along `dim`; bool (uint8 for uint8)."""
    if out is not None:
        refuse_out("any")
    return _any(input, axis=_some_axes(dim, input.ndim), keepdims=keepdim)
