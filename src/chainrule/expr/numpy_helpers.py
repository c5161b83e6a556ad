"""The source of our own functions as plain NumPy functions: for words that NumPy has nothing shorter for.

Taken off are decorators, annotations, docstrings and checks that only raise; functions that are called come along.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np


def from_source(w: Any, function: Callable[..., Any]) -> str:
    """Have a function and all that it calls among the writer's helpers; returns its name there."""
    plain = inspect.unwrap(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(plain))).body[0]
    assert isinstance(tree, ast.FunctionDef), f"{plain} is no function with a name"
    tree = _Plain().visit(tree)
    outside = {**plain.__globals__, **inspect.getclosurevars(plain).nonlocals}
    names: dict[str, str] = {}
    own = {tree.name} | {a.arg for a in ast.walk(tree) if isinstance(a, ast.arg)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id not in own and node.id in outside:
            names[node.id] = _replacement(w, node.id, outside[node.id])
    short = tree.name.strip("_").removesuffix("_forward")
    names[tree.name] = "{name}"
    source = re.sub(r"^( *\w+(?:, \w+)+) = \((.*)\)$", r"\1 = \2", ast.unparse(_Renamed(names).visit(tree)), flags=re.M)
    if '"' not in source:
        source = source.replace("'", '"')
    return str(w.helper(short, source, plain))


def _replacement(w: Any, name: str, value: Any) -> str:
    """What stands for a global of ours in the code of a helper."""
    if value is np:
        w.need("import numpy as np")
        return "np"
    if inspect.ismodule(value):
        w.need(f"import {value.__name__}")
        return value.__name__
    if isinstance(value, np.ufunc):
        return f"np.{value.__name__}"
    if inspect.isfunction(value):
        return from_source(w, value)
    return str(w.text(value))


class _Plain(ast.NodeTransformer):
    """Without decorators, annotations, docstrings, checks."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.generic_visit(node)
        node.decorator_list, node.returns = [], None
        if isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant):
            node.body = node.body[1:]
        return node

    def visit_arg(self, node: ast.arg) -> Any:
        node.annotation = None
        return node

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        return None if not node.orelse and all(isinstance(line, ast.Raise) for line in node.body) else node

    def visit_Try(self, node: ast.Try) -> Any:
        self.generic_visit(node)
        return node.body


class _Renamed(ast.NodeTransformer):
    def __init__(self, names: dict[str, str]):
        self.names = names

    def visit_Name(self, node: ast.Name) -> Any:
        return ast.Name(self.names.get(node.id, node.id), node.ctx)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> Any:
        self.generic_visit(node)
        node.name = self.names.get(node.name, node.name)
        return node
