"""Checkpoints: what a part of a network saves for backward is dropped, and computed again when backward needs it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

from .. import autograd, record
from ..graph import TensorBase
from ..modes import enable_grad, no_grad, state
from ..random import get_rng_state, set_rng_state

__all__ = ["CheckpointError", "checkpoint", "checkpoint_sequential", "noop_context_fn"]


class CheckpointError(RuntimeError):
    """A part of a network did not do the same when it ran again."""


def noop_context_fn() -> tuple[Any, Any]:
    """Contexts for forward and recomputation that do nothing."""
    return nullcontext(), nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], tuple[Any, Any]] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """function(*args, **kwargs), of which backward keeps nothing but the arguments; it runs again in backward.

    `use_reentrant=False` is the better one of two ways: it works with `autograd.grad`, keywords, nesting, and
    parameters that function closes over. `True` runs a backward within the backward, as the first PyTorch
    versions did, and needs an argument that requires a gradient. `preserve_rng_state=True` (a keyword) repeats random
    numbers, such as those of dropout. Raises CheckpointError when the second run saves something else.

    >>> import chainrule as cr
    >>> from chainrule.utils.checkpoint import checkpoint
    >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> checkpoint(lambda x: (x * x).exp().sin(), x, use_reentrant=False).sum().backward()
    """
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint: the use_reentrant parameter should be passed explicitly. use_reentrant=False is "
            "recommended, but if you need to preserve the current default behavior, you can pass use_reentrant=True.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if not use_reentrant:
        again = _Recomputation(function, args, kwargs, preserve, context_fn, determinism_check, early_stop)
        return again.first(*args, **kwargs)
    if context_fn is not noop_context_fn or debug:
        raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    return CheckpointFunction.apply(function, preserve, *args)


def checkpoint_sequential(
    functions: Iterable[Callable[..., Any]], segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """A chain of functions in `segments` parts, each but the last a checkpoint."""
    if use_reentrant is None:
        warnings.warn(
            "torch.utils.checkpoint.checkpoint_sequential: the use_reentrant parameter should be passed explicitly.",
            stacklevel=2,
        )
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    chain = list(functions.children()) if hasattr(functions, "children") else list(functions)

    def part(start: int, end: int) -> Callable[[Any], Any]:
        def forward(x: Any) -> Any:
            for f in chain[start:end]:
                x = f(x)
            return x

        return forward

    size = len(chain) // segments
    for start in range(0, size * (segments - 1), size):
        input = checkpoint(part(start, start + size), input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return part(size * (segments - 1), len(chain))(input)


# ── without reentry: saved values are packed as numbers, and unpacked by running again ──────────


class _Stop(Exception):
    """Everything that was saved has been computed again."""


class _Holder:
    """What stands in a graph for a saved value: its number, and its shape and dtype for the check."""

    __slots__ = ("dtype", "index", "shape")

    def __init__(self, index: int, tensor: Any):
        self.index = index
        self.shape, self.dtype = tensor._data.shape, tensor._data.dtype


class _Recomputation:
    """One checkpoint: how to run it again, and what that run saved, until it is used."""

    def __init__(
        self,
        function: Any, args: Any, kwargs: Any, preserve: bool, context_fn: Any, determinism: str, early_stop: bool,
    ):  # fmt: skip
        self.function = function  # of the arguments only the memory is kept: they may lead back here by their .grad
        self.args = [_detached(a) for a in args]
        self.kwargs = {k: _detached(a) for k, a in kwargs.items()}
        self.contexts = context_fn()
        self.check = determinism == "default"
        if determinism not in ("default", "none"):
            raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {determinism}")
        self.early_stop = early_stop
        self.random = get_rng_state() if preserve else None
        self.count = 0
        self.values: dict[int, Any] = {}

    def first(self, *args: Any, **kwargs: Any) -> Any:
        """The call itself, which saves numbers in place of tensors."""
        with self.contexts[0], autograd.graph.saved_tensors_hooks(self._pack, self._unpack):
            return self.function(*args, **kwargs)

    def _pack(self, tensor: Any) -> _Holder:
        self.count += 1
        return _Holder(self.count - 1, tensor)

    def _unpack(self, holder: _Holder) -> Any:
        if holder.index not in self.values:
            self._again()
        tensor = self.values.pop(holder.index)
        if self.check and (tensor._data.shape, tensor._data.dtype) != (holder.shape, holder.dtype):
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata "
                "than during "
                f"the forward pass.\ntensor at position {holder.index}:\nsaved metadata: shape {list(holder.shape)}, "
                f"{holder.dtype}\nrecomputed metadata: shape {list(tensor._data.shape)}, {tensor._data.dtype}"
            )
        return tensor

    def _again(self) -> None:
        """Run the function again and keep what it saves."""
        self.values.clear()
        seen = 0

        def keep(tensor: Any) -> None:
            nonlocal seen
            self.values[seen] = tensor
            seen += 1
            if seen == self.count and self.early_stop:
                raise _Stop

        before = get_rng_state() if self.random is not None else None
        if before is not None:
            set_rng_state(self.random)
        try:
            with enable_grad(), self.contexts[1], autograd.graph.saved_tensors_hooks(keep, _unused):
                self.function(*[_detached(a) for a in self.args], **{k: _detached(a) for k, a in self.kwargs.items()})
        except _Stop:
            pass
        finally:
            if before is not None:
                set_rng_state(before)
        if seen != self.count:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {self.count}\nNumber of tensors saved during "
                f"recomputation: {seen}. The function has to do the same both times: no global state, no random "
                "numbers "
                "of another generator."
            )


def _unused(value: Any) -> Any:
    raise CheckpointError("torch.utils.checkpoint: a backward pass inside of the function needs a value it just saved")


def _detached(a: Any) -> Any:
    """A leaf with the value of an argument, so that the second run builds the same graph."""
    if not isinstance(a, TensorBase):
        return a
    return a.detach().requires_grad_(record.node_of(a) is not None)  # type: ignore[attr-defined]


# ── with reentry: a Function that runs a backward within its backward ───────────────────────────


class CheckpointFunction(autograd.Function):
    @staticmethod
    def forward(ctx: Any, function: Any, preserve: bool, *args: Any) -> Any:
        if not any(ctx.needs_input_grad):
            warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=4)
        ctx.function = function
        ctx.random = get_rng_state()._data if preserve else None
        ctx.places = [i for i, a in enumerate(args) if isinstance(a, TensorBase)]
        ctx.rest = [None if isinstance(a, TensorBase) else a for a in args]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        with no_grad():
            return function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        if state.current[1] is not None:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        args = list(ctx.rest)
        for i, t in zip(ctx.places, ctx.saved_tensors, strict=True):
            args[i] = _detached(t)
        before = get_rng_state() if ctx.random is not None else None
        if before is not None:
            set_rng_state(record.wrap(ctx.random))
        try:
            with enable_grad():
                outputs = ctx.function(*args)
        finally:
            if before is not None:
                set_rng_state(before)
        outputs = (outputs,) if isinstance(outputs, TensorBase) else outputs
        pairs = [(o, g) for o, g in zip(outputs, grads, strict=True) if isinstance(o, TensorBase) and o.requires_grad]  # type: ignore[attr-defined]
        if not pairs:
            raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
        autograd.backward([o for o, _ in pairs], [g for _, g in pairs])
        return (None, None, *[a.grad if isinstance(a, TensorBase) else None for a in args])  # type: ignore[attr-defined]
