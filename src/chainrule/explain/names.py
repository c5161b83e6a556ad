"""What the user calls the tensors: found in frames, modules and containers, at the time of asking.

Recording costs nothing for it. A name never belongs to two tensors: where two frames both have a
`w`, the nearer one's is `w`, the other's `w (in train())`. Nothing of the user's runs: attributes
are read from the dictionaries and slots of objects, never through properties or `__getattr__`.
"""

from __future__ import annotations

import builtins
import dis
import keyword
import os
import re
import sys
import unicodedata
from argparse import Namespace
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from types import CodeType, FrameType, FunctionType, MemberDescriptorType, ModuleType, SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from ..graph import AccumulateGrad, Node, Output, TensorBase, internal
from ..nn.module import Module

FRAMES = 10  # callers that are looked at
STEPS = 3  # `a.b['c'][0]` is the deepest name; inside of modules it goes on
ITEMS = 1_000  # of one container
BUDGET = 5_000  # of all containers and objects
DETACHED = 3  # the doubt about `x.detach()`

_STANDARD = os.path.dirname(os.__file__) + os.sep
_ATOMS = frozenset({int, float, bool, str, bytes, complex, type, type(None), type(len), FunctionType})
_SEQUENCES: tuple[Any, ...] = (list, tuple, deque)
_FOREIGN = sys.stdlib_module_names | {"builtins", "numpy", __name__.partition(".")[0]}
_MODULE_STATE = frozenset(vars(Module()))
_HISTORY = re.compile(r"_+\d*|_i+|_[ido]h|In|Out|_i\d+")  # what a notebook keeps of its cells
_PRIVATE = re.compile(r"(?:^|\.)_")

Key = Any  # (node, output) of what has a node, else the id of an array


class Found(NamedTuple):
    """A name of a tensor. They sort as they are preferred."""

    doubt: int  # 1: left over from a loop over what it is in; 2: private; 3: of another tensor, detached
    level: int  # how far away the variable is
    steps: int  # how far in the variable
    text: str

    @property
    def rank(self) -> tuple[int, int, int]:
        return self[:3]


class Names:
    """The names of the tensors of a graph; made by `find_names`.

    Tensors are known by what they are, not by equality: one with a node by that node, any other by
    its array. Both are kept alive, so that no name passes on to something made later.
    """

    __slots__ = ("_arrays", "_found", "_memory", "_owners")

    def __init__(self) -> None:
        self._found: dict[Key, list[Found]] = {}
        self._owners: dict[str, Key] = {}
        self._arrays: dict[int, np.ndarray[Any, Any]] = {}
        self._memory: dict[Any, np.ndarray[Any, Any]] | None = None

    def of_node(self, node: Node, index: int = 0) -> str | None:
        """The name of what a node made; `index` says which of several results."""
        key = _node_key(node, index)
        if (found := self._found.get(key)) is not None:
            return found[0].text
        leaf = node.variable if type(node) is AccumulateGrad else None
        if leaf is None or leaf._name is None:
            return None
        return leaf._name if self._owners.setdefault(leaf._name, key) == key else None

    def of_array(self, array: Any) -> str | None:
        """The name of a constant: a tensor without a node, or an array beside tensors."""
        found = self._found.get(id(array))
        return found[0].text if found is not None else None

    def reshaped(self, array: Any) -> Any:
        """The array with a name that this one only gives another shape (`t` of `t.unsqueeze(1)`), or None.

        Losses record such views: `cross_entropy` picks with the target in the scores' number of dimensions.
        """
        if self._memory is None:
            self._memory = {}
            for key, found in self._found.items():
                named = self._arrays.get(key)
                if named is not None and named.flags.c_contiguous and found[0].doubt < DETACHED:
                    self._memory.setdefault(_memory_of(named), named)
        return self._memory.get(_memory_of(array)) if array.flags.c_contiguous and array.size else None

    def equal(self, array: Any) -> str | None:
        """The name of the one array of whole numbers with the same values.

        An index is copied when it is recorded, and whole numbers among floats are promoted.
        """
        if not array.size:
            return None
        same = [
            named
            for named in self._arrays.values()
            if named.dtype.kind in "biu" and named.shape == array.shape and np.array_equal(named, array)
        ]
        return self.of_array(same[0]) if len(same) == 1 else None

    def of_leaf(self, tensor: TensorBase) -> str | None:
        """The name of a tensor, as it is now."""
        node = _current_node(tensor)
        return self.of_array(tensor._data) if node is None else self.of_node(node)

    def also(self, thing: Any, index: int = 0) -> tuple[str, ...]:
        """The other names of a node, a tensor or an array."""
        node = _current_node(thing) if isinstance(thing, TensorBase) else thing
        if node is None:
            node = thing._data
        key = _node_key(node, index) if isinstance(node, Node) else id(node)
        return tuple(found.text for found in self._found.get(key, ())[1:])

    def _add(self, key: Key, found: Found) -> None:
        if self._owners.setdefault(found.text, key) == key:
            self._found.setdefault(key, []).append(found)

    def _add_tensor(self, tensor: TensorBase, found: Found) -> None:
        node, array = _current_node(tensor), tensor._data
        if node is None:
            if tensor._view is None or tensor._node is None:
                self._add_array(array, found)
            return
        self._add(_node_key(node, 0), found)
        # `x.detach()` is a constant that shares the very array of `x`.
        self._add_array(array, found._replace(doubt=DETACHED, text=f"{found.text}.detach()"))

    def _add_array(self, array: Any, found: Found) -> None:
        self._arrays[id(array)] = array
        self._add(id(array), found)

    def _sort(self) -> None:
        for names in self._found.values():
            names.sort(key=lambda found: found.rank)


