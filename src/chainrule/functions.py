"""Every function of the records, under its public name; typed in `functions.pyi`."""

from __future__ import annotations

from . import tensor as tensor
from .op import FUNCTIONS

globals().update(FUNCTIONS)
__all__ = sorted(FUNCTIONS)  # pyright: ignore
