"""Writes the reference from what the package says of itself: records, functions, docstrings.

Before Sphinx reads, a Markdown page per family of operations is written to `reference/generated/`.
Nothing about an operation is said here: signature, formula, domain and kinks come from its record.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import chainrule
from chainrule import ops
from chainrule.op import FUNCTIONS, METHODS, REGISTRY, Op

# Pages that are not families of operations: title, then the modules or classes whose members they show.
PAGES = {
    "tensor": ("Tensor", ["chainrule.tensor:Tensor"]),
    "creation": ("Making tensors", ["chainrule.convert", "chainrule.creation"]),
    "dtypes": ("Dtypes, shapes, devices", ["chainrule.dtypes", "chainrule.size", "chainrule.device"]),
    "random": ("Random numbers", ["chainrule.random"]),
    "autograd": ("autograd", ["chainrule.autograd", "chainrule.modes"]),
    "func": ("func", ["chainrule.func"]),
    "nn": ("nn", ["chainrule.nn", "chainrule.nn.functional", "chainrule.nn.init"]),
    "optim": ("optim", ["chainrule.optim"]),
    "graph": ("Seeing the graph", ["chainrule.picture", "chainrule.census", "chainrule.graph:Node"]),
    "errors": ("Errors", ["chainrule.errors"]),
}


def families() -> dict[str, dict[str, Any]]:
    """The public functions and methods of the records, by the file of `ops/` that holds them."""
    found: dict[str, dict[str, Any]] = {}
    owner: dict[int, str] = {}
    for module in pkgutil.iter_modules(ops.__path__):
        for value in vars(importlib.import_module(f"{ops.__name__}.{module.name}")).values():
            if isinstance(value, Op):
                owner.setdefault(id(value), module.name)
    calls = {id(op.call): op for op in REGISTRY.values()}
    for name, function in sorted({**METHODS, **FUNCTIONS}.items()):
        op = function if isinstance(function, Op) else calls.get(id(function))
        if op is not None:
            family = owner.get(id(op), "further")
        else:
            head, _, last = (getattr(function, "__module__", None) or "").rpartition(".")
            family = last if head == ops.__name__ else "further"
        found.setdefault(family, {})[name] = function
    return found


def signature(f: Any) -> str:
    """The parameters without their types; empty where there is no telling."""
    if isinstance(f, Op):
        return f"({', '.join(f.args + f.params)})"
    try:
        found = inspect.signature(f)
    except (TypeError, ValueError):
        return "(…)"
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in found.parameters.values()]
    return str(inspect.Signature(plain))


def markdown(text: str) -> str:
    """A docstring as Markdown: examples and drawings fenced, angle brackets and stars taken literally."""
    blocks = re.split(r"\n\s*\n", inspect.cleandoc(text).strip())
    out = []
    for block in blocks:
        if block.lstrip().startswith(">>>"):
            out.append(f"```pycon\n{inspect.cleandoc(block)}\n```")
        elif block.startswith("    ") or re.search(r"^\| |[├└│]", block, re.M):
            out.append(f"```text\n{block}\n```")
        else:
            parts = re.split(r"(`[^`]*`)", block)
            literal = [p if p.startswith("`") else re.sub(r"([*_<>\[\]#|])", r"\\\1", p) for p in parts]
            out.append("".join(literal))
    return "\n\n".join(out)


def facts(op: Op) -> Iterator[str]:
    """What a record says of itself beyond its docstring."""
    yield f"{op.kind} record `{op.name}`"
    if op.symbol:
        yield f"written `{op.symbol.format(**dict.fromkeys(op.args, '·') | {a: a for a in op.args})}`"
    if op.domain is not None:
        yield f"defined for `{_interval(op.domain)}`"
    if isinstance(op.kinks, (tuple, list)) and op.kinks:
        yield f"not smooth at `{', '.join(map(str, op.kinks))}`"


def _interval(domain: Any) -> str:
    if isinstance(domain, dict):
        return ", ".join(f"{arg} in {_interval(bounds)}" for arg, bounds in domain.items())
    low, high = domain
    return f"({'−∞' if np.isinf(low) else low}, {'∞' if np.isinf(high) else high})"


def entry(name: str, value: Any, level: int = 2) -> str:
    """One function, method or class as a section."""
    op = value if isinstance(value, Op) else next((o for o in REGISTRY.values() if o.call is value), None)
    doc = (op.doc if op is not None else "") or inspect.getdoc(value) or ""
    lines = [f"{'#' * level} {name}", f"```text\n{name}{signature(op if op is not None else value)}\n```"]
    if doc and (op is None or op.doc):
        lines.append(markdown(doc))
    if op is not None:
        lines.append(f"*{'; '.join(facts(op))}*")
    return "\n\n".join(lines)


def class_entry(name: str, cls: type) -> str:
    """A class with its public methods."""
    lines = [f"## {name}", markdown(inspect.getdoc(cls) or "")]
    rows = []
    for key, member in sorted(vars(cls).items()):
        doc = inspect.getdoc(member)
        if key.startswith("_") or not doc or key in METHODS or not (callable(member) or isinstance(member, property)):
            continue
        head = key if isinstance(member, property) else f"{key}{signature(member)}"
        rows.append(f"`{head}`\n: {markdown(doc.split(chr(10) * 2)[0])}")
    return "\n\n".join([*lines, *rows])


def members(target: str) -> Iterator[tuple[str, Any]]:
    """The public names of a module that belong to it, or one class."""
    module_name, _, attribute = target.partition(":")
    module = importlib.import_module(module_name)
    if attribute:
        yield attribute, getattr(module, attribute)
        return
    package = module_name if hasattr(module, "__path__") else None
    for name, value in vars(module).items():
        home = getattr(value, "__module__", None) or ""
        ours = home == module_name or (package is not None and home.startswith(package + "."))
        if not name.startswith("_") and ours and (inspect.isfunction(value) or inspect.isclass(value)):
            yield name, value


def write_pages(app: Any) -> None:
    """All generated pages."""
    target = Path(app.srcdir) / "reference" / "generated"
    target.mkdir(parents=True, exist_ok=True)
    pages: dict[str, str] = {}
    for family, entries in families().items():
        title = (importlib.import_module(f"{ops.__name__}.{family}").__doc__ if family != "further" else "") or ""
        head = f"# {family.capitalize()}\n\n{markdown(title.split(chr(10) * 2)[0])}".rstrip()
        body = []
        for name, function in entries.items():
            kinds = " and ".join(k for k, names in (("function", FUNCTIONS), ("method", METHODS)) if name in names)
            body.append(f"{entry(name, function)}\n\n{kinds}")
        pages[f"ops_{family}"] = "\n\n".join([head, *body])
    for page, (title, targets) in PAGES.items():
        body = []
        for name, value in (pair for t in targets for pair in members(t)):
            body.append(class_entry(name, value) if inspect.isclass(value) else entry(name, value))
        pages[page] = "\n\n".join([f"# {title}", *dict.fromkeys(body)])
    for name, text in pages.items():
        path = target / f"{name}.md"
        if not path.exists() or path.read_text(encoding="utf-8") != text + "\n":
            path.write_text(text + "\n", encoding="utf-8")
    for old in target.glob("*.md"):
        if old.stem not in pages:
            old.unlink()


def setup(app: Any) -> dict[str, Any]:
    """Sphinx calls this."""
    app.connect("builder-inited", write_pages)
    return {"version": chainrule.__version__, "parallel_read_safe": True}
