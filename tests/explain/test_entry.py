"""The chain rule of one entry: read from the formulas, it gives the numbers of autograd."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import GraphError

from .models import MODELS, lecture


def explained(model):
    cr.manual_seed(0)
    loss, names = model()
    return loss, names, cr.explain(loss, names=names)


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_every_formula_of_entries_gives_the_gradient(model):
    loss, _, explanation = explained(model)
    for leaf in explanation.recorded.leaves:
        (wanted,) = cr.autograd.grad(loss, leaf.tensor, retain_graph=True)
        last = tuple(n - 1 for n in leaf.shape)
        for index in {(0,) * len(leaf.shape), last}:
            entry = explanation.entry(leaf.name, *index)
            expected = wanted[index].item()
            np.testing.assert_allclose(entry.value, expected, 1e-8, 1e-12)
            np.testing.assert_allclose(entry.number(entry.whole, {}), expected, 1e-7, 1e-10)
            text = str(entry)
            assert text.count(entry.name) >= 2
            assert f"{entry.value + 0.0:.5g}".replace("-", "−") in text


def test_the_lecture_net_as_on_its_slides():
    _, names, explanation = explained(lecture)
    w1 = names["w1"]
    lines = str(explanation.entry(w1, 0, 1)).splitlines()
    assert lines[1:5] == [
        "    ∂loss/∂w1[0, 1] = Σ_k(x[k, 0] ∂loss/∂h_1[k, 1])",
        "    ∂loss/∂h_1[k, 1] = ∂loss/∂h_relu[k, 1] [h_1[k, 1] ≥ 0]",
        "    ∂loss/∂h_relu[k, 1] = ∂loss/∂out[k, 0] w2[1, 0]",
        "    ∂loss/∂out[k, 0] = 2 (out[k, 0] − y[k, 0])",
    ]
    assert lines[-1].strip() == "∂loss/∂w1 = xᵀ ∂loss/∂h_1"
    assert "terms left out: 61 of 64" in str(explanation.entry(w1, 0, 1))
    assert str(explanation.entry(w1, -3, -1)) == str(explanation.entry("w1", 0, 1))


def test_the_whole_derivation_in_both_languages():
    _, names, explanation = explained(lecture)
    english, russian = explanation.derivation(names["w1"]), explanation.derivation("w1", lang="ru")
    formulas = [line for line in english.splitlines() if "=" in line]
    assert formulas[:3] == ["    h_1 = x w1", "    h_relu = max(h_1, 0)", "    out = h_relu w2"]
    assert "w1 → h_1 → h_relu → out → loss" in english
    assert "Как вычисляется loss" in russian
    assert [line for line in russian.splitlines() if " = " in line and "равна" not in line] == [
        line for line in formulas if " = " in line
    ]
    assert explanation.derivation() == english


def test_what_cannot_be_asked():
    _, names, explanation = explained(lecture)
    with pytest.raises(IndexError, match=r"entry\(\): w1 has shape \[3, 2\], so an entry has 2 indices, but got \[0\]"):
        explanation.entry("w1", 0)
    with pytest.raises(IndexError, match=r"index 3 is out of bounds for dimension 0 of w1 with size 3"):
        explanation.entry("w1", 3, 0)
    with pytest.raises(GraphError, match="this tensor is no part of the graph of loss; it holds w1, w2"):
        explanation.entry(cr.ones(2), 0)
    with pytest.raises(GraphError, match="no gradient arrives at x"):
        explanation.entry(names["x"], 0, 0)
