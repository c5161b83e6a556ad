"""Sums of products over named indices (`einsum`), and products composed of others."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..dtypes import from_numpy_dtype
from ..errors import DtypeError, ShapeError, refuse_out
from ..op import FUNCTIONS, linear, opaque, public, word
from .dims import axis_of
from .norms import vector_norm
from .products import bmm, matmul, mm, mv, outer

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in PyTorch's order: 0 is A, 26 is a

# ── two operands ────────────────────────────────────────────────────────────────────────────────


@opaque
def contract(a: Any, b: Any, equation: str) -> Any:
    """`np.einsum` of two operands in which no index repeats or stands alone; large ones by BLAS."""
    if a.size * b.size < 10_000:
        return np.einsum(equation, a, b)
    left, right, out = _parts(equation)
    batch = [i for i in left if i in right and i in out]
    summed = [i for i in left if i in right and i not in out]
    free_a = [i for i in left if i not in right]
    free_b = [i for i in right if i not in left]
    size = dict(zip(left + right, a.shape + b.shape, strict=True))

    def arranged(x: Any, labels: str, *groups: list[str]) -> Any:
        order = [labels.index(i) for group in groups for i in group]
        return x.transpose(order).reshape([math.prod(size[i] for i in group) for group in groups])

    y = np.matmul(arranged(a, left, batch, free_a, summed), arranged(b, right, batch, summed, free_b))
    labels = batch + free_a + free_b
    return y.reshape([size[i] for i in labels]).transpose([labels.index(i) for i in out])


def _parts(equation: str) -> tuple[str, str, str]:
    inputs, out = equation.split("->")
    left, right = inputs.split(",")
    return left, right, out


def _contract_forward(a: Any, b: Any, *, equation: str) -> Any:
    if a.dtype != b.dtype:
        names = [from_numpy_dtype(x.dtype).title for x in (a, b)]
        raise DtypeError(
            f"expected scalar type {names[0]} but found {names[1]}: all operands of einsum, tensordot and inner have "
            "one dtype; convert the others with .to(...)"
        )
    return contract(a, b, equation)


def _contract_a(g: Any, b: Any, equation: str) -> Any:
    left, right, out = _parts(equation)
    return contract(g, b, f"{out},{right}->{left}")


def _contract_b(g: Any, a: Any, equation: str) -> Any:
    left, right, out = _parts(equation)
    return contract(a, g, f"{left},{out}->{right}")


_contract = linear("einsum", _contract_forward, {"a": _contract_a, "b": _contract_b}, symbol="Σ {a} {b}")
word(contract)(lambda a, b, equation: _contract(a, b, equation=equation))


# ── einsum ──────────────────────────────────────────────────────────────────────────────────────


@public(method=False)
def einsum(equation: Any, *operands: Any) -> Any:
    """Σ of products of the operands over the indices that the output does not name.

    `"bij,bjk->bik"`; without an arrow the output has the indices that occur once, in alphabetical
    order; an ellipsis stands for leading dimensions that broadcast; an index twice in one operand
    is its diagonal. Or operands alternating with lists of numbers: `einsum(a, [0, 1], b, [1, 2], [0, 2])`.
    Raises ShapeError for an equation that does not fit the operands.

    >>> import chainrule as cr
    >>> cr.einsum("ij,j->i", cr.ones(2, 3), cr.ones(3))
    tensor([3., 3.])
    """
    if not isinstance(equation, str):
        equation, operands = _from_lists((equation, *operands))
    elif len(operands) == 1 and isinstance(operands[0], (list, tuple)):
        operands = tuple(operands[0])
    terms, out = _explicit(equation.replace(" ", ""), operands)
    sizes = _sizes(terms, operands)
    tensors = list(operands)
    for i, x in enumerate(tensors):
        tensors[i], terms[i] = _reduced_operand(x, terms[i], sizes)
    needed = [set(out).union(*terms[:i], *terms[i + 1 :]) for i in range(len(terms))]
    for i, x in enumerate(tensors):
        alone = [axis for axis, label in enumerate(terms[i]) if label not in needed[i]]
        if alone:
            tensors[i] = x.sum(alone)
            terms[i] = "".join(label for label in terms[i] if label in needed[i])
    while len(tensors) > 1:
        _contract_pair(tensors, terms, out)
    order = tuple(terms[0].index(label) for label in out)
    return tensors[0] if order == tuple(range(len(order))) else tensors[0].permute(order)


def _contract_pair(tensors: list[Any], terms: list[str], out: str) -> None:
    """Replace two operands by their product; with three or more, the pair that NumPy's planner takes first."""
    i, j = 0, 1
    if len(tensors) > 2:
        shapes = [np.broadcast_to(np.float64(0), x.shape) for x in tensors]
        first = np.einsum_path(f"{','.join(terms)}->{out}", *shapes, optimize="greedy")[0][1]
        i, j = sorted(first)[:2]
    b, right = tensors.pop(j), terms.pop(j)
    a, left = tensors.pop(i), terms.pop(i)
    kept = set(out).union(*terms)
    result = "".join(label for label in dict.fromkeys(left + right) if label in kept)
    if not terms:
        result = out
    tensors.append(_contract(a, b, equation=f"{left},{right}->{result}"))
    terms.append(result)


