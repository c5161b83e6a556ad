"""Imports go one way, as the table in `docs/architecture.md` says; files stay small."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "chainrule"
FILES = sorted(PACKAGE.rglob("*.py"))
LINES = 400


def layers() -> list[str]:
    """The modules in the order of the table: each may import those before it."""
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = page.split("<!-- layers -->")[1].split("<!-- end of layers -->")[0]
    rows = [line.split("|")[2] for line in table.strip().splitlines()[2:]]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row)]


def part(path: Path) -> str:
    """The module or package directly below `chainrule` that a file belongs to; empty for `__init__.py`."""
    first = path.relative_to(PACKAGE).parts[0]
    return "" if first == "__init__.py" else first.removesuffix(".py")


def is_typing_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def nodes(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes but those that only a type checker sees."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not is_typing_only(child):
            yield from nodes(child)


def imported(path: Path, text: str | None = None) -> Iterator[tuple[str, int]]:
    """The parts of the package that a file (or a text in its place) imports, with the lines."""
    package = ("chainrule", *path.relative_to(PACKAGE).parts[:-1])
    for node in nodes(ast.parse(text or path.read_text(encoding="utf-8"))):
        targets: list[list[str]] = []
        if isinstance(node, ast.Import):
            targets = [alias.name.split(".") for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = list(package[: len(package) - node.level + 1]) if node.level else []
            base += node.module.split(".") if node.module else []
            targets = [[*base, alias.name] for alias in node.names]
        for target in targets:
            if target[0] == "chainrule" and len(target) > 1:
                yield target[1], node.lineno  # type: ignore[attr-defined]


def lines_of_code(path: Path) -> int:
    """Lines without blanks, comments and docstrings."""
    text = path.read_text(encoding="utf-8")
    docstrings = 0
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(
            node
        ):
            docstrings += node.body[0].end_lineno - node.body[0].lineno + 1
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in text.splitlines()) - docstrings


def test_the_table_names_every_module_once():
    names = layers()
    assert len(names) == len(set(names))
    assert set(names) == {part(path) for path in FILES} - {"", "__main__"}


MODULES = [p for p in FILES if part(p) not in ("", "__main__")]


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_one_way(path):
    order = {name: i for i, name in enumerate(layers())}
    own = part(path)
    upward = [f"line {line}: {name}" for name, line in imported(path) if name in order and order[name] > order[own]]
    assert not upward, f"{own} may not import what stands after it in docs/architecture.md"


def test_the_check_sees_imports_of_every_form():
    text = (
        "import chainrule.nn\n"
        "from .. import tensor\n"
        "from ..graph import Node\n"
        "from .shape import view\n"
        "def f():\n    from ..optim import SGD\n"
        "if TYPE_CHECKING:\n    from ..func import grad\n"
    )
    found = list(imported(PACKAGE / "ops" / "imagined.py", text))
    assert found == [("nn", 1), ("tensor", 2), ("graph", 3), ("ops", 4), ("optim", 6)]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_are_small(path):
    assert lines_of_code(path) < LINES
