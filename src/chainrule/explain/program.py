"""The forward and the backward pass as statements: symbol = formula.

Every operation gives a statement per result; going back, every tensor that a gradient reaches gives one for
its gradient, the contributions of several consumers added. Then it is made as short as a person would write it:
formulas simplified, what is used once written where it is used, what nobody uses left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import SymbolicError
from ..expr import Expr, forward_formula, simplify, text, vjp_formula, walk
from ..expr.expression import CONSTANT, PART, SYMBOL, substitute
from .names import identifiers
from .recorded import Operation, Recorded, Value, arguments, as_symbols, function_word

LONGEST = 76  # a formula that is longer than this as text is not written into another one
FEW = 4  # words around indices and masks that are no work either
CHEAP = 1  # operations that are rather written twice than kept under a name


@dataclass
class Statement:
    """`target = value`: a result of the forward pass, or the gradient of a tensor."""

    target: Expr
    value: Expr
    phase: str  # "forward" or "backward"
    of: Value  # the tensor that it computes, or whose gradient it computes
    operations: tuple[Operation, ...]  # what it covers; going back, the consumers that contribute

    @property
    def name(self) -> str:
        """The name of the symbol."""
        return self.target.args[0]


@dataclass
class Program:
    """Statements in the order in which they run, and what goes in and comes out."""

    recorded: Recorded
    full: list[Statement]  # a statement for every tensor and every gradient
    gradients: dict[Value, Expr]  # the formula of each gradient: a symbol, or what stands for the first
    seeds: list[Expr]  # gradients of roots that are no scalars: they are given
    short: list[Statement] = field(default_factory=list)  # what a person would write

    @property
    def forward(self) -> list[Statement]:
        """The short forward pass."""
        return [s for s in self.short if s.phase == "forward"]

    @property
    def backward(self) -> list[Statement]:
        """The short backward pass."""
        return [s for s in self.short if s.phase == "backward"]


def program(recorded: Recorded) -> Program:
    """The statements of a recorded graph."""
    forward = [s for operation in recorded.operations for s in _forward(operation)]
    made = _Backward(recorded)
    result = Program(recorded, forward + made.statements, made.gradients, made.seeds)
    result.short = shortened(result)
    return result


# ── forward ─────────────────────────────────────────────────────────────────────────────────────


def _forward(operation: Operation) -> list[Statement]:
    formulas = forward_of(operation)
    return [
        Statement(value.symbol, formula, "forward", value, (operation,))
        for value, formula in zip(operation.outputs, formulas, strict=True)
    ]


def forward_of(operation: Operation) -> tuple[Expr, ...]:
    """The results of an operation as formulas of its arguments."""
    args, params = arguments(operation), as_symbols(operation.params)
    outputs = operation.outputs
    shapes, types = tuple(v.shape for v in outputs), tuple(v.dtype for v in outputs)
    if operation.op is None:
        word = function_word(operation, backward=False)
        given = (shapes, types) if len(outputs) > 1 else (shapes[0], types[0])
        found = Expr.called(word, args, *given)
    else:
        found = forward_formula(operation.op, *args, **params)
    results = found if isinstance(found, tuple) else (found,)
    results = tuple(r if isinstance(r, Expr) else Expr.constant(r) for r in results)
    for value, formula in zip(outputs, results, strict=True):
        if formula.shape != value.shape:
            raise SymbolicError(
                f"{operation.name} at {operation.line}: the formula {formula} has shape {formula.shape}, the tensor "
                f"{value.shape}; the shape depends on values"
            )
    return results


# ── backward ────────────────────────────────────────────────────────────────────────────────────


class _Backward:
    """Goes through the operations from the last to the first, as the engine does."""

    def __init__(self, recorded: Recorded):
        self.recorded = recorded
        self.arrived: dict[Value, list[tuple[Expr, Operation]]] = {}
        self.gradients: dict[Value, Expr] = {}
        self.seeds: list[Expr] = []
        self.statements: list[Statement] = []
        self.taken = [v.identifier for v in recorded.values]
        self.root = recorded.roots[0]
        for root in recorded.roots:
            self._seed(root)
        first = {a: o for o in reversed(recorded.operations) for a in o.inputs}  # the last to send its part back
        for operation in reversed(recorded.operations):
            self._operation(operation)
            for leaf in dict.fromkeys(operation.inputs):
                if leaf.kind == "parameter" and first[leaf] is operation:
                    self._total(leaf)
        for leaf in recorded.leaves:  # a root that is a leaf itself
            self._total(leaf)

    def _seed(self, root: Value) -> None:
        if root.shape:
            name, number = root.identifier, 1
            while f"grad_{name}" in {seed.args[0] for seed in self.seeds}:  # the same tensor is a root twice
                number += 1
                name = identifiers([f"{root.identifier}_{number}"], self.taken)[0]
            seed = Expr.symbol(f"grad_{name}", root.shape, root.dtype)
            self.seeds.append(seed)
        else:
            seed = Expr.constant(np.ones((), root.dtype))
        self.arrived.setdefault(root, []).append((seed, None))  # type: ignore[arg-type]

    def _total(self, value: Value) -> Expr | None:
        """The gradient of a tensor, all of whose consumers were visited."""
        parts = self.arrived.pop(value, [])
        if not parts:
            return None
        total = parts[0][0]
        for part, _ in parts[1:]:
            total = total + part
        consumers = tuple(dict.fromkeys(o for _, o in parts if o is not None))
        if not consumers:  # the gradient of a root is given
            self.gradients[value] = total
            return total
        symbol = Expr.symbol(f"grad_{value.identifier}", value.shape, value.dtype)
        if any(symbol is seed for seed in self.seeds):  # a root that another one is made from
            symbol = Expr.symbol(f"grad_{value.identifier}_total", value.shape, value.dtype)
        self.statements.append(Statement(symbol, total, "backward", value, consumers))
        self.gradients[value] = symbol
        return symbol

    def _operation(self, operation: Operation) -> None:
        gradients = [self._total(value) for value in operation.outputs]
        if all(g is None for g in gradients):
            return
        filled = tuple(
            Expr.constant(np.zeros(v.shape, v.dtype)) if g is None else g
            for g, v in zip(gradients, operation.outputs, strict=True)
        )
        for argument, g in zip(operation.args, gradients_of(operation, filled), strict=True):
            if g is not None:
                self.arrived.setdefault(argument, []).append((g, operation))


def gradients_of(operation: Operation, gradients: tuple[Expr, ...]) -> tuple[Expr | None, ...]:
    """What an operation sends back to each of its arguments, as formulas."""
    if operation.op is None:
        return _function_gradients(operation, gradients)
    several = len(gradients) > 1 or isinstance(operation.node.dtype, tuple)
    symbols = tuple(v.symbol for v in operation.outputs)
    return vjp_formula(
        operation.op,
        *arguments(operation),
        g=gradients if several else gradients[0],
        y=symbols if several else symbols[0],
        wanted=operation.edges,
        **as_symbols(operation.params),
    )


def _function_gradients(operation: Operation, gradients: tuple[Expr, ...]) -> tuple[Expr | None, ...]:
    word = function_word(operation, backward=True)
    reached = [a for a, edge in zip(operation.args, operation.edges, strict=True) if edge]
    shapes, types = tuple(a.shape for a in reached), tuple(a.dtype for a in reached)
    given = (shapes, types) if len(reached) > 1 else (shapes[0], types[0])
    found = Expr.called(word, gradients, *given)
    left = iter(found if isinstance(found, tuple) else (found,))
    return tuple(next(left) if edge else None for edge in operation.edges)


# ── as short as a person would write it ─────────────────────────────────────────────────────────


def shortened(whole: Program) -> list[Statement]:
    """The statements simplified, each used value that has no name of its own written where it is used."""
    kept_names = _kept(whole)
    statements = _living(whole.full, kept_names)
    definitions = {s.name: s.value for s in whole.full if s.phase == "forward"}
    simplified = [replace(s, value=simplify(s.value, definitions)) for s in statements]
    statements = _living(simplified, kept_names)
    for _ in range(3):
        before = len(statements)
        statements = _living(_inlined(statements, kept_names, definitions), kept_names)
        if len(statements) == before:
            break
    return _renamed(whole, statements)


def _kept(whole: Program) -> set[str]:
    """What gets a line of its own in any case: what has the user's name, and the gradients of it."""
    kept = {root.identifier for root in whole.recorded.roots}
    for statement in whole.full:
        if statement.of.named or statement.of.kind == "parameter":
            kept.add(statement.name)
    return kept


