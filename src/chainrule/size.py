"""`Size`: the shape of a tensor, a tuple that prints and computes as PyTorch's."""

from __future__ import annotations

import math


class Size(tuple[int, ...]):
    """The shape of a tensor.

    >>> import chainrule as cr
    >>> cr.Size([2, 3]).numel()
    6
    """

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"
