"""Devices, layouts and memory formats under PyTorch's names; there is one of each: the CPU, strided, dense."""

from __future__ import annotations

import re
from typing import Any

from .errors import NotSupportedError

_TYPES = (  # noqa: SIM905
    "cpu cuda ipu xpu mkldnn opengl opencl ideep hip ve fpga maia xla lazy vulkan mps meta hpu mtia privateuseone"
).split()


class device:
    """Where a tensor lives. Any of PyTorch's names can be said; only "cpu" can be used.

    As a context manager or decorator it sets the device of what is created inside.

    >>> import chainrule as cr
    >>> cr.device("cpu")
    device(type='cpu')
    """

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: Any, index: int | None = None):
        if isinstance(type, device):
            type, index = type.type, type.index
        elif isinstance(type, int):
            raise NotSupportedError(
                f"Cannot access accelerator device when none is available: device {type} would be the GPU of that "
                'number. chainrule computes on the CPU only; write device("cpu")'
            )
        elif not isinstance(type, str):
            raise TypeError(f"device(): argument 'type' must be str, not {type.__class__.__name__}")
        elif index is None:
            type, index = _parse(type)
        if index is not None and index < 0:
            raise RuntimeError(f"Device index must not be negative, got {index}")
        self.type = type
        self.index = index

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __reduce__(self) -> tuple[Any, ...]:
        return device, (self.type, self.index)

    def __enter__(self) -> device:
        check_device(self)
        return self

    def __exit__(self, *exc: Any) -> None:
        pass

    def __call__(self, function: Any) -> Any:
        check_device(self)
        return function


def _parse(text: str) -> tuple[str, int | None]:
    """Type and index of a device string such as "cpu" or "cuda:1"."""
    if not text:
        raise RuntimeError("Device string must not be empty")
    name, colon, number = text.partition(":")
    if name not in _TYPES:
        if re.fullmatch(r"\w*\d\w*", name):  # "float64", say, in the place of a device
            raise RuntimeError(f"Invalid device string: '{text}'")
        raise RuntimeError(f"Expected one of {', '.join(_TYPES)} device type at start of device string: {text}")
    if not colon:
        return name, None
    if not number.isdecimal():
        raise RuntimeError(f"Invalid device string: '{text}'")
    return name, int(number)


CPU = device("cpu")


def check_device(given: Any) -> None:
    """Raise NotSupportedError unless the device is the CPU; None is the default, the CPU too."""
    if given is None or given == "cpu" or given is CPU:
        return
    wanted = given if isinstance(given, device) else device(given)
    if wanted.type != "cpu":
        built = "Torch not compiled with CUDA enabled: " if wanted.type == "cuda" else ""
        raise NotSupportedError(
            f"{built}device '{wanted}' is not available, chainrule computes on the CPU only; write "
            'device = "cuda" if cuda.is_available() else "cpu", as for PyTorch'
        )


def get_default_device() -> device:
    """The device of new tensors: the CPU."""
    return CPU


def set_default_device(device: Any) -> None:
    """Set the device of new tensors; raises NotSupportedError for anything but the CPU."""
    check_device(device)


class layout:
    """How the elements of a tensor lie in memory; the only one is `strided`."""

    __slots__ = ("name",)

    def __init__(self, name: str):
        self.name = name

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    def __reduce__(self) -> str:
        return self.name


class memory_format(layout):
    """The order of dimensions in memory that an operation may be asked for."""

    __slots__ = ()


strided = layout("strided")
preserve_format = memory_format("preserve_format")
contiguous_format = memory_format("contiguous_format")
