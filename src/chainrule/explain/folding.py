"""Operations folded into groups: the modules they belong to, and blocks that repeat.

A group is a stretch of the operations in the order in which they ran, so whatever is folded, no
cycle can come of it: a module that is called twice is two groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from .recorded import Operation, Value
from .repeats import Run, Structure, runs
from .wiring import Path, Wiring, common

NAMED = 3  # operations that a label names before it says "…"


class Group:
    """A stretch of operations, `start` to `stop`, drawn as one box until it is opened.

    `members` are groups, and numbers of operations of its own. `path` tells it from all others.
    """

    __slots__ = ("label", "members", "name", "note", "path", "start", "stop")

    def __init__(self, name: str, start: int, stop: int, members: list[Group | int], label: str = "", note: str = ""):
        self.name = name  # the module's; empty for the whole and for a repeated block
        self.label = label or name
        self.note = note
        self.start, self.stop = start, stop
        self.members = members
        self.path = name

    def __repr__(self) -> str:
        return f"<group {self.path or 'of all'}: {self.label}, operations {self.start}:{self.stop}>"

    def groups(self) -> Iterator[Group]:
        """This group and all inside, outer ones first."""
        stack = [self]
        while stack:
            group = stack.pop()
            yield group
            stack.extend(m for m in reversed(group.members) if isinstance(m, Group))


def span(member: Group | int) -> tuple[int, int]:
    """The operations of a member: first, and one past the last."""
    return (member, member + 1) if isinstance(member, int) else (member.start, member.stop)


# ── modules ─────────────────────────────────────────────────────────────────────────────────────


def modules_of(operations: Sequence[Operation]) -> list[str]:
    """The module of each operation, by the names of parameters: `encoder.0.weight` is used in `encoder.0`.

    An operation without parameters belongs to what the nearest ones before and after it have in common;
    after the last of them, to none. One that joins the last result of a block with a tensor that the block
    has used before ends that block (a residual connection).
    """
    return [".".join(path) for path in _paths(Wiring(operations))]


def _paths(wiring: Wiring) -> list[Path]:
    own: list[Path | None] = []
    for step in wiring.steps:
        of = [wiring.weights[v] for v in step.inputs if v in wiring.weights]
        own.append(common(of) if of else None)
    after: list[Path | None] = [None] * len(own)
    for i in range(len(own) - 2, -1, -1):
        after[i] = own[i + 1] if own[i + 1] is not None else after[i + 1]
    paths: list[Path] = []
    before: Path | None = None
    began: list[int] = []  # where each part of the present path was entered
    used: dict[Value, int] = {}  # where each result was used last
    for i, path in enumerate(own):
        following = after[i]
        if path is None:
            path = () if before is None or following is None else common([before, following])
            if i:
                path = _block_ended(wiring, i, paths[-1], began, used, len(path)) or path
        else:
            before = path
        shared = len(common([paths[-1], path])) if paths else 0
        began[shared:] = [i] * (len(path) - shared)
        paths.append(path)
        used.update((v, i) for v in wiring.steps[i].inputs if v in wiring.made)
    return paths


def _block_ended(
    wiring: Wiring, i: int, path: Path, began: list[int], used: Mapping[Value, int], least: int
) -> Path | None:
    """The innermost block of which operation `i` uses the last result, and a tensor that the block itself has used."""
    inputs = wiring.steps[i].inputs
    if any(wiring.made.get(v) == i - 1 for v in inputs):
        again = max((used.get(v, -1) for v in inputs), default=-1)
        for depth in range(len(path), least, -1):
            if began[depth - 1] <= again:
                return path[:depth]
    return None


# ── the tree ────────────────────────────────────────────────────────────────────────────────────


def fold(wiring: Wiring, *, classes: Mapping[str, str] | None = None, limit: int = 200) -> Group:
    """The tree of groups. `classes` has the class names of modules; no group has more than `limit` members.

    Time is in proportion to n · (depth + 1) for n operations, and to the comparisons that finding repeats takes.
    """
    root = _modules(_paths(wiring))
    structure = Structure(wiring)
    for group in reversed(list(root.groups())):  # inner ones first
        group.members = [m for member in group.members for m in _unwrapped(member)]
    for group in list(root.groups()):
        _fold_repeats(group, structure, classes or {})
    for group in list(root.groups()):
        _cut(group, limit)
    _tell_apart(root, classes or {})
    return root


def _modules(paths: Sequence[Path]) -> Group:
    root = Group("", 0, len(paths), [])
    stack, at = [root], Path()
    for i, path in enumerate(paths):
        shared = len(common([at, path]))
        for group in stack[shared + 1 :]:
            group.stop = i
        del stack[shared + 1 :]
        for depth in range(shared + 1, len(path) + 1):
            stack.append(Group(".".join(path[:depth]), i, len(paths), []))
            stack[-2].members.append(stack[-1])
        stack[-1].members.append(i)
        at = path
    return root


def _unwrapped(member: Group | int) -> list[Group | int]:
    """A group of one operation, or of one group, is what is in it."""
    return member.members if isinstance(member, Group) and len(member.members) == 1 else [member]


def _fold_repeats(group: Group, structure: Structure, classes: Mapping[str, str]) -> None:
    """Puts blocks that repeat into groups, again inside one block of each until nothing repeats."""
    waiting = [group]
    while waiting:
        group = waiting.pop()
        members = group.members
        found = runs(structure, list(map(span, members)))
        folded: list[Group | int] = []
        at = 0
        for run in found:
            stop = run.start + run.period * run.times
            folded += members[at : run.start]
            block = _repeated(members[run.start : stop], run, structure, classes)
            if stop - run.start == len(members):  # all of it repeats: the group itself says so
                group.note, block.note = block.label, ""
                folded += block.members
            else:
                folded.append(block)
            if run.period > 1:
                waiting += [m for m in block.members if isinstance(m, Group)]
            at = stop
        group.members = folded + members[at:]


def _repeated(members: list[Group | int], run: Run, structure: Structure, classes: Mapping[str, str]) -> Group:
    blocks = [members[i : i + run.period] for i in range(0, len(members), run.period)]
    spans = [(span(block[0])[0], span(block[-1])[1]) for block in blocks]
    weights = [structure.weights(*s) for s in spans]
    same = bool(weights[0]) and all(w == weights[0] for w in weights)
    what = _described(blocks, spans[0], structure, classes)
    label = f"{what} × {run.times}" if same else f"{run.times} × {what}"
    inside: list[Group | int] = list(members)
    if run.period > 1:
        inside = [Group("", *s, block, f"{i} of {run.times}") for i, (s, block) in enumerate(zip(spans, blocks), 1)]
    names = [m.name for m in members if isinstance(m, Group) and m.name]
    note = f"{names[0]} … {names[-1]}" if names and not same else ""
    return Group("", spans[0][0], spans[-1][1], inside, label, note)


def _described(
    blocks: list[list[Group | int]], first: tuple[int, int], structure: Structure, classes: Mapping[str, str]
) -> str:
    """The class of modules that are alike, or the operations of one block."""
    of = {
        classes.get(m.name, "") if isinstance(m, Group) and len(block) == 1 else "" for block in blocks for m in block
    }
    if len(of) == 1 and "" not in of:
        return of.pop()
    names = [step.operation.name for step in structure.wiring.steps[slice(*first)]]
    if len(names) == 1:
        return names[0]
    return f"({', '.join(names[:NAMED])}{', …' if len(names) > NAMED else ''})"


def _cut(group: Group, limit: int) -> None:
    """Puts stretches of a group with too many members into groups of equal length."""
    limit = max(2, limit)
    while len(group.members) > limit:
        members = group.members
        size = min(limit, max(2, -(-len(members) // limit), int(len(members) ** 0.5)))
        pieces = [members[i : i + size] for i in range(0, len(members), size)]
        group.members = [_piece(piece) for piece in pieces]


def _piece(members: list[Group | int]) -> Group | int:
    start, stop = span(members[0])[0], span(members[-1])[1]
    return members[0] if len(members) == 1 else Group("", start, stop, members, f"operations {start} … {stop - 1}")


def _tell_apart(root: Group, classes: Mapping[str, str]) -> None:
    """A path of its own for every group, and the class in the label of a module."""
    taken: set[str] = set()
    for group in root.groups():
        path = group.name or (f"[{group.start}:{group.stop}]" if group is not root else "")
        n = 1
        while path in taken:
            n += 1
            path = f"{group.name or f'[{group.start}:{group.stop}]'}#{n}"
        taken.add(path)
        group.path = path
        if group.name in classes and group.label == group.name:
            group.label = f"{group.name}  {classes[group.name]}"
