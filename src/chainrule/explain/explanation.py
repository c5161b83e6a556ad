"""`Explanation`: what `explain` returns, and everything that can be asked of it."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import GraphError, ShapeError
from ..expr import evaluate, walk
from ..graph import TensorBase, internal
from ..tensor import Tensor
from . import markup, source, table
from .entry import Entry, derivation
from .names import find_names
from .plain import Explained
from .program import Program, program
from .recorded import Recorded, Value
from .torch_source import torch_source


class Explanation:
    """The forward and backward pass of a recorded graph, in matrix form, with the names of the caller's variables.

    Printing it gives a table: a line per operation, shapes, norms, the share of entries that masks stop.
    """

    failed = ""  # where and how the forward pass ended, if it did not reach a loss

    def __init__(self, roots: Sequence[Tensor], gradients: Sequence[Tensor | None], names: Any, lang: str = "en"):
        self.recorded = Recorded(roots, names)
        self.lang = lang
        self._given = gradients

    @functools.cached_property
    def program(self) -> Program:
        """Both passes as statements `symbol = formula`."""
        return program(self.recorded)

    @functools.cached_property
    def values(self) -> dict[str, np.ndarray[Any, Any]]:
        """The numbers behind every symbol: tensors, and gradients, which come from the formulas themselves.

        What depends on a leaf that is gone, and that no rule kept, is missing.
        """
        known = {v.identifier: v.array for v in self.recorded.values if v.array is not None}
        for seed, value in zip(self.program.seeds, self._seed_values(), strict=True):
            known[seed.args[0]] = value
        for statement in self.program.full:
            if statement.name not in known:
                kept = statement.of.operation.node.saved if statement.phase == "forward" else None  # type: ignore[union-attr]
                if kept and statement.operations[0].op is not None and isinstance(kept[0], np.ndarray):
                    known[statement.name] = kept[0]
                elif all(node.name in known for node in walk(statement.value) if node.name is not None):
                    known[statement.name] = np.asarray(evaluate(statement.value, known))
        for statement in self.program.short:  # the first gradient has a name of its own
            if statement.name not in known and (full := f"grad_{statement.of.identifier}") in known:
                known[statement.name] = known[full]
        return known

    def _seed_values(self) -> list[np.ndarray[Any, Any]]:
        found = []
        for root, given in zip(self.recorded.roots, self._given, strict=True):
            if not root.shape:
                continue
            if given is not None and tuple(given.shape) != root.shape:
                raise ShapeError(
                    f"explain(): the gradient of {root.name} has shape {list(given.shape)}, the tensor "
                    f"{list(root.shape)}; give one of the same shape, or none for the gradient of the sum"
                )
            found.append(np.ones(root.shape, root.dtype) if given is None else given._data)
        return found

    def freeze(self) -> None:
        """Take the numbers as they are now: what is changed or freed afterwards changes nothing here."""
        for leaf in self.recorded.leaves:
            leaf.array = None if leaf.array is None else leaf.array.copy()
        if any(operation.op is None for operation in self.recorded.operations):
            _ = self.values  # a user's Function computes with what its graph keeps

    def gradient(self, value: Value) -> np.ndarray[Any, Any] | None:
        """∂loss/∂value as numbers; None where no gradient arrives."""
        symbol = self.program.gradients.get(value)
        if symbol is not None and symbol.name is not None and symbol.name not in self.values:
            gone = ", ".join(v.name for v in self.recorded.leaves if v.array is None)
            raise GraphError(
                f"the numbers of the gradient of {value.name} depend on {gone}, which nothing holds any more; keep the "
                "parameters in variables, a list or a module while the graph is explained"
            )
        return None if symbol is None else np.asarray(evaluate(symbol, self.values))

    @property
    def loss(self) -> Value:
        """The tensor that is explained."""
        return self.recorded.roots[0]

    def value_of(self, tensor: Any) -> Value:
        """The tensor of the graph that is meant, given as a tensor or by its name.

        Raises GraphError for one that this graph does not hold.
        """
        if isinstance(tensor, str):
            found = [v for v in self.recorded.values if tensor in (v.name, v.identifier)]
            value = found[0] if found else None
        else:
            value = self.recorded.value_of(tensor)
        if value is None:
            there = ", ".join(v.name for v in self.recorded.values if v.named)
            raise GraphError(
                f"{tensor if isinstance(tensor, str) else 'this tensor'} is no part of the graph of {self.loss.name}; "
                f"it holds {there}"
            )
        return value

    # ── seen ────────────────────────────────────────────────────────────────────────────────────

    def __str__(self) -> str:
        return table.as_text(self)

    def __repr__(self) -> str:
        return str(self)

    def latex(self) -> str:
        r"""Both passes as equations: `\begin{aligned} … \end{aligned}`."""
        return markup.as_latex(self)

    def markdown(self) -> str:
        """The table in Markdown, formulas between dollars."""
        return markup.as_markdown(self)

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle {self.latex()}$"

    def _repr_html_(self) -> str:
        return markup.as_html(self)

    def graph(self, **options: Any) -> Any:
        """The graph with operations as nodes and tensors as edges: `print` it, `.svg()`, `.dot()`, `.save(path)`.

        Takes the options of `explain.drawing.graph`: `depth`, `open`, `leaves`, `views`.
        """
        from .drawing import graph

        return graph(self.recorded, norms=self._norms_after_backward(), failed=self.failed, **options)

    def _norms_after_backward(self) -> dict[Value, float] | None:
        """The norm of each tensor's gradient; None before any backward has reached a leaf."""
        if all(leaf.tensor is None or leaf.tensor._grad is None for leaf in self.recorded.leaves):
            return None
        known = [v for v, symbol in self.program.gradients.items() if symbol.name is None or symbol.name in self.values]
        found = {v: self.gradient(v) for v in known}
        return {v: float(np.linalg.norm(g.astype(np.float64))) for v, g in found.items() if g is not None}

    def save(self, path: Any) -> None:
        """Write the page that shows this backward pass step by step: one HTML file, which needs no network."""
        from .page import write

        write(self, path)

    # ── derived ─────────────────────────────────────────────────────────────────────────────────

    def entry(self, tensor: Any, *index: int) -> Entry:
        """∂loss/∂tensor[index]: the chain rule of one entry, path by path, with the numbers put in.

        `tensor` is a tensor of the graph or its name. Raises GraphError for one that is not in the graph or that
        no gradient reaches, IndexError for an index that does not fit.
        """
        return Entry(self, tensor, index)

    def derivation(self, tensor: Any = None, lang: str | None = None) -> str:
        """The whole walk from scalars to matrices for a parameter; the first one unless another is chosen."""
        if tensor is None:
            tensor = next((v.name for v in self.recorded.leaves if v in self.program.gradients), self.loss.name)
        return derivation(self, tensor, lang or self.lang)

    # ── written out ─────────────────────────────────────────────────────────────────────────────

    def numpy_source(self) -> str:
        """A module with `forward` and `backward` in NumPy, as a person would write them.

        SciPy is imported where NumPy has no such function (erf, gamma functions). A Function of the
        user's is called by its name, which has to be put into the module.
        """
        return self._module.text

    def torch_source(self) -> str:
        """The same module with tensors: `forward` and `backward` in PyTorch, without autograd.

        It runs with PyTorch and with chainrule as `torch`. Raises NotSupportedError where PyTorch has no such
        function. A Function of the user's is called by its name, which has to be put into the module.
        """
        return torch_source(self._module)

    def run_numpy(self) -> dict[str, np.ndarray[Any, Any]]:
        """Run that source on the present values: the gradient of every leaf that requires one, by name."""
        return self._module.run(self)

    @functools.cached_property
    def _module(self) -> source.Module:
        return source.Module(self.program)


