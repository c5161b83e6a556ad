"""Named results of functions that return several tensors; they print as PyTorch's."""

from __future__ import annotations

from collections import namedtuple
from typing import Any


def _returning(name: str, *fields: str) -> Any:
    """A named tuple that prints as `torch.return_types.<name>`."""
    base: Any = namedtuple(name, fields)  # type: ignore[misc]

    def __repr__(self: Any) -> str:
        lines = ",\n".join(f"{field}={value!r}" for field, value in zip(fields, self, strict=True))
        return f"torch.return_types.{name}(\n{lines})"

    return type(name, (base,), {"__slots__": (), "__repr__": __repr__, "__module__": __name__})


max = _returning("max", "values", "indices")
min = _returning("min", "values", "indices")
aminmax = _returning("aminmax", "min", "max")
median = _returning("median", "values", "indices")
nanmedian = _returning("nanmedian", "values", "indices")
mode = _returning("mode", "values", "indices")
kthvalue = _returning("kthvalue", "values", "indices")
sort = _returning("sort", "values", "indices")
topk = _returning("topk", "values", "indices")
cummax = _returning("cummax", "values", "indices")
cummin = _returning("cummin", "values", "indices")
