"""The derivations of classic nets, as printed: `golden/<net>.txt`, to be read by a person after every change.

`CHAINRULE_GOLDEN=write python -m pytest tests/explain/test_golden.py` writes them anew.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.explain.table import lines

from .models import (
    Model,
    attention,
    autoencoder,
    batch_norm,
    contrastive,
    embedding,
    gru,
    layer_norm,
    lecture,
    mixture_density,
    mlp,
    normal,
    quadratic_form,
    residual,
)  # fmt: skip

FOLDER = Path(__file__).parent / "golden"


def linear_regression() -> Model:
    x, y = normal(20, 3), normal(20, 1)
    w, b = normal(3, 1, grad=True), normal(1, grad=True)
    prediction = x @ w + b
    loss = ((prediction - y) ** 2).mean()
    return loss, locals()


def logistic_regression() -> Model:
    x, y = normal(20, 3), (normal(20, 1) > 0).double()
    w, b = normal(3, 1, grad=True), normal(1, grad=True)
    p = (x @ w + b).sigmoid()
    loss = -(y * p.log() + (1 - y) * (1 - p).log()).mean()
    return loss, locals()


NETS = [
    linear_regression, logistic_regression, lecture, mlp, attention, gru, layer_norm, batch_norm, autoencoder,
    contrastive, embedding, quadratic_form, residual, mixture_density,
]  # fmt: skip


def written(net) -> str:
    """The table without its numbers, then the derivation of the first parameter from "one entry" on without them."""
    cr.manual_seed(0)
    loss, names = net()
    explanation = cr.explain(loss, names=names)
    rows = [f"{r.statement.phase:<10}{r.left} = {r.right}    {r.shape}" for r in lines(explanation)]
    leaf = next(v for v in explanation.recorded.leaves if v in explanation.program.gradients)
    entry = explanation.entry(leaf.name, *(0,) * len(leaf.shape))
    steps = [f"{left} = {right}" for left, right in entry.steps]
    return "\n".join([*rows, "", *steps]) + "\n"


@pytest.mark.parametrize("net", NETS, ids=lambda net: net.__name__)
def test_the_derivation_is_the_one_in_the_file(net):
    file = FOLDER / f"{net.__name__}.txt"
    if os.environ.get("CHAINRULE_GOLDEN") == "write":
        FOLDER.mkdir(exist_ok=True)
        file.write_text(written(net), encoding="utf-8")
    assert written(net) == file.read_text(encoding="utf-8")


def test_no_file_is_left_over():
    assert {file.stem for file in FOLDER.glob("*.txt")} == {net.__name__ for net in NETS}
