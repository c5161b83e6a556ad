"""Words of our own for rules: NumPy code that every reading calls as one thing.

NumPy's own functions are words already; here stands what NumPy lacks, or does slowly. A word is a
plain function of arrays. `op.opaque` lets tensors and `Expr`s say what it means for them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .op import opaque


def multiply_matrices(a: Any, b: Any) -> Any:
    """`np.dot`: on two arrays its method, which takes 0.4 µs on small matrices where the function takes 0.65."""
    return a.dot(b) if type(a) is type(b) is np.ndarray else np.dot(a, b)


@opaque
def broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """`np.broadcast_to`, which takes 3.5 µs on a scalar for what the constructor does in 0.4."""
    if type(x) is np.ndarray and not x.shape:
        return np.ndarray(shape, x.dtype, x, 0, (0,) * len(shape))
    return np.broadcast_to(x, shape)


@opaque
def view_get(x: Any, chain: tuple[Any, ...]) -> Any:
    """Follow a chain of view operations."""
    for op, params in chain:
        x = op.forward(x, **params)
    return x


@opaque
def view_put(x: Any, value: Any, chain: tuple[Any, ...]) -> Any:
    """A copy of `x` in which the view at the end of the chain holds `value`."""
    out = np.array(x, order="C")
    overwrite_view(out, value, chain)
    return out


@opaque
def view_add(x: Any, value: Any, chain: tuple[Any, ...]) -> Any:
    """A copy of `x` to which `value` is added through a view that may name an element several times."""
    out = np.array(x, order="C")
    places = view_get(np.arange(out.size).reshape(out.shape), chain)
    np.add.at(out.reshape(-1), places.reshape(-1), np.broadcast_to(value, places.shape).reshape(-1))
    return out


def overwrite_view(out: Any, value: Any, chain: tuple[Any, ...]) -> None:
    """Write `value` into a view of the C-contiguous array `out`."""
    part = view_get(out, chain)
    if part is out or part.base is out or (part.base is not None and part.base is out.base):
        part[...] = value
    else:  # in this layout the chain had to copy: ask where its elements come from
        places = view_get(np.arange(out.size).reshape(out.shape), chain)
        out.reshape(-1)[places] = value


@opaque
def cast(x: Any, dtype: Any) -> Any:
    """A copy of `x` in another dtype; dense, also where `x` is expanded."""
    return x.astype(dtype, "C" if 0 in x.strides else "K")


# ── indexing and its transposes ─────────────────────────────────────────────────────────────────


@opaque
def unindex(g: Any, shape: tuple[int, ...], key: Any) -> Any:
    """Zeros of `shape` with `g` at `[key]`, a basic index: the transpose of `x[key]`."""
    out = np.zeros(shape, g.dtype)
    out[key] = g
    return out


@opaque
def index_put(x: Any, value: Any, key: Any) -> Any:
    """A copy of `x` with `value` at `[key]`."""
    out = np.array(x)
    out[key] = value
    return out


@opaque
def index_put_add(x: Any, value: Any, key: Any) -> Any:
    """A copy of `x` with `value` added at `[key]`, as often as an element is named there."""
    out = np.array(x, order="C")
    add_at(out, key, value)
    return out


@opaque
def index_add(x: Any, index: Any, source: Any, axis: int) -> Any:
    """A copy of `x` to whose slices `index` along `axis` those of `source` were added."""
    if x.dtype == bool:  # true where anything true was added
        return index_add(x.astype(np.int64), index, source.astype(np.int64), axis) > 0
    out = np.array(x, order="C")
    add_slices(out, index, source, axis)
    return out


@opaque
def gather(x: Any, index: Any, axis: int) -> Any:
    """y[i, j] = x[index[i, j], j] for axis 0, and so on; `index` may be shorter than x along other axes."""
    return np.reshape(x, -1)[np.reshape(index, -1)].reshape(index.shape) if not x.ndim else x[along(index, axis)]


@opaque
def scatter(x: Any, index: Any, source: Any, axis: int) -> Any:
    """A copy of `x` in which y[index[i, j], j] = source[i, j] for axis 0, and so on."""
    out = np.array(x, order="C")
    if not out.ndim:
        return np.where(index.size > 0, source, out).astype(out.dtype).reshape(())
    out[along(index, axis)] = source if not np.ndim(source) else source[tuple([slice(n) for n in index.shape])]
    return out


@opaque
def scatter_add(x: Any, index: Any, source: Any, axis: int) -> Any:
    """A copy of `x` with y[index[i, j], j] += source[i, j] for axis 0, and so on."""
    if x.dtype == bool:  # true where anything true was added
        return scatter_add(x.astype(np.int64), index, source.astype(np.int64), axis) > 0
    out = np.array(x, order="C")
    scatter_into(out, index, source, axis)
    return out


@opaque
def windows(x: Any, axis: int, size: int, step: int) -> Any:
    """All windows of `size` along an axis, `step` apart, in a new last axis; a view."""
    views = np.lib.stride_tricks.sliding_window_view(x, size, axis, writeable=x.flags.writeable)
    return views[(*(slice(None),) * axis, slice(None, None, step))]


@opaque
def strided(x: Any, size: tuple[int, ...], stride: tuple[int, ...], offset: int) -> Any:
    """The elements of `x`, in C order, under any size, stride and offset; a view where x lies in that order."""
    x = np.ascontiguousarray(x)
    n = x.itemsize
    return np.ndarray(size, x.dtype, x, offset * n, tuple([s * n for s in stride]))


@opaque
def scatter_max(x: Any, index: Any, source: Any, axis: int) -> Any:
    """A copy of `x` with y[index[i, j], j] = max(…, source[i, j]) for axis 0, and so on."""
    return scatter_ufunc(x, index, source, axis, np.maximum)


@opaque
def scatter_min(x: Any, index: Any, source: Any, axis: int) -> Any:
    """A copy of `x` with y[index[i, j], j] = min(…, source[i, j]) for axis 0, and so on."""
    return scatter_ufunc(x, index, source, axis, np.minimum)


@opaque
def nonzero(x: Any) -> Any:
    """The indices of the elements that are not zero, a row each."""
    return np.stack(np.nonzero(x), -1) if np.ndim(x) else np.zeros((int(x != 0), 0), np.int64)


@opaque
def scatter_prod(x: Any, index: Any, source: Any, axis: int) -> Any:
    """A copy of `x` with y[index[i, j], j] *= source[i, j] for axis 0, and so on."""
    return scatter_ufunc(x, index, source, axis, np.multiply)


def scatter_ufunc(x: Any, index: Any, source: Any, axis: int, ufunc: np.ufunc) -> Any:
    """`scatter_add` with another ufunc."""
    out = np.array(x, order="C")
    if not out.ndim:
        return scatter_ufunc(out.reshape(1), index.reshape(-1), np.reshape(source, -1), 0, ufunc).reshape(())
    if np.ndim(source):
        source = source[tuple([slice(n) for n in index.shape])]
    ufunc.at(out, along(index, axis), source)
    return out


def along(index: Any, axis: int) -> tuple[Any, ...]:
    """The index tuple that takes `index` along `axis` and stays in place along all others."""
    n = index.ndim
    return tuple(
        [index if i == axis else np.arange(m).reshape((m,) + (1,) * (n - i - 1)) for i, m in enumerate(index.shape)]
    )


def scatter_into(buffer: Any, index: Any, source: Any, axis: int) -> None:
    """`scatter_add` in place."""
    if not buffer.ndim:
        buffer += np.sum(source)
        return
    if np.ndim(source):
        source = source[tuple([slice(n) for n in index.shape])]
    add_at(buffer, along(index, axis), source)


def add_at(buffer: Any, key: Any, value: Any) -> None:
    """`buffer[key] += value` that counts an element as often as it is named."""
    key = key if type(key) is tuple else (key,)
    arrays = [k for k in key if type(k) is np.ndarray]
    if len(arrays) != len(key) or any(k.dtype == bool for k in arrays) or not buffer.flags.c_contiguous:
        if len(arrays) == 1 and arrays[0].dtype == bool:
            buffer[key] += value  # a mask names nothing twice
        else:
            np.add.at(buffer, key, value)
        return
    lead = buffer.shape[: len(key)]
    rows: Any = 0
    for k, n in zip(key, lead, strict=True):
        rows = rows * n + np.where(k < 0, k + n, k)
    rest = buffer.shape[len(key) :]
    width = _product(rest)
    value = np.broadcast_to(value, rows.shape + rest)
    if buffer.size:
        _add_rows(buffer.reshape(-1, width), rows.reshape(-1), value.reshape(-1, width))


def add_slices(buffer: Any, index: Any, source: Any, axis: int) -> None:
    """`index_add` in place."""
    if not buffer.ndim:
        buffer += np.sum(source)
        return
    if not buffer.flags.c_contiguous:
        np.add.at(buffer, (slice(None),) * axis + (index,), source)
        return
    if not buffer.size or not source.size:
        return
    n = buffer.shape[axis]
    outer, inner = _product(buffer.shape[:axis]), _product(buffer.shape[axis + 1 :])
    rows = np.where(index < 0, index + n, index).reshape(-1)
    if outer > 1:
        rows = (np.arange(outer)[:, None] * n + rows).reshape(-1)
    _add_rows(buffer.reshape(-1, inner), rows, source.reshape(-1, inner))


def _product(sizes: tuple[int, ...]) -> int:
    n = 1
    for size in sizes:
        n *= size
    return n


def _add_rows(buffer: Any, rows: Any, source: Any) -> None:
    """`buffer[rows[i]] += source[i]` for two matrices; `np.add.at` is quick for vectors only.

    2,048 of 30,000 rows of 64 floats: 1,180 µs by `np.add.at` on rows, 260 on single elements, 33 as
    the product with a sparse matrix of ones.
    """
    width = buffer.shape[1]
    if width == 1:
        np.add.at(buffer.reshape(-1), rows, source.reshape(-1))
    elif source.size < 8192 or buffer.dtype.kind != "f" or buffer.dtype.itemsize < 4:
        places = (rows[:, None] * width + np.arange(width)).reshape(-1)
        np.add.at(buffer.reshape(-1), places, source.reshape(-1))
    else:
        from scipy.sparse._sparsetools import csc_matvecs

        m = len(rows)
        rows = np.ascontiguousarray(rows, np.intp)
        if rows.min() < 0 or rows.max() >= len(buffer):  # the loop in C does not look
            raise IndexError("index out of range in self")
        ones = np.ones(m, buffer.dtype)
        source = np.ascontiguousarray(source, buffer.dtype)
        csc_matvecs(
            len(buffer), m, width, np.arange(m + 1, dtype=np.intp), rows, ones, source.reshape(-1), buffer.reshape(-1)
        )


@opaque
def contiguous(x: Any) -> Any:
    """A copy of `x` in C order."""
    return np.array(x, order="C")


# ── words that formulas have a name for ─────────────────────────────────────────────────────────


def _in_floats(forward: Any, x: Any, axis: int) -> Any:
    """float16 is computed in float32; of no elements nothing is computed."""
    if not x.size:
        return np.copy(x)
    return forward(x.astype(np.float32), axis).astype(x.dtype) if x.dtype == np.float16 else forward(x, axis)


def _softmax_of(x: Any, axis: int) -> Any:
    e = np.exp(x - np.maximum.reduce(x, axis, keepdims=True))
    return e / np.add.reduce(e, axis, keepdims=True)


def _log_softmax_of(x: Any, axis: int) -> Any:
    z = x - np.maximum.reduce(x, axis, keepdims=True)
    return z - np.log(np.add.reduce(np.exp(z), axis, keepdims=True))


@opaque
def softmax(x: Any, *, axis: int) -> Any:
    """exp(x) / Σ exp(x) along an axis, without overflow."""
    return _in_floats(_softmax_of, x, axis)


@opaque
def log_softmax(x: Any, *, axis: int) -> Any:
    """x − log Σ exp(x) along an axis, without overflow."""
    return _in_floats(_log_softmax_of, x, axis)


@opaque
def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(−x))."""
    return 1 / (1 + np.exp(-x))


@opaque
def onehot(t: Any, n: int, dtype: Any) -> Any:
    """A row of n numbers per index: 1 at the index, 0 elsewhere."""
    return np.eye(n, dtype=dtype)[t]
