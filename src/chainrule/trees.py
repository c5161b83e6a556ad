"""Nested tuples, lists, dicts and named tuples of values, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

LEAF = object()  # stands for a value in a structure


def flatten(tree: Any) -> tuple[list[Any], Any]:
    """The values of a tree, and its structure: the same tree with LEAF for every value."""
    leaves: list[Any] = []

    def visit(node: Any) -> Any:
        if isinstance(node, dict):
            return _rebuilt(node, [visit(v) for v in node.values()])
        if isinstance(node, (tuple, list)):
            return _rebuilt(node, [visit(v) for v in node])
        leaves.append(node)
        return LEAF

    return leaves, visit(tree)


def unflatten(leaves: Sequence[Any], structure: Any) -> Any:
    """The tree of that structure with these values."""
    return _fill(iter(leaves), structure)


def _fill(leaves: Iterator[Any], structure: Any) -> Any:
    if structure is LEAF:
        return next(leaves)
    values = structure.values() if isinstance(structure, dict) else structure
    return _rebuilt(structure, [_fill(leaves, s) for s in values])


def _rebuilt(like: Any, values: list[Any]) -> Any:
    """A container of the same kind with other values."""
    if isinstance(like, dict):
        out = dict(zip(like, values, strict=True))
        return out if type(like) is dict else type(like)(out)
    if hasattr(like, "_fields"):
        return type(like)(*values)
    return type(like)(values) if type(like) in (tuple, list) else tuple(values)


def tree_map(f: Callable[[Any], Any], tree: Any) -> Any:
    """The tree with f applied to every value."""
    leaves, structure = flatten(tree)
    return unflatten([f(x) for x in leaves], structure)


def describe(structure: Any) -> str:
    """A structure as text: `(*, {'a': *})`."""
    return "*" if structure is LEAF else repr(_starred(structure)).replace("'*'", "*")


def _starred(structure: Any) -> Any:
    if structure is LEAF:
        return "*"
    if isinstance(structure, dict):
        return {k: _starred(v) for k, v in structure.items()}
    return _rebuilt(structure, [_starred(s) for s in structure])


def broadcast_prefix(prefix: Any, structure: Any) -> list[Any] | None:
    """A value per leaf of `structure`, of which one in `prefix` may stand for a branch; None if it does not fit."""
    if structure is LEAF:
        return None if isinstance(prefix, (tuple, list, dict)) else [prefix]
    if not isinstance(prefix, (tuple, list, dict)):
        return [prefix] * len(flatten(structure)[0])
    if type(prefix) is not type(structure) or len(prefix) != len(structure):
        return None
    if isinstance(structure, dict):
        if prefix.keys() != structure.keys():  # type: ignore[union-attr]
            return None
        pairs = [(prefix[k], s) for k, s in structure.items()]
    else:
        pairs = list(zip(prefix, structure, strict=True))
    out: list[Any] = []
    for p, s in pairs:
        part = broadcast_prefix(p, s)
        if part is None:
            return None
        out += part
    return out
