"""A graph drawn with characters: operations are the nodes, tensors the edges between them.

Rows stand in the order in which the operations ran. A column holds one tensor from the row where it
was made down to the row of its last use; `┤` is a use before that.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
Row = tuple[str, str, str]  # the columns, what stands beside them, the source line


def strands(
    items: Iterable[Item],
    inputs: Callable[[Item], Iterable[Item]],
    made: Callable[[Item], str],
    said: Callable[[Item], tuple[str, str]],
    leaves: Container[Item] = (),
) -> Iterator[str]:
    """Lines that draw a graph with characters, first item first; `items` come last first, each before its inputs.

    `made` says what an item makes, `said` what it is and where it stands in the source.
    """
    picture = _Picture(inputs, made, said, leaves)
    for item in items:
        picture.draw(item)
    return picture.lines()


class _Picture(Generic[Item]):
    """Rows from the last item to the first. Each column waits for the item that made its tensor."""

    def __init__(self, inputs: Any, made: Any, said: Any, leaves: Container[Item]):
        self.inputs, self.made, self.said, self.leaves = inputs, made, said, leaves
        self.columns: list[Item | None] = []
        self.rows: list[Row] = []

    def draw(self, item: Item) -> None:
        """Add the rows of one item: above, what it made; below, what it is."""
        last = item not in self.columns
        if last:
            self.columns[self._free()] = item
        here = self.columns.index(item)
        label = self.made(item)
        if item in self.leaves:
            self.rows.append((self._cells(here, "○"), label, ""))
            self.columns[here] = None
            return
        self.rows.append((self._cells(here, "▼" if last else "│"), label, ""))
        uses = self._columns_of_inputs(item, here)
        self.rows.append((self._joined(here, uses), *self.said(item)))
        while self.columns and self.columns[-1] is None:
            self.columns.pop()

    def _free(self) -> int:
        if None not in self.columns:
            self.columns.append(None)
        return self.columns.index(None)

    def _columns_of_inputs(self, item: Item, here: int) -> dict[int, bool]:
        """The columns from which inputs come in on the side, and whether each is used again further down."""
        uses: dict[int, bool] = {}
        self.columns[here] = None
        for made in dict.fromkeys(self.inputs(item)):
            if made in self.columns:
                uses[self.columns.index(made)] = True
            elif self.columns[here] is None:
                self.columns[here] = made
            else:
                free = self._free()
                self.columns[free] = made
                uses[free] = False
        uses.pop(here, None)
        return uses

    def _cells(self, here: int, mark: str) -> str:
        return " ".join(mark if i == here else " " if c is None else "│" for i, c in enumerate(self.columns))

    def _joined(self, here: int, uses: dict[int, bool]) -> str:
        """The row of an operation, with lines to the columns of its inputs."""
        left, right = min([here, *uses]), max([here, *uses])
        out = ""
        for i, column in enumerate(self.columns):
            between = left < i < right
            if i == here:
                out += "●"
            elif i in uses:
                if between:
                    out += "┼" if uses[i] else "┴"
                else:
                    out += ("┤" if uses[i] else "╯") if i == right else ("├" if uses[i] else "╰")
            else:
                out += "│" if column is not None else "─" if between else " "
            out += "─" if left <= i < right else " "
        return out

    def lines(self) -> Iterator[str]:
        """The rows as text, first item first."""
        if not self.rows:
            return
        width = max(len(cells.rstrip()) for cells, _, _ in self.rows) + 2
        wide = max(len(text) for _, text, _ in self.rows) + 3
        for cells, text, line in reversed(self.rows):
            yield f"{cells.rstrip():<{width}}{text:<{wide}}{line}".rstrip()


def counted(n: int, one: str, many: str | None = None) -> str:
    """`1 leaf`, `1,200 leaves`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
