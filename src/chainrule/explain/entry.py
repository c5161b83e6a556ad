"""The chain rule of one entry: ∂loss/∂w[0, 1] as the sum over paths, with the numbers put in.

A matrix formula is read entry by entry: a product of matrices is a sum over an index, an elementwise word acts on the
entries at the same place, a transpose swaps the indices. What cannot be read so keeps its name: `softmax(z)[k, 1]`.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..errors import GraphError
from ..expr import Expr, evaluate, formula, simplify, substitute, text, walk
from ..expr.expression import CONSTANT, SYMBOL, Called, rebuilt
from ..words import broadcast_to, cast
from .catalogue import say
from .program import Statement
from .recorded import Value
from .table import shown_names

Index = tuple[Any, ...]  # of numbers, and of letters that a sum runs over
LETTERS = "kjlmpqrstuv"
SHOWN = 3  # terms of a long sum that are written out


class Place(NamedTuple):
    """What the symbol of an entry stands for: the place `at` of a formula."""

    of: Expr
    at: Index


class Sum:
    """Σ over a letter from 0 to n − 1, as a word of formulas."""

    def __init__(self, letter: str, n: int):
        self.letter, self.n = letter, n
        self.word = Called(f"Σ_{letter}", lambda x: x)


class Entries:
    """Reads matrix formulas entry by entry."""

    def __init__(self, shown: Callable[[Expr], str]):
        self.shown = shown
        self.places: dict[str, Place] = {}
        self.sums: dict[Any, Sum] = {}
        self.sizes: dict[str, int] = {}

    def letter(self, n: int) -> Any:
        """An index that runs over n places; 0 where there is only one."""
        if n == 1:
            return 0
        used = len(self.sizes)
        letter = LETTERS[used] if used < len(LETTERS) else f"k{used}"
        self.sizes[letter] = n
        return letter

    def summed(self, letters: Sequence[Any], term: Expr) -> Expr:
        """Σ of a term over letters."""
        for letter in reversed(letters):
            if letter != 0:
                found = Sum(letter, self.sizes[letter])
                self.sums[found.word] = found
                term = Expr.called(found.word, (term,), (), term.dtype)
        return term

    def place(self, expr: Expr, index: Index) -> Expr:
        """The symbol of an entry."""
        written = self.shown(expr)
        is_atom = expr.word == SYMBOL or (written.endswith(")") and " " not in written)
        inside = written if is_atom else f"({written})"
        name = f"{inside}[{', '.join(map(str, index))}]" if index else inside
        self.places[name] = Place(expr, index)
        return Expr.symbol(name, (), expr.dtype)

    def read(self, expr: Expr, index: Index) -> Expr:
        """The entry of a formula at a place, as a formula of entries."""
        if expr.word == SYMBOL:
            return self.place(expr, index)
        if expr.word == CONSTANT and expr.size == 1:
            return Expr.constant(np.asarray(expr.args[0]).reshape(()))
        reader = _READERS.get(expr.word)
        if reader is None and isinstance(expr.word, np.ufunc) and expr.word.nout == 1 and not expr.kwargs:
            reader = _elementwise
        found = None if reader is None else reader(self, expr, index)
        return self.place(expr, index) if found is None else found

    def operand(self, x: Any, index: Index) -> Any:
        """An operand of an elementwise word: axes of size 1 are repeated, missing ones too."""
        if not isinstance(x, Expr):
            return x
        index = index[len(index) - x.ndim :] if x.ndim else ()
        return self.read(x, tuple(0 if n == 1 else i for i, n in zip(index, x.shape, strict=True)))


def _elementwise(entries: Entries, expr: Expr, index: Index) -> Expr:
    return expr.word(*(entries.operand(x, index) for x in expr.args))


def _power(entries: Entries, expr: Expr, index: Index) -> Expr:
    a, b = (entries.operand(x, index) for x in expr.args)
    return a**b


def _matmul(entries: Entries, expr: Expr, index: Index) -> Expr | None:
    a, b = expr.args
    if not a.ndim or not b.ndim:
        return None
    k = entries.letter(a.shape[-1])
    own = list(index)
    column = (own.pop(),) if b.ndim > 1 else ()
    row = (own.pop(),) if a.ndim > 1 else ()

    def batch(x: Expr) -> Index:
        there = own[len(own) - (x.ndim - 2) :] if x.ndim > 2 else []
        return tuple(0 if n == 1 else i for i, n in zip(there, x.shape[:-2], strict=True))

    left = entries.read(a, (*batch(a), *row, k))
    right = entries.read(b, (*batch(b), k, *column))
    return entries.summed([k], left * right)


def _sum(entries: Entries, expr: Expr, index: Index) -> Expr:
    (x,), axis = expr.args, expr.kwargs.get("axis")
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    gone = {a % x.ndim for a in axes} if x.ndim else set()
    kept = list(index)
    full, letters = [], []
    for i, n in enumerate(x.shape):
        if i in gone:
            if expr.kwargs.get("keepdims"):
                kept.pop(0)
            letters.append(entries.letter(n))
            full.append(letters[-1])
        else:
            full.append(kept.pop(0))
    total = entries.summed(letters, entries.read(x, tuple(full)))
    if expr.word is np.mean:
        return total / int(np.prod([x.shape[i] for i in gone]))
    return total


def _transpose(entries: Entries, expr: Expr, index: Index) -> Expr:
    x, axes = (*expr.args, None)[:2]
    axes = expr.kwargs.get("axes", axes)
    order = tuple(reversed(range(x.ndim))) if axes is None else axes
    return entries.read(x, tuple(index[order.index(i)] for i in range(x.ndim)))


def _swap(entries: Entries, expr: Expr, index: Index) -> Expr:
    x, *axes = expr.args
    a, b = axes or (-2, -1)
    swapped = list(index)
    swapped[a], swapped[b] = swapped[b], swapped[a]
    return entries.read(x, tuple(swapped))


def _broadcast(entries: Entries, expr: Expr, index: Index) -> Expr:
    return entries.operand(expr.args[0], index)


def _reshape(entries: Entries, expr: Expr, index: Index) -> Expr | None:
    """Where only axes of size 1 come or go, or no index is a letter."""
    x = expr.args[0]
    if all(isinstance(i, int) for i in index):
        flat: Any = np.ravel_multi_index(index, expr.shape) if index else 0
        return entries.read(x, tuple(int(i) for i in np.unravel_index(flat, x.shape)))
    if [n for n in x.shape if n != 1] != [n for n in expr.shape if n != 1]:
        return None
    rest = iter([i for i, n in zip(index, expr.shape, strict=True) if n != 1])
    return entries.read(x, tuple(0 if n == 1 else next(rest) for n in x.shape))


def _cast(entries: Entries, expr: Expr, index: Index) -> Expr:
    entry = entries.read(expr.args[0], index)
    return entry if entry.dtype.kind == "f" else entry.astype(expr.dtype)


_READERS: dict[Any, Callable[[Entries, Expr, Index], Expr | None]] = {
    np.matmul: _matmul, np.dot: _matmul, np.sum: _sum, np.mean: _sum,
    np.transpose: _transpose, np.swapaxes: _swap, np.matrix_transpose: _swap,
    np.reshape: _reshape, broadcast_to: _broadcast, np.broadcast_to: _broadcast, cast: _cast,
    np.where: _elementwise,
}  # fmt: skip
_READERS[operator.pow] = _power


# ── the chain rule of an entry ──────────────────────────────────────────────────────────────────


class Entry:
    """∂loss/∂w[i, j]: `value`, and printed how it comes about."""

    def __init__(self, explanation: Any, tensor: Any, index: tuple[int, ...]):
        self.explanation = explanation
        self.of: Value = explanation.value_of(tensor)
        self.index = _checked(self.of, index)
        program = explanation.program
        names, derivatives = shown_names(program)
        self.shown = lambda e: formula(e, names=names, derivatives=derivatives)
        self.statements: dict[str, Statement] = {s.name: s for s in program.backward}
        gradient = program.gradients.get(self.of)
        if gradient is None:
            raise GraphError(f"no gradient arrives at {self.of.name}: it does not require one, or the loss ignores it")
        found = [s for s in program.backward if s.of is self.of]
        self.statement = found[0] if found else None
        self.entries = Entries(self.shown)
        self._known: dict[int, Any] = {}
        self.steps: list[tuple[str, str]] = []  # a left side and a right side, down to the loss
        self.name = self._left(self.statement.target if self.statement else gradient, self.index)
        self.whole = self._expand(gradient)

    @property
    def value(self) -> float:
        """The number."""
        return float(self.explanation.gradient(self.of)[self.index])

    def _left(self, target: Expr, index: Index) -> str:
        written = self.shown(target)
        return f"{written}[{', '.join(map(str, index))}]" if index else written

    def _expand(self, gradient: Expr) -> Expr:
        """The entry with every gradient in it replaced by what it is made of, down to the loss."""
        start = self.statement.target if self.statement else gradient
        whole = self.entries.read(start, self.index)
        explained: set[str] = set()
        for _ in range(len(self.statements) + 1):
            new = {}
            for node in walk(whole):
                place = self.entries.places.get(node.args[0]) if node.word == SYMBOL else None
                if place and place.of.word == SYMBOL and place.of.args[0] in self.statements:
                    made = self.entries.read(self.statements[place.of.args[0]].value, place.at)
                    if place.of.args[0] not in explained:  # once per tensor: other entries have the same form
                        explained.add(place.of.args[0])
                        self.steps.append((node.args[0], formula(simplify(made))))
                    new[node.args[0]] = made
            if not new:
                break
            whole = simplify(substitute(whole, new))
            if sum(1 for _ in walk(whole)) > 400:  # many paths: the steps say it, the whole does not
                break
        return whole

    def number(self, expr: Expr, at: dict[str, int]) -> float:
        """The number behind a formula of entries, its letters being `at` places; sums are carried out."""
        if expr.word in self.entries.sums:
            total = self.entries.sums[expr.word]
            return sum(self.number(expr.args[0], at | {total.letter: i}) for i in range(total.n))
        if expr.word == SYMBOL:
            return self._symbol(expr, at)
        if expr.word == CONSTANT:
            return float(np.asarray(expr.args[0]))
        args = [self.number(a, at) if isinstance(a, Expr) else a for a in expr.args]
        if expr.word is cast:
            return args[0]
        return float(expr.word(*args, **expr.kwargs))

    def _symbol(self, symbol: Expr, at: dict[str, int]) -> float:
        place = self.entries.places[symbol.args[0]]
        if id(place.of) not in self._known:
            self._known[id(place.of)] = np.asarray(evaluate(place.of, self.explanation.values))
        where: Any = tuple(at[i] if isinstance(i, str) else i for i in place.at)
        return float(self._known[id(place.of)][where])

    def term(self, expr: Expr, at: dict[str, int]) -> str:
        """A formula of entries with the numbers put in; a sum inside of it as its own number."""
        new: dict[int, Expr] = {}
        for node in walk(expr):
            known = node.word in self.entries.sums or (node.word == SYMBOL and node.args[0] in self.entries.places)
            if known and self._letters(node) <= at.keys():
                new[id(node)] = Expr.symbol(_number(self.number(node, at)), (), node.dtype)
            else:
                new[id(node)] = rebuilt(node, lambda e: new[id(e)]) if node.inputs else node
        return _with_dots(text(new[id(expr)]))

    def _letters(self, expr: Expr) -> set[str]:
        """The letters that a formula of entries leaves open."""
        found: set[str] = set()
        bound = {self.entries.sums[node.word].letter for node in walk(expr) if node.word in self.entries.sums}
        for node in walk(expr):
            if node.word == SYMBOL and node.args[0] in self.entries.places:
                found |= {i for i in self.entries.places[node.args[0]].at if isinstance(i, str)}
        return found - bound

    def terms(self) -> tuple[Expr, Sum | None]:
        """The outermost sum: its term, and what it runs over."""
        total = self.entries.sums.get(self.whole.word)
        return (self.whole.args[0], total) if total else (self.whole, None)

    def lines(self, lang: str) -> list[str]:
        """The walk for one entry, line by line."""
        out = [say("entry.steps", lang, name=self.name)]
        out += [f"    {left} = {right}" for left, right in self.steps]
        if len(self.steps) > 1:
            out += [say("entry.whole", lang), f"    {self.name} = {formula(self.whole)}"]
        out.append(say("entry.numbers", lang))
        term, total = self.terms()
        if total is None:
            out.append(f"    {self.name} = {self.term(term, {})} = {_plain(self.value)}")
        else:
            shown = min(total.n, SHOWN)
            out += [
                f"    {total.letter} = {i}:  {self.term(term, {total.letter: i})} = "
                f"{_plain(self.number(term, {total.letter: i}))}"
                for i in range(shown)
            ]
            if total.n > shown:
                out.append("    " + say("entry.more", lang, count=total.n - shown, total=total.n))
            out.append(f"    {self.name} = {_plain(self.value)}")
        if self.statement is not None and self.of.shape:
            out += [say("entry.assembled", lang, name=self.of.name)]
            out.append(f"    {self.shown(self.statement.target)} = {self.shown(self.statement.value)}")
        return out

    def __str__(self) -> str:
        return "\n".join(self.lines(self.explanation.lang))

    def __repr__(self) -> str:
        return str(self)


def _with_dots(written: str) -> str:
    """`2 * (5 - 1) * (3 >= 0)` as on paper: `2 · (5 − 1) · [3 ≥ 0]`."""
    written = re.sub(r"\(([^()]*(?:\([^()]*\)[^()]*)*? [<>=!]=? [^()]*)\)", r"[\1]", written)
    for code, paper in ((" * ", " · "), (" - ", " − "), (">=", "≥"), ("<=", "≤"), ("!=", "≠"), ("==", "=")):
        written = written.replace(code, paper)
    return re.sub(r"^-", "−", written)


def _plain(x: float) -> str:
    return f"{x + 0.0:.5g}".replace("-", "−")  # + 0.0: no −0


def _number(x: float) -> str:
    return f"{x:.4g}" if x >= 0 else f"(−{-x:.4g})"


def _checked(value: Value, index: tuple[int, ...]) -> tuple[int, ...]:
    if len(index) != len(value.shape):
        raise IndexError(
            f"entry(): {value.name} has shape {list(value.shape)}, so an entry has {len(value.shape)} indices, but "
            f"got {list(index)}"
        )
    for i, (k, n) in enumerate(zip(index, value.shape, strict=True)):
        if not -n <= k < n:
            raise IndexError(f"entry(): index {k} is out of bounds for dimension {i} of {value.name} with size {n}")
    return tuple(k % n for k, n in zip(index, value.shape, strict=True))


# ── the whole walk ──────────────────────────────────────────────────────────────────────────────


def derivation(explanation: Any, tensor: Any, lang: str) -> str:
    """From scalars to matrices, for one parameter: the forward, one entry, one observation, the batch."""
    of: Value = explanation.value_of(tensor)
    entry = Entry(explanation, of.name, (0,) * len(of.shape))
    forward = [f"    {entry.shown(s.target)} = {entry.shown(s.value)}" for s in explanation.program.forward]
    out = ["1. " + say("derivation.forward", lang, loss=explanation.loss.name), *forward, ""]
    path = _path(explanation, entry)
    out += ["2. " + say("derivation.path", lang, name=of.name), f"    {' → '.join(path)}", ""]
    out += ["3. " + say("derivation.entry", lang, name=entry.name), *(f"  {x}" for x in entry.lines(lang)), ""]
    out += ["4. " + say("derivation.matrix", lang)]
    needed = _needed(entry)
    out += [
        f"    {entry.shown(s.target)} = {entry.shown(s.value)}"
        for s in explanation.program.backward
        if s.name in needed
    ]
    norm = np.linalg.norm(np.asarray(explanation.gradient(of), np.float64))
    out += ["", say("derivation.end", lang, name=of.name, norm=f"{norm:.5g}")]
    return "\n".join(out)


def _needed(entry: Entry) -> set[str]:
    """The gradients that this one is made from, itself among them."""
    if entry.statement is None:
        return set()
    needed, stack = {entry.statement.name}, [entry.statement]
    while stack:
        for node in walk(stack.pop().value):
            name = node.args[0] if node.word == SYMBOL else None
            if name in entry.statements and name not in needed:
                needed.add(name)
                stack.append(entry.statements[name])
    return needed


def _path(explanation: Any, entry: Entry) -> list[str]:
    """The tensors between the parameter and the loss through which the gradient comes."""
    needed = _needed(entry)
    between = [s.of.name for s in explanation.program.backward if s.name in needed]
    return [*reversed(between), explanation.loss.name]