def uses(exprs: Iterable[Expr]) -> Counter[str]:
    """How often each symbol stands in formulas, as they are written out."""
    count: Counter[str] = Counter()
    for expr in exprs:
        for node in walk(expr):
            for x in node.inputs:
                if x.word == SYMBOL:
                    count[x.args[0]] += 1
        if expr.word == SYMBOL:
            count[expr.args[0]] += 1
    return count


def _living(statements: list[Statement], kept: set[str]) -> list[Statement]:
    """The statements without those that nobody needs."""
    needed = set(kept)
    living = []
    for statement in reversed(statements):
        if statement.name in needed:
            living.append(statement)
            needed.update(read_by(statement.value))
    return living[::-1]


def _inlined(statements: list[Statement], kept: set[str], definitions: Mapping[str, Expr]) -> list[Statement]:
    used = {phase: uses(s.value for s in statements if s.phase == phase) for phase in ("forward", "backward")}
    inline: dict[str, Expr] = {}
    covered: dict[str, tuple[Operation, ...]] = {}
    out = []
    for s in statements:
        value, operations = s.value, s.operations
        inside = {name: inline[name] for name in read_by(value) if name in inline} if inline else None
        if inside:
            value = simplify(substitute(value, inside), definitions)
            operations = tuple(
                dict.fromkeys(o for part in (*(covered.get(n, ()) for n in inside), operations) for o in part)
            )
        forward = s.phase == "forward"
        if s.name not in kept and _goes_inside(s, value, used):
            inline[s.name] = value
            if forward:
                covered[s.name] = operations
        else:
            out.append(Statement(s.target, value, s.phase, s.of, operations if forward else s.operations))
    return out


