"""`state_dict` and `load_state_dict` of modules: first everything is checked, then everything is written."""

from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Iterator, Mapping
from typing import Any

from ..inplace import check_writable
from ..modes import no_grad
from ..tensor import Tensor
from .parameter import Parameter


class IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """Which names were not found in a state dict, and which were found and not wanted."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_{super().__repr__()}"

    __str__ = __repr__


def _entries(module: Any, prefix: str = "") -> Iterator[tuple[str, dict[str, Any], str, Any]]:
    """Name, table, key in the table and tensor of all that a module saves."""
    for path, inner in module.named_modules(prefix=prefix, remove_duplicate=False):
        head = f"{path}." if path else ""
        for table in (inner._parameters, inner._buffers):
            for key, tensor in table.items():
                if tensor is not None and not (table is inner._buffers and key in inner._non_persistent):
                    yield head + key, table, key, tensor


def state_dict(module: Any, destination: OrderedDict[str, Any], prefix: str, keep_vars: bool) -> OrderedDict[str, Any]:
    """The tensors a module saves, by qualified name."""
    for name, _, _, tensor in _entries(module, prefix.removesuffix(".")):
        destination[name] = tensor if keep_vars else tensor.detach()
    return destination


def load_state_dict(module: Any, given: Any, strict: bool, assign: bool) -> IncompatibleKeys:
    """Write the tensors of a state dict into a module, or raise and write nothing."""
    if not isinstance(given, Mapping):
        raise TypeError(f"Expected state_dict to be dict-like, got {type(given)}.")
    entries = list(_entries(module))
    missing = [name for name, *_ in entries if name not in given]
    known = {name for name, *_ in entries}
    unexpected = [name for name in given if name not in known]
    errors = []
    if strict and missing:
        errors.append("Missing key(s) in state_dict: {}. ".format(", ".join(f'"{k}"' for k in missing)))
    if strict and unexpected:
        errors.append("Unexpected key(s) in state_dict: {}. ".format(", ".join(f'"{k}"' for k in unexpected)))
    found = [(table, key, old, given[name]) for name, table, key, old in entries if name in given]
    for name, _, _, old in entries:
        if name in given and (problem := _problem(name, old, given[name])):
            errors.append(problem)
    if errors:
        raise RuntimeError(f"Error(s) in loading state_dict for {type(module).__name__}:\n\t" + "\n\t".join(errors))
    if not assign:
        for _, _, old, _ in found:
            check_writable(old, "load_state_dict", False)
    with no_grad():
        for table, key, old, new in found:
            if assign:
                table[key] = _adopted(old, new)
            else:
                old.copy_(new.reshape(old.shape))
    return IncompatibleKeys(missing, unexpected)


def _problem(name: str, old: Tensor, new: Any) -> str:
    """Why a tensor of a state dict cannot be loaded; empty if it can."""
    if not isinstance(new, Tensor):
        return (
            f'While copying the parameter named "{name}", expected torch.Tensor or Tensor-like object from checkpoint '
            f"but received {type(new)}"
        )
    if new.shape != old.shape and not (old.shape == () and new.shape == (1,)):
        return (
            f"size mismatch for {name}: copying a param with shape {new.shape} from checkpoint, the shape in current "
            f"model is {old.shape}."
        )
    return ""


def _adopted(old: Tensor, new: Any) -> Any:
    """The tensor itself, as a parameter where it takes the place of one."""
    if not isinstance(old, Parameter):
        return new
    parameter = new if isinstance(new, Parameter) else Parameter(new.detach(), old.requires_grad)
    parameter._name = old._name
    return parameter.requires_grad_(old.requires_grad)
