"""The record of an operation, its three kinds, and the registry.

A record states the forward, the derivative rule per argument, how the operation is written and
where it is smooth. Everything else (Tensor methods, engine, tests, explanations, compiler) reads
records; nothing about one operation is said anywhere else. This module imports nothing of ours.

| kind        | a rule states             | reverse mode   | forward mode                    |
|-------------|---------------------------|----------------|---------------------------------|
| elementwise | the slope ∂y/∂x           | `g * slope`    | `slope * t`                     |
| linear      | the transpose             | the transpose  | the operation itself on t       |
| general     | the vector-Jacobian       | as stated      | as stated, or by a double VJP   |
| discrete    | nothing                   | no gradient    | no tangent                      |

The parameters of a rule are found by name, and their names are also the list of what the graph
has to keep for it:

    g            the gradient coming in            y          the result
    a, b, x …    an argument, as the forward names it
    a_shape …    only the shape of that argument (nothing is kept alive)
    axis …       a keyword parameter of the forward

A number in place of a slope is a constant slope. An argument without a rule gets no gradient.
`accumulate(buffer, g, …)` adds the gradient of the first argument to a buffer in place, where that
touches a part of it only: a loop over the n rows of a matrix then costs n rows, not n matrices.

`check(arrays)` raises for dtypes and values the operation does not take; floats of one dtype are not asked.

For the tests, `domain` says where the operation is defined: (low, high) for every argument, or
{argument: (low, high)}; `kinks` where it is not smooth: points that no argument may be near, or
{argument: points}, or a function of the arguments that is 0 there (`lambda a, b: a - b`).
`overwrite(g, …)` is its twin for results that differ from the first argument in a part only: it turns
the gradient `g`, which nobody else sees, into that of the first argument and returns the others.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

Rule = Callable[..., Any]

REGISTRY: dict[str, Op] = {}  # every record, by name
FUNCTIONS: dict[str, Callable[..., Any]] = {}  # what `chainrule.<name>` offers
WORDS: dict[Any, Callable[..., Any]] = {}  # what a NumPy function in a rule means for tensors
METHODS: dict[str, Callable[..., Any]] = {}  # what `Tensor.<name>` offers
OPAQUE: set[Callable[..., Any]] = set()  # the words of our own, which every reading calls as one thing

# Promotion says what dtype the arguments meet in before the forward runs.
NONE = None  # each argument keeps its dtype (indexing, shape operations)
SAME = "same"  # PyTorch's result type of all arguments
FLOAT = "float"  # the same, integers becoming the default dtype
VARIADIC = 0x04  # code flag of a function with *args


def _names(function: Callable[..., Any]) -> tuple[tuple[str, ...], tuple[str, ...], bool]:
    """Positional names, keyword-only names, and whether the function takes `*args`."""
    code = getattr(function, "__wrapped__", function).__code__  # an opaque word has the names of its function
    n, k = code.co_argcount, code.co_kwonlyargcount
    names = code.co_varnames
    variadic = bool(code.co_flags & VARIADIC)
    positional = (*names[:n], names[n + k]) if variadic else names[:n]
    return positional, names[n : n + k], variadic


def _nothing(values: tuple[Any, ...]) -> tuple[Any, ...]:
    return ()


def _one(position: int) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    return itemgetter(slice(position, position + 1))


class Plan:
    """What has to be kept when a given subset of the arguments needs a gradient."""

    __slots__ = ("drop", "keep", "keeps_result")

    def __init__(self, keep: tuple[int, ...], drop: tuple[int, ...], keeps_result: bool):
        self.keep = keep
        self.drop = drop
        self.keeps_result = keeps_result


class Op:
    """One operation: forward, rules, notation, domain. Calling it runs it on tensors.

    `values` is the order in which a node keeps things: the result, the arguments, the keyword
    parameters, then the shapes that rules ask for; `g` stands before them when a rule is called.
    """

    def __init__(
        self,
        name: str,
        kind: str,
        forward: Callable[..., Any],
        rules: Mapping[str, Any],
        *,
        args: Sequence[str] | None = None,
        jvp: Rule | None = None,
        joint: Rule | None = None,
        promotion: str | None = NONE,
        symbol: str | None = None,
        title: str = "",
        alias: Sequence[str] = (),
        check: Callable[[list[Any]], None] | None = None,
        doc: str = "",
        domain: Any = None,
        kinks: Any = (),
        view: bool | str = False,
        accumulate: Callable[..., None] | None = None,
        overwrite: Callable[..., tuple[Any, ...]] | None = None,
        word: Any = None,
    ):
        self.name = name
        self.kind = kind
        self.forward = forward
        self.args: tuple[str, ...]
        self.params: tuple[str, ...]
        if args is not None:
            self.args, self.params, self.variadic = tuple(args), (), False
        else:
            self.args, self.params, self.variadic = _names(forward)
        self.rules = tuple(rules.get(arg) for arg in self.args)
        self.joint = joint
        self.jvp = jvp
        self.promotion = promotion
        self.symbol = symbol
        self.doc = doc
        self.domain = domain
        self.kinks = kinks
        self.view = view
        self.accumulate = accumulate
        self.overwrite = overwrite
        self.in_place = accumulate is not None or overwrite is not None  # either: one question for the engine
        self.word = word if word is not None else forward
        self.elementwise = kind == "elementwise"
        self.differentiable = kind != "discrete"
        self.title = title or "".join(part.capitalize() for part in name.split("_")) + "Backward0"
        self.alias = tuple(alias)
        self.check = check
        self.node_class: Any = None  # made by `graph.node_class` on first use
        self.call: Callable[..., Any] = self  # the quickest way to run it; `record.py` has flat ones
        self.plans: dict[int, Plan] = {}
        self._layout()
        if name in REGISTRY:
            raise ValueError(f"operation {name!r} is registered twice")
        REGISTRY[name] = self

    def _layout(self) -> None:
        """Fix where each name that a rule may use is found among a node's kept values."""
        rules = [self.joint] if self.joint is not None else [r for r in self.rules if callable(r)]
        wanted = {name for rule in rules for name in _names(rule)[0]}
        self.shape_args = tuple(i for i, arg in enumerate(self.args) if f"{arg}_shape" in wanted)
        layout = ["g", "y"]
        layout += self.args
        layout += self.params
        layout += [f"{self.args[i]}_shape" for i in self.shape_args]
        self.position = {name: i for i, name in enumerate(layout)}
        if unknown := wanted - set(layout):
            raise TypeError(f"a rule of {self.name!r} asks for unknown values: {sorted(unknown)}")
        self.picks = tuple(self._pick(r) if callable(r) else _nothing for r in self.rules)
        # What the engine walks, per argument: rule, where its parameters are, constant slope.
        self.steps = tuple(
            (r, p, None) if callable(r) else (None, None, r) for r, p in zip(self.rules, self.picks, strict=True)
        )
        self.pick_joint = self._pick(self.joint) if self.joint is not None else _nothing
        self.pick_jvp = self._pick(self.jvp, 1 if self.variadic else len(self.args)) if self.jvp else _nothing
        # Whether f(x, z) is linear in (x, z) as one vector: then no transpose depends on a linear argument.
        linear_args = [arg for arg, rule in zip(self.args, self.rules, strict=True) if rule is not None]
        self.linear_together = self.kind == "linear" and not any(
            name in linear_args for rule in rules for name in _names(rule)[0]
        )
        self.pick_accumulate = self._pick(self.accumulate, 1) if self.accumulate else _nothing
        self.pick_overwrite = self._pick(self.overwrite, 1) if self.overwrite else _nothing

    def _pick(self, rule: Rule, skip: int = 0) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
        positions = [self.position[name] for name in _names(rule)[0][skip:]]
        if not positions:
            return _nothing
        return _one(positions[0]) if len(positions) == 1 else itemgetter(*positions)

    def plan(self, mask: int) -> Plan:
        """The plan for the arguments whose bits are set in `mask`; made once per mask."""
        plan = self.plans.get(mask)
        if plan is None:
            if self.joint is not None:
                used = set(_names(self.joint)[0])
            else:
                used = set()
                for i, rule in enumerate(self.rules):
                    if mask >> i & 1 and callable(rule):
                        used |= set(_names(rule)[0])
            n = max(len(self.args), mask.bit_length())
            keep = tuple(i for i in range(n) if self.args[0 if self.variadic else i] in used)
            drop = tuple(i for i in range(n) if i not in keep and mask >> i & 1)
            plan = self.plans[mask] = Plan(keep, drop, "y" in used)
        return plan

    def __repr__(self) -> str:
        return f"<{self.kind} operation {self.name}({', '.join(self.args + self.params)})>"

    def __call__(self, *args: Any, **params: Any) -> Any:
        """Run the operation on tensors; `record.py` puts its `apply` here, the record knows none."""
        raise NotImplementedError


