"""How each function of NumPy's is called in PyTorch.

A function per NumPy function: it gets the translator and the call and returns code. Those whose name begins with a
dot are methods, with the object as the first argument.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any, NamedTuple

from ..errors import NotSupportedError

FLOAT = "torch.float64"


class Called(NamedTuple):
    """A call: its arguments as they were, and translated to code. The object of a method is the first one."""

    name: str
    nodes: list[ast.expr]
    args: list[str]
    kwargs: dict[str, str]


Say = Callable[[Any, Called], str]


def dotted(node: ast.AST) -> str:
    """`np.add.at`; empty for what is no chain of names."""
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return node.id if isinstance(node, ast.Name) else ""


def is_number(node: ast.AST | None, below: float | None = None) -> bool:
    """Whether this is a plain number, less than `below` where that is given."""
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    inside = node.operand if negative else node  # type: ignore[union-attr]
    if dotted(inside) in ("np.inf", "np.nan"):  # type: ignore[arg-type]
        return below is None
    number = isinstance(inside, ast.Constant) and type(inside.value) in (int, float)
    return number and (below is None or negative)


def absent(name: str) -> NotSupportedError:
    return NotSupportedError(f"torch_source(): {name} has no translation to PyTorch; numpy_source() writes it")


TABLE: dict[str, Say] = {}  # NumPy's functions; those that begin with a dot are methods
RENAMED = {"axis": "dim", "keepdims": "keepdim"}


def _say(*names: str) -> Callable[[Say], Say]:
    def define(f: Say) -> Say:
        TABLE.update(dict.fromkeys(names, f))
        return f

    return define


def _call(head: str, c: Called, start: int = 0) -> str:
    keywords = [f"{RENAMED.get(k, k)}={v}" for k, v in c.kwargs.items()]
    return f"{head}({', '.join([*c.args[start:], *keywords])})"


def _method(name: str) -> Say:
    return lambda t, c: _call(f"{c.args[0]}.{name}", c, 1)


def _function(name: str) -> Say:
    return lambda t, c: _call(f"torch.{name}", c)


def _of_floats(name: str) -> Say:
    """A function that makes floats: of integers those of NumPy's dtype."""
    return lambda t, c: _call(f"torch.{name}", c._replace(args=[_floating(t, c, 0), *c.args[1:]]))


def _of_special(name: str) -> Say:
    return _of_floats(f"special.{name}")


def _of_two(name: str) -> Say:
    """A function of two tensors, where PyTorch takes no plain number for one."""

    def say(t: Any, c: Called) -> str:
        args = list(c.args)
        for i in (0, 1):
            if is_number(c.nodes[i]):
                other = c.nodes[1 - i]
                stem = other.id if isinstance(other, ast.Name) else ""
                args[i] = f"{stem}.new_tensor({args[i]})" if stem else f"torch.tensor({args[i]}, dtype={FLOAT})"
        return f"torch.{name}({', '.join(args)})"

    return say


def _floating(t: Any, c: Called, i: int) -> str:
    return c.args[i] if t.kind(c.nodes[i]) == "f" else f"{c.args[i]}.to({FLOAT})"


def _clamped(name: str, bound: str) -> Say:
    """`np.maximum(x, 0)`: `x.clamp(min=0)`."""

    def say(t: Any, c: Called) -> str:
        for i in (0, 1):
            if is_number(c.nodes[i]):
                return f"{c.args[1 - i]}.clamp({bound}={c.args[i]})"
        return _call(f"torch.{name}", c)

    return say


def _reduction(name: str) -> Say:
    """A method over axes; PyTorch keeps dimensions only where it is told which."""

    def say(t: Any, c: Called) -> str:
        kwargs = {"axis": "None", **c.kwargs} if "keepdims" in c.kwargs else c.kwargs
        x = _floating(t, c, 0) if name in ("mean", "var", "std") else c.args[0]
        return _call(f"{x}.{name}", c._replace(kwargs=kwargs), 1)

    return say


def _spread(name: str) -> Say:
    say = _reduction(name)
    return lambda t, c: say(t, c._replace(kwargs=_renamed(c.kwargs, "ddof", "correction", "0")))


def _renamed(kwargs: dict[str, str], old: str, new: str, default: str) -> dict[str, str]:
    """Keywords with another name for one, which is given in any case."""
    return {new if k == old else k: v for k, v in ({old: default} | kwargs).items()}


