"""Tools around training: `checkpoint`."""

from . import checkpoint as checkpoint

__all__ = ["checkpoint"]