def elementwise(
    name: str,
    forward: Callable[..., Any],
    slopes: Mapping[str, Any],
    promotion: str | None = SAME,
    **notes: Any,
) -> Op:
    """y_i = f(x_i): a rule states the slope ∂y_i/∂x_i, a number or a function of what it needs.

    A NumPy ufunc has no parameter names: they are the keys of `slopes`, in order.
    """
    args = None if hasattr(forward, "__code__") else tuple(slopes)
    return Op(name, "elementwise", forward, slopes, args=args, promotion=promotion, **notes)


def linear(name: str, forward: Callable[..., Any], transposes: Mapping[str, Any], **notes: Any) -> Op:
    """y linear in each argument that has a rule: a rule states the transpose of that map."""
    return Op(name, "linear", forward, transposes, **notes)


def general(name: str, forward: Callable[..., Any], vjps: Mapping[str, Rule] | Rule, **notes: Any) -> Op:
    """Anything else: a rule states the vector-Jacobian product gᵀ ∂y/∂x.

    One function in place of the mapping is a joint rule: it returns a tuple, a gradient (or
    None) per argument.
    """
    if callable(vjps):
        return Op(name, "general", forward, {}, joint=vjps, **notes)
    return Op(name, "general", forward, vjps, **notes)


def discrete(name: str, forward: Callable[..., Any], promotion: str | None = NONE, **notes: Any) -> Op:
    """No gradient: comparisons, indices, integer results."""
    args = notes.pop("args", None)
    return Op(name, "discrete", forward, {}, args=args, promotion=promotion, **notes)


