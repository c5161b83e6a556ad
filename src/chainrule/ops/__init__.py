"""The records, a file per family. Importing this package fills the registry.

A manual for rule writers stands in `ops/README.md`.
"""

from . import (
    arithmetic,
    contraction,
    convert,
    filling,
    indexing,
    joining,
    layout,
    norms,
    parts,
    products,
    properties,
    random,
    reduction,
    rounding,
    scan,
    scatter,
    shape,
    sorting,
    statistics,
    triangle,
)

__all__ = [
    "arithmetic",
    "contraction",
    "convert",
    "filling",
    "indexing",
    "joining",
    "layout",
    "norms",
    "parts",
    "products",
    "properties",
    "random",
    "reduction",
    "rounding",
    "scan",
    "scatter",
    "shape",
    "sorting",
    "statistics",
    "triangle",
]
