"""Expr: a formula that flows through forwards and rules exactly as NumPy arrays do.

NumPy's protocols and Python's operators hand every word to `apply_word`, which makes a node: the word, its
arguments, the shape and dtype of its result. Nodes are interned, so that equal formulas are one object
and common parts are shared. Nothing is computed before `evaluate`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import numpy as np

from ..errors import SymbolicError
from . import vocabulary
from .shapes import Shape, infer, stand_in

SYMBOL, CONSTANT, PART = "symbol", "constant", "part"  # nodes that are no word: args say which one
_SMALL = 64  # constants up to this size are equal when their elements are
_interned: WeakValueDictionary[Any, Expr] = WeakValueDictionary()


class Called:
    """A word that is no function of ours but one of the user's: what explains a graph calls it by its name."""

    __slots__ = ("__name__", "function")

    def __init__(self, name: str, function: Callable[..., Any]):
        self.__name__ = name
        self.function = function

    def __call__(self, *args: Any) -> Any:
        """Run the function."""
        return self.function(*args)


class Expr:
    """One node of a formula. `word(*args, **kwargs)` is what it stands for.

    Python's numbers stay as they are among `args` (they are weak in NumPy's promotion); arrays become
    constants. A word with several results has tuples for `shape` and `dtype`, and a PART for each result.

    >>> import numpy as np
    >>> from chainrule.expr import Expr
    >>> x = Expr.symbol("x", (3, 2), np.float32)
    >>> print(np.where(x > 0, 2 * x, 0).sum(0))
    sum(where(x > 0, 2 * x, 0), axis=0)
    """

    __slots__ = ("__weakref__", "args", "dtype", "inputs", "kwargs", "shape", "word")

    word: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    inputs: tuple[Expr, ...]  # the formulas among the arguments, nested ones too
    shape: Any
    dtype: Any

    @staticmethod
    def symbol(name: str, shape: Shape = (), dtype: Any = np.float64) -> Expr:
        """A value that has a name and is given later."""
        key = (SYMBOL, name, tuple(shape), np.dtype(dtype))
        found = _interned.get(key)
        return _new(key, SYMBOL, (name,), {}, *key[2:]) if found is None else found

    @staticmethod
    def known(name: str, value: np.ndarray[Any, Any]) -> Expr:
        """A symbol whose value is known already: shapes may depend on it, as those of `x[mask]` do."""
        key = (SYMBOL, name, id(value))
        found = _interned.get(key)
        return _new(key, SYMBOL, (name, value), {}, value.shape, value.dtype) if found is None else found

    @staticmethod
    def called(function: Called, args: tuple[Any, ...], shape: Any, dtype: Any) -> Any:
        """What a user's function gives, called by its name; of several results shapes and dtypes are tuples."""
        args = _lift(args)
        key = (function, _key(args))
        found = _interned.get(key)
        if found is None:
            found = _new(key, function, args, {}, shape, dtype)
        return tuple(_part(found, i) for i in range(len(dtype))) if type(dtype) is tuple else found

    @staticmethod
    def constant(value: Any) -> Expr:
        """A value that is known."""
        array = np.asarray(value)
        content = array.tobytes() if array.size <= _SMALL else id(value)
        key = (CONSTANT, type(value), array.shape, array.dtype, content)
        found = _interned.get(key)
        return _new(key, CONSTANT, (value,), {}, array.shape, array.dtype) if found is None else found

    # ── what it is ──────────────────────────────────────────────────────────────────────────────

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def T(self) -> Expr:
        """The axes reversed."""
        return apply_word(np.transpose, (self,), {})

    @property
    def mT(self) -> Expr:
        """The last two axes swapped."""
        return apply_word(np.matrix_transpose, (self,), {})

    @property
    def name(self) -> str | None:
        """The name of a symbol."""
        return self.args[0] if self.word == SYMBOL else None

    @property
    def value(self) -> Any:
        """The array behind a constant or a known symbol; None for other formulas."""
        if self.word == CONSTANT:
            return self.args[0]
        return self.args[1] if self.word == SYMBOL and len(self.args) == 2 else None

    def __repr__(self) -> str:
        return f"<Expr {self} : {'×'.join(map(str, self.shape)) or 'scalar'} {self.dtype}>"

    # ── methods that rules use ──────────────────────────────────────────────────────────────────

    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Expr:
        """`np.sum`."""
        return _reduce(np.sum, self, axis, {"keepdims": keepdims})

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Expr:
        """`np.mean`."""
        return _reduce(np.mean, self, axis, {"keepdims": keepdims})

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Expr:
        """`np.max`."""
        return _reduce(np.max, self, axis, {"keepdims": keepdims})

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Expr:
        """`np.min`."""
        return _reduce(np.min, self, axis, {"keepdims": keepdims})

    def dot(self, other: Any) -> Expr:
        """`np.dot`."""
        return np.dot(self, other)

    def reshape(self, *shape: Any) -> Expr:
        """`np.reshape`; the shape as one tuple or number by number."""
        return apply_word(np.reshape, (self, shape[0] if len(shape) == 1 else shape), {})

    def astype(self, dtype: Any, copy: bool = True) -> Expr:
        """The values in another dtype."""
        return self if self.dtype == np.dtype(dtype) else apply_word(vocabulary.cast, (self, np.dtype(dtype)), {})

    def __getitem__(self, index: Any) -> Expr:
        items = index if isinstance(index, tuple) else (index,)
        if any(isinstance(i, Expr) and i.dtype == bool and i.value is None for i in items):
            raise SymbolicError(
                f"{self}[{index}]: the shape depends on the values of the mask; use np.where(mask, x, 0), "
                "or an @opaque word"
            )
        return apply_word(operator.getitem, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        raise SymbolicError(
            f"nothing is written into the formula {self}; make a new value with np.where, or with a word such as "
            "view_put"
        )

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of unsized object")
        return int(self.shape[0])

    def __iter__(self) -> Iterator[Expr]:
        return (self[i] for i in range(len(self)))

    if TYPE_CHECKING:  # Python's operators; the loops below this class define them

        def _with(self, other: Any) -> Expr: ...
        def _alone(self) -> Expr: ...

        __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _with
        __pow__ = __rpow__ = __matmul__ = __rmatmul__ = __floordiv__ = __mod__ = __and__ = __or__ = __xor__ = _with
        __lt__ = __le__ = __gt__ = __ge__ = _with
        __neg__ = __pos__ = __abs__ = __invert__ = _alone

    # ── NumPy's protocols ───────────────────────────────────────────────────────────────────────

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "__call__":
            return apply_word(ufunc, inputs, kwargs)
        if method == "reduce" and ufunc in vocabulary.REDUCE:
            x, axis = (*inputs, kwargs.pop("axis", 0))[:2]
            return _reduce(vocabulary.REDUCE[ufunc], x, axis, kwargs)
        if method == "accumulate" and ufunc in vocabulary.ACCUMULATE:
            x, axis = (*inputs, kwargs.pop("axis", 0))[:2]
            return apply_word(vocabulary.ACCUMULATE[ufunc], (x,), {"axis": axis, **kwargs})
        return apply_word(getattr(ufunc, method), inputs, kwargs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in vocabulary.INQUIRIES:
            return function(*map(_stand_ins, args), **kwargs)
        if function in vocabulary.REDUCE.values():
            axis = args[1] if len(args) == 2 else kwargs.pop("axis", None)
            return _reduce(function, args[0], axis, kwargs) if len(args) <= 2 else NotImplemented
        return apply_word(function, args, kwargs)

    def _no_value(self, *_: Any, **__: Any) -> Any:
        raise SymbolicError(
            f"the formula {self} has no value to branch on or to read. Choose between values with "
            "np.where(condition, a, b); for NumPy code that needs the numbers, write an @opaque word"
        )

    __bool__ = __float__ = __int__ = __index__ = __complex__ = __array__ = __contains__ = item = tolist = _no_value

    __hash__ = object.__hash__


def _operator(word: Any) -> tuple[Callable[..., Any], Callable[..., Any]]:
    return lambda a, b: apply_word(word, (a, b), {}), lambda a, b: apply_word(word, (b, a), {})


for _name, _word in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": operator.pow, "matmul": np.matmul, "and": np.bitwise_and, "or": np.bitwise_or,
    "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift,
}.items():  # fmt: skip
    _forward, _reflected = _operator(_word)
    setattr(Expr, f"__{_name}__", _forward)
    setattr(Expr, f"__r{_name}__", _reflected)
for _name, _word in {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
}.items():  # fmt: skip
    setattr(Expr, f"__{_name}__", _operator(_word)[0])
for _name, _word in {
    "neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert,
}.items():  # fmt: skip
    setattr(Expr, f"__{_name}__", lambda x, word=_word: apply_word(word, (x,), {}))


# ── making nodes ────────────────────────────────────────────────────────────────────────────────


def apply_word(word: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """The formula `word(*args, **kwargs)`; a tuple of formulas for a word with several results.

    Raises SymbolicError for a word outside of the vocabulary.
    """
    if kwargs.get("out") is not None or (isinstance(word, np.ufunc) and "where" in kwargs):
        raise SymbolicError(f"{vocabulary.name_of(word)}: out= and where= write into memory, which a formula has not")
    word = vocabulary.SYNONYMS.get(word, word)
    vocabulary.notation(word)
    args = _lift(tuple(args))
    kwargs = {name: _lift(value) for name, value in kwargs.items()}
    key = (word, _key(args), _key(kwargs))
    found = _interned.get(key)
    if found is None:
        inferred = infer(word, _stand_ins(args), _stand_ins(kwargs))
        if isinstance(inferred, list):
            found = _new(key, word, args, kwargs, *zip(*inferred, strict=True))
        else:
            found = _new(key, word, args, kwargs, *inferred)
    if type(found.dtype) is tuple:
        return tuple(_part(found, i) for i in range(len(found.dtype)))
    return found


def _new(key: Any, word: Any, args: tuple[Any, ...], kwargs: dict[str, Any], shape: Any, dtype: Any) -> Expr:
    node = Expr.__new__(Expr)
    node.word, node.args, node.kwargs, node.shape, node.dtype = word, args, kwargs, shape, dtype
    inputs: list[Expr] = []
    _map((args, kwargs), lambda e: inputs.append(e))
    node.inputs = tuple(inputs)
    _interned[key] = node
    return node


def _part(whole: Expr, i: int) -> Expr:
    key = (PART, id(whole), i)
    found = _interned.get(key)
    return _new(key, PART, (whole, i), {}, whole.shape[i], whole.dtype[i]) if found is None else found


def _reduce(word: Any, x: Any, axis: Any, kwargs: dict[str, Any]) -> Any:
    """A reduction in its one spelling: x, axis=…, and what is not the default."""
    kwargs = {name: value for name, value in kwargs.items() if value is not None and value is not False}
    return apply_word(word, (x,), kwargs if axis is None else {"axis": axis, **kwargs})


def _map(tree: Any, f: Callable[[Expr], Any]) -> Any:
    """Nested tuples, lists, dicts and slices with `f` applied to the formulas in them."""
    kind = type(tree)
    if kind is Expr:
        return f(tree)
    if kind is tuple or kind is list:
        return kind([_map(x, f) for x in tree])
    if kind is dict:
        return {name: _map(x, f) for name, x in tree.items()}
    if kind is slice:
        return slice(_map(tree.start, f), _map(tree.stop, f), _map(tree.step, f))
    return tree


def _stand_ins(tree: Any) -> Any:
    return _map(tree, lambda e: stand_in(e.shape, e.dtype) if e.value is None else e.value)


def _lift(value: Any) -> Any:
    """Arrays become constants, inside of tuples and lists too."""
    if isinstance(value, (np.ndarray, np.generic)):
        return Expr.constant(value)
    if type(value) is tuple or type(value) is list:
        return type(value)([_lift(x) for x in value])
    return value


def _key(tree: Any) -> Any:
    """What makes two arguments the same. Formulas by identity: `==` on them makes another formula."""
    kind = type(tree)
    if kind is Expr:
        return id(tree)
    if kind is tuple or kind is list:
        return kind, tuple([_key(x) for x in tree])
    if kind is dict:
        return kind, tuple([(name, _key(x)) for name, x in sorted(tree.items())])
    if kind is slice:
        return kind, _key(tree.start), _key(tree.stop), _key(tree.step)
    if kind is float:
        return kind, repr(tree)  # tells 0.0 from −0.0, and NaN equals itself
    return kind, tree if kind.__hash__ is not None else id(tree)


# ── reading values ──────────────────────────────────────────────────────────────────────────────


def walk(roots: Any) -> Iterator[Expr]:
    """Every node that the roots (one, or nested tuples of them) need, each once and after its inputs."""
    stack: list[tuple[Expr, bool]] = []
    _map(roots, lambda e: stack.append((e, False)))
    seen: set[int] = set()
    while stack:
        node, ready = stack.pop()
        if ready:
            yield node
        elif id(node) not in seen:
            seen.add(id(node))
            if not node.inputs:
                yield node
                continue
            stack.append((node, True))
            stack += [(x, False) for x in node.inputs[::-1]]


def evaluate(roots: Any, values: Mapping[str, Any]) -> Any:
    """The numbers of a formula, or of nested tuples of them; `values` gives each symbol's value by name.

    Raises KeyError for a symbol without a value.

    >>> import numpy as np
    >>> from chainrule.expr import Expr, evaluate
    >>> x = Expr.symbol("x", (2,))
    >>> print(evaluate(2 * x + 1, {"x": np.array([1.0, 2.0])}))
    [3. 5.]
    """
    known: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for node in walk(roots):
            if node.word == SYMBOL:
                value = values[node.args[0]]
            elif node.word == CONSTANT:
                value = node.args[0]
            elif node.word == PART:
                value = known[id(node.args[0])][node.args[1]]
            else:
                args, kwargs = _map((node.args, node.kwargs), lambda e: known[id(e)])
                value = node.word(*args, **kwargs)
                shape = tuple([v.shape for v in value]) if type(node.dtype) is tuple else tuple(value.shape)
                if shape != node.shape:
                    raise SymbolicError(f"{node}: the shape depends on values; inferred {node.shape}, got {shape}")
            known[id(node)] = value
    return _map(roots, lambda e: known[id(e)])


def substitute(root: Expr, new: Mapping[str, Expr]) -> Expr:
    """The formula with other formulas in place of some symbols.

    >>> from chainrule.expr import Expr, substitute
    >>> x, y = Expr.symbol("x", (3,)), Expr.symbol("y", (3,))
    >>> print(substitute(2 * x, {"x": y + 1}))
    2 * (y + 1)
    """
    made: dict[int, Expr] = {}
    for node in walk(root):
        if node.word == SYMBOL:
            made[id(node)] = new.get(node.args[0], node)
        elif all(made[id(x)] is x for x in node.inputs):
            made[id(node)] = node
        else:
            made[id(node)] = rebuilt(node, lambda e: made[id(e)])
    return made[id(root)]


def rebuilt(node: Expr, f: Callable[[Expr], Expr]) -> Expr:
    """The same word on other formulas; a shape that was given with it stays."""
    if node.word == PART:
        return _part(f(node.args[0]), node.args[1])
    args, kwargs = _map((node.args, node.kwargs), f)
    if isinstance(node.word, Called):
        found = Expr.called(node.word, args, node.shape, node.dtype)
    else:
        found = apply_word(node.word, args, kwargs)
    return found[0].args[0] if isinstance(found, tuple) else found
