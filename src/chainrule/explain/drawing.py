"""The picture of a graph: SVG, DOT and text."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from ..strands import counted, strands
from .dot import dot
from .folding import Group, fold, span
from .levels import Box, Level, Scene, call, label
from .recorded import Recorded, Value
from .svg import Shades, svg
from .wiring import Wiring

Item = Group | int | Value  # a line of the text: a closed group, an operation, a leaf
COMFORTABLE = 40  # boxes; without `depth`, groups are opened as long as there are no more


def graph(
    recorded: Recorded,
    *,
    depth: int | None = None,
    open: Collection[str] = (),
    leaves: bool = False,
    views: bool = True,
    limit: int = 200,
    norms: Mapping[Value, float] | None = None,
    classes: Mapping[str, str] | None = None,
    failed: str = "",
) -> Drawing:
    """The recorded operations as a graph: operations are nodes, tensors edges with names and shapes.

    Operations fold into boxes by module (from the names of parameters) and by repeated block: `h × 12` is the same
    parameters twelve times, `12 × h` twelve blocks alike. Groups are open down to `depth` (0: none) and where `open`
    names them; without `depth`, as long as no more than 40 boxes are shown. Parameters, inputs and constants are text
    in the operation that uses them, with `leaves` nodes. `views=False` passes over views, broadcasts and casts.

    `norms` colours by the norms of gradients: without them the legend says that no backward has run, a tensor that is
    missing stays neutral, and a norm of 0 looks like nothing else. `classes` has the class names of modules. `failed`
    is what stopped the forward pass, drawn as a last red box.

    No level has more than `limit` boxes: longer ones are cut into stretches. 10,000 operations take about half a
    second folded; with all of them open, 2 to 3 s and 6 to 9 MB of SVG. Blocks that repeat are found up to a length
    of 2,000 members. Tensors that run past very many boxes are led down the right side.
    """
    wiring = Wiring(recorded.operations, recorded.roots, views=views)
    root = fold(wiring, classes=classes, limit=limit)
    scene = Scene(wiring, leaves=leaves, norms=norms, failed=failed)
    return Drawing(scene, root, _opened(root, depth, set(open)), Shades(norms))


def _opened(root: Group, depth: int | None, names: set[str]) -> frozenset[Group]:
    """The open groups: by depth, or as many levels as are comfortable; the named ones with what holds them."""
    opened: set[Group] = set()
    levels, boxes = [[root]], len(root.members)
    while levels[-1]:
        inside = [m for g in levels[-1] for m in g.members if isinstance(m, Group)]
        boxes += sum(len(g.members) for g in inside)
        if len(levels) > depth if depth is not None else boxes > COMFORTABLE:
            break
        opened.update(inside)
        levels.append(inside)
    holders: list[Group] = []
    for group in root.groups():
        while holders and not holders[-1].start <= group.start < group.stop <= holders[-1].stop:
            holders.pop()
        if not names.isdisjoint((group.name, group.path)):
            opened.update(holders, [group])
        holders.append(group)
    return frozenset(opened - {root})


class Drawing:
    """What `graph` returns. Printed, it is text; notebooks show the SVG; `save` writes a file by its suffix."""

    def __init__(self, scene: Scene, root: Group, opened: frozenset[Group], shades: Shades):
        self.scene = scene
        self.root = root
        self.opened = opened
        self.shades = shades

    def __str__(self) -> str:
        return self.text()

    def _repr_svg_(self) -> str:
        return self.svg()

    @property
    def title(self) -> str:
        """What is drawn, in a few words."""
        names = ", ".join(sorted(v.name for v in self.scene.wiring.roots))
        return f"the graph of {names}" if names else "the graph"

    def svg(self) -> str:
        """One SVG element without anything from elsewhere, for light and dark."""
        count = len(self.scene.wiring.steps)
        about = f"{count:,} operations as boxes, tensors as lines from the box that makes them to those that use them."
        if self.scene.failed:
            about += f" The forward pass ended with {self.scene.failed}"
        return svg(self._level, self.title, about, self.shades, self._tooltip)

    def dot(self) -> str:
        """The same for Graphviz."""
        return dot(self.scene, self.root, self.opened, self.title)

    def text(self) -> str:
        """The same with characters, one operation a line."""
        scene, wiring = self.scene, self.scene.wiring
        owner: dict[int, Item] = {}
        inputs: dict[Item, list[Item]] = {}  # first item first
        leaves: set[Item] = set()
        for item in self._shown():
            first, last = span(item)
            owner.update(dict.fromkeys(range(first, last), item))
            used = dict.fromkeys(v for step in wiring.steps[first:last] for v in step.inputs)
            found: list[Item] = [owner[at] for at in (wiring.made.get(v, last) for v in used) if at < first]
            if scene.leaves and isinstance(item, int):
                of_item = [v for v in used if v not in wiring.made]
                inputs |= {v: [] for v in of_item}
                leaves.update(of_item)
                found += of_item
            inputs[item] = found

        def made(item: Item) -> str:
            return label((item,)) if isinstance(item, Value) else ", ".join(label((v,)) for v in scene.results(item))

        def said(item: Item) -> tuple[str, str]:
            if isinstance(item, Group):
                return f"[{item.label}]  {item.stop - item.start:,} operations", item.note
            assert isinstance(item, int)
            return call(wiring, item, names=True), wiring.steps[item].operation.line

        lines = strands(reversed(inputs), inputs.__getitem__, made, said, leaves)
        failed = [f"✗  {scene.failed}"] if scene.failed else []
        return "\n".join([counted(len(wiring.steps), "operation"), *lines, *failed])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a file: .svg, .dot or .txt. ValueError for any other suffix."""
        kinds = {".svg": self.svg, ".dot": self.dot, ".gv": self.dot, ".txt": self.text}
        make = kinds.get(Path(path).suffix.lower())
        if make is None:
            raise ValueError(f"save(): the name has to end in {', '.join(kinds)}, and is {os.fspath(path)!r}")
        Path(path).write_text(make(), encoding="utf-8")

    def levels(self) -> dict[str, dict[str, Any]]:
        """Every level laid out by itself, as plain numbers and strings for JSON; the whole has the path "".

        `boxes` have id, kind (op, group, leaf, in, out, failed), place, lines of text with their roles, `feet` (the
        tensors made), and `operation` (its number) or `group` (its path). `wires` have the tensor's identifier, the
        ids of their ends and points, all of them in the coordinates of their level.
        """
        return {group.path: _plain(self.scene.level(group, {}), self.scene) for group in self.root.groups()}

    def _shown(self) -> list[Group | int]:
        """The operations and closed groups that are seen, in order."""
        shown: list[Group | int] = []
        waiting: list[Group | int] = [self.root]
        while waiting:
            item = waiting.pop()
            if isinstance(item, Group) and (item is self.root or item in self.opened):
                waiting += reversed(item.members)
            else:
                shown.append(item)
        return shown

    @functools.cached_property
    def _level(self) -> Level:
        return self.scene.nested(self.root, self.opened)

    def _tooltip(self, box: Box) -> str:
        if isinstance(box.item, int):
            operation = self.scene.wiring.steps[box.item].operation
            made = ", ".join(v.name for v in operation.outputs)
            where = f" · {operation.line}" if operation.line else ""
            return f"{made} = {call(self.scene.wiring, box.item, names=True)}{where}"
        return " · ".join(line.text for line in box.lines)


def _plain(level: Level, scene: Scene) -> dict[str, Any]:
    boxes = []
    for box in level.boxes:
        entry: dict[str, Any] = {"id": box.id, "kind": box.kind}
        entry |= {k: round(getattr(box, k), 1) for k in "xywh"}
        entry["lines"] = [line.text for line in box.lines]
        entry["roles"] = [line.role for line in box.lines]
        entry["values"] = [v.identifier for v in box.values]
        entry["feet"] = [
            {"text": f.text, "x": round(f.x, 1), "values": [v.identifier for v in f.values]} for f in box.feet
        ]
        if isinstance(box.item, Group):
            entry |= {"group": box.item.path, "operations": [box.item.start, box.item.stop]}
        elif box.item is not None:
            entry["operation"] = scene.number(box.item)
        boxes.append(entry)
    wires = [
        {
            "value": wire.value.identifier,
            "from": level.boxes[wire.source].id,
            "to": level.boxes[wire.target].id,
            "points": [[round(x, 1), round(y, 1)] for x, y in wire.points],
        }
        for wire in level.wires
    ]
    size = {"width": round(level.width, 1), "height": round(level.height, 1)}
    return {"label": level.group.label, "boxes": boxes, "wires": wires, **size}
