"""Sums and products taken apart into terms and factors, and put together as a person would write them."""

from __future__ import annotations

import math
import operator
from collections.abc import Collection
from typing import Any

import numpy as np

from ..words import broadcast_to
from .expression import CONSTANT, Expr

PRODUCTS = {np.multiply, np.divide, np.negative}
SUMS = {np.add, np.subtract}
FEW = 8  # shared products and sums that are taken apart within another one; more would be written again and again
NONE: frozenset[int] = frozenset()

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
    """number · above₁ · above₂ … / (divisor · below₁ · below₂ …)

    `chain` holds the ids of products that nothing else uses: they are taken apart however many they are.
    """

    def __init__(self, node: Expr, chain: Collection[int] = NONE):
        self.number: int | float = 1
        self.divisor: int | float = 1
        self.above: list[Expr] = []
        self.below: list[Expr] = []
        stack: list[tuple[Any, bool]] = [(node, False)]
        left = FEW
        while stack:
            x, inverted = stack.pop()
            known = number(x)
            word = x.word if isinstance(x, Expr) and x.dtype == node.dtype and x.dtype.kind == "f" else None
            if word in PRODUCTS and id(x) not in chain:
                left -= 1
                word = word if left >= 0 else None
            if known is not None and (known or not inverted):
                self._take_number(known, inverted)
            elif word is np.multiply:
                stack += [(x.args[1], inverted), (x.args[0], inverted)]
            elif word is np.divide:
                stack += [(x.args[1], not inverted), (x.args[0], inverted)]
            elif word is np.negative:
                self.number = -self.number
                stack.append((x.args[0], inverted))
            elif word is np.where and not inverted and _is_indicator(x):
                self.above.append(x.args[0])
            elif word in (broadcast_to, np.broadcast_to) and isinstance(x.args[0], Expr) and not x.args[0].shape:
                stack.append((x.args[0], inverted))
            else:
                (self.below if inverted else self.above).append(x)

    def _take_number(self, x: int | float, inverted: bool) -> None:
        if inverted:
            self.divisor *= x
        elif _is_unit_fraction(x):
            self.number, self.divisor = self.number if x > 0 else -self.number, self.divisor * int(abs(1 / x))
        else:
            self.number *= x

    def made(self, shape: tuple[int, ...], dtype: Any) -> Expr | None:
        """The product in its order: the number, the factors, masks last; then what it is divided by.

        None where another order could overflow: between integers, and with numbers at the dtype's ends.
        """
        if not (_fits(self.number, dtype) and _fits(self.divisor, dtype) and self._keeps(dtype)):
            return None
        n, d = _whole(self.number), _whole(self.divisor)
        if d < 0:
            n, d = -n, -d
        if n == d:
            n = d = 1
        above, below = _unbroadcast(self.above, self.below, shape)
        above, below = _powers(_discrete_last(above)), _powers(below)
        if not above and not below:
            return everywhere(n, shape, dtype) if d == 1 else quotient(n, d, shape, dtype)
        top = _multiplied(n, above)
        if not below and d == 1:
            return broadcast_to(top, shape) if top.shape != shape else top
        under = _multiplied(d, below)
        return np.divide(top, under)

    def _keeps(self, dtype: Any) -> bool:
        """Whether every partial product has the dtype: floats of one dtype stand first, integers join them singly."""
        if any(x.dtype.kind == "f" and x.dtype != dtype for x in (*self.above, *self.below)):
            return False
        if any(x.dtype.kind != "f" for x in self.below):
            return False
        discrete = sum(x.dtype.kind != "f" for x in self.above)
        return not discrete or discrete < len(self.above) or (bool(self.below) and discrete == self.number == 1)


def _is_indicator(x: Expr) -> bool:
    """Whether this is where(mask, 1, 0)."""
    mask, one, zero = x.args
    return (
        isinstance(mask, Expr)
        and mask.dtype == bool
        and mask.shape == x.shape
        and number(one) == 1
        and number(zero) == 0
    )


def _is_unit_fraction(x: int | float) -> bool:
    """Whether a number was 1/n: 0.015625 and 0.333… are, 0.01 reads better as it is."""
    if not 1e-6 <= abs(x) < 1 or 1 / x != int(1 / x):
        return False
    n = int(abs(1 / x))
    return n & (n - 1) == 0 or len(repr(x)) > 8


def _fits(x: int | float, dtype: Any) -> bool:
    info = np.finfo(dtype)
    return x == 0 or float(info.tiny) <= abs(x) <= float(info.max)


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


def _discrete_last(factors: list[Expr]) -> list[Expr]:
    """Floats, then integers, then masks, each mask once."""
    masks = {id(x): x for x in factors if x.dtype == bool}
    return [
        *(x for x in factors if x.dtype.kind == "f"),
        *(x for x in factors if x.dtype.kind not in "fb"),
        *masks.values(),
    ]


def _powers(factors: list[Expr]) -> list[Expr]:
    """x · x → x²; powers of one base together."""
    if len(factors) < 2:
        return factors
    exponents: dict[int, int] = {}
    bases: dict[int, Expr] = {}
    for x in factors:
        base, e = x, 1
        if x.dtype.kind != "f":
            bases[len(bases)] = x
            exponents[len(bases) - 1] = 1
            continue
        if x.word is operator.pow and type(x.args[1]) is int and x.args[1] > 0:
            base, e = x.args
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


