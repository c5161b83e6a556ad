"""Formulas as a person would write them: `2 * (out - y)` in place of `broadcast_to(1, …) * (2 * (out - y))`.

Sums and products are taken apart into terms and factors, put in order, and put together again; other words have
a rule each. A rule changes neither shape nor dtype (what would is dropped), and values by rounding only.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from ..op import REGISTRY
from ..words import broadcast_to, cast, index_put_add, log_softmax, onehot, scatter_add, sigmoid, softmax
from .expression import SYMBOL, Expr, apply_word, rebuilt, walk
from .terms import PRODUCTS, SUMS, Product, added, everywhere, number, quotient

Definitions = Mapping[str, Expr]
TRANSPOSES = frozenset({np.transpose, np.swapaxes, np.matrix_transpose})


def simplify(expr: Expr, definitions: Definitions | None = None) -> Expr:
    """The same value, shape and dtype in fewer words. `definitions` say what symbols stand for, where a rule may ask.

    >>> import numpy as np
    >>> from chainrule.expr import Expr, simplify
    >>> x = Expr.symbol("x", (3,))
    >>> print(simplify(np.multiply(1.0, x * 2) * x))
    2 * x ** 2
    """
    order = list(walk(expr))
    inside = _inside_of_chains(order, expr)
    chain: set[int] = set()  # those, as they are made anew
    made: dict[int, Expr] = {}
    for node in order:
        new = node
        if any(made[id(x)] is not x for x in node.inputs):
            new = rebuilt(node, lambda e: made[id(e)])
        if id(node) in inside:
            chain.add(id(new))
        else:
            new = _rewritten(new, definitions or {}, chain)
        made[id(node)] = new
    return made[id(expr)]


def _inside_of_chains(order: list[Expr], root: Expr) -> set[int]:
    """Sums within a sum and products within a product, used only there: they are taken apart with the outermost."""
    uses: dict[int, int] = {}
    found = set()
    for node in order:
        kind = PRODUCTS if node.word in PRODUCTS else SUMS if node.word in SUMS else ()
        for x in node.inputs:
            uses[id(x)] = uses.get(id(x), 0) + 1
            if x.word in kind and x.dtype == node.dtype:
                found.add(id(x))
    return {key for key in found if uses[key] == 1 and key != id(root)}


def _rewritten(node: Expr, definitions: Definitions, chain: Collection[int]) -> Expr:
    for _ in range(8):
        if node.word in PRODUCTS:
            new = _product(node, chain)
        elif node.word in SUMS:
            new = added(node, chain)
        elif (rule := RULES.get(node.word)) is not None:
            new = rule(node, definitions)
        else:
            return node
        if new is node or not isinstance(new, Expr) or new.shape != node.shape or new.dtype != node.dtype:
            return node
        node = new
    return node


def _product(node: Expr, chain: Collection[int]) -> Expr:
    if node.dtype.kind != "f":
        return node
    if node.word is np.divide and (found := _sigmoid(node)) is not None:
        return found
    inside = node.args[0]
    if node.word is np.negative and inside.word is np.subtract:
        return inside.args[1] - inside.args[0]
    product = Product(node, chain)
    made = product.made(node.shape, node.dtype)
    if made is None and product.number == product.divisor == 1 and len(product.above) == 1 and not product.below:
        alone = product.above[0].astype(node.dtype)  # an integer or a mask
        made = alone if alone.shape == node.shape else broadcast_to(alone, node.shape)
    return node if made is None else made


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────


def _reshape(node: Expr, definitions: Definitions) -> Expr:
    x = node.args[0]
    if x.shape == node.shape:
        return x
    if (known := _uniform(x)) is not None:
        return broadcast_to(known, node.shape) if node.shape else known
    if x.word is np.reshape:
        return np.reshape(x.args[0], node.shape)
    if x.word is np.sum:  # the sizes of 1 that a sum leaves, or not
        inner = x.args[0]
        for keepdims in (False, True):
            again = inner.sum(x.kwargs.get("axis"), keepdims=keepdims)
            if again.shape == node.shape:
                return again
    return node


def _uniform(x: Any) -> Expr | None:
    """What is at every place of a formula that is the same everywhere."""
    if isinstance(x, Expr) and x.word in (broadcast_to, np.broadcast_to):
        inside = x.args[0]
        if isinstance(inside, Expr) and not inside.shape:
            return inside
    return None


def _broadcast(node: Expr, definitions: Definitions) -> Expr:
    x = node.args[0]
    if not isinstance(x, Expr):
        return node
    if x.shape == node.shape:
        return x
    return broadcast_to(x.args[0], node.shape) if x.word in (broadcast_to, np.broadcast_to) else node


def _reduced(node: Expr, definitions: Definitions) -> Expr:
    x, axis = node.args[0], node.kwargs.get("axis")
    if x.shape == node.shape:  # over nothing, or over sizes of 1
        return x
    if type(axis) is tuple and len(axis) == 1:
        return x.sum(axis[0], keepdims=node.kwargs.get("keepdims", False))
    if x.word is np.negative and x.dtype.kind == "f":
        return -x.args[0].sum(axis, keepdims=node.kwargs.get("keepdims", False))
    if x.word is np.sum and not node.kwargs.keys() - {"axis"} and not x.kwargs.keys() - {"axis"}:
        return x.args[0].sum(_both(x.args[0].ndim, x.kwargs.get("axis"), axis))
    if (inside := _uniform(x)) is not None and x.size and node.dtype.kind == "f":
        size = node.size or 1
        return everywhere(1, node.shape, node.dtype) * inside * (x.size // size)
    return _sum_of_onehot(node, x, axis)


def _both(ndim: int, first: Any, then: Any) -> Any:
    """The axes of a sum over `first`, and over those of what is left `then`."""
    if first is None or then is None:
        return None
    gone = {a % ndim for a in (first if type(first) is tuple else (first,))}
    left = [i for i in range(ndim) if i not in gone]
    both = gone | {left[a] for a in (then if type(then) is tuple else (then,))}
    return None if len(both) == ndim else tuple(sorted(both))


def _sum_of_onehot(node: Expr, x: Expr, axis: Any) -> Expr:
    """Σ over the classes of c · onehot(t) is c."""
    if type(axis) is not int or axis % x.ndim != x.ndim - 1 or x.word not in (*PRODUCTS, onehot):
        return node
    product = Product(x)
    if len(product.above) != 1 or product.below or product.above[0].word is not onehot:
        return node
    return quotient(product.number, product.divisor, node.shape, node.dtype)


def _order(node: Any) -> tuple[int, ...] | None:
    """Where each axis of a transposed formula comes from; None for other words."""
    if not isinstance(node, Expr) or node.word not in TRANSPOSES or node.kwargs:
        return None
    n, axes = node.ndim, node.args[1:]
    if node.word is np.transpose:
        given = axes[0] if axes else None
        return tuple(range(n))[::-1] if given is None else tuple([a % n for a in given])
    a, b = [i % n for i in axes] if node.word is np.swapaxes else (n - 2, n - 1)
    order = list(range(n))
    order[a], order[b] = b, a
    return tuple(order)


def _swaps_last(order: tuple[int, ...] | None) -> bool:
    """Whether an order of axes is that of ᵀ."""
    n = len(order or ())
    return n > 1 and order == (*range(n - 2), n - 1, n - 2)


def transpose(x: Expr) -> Expr:
    """xᵀ, or x without the ᵀ it has."""
    if _swaps_last(_order(x)):
        return x.args[0]
    return x.T if x.ndim == 2 else apply_word(np.swapaxes, (x, -1, -2), {})


def _transpose(node: Expr, definitions: Definitions) -> Expr:
    x, order = node.args[0], _order(node)
    if order is None:
        return node
    if order == tuple(range(node.ndim)):
        return x
    if (known := _uniform(x)) is not None:
        return broadcast_to(known, node.shape)
    if (inner := _order(x)) is not None:
        return _transpose_in_order(x.args[0], tuple([inner[i] for i in order]))
    if not _swaps_last(order):
        return node
    if x.word in (np.matmul, np.dot) and all(a.ndim == x.ndim for a in x.args):
        a, b = x.args
        if _swaps_last(_order(a)) or _swaps_last(_order(b)):
            return np.matmul(transpose(b), transpose(a))
    return x.T if x.ndim == 2 and node.word is not np.transpose else node


def _transpose_in_order(x: Expr, order: tuple[int, ...]) -> Expr:
    moved = [i for i, a in enumerate(order) if i != a]
    if not moved:
        return x
    if x.ndim == 2:
        return x.T
    swaps = len(moved) == 2
    return apply_word(np.swapaxes, (x, *moved), {}) if swaps else apply_word(np.transpose, (x, order), {})


# ── other words ─────────────────────────────────────────────────────────────────────────────────


def _square(node: Expr, definitions: Definitions) -> Expr:
    return node.args[0] ** 2


def _power(node: Expr, definitions: Definitions) -> Expr:
    base, e = node.args
    if not isinstance(base, Expr) or type(e) not in (int, float):
        return node
    if e == 1:
        return base
    return base ** int(e) if type(e) is float and e == int(e) and base.dtype.kind == "f" else node


def _cast(node: Expr, definitions: Definitions) -> Expr:
    x = node.args[0]
    if x.dtype == node.dtype:
        return x
    if x.word is cast:  # through a dtype that holds every value
        inside = x.args[0]
        if inside.dtype.kind in ("b", x.dtype.kind) and np.can_cast(inside.dtype, x.dtype):
            return inside.astype(node.dtype)
    return node


def _where(node: Expr, definitions: Definitions) -> Expr:
    """Of a gradient, which is finite, a choice between it and 0 is a product with the mask."""
    mask, x, y = node.args
    if isinstance(x, Expr) and x.word == SYMBOL and x.args[0].startswith("grad_") and number(y) == 0:
        return x * mask
    return node


def _exp(node: Expr, definitions: Definitions) -> Expr:
    """exp(log softmax z) → softmax z; exp(z − logsumexp z) too."""
    x = _defined(node.args[0], definitions)
    if not isinstance(x, Expr):
        return node
    if x.word is log_softmax:
        return softmax(*x.args, **x.kwargs)
    if x.word is np.subtract:
        z, total = x.args
        while isinstance(total, Expr) and total.word is broadcast_to:
            total = total.args[0]
        shape = np.shape(total)
        while isinstance(total, Expr) and total.word is np.reshape:
            total = total.args[0]
        total = _defined(total, definitions)
        if not isinstance(total, Expr) or total.word is not REGISTRY["logsumexp"].forward or total.args[0] is not z:
            return node
        axes = total.kwargs["axis"] if type(total.kwargs["axis"]) is tuple else (total.kwargs["axis"],)
        kept = tuple([1 if i in axes else n for i, n in enumerate(z.shape)])
        if (
            len(axes) == 1 and type(axes[0]) is int and (1,) * (z.ndim - len(shape)) + shape == kept
        ):  # taken off along its own axis
            return softmax(z, axis=axes[0])
    return node


def _defined(x: Any, definitions: Definitions) -> Any:
    return definitions.get(x.args[0], x) if isinstance(x, Expr) and x.word == SYMBOL else x


def _sigmoid(node: Expr) -> Expr | None:
    """1 / (1 + exp(−x)) → σ(x)."""
    below = node.args[1]
    if node.word is not np.divide or number(node.args[0]) != 1 or getattr(below, "word", None) is not np.add:
        return None
    one, e = below.args
    if number(one) != 1 or not isinstance(e, Expr) or e.word is not np.exp or e.args[0].word is not np.negative:
        return None
    return sigmoid(e.args[0].args[0])


def _placed(node: Expr, definitions: Definitions) -> Expr:
    """A number at one class per row of zeros: c · onehot(t)."""
    zeros, value, key = node.args
    if number(zeros) != 0 or zeros.ndim != 2 or not (type(key) is tuple and len(key) == 2):
        return node
    rows, t = key
    if not (isinstance(t, Expr) and t.shape == (zeros.shape[0],) and _counts(rows, len(t))):
        return node
    return _onehot(node, t, value)


def _scattered(node: Expr, definitions: Definitions) -> Expr:
    zeros, index, value, axis = (*node.args, *node.kwargs.values())
    if number(zeros) != 0 or zeros.ndim != 2 or axis != 1 or getattr(index, "shape", None) != (zeros.shape[0], 1):
        return node
    t = index.args[0] if index.word is np.reshape and index.args[0].ndim == 1 else index.reshape(len(index))
    return _onehot(node, t, value)


def _onehot(node: Expr, t: Expr, value: Any) -> Expr:
    product = Product(value) if isinstance(value, Expr) else None
    if product is None or product.below or any(_uniform(x) is None for x in product.above):
        return node
    scale = np.divide(everywhere(product.number, (), node.dtype), product.divisor)
    for x in product.above:
        scale = scale * _uniform(x)
    return scale * onehot(t, node.shape[1], node.dtype)


def _counts(rows: Any, n: int) -> bool:
    """Whether an index is 0, 1, 2 … n − 1."""
    value = rows.value if isinstance(rows, Expr) else rows
    return value is not None and np.array_equal(value, np.arange(n))


RULES: dict[Any, Callable[[Expr, Definitions], Expr]] = {
    np.reshape: _reshape, broadcast_to: _broadcast, np.broadcast_to: _broadcast, np.sum: _reduced,
    **dict.fromkeys(TRANSPOSES, _transpose),
    np.square: _square, operator.pow: _power, cast: _cast, np.where: _where, np.exp: _exp,
    index_put_add: _placed, scatter_add: _scattered,
}  # fmt: skip
