"""One offline page that steps through both passes: formulas, numbers, the graph, and the chain rule of every entry.

The page is one file that loads nothing: template, style and program stand beside this module, the data in the
page as JSON. Its policy (CSP) forbids the network, and every script but its own.

Limits. An array of up to 4,096 elements is there whole, as float32; of a larger one the least, the largest, the mean
and the norm, and the first 32 × 32 entries (the last axis goes across, all others down). All arrays together hold
up to 400,000 elements; the rest, beginning with the largest, have only the summary. A formula of more than 80 words
has no chain rule by entries. The lecture's net of 64 rows makes a page of less than 150 KB.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import math
import operator
import os
import re
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from ..expr import Expr, evaluate, formula, mathml, walk
from ..expr.expression import CONSTANT, PART, SYMBOL
from ..expr.vocabulary import cast, name_of
from ..words import broadcast_to
from . import table
from .catalogue import say, words
from .program import Statement

WHOLE = 4096  # elements of an array that is shown whole
CORNER = 32  # rows and columns that are shown of a larger one
ALL = 400_000  # elements on a page
LONGEST = 80  # words in a formula whose entries are explained

Json = dict[str, Any]


def write(explanation: Any, path: str | os.PathLike[str]) -> None:
    """Writes the page of an explanation, in its language, into a file."""
    Path(path).write_text(page(page_data(explanation), explanation.lang), encoding="utf-8")


def page(data: Json, lang: str = "en") -> str:
    """The page as HTML, from what `page_data` gives."""
    said = words(lang)
    count = [sum(step["phase"] == phase for step in data["steps"]) for phase in ("forward", "backward")]
    style, script = _file("page.css"), _file("page_entry.js") + _file("page.js")
    given = {**data, "words": {key: text for key, text in said.items() if key.startswith("page.")}}
    parts = {key: html.escape(text) for key, text in said.items()} | {
        "lang": lang,
        "title": html.escape(say("page.title", lang, loss=data["loss"])),
        "summary": html.escape(say("page.summary", lang, forward=count[0], backward=count[1])),
        "style": style,
        "script": script,
        "style hash": _hash(style),
        "script hash": _hash(script),
        # `<` would end the element in `</script>`, or begin a comment
        "data": json.dumps(given, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c"),
    }
    return re.sub(r"\{\{([^{}]+)\}\}", lambda found: parts[found[1]], _file("page.html"))


def _file(name: str) -> str:
    return (files(__package__) / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


# ── the data ────────────────────────────────────────────────────────────────────────────────────


def page_data(explanation: Any) -> Json:
    """What the page shows of an explanation, ready for JSON."""
    program, values = explanation.program, explanation.values
    names, derivatives = table.shown_names(program)
    steps = [_step(s, explanation, names, derivatives) for s in program.short]
    _find_lines(steps, explanation.numpy_source())
    used = dict.fromkeys(id for step in steps for id in (step["target"], *step["reads"]))
    whole = _shown_whole({name: values[name] for name in used if name in values})
    return {
        "loss": explanation.loss.name,
        "symbols": _symbols(explanation, used, names, derivatives, whole),
        "steps": steps,
        "graph": _graph(explanation),
        "source": explanation.numpy_source().rstrip("\n"),
    }


def _step(s: Statement, explanation: Any, names: Any, derivatives: Any) -> Json:
    lang, values = explanation.lang, explanation.values
    share = table.stopped(s, values) if s.phase == "backward" else None
    operation = s.operations[-1]
    left, right = (formula(e, names=names, derivatives=derivatives) for e in (s.target, s.value))
    return {
        "phase": s.phase,
        "target": s.name,
        "reads": list(dict.fromkeys(node.args[0] for node in walk(s.value) if node.word == SYMBOL)),
        "formula": {
            "mathml": mathml(s.value, names, derivatives, target=s.target),
            "text": f"{left} = {right}",
        },
        "numpy": explanation._module.writer.statements(s.name, s.value),
        "line": operation.line or "",
        "code": operation.code,
        "module": operation.module,
        "operations": [o.number for o in s.operations],
        "entry": _entry(s.value, values),
        "note": None if share is None else say("page.stopped", lang, share=f"{100 * share:.0f}"),
    }


def _find_lines(steps: Sequence[Json], source: str) -> None:
    """The lines of the source that each step is written in, counted from 1."""
    lines = [line.strip() for line in source.split("\n")]
    at = 0
    for step in steps:
        wanted = [line.strip() for line in step["numpy"]]
        size = len(wanted)
        found = next((i for i in range(at, len(lines)) if size and lines[i : i + size] == wanted), None)
        step["lines"] = None if found is None else [found + 1, found + size]
        at = at if found is None else found + size
        step["numpy"] = "\n".join(wanted)


def _symbols(explanation: Any, used: Iterable[str], names: Any, derivatives: Any, whole: set[str]) -> Json:
    program, values = explanation.program, explanation.values
    tensors = {v.identifier: v for v in program.recorded.values}
    of = {s.name: s.of for s in [*program.full, *program.short] if s.phase == "backward"}
    of |= {seed.args[0]: root for seed, root in zip(program.seeds, [r for r in program.recorded.roots if r.shape])}
    found = {}
    for name in used:
        tensor = tensors.get(name) or of.get(name)
        array = values[name]
        found[name] = {
            "name": formula(Expr.symbol(name, array.shape, array.dtype), names=names, derivatives=derivatives),
            "of": tensor.identifier if tensor else name,
            "kind": "gradient" if name in of and name not in tensors else tensor.kind if tensor else "constant",
            "shape": list(array.shape),
            "dtype": str(array.dtype),
            "norm": _finite(_norm(array)) if array.size else None,
            "value": _value(array, name in whole),
            "line": tensor.operation.line if tensor and tensor.operation else None,
        }
    return found


def _graph(explanation: Any) -> Json:
    """The levels of the drawing, the few words in them in the language of the page."""
    levels: Json = explanation.graph().levels()
    lang = explanation.lang

    def said(text: str) -> str:
        counted = re.fullmatch(r"([\d,]+) (operations|tensors)", text)
        if counted:
            return say(f"page.{counted[2]}", lang, count=counted[1])
        return re.sub(r" scalar(?= |$)", f" {say('page.scalar', lang)}", text)

    if lang != "en":
        for box in (box for level in levels.values() for box in level["boxes"]):
            box["lines"] = [said(text) for text in box["lines"]]
            box["feet"] = [{**foot, "text": said(foot["text"])} for foot in box["feet"]]
    return levels


# ── numbers ─────────────────────────────────────────────────────────────────────────────────────


def _shown_whole(arrays: dict[str, np.ndarray[Any, Any]]) -> set[str]:
    """The names of the arrays that are small enough, the smallest first until the page is full."""
    left, found = ALL, set()
    for name, array in sorted(arrays.items(), key=lambda item: item[1].size):
        left -= array.size
        if array.size <= WHOLE and left >= 0:
            found.add(name)
    return found


def _value(array: np.ndarray[Any, Any], whole: bool) -> Json | None:
    if not array.size:
        return None
    if whole:
        return _numbers(array)
    rows = array.reshape(-1, array.shape[-1] if array.ndim else 1)
    corner = rows[:CORNER, :CORNER]
    numbers = array.astype(np.float64)
    with np.errstate(all="ignore"):
        summary = {"min": numbers.min(), "max": numbers.max(), "mean": numbers.mean(), "norm": _norm(array)}
    return {
        "summary": {key: _finite(float(x)) for key, x in summary.items()},
        "corner": {**_numbers(corner), "rows": corner.shape[0], "columns": corner.shape[1]},
    }


def _numbers(array: np.ndarray[Any, Any]) -> Json:
    """float32 in base64; float64 where float32 would say another number."""
    with np.errstate(all="ignore"):
        short = array.astype("<f4")
        exact = array.dtype.kind == "f" or np.array_equal(short.astype(array.dtype), array)
        lost = (np.isfinite(array) != np.isfinite(short)) | ((short == 0) & (array != 0))
    if exact and not lost.any():
        return {"base64": base64.b64encode(short.tobytes()).decode()}
    return {"base64": base64.b64encode(array.astype("<f8").tobytes()).decode(), "bits": 64}


def _norm(array: np.ndarray[Any, Any]) -> float:
    with np.errstate(all="ignore"):
        return float(np.linalg.norm(array.astype(np.float64)))


def _finite(x: Any) -> Any:
    """JSON has no NaN and no infinity: they are texts that JavaScript's `Number` reads."""
    if isinstance(x, float) and not math.isfinite(x):
        return "NaN" if math.isnan(x) else "Infinity" if x > 0 else "-Infinity"
    return x


