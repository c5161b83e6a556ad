"""The records, a file per family. Importing this package fills the registry.

A manual for rule writers stands in `ops/README.md`.
"""

from . import (
    arithmetic,
    contraction,
    filling,
    joining,
    norms,
    products,
    reduction,
    rounding,
    scan,
    shape,
    sorting,
    statistics,
    triangle,
)

__all__ = [
    "arithmetic",
    "contraction",
    "filling",
    "joining",
    "norms",
    "products",
    "reduction",
    "rounding",
    "scan",
    "shape",
    "sorting",
    "statistics",
    "triangle",
]