# Types that a word of our own does not have to ask.
_PLAIN = frozenset({np.ndarray, tuple, list, int, float, bool, str, type(None), np.float32, np.float64})


def word(numpy_function: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Say what a NumPy function that rules use means for tensors; same signature as NumPy's.

    Ufuncs that are the forward of a record need no saying.
    """

    def define(f: Callable[..., Any]) -> Callable[..., Any]:
        WORDS[numpy_function] = f
        return f

    return define


def opaque(function: Callable[..., Any]) -> Callable[..., Any]:
    """A word of our own: NumPy code that every reading calls as one thing.

    On arrays it just runs. A tensor or an `Expr` among the arguments is asked through
    `__array_function__`, as NumPy asks for its own functions; `word` says what it means there.
    """

    @functools.wraps(function)
    def dispatch(*args: Any, **kwargs: Any) -> Any:
        for a in args:
            if type(a) not in _PLAIN and hasattr(a, "__array_function__"):
                found = a.__array_function__(dispatch, (type(a),), args, kwargs)
                if found is NotImplemented:
                    raise TypeError(f"{function.__name__} has no meaning for a {type(a).__name__}: say it with @word")
                return found
        return function(*args, **kwargs)

    OPAQUE.add(dispatch)
    return dispatch


def public(
    *, method: bool = True, function: bool = True, alias: Sequence[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Offer a function under PyTorch's name: as `chainrule.f(x)`, as `x.f()`, or both."""

    def offer(f: Callable[..., Any]) -> Callable[..., Any]:
        for name in (f.__name__, *alias):
            if function:
                FUNCTIONS[name] = f
            if method:
                METHODS[name] = f
        return f

    return offer
