"""`chainrule.cuda`: says that there is no GPU, so that programs which ask take their CPU path."""

from __future__ import annotations

from typing import Any

from .device import check_device


def is_available() -> bool:
    """False: chainrule computes on the CPU."""
    return False


def device_count() -> int:
    """The number of GPUs: none."""
    return 0


def is_initialized() -> bool:
    """False: there is nothing to initialise."""
    return False


def manual_seed(seed: int) -> None:
    """Nothing to do without a GPU, as in PyTorch."""


manual_seed_all = manual_seed


def empty_cache() -> None:
    """Nothing to do without a GPU, as in PyTorch."""


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(name)
    return lambda *args, **kwargs: check_device("cuda")
