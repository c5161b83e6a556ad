"""Every error class of the library, each also the built-in type that PyTorch raises.

    Exception
    ├── RuntimeError
    │   ├── GraphError            the graph cannot be walked: no graph, not a scalar, bad gradient
    │   │   └── FreedGraphError   a second backward through values that the first one freed
    │   ├── InplaceError          an in-place write that gradients do not allow
    │   ├── ShapeError            shapes that do not fit together
    │   ├── DtypeError            dtypes that do not fit together
    │   │   └── UnsupportedDtypeError  an operation that a dtype does not have (NotImplementedError too)
    │   └── AnomalyError          `detect_anomaly` met a NaN in a gradient
    ├── NotImplementedError
    │   └── NotSupportedError     something PyTorch has and chainrule does not
    ├── TypeError
    │   └── SymbolicError         a formula cannot say what it was asked
    └── UserWarning
        └── GradientWarning       gradients that are legal but unlikely to be meant

A text begins with PyTorch's own first sentence where there is one, then says which operation,
which shapes and which source line, and ends with the way out.
"""

from __future__ import annotations


class GraphError(RuntimeError):
    """The graph cannot be differentiated as asked."""


class FreedGraphError(GraphError):
    """A second backward pass needs values that the first one freed."""


class InplaceError(RuntimeError):
    """An in-place write that would make a gradient wrong."""


class ShapeError(RuntimeError):
    """Shapes that do not fit together."""


class DtypeError(RuntimeError):
    """Dtypes that do not fit together."""


class UnsupportedDtypeError(DtypeError, NotImplementedError):
    """An operation that is not there for a dtype: bitwise logic of floats, the sign of a bool."""


class AnomalyError(RuntimeError):
    """A gradient that is not a number, found by `detect_anomaly`."""


class NotSupportedError(NotImplementedError):
    """Something PyTorch has and chainrule does not; the text says what to use instead."""


class SymbolicError(TypeError):
    """A formula was asked for a value it does not have, or met a word outside of the vocabulary."""


class GradientWarning(UserWarning):
    """Gradients that are legal but unlikely to be meant."""


def refuse_out(name: str) -> None:
    """Raise the error for `out=`, which no operation takes."""
    raise NotSupportedError(
        f"{name}(): out= is not supported, a result is always a new tensor; write into an existing one with "
        "`target.copy_(result)` or the in-place method"
    )
