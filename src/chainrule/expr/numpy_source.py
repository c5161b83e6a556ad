"""Formulas as the NumPy statements that a person would type.

Every node becomes a piece of code with the strength by which it binds (`vocabulary.py` says both for
operators, `numpy_words.py` how all other words are typed). A piece that is used more than once, or is long, gets
a line and a name of its own, so that the code stays as small as the formula. Words such as `index_put`, which
NumPy has as statements only, write their lines and go on under the name they were given.
"""

from __future__ import annotations

import inspect
import keyword
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..errors import SymbolicError
from ..words import unindex
from . import numpy_functions as _functions  # noqa: F401  (its words enter the table)
from .expression import CONSTANT, PART, SYMBOL, Called, Expr, _key, _map, _part, apply_word, walk
from .numpy_helpers import from_source
from .numpy_rewrites import REWRITES, folded, without_broadcasts
from .numpy_words import TABLE, WEAK, Code
from .numpy_writes import COPIES, in_order
from .shapes import infer, stand_in
from .vocabulary import ATOM, COMPARISON, POWER, PRODUCT, SIGN, SUM, name_of, notation

SHORT = 16  # a piece of code up to this length is written again rather than named
LONGEST = 90  # an operand longer than this gets a line of its own
FEW = 8  # so many elements of a constant are written out
ROUND = 1e6  # whole floats up to this are written as integers where that changes no dtype

Written = tuple[str, int]  # code and how strongly it binds


