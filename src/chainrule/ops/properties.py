"""Questions about a tensor that are answered yes or no. No records."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import NotSupportedError
from ..graph import InferenceStorage, TensorBase
from ..op import public


def _array(name: str, input: Any) -> np.ndarray[Any, Any]:
    try:
        return input._data
    except AttributeError:
        raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(input).__name__}") from None


@public()
def is_floating_point(input: Any) -> bool:
    """Whether the dtype is float16, float32 or float64."""
    return _array("is_floating_point", input).dtype.kind == "f"


@public()
def is_complex(input: Any) -> bool:
    """False: there are no complex tensors."""
    return _array("is_complex", input).dtype.kind == "c"


@public()
def is_signed(input: Any) -> bool:
    """Whether the dtype holds negative numbers."""
    return _array("is_signed", input).dtype.kind in "fi"


@public()
def is_conj(input: Any) -> bool:
    """False: there are no complex tensors to conjugate lazily."""
    return _array("is_conj", input).dtype.kind == "c"


@public()
def is_neg(input: Any) -> bool:
    """False: no tensor is negated lazily."""
    return False


@public()
def is_inference(input: Any) -> bool:
    """Whether the tensor was made in inference mode, so that it cannot be saved for backward."""
    return isinstance(input._storage, InferenceStorage)


@public()
def is_nonzero(input: Any) -> bool:
    """Whether the only element is not zero. Raises RuntimeError unless there is exactly one."""
    _array("is_nonzero", input)
    return bool(input)


@public()
def is_same_size(input: Any, other: Any) -> bool:
    """Whether both have the same shape."""
    return input._data.shape == other._data.shape


@public(method=False)
def is_tensor(obj: Any) -> bool:
    """Whether an object is a tensor.

    >>> import chainrule as cr
    >>> cr.is_tensor(cr.ones(2)), cr.is_tensor([1.0])
    (True, False)
    """
    return isinstance(obj, TensorBase)


@public(function=False)
def get_device(input: Any) -> int:
    """−1: the tensor is on the CPU."""
    return -1


@public(function=False)
def is_pinned(input: Any, device: Any = None) -> bool:
    """False: memory is pinned for GPUs only."""
    return False


@public(function=False)
def pin_memory(input: Any, device: Any = None) -> Any:
    """Raises NotSupportedError: memory is pinned for GPUs only."""
    raise NotSupportedError(
        "Cannot access accelerator device when none is available: pin_memory() prepares a copy to a GPU; leave it out"
    )


@public(function=False)
def is_shared(input: Any) -> bool:
    """False: processes do not share memory (threads share every tensor)."""
    return False


@public(function=False)
def share_memory_(input: Any) -> Any:
    """The tensor itself: threads share it anyway. Other processes get a copy, unlike in PyTorch."""
    return input
