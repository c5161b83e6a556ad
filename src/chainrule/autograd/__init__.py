"""The public face of the engine: `backward`, `grad`, `Function`, forward mode, checks, debugging."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from . import function, gradients, graph
from .function import Function
from .gradients import backward, grad
from .variable import Variable

if TYPE_CHECKING:
    from . import anomaly, forward_ad, functional
    from .anomaly import (
        detect_anomaly,
        is_debug_enabled,
        set_debug,
        set_detect_anomaly,
        zero_times_infinity_is_zero,
    )
    from .checking import gradcheck, gradgradcheck

# Loaded when first asked for: what few programs use is a third of the time to import the package.
_LAZY = {
    **dict.fromkeys(("anomaly", "forward_ad", "functional"), ""),
    **dict.fromkeys(("gradcheck", "gradgradcheck"), "checking"),
    **dict.fromkeys(
        ("detect_anomaly", "is_debug_enabled", "set_debug", "set_detect_anomaly", "zero_times_infinity_is_zero"),
        "anomaly",
    ),
}


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f".{_LAZY[name] or name}", __name__)
    for other, source in _LAZY.items():  # all of one module: `gradcheck` is also the name of its module
        if source and source == _LAZY[name]:
            globals()[other] = getattr(module, other)
    return globals()[name] if _LAZY[name] else module


__all__ = [
    "Function",
    "Variable",
    "anomaly",
    "backward",
    "detect_anomaly",
    "enable_grad",
    "forward_ad",
    "function",
    "functional",
    "grad",
    "gradcheck",
    "gradgradcheck",
    "gradients",
    "graph",
    "inference_mode",
    "is_debug_enabled",
    "no_grad",
    "set_debug",
    "set_detect_anomaly",
    "set_grad_enabled",
    "zero_times_infinity_is_zero",
]
