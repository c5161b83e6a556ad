"""The open part of the folded graph in the language of Graphviz."""

from __future__ import annotations

from .folding import Group, span
from .levels import Scene, call, label
from .recorded import Value


def dot(scene: Scene, root: Group, opened: frozenset[Group], title: str) -> str:
    """A digraph: operations and folded groups are nodes, open groups clusters, tensors edges with name and shape."""
    wiring = scene.wiring
    out = [f"digraph {quoted(title)} {{", '  node [shape=box, style=rounded, fontname="monospace", fontsize=10];']
    out.append('  edge [fontname="monospace", fontsize=9];')
    node_of: list[str] = [""] * len(wiring.steps)
    waiting: list[Group | int | None] = [root]
    while waiting:
        item = waiting.pop()
        if item is None:
            out.append("  }")
        elif isinstance(item, Group) and (item is root or item in opened):
            waiting += [*([None] if item is not root else []), *reversed(item.members)]
            if item is not root:
                out.append(f"  subgraph {quoted('cluster ' + item.path)} {{ label={quoted(item.label)};")
        else:
            first, last = span(item)
            if isinstance(item, Group):
                name, text = f"group {item.path}", f"{item.label}\n{last - first:,} operations"
            else:
                name, text = f"operation {scene.number(item)}", call(wiring, item)
            filled = ', style="rounded,filled"' if isinstance(item, Group) else ""
            out.append(f"  {quoted(name)} [label={quoted(text)}{filled}];")
            node_of[first:last] = [name] * (last - first)
    out += [f"  {edge};" for edge in _edges(scene, node_of)]
    if scene.failed:
        out.append(f'  "failed" [label={quoted(scene.failed)}, color=red, fontcolor=red];')
        ends = dict.fromkeys((node_of[at], v) for v, at in wiring.made.items() if v not in wiring.last_use)
        out += [f'  {quoted(name)} -> "failed" [label={quoted(label((v,)))}];' for name, v in ends]
    return "\n".join([*out, "}"]) + "\n"


def _edges(scene: Scene, node_of: list[str]) -> list[str]:
    edges: dict[str, None] = {}
    wiring = scene.wiring
    for target, step in enumerate(wiring.steps):
        for value in step.inputs:
            at = wiring.made.get(value)
            if at is not None and node_of[at] != node_of[target]:
                edges[f"{quoted(node_of[at])} -> {quoted(node_of[target])} [label={quoted(label((value,)))}]"] = None
            elif at is None and scene.leaves and node_of[target].startswith("operation"):
                leaf = _leaf(value)
                edges[f"{leaf} [label={quoted(label((value,)))}, style=dashed]"] = None
                edges[f"{leaf} -> {quoted(node_of[target])}"] = None
    return list(edges)


def _leaf(value: Value) -> str:
    return quoted(f"tensor {value.identifier}")


def quoted(text: str) -> str:
    """A string of DOT: quotes and backslashes escaped, lines kept."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