# ── a formula as a tree, from which the page works out entries ──────────────────────────────────

_WORDS = """
    add subtract multiply divide negative pow square reciprocal absolute sqrt equal not_equal less less_equal greater
    greater_equal logical_and logical_or logical_not maximum minimum sign log exp expit log1p expm1 exp2 log2 log10 cbrt
    sin cos tan arcsin arccos arctan sinh cosh tanh floor ceil trunc clip where remainder
"""
ELEMENTWISE = frozenset(_WORDS.split())
_MOVES = (np.transpose, np.matrix_transpose, np.swapaxes, np.moveaxis)
_RESHAPES = (np.reshape, np.ravel, np.expand_dims, np.squeeze)


def _entry(value: Expr, values: dict[str, Any]) -> Any:
    """The tree; None for a formula that is too long."""
    left = [LONGEST]

    def tree(node: Any) -> Any:
        if not isinstance(node, Expr):
            return _finite(node) if isinstance(node, (int, float, type(None))) else str(node)
        left[0] -= 1
        if left[0] < 0:
            return None
        if node.word == SYMBOL:
            return {"s": node.args[0]}
        if node.word == CONSTANT:
            return _constant(node)
        known = _known(node)
        if known is None:
            return _opaque(node, values)
        name, arguments, more = known
        return {"w": name, "a": [tree(x) for x in arguments], "n": list(node.shape), **more}

    found = tree(value)
    return None if left[0] < 0 else found