def _from_lists(arguments: tuple[Any, ...]) -> tuple[str, tuple[Any, ...]]:
    """`a, [0, 1], b, [1, 2], [0, 2]` as an equation and its operands."""

    def labels(sublist: Sequence[Any]) -> str:
        for i in sublist:
            if i is not Ellipsis and not 0 <= i < len(_LETTERS):
                raise ValueError(f"einsum(): expected subscript {i} to be within the range [0, {len(_LETTERS)})")
        return "".join("..." if i is Ellipsis else _LETTERS[i] for i in sublist)

    paired = len(arguments) // 2 * 2
    equation = ",".join(labels(arguments[i]) for i in range(1, paired, 2))
    if len(arguments) > paired:
        equation += "->" + labels(arguments[-1])
    return equation, arguments[0:paired:2]


def _explicit(equation: str, operands: Sequence[Any]) -> tuple[list[str], str]:
    """The labels of every operand and of the output, with letters in place of ellipses."""
    inputs, arrow, out = equation.partition("->")
    terms = inputs.split(",")
    _check_equation(equation, terms, out, operands)
    spare = [letter for letter in _LETTERS if letter not in equation]
    ranks = [x.ndim - len(t.replace("...", "")) for x, t in zip(operands, terms, strict=True) if "..." in t]
    widest = max(ranks, default=0)
    dots = "".join(spare[:widest])
    found = iter(ranks)
    terms = [t.replace("...", dots[widest - next(found) :]) if "..." in t else t for t in terms]
    if arrow:
        return terms, out.replace("...", dots)
    labels = "".join(terms)
    return terms, dots + "".join(sorted(i for i in set(labels) if labels.count(i) == 1 and i not in dots))


def _check_equation(equation: str, terms: list[str], out: str, operands: Sequence[Any]) -> None:
    if len(terms) != len(operands):
        which = "more" if len(operands) > len(terms) else "fewer"
        raise ShapeError(
            f"einsum(): {which} operands were provided than specified in the equation: {len(operands)} for {equation!r}"
        )
    for i, letter in enumerate(equation.replace("->", ",").replace("...", ",")):
        if letter != "," and letter not in _LETTERS:
            raise ShapeError(
                f"einsum(): invalid subscript given at index {i} in the equation string, subscripts must be in "
                f"[a-zA-Z]; got {letter!r} in {equation!r}"
            )
    for i, (x, t) in enumerate(zip(operands, terms, strict=True)):
        n = len(t.replace("...", ""))
        if n > x.ndim or (n < x.ndim and "..." not in t):
            ellipsis = "" if "..." in t else " and no ellipsis was given"
            raise ShapeError(
                f"einsum(): the number of subscripts in the equation ({n}) does not match the number of dimensions "
                f"({x.ndim}) for operand {i}{ellipsis}; {equation!r} with a shape of {list(x.shape)}"
            )
    labels = "".join(terms)
    for letter in out.replace("...", ""):
        if letter not in labels:
            raise ShapeError(
                f"einsum(): output subscript {letter} does not appear in the equation for any input operand: "
                f"{equation!r}"
            )
        if out.count(letter) > 1:
            raise ShapeError(f"einsum(): output subscript {letter} appears more than once in the output: {equation!r}")


def _sizes(terms: list[str], operands: Sequence[Any]) -> dict[str, int]:
    """The size of every index; sizes of 1 broadcast."""
    sizes: dict[str, int] = {}
    for i, (term, x) in enumerate(zip(terms, operands, strict=True)):
        for label, n in zip(term, x.shape, strict=True):
            known = sizes.get(label, 1)
            if n != 1 and known != 1 and n != known:
                raise ShapeError(
                    f"einsum(): subscript {label} has size {n} for operand {i} which does not broadcast with "
                    f"previously seen size {known}"
                )
            sizes[label] = n if known == 1 else known
    return sizes