def _running(name: str) -> Say:
    """A method along one axis; NumPy's formulas name none where there is only one."""
    return lambda t, c: _call(f"{c.args[0]}.{name}", c._replace(kwargs={"axis": "0"} | c.kwargs), 1)


def _all(prefix: str, make: Callable[[str], Say], names: str) -> dict[str, Say]:
    return {f"{prefix}{name}": make(name) for name in names.split()}


TABLE |= _all("np.", _function, "abs sign trunc ceil floor square isnan isinf isfinite")
TABLE |= _all("np.", _function, "outer tile einsum nan_to_num stack tril triu diag broadcast_to")
TABLE |= _all("np.", _of_floats, "exp exp2 expm1 log log2 log10 log1p sqrt reciprocal deg2rad rad2deg")
TABLE |= _all("np.", _of_floats, "sin cos tan tanh sinh cosh arcsin arccos arctan arcsinh arccosh arctanh")
TABLE |= _all("special.", _of_special, "erf erfc erfcx erfinv entr ndtr ndtri log_ndtr i0 i0e i1 i1e expit logit")
TABLE |= _all("special.", _of_special, "gammaln psi")
TABLE |= _all("np.", _of_two, "logaddexp logaddexp2 arctan2 copysign fmax fmin fmod hypot nextafter")
TABLE |= _all(".", _method, "reshape ravel diagonal any all argmax argmin")
TABLE |= _all(".", _reduction, "sum mean")
TABLE |= _all(".", _spread, "var std")
TABLE |= _all(".", _running, "cumsum cumprod")
TABLE |= {
    "np.concatenate": _function("cat"),
    "np.moveaxis": _function("movedim"),
    "np.take_along_axis": _function("take_along_dim"),
    "np.cross": _function("cross"),
    "np.rint": _function("round"),
    "np.arange": _function("arange"),
    "special.polygamma": _function("special.polygamma"),
    "special.xlogy": _of_two("special.xlogy"),
    ".swapaxes": _method("transpose"),
    ".transpose": _method("permute"),
    ".copy": _method("clone"),
    ".astype": _method("to"),
}
TABLE |= {"np.maximum": _clamped("maximum", "min"), "np.minimum": _clamped("minimum", "max")}


@_say(".prod")
def _prod(t: Any, c: Called) -> str:
    if c.kwargs.keys() == {"keepdims"}:
        return f"{c.args[0]}.prod().reshape((1,) * {c.args[0]}.ndim)"
    return _call(f"{c.args[0]}.prod", c, 1)


@_say(".max", ".min")
def _extremum(t: Any, c: Called) -> str:
    name = "amax" if c.name.endswith("max") else "amin"
    return _call(f"{c.args[0]}.{name}", c, 1) if c.kwargs else f"{c.args[0]}{c.name}()"


@_say("special.logsumexp", "np.logaddexp.reduce")
def _logsumexp(t: Any, c: Called) -> str:
    every = {"axis": f"tuple(range({c.args[0]}.ndim))"}
    return _call("torch.logsumexp", c._replace(kwargs=every | c.kwargs))


@_say("np.logaddexp.accumulate")
def _logcumsumexp(t: Any, c: Called) -> str:
    return _call("torch.logcumsumexp", c._replace(kwargs={"axis": "0"} | c.kwargs))


@_say("np.linalg.norm")
def _norm(t: Any, c: Called) -> str:
    if len(c.args) > 1 or "ord" in c.kwargs:
        raise absent("np.linalg.norm of another order than 2")
    kwargs = {"axis": "None", **c.kwargs} if c.kwargs.keys() == {"keepdims"} else c.kwargs
    return _call("torch.norm", c._replace(kwargs=kwargs))


@_say("np.flip")
def _flip(t: Any, c: Called) -> str:
    axis = c.kwargs.get("axis") or f"tuple(range({c.args[0]}.ndim))"
    return f"{c.args[0]}.flip({axis})"


@_say("np.roll")
def _roll(t: Any, c: Called) -> str:
    return _call("torch.roll", c._replace(kwargs={"dims": c.kwargs["axis"]} if c.kwargs else {}))


@_say("np.argsort")
def _argsort(t: Any, c: Called) -> str:
    return _call("torch.argsort", c._replace(args=c.args[:1], kwargs={"axis": c.args[1], "stable": "True"}))


