"""The picture of a graph: SVG, DOT, text, and the numbers for the page."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule import nn
from chainrule.explain.drawing import graph
from chainrule.explain.names import find_names
from chainrule.explain.recorded import Recorded

SVG = "{http://www.w3.org/2000/svg}"


def recorded(*tensors) -> Recorded:
    return Recorded(tensors, find_names(sys._getframe(1)))


def lecture() -> Recorded:
    x, y = cr.ones(64, 3), cr.zeros(64, 1)
    w1, w2 = cr.ones(3, 2, requires_grad=True), cr.ones(2, 1, requires_grad=True)
    h_relu = x.mm(w1).clamp(min=0)
    out = h_relu.mm(w2)
    loss = (out - y).sum()
    return recorded(loss)


def recurrent(steps: int) -> Recorded:
    w, h = cr.ones(3, 3, requires_grad=True), cr.ones(4, 3)
    states = []
    for _ in range(steps):
        h = (h @ w).tanh()
        states.append(h)
    return recorded(cr.stack(states).sum())


def deep() -> Recorded:
    net = nn.Sequential(*[nn.Sequential(nn.Linear(3, 3), nn.ReLU(), nn.Linear(3, 3)) for _ in range(12)])
    return recorded(net(cr.ones(4, 3)).sum())


def words(svg: str) -> list[str]:
    return [t.text or "" for t in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def lines(text: str) -> list[str]:
    """Without the places in the source."""
    return [re.sub(r"\s+\w+\.py:\d+$", "", line).rstrip() for line in text.splitlines()]


def classes(svg: str) -> set[str]:
    tree = ElementTree.fromstring(svg)
    return {name for element in tree.iter() for name in element.get("class", "").split()}


# ── SVG ─────────────────────────────────────────────────────────────────────────────────────────


def test_operations_are_boxes_and_tensors_edges_with_names_and_shapes():
    svg = graph(lecture()).svg()
    found = words(svg)
    assert [w for w in found if w in ("mm", "clamp_min(·, 0)", "sub", "sum")] == [
        "mm", "clamp_min(·, 0)", "mm", "sub", "sum",
    ]  # fmt: skip
    assert {"x 64×3", "w1 3×2", "w2 2×1", "h_relu 64×2", "out 64×1", "loss scalar"} <= set(found)
    tree = ElementTree.fromstring(svg)
    assert sum(p.get("class") == "wire" for p in tree.iter(f"{SVG}path")) == 4


def test_the_picture_can_be_read_out_and_needs_nothing_from_elsewhere():
    svg = graph(lecture()).svg()
    tree = ElementTree.fromstring(svg)
    assert tree.get("role") == "img"
    assert tree.find(f"{SVG}title").text == "the graph of loss"
    assert "5 operations" in tree.find(f"{SVG}desc").text
    boxes = [g for g in tree.iter(f"{SVG}g") if g.get("class")]
    assert len(boxes) == 5
    assert all(g.find(f"{SVG}title").text for g in boxes)
    assert "prefers-color-scheme:dark" in svg
    assert svg.count("http") == 1  # the name space
    assert "url(" not in svg and "<script" not in svg and "@import" not in svg


@pytest.mark.parametrize("make", [lecture, deep, lambda: recurrent(20)], ids=["lecture", "deep", "recurrent"])
@pytest.mark.parametrize("options", [{}, {"depth": 0}, {"depth": 9}, {"leaves": True}, {"views": False}], ids=str)
def test_text_stays_inside_its_box_and_boxes_inside_the_picture(make, options):
    tree = ElementTree.fromstring(graph(make(), **options).svg())
    for group in tree.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        if rect is None:
            continue
        left, right = float(rect.get("x")), float(rect.get("x")) + float(rect.get("width"))
        for text in group.findall(f"{SVG}text"):
            half = len(text.text) * 12 * 0.602 / 2  # what the widest usual monospaced font takes
            x = float(text.get("x")) + (0 if text.get("text-anchor") else half)
            assert left - 0.1 <= x - half and x + half <= right + 0.1, text.text


def test_names_are_escaped_and_long_ones_cut():
    tensors = {"a<b>&\"c'": cr.ones(2, requires_grad=True), "l" * 300: cr.ones(2, requires_grad=True)}
    first, second = tensors.values()
    graph_ = Recorded([(first * second).sum()], find_names(extra=tensors))
    svg = graph(graph_).svg()
    assert "a<b>&\"c' 2" in words(svg)
    assert [len(w) for w in words(svg) if w.startswith("ll")] == [38]
    assert graph(graph_).dot().count("a<b>&\\\"c'") == 1


# ── colours ─────────────────────────────────────────────────────────────────────────────────────


def test_before_backward_the_legend_says_so_and_nothing_is_zero():
    svg = graph(lecture()).svg()
    assert "no backward has run yet: the colours say nothing of gradients" in words(svg)
    assert classes(svg).isdisjoint({"zero", "bad", "n0", "n5"})
    assert "gradient norm" not in svg


def test_norms_zero_infinite_and_unknown_look_different():
    found = lecture()
    results = [o.outputs[0] for o in found.operations]
    norms = {results[0]: 0.0, results[1]: 1e-6, results[2]: 10.0, results[3]: math.inf, found.leaves[0]: 0.25}
    svg = graph(found, norms=norms).svg()
    tree = ElementTree.fromstring(svg)
    shades = [g.get("class") for g in tree.iter(f"{SVG}g") if g.get("class")]
    assert shades == ["op zero", "op n0", "op n5", "op bad", "op"]
    assert {"exactly 0", "inf or nan"} <= set(words(svg))
    assert "w1 3×2  ‖∇‖ 0.25" in words(svg)
    assert "w2 2×1" in words(svg)
    titles = [g.find(f"{SVG}title").text for g in tree.iter(f"{SVG}g") if g.get("class")]
    assert "gradient norm 0" in titles[0] and "gradient norm" not in titles[4]


def test_equal_norms_have_one_shade():
    found = lecture()
    svg = graph(found, norms=dict.fromkeys(found.values, 2.0)).svg()
    assert [c for c in sorted(classes(svg)) if re.fullmatch(r"n\d", c)] == ["n3"]


# ── options ─────────────────────────────────────────────────────────────────────────────────────


def test_leaves_are_nodes_on_request():
    tree = ElementTree.fromstring(graph(lecture(), leaves=True).svg())
    assert sum(g.get("class") == "leaf" for g in tree.iter(f"{SVG}g")) == 4


def test_views_can_be_hidden():
    x, w = cr.ones(4, 3, requires_grad=True), cr.ones(2, 3, requires_grad=True)
    found = recorded((x.reshape(4, 3) @ w.t()).reshape(8).exp().sum())
    assert lines(graph(found, views=False).text()) == [
        "3 operations", "●  mm(x, w)", "│  mm_1 4×2", "●  exp(mm_1)", "│  exp_1 8", "●  sum(exp_1)", "▼  sum_1 scalar",
    ]  # fmt: skip


def test_groups_open_by_depth_and_by_name():
    found = deep()
    assert [b for b in lines(graph(found, depth=0).text()) if "●" in b] == [
        "●  [net]  36 operations   12 × (linear, relu, linear)",
        "●  sum(linear_24)",
    ]
    assert sum("operations" in b for b in lines(graph(found, depth=1).text())[1:]) == 12
    named = graph(found, depth=0, open=["net.3"]).text()
    assert sum("[" in b for b in lines(named)) == 11
    assert sum("linear(" in b for b in lines(named)) == 2


def test_what_stopped_the_forward_is_the_last_box():
    drawing = graph(lecture(), failed="net.py:12: mat1 and mat2 shapes cannot be multiplied (64x3 and 2x2)")
    tree = ElementTree.fromstring(drawing.svg())
    (box,) = [g for g in tree.iter(f"{SVG}g") if g.get("class") == "failed"]
    said = " ".join(t.text for t in box.findall(f"{SVG}text"))
    assert said == "net.py:12: mat1 and mat2 shapes cannot be multiplied (64x3 and 2x2)"
    assert '"operation 4" -> "failed"' in drawing.dot()
    assert drawing.text().splitlines()[-1].startswith("✗  net.py:12: mat1")


# ── DOT, text, files ────────────────────────────────────────────────────────────────────────────


def test_dot_has_nodes_clusters_and_labelled_edges():
    text = graph(deep(), depth=1).dot()
    assert text.startswith('digraph "the graph of ')
    assert text.count("subgraph") == 1
    assert text.count("{") == text.count("}")
    assert '"group net.0" -> "group net.1" [label="linear_2 4×3"];' in text


def test_dot_escapes():
    from chainrule.explain.dot import quoted

    assert quoted('a"b\\c\nd') == '"a\\"b\\\\c\\nd"'


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("make", [lecture, deep, lambda: recurrent(20)])
def test_graphviz_reads_the_dot(make):
    source = graph(make(), depth=9, leaves=True, failed='a "b"').dot()
    subprocess.run(["dot", "-Tcanon"], input=source.encode(), check=True, capture_output=True)


def test_text_draws_columns_as_graph_text_does():
    assert lines(str(graph(lecture(), leaves=True))) == [
        "5 operations",
        "○    x 64×3",
        "│ ○  w1 3×2",
        "●─╯  mm(x, w1)",
        "│    mm_1 64×2",
        "●    clamp_min(mm_1, 0)",
        "│    h_relu 64×2",
        "│ ○  w2 2×1",
        "●─╯  mm(h_relu, w2)",
        "│    out 64×1",
        "│ ○  y 64×1",
        "●─╯  sub(out, y)",
        "│    sub_1 64×1",
        "●    sum(sub_1)",
        "▼    loss scalar",
    ]


def test_files_by_suffix(tmp_path):
    drawing = graph(lecture())
    for name, make in {"a.svg": drawing.svg, "a.dot": drawing.dot, "a.txt": drawing.text}.items():
        drawing.save(tmp_path / name)
        assert (tmp_path / name).read_text(encoding="utf-8") == make()
    with pytest.raises(ValueError, match=r"\.svg"):
        drawing.save(tmp_path / "a.png")
    assert drawing._repr_svg_() == drawing.svg()


# ── numbers for the page ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("make", [lecture, deep, lambda: recurrent(40)], ids=["lecture", "deep", "recurrent"])
def test_levels_hold_every_operation_once_and_wires_go_downwards(make):
    found = make()
    levels = graph(found).levels()
    json.loads(json.dumps(levels))
    boxes = [box for level in levels.values() for box in level["boxes"]]
    assert sorted(b["operation"] for b in boxes if b["kind"] == "op") == list(range(len(found.operations)))
    assert sorted(b["group"] for b in boxes if b["kind"] == "group") == sorted(path for path in levels if path)
    for level in levels.values():
        place = {b["id"]: b for b in level["boxes"]}
        assert len(place) == len(level["boxes"])
        for wire in level["wires"]:
            heights = [y for _, y in wire["points"]]
            assert heights == sorted(heights) and heights[0] < heights[-1]
            source, target = place[wire["from"]], place[wire["to"]]
            (x, y), (x2, y2) = wire["points"][0], wire["points"][-1]
            assert y == pytest.approx(source["y"] + source["h"], abs=0.2)
            assert y2 == pytest.approx(target["y"], abs=0.2)
            assert source["x"] <= x <= source["x"] + source["w"]
            assert target["x"] <= x2 <= target["x"] + target["w"]


def test_what_enters_and_leaves_a_group_has_boxes_of_its_own():
    level = graph(deep()).levels()["net.1"]
    assert [(b["kind"], b["lines"]) for b in level["boxes"] if b["kind"] in ("in", "out")] == [
        ("in", ["linear_2 4×3"]),
        ("out", ["linear_4 4×3"]),
    ]


def test_many_tensors_between_two_boxes_are_one_wire():
    level = graph(recurrent(40)).levels()[""]
    assert [b["lines"][0] for b in level["boxes"]] == ["(mm, tanh) × 40", "stack(40 tensors, axis=0)", "sum"]
    assert [f["text"] for f in level["boxes"][0]["feet"]] == ["40 tensors"]
    assert len(level["wires"]) == 2


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50), st.integers(0, 3)), min_size=1, max_size=30), st.data()
)
def test_random_graphs_draw_in_every_form(steps, data):
    made = [cr.ones(2, requires_grad=True)]
    for i, j, kind in steps:
        a, b = made[i % len(made)], made[j % len(made)]
        made.append([a * b, a.exp(), a.reshape(2, 1).reshape(2), a - b][kind])
    found = recorded(made[-1], made[data.draw(st.integers(1, len(made) - 1))])
    options = {
        "views": data.draw(st.booleans()),
        "leaves": data.draw(st.booleans()),
        "limit": data.draw(st.integers(2, 9)),
    }
    drawing = graph(found, depth=99, **options)
    tree = ElementTree.fromstring(drawing.svg())
    count = sum(g.get("class") == "op" for g in tree.iter(f"{SVG}g"))
    assert count == len(drawing.scene.wiring.steps)
    assert sum("●" in line for line in drawing.text().splitlines()) == count
    assert drawing.dot().count('"operation') >= count
    for level in drawing.levels().values():
        boxes = [b for b in level["boxes"] if b["kind"] in ("op", "group")]
        assert len(boxes) <= options["limit"]
        for k, a in enumerate(boxes):
            for b in boxes[k + 1 :]:
                apart_across = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
                assert apart_across or a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