def _known(node: Expr) -> tuple[str, Sequence[Any], Json] | None:
    """Word, arguments and what else the page has to know of a word whose entries it can work out."""
    word, args, kwargs = node.word, node.args, node.kwargs
    if word == PART or not isinstance(node.dtype, np.dtype):
        return None
    if word is cast:
        to, of = node.dtype.kind, args[0].dtype.kind
        return ("cast", args[:1], {}) if to == "f" or (of in "biu" and to in "iu") else None
    if word in (np.matmul, np.dot):
        matrices = word is np.matmul or (args[0].ndim <= 2 and 1 <= args[1].ndim <= 2 and args[0].ndim)
        return ("matmul", args, {}) if matrices else None
    if word in (np.sum, np.mean) and set(kwargs) <= {"axis", "keepdims"}:
        axes, ndim = kwargs.get("axis"), args[0].ndim
        axes = range(ndim) if axes is None else axes if isinstance(axes, tuple) else (axes,)
        more = {"axes": [a % ndim for a in axes], "keep": bool(kwargs.get("keepdims"))}
        return ("sum" if word is np.sum else "mean", args, more)
    if word in _MOVES:
        probe = np.broadcast_to(0, tuple(range(2, 2 + args[0].ndim)))
        return ("transpose", args[:1], {"axes": [n - 2 for n in word(probe, *args[1:], **kwargs).shape]})
    if word in _RESHAPES:
        return ("reshape", args[:1], {})
    if word in (broadcast_to, np.broadcast_to):
        return ("broadcast_to", args[:1], {})
    if word is operator.getitem:
        key = _places(args[1], args[0].shape)
        return None if key is None else ("getitem", args[:1], {"key": key})
    name = name_of(word)
    if name.strip("_") in ("copy", "copied"):
        return ("cast", args[:1], {})
    if word in (np.bitwise_and, np.bitwise_or, np.invert):
        return (name, args, {}) if node.dtype == bool else None
    return (name, args, {}) if name in ELEMENTWISE and not kwargs else None


def _places(key: Any, shape: Sequence[int]) -> list[Any] | None:
    """A number, or start and step, for each axis; None for an index that is more than that."""
    items = list(key) if isinstance(key, tuple) else [key]
    if sum(item is Ellipsis for item in items) > 1 or not all(
        type(item) is int or item is Ellipsis or isinstance(item, slice) for item in items
    ):
        return None
    at = items.index(Ellipsis) if Ellipsis in items else len(items)
    rest = items[at + 1 :]
    items = [*items[:at], *[slice(None)] * (len(shape) - at - len(rest)), *rest]
    found: list[Any] = []
    for item, n in zip(items, shape, strict=True):
        found.append(item % n if type(item) is int else [*item.indices(n)][::2])
    return found


def _constant(node: Expr) -> Any:
    array = np.asarray(node.value)
    if array.size > 64:
        return {"f": "constant", "a": [], "n": list(node.shape), "value": _value(array, array.size <= WHOLE)}
    numbers = [_finite(x) for x in array.astype(np.float64 if array.dtype.kind == "f" else np.int64).ravel().tolist()]
    return {"c": numbers, "n": list(node.shape)} if array.ndim else numbers[0]


def _opaque(node: Expr, values: dict[str, Any]) -> Json:
    """A word that is computed for the whole array: its name, what it reads, and its value."""
    whole = node.args[0] if node.word == PART else node
    array = np.asarray(evaluate(node, values))
    arguments = [{"s": a.args[0]} if isinstance(a, Expr) and a.word == SYMBOL else {} for a in whole.args]
    value = _value(array, True) if array.size <= WHOLE else None
    return {"f": name_of(whole.word), "a": arguments, "n": list(node.shape), "value": value}
