"""`Module`: what belongs to a network, under names; calling it, saving it, moving it.

A parameter learns its qualified name ("decoder.0.weight") when its module is put into another, so
that every message about it can say which one it is.
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any

from ..errors import GradientWarning
from ..graph import RemovableHandle, call_site, line_of
from ..tensor import Tensor
from .parameter import Parameter
from .state import load_state_dict, state_dict

_TABLES = ("_parameters", "_buffers", "_modules")


class Module:
    """The base of all networks: assign parameters and modules as attributes, define `forward`.

    >>> import chainrule as cr
    >>> class Scale(cr.nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = cr.nn.Parameter(cr.tensor(2.0))
    ...     def forward(self, x):
    ...         return self.factor * x
    >>> Scale()(cr.tensor([1.0, 2.0]))
    tensor([2., 4.], grad_fn=<MulBackward0>)
    """

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    forward: Callable[..., Any]

    def __init__(self) -> None:
        own = self.__dict__
        own["training"] = True
        for table in _TABLES:
            own[table] = {}
        own["_non_persistent"] = set()
        own["_forward_hooks"] = {}
        own["_forward_pre_hooks"] = {}
        own["_plain_containers"] = {}  # attributes that are lists or dicts: where they were assigned
        own["_path"] = ""  # where this module stands in the one it was put into

    # ── calling ─────────────────────────────────────────────────────────────────────────────────

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._forward_hooks or self._forward_pre_hooks:
            return self._call_with_hooks(args, kwargs)
        return self.forward(*args, **kwargs)

    def _call_with_hooks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        for hook, with_kwargs in list(self._forward_pre_hooks.values()):
            changed = hook(self, args, kwargs) if with_kwargs else hook(self, args)
            if changed is None:
                continue
            if with_kwargs:
                if not (isinstance(changed, tuple) and len(changed) == 2):
                    raise RuntimeError(
                        f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}."
                    )
                args, kwargs = changed
            else:
                args = changed if isinstance(changed, tuple) else (changed,)
        result = self.forward(*args, **kwargs)
        for hook, with_kwargs in list(self._forward_hooks.values()):
            changed = hook(self, args, kwargs, result) if with_kwargs else hook(self, args, result)
            if changed is not None:
                result = changed
        return result

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`; what it returns replaces the arguments."""
        return _add_hook(self._forward_pre_hooks, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; what it returns replaces the output."""
        return _add_hook(self._forward_hooks, (hook, with_kwargs), prepend)

    # ── attributes ──────────────────────────────────────────────────────────────────────────────

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, (Parameter, Module)):
            table = "_parameters" if isinstance(value, Parameter) else "_modules"
            if table not in own:
                what = "parameters" if table == "_parameters" else "module"
                raise AttributeError(
                    f"cannot assign {what} before Module.__init__() call; begin __init__ with super().__init__()"
                )
            for other in (own, *(own[t] for t in _TABLES if t != table)):
                other.pop(name, None)
            own["_non_persistent"].discard(name)
            register: Any = self.register_parameter if table == "_parameters" else self.add_module
            register(name, value)
            return
        for table, expected, what in (
            ("_parameters", "torch.nn.Parameter", "parameter"),
            ("_modules", "torch.nn.Module", "child module"),
            ("_buffers", "torch.nn.Buffer, torch.Tensor", "buffer"),
        ):
            if name in own.get(table, ()):
                if value is not None and not (table == "_buffers" and isinstance(value, Tensor)):
                    raise TypeError(
                        f"cannot assign '{_typename(value)}' as {what} '{name}' ({expected} or None expected)"
                    )
                own[table][name] = value
                return
        if isinstance(value, (list, tuple, dict)) and "_plain_containers" in own:
            own["_plain_containers"][name] = call_site(2)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        for table in _TABLES:
            if table in own and name in own[table]:
                return own[table][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for table in _TABLES:
            if name in self.__dict__[table]:
                del self.__dict__[table][name]
                self._non_persistent.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = {*object.__dir__(self), *self._parameters, *self._buffers, *self._modules}
        return sorted(n for n in names if not n[:1].isdigit())

    def _check_name(self, what: str, name: Any, table: dict[str, Any]) -> None:
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {_typename(name)}")
        if "." in name:
            raise KeyError(f'{what} name can\'t contain "."' + (f", got: {name}" if what == "module" else ""))
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')
        if hasattr(self, name) and name not in table:
            raise KeyError(f"attribute '{name}' already exists")

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Count `param` among this module's parameters; None keeps the name for later."""
        if "_parameters" not in self.__dict__:
            raise AttributeError("cannot assign parameter before Module.__init__() call")
        self._check_name("parameter", name, self._parameters)
        if param is not None:
            if not isinstance(param, Parameter):
                raise TypeError(
                    f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                    "(torch.nn.Parameter or None required)"
                )
            if param.grad_fn is not None:
                raise ValueError(
                    f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                    f"explicitly. To express '{name}' as a function of another Tensor, compute the value in the "
                    "forward() method."
                )
            param._name = f"{self._path}{name}"
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Count `tensor` among what is moved and (if persistent) saved with this module, but not trained."""
        if "_buffers" not in self.__dict__:
            raise AttributeError("cannot assign buffer before Module.__init__() call")
        self._check_name("buffer", name, self._buffers)
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = tensor
        (self._non_persistent.discard if persistent else self._non_persistent.add)(name)

    def add_module(self, name: str, module: Module | None) -> None:
        """Put `module` into this one under a name."""
        if module is not None and not isinstance(module, Module):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_name("module", name, self._modules)
        self._modules[name] = module
        if module is not None:
            module._learn_path(f"{self._path}{name}.")

    register_module = add_module

    def _learn_path(self, path: str) -> None:
        """Tell everything inside where it stands now."""
        for name, module in self.named_modules():
            inner = f"{path}{name}." if name else path
            module.__dict__["_path"] = inner
            for key, param in module._parameters.items():
                if param is not None:
                    param._name = f"{inner}{key}"

    # ── what is inside ──────────────────────────────────────────────────────────────────────────

    def named_modules(
        self, memo: set[Module] | None = None, prefix: str = "", remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Module]]:
        """This module and all inside of it, outer ones first, with their qualified names."""
        memo = set() if memo is None else memo
        if self in memo:
            return
        if remove_duplicate:
            memo.add(self)
        yield prefix, self
        for name, module in self._modules.items():
            if module is not None:
                yield from module.named_modules(memo, _joined(prefix, name), remove_duplicate)

    def modules(self, remove_duplicate: bool = True) -> Iterator[Module]:
        """This module and all inside of it."""
        return (module for _, module in self.named_modules(remove_duplicate=remove_duplicate))

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside, each once, with their names."""
        seen = set()
        for name, module in self._modules.items():
            if module is not None and module not in seen:
                seen.add(module)
                yield name, module

    def children(self) -> Iterator[Module]:
        """The modules directly inside, each once."""
        return (module for _, module in self.named_children())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its qualified name, each once.

        >>> import chainrule as cr
        >>> net = cr.nn.Sequential(cr.nn.Linear(3, 2), cr.nn.ReLU())
        >>> [(name, tuple(p.shape)) for name, p in net.named_parameters()]
        [('0.weight', (2, 3)), ('0.bias', (2,))]
        """
        if recurse:
            self._warn_of_plain_containers()
        return self._named_members("_parameters", prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Every parameter once, as optimizers want them."""
        return (param for _, param in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Tensor]]:
        """Every buffer with its qualified name, each once."""
        return self._named_members("_buffers", prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """Every buffer once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named_members(self, table: str, prefix: str, recurse: bool, once: bool) -> Iterator[tuple[str, Any]]:
        modules = self.named_modules(prefix=prefix, remove_duplicate=once) if recurse else iter([(prefix, self)])
        seen: set[int] = set()
        for path, module in modules:
            for name, member in module.__dict__[table].items():
                if member is None or id(member) in seen:
                    continue
                if once:
                    seen.add(id(member))
                yield _joined(path, name), member

    def _warn_of_plain_containers(self) -> None:
        """Warn of parameters in plain lists and dicts: nobody collects them, so they are never trained."""
        suspects = [(m, n, site) for m in self.modules() for n, site in m._plain_containers.items() if n in m.__dict__]
        if not suspects:
            return
        known = {id(p) for _, p in self._named_members("_parameters", "", True, True)}
        for module, name, site in suspects:
            hidden = [p for p in _parameters_in(module.__dict__[name]) if p.requires_grad and id(p) not in known]
            if hidden:
                del module._plain_containers[name]
                held = module.__dict__[name]
                warnings.warn(
                    f"{type(module).__name__}.{name}, assigned at {line_of(*site)}, is a plain {type(held).__name__} "
                    f"with {len(hidden)} parameters that parameters() does not find: no optimizer will train them. Use "
                    "nn.ModuleList, nn.Sequential or register_parameter.",
                    GradientWarning,
                    stacklevel=4,
                )

    def get_submodule(self, target: str) -> Module:
        """The module with a qualified name; raises AttributeError if there is none."""
        module: Any = self
        for name in target.split(".") if target else ():
            if name not in module._modules or module._modules[name] is None:
                raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
            module = module._modules[name]
        return module

    def get_parameter(self, target: str) -> Parameter:
        """The parameter with a qualified name; raises AttributeError if there is none."""
        path, _, name = target.rpartition(".")
        param = self.get_submodule(path)._parameters.get(name)
        if param is None:
            raise AttributeError(f"`{name}` is not an nn.Parameter of {type(self).__name__}")
        return param

    # ── changing all of it ──────────────────────────────────────────────────────────────────────

    def apply(self, fn: Callable[[Module], Any]) -> Any:
        """Call `fn` on every module inside, then on this one; returns the module."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    def train(self, mode: bool = True) -> Any:
        """Put this module and all inside into training mode; returns the module."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Any:
        """Put this module and all inside into evaluation mode; returns the module."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Ask for gradients of all parameters, or freeze them; returns the module."""
        for param in self.parameters():
            param.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for param in self.parameters():
            if set_to_none:
                param._grad = None
            elif param._grad is not None:
                param._grad = param._grad.detach()
                param._grad.zero_()

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Any:
        """Replace the values of all parameters, their gradients and all buffers by `fn` of them."""
        for module in self.modules() if recurse else [self]:
            for param in module._parameters.values():
                if param is not None:
                    grad = param._grad
                    param.data = fn(param.data)
                    if grad is not None:
                        param._grad = fn(grad.data)
            for name, buffer in module._buffers.items():
                if buffer is not None:
                    module._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """Convert floating-point parameters and buffers to a dtype, or all of them to a device; in place."""
        target = args[0] if args else kwargs.get("dtype", kwargs.get("device"))
        if isinstance(target, Tensor):
            args = (target.dtype, *args[1:])
        return self._apply(lambda t: t.to(*args, **kwargs) if t.dtype.is_floating_point else t)

    def float(self) -> Any:
        """Convert floating-point parameters and buffers to float32."""
        return self._apply(lambda t: t.float() if t.dtype.is_floating_point else t)

    def double(self) -> Any:
        """Convert floating-point parameters and buffers to float64."""
        return self._apply(lambda t: t.double() if t.dtype.is_floating_point else t)

    def half(self) -> Any:
        """Convert floating-point parameters and buffers to float16."""
        return self._apply(lambda t: t.half() if t.dtype.is_floating_point else t)

    def cpu(self) -> Any:
        """The module itself: everything is on the CPU."""
        return self

    # ── saving, printing ────────────────────────────────────────────────────────────────────────

    def state_dict(
        self, *, destination: OrderedDict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> OrderedDict[str, Any]:
        """All parameters and persistent buffers by qualified name; they share memory with the module's."""
        return state_dict(self, OrderedDict() if destination is None else destination, prefix, keep_vars)

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        """Copy values into this module's parameters and buffers (or with `assign` take the tensors over).

        Returns the missing and the unexpected keys. Raises RuntimeError if with `strict` there are
        any, or if a shape differs; the module is then as it was.
        """
        return load_state_dict(self, state_dict, strict, assign)

    def extra_repr(self) -> str:
        """What stands in the brackets of the printed module."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        lines = extra.split("\n") if extra else []
        if len(lines) == 1 and not self._modules:
            return f"{self._get_name()}({extra})"
        lines += [f"({name}): {indented(repr(module))}" for name, module in self._modules.items()]
        return f"{self._get_name()}(" + ("\n  " + "\n  ".join(lines) + "\n" if lines else "") + ")"


def indented(text: str) -> str:
    """All lines but the first moved two columns to the right."""
    first, *rest = text.split("\n")
    return "\n".join([first, *(f"  {line}" if line.strip() else "" for line in rest)])


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}.{name}" if prefix else name


def _typename(value: Any) -> str:
    """The name PyTorch's messages give the type of a value."""
    if type(value) is Tensor:
        return f"torch.{value.dtype.title}Tensor"
    cls = value if isinstance(value, type) else type(value)
    return cls.__name__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def _add_hook(hooks: dict[int, Any], hook: Any, prepend: bool) -> RemovableHandle:
    before = dict(hooks) if prepend else {}
    if prepend:
        hooks.clear()
    handle = RemovableHandle.add(hooks, hook)
    hooks.update(before)
    return handle


def _parameters_in(container: Any) -> Iterator[Parameter]:
    """The parameters that a plain list, tuple or dict holds, itself or in modules."""
    for item in container.values() if isinstance(container, dict) else container:
        if isinstance(item, Parameter):
            yield item
        elif isinstance(item, Module):
            yield from (param for _, param in item._named_members("_parameters", "", True, True))
