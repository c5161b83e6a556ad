"""What holds for all tests: they start from PyTorch's defaults."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr


@pytest.fixture(autouse=True)
def fresh_state():
    """No test sees the seed, default dtype or grad mode that another one left behind."""
    cr.manual_seed(0)
    np.random.seed(0)
    cr.set_default_dtype(cr.float32)
    yield
    cr.set_default_dtype(cr.float32)
    assert cr.is_grad_enabled(), "a test left gradients switched off"
