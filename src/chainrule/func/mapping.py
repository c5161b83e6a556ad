"""`vmap`: a function of one example made a function of a batch."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..errors import GraphError
from ..graph import TensorBase
from ..op import FUNCTIONS
from ..random import get_rng_state, set_rng_state
from ..trees import broadcast_prefix, describe, flatten, unflatten


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """`func` applied to every slice of its inputs along `in_dims`, the results stacked along `out_dims`.

    It is a loop: `func` runs once per slice, and what an operation costs beside its arithmetic is paid as often.
    PyTorch batches the operations instead; where that matters, write the batch dimension out. In return
    everything works inside: branches on values, in-place operations, `.item()`. `chunk_size` changes nothing.

    `in_dims` and `out_dims` are a number, None (not mapped) or a tree of them; `randomness` is "error", "different"
    (every slice draws on) or "same". Raises ValueError for dims that do not fit.

    >>> import chainrule as cr
    >>> cr.func.vmap(lambda a, b: a @ b)(cr.tensor([[1.0, 2.0], [3.0, 4.0]]), cr.tensor([[1.0, 1.0], [2.0, 0.0]]))
    tensor([3., 6.])
    """
    if randomness not in ("error", "different", "same"):
        raise GraphError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        name = getattr(func, "__name__", type(func).__name__)
        leaves, structure, dims = _inputs(name, in_dims, args)
        keyed, keys = flatten(kwargs)  # keyword arguments are mapped along their first dimension
        dims += [0 if isinstance(x, TensorBase) else None for x in keyed]
        count = _batch_size(leaves + keyed, dims)
        slices = [
            list(FUNCTIONS["unbind"](x, d)) if d is not None else None
            for x, d in zip(leaves + keyed, dims, strict=True)
        ]
        n = len(leaves)
        rows: list[list[Any]] = []
        shape: Any = None
        draw = _Randomness(randomness)
        for i in range(count):
            values = [x if s is None else s[i] for x, s in zip(leaves + keyed, slices, strict=True)]
            draw.before()
            output = func(*unflatten(values[:n], structure), **unflatten(values[n:], keys))
            draw.after()
            row, shape = flatten(output)
            rows.append(row)
        return _outputs(name, rows, shape, out_dims)

    return wrapper


def _inputs(name: str, in_dims: Any, args: tuple[Any, ...]) -> tuple[list[Any], Any, list[int | None]]:
    """The values of the arguments, their structure, and along which dimension each is mapped."""
    where = f"vmap({name}, in_dims={in_dims}, ...)(<inputs>)"
    if not isinstance(in_dims, (int, tuple, list)):
        raise ValueError(
            f"{where}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of "
            "inputs, got: "
            f"{type(in_dims)}."
        )
    if not args:
        raise ValueError(
            f"vmap({name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to vmap over a "
            "function with no inputs. The latter is unsupported."
        )
    leaves, structure = flatten(args)
    dims = broadcast_prefix(tuple(in_dims) if isinstance(in_dims, list) else in_dims, structure)
    if dims is None:
        raise ValueError(
            f"{where}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
            f"{describe(flatten(in_dims)[1])} but inputs has structure {describe(structure)}."
        )
    checked = []
    for x, dim in zip(leaves, dims, strict=True):
        if dim is not None and not isinstance(dim, int):
            raise ValueError(
                f"{where}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
            )
        if dim is not None and not isinstance(x, TensorBase):
            raise ValueError(
                f"{where}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap over "
                "non-Tensor "
                "arguments, please use None as the respective in_dim"
            )
        if dim is not None and not -x._data.ndim <= dim < x._data.ndim:
            raise ValueError(
                f"{where}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality "
                f"{x._data.ndim} so "
                f"expected in_dim to satisfy -{x._data.ndim} <= in_dim < {x._data.ndim}."
            )
        checked.append(dim)
    return leaves, structure, checked


def _batch_size(values: list[Any], dims: list[int | None]) -> int:
    sizes = [x._data.shape[d] for x, d in zip(values, dims, strict=True) if d is not None]
    if not sizes:
        raise ValueError("vmap: at least one of the inputs must be mapped, but all in_dims are None")
    if len(set(sizes)) > 1:
        raise ValueError(
            "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
            f"{sizes} for the mapped dimension"
        )
    if sizes[0] == 0:
        raise ValueError("vmap: the mapped dimension has size 0, so that no slice says what func returns")
    return sizes[0]


def _outputs(name: str, rows: list[list[Any]], shape: Any, out_dims: Any) -> Any:
    """The results of all slices, stacked."""
    dims = broadcast_prefix(out_dims, shape)
    if dims is None:
        raise ValueError(
            f"vmap({name}, ..., out_dims={out_dims})(<inputs>): out_dims is not compatible with the structure of "
            "`outputs`. "
            f"out_dims has structure {describe(flatten(out_dims)[1])} but outputs has structure {describe(shape)}."
        )
    stacked = []
    for column, dim in zip(zip(*rows, strict=True), dims, strict=True):
        if dim is None:
            if any(x is not column[0] for x in column):
                raise ValueError(f"vmap({name}, ...): `{name}` can not return a BatchedTensor when out_dim is None")
            stacked.append(column[0])
            continue
        for x in column:
            if not isinstance(x, TensorBase):
                raise ValueError(
                    f"vmap({name}, ...): `{name}` must only return Tensors, got type {type(x)}. Did you mean to "
                    "set out_dims= "
                    "to None for output?"
                )
        stacked.append(FUNCTIONS["stack"](list(column), dim))
    return unflatten(stacked, shape)


class _Randomness:
    """What random operations inside do: fail, draw on, or draw the same for every slice."""

    def __init__(self, mode: str):
        self.mode = mode
        self.state = None if mode == "different" else get_rng_state()

    def before(self) -> None:
        if self.mode == "same":
            set_rng_state(self.state)

    def after(self) -> None:
        if self.mode == "error" and (get_rng_state()._data != self.state._data).any():  # type: ignore[union-attr]
            set_rng_state(self.state)
            raise GraphError(
                "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
                "'different' randomness flags on vmap or perform the randomness operation out of vmap"
            )
