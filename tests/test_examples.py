"""The examples run, print what they promise, and run on PyTorch when only the import line changes."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"

pytest.importorskip("sklearn", reason="the lecture trains on scikit-learn's diabetes table")


def run(source: str) -> str:
    with tempfile.TemporaryDirectory() as folder:  # the page is written where the example runs
        command = [sys.executable, "-W", "error", "-c", source]
        result = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False, cwd=folder)
    assert result.returncode == 0, result.stderr
    return result.stdout


def losses(output: str) -> list[list[float]]:
    """The printed losses, a list per run of 500 iterations."""
    found = [float(x) for x in re.findall(r"iteration \d+ +loss ([\d.]+)", output)]
    return [found[i : i + 5] for i in range(0, len(found), 5)]


@pytest.fixture(scope="module")
def source():
    return (EXAMPLES / "lecture.py").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def output(source):
    return run(source)


def test_by_hand_and_autograd_print_the_same_losses(output):
    by_hand, autograd, adam, *real = losses(output)
    assert by_hand == autograd
    assert real[0] == real[1]
    assert len(real) == 3
    for run_of_five in (by_hand, adam, *real):
        assert len(run_of_five) == 5
        assert run_of_five == sorted(run_of_five, reverse=True)


def test_the_test_error_falls_clearly(output):
    errors = re.findall(r"test error ([\d.]+) → ([\d.]+)", output)
    assert len(errors) == 3
    for before, after in errors:
        assert float(after) < 0.6 < 1 < float(before)


@pytest.mark.parametrize(
    "line",
    [
        r"●─╯  mm\(h_relu, w2\)",
        r"▼    loss  scalar",
        r"∂loss/∂w1     = xᵀ ∂loss/∂h_1",
        r"    grad_w1 = x\.T @ grad_h_1",
        r"∂loss/∂w1\[0, 1\] = Σ_k\(x\[k, 0\] ∂loss/∂h_1\[k, 1\]\)",
        r"the page that shows it step by step: .*lecture_backprop\.html",
        r"loss.grad_fn +SumBackward0",
        r"RuntimeError: Trying to backward through the graph a second time",
        r"the gradient is now twice the first: True",
        r"enable_grad inside no_grad +True",
        r"no_grad inside both +False",
        r"outside +True",
    ],
)
def test_the_rest_of_the_lecture(output, line):
    assert re.search(line, output), output


def test_pytorch_gives_the_same_numbers(source, output):
    pytest.importorskip("torch")
    theirs = run(source.replace("import chainrule as torch", "import torch"))
    for a, b in zip(losses(output), losses(theirs), strict=True):
        assert a == pytest.approx(b, rel=1e-5)
    pattern = r"test error ([\d.]+) → ([\d.]+)"
    ours, others = (re.findall(pattern, text) for text in (output, theirs))
    assert [float(e) for pair in ours for e in pair] == pytest.approx([float(e) for p in others for e in p], abs=2e-4)
    tail = output.index("── grad_fn"), output.index("── a second backward")
    assert output[slice(*tail)] in theirs
