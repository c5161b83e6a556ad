from __future__ import annotations
import numpy as np
from ..op import linear, public
from ..words import broadcast_to

def _spread(g, x_shape, axis, keepdims):
    if axis is not None and not keepdims:
        g = np.expand_dims(g, axis)
    return broadcast_to(g, x_shape)

_sum = linear("sum", lambda x, *, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims),
   {"x": _spread}, symbol="Σ {x}")

@public()
def sum(input, dim=None, keepdim=False, *, dtype=None, out=None):
    return _sum.call(input, axis=dim, keepdims=keepdim)