def _reduced_operand(x: Any, term: str, sizes: dict[str, int]) -> tuple[Any, str]:
    """The operand with an index named twice replaced by the diagonal, and without axes that broadcast."""
    while len(set(term)) < len(term):
        label = next(i for i in term if term.count(i) > 1)
        first = term.index(label)
        second = term.index(label, first + 1)
        x = FUNCTIONS["diagonal"](x, 0, first, second)
        term = term[:first] + term[first + 1 : second] + term[second + 1 :] + label
    single = [axis for axis, label in enumerate(term) if x.shape[axis] == 1 and sizes[label] != 1]
    if single:
        x = x.reshape([n for axis, n in enumerate(x.shape) if axis not in single])
        term = "".join(label for axis, label in enumerate(term) if axis not in single)
    return x, term


@public(method=False)
def tensordot(a: Any, b: Any, dims: Any = 2, out: None = None) -> Any:
    """Σ of products over pairs of dimensions: the last n of `a` with the first n of `b`, or the two lists given."""
    if out is not None:
        refuse_out("tensordot")
    if isinstance(dims, (tuple, list)):
        left, right = ([d] if isinstance(d, int) else list(d) for d in dims)
    else:
        n = int(dims)
        if n < 0:
            raise ShapeError(f"tensordot expects dims >= 0, but got dims={n}")
        if min(a.ndim, b.ndim) < n:
            raise ShapeError(
                f"tensordot expects dims < ndim_a or ndim_b, but got dims={n} for shapes "
                f"{list(a.shape)} and {list(b.shape)}"
            )
        left, right = list(range(-n, 0)), list(range(n))
    if len(left) != len(right):
        raise ShapeError("both dimension lists should have the same length")
    first = list(_LETTERS[: a.ndim])
    second = list(_LETTERS[a.ndim : a.ndim + b.ndim])
    for i, j in zip(left, right, strict=True):
        k, m = axis_of(i, a.ndim), axis_of(j, b.ndim)
        if a.shape[k] != b.shape[m] and a.shape[k] == 1:
            b = b.sum(m, True)  # as in PyTorch, a size of 1 broadcasts
        elif a.shape[k] != b.shape[m] and b.shape[m] == 1:
            a = a.sum(k, True)
        elif a.shape[k] != b.shape[m]:
            raise ShapeError(
                f"contracted dimensions need to match, but first has size {a.shape[k]} in dim {i} and second has size "
                f"{b.shape[m]} in dim {j}"
            )
        second[m] = first[k]
    result = [i for i in first if i not in second] + [i for i in second if i not in first]
    return _contract(a, b, equation=f"{''.join(first)},{''.join(second)}->{''.join(result)}")


@public()
def inner(input: Any, other: Any, *, out: None = None) -> Any:
    """Σ of products over the last dimension of both; of a scalar and a tensor: their product."""
    if not input.ndim or not other.ndim:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise ShapeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]), out)


@public()
def kron(input: Any, other: Any, *, out: None = None) -> Any:
    """The Kronecker product: every element of `input` times the whole of `other`."""
    if out is not None:
        refuse_out("kron")
    n = max(input.ndim, other.ndim)
    a, b = ((1,) * (n - x.ndim) + tuple(x.shape) for x in (input, other))
    left = [size for i in a for size in (i, 1)]
    right = [size for i in b for size in (1, i)]
    return (input.reshape(left) * other.reshape(right)).reshape([i * j for i, j in zip(a, b, strict=True)])


@public(method=False)
def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: Any = None) -> Any:
    """The p-norm distance of every row of `x1` from every row of `x2`: (…, n, m).

    `compute_mode` is taken and ignored: the differences are always formed, which is the exact way.
    """
    for i, x in ((1, x1), (2, x2)):
        if x.ndim < 2:
            raise ShapeError(f"cdist only supports at least 2D tensors, X{i} got: {x.ndim}D")
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError(f"X1 and X2 must have the same number of columns. X1: {x1.shape[-1]} X2: {x2.shape[-1]}")
    return vector_norm(x1.unsqueeze(-2) - x2.unsqueeze(-3), p, -1)


@public(method=False)
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """x₁ᵀ Wₖ x₂ + bₖ for every k; `weight` is (out, in1, in2)."""
    y = einsum("...i,kij,...j->...k", input1, weight, input2)
    return y if bias is None else y + bias


# ── a product added to something ────────────────────────────────────────────────────────────────


