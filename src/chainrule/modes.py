"""Grad modes, per thread: `no_grad`, `enable_grad`, `set_grad_enabled`, `inference_mode`.

`state.plain` sums up everything rare (anomaly mode, saved-tensor hooks, dual numbers, inference,
debugging), so that the common path asks a single question.
"""

from __future__ import annotations

import functools
import inspect
import threading
import warnings
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


class _State(threading.local):
    """What a thread's operations do; the class attributes are a new thread's values."""

    grad = True
    inference = False
    anomaly: Any = None  # what anomaly mode has found out so far, a dict
    anomaly_check_nan = True
    absorbing = False  # in backward, 0 times infinity is 0
    saved_hooks: tuple[Any, ...] = ()  # pairs (pack, unpack); only the last one is asked
    dual_levels: tuple[int, ...] = ()  # the levels of dual numbers, each with a number of its own
    debug = False
    current: Any = None  # the backward pass that runs: its roots, and its targets or None
    left: tuple[str, Any, int] | None = None  # where a value last left a graph: item(), numpy() …
    special = False  # any of the modes above
    plain: bool | None = True  # `grad`, or None when special: all that the fast paths read

    def set_grad(self, enabled: bool) -> None:
        self.grad = enabled
        self.plain = None if self.special else enabled

    def update(self) -> None:
        """Call after any of the rare attributes was changed."""
        self.special = bool(
            self.inference or self.anomaly is not None or self.saved_hooks or self.dual_levels or self.debug
        )
        self.plain = None if self.special else self.grad


state = _State()

# NumPy warns on overflow and 0/0, PyTorch is silent. `with np.errstate` costs 0.9 µs here, setting
# its context variable 0.25: that variable is private to NumPy, so there is a way without it.
try:
    from numpy._core.umath import _extobj_contextvar, _make_extobj

    _SILENT = _make_extobj(all="ignore")

    def enter_quiet() -> Any:
        """Compute as PyTorch does, without floating-point warnings, until `leave_quiet`."""
        return _extobj_contextvar.set(_SILENT)

    leave_quiet = _extobj_contextvar.reset
except (ImportError, TypeError):  # pragma: no cover - another NumPy

    def enter_quiet() -> Any:
        """Compute as PyTorch does, without floating-point warnings, until `leave_quiet`."""
        quiet = np.errstate(all="ignore")
        quiet.__enter__()
        return quiet

    def leave_quiet(quiet: Any) -> None:
        quiet.__exit__(None, None, None)


# The flat paths for single operations do not even pay those 0.25 µs: this filter silences NumPy there.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"chainrule\.")


class _Mode:
    """A context manager that is a decorator too, for functions and generators."""

    def __enter__(self) -> Any:
        raise NotImplementedError

    def __exit__(self, *exc: Any) -> None:
        raise NotImplementedError

    def fresh(self) -> _Mode:
        return type(self)()

    def __call__(self, function: F) -> F:
        if inspect.isgeneratorfunction(function):
            return _wrap_generator(self.fresh, function)

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self.fresh():
                return function(*args, **kwargs)

        return wrapped  # type: ignore[return-value]


def _wrap_generator(fresh: Callable[[], _Mode], function: Any) -> Any:
    """The mode holds while the generator runs, not while its caller does."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        generator = function(*args, **kwargs)
        try:
            with fresh():
                item = next(generator)
            while True:
                try:
                    sent = yield item
                except GeneratorExit:
                    with fresh():
                        generator.close()
                    raise
                except BaseException as error:
                    with fresh():
                        item = generator.throw(error)
                else:
                    with fresh():
                        item = generator.send(sent)
        except StopIteration as stop:
            return stop.value

    return wrapped


class _GradMode(_Mode):
    __slots__ = ("before",)
    enabled: bool

    def __new__(cls, function: Any = None) -> Any:
        mode = object.__new__(cls)
        return mode if function is None else mode(function)

    def __enter__(self) -> None:  # `state.set_grad`, without the call: every training step comes by
        self.before = state.grad
        state.grad = enabled = self.enabled
        if state.plain is not None:
            state.plain = enabled

    def __exit__(self, *exc: Any) -> None:
        state.grad = before = self.before
        state.plain = None if state.special else before


class no_grad(_GradMode):
    """Operations inside are not recorded.

    >>> import chainrule as cr
    >>> w = cr.ones(2, requires_grad=True)
    >>> with cr.no_grad():
    ...     print((w * 2).requires_grad)
    False
    """

    __slots__ = ()
    enabled = False


class enable_grad(_GradMode):
    """Operations inside are recorded, also within `no_grad`."""

    __slots__ = ()
    enabled = True


class set_grad_enabled(_Mode):
    """Record operations or not, by a flag: at once as a function, for a block as a context manager."""

    def __init__(self, mode: bool):
        self.before = state.grad
        self.mode = mode
        state.set_grad(mode)

    def fresh(self) -> set_grad_enabled:
        return set_grad_enabled(self.mode)

    def __call__(self, function: F) -> F:
        state.set_grad(self.before)  # used as a decorator, it must not act where it is written
        return super().__call__(function)

    def __enter__(self) -> None:
        state.set_grad(self.mode)

    def __exit__(self, *exc: Any) -> None:
        state.set_grad(self.before)


class inference_mode(_Mode):
    """As `no_grad`; tensors made inside also carry no version counter and cannot be saved for backward."""

    mode: bool

    def __new__(cls, mode: Any = True) -> Any:
        made = object.__new__(cls)
        if callable(mode):
            made.mode = True
            return made(mode)
        made.mode = mode
        return made

    def fresh(self) -> inference_mode:
        return inference_mode(self.mode)

    def __enter__(self) -> None:
        self.before = (state.grad, state.inference)
        state.inference = self.mode
        state.grad = not self.mode
        state.update()

    def __exit__(self, *exc: Any) -> None:
        state.grad, state.inference = self.before
        state.update()


def is_grad_enabled() -> bool:
    """Whether operations of this thread are recorded."""
    return state.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside `inference_mode`."""
    return state.inference
