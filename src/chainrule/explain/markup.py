"""The table as LaTeX, Markdown and HTML with MathML."""

from __future__ import annotations

from html import escape
from typing import Any

from ..expr import aligned, latex, mathml
from .catalogue import say
from .table import lines, shown_names

STYLE = "text-align:left;vertical-align:baseline;padding:0.15em 1em 0.15em 0"


def as_latex(explanation: Any) -> str:
    """Both passes as aligned equations."""
    program = explanation.program
    return aligned([(s.target, s.value) for s in program.short], *shown_names(program))


def as_markdown(explanation: Any) -> str:
    """A Markdown table: formula, shape, what is worth knowing."""
    names = shown_names(explanation.program)
    out = ["| | | | |", "|---|---|---|---|"]
    phase = ""
    for line in lines(explanation):
        s = line.statement
        head = say(f"table.{s.phase}", explanation.lang) if s.phase != phase else ""
        phase = s.phase
        math = latex(s.value, *names, target=s.target).replace("|", r"\vert ")
        out.append(f"| {head} | ${math}$ | {line.shape} | {line.notes.replace('|', chr(92) + '|')} |")
    return "\n".join(out)


def as_html(explanation: Any) -> str:
    """An HTML table with a MathML formula per line."""
    names = shown_names(explanation.program)
    rows, phase = [], ""
    for line in lines(explanation):
        s = line.statement
        head = say(f"table.{s.phase}", explanation.lang) if s.phase != phase else ""
        phase = s.phase
        cells = [escape(head), mathml(s.value, *names, "inline", target=s.target), line.shape, escape(line.notes)]
        rows.append("<tr>" + "".join(f'<td style="{STYLE}">{cell}</td>' for cell in cells) + "</tr>")
    return f"<table>{''.join(rows)}</table>"
