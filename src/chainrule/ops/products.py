"""Products of vectors, matrices and batches of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..dtypes import from_numpy_dtype
from ..errors import DtypeError, ShapeError, refuse_out
from ..op import general, public, word
from ..op import linear as linear_record
from ..words import multiply_matrices
from .dims import broadcast

# ── what is wrong with the operands ─────────────────────────────────────────────────────────────


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))


def _title(array: Any) -> str:
    return from_numpy_dtype(array.dtype).title


def dtype_error(sentence: str, a: Any, b: Any, names: tuple[str, str]) -> DtypeError:
    """The error for two operands of different dtypes: names the float64 one, which mostly came from NumPy."""
    sentence += f" ({names[0]}: {_by(a.shape)} {a.dtype.name}, {names[1]}: {_by(b.shape)} {b.dtype.name}). "
    for name, x, y in ((names[0], a, b), (names[1], b, a)):
        if x.dtype == np.float64 and y.dtype.kind == "f":
            return DtypeError(
                sentence
                + f"{name} is float64, NumPy's default: convert it where it enters, `{name}.to({y.dtype.name})`"
            )
    return DtypeError(sentence + f"Convert one of them, `{names[0]}.to({b.dtype.name})`")


def _refuse_bool(name: str, a: Any) -> None:
    if a.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'; convert the operands, x.float()")


def _check_mm(a: Any, b: Any) -> None:
    """Raise PyTorch's error if `a` and `b` cannot be multiplied as matrices."""
    _tensor("mm", "mat2", b)
    for name, x in (("self", a), ("mat2", b)):
        if x.ndim != 2:
            raise ShapeError(f"{name} must be a matrix; mm got shapes {_by(a.shape)} and {_by(b.shape)}, use matmul")
    if a.shape[1] != b.shape[0]:
        raise _cannot_multiply(a.shape, b.shape)
    if a.dtype != b.dtype:
        raise _mm_dtypes(a, b)
    _refuse_bool("addmm_impl_cpu_", a)


def _cannot_multiply(a: tuple[int, ...], b: tuple[int, ...]) -> ShapeError:
    hint = "the inner sizes must be equal"
    if len(a) == len(b) == 2 and a[1] == b[1]:
        hint += "; transpose the second, `.t()`"
    elif len(a) == len(b) == 2 and a[0] == b[0]:
        hint += "; transpose the first, `.t()`"
    return ShapeError(f"mat1 and mat2 shapes cannot be multiplied ({_by(a)} and {_by(b)}): {hint}")


def _mm_dtypes(a: Any, b: Any) -> DtypeError:
    words = {"float64": "double", "float32": "float", "float16": "c10::Half", "int64": "long", "int32": "int"}
    m1, m2 = (words.get(x.dtype.name, x.dtype.name) for x in (a, b))
    sentence = (
        f"expected m1 and m2 to have the same dtype, but got: {m1} != {m2}; "
        f"mat1 and mat2 must have the same dtype, but got {_title(a)} and {_title(b)}"
    )
    return dtype_error(sentence, a, b, ("mat1", "mat2"))


# ── two matrices, a matrix and a vector, two vectors ──────────────────────────────────────────────


def _mm_forward(a: Any, b: Any) -> Any:
    """`np.dot`, as a method: for two small matrices 0.4 µs, where `np.matmul` takes 0.9."""
    if a.ndim != 2 or b.ndim != 2:
        _check_mm(a, b)
    return a.dot(b)


def _mv_forward(a: Any, b: Any) -> Any:
    if a.ndim != 2 or b.ndim != 1:
        raise ShapeError(
            f"vector + matrix @ vector expected, got 1, {a.ndim}, {b.ndim}: mv takes a matrix and a vector"
        )
    if a.shape[1] != b.shape[0]:
        raise ShapeError(
            f"size mismatch, got input ({a.shape[0]}), mat ({_by(a.shape)}), vec ({b.shape[0]}): "
            "the last size of the matrix must be the vector's"
        )
    if a.dtype != b.dtype:
        sentence = f"addmv input tensors must have the same dtype, but got {_title(b)}, {_title(a)}, and {_title(b)}"
        raise dtype_error(sentence, a, b, ("mat", "vec"))
    _refuse_bool("addmv_impl_cpu", a)
    return np.dot(a, b)


