"""Formulas as a person would write them: `2 * (out - y)` in place of `broadcast_to(1, …) * (2 * (out - y))`.

Sums and products are taken apart into terms and factors, put in order, and put together again; other words have
a rule each. A rule changes neither shape nor dtype (what would is dropped), and values by rounding only.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from ..op import REGISTRY
from ..words import broadcast_to, cast, index_put_add, log_softmax, onehot, scatter_add, sigmoid, softmax
from .expression import CONSTANT, SYMBOL, Expr, rebuilt, walk

PRODUCTS = {np.multiply, np.divide, np.negative}
SUMS = {np.add, np.subtract}
Definitions = Mapping[str, Expr]


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
    made: dict[int, Expr] = {}
    for node in order:
        new = node
        if any(made[id(x)] is not x for x in node.inputs):
            new = rebuilt(node, lambda e: made[id(e)])
        made[id(node)] = new if id(node) in inside else _rewritten(new, definitions or {})
    return made[id(expr)]


def _inside_of_chains(order: list[Expr], root: Expr) -> set[int]:
    """Sums within sums and products within products: only the outermost is taken apart, so that time stays linear."""
    users: dict[int, set[int]] = {}
    for node in order:
        kind = 1 if node.word in PRODUCTS else 2 if node.word in SUMS else 0
        for x in node.inputs:
            own = 1 if x.word in PRODUCTS else 2 if x.word in SUMS else 0
            users.setdefault(id(x), set()).add(kind if kind == own else 0)
    return {key for key, kinds in users.items() if kinds in ({1}, {2}) and key != id(root)}


def _rewritten(node: Expr, definitions: Definitions) -> Expr:
    for _ in range(8):
        rule = RULES.get(node.word)
        if rule is None:
            return node
        new = rule(node, definitions)
        if new is node or not isinstance(new, Expr) or new.shape != node.shape or new.dtype != node.dtype:
            return node
        node = new
    return node


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────


def number(x: Any) -> int | float | None:
    """The number that a formula is at every place; None where it is none."""
    if isinstance(x, Expr):
        if x.word in (broadcast_to, np.broadcast_to):
            return number(x.args[0])
        if x.word != CONSTANT or x.dtype.kind not in "fiu" or not (x.ndim == 0 or _is_constant_array(x.args[0])):
            return None
        x = np.asarray(x.args[0]).reshape(-1)[0].item()
    if type(x) not in (int, float) or not math.isfinite(x):
        return None
    return int(x) if x == int(x) and abs(x) < 2**53 else x


def _is_constant_array(a: Any) -> bool:
    return 0 < a.size <= 4096 and bool((a == a.reshape(-1)[0]).all())


def _everywhere(value: Any, shape: tuple[int, ...], dtype: Any) -> Expr:
    """A number at every place of a shape."""
    constant = Expr.constant(np.asarray(value, dtype))
    return broadcast_to(constant, shape) if shape else constant


def _quotient(n: Any, d: Any, shape: tuple[int, ...], dtype: Any) -> Expr:
    """n / d at every place; as a quotient, so that 1/64 reads as a person writes it."""
    quotient = np.divide(Expr.constant(np.asarray(n, dtype)), d)
    return broadcast_to(quotient, shape) if shape else quotient


# ── products ────────────────────────────────────────────────────────────────────────────────────


class Product:
    """number · above₁ · above₂ … / (divisor · below₁ · below₂ …)"""

    def __init__(self, node: Expr):
        self.number: int | float = 1
        self.divisor: int | float = 1
        self.above: list[Expr] = []
        self.below: list[Expr] = []
        stack: list[tuple[Any, bool]] = [(node, False)]
        while stack:
            x, inverted = stack.pop()
            known = number(x)
            word = x.word if isinstance(x, Expr) and x.dtype.kind == "f" else None
            if known is not None and (known or not inverted):
                self._take_number(known, inverted)
            elif word is np.multiply:
                stack += [(x.args[1], inverted), (x.args[0], inverted)]
            elif word is np.divide:
                stack += [(x.args[1], not inverted), (x.args[0], inverted)]
            elif word is np.negative:
                self.number = -self.number
                stack.append((x.args[0], inverted))
            else:
                (self.below if inverted else self.above).append(x)

    def _take_number(self, x: int | float, inverted: bool) -> None:
        if inverted:
            self.divisor *= x
        elif x and abs(x) < 1 and (1 / x) == int(1 / x):
            self.number, self.divisor = math.copysign(1, x) * self.number, self.divisor * int(abs(1 / x))
        else:
            self.number *= x

    def made(self, shape: tuple[int, ...], dtype: Any) -> Expr:
        """The product in its order: the number, the factors, masks last; then what it is divided by."""
        n, d = _whole(self.number), _whole(self.divisor)
        if d < 0:
            n, d = -n, -d
        if n == d:
            n = d = 1
        above, below = _unbroadcast(self.above, self.below, shape)
        above, below = _powers(_masks_last(above)), _powers(below)
        if above and n == 1 and not any(x.dtype == dtype for x in (*above, *below)):
            above[0] = above[0].astype(dtype)  # an integer or a mask alone
        if not above and not below:
            return _everywhere(n, shape, dtype) if d == 1 else _quotient(n, d, shape, dtype)
        top = _multiplied(n, above)
        if not below and d == 1:
            return broadcast_to(top, shape) if top.shape != shape else top
        under = _multiplied(d, below)
        return np.divide(top, under)


def _whole(x: int | float) -> int | float:
    return int(x) if x == int(x) and abs(x) < 2**53 else x


def _multiplied(n: int | float, factors: list[Expr]) -> Any:
    if not factors:
        return n
    first, *rest = factors
    product: Any = first if n == 1 else -first if n == -1 and first.dtype != bool else n * first
    for x in rest:
        product = product * x
    return product


def _masks_last(factors: list[Expr]) -> list[Expr]:
    masks = list({id(x): x for x in factors if x.dtype == bool}.values())
    return [*(x for x in factors if x.dtype != bool), *masks]


def _powers(factors: list[Expr]) -> list[Expr]:
    """x · x → x²; powers of one base together."""
    if len(factors) < 2:
        return factors
    exponents: dict[int, int] = {}
    bases: dict[int, Expr] = {}
    for x in factors:
        base, e = x, 1
        if x.word is operator.pow and type(x.args[1]) is int and x.args[1] > 0:
            base, e = x.args
        if base.dtype == bool:
            e = 0
        bases[id(base)] = base
        exponents[id(base)] = exponents.get(id(base), 0) + e
    return [bases[k] if e < 2 else bases[k] ** e for k, e in exponents.items()]


def _unbroadcast(above: list[Expr], below: list[Expr], shape: tuple[int, ...]) -> tuple[list[Expr], list[Expr]]:
    """Factors that are repeated to the full shape, as they were before, where another one has it."""
    bare = [_bare(x) for x in above], [_bare(x) for x in below]
    flat = [*bare[0], *bare[1]]
    if flat and np.broadcast_shapes(*(x.shape for x in flat)) == shape:
        return bare
    for side, own in ((above, bare[0]), (below, bare[1])):
        for i, x in enumerate(side):
            if x.shape == shape and x is not own[i]:  # one has to stay as it is
                own[i] = x
                return bare
    return above, below


def _bare(x: Expr) -> Expr:
    """An operand without what broadcasting does by itself: repetition, leading axes of size 1."""
    while x.word in (broadcast_to, np.broadcast_to, np.reshape) and isinstance(x.args[0], Expr):
        inside = x.args[0]
        if x.word is np.reshape and x.shape != (1,) * (x.ndim - inside.ndim) + inside.shape:
            break
        x = inside
    return x


def _product(node: Expr, definitions: Definitions) -> Expr:
    if node.dtype.kind != "f":
        return node
    if node.word is np.divide and (found := _sigmoid(node)) is not None:
        return found
    return Product(node).made(node.shape, node.dtype)


# ── sums ────────────────────────────────────────────────────────────────────────────────────────


def _terms(node: Expr) -> list[tuple[int, Any]]:
    """The terms of a sum with their signs."""
    found: list[tuple[int, Any]] = []
    stack: list[tuple[Any, int]] = [(node, 1)]
    while stack:
        x, sign = stack.pop()
        if isinstance(x, Expr) and x.dtype.kind == "f" and x.word in SUMS:
            a, b = x.args
            stack += [(b, sign if x.word is np.add else -sign), (a, sign)]
        else:
            found.append((sign, x))
    return found


def _sum(node: Expr, definitions: Definitions) -> Expr:
    if node.dtype.kind != "f":
        return node
    terms = _counted([_signed(sign, x) for sign, x in _terms(node)])
    kept = [(s, x) for s, x in terms if number(x) != 0]
    if not kept:
        return _everywhere(0, node.shape, node.dtype)
    common = _common(kept, node)
    if common is not None:
        return common
    bare = [(s, _bare(x) if isinstance(x, Expr) else x) for s, x in kept]
    if np.broadcast_shapes(*(np.shape(x) for _, x in bare)) == node.shape:
        kept = bare
    if np.broadcast_shapes(*(np.shape(x) for _, x in kept)) != node.shape:
        kept = terms
    return _added(kept)


def _counted(terms: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """a + b + b → a + 2 b."""
    count: dict[int, int] = {}
    for sign, x in terms:
        if isinstance(x, Expr):
            count[id(x)] = count.get(id(x), 0) + sign
    if len(count) + sum(not isinstance(x, Expr) for _, x in terms) == len(terms):
        return terms
    found, seen = [], set()
    for sign, x in terms:
        if not isinstance(x, Expr):
            found.append((sign, x))
        elif id(x) not in seen:
            seen.add(id(x))
            n = count[id(x)]
            found.append((1 if n >= 0 else -1, x if abs(n) == 1 else abs(n) * x if n else 0 * x))
    return found


def _signed(sign: int, x: Any) -> tuple[int, Any]:
    """A term without its sign: −2 a → (−, 2 a)."""
    if isinstance(x, Expr) and x.word in PRODUCTS and x.dtype.kind == "f":
        product = Product(x)
        if product.number < 0:
            product.number = -product.number
            return -sign, product.made(x.shape, x.dtype)
    known = number(x)
    if known is not None and known < 0 and not isinstance(x, Expr):
        return -sign, -known
    return sign, x


def _added(terms: list[tuple[int, Any]]) -> Any:
    """The sum, a positive term first."""
    first = next((i for i, (sign, _) in enumerate(terms) if sign > 0), 0)
    terms = [terms[first], *terms[:first], *terms[first + 1 :]]
    total: Any = terms[0][1] if terms[0][0] > 0 else -terms[0][1]
    for sign, x in terms[1:]:
        total = total + x if sign > 0 else total - x
    return total


def _common(terms: list[tuple[int, Any]], node: Expr) -> Expr | None:
    """a x − a y → a (x − y), x / n − y / n → (x − y) / n, for two or three terms."""
    if not 2 <= len(terms) <= 3 or not all(isinstance(x, Expr) and x.dtype.kind == "f" for _, x in terms):
        return None
    products = [Product(x) for _, x in terms]
    first = products[0]
    shared = [x for x in first.above if all(any(x is y for y in p.above) for p in products[1:])]
    divisor = first.divisor if all(p.divisor == first.divisor and not p.below for p in products) else 1
    if not shared and divisor == 1:
        return None
    inner: list[tuple[int, Any]] = []
    for (sign, _), p in zip(terms, products, strict=True):
        for y in shared:
            p.above.pop(next(i for i, z in enumerate(p.above) if z is y))
        p.divisor = 1 if divisor != 1 else p.divisor
        factors = [*p.above, *p.below]
        shape = np.broadcast_shapes(*(x.shape for x in factors))
        inner.append((sign, p.made(shape, node.dtype) if factors else _whole(p.number / p.divisor)))
    whole: Any = _added(inner)
    if isinstance(whole, Expr):
        whole = _rewritten(whole, {})
    for i, y in enumerate(shared):
        whole = y * whole if i == 0 else whole * y
    whole = whole / _whole(divisor) if divisor != 1 else whole
    return whole if isinstance(whole, Expr) and whole.shape == node.shape else None


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
    if (inside := _uniform(x)) is not None and x.size and node.dtype.kind == "f":
        size = node.size or 1
        return _everywhere(1, node.shape, node.dtype) * inside * (x.size // size)
    return _sum_of_onehot(node, x, axis)


def _sum_of_onehot(node: Expr, x: Expr, axis: Any) -> Expr:
    """Σ over the classes of c · onehot(t) is c."""
    if type(axis) is not int or axis % x.ndim != x.ndim - 1 or x.word not in (*PRODUCTS, onehot):
        return node
    product = Product(x)
    if len(product.above) != 1 or product.below or product.above[0].word is not onehot:
        return node
    return _quotient(product.number, product.divisor, node.shape, node.dtype)


def _transposed(node: Expr) -> Expr | None:
    """What a node is the transpose of (its last two axes swapped); None for other words."""
    if not isinstance(node, Expr) or node.ndim < 2:
        return None
    if node.word is np.matrix_transpose:
        return node.args[0]
    if node.word is np.swapaxes and {a % node.ndim for a in node.args[1:]} == {node.ndim - 1, node.ndim - 2}:
        return node.args[0]
    if node.word is np.transpose and node.ndim == 2:
        axes = (*node.args, None)[1]
        return node.args[0] if axes is None or tuple(axes) == (1, 0) else None
    return None


def transpose(x: Expr) -> Expr:
    """xᵀ, or x without the ᵀ it has."""
    inside = _transposed(x)
    return inside if inside is not None else x.T if x.ndim == 2 else np.swapaxes(x, -1, -2)


def _transpose(node: Expr, definitions: Definitions) -> Expr:
    x = node.args[0]
    if node.word is np.transpose and (x.ndim < 2 or (*node.args, None)[1] == tuple(range(x.ndim))):
        return x
    if (known := _uniform(x)) is not None:
        return broadcast_to(known, node.shape)
    if _transposed(node) is None:
        return node
    if (inside := _transposed(x)) is not None:
        return inside
    if x.word in (np.matmul, np.dot) and all(a.ndim == x.ndim for a in x.args):
        a, b = x.args
        if _transposed(a) is not None or _transposed(b) is not None:
            return np.matmul(transpose(b), transpose(a))
    return x.T if x.ndim == 2 and node.word is not np.transpose else node


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
    return node.args[0] if node.args[0].dtype == node.dtype else node


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
        while isinstance(total, Expr) and total.word in (np.reshape, broadcast_to):
            total = total.args[0]
        total = _defined(total, definitions)
        axis = getattr(total, "kwargs", {}).get("axis")
        if getattr(total, "word", None) is REGISTRY["logsumexp"].forward and total.args[0] is z and type(axis) is tuple and len(axis) == 1:
            return softmax(z, axis=axis[0])
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
    return _onehot(node, np.reshape(index, (zeros.shape[0],)), value)


def _onehot(node: Expr, t: Expr, value: Any) -> Expr:
    product = Product(value) if isinstance(value, Expr) else None
    if product is None or product.below or any(_uniform(x) is None for x in product.above):
        return node
    scale = np.divide(_everywhere(product.number, (), node.dtype), product.divisor)
    for x in product.above:
        scale = scale * _uniform(x)
    return scale * onehot(t, node.shape[1], node.dtype)


def _counts(rows: Any, n: int) -> bool:
    """Whether an index is 0, 1, 2 … n − 1."""
    value = rows.value if isinstance(rows, Expr) else rows
    return value is not None and np.array_equal(value, np.arange(n))


RULES: dict[Any, Callable[[Expr, Definitions], Expr]] = {
    np.multiply: _product, np.divide: _product, np.negative: _product,
    np.add: _sum, np.subtract: _sum,
    np.reshape: _reshape, broadcast_to: _broadcast, np.broadcast_to: _broadcast, np.sum: _reduced,
    np.transpose: _transpose, np.swapaxes: _transpose, np.matrix_transpose: _transpose,
    np.square: _square, operator.pow: _power, cast: _cast, np.where: _where, np.exp: _exp,
    index_put_add: _placed, scatter_add: _scattered,
}  # fmt: skip
