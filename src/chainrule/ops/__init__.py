"""The records, a file per family. Importing this package fills the registry.

A manual for rule writers stands in `ops/README.md`.
"""

from . import arithmetic, products, reduction, rounding, shape

__all__ = ["arithmetic", "products", "reduction", "rounding", "shape"]