def _dot_forward(a: Any, b: Any) -> Any:
    if a.ndim != 1 or b.ndim != 1:
        raise ShapeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors; use matmul, or flatten them")
    n, m = a.size, b.size
    if a.dtype != b.dtype:
        sentence = f"dot : expected both vectors to have same dtype, but found {_title(a)} and {_title(b)}"
        raise dtype_error(sentence, a, b, ("input", "tensor"))
    if n != m:
        raise ShapeError(
            f"inconsistent tensor size, expected tensor [{n}] and src [{m}] to have the same number of elements, "
            f"but got {n} and {m} elements respectively"
        )
    _refuse_bool("dot", a)
    return np.dot(a, b)


def _outer_forward(a: Any, b: Any) -> Any:
    for name, x in (("self", a), ("vec2", b)):
        if x.ndim != 1:
            raise ShapeError(f"outer: Expected 1-D argument {name}, but got {x.ndim}-D; flatten it")
    return a.reshape((-1, 1)) * b


_mm = linear_record(
    "mm",
    _mm_forward,
    {"a": lambda g, b: multiply_matrices(g, b.T), "b": lambda g, a: multiply_matrices(a.T, g)},
    symbol="{a} {b}",
    check=lambda arrays: _check_mm(*arrays),
)
_mv = linear_record(
    "mv",
    _mv_forward,
    {"a": lambda g, b: np.outer(g, b), "b": lambda g, a: np.dot(a.T, g)},
    symbol="{a} {b}",
)
_dot = linear_record("dot", _dot_forward, {"a": lambda g, b: g * b, "b": lambda g, a: g * a}, symbol="{a}ᵀ {b}")
_outer = linear_record(
    "outer",
    _outer_forward,
    {"a": lambda g, b: np.dot(g, b), "b": lambda g, a: np.dot(g.T, a)},
    promotion="same",
    symbol="{a} {b}ᵀ",
)


# ── batches ─────────────────────────────────────────────────────────────────────────────────────


def _rows(x: Any) -> Any:
    """All leading dimensions as one. (A size of −1 would not do where there are no elements.)"""
    return np.reshape(x, (math.prod(x.shape[:-1]), x.shape[-1]))


def _matmul_forward(a: Any, b: Any) -> Any:
    if a.ndim == 0 or b.ndim == 0:
        raise ShapeError(f"both arguments to matmul need to be at least 1D, but they are {a.ndim}D and {b.ndim}D")
    inner = b.shape[-2] if b.ndim > 1 else b.shape[0]
    if a.shape[-1] != inner:
        raise _mismatch(a.shape, b.shape)
    if a.dtype != b.dtype:
        sentence = f"expected scalar type {_title(a)} but found {_title(b)}"
        raise dtype_error(sentence, a, b, ("the first operand", "the second operand"))
    _refuse_bool("baddbmm_with_gemm", a)
    if b.ndim == 2 and a.ndim > 2:  # one large product in place of a batch of small ones
        return np.dot(_rows(a), b).reshape((*a.shape[:-1], b.shape[1]))
    if a.shape[:-2] != b.shape[:-2]:
        broadcast(a.shape[:-2], b.shape[:-2])
    return np.matmul(a, b)


def _mismatch(a: tuple[int, ...], b: tuple[int, ...]) -> ShapeError:
    if len(b) == 1:
        rows = int(np.prod(a[:-1]))
        return ShapeError(f"size mismatch, got input ({rows}), mat ({rows}x{a[-1]}), vec ({b[0]}) in matmul")
    if len(b) == 2:
        return _cannot_multiply((int(np.prod(a[:-1])), a[-1]), b)
    batch = int(np.prod(b[:-2]))
    return ShapeError(
        f"Expected size for first two dimensions of batch2 tensor to be: [{batch}, {a[-1]}] but got: "
        f"[{batch}, {b[-2]}]. matmul got shapes {list(a)} and {list(b)}"
    )


def _matmul_a(g: Any, b: Any, a_shape: tuple[int, ...]) -> Any:
    if b.ndim == 1:
        return np.expand_dims(g, -1) * b
    if len(a_shape) == 1:
        return np.matmul(b, np.expand_dims(g, -1))[..., 0]
    return np.matmul(g, np.swapaxes(b, -1, -2))