@_say("np.where")
def _where(t: Any, c: Called) -> str:
    args = list(c.args)
    if isinstance(c.nodes[0], ast.Constant):
        args[0] = f"torch.tensor({args[0]})"
    elif t.kind(c.nodes[0]) != "b":
        args[0] = f"({args[0]} != 0)"
    others = [n for n in c.nodes[1:] if not is_number(n)]
    if not any(t.kind(n) == "f" for n in others):
        for i in (1, 2):
            if is_number(c.nodes[i]) and t.kind(c.nodes[i]) == "f":
                args[i] = f"torch.tensor({args[i]}, dtype={FLOAT})"
    return f"torch.where({', '.join(args)})"


# ── new tensors ─────────────────────────────────────────────────────────────────────────────────


def _dtype(c: Called, at: int, default: str) -> str:
    """The dtype asked for, by position or by keyword; what NumPy takes without one."""
    return c.args[at] if len(c.args) > at else c.kwargs.get("dtype", default)


@_say("np.zeros", "np.ones")
def _filled(t: Any, c: Called) -> str:
    dtype = _dtype(c, 1, FLOAT)
    return f"torch.{c.name[3:]}({c.args[0]}, dtype={dtype})"


@_say("np.full")
def _full(t: Any, c: Called) -> str:
    shape = c.args[0] if isinstance(c.nodes[0], ast.Tuple) else f"({c.args[0]},)"
    if not is_number(c.nodes[1]):
        return f"torch.broadcast_to({c.args[1]}, {shape}).clone()"
    dtype = _dtype(c, 2, FLOAT if t.kind(c.nodes[1]) == "f" else "torch.int64")
    return f"torch.full({shape}, {c.args[1]}, dtype={dtype})"


@_say("np.array")
def _array(t: Any, c: Called) -> str:
    if not isinstance(c.nodes[0], ast.List):
        return f"{c.args[0]}.clone()"
    dtype = _dtype(c, 1, FLOAT if t.kind(c.nodes[0]) == "f" else "")
    return f"torch.tensor({c.args[0]}{dtype and f', dtype={dtype}'})"


@_say("np.eye")
def _eye(t: Any, c: Called) -> str:
    return f"torch.eye({', '.join(c.args)}, dtype={c.kwargs.get('dtype', FLOAT)})"


@_say("np.float64", "np.float32", "np.float16", "np.int64", "np.int32", "np.bool")
def _scalar(t: Any, c: Called) -> str:
    return f"torch.tensor({c.args[0]}, dtype=torch.{c.name[3:]})"


@_say("np.lib.stride_tricks.sliding_window_view")
def _windows(t: Any, c: Called) -> str:
    return f"{c.args[0]}.unfold({c.kwargs.get('axis', '0')}, {c.args[1]}, 1)"


# ── written into ────────────────────────────────────────────────────────────────────────────────


@_say("np.add.at")
def _add_at(t: Any, c: Called) -> str:
    out, value, key = c.args[0], c.args[2], c.nodes[1]
    if isinstance(key, ast.Subscript) and dotted(key.value) == "np.s_":
        keys = key.slice.elts if isinstance(key.slice, ast.Tuple) else [key.slice]
        if any(not isinstance(k, ast.Slice) or ast.unparse(k) != ":" for k in keys[:-1]) or t.ndim(keys[-1]) != 1:
            raise absent(f"np.add.at with the index {ast.unparse(key.slice)}")
        return f"{out}.index_add_({len(keys) - 1}, {_indices(t, keys[-1])}, {value})"
    keys = key.elts if isinstance(key, ast.Tuple) else [key]
    inside = ", ".join(_indices(t, k) for k in keys) + ("," if len(keys) == 1 else "")
    if is_number(c.nodes[2]):
        value = f"torch.tensor({value}, dtype={FLOAT})"
    return f"{out}.index_put_(({inside}), {value}, accumulate=True)"


def _indices(t: Any, node: ast.expr) -> str:
    return f"torch.tensor({t.code(node)})" if isinstance(node, ast.List) else str(t.code(node))


@_say("np.put_along_axis")
def _put_along_axis(t: Any, c: Called) -> str:
    out, indices, value = c.args
    return f"{out}.scatter_({c.kwargs['axis']}, {indices}, {value})"


@_say("np.fill_diagonal")
def _fill_diagonal(t: Any, c: Called) -> str:
    return f"{c.args[0]}.diagonal().{'fill_' if is_number(c.nodes[1]) else 'copy_'}({c.args[1]})"
