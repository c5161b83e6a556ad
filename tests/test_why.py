"""The examples of "why backprop has to be understood": they run, show what their pages say, and run on PyTorch too."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent.parent / "examples" / "why"
EXAMPLES = sorted(FOLDER.glob("*.py"))
PAGES = Path(__file__).parent.parent / "docs" / "why"


def load(name, source=None):
    """An example as a module."""
    path = FOLDER / f"{name}.py"
    module = importlib.util.module_from_spec(importlib.util.spec_from_file_location(f"why_{name}", path))
    text = path.read_text(encoding="utf-8") if source is None else source
    exec(compile(text, str(path), "exec"), vars(module))
    return module


def numbers(text):
    return [float(n) for n in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]\d+)?", text)]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_pytorch_prints_the_same(path, capsys):
    pytest.importorskip("torch")
    source = path.read_text(encoding="utf-8")
    theirs = source.replace("import chainrule as torch", "import torch").replace("import chainrule.", "import torch.")
    load(path.stem).main()
    ours = capsys.readouterr().out
    load(path.stem, theirs).main()
    reference = capsys.readouterr().out
    assert re.sub(r"[-\d.e+]+", "", ours) == re.sub(r"[-\d.e+]+", "", reference)
    assert numbers(ours) == pytest.approx(numbers(reference), rel=0.02)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: p.stem)
def test_every_example_has_a_figure_and_a_page(path):
    page = (PAGES / f"{path.stem}.md").read_text(encoding="utf-8")
    assert f"generated/{path.stem}.svg" in page
    pytest.importorskip("matplotlib").use("svg")
    import matplotlib.pyplot as plt

    figure = load(path.stem).figure()
    assert any(axes.get_xlabel() for axes in figure.axes)
    assert any(axes.lines or axes.images for axes in figure.axes)
    plt.close(figure)


def test_addition_gives_both_branches_the_same_gradient_and_concatenation_does_not():
    concatenation = load("concatenation")
    for join, same in (("addition", True), ("concatenation", False)):
        norms, to_a, to_b, _ = concatenation.train(join)
        assert (to_a.tolist() == to_b.tolist()) is same
        assert (norms[-1][1] < 0.6 * norms[-1][0]) is not same


def test_a_relu_leaves_weights_where_they_are_on_sparse_data():
    leaky_relu = load("leaky_relu")
    weights, units = leaky_relu.still(leaky_relu.ACTIVATIONS["ReLU"], 0.01)
    assert weights > 0.3
    assert units > 0.1
    assert leaky_relu.still(leaky_relu.ACTIVATIONS["LeakyReLU"], 0.01) == (0, 0)


def test_a_residual_connection_keeps_the_gradient():
    residual = load("residual")
    plain, with_connection = residual.norms(False), residual.norms(True)
    assert plain[0] < 1e-5 * plain[-1]
    assert with_connection[0] > with_connection[-1]


def test_sigmoids_and_small_recurrences_make_gradients_vanish():
    vanishing = load("vanishing")
    sigmoid, tanh = vanishing.through_layers(vanishing.torch.sigmoid), vanishing.through_layers(vanishing.torch.tanh)
    assert sigmoid[0] < 1e-8 * sigmoid[-1]
    assert tanh[0] > 0.1 * tanh[-1]
    small, one = vanishing.through_time(0.8), vanishing.through_time(1.0)
    assert small[0] < 1e-5 * small[-1]
    assert one[0] > 0.5 * one[-1]


def test_a_saturated_softmax_learns_from_cross_entropy_only():
    softmax = load("softmax")
    squared, entropy = softmax.LOSSES.values()
    assert softmax.gradient_norm(squared, 20) < 1e-6
    assert softmax.gradient_norm(entropy, 20) > 1.4


def test_losses_have_the_slopes_of_their_formulas():
    losses = load("losses")
    for name, slope in {
        "MSE": lambda e: 2 * e,
        "Huber": lambda e: e.clamp(-1, 1),
        "cross-entropy": lambda z: z.sigmoid() - 1,
        "hinge": lambda z: -(z < 1).float(),
    }.items():
        x, _, found = losses.curves(losses.LOSSES[name], -3, 2.9)
        assert found.tolist() == pytest.approx(slope(x).tolist(), abs=1e-5), name


def test_batch_norm_removes_mean_direction_and_scale_from_the_gradient():
    batch_norm = load("batch_norm")
    z, to_h, w, to_w = batch_norm.one_layer(1.0)
    for zero in (to_h.sum(0), (to_h * z).sum(0), (to_w * w).sum(0)):
        assert zero.abs().max().item() < 1e-4 * to_h.norm().item()
    assert batch_norm.one_layer(10.0)[3].norm().item() == pytest.approx(to_w.norm().item() / 10, rel=1e-3)
    assert batch_norm.first_layer(0.5, False) < 1e-10 < 0.1 < batch_norm.first_layer(0.5, True) < 10


def test_attention_weights_are_the_derivative_and_scaling_keeps_it():
    attention = load("attention")
    weights, rows = attention.reach()
    assert weights.flatten().tolist() == pytest.approx(rows.flatten().tolist(), abs=1e-7)
    assert rows.triu(1).abs().max().item() == 0
    assert attention.of_scores(1024, False) < 1e-3 < 0.1 < attention.of_scores(1024, True)
