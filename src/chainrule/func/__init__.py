"""Transforms of functions: `grad`, `vjp`, `jvp`, `jacrev`, `jacfwd`, `hessian`, `vmap`. They nest.

A function takes and returns trees (nested tuples, lists, dicts) of tensors. The transforms see only what it is given;
tensors that it closes over are constants, unless they require a gradient: then results stay connected to them.
"""

from .forward import hessian, jacfwd, jvp, linearize
from .mapping import vmap
from .reverse import grad, grad_and_value, jacrev, vjp

__all__ = ["grad", "grad_and_value", "hessian", "jacfwd", "jacrev", "jvp", "linearize", "vjp", "vmap"]
