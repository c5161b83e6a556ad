"""Sums and products taken apart into terms and factors, and put together as a person would write them."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np

from ..words import broadcast_to
from .expression import CONSTANT, Expr

PRODUCTS = {np.multiply, np.divide, np.negative}
SUMS = {np.add, np.subtract}

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


def everywhere(value: Any, shape: tuple[int, ...], dtype: Any) -> Expr:
    """A number at every place of a shape."""
    constant = Expr.constant(np.asarray(value, dtype))
    return broadcast_to(constant, shape) if shape else constant


def quotient(n: Any, d: Any, shape: tuple[int, ...], dtype: Any) -> Expr:
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
            return everywhere(n, shape, dtype) if d == 1 else quotient(n, d, shape, dtype)
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


def added(node: Expr) -> Expr:
    """A sum with its terms in order, what cancels or is 0 left out."""
    if node.dtype.kind != "f":
        return node
    terms = _counted([_signed(sign, x) for sign, x in _terms(node)])
    kept = [(s, x) for s, x in terms if number(x) != 0]
    if not kept:
        return everywhere(0, node.shape, node.dtype)
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
        whole = added(whole) if whole.word in SUMS else Product(whole).made(whole.shape, whole.dtype)
    for i, y in enumerate(shared):
        whole = y * whole if i == 0 else whole * y
    whole = whole / _whole(divisor) if divisor != 1 else whole
    return whole if isinstance(whole, Expr) and whole.shape == node.shape else None
