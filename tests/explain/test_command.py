"""`python -m chainrule explain script.py`, on scripts written for PyTorch."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """\
import sys
import torch
import torch.nn.functional as F
from torch import nn
from torch.optim import SGD
torch.manual_seed(0)
model = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
opt = SGD(model.parameters(), lr=0.1)
x, t = torch.randn(6, 4), torch.tensor([0, 1, 2, 0, 1, 2])
for i in range(3):
    opt.zero_grad()
    loss = F.cross_entropy(model(x), t)
    loss.backward()
    opt.step()
print("end", sys.argv[1:])
other = (x.mm(model[0].weight.t()) ** 2).sum()
other.backward()
"""


def run(folder, *arguments, script=SCRIPT):
    (folder / "script.py").write_text(script, encoding="utf-8")
    command = [sys.executable, "-W", "error", "-m", "chainrule", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_page_of_the_first_pass(tmp_path):
    done = run(tmp_path, "explain", "script.py", "-o", "page.html", "--lang", "ru")
    assert done.returncode == 0, done.stderr
    assert "script.py:13: backward pass of loss" in done.stdout
    assert "end" not in done.stdout  # it stops there
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert 'lang="ru"' in page
    assert "model.0.weight" in page


def test_the_last_pass_and_the_scripts_own_arguments(tmp_path):
    done = run(tmp_path, "explain", "script.py", "--last", "a", "--b")
    assert done.returncode == 0, done.stderr
    assert "end ['a', '--b']" in done.stdout
    assert "∂other/∂model.0.weight" in done.stdout


def test_a_line(tmp_path):
    done = run(tmp_path, "explain", "script.py", "--at", "17")
    assert done.returncode == 0, done.stderr
    assert "∂other/" in done.stdout
    done = run(tmp_path, "explain", "script.py", "--at", "5")
    assert done.returncode == 1
    assert "script.py called no backward() at line 5; passes in all: 4" in done.stderr


def test_a_script_that_fails_is_drawn(tmp_path):
    failing = "import torch\nw = torch.ones(3, 2, requires_grad=True)\nh = torch.ones(4, 3).mm(w)\nh.mm(w)\n"
    done = run(tmp_path, "explain", "script.py", script=failing)
    assert done.returncode == 1
    assert "ShapeError" in done.stderr
    assert "h 4×2" in done.stderr


@pytest.mark.parametrize(
    "arguments, status, text",
    [
        (("explain", "none.py"), 2, "there is no file none.py"),
        (("nothing",), 2, "no command 'nothing'"),
        ((), 0, "usage: python -m chainrule"),
    ],
)
def test_wrong_calls(tmp_path, arguments, status, text):
    done = run(tmp_path, *arguments)
    assert done.returncode == status
    assert text in done.stdout + done.stderr


def test_a_module_that_is_not_there(tmp_path):
    done = run(tmp_path, "explain", "script.py", script="import torch.onnx\n")
    assert done.returncode == 1
    assert "No module named 'torch.onnx': chainrule has no 'chainrule.onnx'" in done.stderr
