"""Running programs written for PyTorch: `import torch` means chainrule, in this process only."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.util
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

PACKAGE = __name__.rpartition(".")[0]


class _Loader(importlib.abc.Loader):
    """Hands out a module of ours under PyTorch's name."""

    def __init__(self, module: ModuleType):
        self.module = module
        self.spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has put the other one there


class TorchFinder(importlib.abc.MetaPathFinder):
    """Finds `torch` and everything below it in this package."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: Any = None) -> ModuleSpec | None:
        """The spec of `torch…`; None for other modules. Raises ModuleNotFoundError for a part that we have not."""
        if name != "torch" and not name.startswith("torch."):
            return None
        ours = PACKAGE + name.removeprefix("torch")
        try:
            module = importlib.import_module(ours)
        except ModuleNotFoundError as error:
            if error.name is None or not ours.startswith(error.name):
                raise
            raise ModuleNotFoundError(
                f"No module named {name!r}: chainrule has no {ours!r}. Run this program with PyTorch, or do without it",
                name=name,
            ) from None
        return importlib.util.spec_from_loader(name, _Loader(module), is_package=hasattr(module, "__path__"))


def torch_means_chainrule() -> None:
    """From now on `import torch` gives chainrule in this process."""
    if not any(isinstance(finder, TorchFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, TorchFinder())
