from __future__ import annotations
import numpy as np
from ..op import elementwise, public

clamp_min = elementwise("clamp_min", np.maximum, {"x": lambda x, low: x >= low, "low": lambda x, low: x < low}, symbol="max({x}, {low})")

@public()
def clamp(input, min=None, max=None):
    if min is not None:
        input = clamp_min.call(input, min)
    return input
