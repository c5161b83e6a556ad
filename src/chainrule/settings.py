"""Threads and determinism: what can be set, and what is true anyway."""

from __future__ import annotations

import os
import warnings

_threads: int | None = None


def get_num_threads() -> int:
    """The number of threads that NumPy's matrix products may use."""
    return _threads or os.cpu_count() or 1


def set_num_threads(num: int) -> None:
    """Limit the threads of NumPy's matrix products; everything else runs on one thread.

    NumPy itself has no way to do this: it takes the package threadpoolctl, without which a
    UserWarning says that nothing changed. Raises RuntimeError for anything but a positive integer.
    """
    global _threads
    if not isinstance(num, int) or isinstance(num, bool):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(num).__name__}")
    if num < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, got {num}")
    try:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError:
        warnings.warn(
            "set_num_threads() has no effect: the threads of NumPy's BLAS can only be limited with the package "
            "threadpoolctl, or before Python starts, with the environment variable OPENBLAS_NUM_THREADS",
            stacklevel=2,
        )
        return
    threadpool_limits(num)
    _threads = num


def get_num_interop_threads() -> int:
    """1: one operation runs after the other."""
    return 1


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Nothing to do: every operation gives the same numbers each time, on one machine."""


def are_deterministic_algorithms_enabled() -> bool:
    """True: every operation gives the same numbers each time, on one machine."""
    return True