def _added(input: Any, product: Any, beta: Any, alpha: Any, name: str, out: None) -> Any:
    """beta · input + alpha · product; with beta = 0 the input is not looked at (it may hold NaN)."""
    if out is not None:
        refuse_out(name)
    if not product.dtype.is_floating_point:
        number = bool if product.dtype.name == "bool" else int
        beta, alpha = number(beta), number(alpha)
    if input.dtype is not product.dtype:
        raise DtypeError(
            f"self and mat2 must have the same dtype, but got {input.dtype.title} and {product.dtype.title}; "
            f"{name}: convert one of them with .to(...)"
        )
    lead = product.ndim - input.ndim
    for i, n in enumerate(input.shape):
        if lead < 0 or n not in (1, product.shape[lead + i]):
            raise ShapeError(
                f"The expanded size of the tensor ({product.shape[lead + i]}) must match the existing size ({n}) at "
                f"non-singleton dimension {lead + i}.  Target sizes: {list(product.shape)}.  "
                f"Tensor sizes: {list(input.shape)}"
            )
    if alpha != 1:
        product = product * alpha
    if beta == 0:
        return product
    return (input if beta == 1 else input * beta) + product


@public()
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: Any = 1, alpha: Any = 1, out: None = None) -> Any:
    """beta · input + alpha · mat1 mat2."""
    return _added(input, mm(mat1, mat2), beta, alpha, "addmm", out)


@public()
def addmv(input: Any, mat: Any, vec: Any, *, beta: Any = 1, alpha: Any = 1, out: None = None) -> Any:
    """beta · input + alpha · mat vec."""
    return _added(input, mv(mat, vec), beta, alpha, "addmv", out)


@public()
def addr(input: Any, vec1: Any, vec2: Any, *, beta: Any = 1, alpha: Any = 1, out: None = None) -> Any:
    """beta · input + alpha · vec1 vec2ᵀ."""
    return _added(input, outer(vec1, vec2), beta, alpha, "addr", out)


@public()
def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1, out: None = None) -> Any:
    """beta · input + alpha · batch1 batch2, matrix by matrix."""
    return _added(input, bmm(batch1, batch2), beta, alpha, "baddbmm", out)


@public()
def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: Any = 1, alpha: Any = 1, out: None = None) -> Any:
    """beta · input + alpha · Σ of the products of two batches of matrices."""
    return _added(input, bmm(batch1, batch2).sum(0), beta, alpha, "addbmm", out)


# ── several matrices, three-vectors ─────────────────────────────────────────────────────────────


def multi_dot(tensors: Sequence[Any], *, out: None = None) -> Any:
    """The product of two or more matrices, in the order that takes the fewest multiplications.

    The first and the last may be vectors. Raises ShapeError for fewer than two.
    """
    if out is not None:
        refuse_out("multi_dot")
    if len(tensors) < 2:
        raise ShapeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    rows = [x.shape[0] if x.ndim > 1 or i else 1 for i, x in enumerate(tensors)]
    sizes = [*rows, tensors[-1].shape[-1] if tensors[-1].ndim > 1 else 1]

    @functools.cache
    def cheapest(i: int, j: int) -> tuple[int, int]:
        """Multiplications for the factors i … j, and after which one to split."""
        if i == j:
            return 0, i
        cuts = [
            (cheapest(i, k)[0] + cheapest(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
        ]
        return min(cuts)

    def product(i: int, j: int) -> Any:
        k = cheapest(i, j)[1]
        return tensors[i] if i == j else matmul(product(i, k), product(k + 1, j))

    return product(0, len(tensors) - 1)


@public(method=False)
def chain_matmul(*matrices: Any, out: None = None) -> Any:
    """The product of matrices, in the order that takes the fewest multiplications."""
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices, out=out)


_cross = linear(
    "cross",
    lambda a, b, *, axis: np.cross(a, b, axis=axis),
    {"a": lambda g, b, axis: np.cross(b, g, axis=axis), "b": lambda g, a, axis: np.cross(g, a, axis=axis)},
    promotion="same",
    symbol="{a} × {b}",
)


@word(np.cross)
def _np_cross(a: Any, b: Any, axis: int = -1) -> Any:
    return _cross(a, b, axis=axis)


@public()
def cross(input: Any, other: Any, dim: int | None = None, *, out: None = None) -> Any:
    """The cross product of vectors of length 3 along `dim` (the first dimension of size 3, where none is given)."""
    if out is not None:
        refuse_out("cross")
    if input.ndim != other.ndim:
        raise ShapeError(
            f"linalg.cross: inputs must have the same number of dimensions; got {list(input.shape)} and "
            f"{list(other.shape)}"
        )
    if dim is None:
        dim = next((i for i, n in enumerate(input.shape) if n == 3), None)
        if dim is None:
            raise ShapeError(f"no dimension of size 3 in input of shape {list(input.shape)}")
    axis = axis_of(dim, input.ndim)
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {axis} must have length 3. Got {input.shape[axis]} and {other.shape[axis]}"
        )
    return _cross(input, other, axis=axis)
