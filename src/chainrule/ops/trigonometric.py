"""Trigonometric and hyperbolic functions, and their inverses."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..op import FLOAT, elementwise

_INSIDE = (-1, 1)

sin = elementwise(
    "sin",
    np.sin,
    {"x": lambda x: np.cos(x)},
    promotion=FLOAT,
    doc="""sin x, of radians.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).sin()
    tensor([0.0000, 0.8415])
    """,
)
cos = elementwise(
    "cos",
    np.cos,
    {"x": lambda x: -np.sin(x)},
    promotion=FLOAT,
    doc="""cos x, of radians.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).cos()
    tensor([1.0000, 0.5403])
    """,
)
tan = elementwise(
    "tan",
    np.tan,
    {"x": lambda y: 1 + y * y},
    promotion=FLOAT,
    domain=(-1.5, 1.5),
    doc="""tan x, of radians.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).tan()
    tensor([0.0000, 1.5574])
    """,
)
asin = elementwise(
    "asin",
    np.arcsin,
    {"x": lambda x: 1 / np.sqrt(1 - x * x)},
    promotion=FLOAT,
    alias=("arcsin",),
    domain=_INSIDE,
    doc="""The angle in [−π/2, π/2] whose sine is x; NaN outside of [−1, 1].

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).asin()
    tensor([0.0000, 1.5708])
    """,
)
acos = elementwise(
    "acos",
    np.arccos,
    {"x": lambda x: -1 / np.sqrt(1 - x * x)},
    promotion=FLOAT,
    alias=("arccos",),
    domain=_INSIDE,
    doc="""The angle in [0, π] whose cosine is x; NaN outside of [−1, 1].

    >>> import chainrule as cr
    >>> cr.tensor([1., 0.]).acos()
    tensor([0.0000, 1.5708])
    """,
)
atan = elementwise(
    "atan",
    np.arctan,
    {"x": lambda x: 1 / (x * x + 1)},
    promotion=FLOAT,
    alias=("arctan",),
    doc="""The angle in (−π/2, π/2) whose tangent is x.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).atan()
    tensor([0.0000, 0.7854])
    """,
)


def _square_of_radius(a: Any, b: Any) -> Any:
    """a² + b², and 1 at the origin, where the slopes are 0."""
    r = a * a + b * b
    return np.where(r == 0, 1, r)


atan2 = elementwise(
    "atan2",
    np.arctan2,
    {"a": lambda a, b: b / _square_of_radius(a, b), "b": lambda a, b: -a / _square_of_radius(a, b)},
    promotion=FLOAT,
    alias=("arctan2",),
    kinks=(0,),
    doc="""The angle of the point (b, a): of a / b in the quadrant that both signs tell. The slopes at (0, 0) are 0.

    >>> import chainrule as cr
    >>> cr.tensor([1.]).atan2(cr.tensor([-1.]))
    tensor([2.3562])
    """,
)
sinh = elementwise(
    "sinh",
    np.sinh,
    {"x": lambda x: np.cosh(x)},
    promotion=FLOAT,
    doc="""(eˣ − e⁻ˣ) / 2.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).sinh()
    tensor([0.0000, 1.1752])
    """,
)
cosh = elementwise(
    "cosh",
    np.cosh,
    {"x": lambda x: np.sinh(x)},
    promotion=FLOAT,
    doc="""(eˣ + e⁻ˣ) / 2.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).cosh()
    tensor([1.0000, 1.5431])
    """,
)
tanh = elementwise(
    "tanh",
    np.tanh,
    {"x": lambda y: 1 - y * y},
    promotion=FLOAT,
    doc="""sinh x / cosh x.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).tanh()
    tensor([0.0000, 0.7616])
    """,
)
asinh = elementwise(
    "asinh",
    np.arcsinh,
    {"x": lambda x: 1 / np.sqrt(x * x + 1)},
    promotion=FLOAT,
    alias=("arcsinh",),
    doc="""The inverse of `sinh`.

    >>> import chainrule as cr
    >>> cr.tensor([0., 1.]).asinh()
    tensor([0.0000, 0.8814])
    """,
)
acosh = elementwise(
    "acosh",
    np.arccosh,
    {"x": lambda x: 1 / np.sqrt(x * x - 1)},
    promotion=FLOAT,
    alias=("arccosh",),
    domain=(1, math.inf),
    doc="""The inverse of `cosh`, at least 0; NaN below 1.

    >>> import chainrule as cr
    >>> cr.tensor([1., 2.]).acosh()
    tensor([0.0000, 1.3170])
    """,
)
atanh = elementwise(
    "atanh",
    np.arctanh,
    {"x": lambda x: 1 / (1 - x * x)},
    promotion=FLOAT,
    alias=("arctanh",),
    domain=_INSIDE,
    doc="""The inverse of `tanh`; infinite at ±1, NaN outside.

    >>> import chainrule as cr
    >>> cr.tensor([0., 0.5]).atanh()
    tensor([0.0000, 0.5493])
    """,
)
sinc = elementwise(
    "sinc",
    lambda x: np.where(x == 0, 1, np.sin(math.pi * x) / (math.pi * x)),
    {"x": lambda x, y: np.where(x == 0, 0, (np.cos(math.pi * x) - y) / x)},
    promotion=FLOAT,
    kinks=(0,),
    doc="""sin(πx) / (πx), and 1 at 0.

    >>> import chainrule as cr
    >>> cr.tensor([0., 0.5]).sinc()
    tensor([1.0000, 0.6366])
    """,
)
deg2rad = elementwise(
    "deg2rad",
    np.deg2rad,
    {"x": math.pi / 180},
    promotion=FLOAT,
    doc="""x π / 180: degrees to radians.

    >>> import chainrule as cr
    >>> cr.tensor([180, 90]).deg2rad()
    tensor([3.1416, 1.5708])
    """,
)
rad2deg = elementwise(
    "rad2deg",
    np.rad2deg,
    {"x": 180 / math.pi},
    promotion=FLOAT,
    doc="""x 180 / π: radians to degrees.

    >>> import chainrule as cr
    >>> cr.tensor([1.]).rad2deg()
    tensor([57.2958])
    """,
)
