"""The layered layout: what holds for every graph, and what keeps it quick."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.explain.layout import GAP_X, GAP_Y, Placement, layout


@st.composite
def graphs(draw):
    n = draw(st.integers(1, 30))
    sizes = [(draw(st.integers(1, 200)), draw(st.integers(1, 60))) for _ in range(n)]
    pairs = [(i, j) for j in range(n) for i in range(j)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=60)) if pairs else []
    return sizes, edges


def rows(sizes, place: Placement) -> dict[float, list[int]]:
    found: dict[float, list[int]] = {}
    for v in range(len(sizes)):
        found.setdefault(place.y[v], []).append(v)
    return {y: sorted(row, key=place.x.__getitem__) for y, row in found.items()}


@given(graphs())
def test_boxes_of_a_rank_stand_apart_and_ranks_do_too(graph):
    sizes, edges = graph
    place = layout(sizes, edges)
    found = rows(sizes, place)
    for row in found.values():
        for v, w in pairwise(row):
            assert place.x[w] - place.x[v] - sizes[v][0] >= GAP_X - 1e-6
    for (upper, above), (lower, _) in pairwise(sorted(found.items())):
        assert lower >= upper + max(sizes[v][1] for v in above) + GAP_Y - 1e-6


@given(graphs())
def test_edges_and_their_bends_go_downwards_and_pass_no_box(graph):
    sizes, edges = graph
    place = layout(sizes, edges)
    for (a, b), bends in zip(edges, place.bends, strict=True):
        heights = [place.y[a] + sizes[a][1], place.floor[a], *(y for _, y in bends), place.y[b]]
        assert heights == sorted(heights)
        assert heights[0] < heights[-1]
        for (x, top), (x2, low) in pairwise(bends):
            if x == x2 and top < low:
                inside = [v for v in range(len(sizes)) if place.y[v] < low and place.y[v] + sizes[v][1] > top]
                assert not any(place.x[v] < x < place.x[v] + sizes[v][0] for v in inside)


@given(graphs())
def test_everything_lies_inside_the_size_given(graph):
    sizes, edges = graph
    place = layout(sizes, edges)
    for v, (w, h) in enumerate(sizes):
        assert -1e-6 <= place.x[v] <= place.width - w + 1e-6
        assert 0 <= place.y[v] <= place.height - h + 1e-6
    for bends in place.bends:
        assert all(-1e-6 <= x <= place.width + 1e-6 and 0 <= y <= place.height for x, y in bends)


@given(graphs())
def test_the_same_graph_has_the_same_layout(graph):
    assert layout(*graph) == layout(*graph)


def test_nothing_and_one_box():
    assert layout([], []) == Placement([], [], [], [], 0.0, 0.0)
    assert layout([(50, 20)], [])[:2] == ([0.0], [0.0])


def test_a_cycle_is_refused():
    with pytest.raises(ValueError, match="cycle"):
        layout([(1, 1)] * 3, [(0, 1), (1, 2), (2, 1)])


def test_a_box_is_pulled_to_its_user():
    place = layout([(10, 10)] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)])  # 4 has no inputs, and one user far down
    assert place.y[4] == place.y[2]


def test_a_box_with_more_inputs_than_users_stays_with_its_inputs():
    place = layout([(10, 10)] * 7, [(0, 2), (1, 2), (0, 3), (3, 4), (4, 5), (5, 6), (2, 6)])
    assert place.y[2] == place.y[3]


def test_what_enters_stands_at_the_top_and_what_leaves_at_the_bottom():
    place = layout([(10, 10)] * 6, [(0, 1), (1, 2), (3, 2), (0, 4), (2, 5)], top=[0, 3], bottom=[4, 5])
    assert place.y[0] == place.y[3] == 0 < place.y[1]
    assert place.y[4] == place.y[5] == max(place.y) > place.y[2]


def test_a_tangle_that_can_be_undone_has_no_crossings():
    edges = [(0, 5), (1, 4), (2, 3)]
    place = layout([(10, 10)] * 6, edges)
    ordered = sorted(edges, key=lambda e: place.x[e[0]])
    assert ordered == sorted(edges, key=lambda e: place.x[e[1]])


def test_a_chain_is_a_straight_line():
    place = layout([(10 + i, 10) for i in range(20)], [(i, i + 1) for i in range(19)])
    middles = [x + (10 + i) / 2 for i, x in enumerate(place.x)]
    assert max(middles) - min(middles) < 1e-6


def test_a_long_edge_has_bend_points_only_where_it_passes_ranks():
    place = layout([(10, 10)] * 5, [(0, 1), (1, 2), (2, 3), (3, 4), (0, 4)])
    assert [len(b) for b in place.bends] == [0, 0, 0, 0, 6]


def test_users_of_one_tensor_share_bend_points_and_of_two_do_not():
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 3), (0, 4)]
    shared = layout([(10, 10)] * 5, edges, bundles=[0] * 6).bends
    apart = layout([(10, 10)] * 5, edges, bundles=[0, 0, 0, 0, 1, 2]).bends
    assert shared[5][:4] == shared[4]
    assert {x for x, _ in apart[4]}.isdisjoint({x for x, _ in apart[5]})


def test_bend_points_stay_in_proportion_where_every_state_goes_to_the_end():
    n = 1000
    edges = [(i, i + 1) for i in range(n - 1)] + [(i, n) for i in range(n)]
    place = layout([(10, 10)] * (n + 1), edges)
    assert sum(map(len, place.bends)) < 2 * (8 * n + 1000) + 2 * len(edges)
    assert all(b[-1][1] <= place.y[n] for b in place.bends if b)


def test_a_chain_of_thousands_of_boxes_does_not_recurse():
    n = 20_000
    place = layout([(10, 10)] * n, [(i, i + 1) for i in range(n - 1)])
    assert place.height == n * (10 + GAP_Y) - GAP_Y
