"""`x[index] = value`: a write into a view for basic indices, into picked elements for the others."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import inplace, record
from .dtypes import FLOATS
from .errors import DtypeError
from .graph import InferenceStorage, TensorBase, call_site
from .modes import enter_quiet, leave_quiet, state
from .op import METHODS, REGISTRY
from .ops.indexing import basic_view, is_basic, parse
from .ops.put import check_put, vectors


def setitem(self: Any, index: Any, value: Any) -> None:
    """`self[index] = value`, a number or a tensor that is broadcast and cast; all-or-nothing.

    Raises IndexError for an index that does not fit, ShapeError for a value that does not.
    """
    basic, key = index if type(index) is tuple else (index,), ()
    if not is_basic(basic):
        basic, key = parse(index, self._data)
    elif _written_directly(self, basic, value):
        return
    if not isinstance(value, TensorBase):
        value = inplace.number(value, self)
    part = basic_view(self, basic)
    if key:
        put(part, key, value, "[...] = ")
    elif isinstance(value, TensorBase):
        inplace.put_whole(part, value, "[...] = ")
    else:
        inplace.fill_(part, value)


def _written_directly(self: Any, key: tuple[Any, ...], value: Any) -> bool:
    """The common case, without gradients, in tensors that own their memory: write, or leave it to the long way."""
    x, plain = self._data, state.plain
    if plain is None or x.base is not None or x.dtype not in FLOATS or not x.flags.writeable:
        return False
    storage = self._storage or self.storage
    if type(storage) is InferenceStorage or (plain and (self._node is not None or self._view is not None)):
        return False
    if isinstance(value, TensorBase):
        if plain and (value._node is not None or value._view is not None):
            return False
        value = value._data
    elif type(value) is not float and type(value) is not int:
        return False
    try:
        x[key] = value
    except (IndexError, ValueError):
        return False
    storage.version += 1
    storage.writer = ("[...] = ", *call_site(2))
    return True


def put(part: Any, key: tuple[Any, ...], value: Any, name: str, accumulate: bool = False) -> None:
    """Write `value` to the elements of `part` that arrays in the key name."""
    x = part._data
    array: Any = value
    if isinstance(value, TensorBase):
        array = value._data
        if array.dtype != x.dtype and array.ndim:
            raise DtypeError(
                f"Index put requires the source and destination dtypes match, got {part.dtype.title} for the "
                f"destination and {value.dtype.title} for the source. Convert it with .to(x.dtype)."  # type: ignore[attr-defined]
            )
    tracked = inplace.is_tracked(part, (value,))
    inplace.check_writable(part, name, tracked)
    try:
        shape = check_put(x, key, np.shape(array))
    except IndexError as error:
        raise IndexError(record.index_message(str(error))) from None
    if shape != np.shape(array):
        array = array.reshape(shape)
    if tracked:
        key = tuple([k.copy() if type(k) is np.ndarray else k for k in key])
    op = REGISTRY["index_put_add" if accumulate else "index_put"]
    before, source = record.node_of(part), record.node_of(value) if isinstance(value, TensorBase) else None
    quiet = enter_quiet()
    try:
        if accumulate:
            np.copyto(x, op.forward(x, array, key=key))
        else:
            x[key] = array
    finally:
        leave_quiet(quiet)
    inplace.touch(part, name)
    if state.grad and (before is not None or source is not None):
        mask = (before is not None) + 2 * (source is not None)
        node = record.record(op, (before, source), [x, array], x, mask, {"key": key})
        inplace.follow(part, x, node)
    if state.special:
        inplace.wrote(part, op, part, value, key=key)


def index_put_(self: Any, indices: Any, values: Any, accumulate: bool = False) -> Any:
    """Write `values`, broadcast, to `[indices]`, a tuple of integer or boolean tensors; returns the tensor."""
    if not isinstance(values, TensorBase):
        raise TypeError(f"index_put_(): argument 'values' (position 2) must be Tensor, not {type(values).__name__}")
    put(self, vectors(self, indices), values, "index_put_", accumulate)
    return self


METHODS["__setitem__"] = setitem
METHODS["index_put_"] = index_put_