def read_by(value: Expr) -> list[str]:
    """The names of the symbols of a formula."""
    return [node.args[0] for node in walk(value) if node.word == SYMBOL]


def _goes_inside(s: Statement, value: Expr, used: Mapping[str, Counter[str]]) -> bool:
    """Whether a formula is written where its value is used instead of having a line."""
    nodes = list(walk(value))
    if _is_trivial(value, nodes):
        return True
    first, second = used["forward"][s.name], used["backward"][s.name]
    if first > 1 or second > 2:
        return False
    words = _words_in(nodes)
    if second <= 1 and (first + second <= 1 or words <= CHEAP):
        return len(text(value)) <= LONGEST
    return words <= CHEAP and _is_light(value)


_LIGHT = {np.negative, np.transpose, np.matrix_transpose, np.reshape, np.add, np.subtract, np.multiply}


def _is_light(value: Expr) -> bool:
    return value.word in _LIGHT and all(x.word in (SYMBOL, CONSTANT) for x in value.inputs)


def _is_trivial(value: Expr, nodes: list[Expr]) -> bool:
    """A symbol, or what is made of constants alone: nothing that would deserve a name."""
    if value.word == SYMBOL:
        return True
    symbols = [node for node in nodes if node.word == SYMBOL]
    return not symbols or (all(s.dtype.kind in "biu" for s in symbols) and _words_in(nodes) <= FEW)


def _words_in(nodes: list[Expr]) -> int:
    """How many words a formula has."""
    return sum(node.word not in (SYMBOL, CONSTANT, PART) for node in nodes)


def _renamed(whole: Program, statements: list[Statement]) -> list[Statement]:
    """The first gradient is the derivative of the loss that everything else is made from: `dloss_out`."""
    backward = [s for s in statements if s.phase == "backward"]
    root = whole.recorded.roots[0]
    if not backward or len(whole.recorded.roots) > 1 or root.shape or backward[0].of.kind == "parameter":
        return statements
    first = backward[0]
    target = Expr.symbol(f"d{root.identifier}_{first.of.identifier}", first.of.shape, first.of.dtype)
    new = {first.name: target}
    return [
        Statement(
            target if s is first else s.target,
            substitute(s.value, new) if s.phase == "backward" else s.value,
            s.phase,
            s.of,
            s.operations,
        )
        for s in statements
    ]