def _memory_of(array: np.ndarray[Any, Any]) -> tuple[int, int, str]:
    return array.ctypes.data, array.size, array.dtype.str


def _node_key(node: Node, index: int) -> tuple[Node | None, int]:
    return (node.parent, node.index) if type(node) is Output else (node, index)


def _current_node(tensor: TensorBase) -> Node | None:
    """The node that made a tensor; None too for a view that was overwritten since, which is never replayed here."""
    view = tensor._view
    if view is not None and view.generation != tensor._storage.generation:  # type: ignore[union-attr]
        return None
    return tensor._node


def find_names(frame: FrameType | None = None, extra: Mapping[str, Any] | None = None) -> Names:
    """The names of all tensors in reach of the nearest caller outside of this package.

    `extra` comes first, then that caller's local variables, its global ones, and those of its
    callers; in each the values themselves, then what is in lists, dicts, modules and objects.
    """
    frame = frame or sys._getframe(1)
    while internal[frame.f_code.co_filename] and frame.f_back is not None:
        frame = frame.f_back
    search = _Search()
    if extra:
        search.add_level(extra, "given")
    seen: set[int] = set()
    for caller in _callers(frame):
        code = caller.f_code
        is_module = caller.f_locals is caller.f_globals
        if not is_module:
            search.add_level(dict(caller.f_locals), f"in {_called(code)}", code)
        if id(caller.f_globals) not in seen:
            seen.add(id(caller.f_globals))
            search.add_level(dict(caller.f_globals), "global", code if is_module else None)
    search.names._sort()
    return search.names


def _callers(frame: FrameType) -> Iterator[FrameType]:
    """The frame and its callers, the user's own only."""
    yield frame
    count = 1
    up = frame.f_back
    while up is not None and count < FRAMES:
        if not _is_foreign_file(up.f_code.co_filename):
            yield up
            count += 1
        up = up.f_back


def _called(code: CodeType) -> str:
    name = getattr(code, "co_qualname", code.co_name)
    return f"{name.rpartition('<locals>.')[2].strip('<>')}()"


@lru_cache(4096)
def _is_foreign_file(filename: str) -> bool:
    """Whether a file is this package's, Python's or an installed one."""
    return internal[filename] or filename.startswith((_STANDARD, "<frozen")) or "-packages" in filename


class _Path(NamedTuple):
    """Where something stands, on the way through the variables of one level."""

    text: str
    steps: int
    level: int
    note: str  # " (in train())" where a nearer variable has the same name
    looped: bool  # whether the variable is one that a `for` assigns

    def inner(self, suffix: str, steps: int) -> _Path:
        return _Path(self.text + suffix, self.steps + steps, self.level, self.note, self.looped)