def _matmul_b(g: Any, a: Any, b_shape: tuple[int, ...]) -> Any:
    if a.ndim == 1 and len(b_shape) == 1:
        return np.expand_dims(g, -1) * a
    if len(b_shape) == 1:
        return np.matmul(np.swapaxes(a, -1, -2), np.expand_dims(g, -1))[..., 0]
    if a.ndim == 1:
        return np.expand_dims(a, -1) * np.expand_dims(g, -2)
    if len(b_shape) == 2:
        return np.dot(_rows(a).T, _rows(g))
    return np.matmul(np.swapaxes(a, -1, -2), g)


def _bmm_forward(a: Any, b: Any) -> Any:
    for i, x in ((1, a), (2, b)):
        if x.ndim != 3:
            raise ShapeError(f"batch{i} must be a 3D tensor; bmm got shapes {list(a.shape)} and {list(b.shape)}")
    if a.shape[0] != b.shape[0] or a.shape[2] != b.shape[1]:
        raise ShapeError(
            "Expected size for first two dimensions of batch2 tensor to be: "
            f"[{a.shape[0]}, {a.shape[2]}] but got: [{b.shape[0]}, {b.shape[1]}]. bmm got shapes "
            f"{list(a.shape)} and {list(b.shape)}"
        )
    return _matmul_forward(a, b)


_matmul = linear_record("matmul", _matmul_forward, {"a": _matmul_a, "b": _matmul_b}, symbol="{a} {b}")
_bmm = linear_record(
    "bmm",
    _bmm_forward,
    {"a": lambda g, b: np.matmul(g, np.swapaxes(b, -1, -2)), "b": lambda g, a: np.matmul(np.swapaxes(a, -1, -2), g)},
    symbol="{a} {b}",
)


def _linear_forward(x: Any, weight: Any, bias: Any) -> Any:
    """One product for all leading dimensions; the bias is added in place, nobody else has seen it yet."""
    if weight.ndim == 1:
        y = np.matmul(x, weight) if x.shape[-1] == weight.shape[0] else _refuse_linear(x, weight, bias)
    elif x.dtype is not weight.dtype or x.shape[-1:] != weight.shape[1:] or x.dtype.kind == "b":
        y = _refuse_linear(x, weight, bias)
    elif x.ndim <= 2:
        y = np.dot(x, weight.T)
    else:
        y = np.dot(_rows(x), weight.T).reshape((*x.shape[:-1], weight.shape[0]))
    if bias is None:
        return y
    if bias.dtype != y.dtype:
        raise dtype_error(
            f"self and mat2 must have the same dtype, but got {_title(bias)} and {_title(weight)}",
            bias, weight, ("bias", "weight"),
        )  # fmt: skip
    try:
        y += bias
    except ValueError:
        raise ShapeError(
            f"The expanded size of the tensor ({y.shape[-1]}) must match the existing size ({bias.shape[-1]}) at "
            f"non-singleton dimension {y.ndim - 1}.  Target sizes: {list(y.shape)}.  Tensor sizes: {list(bias.shape)}. "
            "linear: the bias has one element per row of the weight"
        ) from None
    return y


def _refuse_linear(x: Any, weight: Any, bias: Any) -> Any:
    rows = int(np.prod(x.shape[:-1]))
    if x.shape[-1:] != weight.shape[1:]:
        raise ShapeError(
            f"mat1 and mat2 shapes cannot be multiplied ({rows}x{x.shape[-1] if x.ndim else 1} and "
            f"{_by(weight.shape[::-1])}): linear got an input of {list(x.shape)} and a weight (out, in) of "
            f"{list(weight.shape)}; the input's last size must be `in`"
        )
    if x.dtype != weight.dtype:
        if bias is None:
            raise _mm_dtypes(x, weight)
        sentence = f"mat1 and mat2 must have the same dtype, but got {_title(x)} and {_title(weight)}"
        raise dtype_error(sentence, x, weight, ("input", "weight"))
    _refuse_bool("addmm_impl_cpu_", x)


