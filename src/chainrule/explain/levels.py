"""One level of the folded graph as boxes and wires with places: what SVG and the page draw."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from .folding import Group, span
from .layout import Point, layout
from .recorded import Value
from .wiring import Wiring

LETTER, LINE, FOOT, HEAD, PAD = 7.3, 16.0, 18.0, 24.0, 12.0  # of 12px type in a monospaced font; rows, frames
LONGEST = 36  # characters of a line
MANY = 6  # tensors that leave or enter a group one by one; more are one bundle


class Line(NamedTuple):
    """A line of text in a box. The role is title, note, parameter, input, constant or result."""

    text: str
    role: str
    value: Value | None = None


class Foot(NamedTuple):
    """The name of a tensor under the box that makes it, `x` from the left edge."""

    text: str
    x: float
    values: tuple[Value, ...]


class Box:
    """An operation, a folded group, the frame of an open one, a leaf, or a tensor that comes in or goes out."""

    def __init__(
        self, id: str, kind: str, lines: list[Line], item: Group | int | None = None, inner: Level | None = None
    ):
        self.id, self.kind, self.lines, self.item, self.inner = id, kind, lines, item, inner
        self.x = self.y = self.floor = 0.0
        self.feet: list[Foot] = []
        self.ins: dict[Value, float] = {}  # where a wire meets the upper edge, from the left
        self.outs: dict[Value, float] = {}
        self.w = max([width(line.text) for line in lines], default=0.0) + (8 if kind in ("in", "out") else 20)
        self.h = LINE * len(lines) + (2 if kind in ("in", "out") else 10)
        if inner is not None:
            self.w, self.h = max(self.w, inner.width + 2 * PAD), HEAD + inner.height + PAD
            shift = (self.w - inner.width) / 2
            for box in inner.boxes:
                ends = self.ins if box.kind == "in" else self.outs if box.kind == "out" else {}
                ends.update(dict.fromkeys(box.values, box.x + box.w / 2 + shift))

    @property
    def values(self) -> tuple[Value, ...]:
        """The tensors that a box for tensors stands for."""
        return tuple(line.value for line in self.lines if line.value is not None) or self.bundle

    bundle: tuple[Value, ...] = ()  # the tensors of a box that stands for many

    def leave(self, values: list[Value], text: Any) -> None:
        """Writes the tensors that leave the box under it, side by side; many as one bundle."""
        if not values or self.inner is not None:
            return
        groups = [(v,) for v in values] if len(values) <= MANY else [tuple(values)]
        texts = [text(group) for group in groups]
        widths = [width(t) + 10 for t in texts]
        self.w = max(self.w, sum(widths))
        at = (self.w - sum(widths)) / 2
        for group, t, w in zip(groups, texts, widths, strict=True):
            self.feet.append(Foot(t, at + w / 2, group))
            self.outs.update(dict.fromkeys(group, at + w / 2))
            at += w
        self.h += FOOT


class Wire(NamedTuple):
    """A tensor on its way from one box to another."""

    value: Value
    source: int
    target: int
    points: list[Point]


class Level(NamedTuple):
    """The members of one group, laid out by themselves."""

    group: Group
    boxes: list[Box]
    wires: list[Wire]
    width: float
    height: float


class Scene:
    """Makes levels. `leaves`: parameters and inputs are boxes; `norms`: gradient norms, for the lines of parameters."""

    def __init__(
        self, wiring: Wiring, *, leaves: bool = False, norms: Mapping[Value, float] | None = None, failed: str = ""
    ):
        self.wiring = wiring
        self.leaves = leaves
        self.norms = norms or {}
        self.failed = failed

    def nested(self, root: Group, opened: Collection[Group]) -> Level:
        """The level of `root`, with the levels of open groups inside, each laid out by itself."""
        shown = [root]
        for group in shown:  # grows while it is read
            shown += [m for m in group.members if isinstance(m, Group) and m in opened]
        levels: dict[Group, Level] = {}
        for group in reversed(shown):
            levels[group] = self.level(group, levels)
        return levels[root]

    def level(self, group: Group, inner: Mapping[Group, Level]) -> Level:
        """One group laid out; members that have a level in `inner` are frames around it."""
        boxes = [self._box(member, inner) for member in group.members]
        ends: dict[tuple[int, int, Value], None] = {}  # source, target, tensor
        ports: dict[tuple[str, Value], int] = {}
        starts = [span(m)[0] for m in group.members]
        entering, leaving = self._crossing(group)
        for kind, values in (("in", entering), ("out", leaving)):
            for port in self._ports(kind, values):
                ports.update(dict.fromkeys([(kind, v) for v in port.values], len(boxes)))
                boxes.append(port)
        made = self.wiring.made
        for target, member in enumerate(group.members):
            first, last = span(member)
            for step in self.wiring.steps[first:last]:
                for value in step.inputs:
                    at = made.get(value)
                    if at is None:
                        if self.leaves and last == first + 1 and value.kind != "result":
                            ends[self._leaf(value, boxes, ports), target, value] = None
                    elif at < group.start:
                        ends[ports["in", value], target, value] = None
                    elif at < first:
                        ends[bisect_right(starts, at) - 1, target, value] = None
        for value in leaving:
            ends[bisect_right(starts, made[value]) - 1, ports["out", value], value] = None
        if self.failed and not group.path:
            self._failure(boxes, ends, starts)
        return self._placed(group, boxes, _bundled(boxes, ends))

    # ── boxes ───────────────────────────────────────────────────────────────────────────────────

    def _box(self, member: Group | int, inner: Mapping[Group, Level]) -> Box:
        if isinstance(member, Group):
            first, last = span(member)
            count = f"{last - first:,} operations"
            lines = [Line(shortened(member.label), "title")]
            if member.note:
                lines.append(Line(shortened(member.note), "note"))
            box = Box(f"g{member.path}", "group", [*lines, Line(count, "note")], member, inner.get(member))
        else:
            box = Box(f"o{self.number(member)}", "op", self._operation_lines(member), member)
        box.leave(self.results(member), label)
        return box

    def results(self, member: Group | int) -> list[Value]:
        """The tensors that a member makes for others, or as roots."""
        first, last = span(member)
        wiring = self.wiring
        values = [v for step in wiring.steps[first:last] for v in step.operation.outputs]
        return [v for v in values if wiring.last_use.get(v, -1) >= last or v in wiring.roots]

    def number(self, index: int) -> int:
        """The number of an operation in the whole graph."""
        return self.wiring.steps[index].operation.number

    def _operation_lines(self, index: int) -> list[Line]:
        operation, inputs = self.wiring.steps[index]
        title = call(self.wiring, index) if _has_numbers(operation) else operation.name
        lines = [Line(shortened(title), "title")]
        if self.leaves:
            return lines
        for value in dict.fromkeys(inputs):
            if value not in self.wiring.made and value.kind != "result":
                norm = f"  ‖∇‖ {self.norms[value]:.3g}" if value in self.norms else ""
                lines.append(Line(label((value,)) + norm, value.kind, value))
        return lines

    def _leaf(self, value: Value, boxes: list[Box], ports: dict[tuple[str, Value], int]) -> int:
        if ("leaf", value) not in ports:
            ports["leaf", value] = len(boxes)
            norm = f"  ‖∇‖ {self.norms[value]:.3g}" if value in self.norms else ""
            boxes.append(Box(f"l{value.identifier}", "leaf", [Line(label((value,)) + norm, value.kind, value)]))
        return ports["leaf", value]

    def _crossing(self, group: Group) -> tuple[list[Value], list[Value]]:
        """The tensors that enter a group, and those that leave it."""
        wiring, stop = self.wiring, group.stop
        steps = wiring.steps[group.start : stop]
        entering = dict.fromkeys(v for s in steps for v in s.inputs if wiring.made.get(v, stop) < group.start)
        made = [v for s in steps for v in s.operation.outputs]
        root = not group.path
        leaving = [v for v in made if wiring.last_use.get(v, -1) >= stop or (v in wiring.roots and not root)]
        return list(entering), leaving

    def _ports(self, kind: str, values: list[Value]) -> list[Box]:
        if len(values) <= MANY:
            return [Box(f"{kind}:{v.identifier}", kind, [Line(label((v,)), "result", v)]) for v in values]
        box = Box(f"{kind}:", kind, [Line(f"{len(values)} tensors", "result")])
        box.bundle = tuple(values)
        return [box]

    def _failure(self, boxes: list[Box], ends: dict[tuple[int, int, Value], None], starts: list[int]) -> None:
        text = self.failed.split()
        lines = [""]
        for word in text:
            lines = [*lines[:-1], f"{lines[-1]} {word}".strip()] if len(lines[-1]) + len(word) < 48 else [*lines, word]
        wiring, last = self.wiring, len(boxes)
        boxes.append(
            Box("failed", "failed", [Line(shortened(t, 60), "title" if t is lines[0] else "note") for t in lines])
        )
        for value, at in wiring.made.items():
            if value not in wiring.last_use:
                source = bisect_right(starts, at) - 1
                ends[source, last, value] = None

    # ── places ──────────────────────────────────────────────────────────────────────────────────

    def _placed(self, group: Group, boxes: list[Box], ends: list[tuple[int, int, Value]]) -> Level:
        place = layout(
            [(box.w, box.h) for box in boxes],
            [(a, b) for a, b, _ in ends],
            bundles=[v for _, _, v in ends],
            top=[i for i, box in enumerate(boxes) if box.kind == "in"],
            bottom=[i for i, box in enumerate(boxes) if box.kind == "out"],
        )
        for box, x, y, floor in zip(boxes, place.x, place.y, place.floor, strict=True):
            box.x, box.y, box.floor = x, y, floor
        arrivals: dict[int, list[tuple[float, int]]] = {}
        for i, (a, b, value) in enumerate(ends):
            bends = place.bends[i]
            came = bends[-1][0] if bends else boxes[a].x + boxes[a].outs.get(value, boxes[a].w / 2)
            arrivals.setdefault(b, []).append((came, i))
        reached: dict[int, float] = {}
        for b, came_from in arrivals.items():
            room = boxes[b].w * 0.7
            for k, (_, i) in enumerate(sorted(came_from), 1):
                offset = (boxes[b].w - room) / 2 + room * k / (len(came_from) + 1)
                reached[i] = boxes[b].x + boxes[b].ins.get(ends[i][2], offset)
        wires = []
        for i, (a, b, value) in enumerate(ends):
            start = boxes[a].x + boxes[a].outs.get(value, boxes[a].w / 2)
            below = [(start, boxes[a].y + boxes[a].h), (start, boxes[a].floor)]
            wires.append(Wire(value, a, b, [*below, *place.bends[i], (reached[i], boxes[b].y)]))
        return Level(group, boxes, wires, place.width, place.height)


def _bundled(boxes: list[Box], ends: Iterable[tuple[int, int, Value]]) -> list[tuple[int, int, Value]]:
    """Tensors that leave a box in one bundle for the same box are one wire."""
    first: dict[tuple[int, float], Value] = {}
    wires: dict[tuple[int, int, Value], None] = {}
    for source, target, value in ends:
        if boxes[target].inner is None:
            box = boxes[source]
            if value in box.outs or value in box.bundle:
                value = first.setdefault((source, box.outs.get(value, 0.0)), value)
        wires[source, target, value] = None
    return list(wires)


# ── text ────────────────────────────────────────────────────────────────────────────────────────


def width(text: str) -> float:
    """About how wide a text is in pixels; rather too wide than too narrow."""
    return sum([LETTER if c < "\u0370" else _wide(c) for c in text if not unicodedata.combining(c)])


def _wide(character: str) -> float:
    return 13.5 if unicodedata.east_asian_width(character) in "WF" else 8.5


def shortened(text: str, longest: int = LONGEST) -> str:
    """The beginning and the end of a text that is too long."""
    if len(text) <= longest:
        return text
    half = longest // 2
    return f"{text[:half]}…{text[-half + 1 :]}"


def label(values: tuple[Value, ...]) -> str:
    """`h 64×3`, or how many there are."""
    if len(values) > 1:
        return f"{len(values)} tensors"
    (value,) = values
    shape = "×".join(map(str, value.shape)) or "scalar"
    other = "" if value.dtype == np.float32 else f" {value.dtype}"
    return f"{shortened(value.name)} {shape}{other}"


def call(wiring: Wiring, index: int, *, names: bool = False) -> str:
    """`clamp(·, min=0)`: an operation with its operands; a tensor that an edge brings is `·`, or its name."""
    operation = wiring.steps[index].operation

    def said(operand: Any) -> str:
        if isinstance(operand, Value):
            operand = wiring.seen_through.get(operand, operand)
            return operand.name if names or operand not in wiring.made else "·"
        if isinstance(operand, np.ndarray):
            return f"{operand.item():g}" if operand.size == 1 and operand.dtype.kind in "biuf" else "array"
        if isinstance(operand, (tuple, list)):
            inside = ", ".join(map(said, operand))
            return f"({inside}{',' if len(operand) == 1 and type(operand) is tuple else ''})"
        if isinstance(operand, slice):
            return ":".join("" if x is None else said(x) for x in (operand.start, operand.stop))
        return repr(operand)

    parts = [said(a) for a in operation.args if a is not None]
    if len(parts) > MANY:
        parts = [f"{len(parts)} tensors"]
    parts += [f"{k}={said(v)}" for k, v in operation.params.items() if v is not None and v is not False]
    return f"{operation.name}({', '.join(parts)})"


def _has_numbers(operation: Any) -> bool:
    plain = any(not isinstance(a, Value) and a is not None for a in operation.args)
    return plain or any(v is not None and v is not False for v in operation.params.values())
