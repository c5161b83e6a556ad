"""A layered layout of boxes and the edges between them. It knows nothing of tensors.

After Sugiyama, in five steps: a rank for every box, bend points where an edge passes other ranks,
an order within each rank with few crossings, x by isotonic regression, y by the heights of the ranks.
Every step takes time in proportion to boxes, edges and bend points (sorting and crossings: n log n),
nothing recurses, and there are never more than `8 n + 1,000` bend points: the longest edges beyond
that run down the right side of the picture, those to one box in one lane.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Collection, Hashable, Sequence
from typing import NamedTuple

GAP_X, GAP_Y, LANE = 24.0, 34.0, 10.0  # between boxes of a rank, between ranks, between the lines that pass boxes
SWEEPS = 8
Edge = tuple[int, int]
Point = tuple[float, float]


class Placement(NamedTuple):
    """Where everything stands: upper left corners of the boxes, bend points of the edges, and the size of it all.

    `floor` is the lower end of the rank of each box: a line that goes straight down to there meets no other box.
    """

    x: list[float]
    y: list[float]
    floor: list[float]
    bends: list[list[Point]]
    width: float
    height: float


def layout(
    sizes: Sequence[tuple[float, float]],
    edges: Sequence[Edge],
    *,
    bundles: Sequence[Hashable] | None = None,
    top: Collection[int] = (),
    bottom: Collection[int] = (),
) -> Placement:
    """Places boxes of the given (width, height) so that every edge (from, to) goes downwards.

    Edges from one box with equal `bundles` share their bend points (one tensor with several users). Boxes in `top`
    stand alone in the first rank, those in `bottom` in the last. A ValueError is raised if the edges form a cycle.

    >>> from chainrule.explain.layout import layout
    >>> layout([(40, 20), (40, 20)], [(0, 1)]).y
    [0.0, 54.0]
    """
    ranks = _ranks(len(sizes), edges, top, bottom)
    layers = _Layers(sizes, edges, ranks, list(bundles) if bundles is not None else [0] * len(edges))
    layers.find_order()
    return _placed(layers, sizes, edges, _abscissae(layers))


def _ranks(n: int, edges: Sequence[Edge], top: Collection[int], bottom: Collection[int]) -> list[int]:
    """The longest path to each box; then a box with at least as many users as inputs moves down to its first user."""
    users: list[list[int]] = [[] for _ in range(n)]
    inputs = [0] * n
    for a, b in edges:
        users[a].append(b)
        inputs[b] += 1
    rank = [0 if not top or v in top else 1 for v in range(n)]
    waiting = inputs.copy()
    order = [v for v in range(n) if not waiting[v]]
    for v in order:  # grows while it is read
        for w in users[v]:
            rank[w] = max(rank[w], rank[v] + 1)
            waiting[w] -= 1
            if not waiting[w]:
                order.append(w)
    if len(order) < n:
        raise ValueError("the edges form a cycle: such a graph has no layered layout")
    for v in reversed(order):
        if users[v] and len(users[v]) >= inputs[v] and v not in top:
            rank[v] = min(rank[w] for w in users[v]) - 1
    last = max([r for v, r in enumerate(rank) if v not in bottom], default=-1) + 1
    return [last if v in bottom else r for v, r in enumerate(rank)]


class _Layers:
    """Boxes and bend points by rank; `up` and `down` are the neighbours of each in the ranks above and below."""

    def __init__(
        self, sizes: Sequence[tuple[float, float]], edges: Sequence[Edge], ranks: list[int], bundles: list[Hashable]
    ):
        self.boxes = len(sizes)
        self.ranks = ranks
        self.widths = [w for w, _ in sizes]
        self.up: list[list[int]] = [[] for _ in sizes]
        self.down: list[list[int]] = [[] for _ in sizes]
        self.paths: list[list[int] | None] = [None] * len(edges)  # the bend points of each edge; None runs in a lane
        self._connect(edges, bundles)
        self.rows: list[list[int]] = [[] for _ in range(max(ranks, default=-1) + 1)]
        self.position = [0] * len(self.ranks)

    def _connect(self, edges: Sequence[Edge], bundles: list[Hashable]) -> None:
        shared: dict[tuple[int, Hashable], list[int]] = {}
        joined: set[Edge] = set()
        budget = 8 * self.boxes + 1000
        for e in sorted(range(len(edges)), key=lambda e: self.ranks[edges[e][1]] - self.ranks[edges[e][0]]):
            a, b = edges[e]
            chain = shared.setdefault((a, bundles[e]), [])
            length = self.ranks[b] - self.ranks[a] - 1
            budget -= max(0, length - len(chain))
            if budget < 0:
                break
            while len(chain) < length:
                chain.append(self._bend(chain[-1] if chain else a))
            self.paths[e] = chain[:length]
            last = chain[length - 1] if length else a
            if (last, b) not in joined:
                joined.add((last, b))
                self._join(last, b)

    def _bend(self, above: int) -> int:
        v = len(self.ranks)
        self.ranks.append(self.ranks[above] + 1)
        self.widths.append(0.0)
        self.up.append([])
        self.down.append([])
        self._join(above, v)
        return v

    def _join(self, a: int, b: int) -> None:
        self.down[a].append(b)
        self.up[b].append(a)

    def find_order(self) -> None:
        """Few crossings: depth first from the boxes without users, then sweeps by barycentres, then swaps."""
        seen = [False] * len(self.ranks)
        stack = [v for v in range(len(self.ranks) - 1, -1, -1) if not self.down[v]]
        while stack:
            v = stack.pop()
            if not seen[v]:
                seen[v] = True
                self.rows[self.ranks[v]].append(v)
                stack.extend(reversed(self.up[v]))
        for row in self.rows:
            self._number(row)
        best, fewest = [row.copy() for row in self.rows], self._crossings()
        for sweep in range(SWEEPS):
            if not fewest:
                break
            self._sweep(downwards=sweep % 2 == 0)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [row.copy() for row in self.rows], crossings
        self.rows = best
        for row in best:
            self._number(row)
        for _ in range(4):
            if not fewest or not sum(map(self._swap, best)):
                break

    def _number(self, row: list[int]) -> None:
        for i, v in enumerate(row):
            self.position[v] = i

    def _sweep(self, downwards: bool) -> None:
        near = self.up if downwards else self.down
        position = self.position
        for row in self.rows if downwards else reversed(self.rows):
            middle = {v: sum([position[w] for w in near[v]]) / len(near[v]) if near[v] else position[v] for v in row}
            row.sort(key=middle.__getitem__)
            self._number(row)

    def _crossings(self) -> int:
        total = 0
        for row in self.rows:
            passed: list[int] = []
            for v in row:
                ends = [self.position[w] for w in self.down[v]]
                total += sum([len(passed) - bisect_right(passed, end) for end in ends])
                for end in ends:
                    insort(passed, end)
        return total

    def _swap(self, row: list[int]) -> int:
        """Exchanges neighbours whose edges then cross less; how often."""
        swaps = 0
        for i in range(len(row) - 1):
            v, w = row[i], row[i + 1]
            gain = 0
            for near in (self.up, self.down):
                left, right = [self.position[u] for u in near[v]], [self.position[u] for u in near[w]]
                gain += _inversions(left, right) - _inversions(right, left)
            if gain > 0:
                row[i], row[i + 1] = w, v
                self.position[v], self.position[w] = i + 1, i
                swaps += 1
        return swaps


def _inversions(left: list[int], right: list[int]) -> int:
    """How many pairs have the left end beyond the right one."""
    if not left or not right:
        return 0
    ends = sorted(right)
    return sum([bisect_left(ends, end) for end in left])


# ── coordinates ─────────────────────────────────────────────────────────────────────────────────


def _abscissae(layers: _Layers) -> list[float]:
    """The middle of every box and bend point: close to its neighbours above, then below, in the order of its rank."""
    x = [0.0] * len(layers.ranks)
    gaps = []  # for every rank, how far right of the first each middle is at least
    for row in layers.rows:
        offsets, at = [0.0] * len(row), 0.0
        for i in range(1, len(row)):
            v, w = row[i - 1], row[i]
            at += (layers.widths[v] + layers.widths[w]) / 2 + (GAP_X if w < layers.boxes or v < layers.boxes else LANE)
            offsets[i] = at
        gaps.append(offsets)
        for v, offset in zip(row, offsets, strict=True):
            x[v] = offset - at / 2
    both = [a + b for a, b in zip(layers.up, layers.down, strict=True)]
    for near, backwards in [(layers.up, False), (layers.down, True)] * 2 + [(both, False), (both, True)] * 4:
        ranks = list(zip(layers.rows, gaps, strict=True))
        for row, offsets in reversed(ranks) if backwards else ranks:
            _draw_near(row, offsets, near, x, layers.boxes)
    return x


def _draw_near(row: list[int], offsets: list[float], near: list[list[int]], x: list[float], boxes: int) -> None:
    """Moves one rank to where the weighted squares of the distances to the neighbours are least, in its order.

    With x = offset + z the order says that z does not decrease: isotonic regression, by pooling adjacent violators.
    """
    pools: list[tuple[float, float, int]] = []  # weighted sum, weight, how many
    for v, offset in zip(row, offsets, strict=True):
        total, weight, count = 0.01 * (x[v] - offset), 0.01, 1
        for w in near[v]:
            stiff = 1.0 if v < boxes and w < boxes else 16.0 if v >= boxes and w >= boxes else 2.0
            total += stiff * (x[w] - offset)
            weight += stiff
        while pools and pools[-1][0] * weight >= total * pools[-1][1]:
            before = pools.pop()
            total, weight, count = total + before[0], weight + before[1], count + before[2]
        pools.append((total, weight, count))
    i = 0
    for total, weight, count in pools:
        for v, offset in zip(row[i : i + count], offsets[i : i + count], strict=True):
            x[v] = offset + total / weight
        i += count


def _placed(
    layers: _Layers, sizes: Sequence[tuple[float, float]], edges: Sequence[Edge], middle: list[float]
) -> Placement:
    n = len(sizes)
    heights = [max([sizes[v][1] for v in row if v < n], default=0.0) for row in layers.rows]
    tops, at = [], 0.0
    for height in heights:
        tops.append(at)
        at += height + GAP_Y
    left = min([middle[v] - layers.widths[v] / 2 for v in range(len(middle))], default=0.0)
    right = max([middle[v] + layers.widths[v] / 2 for v in range(len(middle))], default=0.0) - left
    floor = [tops[r] + heights[r] for r in layers.ranks]
    lanes: dict[int, float] = {}
    bends: list[list[Point]] = []
    for (a, b), path in zip(edges, layers.paths, strict=True):
        if path is None:
            lane = lanes.setdefault(b, right + LANE * (len(lanes) + 1))
            bends.append([(lane, floor[a] + GAP_Y / 2), (lane, tops[layers.ranks[b]] - GAP_Y / 2)])
        else:
            bends.append([(middle[v] - left, y) for v in path for y in (tops[layers.ranks[v]], floor[v])])
    x = [middle[v] - left - sizes[v][0] / 2 for v in range(n)]
    y = [tops[layers.ranks[v]] for v in range(n)]
    return Placement(x, y, floor[:n], bends, right + LANE * len(lanes), max(0.0, at - GAP_Y))
