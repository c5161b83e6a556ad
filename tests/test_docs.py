"""Every example that a reader can see is executed: docstrings, records, README, pages."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chainrule
from chainrule.op import FUNCTIONS, METHODS, REGISTRY

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [ROOT / "README.md", *(p for p in (ROOT / "docs").rglob("*.md") if not {"_build", "generated"} & set(p.parts))]
)
FLAGS = doctest.ELLIPSIS


def modules() -> Iterator[Any]:
    yield chainrule
    for module in pkgutil.walk_packages(chainrule.__path__, "chainrule."):
        if not module.name.endswith("__main__"):
            yield importlib.import_module(module.name)


def documented() -> dict[str, str]:
    """Name → text of everything that has examples; each text once."""
    found: dict[str, str] = {}
    finder = doctest.DocTestFinder(exclude_empty=True)
    for module in modules():
        for test in finder.find(module, module.__name__):
            if test.examples:
                found[test.name] = test.docstring
    for table, entries in (("function", FUNCTIONS), ("method", METHODS)):
        for name, f in entries.items():
            found[f"{table} {name}"] = getattr(f, "__doc__", None) or ""
    for name, op in REGISTRY.items():
        found[f"record {name}"] = op.doc
    texts: dict[str, str] = {}
    for name, text in found.items():
        if ">>>" in text:
            texts.setdefault(text, name)
    return {name: text for text, name in texts.items()}


def execute(text: str, name: str, path: str | None = None) -> None:
    test = doctest.DocTestParser().get_doctest(text, {"__name__": "__main__"}, name, path, 0)
    report: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=report.append)
    assert not result.failed, "".join(report)


@pytest.mark.parametrize("name, text", documented().items(), ids=documented())
def test_docstring(name, text):
    execute(text, name)


def blocks(page: Path) -> list[str]:
    return re.findall(r"^```(?:pycon|python)\n(.*?)^```", page.read_text(encoding="utf-8"), re.M | re.S)


@pytest.mark.parametrize("page", [p for p in PAGES if blocks(p)], ids=lambda p: str(p.relative_to(ROOT)))
def test_page(page):
    """The blocks of a page in order, in one namespace."""
    found = blocks(page)
    assert all(">>>" in block for block in found), "code without results cannot be checked: write it as a session"
    execute("\n".join(found), page.name, str(page))


def test_the_headings_of_the_error_page_are_texts_that_it_raises():
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.M)[1:]
    titles = []
    for section in sections:
        title, _, body = section.partition("\n")
        if title == "Questions without an error":
            continue
        titles.append(title)
        raised = re.findall(r"^(?:chainrule\.errors\.)?\w*Error: (.*)", body, re.M)
        plain = [re.sub(r" \('[\w.]+'\)", "", message) for message in raised]
        assert any(message.startswith(title) for message in plain), title
    assert len(titles) >= 12


def test_every_public_function_says_what_it_computes():
    """A docstring, or for elementwise records the text in the record."""
    silent = [
        n for n, f in {**FUNCTIONS, **METHODS}.items() if not (getattr(f, "__doc__", "") or getattr(f, "doc", ""))
    ]
    assert not silent
