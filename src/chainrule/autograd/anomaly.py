"""Looking for what goes wrong: anomaly mode, debug mode, and 0 × ∞ = 0 on request."""

from __future__ import annotations

import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakSet

import numpy as np

from .. import engine, record
from ..errors import AnomalyError
from ..graph import Node, TensorBase, internal
from ..modes import _Mode, state
from ..op import Op


class set_detect_anomaly(_Mode):
    """Anomaly mode on or off: at once as a function, for a block as a context manager. See `detect_anomaly`."""

    def __init__(self, mode: bool, check_nan: bool = True):
        self.before = (state.anomaly, state.anomaly_check_nan)
        self.mode, self.check_nan = mode, check_nan
        self._set()

    def _set(self) -> None:
        state.anomaly = {} if self.mode else None  # where zeros of gradients came from
        state.anomaly_check_nan = self.check_nan
        state.update()

    def fresh(self) -> set_detect_anomaly:
        return set_detect_anomaly(self.mode, self.check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        state.anomaly, state.anomaly_check_nan = self.before
        state.update()


class detect_anomaly(_Mode):
    """Within the block, every node keeps the call stack that made it, and a NaN in a gradient is an AnomalyError.

    The error names the operation, shows that stack, and where the NaN is 0 × ∞, the operation that sent the zero
    (`where`, `clamp` …): the branch not taken. An error of another kind is shown with the stack in a warning.
    `check_nan=False` keeps the stacks but does not look for NaN.
    """

    def __init__(self, check_nan: bool = True):
        self.check_nan = check_nan

    def fresh(self) -> detect_anomaly:
        return detect_anomaly(self.check_nan)

    def __enter__(self) -> None:
        self.before = (state.anomaly, state.anomaly_check_nan)
        state.anomaly, state.anomaly_check_nan = {}, self.check_nan
        state.update()

    def __exit__(self, *exc: Any) -> None:
        state.anomaly, state.anomaly_check_nan = self.before
        state.update()


def is_anomaly_enabled() -> bool:
    """Whether this thread is in anomaly mode."""
    return state.anomaly is not None


def is_anomaly_check_nan_enabled() -> bool:
    """Whether anomaly mode looks for NaN."""
    return state.anomaly_check_nan


def call_stack() -> str:
    """The stack of the user's frames, the innermost last."""
    frames = [f for f in traceback.extract_stack() if not internal[f.filename]]
    return "".join(traceback.format_list(frames)).rstrip()


def _after_apply(op: Op, args: tuple[Any, ...], params: dict[str, Any], out: Any) -> None:
    node = (out[0] if isinstance(out, tuple) else out)._node
    if node is None:
        return
    node = node.parent or node
    if state.anomaly is not None:
        node.trace = call_stack()
    if state.debug and node.op is op:
        _guard(op, node, args, out)


def _watch(node: Node, edges: Any, g: Any, compute: Callable[[], Sequence[Any]]) -> Sequence[Any]:
    """Run a node; raise for a NaN that it makes, and note where zeros come from."""
    try:
        grads = compute()
    except AnomalyError:
        raise
    except Exception:
        if node.trace:
            warnings.warn(
                f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{node.trace}",
                stacklevel=2,
            )
        raise
    incoming = _array(g)
    for i, (edge, gi) in enumerate(zip(edges, grads, strict=True)):
        if edge is None or gi is None:
            continue
        array = _array(gi)
        if state.anomaly_check_nan and np.isnan(array).any():
            raise AnomalyError(_nan_text(node, i, incoming, array))
        if node in state.anomaly:
            state.anomaly[edge] = state.anomaly[node]
        elif incoming is not None and (array == 0).any() and not (incoming == 0).any():
            state.anomaly[edge] = node
    state.anomaly.pop(node, None)
    return grads


def _array(g: Any) -> Any:
    return None if isinstance(g, (dict, tuple)) else g._data if isinstance(g, TensorBase) else g


def _nan_text(node: Node, i: int, incoming: Any, found: Any) -> str:
    text = f"Function '{node.name()}' returned nan values in its {i}th output."
    name = node.op.name if node.op is not None else node.name()
    if incoming is not None and not np.isnan(incoming).any():
        nan = np.isnan(found)
        if incoming.shape == nan.shape and (incoming[nan] == 0).all():
            text += f" It is 0 × ∞: the slope of `{name}` at {node.line} is infinite or NaN where the gradient is 0."
            source = state.anomaly.get(node)
            if source is not None:
                text += (
                    f" The zero comes from `{source.op.name if source.op is not None else source.name()}` at "
                    f"{source.line}, which does not use these elements."
                )
            text += (
                f" Keep them out before `{name}`, `where(ok, x, 1)`, not only after it; or run backward within "
                "chainrule.autograd.zero_times_infinity_is_zero()."
            )
    return text + (f"\nThe forward call that made it:\n{node.trace}" if node.trace else "")


class zero_times_infinity_is_zero(_Mode):
    """Within the block, backward takes 0 × ∞ and 0 × NaN for 0 in the rules of elementwise operations.

    What a `where` did not choose then has gradient 0, also where its slope is infinite. Not PyTorch's.

    >>> import chainrule as cr
    >>> x = cr.tensor([0.0, 4.0], requires_grad=True)
    >>> y = cr.where(x > 0, x.sqrt(), x)
    >>> with cr.autograd.zero_times_infinity_is_zero():
    ...     y.sum().backward()
    >>> x.grad
    tensor([1.0000, 0.2500])
    """

    def __enter__(self) -> None:
        self.before, state.absorbing = state.absorbing, True

    def __exit__(self, *exc: Any) -> None:
        state.absorbing = self.before


# ── debug mode ──────────────────────────────────────────────────────────────────────────────────


class set_debug(_Mode):
    """Debug mode on or off: at once as a function, for a block as a context manager. Not PyTorch's.

    While it is on, what the graph saves is read-only: the line that writes into it in place raises, not the
    backward pass that comes later. `.data` shares the version counter, so that its writes are seen too.
    Memory is free again when the graph was differentiated or dropped.

    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> with cr.autograd.set_debug(True):
    ...     y = x.exp()
    ...     try:
    ...         y.add_(1)
    ...     except RuntimeError as error:
    ...         print(str(error)[:75])
    one of the variables needed for gradient computation is being modified by a
    """

    def __init__(self, mode: bool):
        self.before, self.mode = state.debug, mode
        state.debug = mode
        state.update()

    def fresh(self) -> set_debug:
        return set_debug(self.mode)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: Any) -> None:
        state.debug = self.before
        state.update()


def is_debug_enabled() -> bool:
    """Whether this thread is in debug mode."""
    return state.debug


def _guard(op: Op, node: Node, args: tuple[Any, ...], out: Any) -> None:
    """Note on each memory that a node saved that it did."""
    mask = sum(1 << i for i, e in enumerate(node.edges) if e is not None)
    plan = op.plan(mask)
    kept = [args[i] for i in plan.keep]
    if plan.keeps_result:
        kept += out if isinstance(out, tuple) else (out,)
    for tensor in kept:
        if isinstance(tensor, TensorBase):
            storage = tensor.storage
            if storage.savers is None:
                storage.savers = WeakSet()
            storage.savers.add(node)


record.after_apply.append(_after_apply)
engine.watch = _watch
