"""The PyTorch source of an explanation, run with PyTorch itself, gives autograd's gradients."""

from __future__ import annotations

import pytest

from tests.explain import models
from tests.explain.models import MODELS
from tests.explain.test_torch_source import ABSENT, assert_same, explained, registry, run, swish

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_the_source_gives_autograds_numbers(model):
    e, expected = explained(model)
    assert_same(run(e, torch, torch.tensor, swish(torch.sigmoid, torch.tensor)), expected)


@pytest.mark.parametrize("model", [models.lecture, models.mlp, models.attention, models.gru], ids=lambda m: m.__name__)
def test_float32(model, monkeypatch):
    normal = models.normal
    monkeypatch.setattr(
        models, "normal", lambda *s, grad=False, scale=0.7: normal(*s, scale=scale).float().requires_grad_(grad)
    )
    e, expected = explained(model)
    found = run(e, torch, torch.tensor)
    assert {g.dtype for g in found.values()} == {torch.float32}
    assert_same(found, expected, 1e-4)


def test_the_records_give_autograds_numbers():
    found = registry(torch, torch.tensor, every=8)
    assert not found["different"]
    assert {key.rpartition("-")[0] for key in found["absent"]} <= ABSENT
    assert len(found["same"]) > 110