def explain(
    loss: Any,
    *,
    gradient: Tensor | Sequence[Tensor | None] | None = None,
    names: Mapping[str, Any] | None = None,
    lang: str = "en",
) -> Any:
    """∂loss/∂x for everything the loss was computed from: the chain rule of the recorded graph, in matrix form.

    `loss` is a tensor, or several; a tensor that is no scalar is explained for the `gradient` that comes
    in, ones if none is given. Names are those of the caller's variables when this is called; `names` gives
    others (`{"w": tensor}`). Given an exception that the forward pass ended with, the graph up to the failing
    line is explained. Given a plain function of numbers or arrays, the result is called with them:
    `explain(lambda x: x.sin() * x.exp())(2.0)`. Raises FreedGraphError after a `backward()` that did not retain
    the graph, GraphError for a tensor without a graph.

    >>> import chainrule as cr
    >>> x, w = cr.ones(4, 3), cr.ones(3, 2, requires_grad=True)
    >>> h = x.mm(w)
    >>> loss = h.pow(2).sum()
    >>> print(cr.explain(loss))
    forward    h = x w                   4×2
               loss = Σ h²               scalar   72
    backward   ∂loss/∂h = 2 h            4×2      ‖·‖ 17
               ∂loss/∂w = xᵀ ∂loss/∂h    3×2      ‖·‖ 58.8
    """
    if isinstance(loss, BaseException):
        return _of_failure(loss, lang)
    if callable(loss) and not isinstance(loss, TensorBase):
        return Explained(loss, explain, lang)
    roots = list(loss) if isinstance(loss, (list, tuple)) else [loss]
    for root in roots:
        if not isinstance(root, TensorBase):
            raise TypeError(f"explain(): expected a Tensor or a sequence of them, but got {type(root).__name__}")
    given = list(gradient) if isinstance(gradient, (list, tuple)) else [gradient] * len(roots)
    return Explanation(roots, given, find_names(extra=names), lang)  # type: ignore[arg-type]


def _of_failure(error: BaseException, lang: str) -> Explanation:
    """What was recorded in the user's functions before one of them raised."""
    frames = []
    trace = error.__traceback__
    while trace is not None:
        if not internal[trace.tb_frame.f_code.co_filename]:
            frames.append((trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    for frame, line in reversed(frames):
        tensors = [t for t in frame.f_locals.values() if isinstance(t, Tensor) and t.grad_fn is not None]
        if tensors:
            made = Explanation(_ends(tensors), [None] * len(_ends(tensors)), find_names(frame), lang)
            what = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
            made.failed = f"{Path(frame.f_code.co_filename).name}:{line}: {what}"
            return made
    raise GraphError(
        "explain(): no operation was recorded in the functions that the exception passed through; was it raised before "
        "the first one, or are the parameters without requires_grad?"
    )


def _ends(tensors: list[Tensor]) -> list[Tensor]:
    """The tensors that none of the others was made from."""
    behind: set[Any] = set()
    stack = [e for t in tensors for e in t.grad_fn.edges if e is not None]  # type: ignore[union-attr]
    while stack:
        node = stack.pop()
        if node not in behind:
            behind.add(node)
            stack += [e for e in node.edges if e is not None]
    own = {t.grad_fn: t for t in tensors if t.grad_fn not in behind}
    return list(own.values())