def _terms(node: Expr, chain: Collection[int]) -> list[tuple[int, Any]]:
    """The terms of a sum with their signs; sums that are shared are left, but for a few."""
    found: list[tuple[int, Any]] = []
    stack: list[tuple[Any, int]] = [(node, 1)]
    left = 3 if chain else FEW
    while stack:
        x, sign = stack.pop()
        apart = isinstance(x, Expr) and x.dtype == node.dtype and x.word in SUMS
        if apart and id(x) not in chain:
            left -= 1
        if apart and (left >= 0 or id(x) in chain):
            a, b = x.args
            stack += [(b, sign if x.word is np.add else -sign), (a, sign)]
        else:
            found.append((sign, x))
    return found


def added(node: Expr, chain: Collection[int] = NONE) -> Expr:
    """A sum with its terms in order, what cancels or is 0 left out. `chain` as for a Product."""
    if node.dtype.kind != "f":
        return node
    found = _terms(node, chain)
    if not all(x.dtype == node.dtype or x.dtype.kind != "f" for _, x in found if isinstance(x, Expr)):
        return node
    terms = _floats_first(_counted([_signed(sign, x) for sign, x in found]))
    if terms is None:
        return node
    kept = _one_number([(s, x) for s, x in terms if number(x) != 0], node.dtype)
    if not any(isinstance(x, Expr) for _, x in kept):
        return everywhere(sum(s * x for s, x in kept), node.shape, node.dtype)
    common = _common(kept, node)
    if common is not None:
        return common
    bare = [(s, _bare(x) if isinstance(x, Expr) else x) for s, x in kept]
    if np.broadcast_shapes(*(np.shape(x) for _, x in bare)) == node.shape:
        kept = bare
    if np.broadcast_shapes(*(np.shape(x) for _, x in kept)) != node.shape:
        kept = terms
    return _added(kept)


def _floats_first(terms: list[tuple[int, Any]]) -> list[tuple[int, Any]] | None:
    """Integers and masks after a float, so that no two of them are added; None where there is no float."""
    discrete = [t for t in terms if isinstance(t[1], Expr) and t[1].dtype.kind != "f"]
    if not discrete:
        return terms
    floats = [t for t in terms if isinstance(t[1], Expr) and t[1].dtype.kind == "f"]
    numbers = [t for t in terms if not isinstance(t[1], Expr)]
    return [*floats, *numbers, *discrete] if floats and (floats[0][0] > 0 or floats[0][1].word != CONSTANT) else None


def _one_number(terms: list[tuple[int, Any]], dtype: Any) -> list[tuple[int, Any]]:
    """a + 1 + b + 2 → a + 3 + b"""
    known = [(i, s * number(x)) for i, (s, x) in enumerate(terms) if number(x) is not None]  # type: ignore[operator]
    total = sum(x for _, x in known)
    if len(known) < 2 or not _fits(total, dtype):
        return terms
    gone, first = {i for i, _ in known}, known[0][0]
    one = [(1 if total > 0 else -1, abs(total))] if total else []
    before, after = (
        [t for i, t in enumerate(terms) if i in side and i not in gone]
        for side in (range(first), range(first, len(terms)))
    )
    return [*before, *one, *after]


def _counted(terms: list[tuple[int, Any]]) -> list[tuple[int, Any]]:
    """a + b + b → a + 2 b."""
    count: dict[int, int] = {}
    for sign, x in terms:
        if isinstance(x, Expr) and x.dtype.kind == "f":
            count[id(x)] = count.get(id(x), 0) + sign
    if len(count) + sum(not isinstance(x, Expr) or x.dtype.kind != "f" for _, x in terms) == len(terms):
        return terms
    found, seen = [], set()
    for sign, x in terms:
        if id(x) not in count or not isinstance(x, Expr):
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
            positive = product.made(x.shape, x.dtype)
            if positive is not None:
                return -sign, positive
    known = number(x)
    if known is not None and known < 0 and not isinstance(x, Expr):
        return -sign, -known
    return sign, x


def _added(terms: list[tuple[int, Any]]) -> Any:
    """The sum, a positive term first; not an integer or a mask."""
    mixed = any(isinstance(x, Expr) and x.dtype.kind != "f" for _, x in terms)
    first = next((i for i, (s, x) in enumerate(terms) if s > 0 and not (mixed and _is_discrete(x))), 0)
    terms = [terms[first], *terms[:first], *terms[first + 1 :]]
    total: Any = terms[0][1] if terms[0][0] > 0 else -terms[0][1]
    for sign, x in terms[1:]:
        total = total + x if sign > 0 else total - x
    return total


def _is_discrete(x: Any) -> bool:
    return not isinstance(x, Expr) or x.dtype.kind != "f"


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
        rest = p.made(np.broadcast_shapes(*(x.shape for x in factors)), node.dtype) if factors else None
        if factors and (rest is None or rest.dtype != node.dtype):
            return None
        inner.append((sign, rest if factors else _whole(p.number / p.divisor)))
    whole: Any = _added(inner)
    if isinstance(whole, Expr):
        again = added(whole) if whole.word in SUMS else Product(whole).made(whole.shape, whole.dtype)
        whole = whole if again is None else again
    for i, y in enumerate(shared):
        whole = y * whole if i == 0 else whole * y
    whole = whole / _whole(divisor) if divisor != 1 else whole
    return whole if isinstance(whole, Expr) and whole.shape == node.shape else None
