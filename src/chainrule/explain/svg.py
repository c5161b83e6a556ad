"""A level of the graph as SVG: one file of its own, for light and dark, with names that can be read out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from html import escape

from .layout import Point
from .levels import FOOT, HEAD, LINE, PAD, Box, Level, Wire, width
from .recorded import Value

STEPS = 6  # shades from the smallest to the largest gradient norm
MARGIN = 16.0
STYLE = """
.cr-graph{--cr-ink:#1c2330;--cr-soft:#5b6576;--cr-paper:#fff;--cr-box:#f6f7f9;--cr-group:#e8edf6;--cr-line:#8b95a5;
--cr-bad:#c62828;--cr-0:#dbe6f6;--cr-1:#b9d0ee;--cr-2:#8fb4e3;--cr-3:#e9c46a;--cr-4:#ee9b4a;--cr-5:#e58a63;
font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;
color:var(--cr-ink);background:var(--cr-paper)}
@media(prefers-color-scheme:dark){.cr-graph{--cr-ink:#e6e9ef;--cr-soft:#a3adbd;--cr-paper:#14181f;--cr-box:#1f252f;
--cr-group:#283245;--cr-line:#7c8798;--cr-bad:#ff6b6b;
--cr-0:#22385a;--cr-1:#2b4d80;--cr-2:#3566ab;--cr-3:#75601f;--cr-4:#8a541c;--cr-5:#96401f}}
.cr-graph text{fill:currentColor}.cr-graph .soft{fill:var(--cr-soft)}.cr-graph .strong{font-weight:600}
.cr-graph rect{fill:var(--cr-box);stroke:var(--cr-line)}.cr-graph .group>rect{fill:var(--cr-group)}
.cr-graph .frame>rect{fill:none;stroke-dasharray:5 3}.cr-graph .leaf>rect{stroke-dasharray:2 2}
.cr-graph .failed>rect{fill:none;stroke:var(--cr-bad);stroke-width:2}.cr-graph .failed text{fill:var(--cr-bad)}
.cr-graph .wire{fill:none;stroke:var(--cr-line);stroke-width:1.3}.cr-graph .tip{fill:var(--cr-line)}
.cr-graph .zero>rect,.cr-graph rect.zero{fill:var(--cr-paper);stroke-dasharray:1 3;stroke-width:2}
.cr-graph .wire.zero{stroke-dasharray:1 4}
.cr-graph .bad>rect,.cr-graph rect.bad{stroke:var(--cr-bad);stroke-width:3}.cr-graph .wire.bad{stroke:var(--cr-bad)}
""" + "".join(
    f".cr-graph .n{i}>rect,.cr-graph rect.n{i}{{fill:var(--cr-{i})}}"
    f".cr-graph .wire.n{i}{{stroke:var(--cr-{i});stroke-width:2.5}}\n"
    for i in range(STEPS)
)


class Shades:
    """What a gradient norm looks like: a shade by its logarithm, apart from that zero, infinite, and not known."""

    def __init__(self, norms: Mapping[Value, float] | None):
        self.norms = norms
        self.logs = logs = [math.log10(n) for n in (norms or {}).values() if 0 < n < math.inf]
        self.low, self.high = (min(logs), max(logs)) if logs else (0.0, 0.0)

    def of(self, values: tuple[Value, ...]) -> str:
        """The CSS class; empty where the norm of none is known."""
        norms = [self.norms[v] for v in values if v in self.norms] if self.norms else []
        if not norms:
            return ""
        if not all(math.isfinite(n) for n in norms):
            return "bad"
        norm = max(norms)
        if norm == 0:
            return "zero"
        part = (math.log10(norm) - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return f"n{min(STEPS - 1, int(part * STEPS))}"

    def said(self, values: tuple[Value, ...]) -> str:
        """The norm for people; empty where it is not known."""
        norms = [self.norms[v] for v in values if v in self.norms] if self.norms else []
        return f"gradient norm {max(norms):.4g}" if norms else ""

    def legend(self) -> tuple[str, list[tuple[str, str]]]:
        """What the colours mean: a sentence, then pairs of class and text."""
        if self.norms is None:
            return "no backward has run yet: the colours say nothing of gradients", []
        keys = [(f"n{i}", f"{self._bound(i):.1e}") for i in range(STEPS)] if self.high > self.low else []
        if self.logs and not keys:
            keys = [(f"n{STEPS // 2}", f"{self._bound(0):.1e}")]
        norms = self.norms.values()
        if any(n == 0 for n in norms):
            keys.append(("zero", "exactly 0"))
        if not all(math.isfinite(n) for n in norms):
            keys.append(("bad", "inf or nan"))
        return "norm of the gradient, from", keys

    def _bound(self, i: int) -> float:
        return 10.0 ** (self.low + (self.high - self.low) * i / STEPS)


def svg(level: Level, title: str, description: str, shades: Shades, tooltip: Callable[[Box], str]) -> str:
    """The level, and what is open inside it, as one SVG element."""
    words, keys = shades.legend()
    across = max(level.width, width(words) + sum(width(text) + 34 for _, text in keys), width(title)) + 2 * MARGIN
    high = level.height + 2 * MARGIN + 30
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="cr-graph" role="img" aria-labelledby="cr-title cr-desc" '
        f'width="{across:.0f}" height="{high:.0f}" viewBox="0 0 {across:.0f} {high:.0f}">',
        f'<title id="cr-title">{_text(title)}</title><desc id="cr-desc">{_text(description)}</desc>',
        f"<style>{STYLE}</style>",
    ]
    waiting: list[tuple[Level, float, float]] = [(level, (across - level.width) / 2, MARGIN)]
    while waiting:
        shown, x, y = waiting.pop()
        out.append(f'<g transform="translate({x:.1f} {y:.1f})">')
        out += [_wire(wire, shown.boxes, shades) for wire in shown.wires]
        out += [_box(box, shades, tooltip(box)) for box in shown.boxes]
        out.append("</g>")
        for box in shown.boxes:
            if box.inner is not None:
                waiting.append((box.inner, x + box.x + (box.w - box.inner.width) / 2, y + box.y + HEAD))
    out += [*_legend(words, keys, high - 14), "</svg>"]
    return "\n".join(out) + "\n"


def _legend(words: str, keys: list[tuple[str, str]], y: float) -> list[str]:
    out = [f'<text class="soft" x="{MARGIN}" y="{y:.1f}">{_text(words)}</text>']
    x = MARGIN + width(words) + 10
    for shade, text in keys:
        out.append(f'<rect class="{shade}" x="{x:.1f}" y="{y - 10:.1f}" width="14" height="12"/>')
        out.append(f'<text class="soft" x="{x + 18:.1f}" y="{y:.1f}">{_text(text)}</text>')
        x += width(text) + 30
    return out


def _box(box: Box, shades: Shades, tooltip: str) -> str:
    values = box.values if box.kind == "leaf" else tuple(box.outs) if box.kind in ("op", "group") else ()
    shade = shades.of(values) if box.inner is None else ""
    kind = "frame" if box.inner is not None else box.kind
    known = shades.said(values)
    out = [f'<g class="{_classes(kind, shade)}"><title>{_text(f"{tooltip} · {known}" if known else tooltip)}</title>']
    feet = FOOT if box.feet else 0.0
    if kind not in ("in", "out"):
        size = f'width="{box.w:.1f}" height="{box.h - feet:.1f}" rx="{4 if kind == "op" else 7}"'
        out.append(f'<rect x="{box.x:.1f}" y="{box.y:.1f}" {size}/>')
    if kind == "frame":
        parts = [line.text for line in box.lines]
        while width(" · ".join(parts)) > box.w - PAD and len(parts) > 1:
            parts.pop()
        words = " · ".join(parts)
        out.append(f'<text class="strong" x="{box.x + PAD:.1f}" y="{box.y + 16:.1f}">{_text(words)}</text>')
    else:
        top = box.y + (13 if kind in ("in", "out") else 17)
        for i, line in enumerate(box.lines):
            look = "strong" if line.role == "title" else "soft" if line.role in ("note", "constant", "result") else ""
            out.append(_centred(line.text, box.x + box.w / 2, top + LINE * i, look))
    for foot in box.feet:
        known = shades.said(foot.values)
        note = f"<title>{_text(known)}</title>" if known else ""
        out.append(_centred(foot.text, box.x + foot.x, box.y + box.h - 4, "soft", note))
    return "".join([*out, "</g>"])


def _centred(text: str, x: float, y: float, look: str, note: str = "") -> str:
    kind = f' class="{look}"' if look else ""
    return f'<text{kind} text-anchor="middle" x="{x:.1f}" y="{y:.1f}">{note}{_text(text)}</text>'


def _wire(wire: Wire, boxes: list[Box], shades: Shades) -> str:
    shade = shades.of((wire.value,))
    out = f'<path class="{_classes("wire", shade)}" d="{curve(wire.points)}"/>'
    target = boxes[wire.target]
    if target.inner is None and target.kind != "out":
        x, y = wire.points[-1]
        out += f'<path class="tip" d="M{x - 3.5:.1f} {y - 6:.1f}h7l-3.5 6z"/>'
    return out


def curve(points: list[Point]) -> str:
    """Straight down past a rank, an S in the gap between two."""
    (x, y), *rest = points
    d = [f"M{x:.1f} {y:.1f}"]
    for nx, ny in rest:
        middle = (y + ny) / 2
        if (nx, ny) != (x, y):
            straight = abs(nx - x) < 0.05
            d.append(f"V{ny:.1f}" if straight else f"C{x:.1f} {middle:.1f} {nx:.1f} {middle:.1f} {nx:.1f} {ny:.1f}")
        x, y = nx, ny
    return "".join(d)


def _classes(*names: str) -> str:
    return " ".join(filter(None, names))


def _text(text: str) -> str:
    return escape("".join(c if c.isprintable() else "�" for c in text))