def _linear_x(g: Any, weight: Any) -> Any:
    if weight.ndim == 1:
        return np.expand_dims(g, -1) * weight
    if g.ndim <= 2:
        return np.dot(g, weight)
    return np.reshape(np.dot(_rows(g), weight), (*g.shape[:-1], weight.shape[1]))


def _linear_weight(g: Any, x: Any, weight_shape: tuple[int, ...]) -> Any:
    if len(weight_shape) == 1:
        return np.dot(_rows(x).T, np.reshape(g, (-1,)))
    if x.ndim == 2:
        return np.dot(g.T, x)
    if x.ndim == 1:
        return np.outer(g, x)
    return np.dot(_rows(g).T, _rows(x))


_linear = general(
    "linear",
    _linear_forward,
    {"x": _linear_x, "weight": _linear_weight, "bias": lambda g: g},
    symbol="{x} {weight}ᵀ + {bias}",
)


def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """x Wᵀ + b for the last dimension of the input; `weight` is (out, in), `bias` (out).

    Raises ShapeError and DtypeError where the operands do not fit.

    >>> import chainrule as cr
    >>> cr.nn.functional.linear(cr.tensor([1., 2.]), cr.tensor([[1., 1.]]), cr.tensor([0.5]))
    tensor([3.5000])
    """
    return _linear(input, weight, bias)


# ── the public functions ────────────────────────────────────────────────────────────────────────


def _tensor(name: str, argument: str, value: Any) -> Any:
    if not hasattr(value, "ndim"):
        raise TypeError(f"{name}(): argument '{argument}' must be Tensor, not {type(value).__name__}")
    return value


@public()
def mm(input: Any, mat2: Any, *, out: None = None) -> Any:
    """The product of two matrices.

    Raises ShapeError unless both are matrices whose inner sizes agree, DtypeError for two dtypes.

    >>> import chainrule as cr
    >>> cr.tensor([[1., 2.]]).mm(cr.tensor([[3.], [4.]]))
    tensor([[11.]])
    """
    if out is not None:
        refuse_out("mm")
    return _mm.call(input, mat2)


@public()
def mv(input: Any, vec: Any, *, out: None = None) -> Any:
    """The product of a matrix and a vector."""
    if out is not None:
        refuse_out("mv")
    return _mv.call(input, _tensor("mv", "vec", vec))


@public()
def dot(input: Any, tensor: Any, *, out: None = None) -> Any:
    """Σ aᵢ bᵢ of two vectors."""
    if out is not None:
        refuse_out("dot")
    return _dot.call(input, _tensor("dot", "tensor", tensor))


@public()
def vdot(input: Any, other: Any, *, out: None = None) -> Any:
    """Σ aᵢ bᵢ of two vectors; the same as `dot` for real numbers."""
    return dot(input, other, out=out)


@public()
def bmm(input: Any, mat2: Any, *, out: None = None) -> Any:
    """The products of two batches of matrices, (b, n, k) and (b, k, m)."""
    if out is not None:
        refuse_out("bmm")
    return _bmm.call(input, _tensor("bmm", "mat2", mat2))


@public()
def matmul(input: Any, other: Any, *, out: None = None) -> Any:
    """The product of vectors, matrices or batches of matrices, which broadcast.

    Raises ShapeError where the inner sizes differ and DtypeError for two dtypes.

    >>> import chainrule as cr
    >>> cr.ones(2, 3) @ cr.ones(3)
    tensor([3., 3.])
    """
    if out is not None:
        refuse_out("matmul")
    n, m = input.ndim, _tensor("matmul", "other", other).ndim
    if n == 2 == m:
        return _mm.call(input, other)
    record = _matmul if m != 1 or n > 2 or n == 0 else _dot if n == 1 else _mv
    return record.call(input, other)


@public(alias=["ger"])
def outer(input: Any, vec2: Any, *, out: None = None) -> Any:
    """aᵢ bⱼ of two vectors, as a matrix."""
    if out is not None:
        refuse_out("outer")
    return _outer(input, _tensor("outer", "vec2", vec2))


@word(np.dot)
def _np_dot(a: Any, b: Any) -> Any:
    return matmul(a, b)


word(np.matmul)(lambda a, b: matmul(a, b))
word(np.outer)(lambda a, b: outer(a, b))