class _Search:
    """Goes through the variables, level by level, nearest first."""

    def __init__(self) -> None:
        self.names = Names()
        self.visible: dict[str, Any] = {}
        self.users: dict[type, bool] = {}
        self.level = 0
        self.budget = BUDGET

    def add_level(self, variables: Mapping[str, Any], where: str, code: CodeType | None = None) -> None:
        """Name what the variables hold: tensors first, then what is in containers and objects."""
        looped = _loop_variables(code) if code is not None else frozenset()
        groups: tuple[list[Any], ...] = ([], [], [])
        for name, value in variables.items():
            if where != "given" and not name.isidentifier():  # `@py_assert1`: pytest's, or another tool's
                continue
            note = ""
            if name in self.visible:
                if self.visible[name] is value:
                    continue
                note = f" ({where})"
            else:
                self.visible[name] = value
            if type(value) in _ATOMS or name[:1] in ("@", ".") or _HISTORY.fullmatch(name):  # `@py_assert1`, `.0`
                continue
            path = _Path(name, 0, self.level, note, name in looped)
            if not self._name(value, path):
                groups[2 if name.startswith("_") else int(path.looped)].append((value, path))
        for group in groups:
            self._walk(group)
        self.level += 1

    def _name(self, value: Any, path: _Path) -> bool:
        """Give a tensor or an array its name; whether the value is one."""
        cls = type(value)
        if issubclass(cls, TensorBase):
            leaf = type(value._node) is AccumulateGrad
            doubt = 1 if leaf and (path.looped or (value._name is not None and path.steps == 0)) else 0
            self.names._add_tensor(value, self._found(path, doubt))
        elif issubclass(cls, np.ndarray):
            self.names._add_array(value, self._found(path, 0))
        else:
            return False
        return True

    def _found(self, path: _Path, doubt: int) -> Found:
        return Found(2 if _PRIVATE.search(path.text) else doubt, path.level, path.steps, path.text + path.note)

    def _walk(self, start: list[tuple[Any, _Path]]) -> None:
        """Name what is in containers and objects, breadth first."""
        queue, seen = deque(start), {id(value) for value, _ in start}
        while queue and self.budget > 0:
            outer, path = queue.popleft()
            in_module = issubclass(type(outer), Module)
            for value, suffix in self._inside(outer, path.steps):
                self.budget -= 1
                cls = type(value)
                if cls in _ATOMS or id(value) in seen:
                    continue
                inner = path.inner(suffix, 0 if in_module and issubclass(cls, Module) else 1)
                if not self._name(value, inner) and inner.steps < STEPS:
                    seen.add(id(value))
                    queue.append((value, inner))

    def _inside(self, value: Any, steps: int) -> Iterator[tuple[Any, str]]:
        """What is directly inside of a value, and how that is reached."""
        cls = type(value)
        if issubclass(cls, dict):
            for key, item in _first(dict.items(value)):
                if type(key) is int or (type(key) is str and len(key) <= 60):
                    yield item, f"[{key!r}]"
        elif issubclass(cls, tuple) and isinstance(fields := getattr(cls, "_fields", None), tuple):
            for name, item in zip(fields, tuple.__iter__(value), strict=False):
                yield item, f".{name}"
        elif issubclass(cls, _SEQUENCES):
            base = next(base for base in _SEQUENCES if issubclass(cls, base))
            for i, item in enumerate(_first(base.__iter__(value))):
                yield item, f"[{i}]"
        elif issubclass(cls, Module):
            yield from _in_module(value)
        elif issubclass(cls, ModuleType):
            if steps == 0 and not _is_foreign_file(vars(value).get("__file__") or "<frozen"):
                for name, item in _first(vars(value).items()):
                    yield item, f".{name}"
        elif self._is_users(cls):
            for name, item in _attributes(value):
                yield item, f".{name}"

    def _is_users(self, cls: type) -> bool:
        """Whether a class is the user's own, or a bare namespace."""
        known = self.users.get(cls)
        if known is None:
            root = str(type.__getattribute__(cls, "__module__")).partition(".")[0]
            known = self.users[cls] = root not in _FOREIGN or issubclass(cls, (SimpleNamespace, Namespace))
        return known


def _in_module(module: Module) -> Iterator[tuple[Any, str]]:
    """What is directly inside of a module; its own names are those of `named_parameters`."""
    own = vars(module)
    for table in ("_parameters", "_buffers", "_modules"):
        for name, value in own.get(table, {}).items():
            yield value, f".{name}"
    for name, value in _first(own.items()):
        if name not in _MODULE_STATE:
            yield value, f".{name}"


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """The attributes kept in an object's dictionary and slots; nothing of the object's runs."""
    try:
        own = object.__getattribute__(value, "__dict__")
    except AttributeError:
        own = {}
    for name, item in _first(own.items()):
        if type(name) is str:
            yield name, item
    for cls in type(value).__mro__:
        for name, slot in vars(cls).items():
            if type(slot) is MemberDescriptorType and name != "__dict__":
                try:
                    yield name, slot.__get__(value)
                except AttributeError:  # not set yet
                    continue


