"""`Optimizer`: parameter groups, state, and a step that either happens or changes nothing.

A subclass states the numbers it keeps per parameter (`new_state`) and how they and the parameter
change (`update`), on plain arrays: no tensor operation runs, so a step costs what NumPy costs. The
base class has looked before: when `update` is called, every shape and dtype fits.
"""

from __future__ import annotations

import copy
import warnings
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import record
from ..errors import DtypeError, GradientWarning, NotSupportedError, ShapeError
from ..graph import call_site
from ..inplace import check_writable
from ..modes import enable_grad, enter_quiet, leave_quiet
from ..tensor import Tensor

Group = dict[str, Any]
Array = np.ndarray[Any, Any]
Work = tuple[Group, list[tuple[Tensor, dict[str, Any]]]]


def number(value: Any) -> float:
    """A hyperparameter as a Python number; PyTorch takes tensors of one element too."""
    return value.item() if isinstance(value, Tensor) else value


def check_range(what: str, value: Any, below: float | None = None) -> None:
    """Raise ValueError unless 0 ≤ value < below."""
    if not number(value) >= 0.0:
        raise ValueError(f"Invalid {what}: {value}; it has to be at least 0")
    if below is not None and number(value) >= below:
        raise ValueError(f"Invalid {what}: {value}; it has to be below {below}")


def refuse_differentiable(differentiable: bool) -> None:
    """Raise NotSupportedError for steps that are themselves differentiated."""
    if differentiable:
        raise NotSupportedError(
            "optimizer: differentiable=True is not supported; write the step with tensors, `w = w - lr * g`, where g "
            "comes from autograd.grad(loss, w, create_graph=True)"
        )


