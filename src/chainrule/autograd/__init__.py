"""The public face of the engine: `backward`, `grad`, `Function`, forward mode, checks, debugging."""

from ..modes import enable_grad, inference_mode, no_grad, set_grad_enabled
from . import anomaly, forward_ad, function, functional, gradients, graph
from .anomaly import (
    detect_anomaly,
    is_debug_enabled,
    set_debug,
    set_detect_anomaly,
    zero_times_infinity_is_zero,
)
from .function import Function
from .gradcheck import gradcheck, gradgradcheck
from .gradients import backward, grad
from .variable import Variable

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