def _first(items: Iterable[Any]) -> list[Any]:
    return list(islice(items, ITEMS))


@lru_cache(256)
def _loop_variables(code: CodeType) -> frozenset[str]:
    """The variables that the `for` statements of a function assign."""
    names: set[str] = set()
    waiting = 0  # targets that the last `for` has still to store
    for step in dis.get_instructions(code):
        if step.opname == "FOR_ITER":
            waiting = 1
        elif not waiting or step.opname == "EXTENDED_ARG":
            continue
        elif step.opname == "UNPACK_SEQUENCE":
            waiting += step.arg - 1  # type: ignore[operator]
        elif step.opname == "UNPACK_EX":
            waiting += (step.arg & 255) + (step.arg >> 8)  # type: ignore[operator]
        elif step.opname.startswith("STORE_") and isinstance(step.argval, (str, tuple)):
            # Since 3.13 one instruction may store two, or store one and load the next.
            stored = (step.argval,) if isinstance(step.argval, str) else step.argval
            stored = stored[:1] if step.opname.endswith("_LOAD_FAST") else stored
            names.update(stored)
            waiting -= len(stored)
        else:
            waiting = 0
    return frozenset(names)


# ── identifiers ─────────────────────────────────────────────────────────────────────────────────

# What generated code uses by name. `input` is a builtin too, but PyTorch's own code calls tensors so.
_RESERVED = frozenset(
    {
        *keyword.kwlist,
        *dir(builtins),
        "np",
        "numpy",
        "special",
        "scipy",
        "torch",
        "cr",
        "chainrule",
        "forward",
        "backward",
    }
    - {"input"}
)


def identifiers(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """For each name a Python identifier like it, all of them different.

    None is a keyword, a builtin or one of `taken`, and none could be read as the gradient of
    another: `grad_x` beside `x`, `dloss_x` beside `loss` and `x`.

    >>> from chainrule.explain.names import identifiers
    >>> identifiers(["w[3]", "model.0.weight", "lambda", "x", "grad_x", "w.3"])
    ['w_3', 'model_0_weight', 'lambda_', 'x', 'grad_x_2', 'w_3_2']
    """
    plain = [_identifier(name) for name in names]
    used = _Used(taken)
    out = []
    for wanted in plain:
        name, number = wanted, 1
        while not used.is_free(name):
            number += 1
            name = f"{wanted.rstrip('_')}_{number}"
        used.add(name)
        out.append(name)
    return out


def _identifier(name: str) -> str:
    """A name with everything that no identifier may hold replaced by `_`; normal form as Python itself takes it."""
    name = unicodedata.normalize("NFKC", name)
    if not name.isidentifier():
        name = "".join(c if f"a{c}".isidentifier() else " " for c in name)
        name = "_".join(name.split()) or "_"
        name = name if name.isidentifier() else f"_{name}"
    return f"{name}_" if name in _RESERVED else name


class _Used:
    """The identifiers given so far, and which further ones would make one of them read as a gradient."""

    def __init__(self, taken: Iterable[str]):
        self.names: set[str] = set()
        self.partners: dict[str, set[str]] = {}  # `x` → `loss` where `dloss_x` is given
        for name in taken:
            self.add(name)

    def is_free(self, name: str) -> bool:
        names = self.names
        if name in names or f"grad_{name}" in names or name.removeprefix("grad_") in names:
            return False
        if any(a in names and b in names for a, b in _halves(name)):
            return False
        return not any(other == name or other in names for other in self.partners.get(name, ()))

    def add(self, name: str) -> None:
        self.names.add(name)
        for a, b in _halves(name):
            self.partners.setdefault(a, set()).add(b)
            self.partners.setdefault(b, set()).add(a)


def _halves(name: str) -> list[tuple[str, str]]:
    """(`loss`, `x`) for `dloss_x`: of what and by what it would be the derivative."""
    if not name.startswith("d"):
        return []
    return [(name[1:i], name[i + 1 :]) for i in range(2, len(name) - 1) if name[i] == "_"]