class Writer:
    """Writes formulas as NumPy statements; gathers the imports and helper functions they need.

    `names` are those that the code around uses: no temporary, helper or constant gets one of them.

    >>> import numpy as np
    >>> from chainrule.expr import Expr, Writer
    >>> x, g = Expr.symbol("x", (5, 3)), Expr.symbol("g", (5, 3))
    >>> print(*Writer().statements("grad_x", g * np.exp(2 * x - 1) * (1 - np.exp(2 * x - 1))), sep="\\n")
    t1 = np.exp(2 * x - 1)
    grad_x = g * t1 * (1 - t1)
    """

    def __init__(self, names: Iterable[str] = ()):
        self.helpers: list[str] = []  # source of functions, each after those it calls
        self.imports: list[str] = []
        self.constants: dict[str, np.ndarray[Any, Any]] = {}  # arrays too large to be written, arguments of the code
        self.called: dict[str, Called] = {}  # functions of the user's that the code calls
        self.names = set(names)
        self._named: dict[int, tuple[Expr, str]] = {}  # nodes that stand in a line of their own
        self._helper_names: dict[Any, str] = {}
        self._constant_names: dict[int, tuple[Any, str]] = {}
        self._resolved: dict[int, tuple[Expr, Expr]] = {}
        self._lines: list[str] = []
        self._known: dict[int, Written] = {}
        self._uses: dict[int, int] = {}
        self._begun: set[int] = set()  # nodes whose lines were written for this formula
        self._into: dict[int, str] = {}  # nodes whose lines write into the target

    # ── what is asked for ───────────────────────────────────────────────────────────────────────

    def statements(self, target: str, expr: Expr) -> list[str]:
        """The lines that assign the value of a formula to `target`."""
        lines, code = self.parts(expr, target)
        return lines if code == target else [*lines, f"{target} = {code}"]

    def expression(self, expr: Expr) -> str:
        """The formula as one expression; raises SymbolicError where it takes statements."""
        lines, code = self.parts(expr)
        if lines:
            raise SymbolicError(f"{expr} is not written as one expression; ask for its statements")
        return code

    def parts(self, expr: Expr, target: str | None = None) -> tuple[list[str], str]:
        """The lines that have to run first, and the expression that then is the value."""
        expr = self._resolve(expr)
        order, uses = self._needed(expr)
        symbols = {node.args[0] for node in order if node.word == SYMBOL}
        self.names |= symbols
        self._lines, self._uses, self._into, self._begun = [], uses, {}, set()
        node = expr
        while target is not None and target not in symbols:
            self._into[id(node)] = target
            if not self.continues(node):
                break
            node = node.args[0]
        for node in order:
            code, level = self._node(node)
            name = code.isidentifier() or code in self.constants
            again = uses[id(node)] > 1 and len(code) > SHORT
            again = again or (isinstance(node.word, Called) and (uses[id(node)] > 1 or type(node.dtype) is tuple))
            if node is not expr and not name and (again or len(code) > LONGEST):
                code, level = self.temporary(code), ATOM
                self._named[id(node)] = node, code
            self._known[id(node)] = code, level
        lines, code = self._lines, self._known[id(expr)][0]
        self._known, self._lines = {}, []
        return lines, code

    def new_scope(self) -> None:
        """Forget the temporaries: what follows stands in another function."""
        self.names -= {name for _, name in self._named.values()}
        self._named.clear()

    # ── order ───────────────────────────────────────────────────────────────────────────────────

    def _resolve(self, expr: Expr) -> Expr:
        """The formula with words replaced that a person would say in other words."""
        for node in walk(expr):
            if id(node) not in self._resolved:
                found = self._rewritten(node)
                self._resolved[id(node)] = node, found
                self._resolved.setdefault(id(found), (found, found))
        return self._resolved[id(expr)][1]

    def _rewritten(self, node: Expr) -> Expr:
        if not node.inputs:
            return node
        args, kwargs = _map((node.args, node.kwargs), lambda e: self._resolved[id(e)][1])
        if node.word == PART:
            return _part(args[0], args[1])
        if isinstance(node.word, Called):
            shape, dtype = node.shape, node.dtype
            found = Expr.called(node.word, args, shape, dtype)
            return found[0].args[0] if type(dtype) is tuple else found
        rewrite = REWRITES.get(node.word)
        if rewrite is not None:
            found = rewrite(*args, **kwargs)
            if found is not None:
                return self._resolve(found)
        constant = folded(node, args)
        if constant is not None:
            return constant
        args = without_broadcasts(node, args)
        same = _key((args, kwargs)) == _key((node.args, node.kwargs))
        found = node if same else apply_word(node.word, args, kwargs)
        return found[0].args[0] if isinstance(found, tuple) else found

    def _needed(self, expr: Expr) -> tuple[list[Expr], dict[int, int]]:
        """The nodes to be written, each after its inputs, and how often each is used."""
        order: list[Expr] = []
        uses: dict[int, int] = {}
        stack = [(expr, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                order.append(node)
                continue
            uses[id(node)] = uses.get(id(node), 0) + 1
            if uses[id(node)] == 1:
                stack.append((node, True))
                if id(node) not in self._named:
                    stack += [(x, False) for x in reversed(node.inputs)]
        return order, uses

    # ── for the words ───────────────────────────────────────────────────────────────────────────

    def fresh(self, name: str) -> str:
        """A name that nothing else has: this one, or the same with another number."""
        stem = name.rstrip("0123456789")
        number = int(name[len(stem) :] or 1)
        while name in self.names or keyword.iskeyword(name):
            number += 1
            name = f"{stem}{number}"
        self.names.add(name)
        return name

    def line(self, code: str) -> None:
        """One statement before the expression."""
        self._lines.append(code)

    def temporary(self, code: str) -> str:
        """A name for the value of an expression."""
        name = self.fresh("t1")
        self._lines.append(f"{name} = {code}")
        return name

    def begin(self, node: Expr, code: str) -> str:
        """Assign what the statements of a word begin with; returns the name: the target, where it may be that."""
        name = self._into.get(id(node)) or self.fresh("t1")
        self._lines.append(f"{name} = {code}")
        return self._name(node, name)

    def go_on(self, node: Expr) -> str:
        """Write on into the array of the first argument, which nobody else reads; returns its name."""
        name = self._known[id(node.args[0])][0]
        self._named.pop(id(node.args[0]), None)
        return self._name(node, name)

    def continues(self, node: Expr) -> bool:
        """Whether a word that writes may write into its first argument: an array begun for it alone."""
        first = node.args[0] if node.word in COPIES else None
        if not isinstance(first, Expr) or not first.ndim or not (first.word in COPIES or first.word is unindex):
            return False
        if in_order(node):
            return False
        return self._uses[id(first)] == 1 and (id(first) in self._begun or id(first) not in self._named)

    def _name(self, node: Expr, name: str) -> str:
        if id(node) not in self._into:
            self._named[id(node)] = node, name
        self._begun.add(id(node))
        return name

    def inner(self, expr: Expr) -> str:
        """A formula that is no part of the one being written, as one expression."""
        other = Writer(self.names)
        code = other.expression(expr)
        for line in other.imports:
            self.need(line)
        return code

    def ours(self, node: Expr) -> Code:
        """A call of a helper that is the source of one of our functions."""
        defaults = {name: p.default for name, p in inspect.signature(node.word).parameters.items()}
        given = {name: Code(self.text(a)) for name, a in node.kwargs.items() if a is not defaults[name]}
        return self.call(from_source(self, node.word), *node.args, **given)

    def need(self, line: str) -> None:
        """Have a line among the imports."""
        if line not in self.imports:
            self.imports.append(line)

    def numpy(self, name: str, *args: Any, **kwargs: Any) -> Code:
        """`np.name(…)`."""
        self.need("import numpy as np")
        return self.call(f"np.{name}", *args, **kwargs)

    def special(self, name: str, *args: Any, **kwargs: Any) -> Code:
        """`special.name(…)`, of SciPy."""
        self.need("from scipy import special")
        return self.call(f"special.{name}", *args, **kwargs)

    def call(self, function: str, *args: Any, **kwargs: Any) -> Code:
        """A call; keywords that are None or False are left out."""
        given: list[str] = [self.text(a) for a in args]
        given += [f"{name}={self.text(a)}" for name, a in kwargs.items() if a is not None and a is not False]
        return Code(f"{function}({', '.join(given)})")

    def method(self, x: Any, name: str, *args: Any, **kwargs: Any) -> Code:
        """`x.name(…)`."""
        return self.call(f"{self.text(x, ATOM)}.{name}", *args, **kwargs)

    def helper(self, name: str, source: str, key: Any = None) -> str:
        """Have a function among the helpers; `source` holds `{name}` where its name stands. Returns the name."""
        key = source if key is None else key
        if key not in self._helper_names:
            self._helper_names[key] = self.fresh(name)
            self.helpers.append(source.replace("{name}", self._helper_names[key]))
            if "np." in source:
                self.need("import numpy as np")
        return self._helper_names[key]

    # ── values ──────────────────────────────────────────────────────────────────────────────────

    def text(self, value: Any, least: int = 0) -> Code:
        """A value as it stands among arguments; in parentheses where it binds less than `least`."""
        code, level = self.written(value)
        return Code(code if level >= least else f"({code})")

    def written(self, value: Any) -> Written:
        """A value and how strongly it binds."""
        return self._known[id(value)] if isinstance(value, Expr) else self._value(value)

    def _value(self, value: Any) -> Written:
        if isinstance(value, Code):
            return value, ATOM
        if isinstance(value, str):
            return f'"{value}"', ATOM
        if isinstance(value, bool) or value is None:
            return repr(value), ATOM
        if isinstance(value, (int, float)):
            return self.number(value)
        if isinstance(value, tuple):
            inside = ", ".join(map(self.text, value))
            return f"({inside},)" if len(value) == 1 else f"({inside})", ATOM
        if isinstance(value, (list, range)):
            return f"[{', '.join(map(self.text, value))}]", ATOM
        if isinstance(value, (np.dtype, type)):
            return self.dtype(value), ATOM
        if isinstance(value, slice):
            return f"slice({', '.join(map(self.text, (value.start, value.stop, value.step)))})", ATOM
        if value is Ellipsis:
            return "...", ATOM
        raise SymbolicError(f"{value!r} of {type(value)} has no form in NumPy's code")

    def number(self, value: float) -> Written:
        """A Python number."""
        if isinstance(value, float) and not math.isfinite(value):
            self.need("import numpy as np")
            return ("np.nan", ATOM) if value != value else ("np.inf", ATOM) if value > 0 else ("-np.inf", SIGN)
        return repr(value), SIGN if math.copysign(1, value) < 0 else ATOM

    def dtype(self, dtype: Any) -> str:
        """The name of a dtype."""
        name = np.dtype(dtype).name
        if name == "bool":
            return name
        self.need("import numpy as np")
        return f"np.{name}"

    def constant(self, node: Expr) -> Written:
        """A constant: written out where it is small or simple, otherwise by a name."""
        array = np.asarray(node.args[0])
        dtype = None if array.dtype in (np.float64, np.int64, bool) else array.dtype
        if not array.ndim:
            return self.numpy(array.dtype.name, array.item()), ATOM
        shape = array.shape if array.ndim > 1 else array.shape[0]
        first = array.reshape(-1)[0] if array.size else array.dtype.type(0)
        if not array.size or (array.size > 1 and (array == first).all() and not np.signbit(first * 1.0)):
            dtype = None if array.dtype == np.float64 else array.dtype
            if first in (0, 1):
                return self.numpy("ones" if first else "zeros", shape, *([] if dtype is None else [dtype])), ATOM
            dtype = None if array.dtype == np.int64 else dtype
            return self.numpy("full", shape, first.item(), *([] if dtype is None else [dtype])), ATOM
        if array.ndim == 1 and array.size > 2 and dtype is None and array.dtype.kind == "i":
            if np.array_equal(array, np.arange(array.size)):
                return self.numpy("arange", array.size), ATOM
        if array.size <= FEW:
            return self.numpy("array", self.elements(array), *([] if dtype is None else [dtype])), ATOM
        if id(node) not in self._constant_names:
            name = self.fresh("_c0")
            self._constant_names[id(node)] = node, name
            self.constants[name] = array
        return self._constant_names[id(node)][1], ATOM

    def elements(self, array: np.ndarray[Any, Any]) -> Code:
        """The elements of a small array as nested lists."""
        if array.ndim > 1:
            return Code(f"[{', '.join(self.elements(row) for row in array)}]")
        short = [float(str(x)) if array.dtype.kind == "f" else x.item() for x in array]  # float32's 0.1 is "0.1"
        return Code(f"[{', '.join(self.text(x) for x in short)}]")

    # ── nodes ───────────────────────────────────────────────────────────────────────────────────

    def _node(self, node: Expr) -> Written:
        if id(node) in self._named:
            return self._named[id(node)][1], ATOM
        if node.word == SYMBOL:
            return node.args[0], ATOM
        if node.word == CONSTANT:
            return self.constant(node)
        if node.word == PART:
            return f"{self.text(node.args[0], ATOM)}[{node.args[1]}]", ATOM
        if isinstance(node.word, Called):
            self.called[node.word.__name__] = node.word
            return self.call(node.word.__name__, *node.args, **node.kwargs), ATOM
        say = TABLE.get(node.word)
        if say is not None:
            said = say(self, node, *node.args, **node.kwargs)
            return said if isinstance(said, tuple) else (said, ATOM)
        written = notation(node.word)
        if written.text and not node.kwargs and written.text.startswith(("{", "-", "~")):
            return self._operator(node, written.text, written.level)
        return self._call(node), ATOM

    def _call(self, node: Expr) -> str:
        args, name = self.weak(node), name_of(node.word)
        owner = getattr(node.word, "__self__", node.word)
        if getattr(np, name.partition(".")[0], None) is (owner if isinstance(owner, np.ufunc) else node.word):
            return self.numpy(name.replace("absolute", "abs"), *args, **node.kwargs)
        if isinstance(node.word, np.ufunc):
            return self.special(name, *args, **node.kwargs)
        return self.ours(node)

    def _operator(self, node: Expr, template: str, level: int) -> Written:
        args = self.weak(node)
        if node.word is np.add and _is_negative(args[1], node.dtype):
            return self._between(args[0], "-", _opposite(args[1]), SUM)
        if node.word is np.add and isinstance(args[0], Expr) and _is_negative(args[0], node.dtype):
            return self._between(args[1], "-", args[0].args[0], SUM)
        if node.word is np.subtract and _is_negative(args[1], node.dtype):
            return self._between(args[0], "+", _opposite(args[1]), SUM)
        if node.word is np.negative and node.dtype.kind == "f":
            code, binds = self.written(args[0])
            if binds == PRODUCT and _takes_sign(args[0]) and code[0] not in "-~":
                return f"-{code}", PRODUCT  # the same number: the sign of a factor is that of the product
        if level in (SUM, PRODUCT):
            return self._between(args[0], template.split()[1], args[1], level)
        return template.format(*(self.text(a, _least(template, i, level)) for i, a in enumerate(args))), level

    def _between(self, a: Any, sign: str, b: Any, level: int) -> Written:
        return f"{self.text(a, level)} {sign} {self.text(b, level + 1)}", level

    def weak(self, node: Expr) -> Sequence[Any]:
        """The arguments, with scalar constants and whole floats as plain numbers where no dtype depends on it."""
        args = list(node.args)
        if not (isinstance(node.word, np.ufunc) or node.word in WEAK):
            return args
        for i, a in enumerate(args):
            value = a
            if isinstance(a, Expr) and a.word == CONSTANT and not a.shape:
                value = np.asarray(a.args[0]).item()
            if type(value) is float and abs(value) < ROUND and value == int(value) and (value or repr(value) == "0.0"):
                if _same_dtype(node, [*args[:i], int(value), *args[i + 1 :]]):
                    args[i] = int(value)
                    continue
            if value is not a and type(value) in (int, float) and _same_dtype(node, [*args[:i], value, *args[i + 1 :]]):
                args[i] = value
        return args


def _same_dtype(node: Expr, args: Sequence[Any]) -> bool:
    if not any(isinstance(a, Expr) for a in args):
        return False
    stand_ins = tuple(stand_in(a.shape, a.dtype) if isinstance(a, Expr) else a for a in args)
    try:
        found = infer(node.word, stand_ins, node.kwargs)
    except (TypeError, ValueError, OverflowError):
        return False
    return (tuple(d for _, d in found) if isinstance(found, list) else found[1]) == node.dtype


def _is_negative(value: Any, dtype: Any) -> bool:
    """Whether a term of a sum in this dtype can be written with the other sign before it."""
    if isinstance(value, Expr):
        return value.word is np.negative and (value.dtype.kind == "f" or value.dtype == dtype)
    return type(value) in (int, float) and value < 0


def _takes_sign(x: Any) -> bool:
    """Whether a product may be given the sign of its first factor."""
    product = isinstance(x, Expr) and x.word in (np.multiply, np.divide, np.matmul, np.dot)
    while isinstance(x, Expr) and x.word in (np.multiply, np.divide, np.matmul, np.dot):
        x = x.args[0]
    return product and not (isinstance(x, Expr) and x.word in (np.remainder, np.floor_divide))


def _opposite(value: Any) -> Any:
    return value.args[0] if isinstance(value, Expr) else -value


def _least(template: str, i: int, level: int) -> int:
    """How strongly the argument number `i` of a template has to bind to stand there without parentheses."""
    if level == ATOM:
        return ATOM if template.startswith(f"{{{i}}}") else 0
    if level == POWER:
        return SIGN if i else ATOM
    return level if i == 0 and level != COMPARISON else level + 1