class Optimizer:
    """The base of all optimizers, with PyTorch's `param_groups`, `state` and `state_dict` layout.

    `params` are tensors, pairs (name, tensor), or dicts of options with such an iterable under
    "params". A subclass defines `new_state` and `update`, or a `step` of its own as in PyTorch.

    Raises ValueError for an empty list, non-leaf tensors and parameters given twice, TypeError for
    what is no tensor.
    """

    def __init__(self, params: Any, defaults: dict[str, Any]):
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
                f"torch.{params.dtype.title}Tensor; put it into a list, [tensor]"
            )
        self.defaults = defaults
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[Group] = []
        self._warned = False
        groups = list(params)
        if not groups:
            raise ValueError(
                "optimizer got an empty parameter list: an iterator that was used before, or a module whose "
                "parameters are in a plain list instead of a ModuleList"
            )
        for group in groups if isinstance(groups[0], dict) else [{"params": groups}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Group) -> None:
        """Optimize more parameters, with options of their own; `param_group` is kept and completed."""
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        params, names = _tensors_and_names(param_group["params"])
        known = {p for group in self.param_groups for p in group["params"]}
        if not known.isdisjoint(params):
            raise ValueError("some parameters appear in more than one parameter group")
        if any((names is None) == ("param_names" in group) for group in self.param_groups):
            with_or_not = "without names" if names is None else "with names"
            raise ValueError(
                "all optimizer param groups should be with/without names. "
                f"cannot add param group {with_or_not} to the optimizer"
            )
        if len(params) != len(set(params)):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; they are updated once per mention",
                stacklevel=3,
            )
        param_group["params"] = params
        if names is not None:
            param_group["param_names"] = names
        for name, default in self.defaults.items():
            param_group.setdefault(name, default)
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or fill them with zeros."""
        for group in self.param_groups:
            for p in group["params"]:
                if set_to_none:
                    p._grad = None
                elif p._grad is not None:
                    p._grad = p._grad.detach()
                    p._grad.zero_()

    # ── the step ────────────────────────────────────────────────────────────────────────────────

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update every parameter that has a gradient; returns what `closure`, run first, returned.

        Raises before anything is written if a gradient does not fit its parameter.
        """
        loss = None
        if closure is not None:
            with enable_grad():
                loss = closure()
        work = [(group, self._ready(group)) for group in self.param_groups]
        self._begin(work)
        quiet = enter_quiet()
        try:
            for group, pairs in work:
                if pairs:
                    self.update(group, [(p._data, p._grad._data, state) for p, state in pairs])
        finally:
            leave_quiet(quiet)
        return loss

    def new_state(self, param: Tensor, group: Group) -> dict[str, Any]:
        """The state of a parameter before its first step."""
        return {}

    def update(self, group: Group, work: list[tuple[Array, Array, dict[str, Any]]]) -> None:
        """Change the parameters of one group in place: (parameter, gradient, state) of each."""
        raise NotImplementedError(f"{type(self).__name__} defines neither update() nor step()")

    def _ready(self, group: Group) -> list[tuple[Tensor, dict[str, Any]]]:
        """The parameters of a group that have a gradient, checked, with their states."""
        pairs = []
        for p in group["params"]:
            grad = p._grad
            if grad is None:
                continue
            x, g = p._data, grad._data
            if x.shape != g.shape or x.dtype is not g.dtype or not x.flags.writeable or p._view is not None:
                self._check(p, grad)
            pairs.append((p, self.state[p] if p in self.state else self.new_state(p, group)))
        return pairs

    def _check(self, p: Tensor, grad: Tensor) -> None:
        """Raise unless `grad` can be used for a step of `p`."""
        name = f" {p._name!r}" if p._name else ""
        if p._data.shape != grad._data.shape:
            raise ShapeError(
                f"{type(self).__name__}.step(): parameter{name} has shape {list(p._data.shape)}, its gradient "
                f"{list(grad._data.shape)}; call zero_grad() after changing the shape of a parameter"
            )
        if p._data.dtype != grad._data.dtype:
            raise DtypeError(
                f"{type(self).__name__}.step(): parameter{name} is {p.dtype!r}, its gradient {grad.dtype!r}; call "
                "zero_grad() after changing the dtype of a parameter"
            )
        check_writable(p, f"{type(self).__name__}.step", False)

    def _begin(self, work: list[Work]) -> None:
        """Store new states and count the writes that are about to happen."""
        writer = (f"{type(self).__name__}.step", *call_site(2))
        for _, pairs in work:
            for p, state in pairs:
                if state:
                    self.state[p] = state
                storage = p.storage
                storage.version += 1
                storage.writer = writer
        if not self._warned and not any(pairs for _, pairs in work):
            self._warned = True
            params = [p for group in self.param_groups for p in group["params"]]
            first = f" (the first is {params[0]._name!r})" if params[0]._name else ""
            warnings.warn(
                f"{type(self).__name__}.step() changed nothing: none of its {len(params)} parameters{first} has a "
                "gradient. Call backward() before it on a loss that depends on them, and zero_grad() not in between.",
                GradientWarning,
                stacklevel=3,
            )

    # ── saving and loading ──────────────────────────────────────────────────────────────────────

    def state_dict(self) -> dict[str, Any]:
        """The state and the options, with parameters replaced by their running numbers.

        >>> import chainrule as cr
        >>> w = cr.ones(2, requires_grad=True)
        >>> cr.optim.SGD([w], lr=0.1).state_dict()["param_groups"][0]["params"]
        [0]
        """
        numbers: dict[Any, int] = {}
        for group in self.param_groups:
            for p in group["params"]:
                numbers.setdefault(p, len(numbers))
        groups = [
            {**{k: v for k, v in group.items() if k != "params"}, "params": [numbers[p] for p in group["params"]]}
            for group in self.param_groups
        ]
        return {"state": {numbers.get(p, p): state for p, state in self.state.items()}, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict()` gave, in the dtypes of the parameters.

        Raises ValueError if the groups do not match; the optimizer is then as it was.
        """
        groups = copy.deepcopy(state_dict["param_groups"])
        if len(groups) != len(self.param_groups):
            raise ValueError(
                f"loaded state dict has a different number of parameter groups: {len(groups)}, the optimizer has "
                f"{len(self.param_groups)}"
            )
        numbers: dict[Any, Tensor] = {}
        for i, (own, new) in enumerate(zip(self.param_groups, groups, strict=True)):
            if len(own["params"]) != len(new["params"]):
                raise ValueError(
                    "loaded state dict contains a parameter group that doesn't match the size of optimizer's group: "
                    f"group {i} has {len(new['params'])} parameters, the optimizer's {len(own['params'])}"
                )
            numbers.update(zip(new["params"], own["params"], strict=True))
            new["params"] = own["params"]
            if "param_names" in own:
                new.setdefault("param_names", own["param_names"])
        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, values in state_dict["state"].items():
            state[numbers.get(key, key)] = _fitted(values, numbers[key]) if key in numbers else values
        self.state, self.param_groups = state, groups

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._warned = False

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} ("]
        for i, group in enumerate(self.param_groups):
            lines.append(f"Parameter Group {i}")
            lines += [f"    {key}: {group[key]}" for key in sorted(group) if key != "params"]
        return "\n".join([*lines, ")"])


def _tensors_and_names(given: Any) -> tuple[list[Tensor], list[str] | None]:
    """The parameters of a group, and their names if they came as pairs."""
    if isinstance(given, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors in sets "
            "will change between runs. Please use a list instead."
        )
    items = [given] if isinstance(given, Tensor) else list(given)
    named = [item for item in items if isinstance(item, tuple)]
    if named and len(named) != len(items):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    params = [tensor for _, tensor in named] if named else items
    for p in params:
        if not isinstance(p, Tensor):
            raise TypeError(f"optimizer can only optimize Tensors, but one of the params is {type(p).__name__}")
        if not (p.is_leaf or p.retains_grad):
            raise ValueError(
                f"can't optimize a non-leaf Tensor: it was made by {p.grad_fn.name()}, and only what you made "  # type: ignore[union-attr]
                "yourself can be changed; call requires_grad_() after .to(), .reshape() and the like, or detach() it"
            )
    return params, [name for name, _ in named] if named else None


def _fitted(value: Any, param: Tensor, key: Any = None) -> Any:
    """A copy of a loaded state in which tensors have the parameter's dtype; `step` keeps its own."""
    if isinstance(value, Tensor):
        value = value.detach().clone()
        return value if key == "step" or not param.dtype.is_floating_point else value.to(param.dtype)
    if isinstance(value, dict):
        return {k: _fitted(v, param, k) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_fitted(v, param) for v in value)
    return copy.deepcopy(value)


def zeros_like(param: Tensor) -> Any:
    """A state of zeros in the parameter's shape, dtype and layout."""
    return record.wrap(np.zeros_like(param._data))
