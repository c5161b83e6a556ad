"""Tensor: data, gradient, operators, protocols. No mathematics: its methods come from the records.

`record.METHODS` (filled by the files in `ops/`) is attached at the end of this file, the in-place
method `f_` beside each function of `INPLACE`.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

from . import dtypes, engine, record
from . import ops as ops
from .errors import DtypeError, GraphError
from .graph import AccumulateGrad, Node, RemovableHandle, Storage, TensorBase, call_site
from .inplace import inplace, inplace_constant, inplace_ufunc
from .modes import state
from .op import FUNCTIONS, METHODS, OPAQUE, REGISTRY, WORDS
from .printing import tensor_format, tensor_repr
from .size import Size


class Tensor(TensorBase):
    """A multi-dimensional array that remembers how it was computed.

    Shares PyTorch's names, defaults and semantics; the numbers live in a NumPy array.

    >>> import chainrule as cr
    >>> x = cr.tensor([1.0, 2.0], requires_grad=True)
    >>> (x * x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    __slots__ = ()
    __array_priority__ = 1000

    # ── what it is ──────────────────────────────────────────────────────────────────────────────

    @property
    def dtype(self) -> dtypes.dtype:
        """The element type."""
        return dtypes.from_numpy_dtype(self._data.dtype)

    @property
    def shape(self) -> Size:
        """The size of every dimension."""
        return Size(self._data.shape)

    @property
    def T(self) -> Tensor:
        """The tensor with its dimensions reversed."""
        return METHODS["permute"](self, tuple(reversed(range(self._data.ndim))))

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._data.ndim

    @property
    def data(self) -> Tensor:
        """The same memory without history and with a version counter of its own: writes go unseen."""
        return record.wrap(self._data)

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
        self._data = new._data
        if type(self._node) is AccumulateGrad:
            self._node.shape, self._node.dtype = new._data.shape, new._data.dtype

    # ── its place in the graph ──────────────────────────────────────────────────────────────────

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient is computed with respect to this tensor."""
        return record.node_of(self) is not None

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    def requires_grad_(self, requires_grad: bool = True) -> Tensor:
        """Ask for (or no longer ask for) a gradient of this leaf; returns the tensor itself."""
        node = record.node_of(self)
        if node is not None and type(node) is not AccumulateGrad:
            if requires_grad:
                return self
            raise GraphError(
                "you can only change requires_grad flags of leaf variables. If you want to use a computed variable "
                "in a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
            )
        if not requires_grad:
            self._node = None
        elif node is None:
            if self._data.dtype.kind != "f":
                raise DtypeError(
                    f"only Tensors of floating point dtype can require gradients; this one is {self.dtype!r}, "
                    "convert it with .float()"
                )
            self._storage = self._storage or Storage()  # now, not when a second thread also wants one
            self._node = AccumulateGrad(self)
        return self

    @property
    def grad_fn(self) -> Node | None:
        """The node that made this tensor; None for a leaf."""
        node = record.node_of(self)
        if type(node) is AccumulateGrad:
            return None
        return node if node is None or node.parent is None else node.parent

    @property
    def is_leaf(self) -> bool:
        """Whether the user made this tensor: gradients end up in the `.grad` of leaves."""
        return self.grad_fn is None

    @property
    def output_nr(self) -> int:
        """Which of the results of `grad_fn` this is."""
        return self._output

    @property
    def _version(self) -> int:
        return 0 if self._storage is None else self._storage.version

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient; None until a backward pass arrived here."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}")
            if value._data.shape != self._data.shape:
                raise GraphError(
                    f"assigned grad has data of a different size: {list(value._data.shape)} for a tensor of "
                    f"{list(self._data.shape)}"
                )
            if value._data.dtype != self._data.dtype:
                raise GraphError(
                    f"assigned grad has data of a different type: {value.dtype!r} for a tensor of {self.dtype!r}"  # type: ignore[attr-defined]
                )
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def retains_grad(self) -> bool:
        """Whether this non-leaf keeps its gradient."""
        node = record.node_of(self)
        return node is not None and node.hooks is not None and any(r() is self for r in node.hooks.retain)

    def retain_grad(self) -> None:
        """Keep the gradient of this non-leaf in `.grad`; nothing to do for a leaf."""
        node = record.node_of(self)
        if node is None:
            raise GraphError("can't retain_grad on Tensor that has requires_grad=False")
        if type(node) is not AccumulateGrad and not self.retains_grad:
            node._hooks().retain.append(ref(self))

    def register_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(grad)` when this tensor's gradient is known; what it returns replaces it."""
        node = record.node_of(self)
        if node is None:
            raise GraphError("cannot register a hook on a tensor that doesn't require gradient")
        return RemovableHandle.add(node._hooks().tensor, hook)

    def register_post_accumulate_grad_hook(self, hook: Any) -> RemovableHandle:
        """Call `hook(tensor)` after this leaf's `.grad` was updated."""
        node = record.node_of(self)
        if node is None:
            raise GraphError("cannot register a hook on a tensor that doesn't require gradient")
        if type(node) is not AccumulateGrad:
            raise GraphError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return RemovableHandle.add(node._hooks().post_accumulate, hook)

    def backward(
        self, gradient: Any = None, retain_graph: bool | None = None, create_graph: bool = False, inputs: Any = None
    ) -> None:
        """Add ∂self/∂leaf to `.grad` of every leaf that this tensor was computed from.

        `gradient` is needed unless the tensor has one element. Raises FreedGraphError for a second
        pass over a graph that was not retained, and GraphError when there is no graph.

        >>> import chainrule as cr
        >>> w = cr.tensor(3.0, requires_grad=True)
        >>> (w ** 2).backward()
        >>> w.grad
        tensor(6.)
        """
        if gradient is None and inputs is None and not (retain_graph or create_graph) and engine.backward_scalar(self):
            return
        from .autograd import backward

        backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def detach(self) -> Tensor:
        """The same memory, cut off from the graph; writes to either are seen by both."""
        out = record.wrap(self._data)
        out._storage = self.storage
        if record.node_of(self) is not None:
            out._cut = ("detach", *call_site(2))
        return out

    def detach_(self) -> Tensor:
        """Cut this tensor off from the graph that made it, in place."""
        if self._view is not None:
            raise GraphError(
                "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) "
                "for training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets"
            )
        self._node = None
        return self

    # ── NumPy's protocols: how a rule's NumPy words act on tensors ────────────────────────────────

    def __array_ufunc__(self, ufunc: Any, how: str, *inputs: Any, **kwargs: Any) -> Any:
        if how != "__call__":
            return WORDS[getattr(ufunc, how)](*inputs, **kwargs) if getattr(ufunc, how) in WORDS else NotImplemented
        if ufunc not in WORDS or kwargs:
            return NotImplemented
        return WORDS[ufunc](*inputs)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in WORDS:
            return NotImplemented
        return WORDS[function](*args, **kwargs)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.numpy(), dtype=dtype, copy=copy)  # type: ignore[attr-defined]

    # ── Python's protocols ──────────────────────────────────────────────────────────────────────

    __hash__ = object.__hash__
    __repr__ = tensor_repr
    __format__ = tensor_format

    def __bool__(self) -> bool:
        if self._data.size != 1:
            raise RuntimeError(
                "Boolean value of Tensor with "
                + ("no values" if self._data.size == 0 else "more than one value")
                + " is ambiguous; use .any(), .all() or compare single elements"
            )
        return bool(self._data.item())

    def __len__(self) -> int:
        if not self._data.ndim:
            raise TypeError("len() of a 0-d tensor")
        return len(self._data)

    def __iter__(self) -> Any:
        if not self._data.ndim:
            raise TypeError("iteration over a 0-d tensor")
        return iter(METHODS["unbind"](self, 0))

    def __contains__(self, element: Any) -> bool:
        return bool((self._data == (element._data if isinstance(element, TensorBase) else element)).any())

    def __int__(self) -> int:
        return int(self.item())  # type: ignore[attr-defined]

    def __float__(self) -> float:
        return float(self.item())  # type: ignore[attr-defined]

    def __index__(self) -> int:
        if self._data.size != 1 or self._data.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._data.item())


record.Tensor = Tensor

# Operators: the function, and which side the tensor stands on.
_OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "remainder",
    "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}  # fmt: skip
_COMMUTATIVE = {"add", "mul", "bitwise_and", "bitwise_or", "bitwise_xor"}
_COMPARISONS = {"eq": "eq", "ne": "ne", "lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_UNARY = {"neg": "neg", "pos": "positive", "abs": "abs", "invert": "bitwise_not"}
# Functions whose method `f_` writes into the tensor.
INPLACE = (
    "abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr arccos arccosh arcsin arcsinh arctan "
    "arctan2 arctanh asin asinh atan atan2 atanh baddbmm bitwise_and bitwise_left_shift bitwise_not bitwise_or "
    "bitwise_right_shift bitwise_xor ceil celu clamp clamp_max clamp_min clip copysign cos cosh cumprod cumsum "
    "deg2rad digamma div divide elu eq erf erfc erfinv exp exp2 expm1 fill fix float_power floor floor_divide fmod frac "
    "gcd ge greater greater_equal gt hypot i0 index_add index_copy index_fill index_put index_reduce lcm ldexp le lerp less "
    "less_equal lgamma log log10 log1p log2 logical_and logical_not logical_or logical_xor logit lt "
    "masked_fill masked_scatter mul multiply mvlgamma nan_to_num ne neg negative nextafter not_equal polygamma "
    "pow put rad2deg reciprocal relu remainder renorm round rsqrt scatter scatter_add scatter_reduce sgn sigmoid "
    "sign sin sinc sinh sqrt square sub subtract tan tanh tril triu true_divide trunc xlogy zero copy"
).split()


def _reflected(function: Any) -> Any:
    return lambda self, other: function(other, self)


def _attach() -> None:
    """Give Tensor its methods and operators, and each NumPy word its meaning, from the records."""
    for op in REGISTRY.values():
        record.prepare(op)
    for name, op in REGISTRY.items():
        if op.elementwise or op.kind == "discrete" and op.promotion:
            FUNCTIONS.setdefault(name, op.call)
            METHODS.setdefault(name, op.call)
        if isinstance(op.forward, np.ufunc) or op.forward in OPAQUE:
            WORDS.setdefault(op.forward, op)
    for name, method in METHODS.items():
        if name not in Tensor.__dict__:
            setattr(Tensor, name, method)
    for name in INPLACE:
        if name in METHODS and f"{name}_" not in METHODS:
            setattr(Tensor, f"{name}_", inplace(f"{name}_", METHODS[name]))
    for name, ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}.items():
        setattr(Tensor, f"{name}_", inplace_ufunc(f"{name}_", ufunc, METHODS[name]))
    Tensor.zero_ = inplace_constant("zero_", 0, METHODS["zero"])  # type: ignore[attr-defined]
    for dunder, name in _OPERATORS.items():
        if name in METHODS:
            function = REGISTRY[name].call if name in REGISTRY and name != "matmul" else METHODS[name]
            setattr(Tensor, f"__{dunder}__", function)
            setattr(Tensor, f"__r{dunder}__", function if name in _COMMUTATIVE else _reflected(METHODS[name]))
            if hasattr(Tensor, f"{name}_"):
                setattr(Tensor, f"__i{dunder}__", getattr(Tensor, f"{name}_"))
    for dunder, name in {**_COMPARISONS, **_UNARY}.items():
        if name in METHODS:
            setattr(Tensor, f"__{dunder}__", METHODS[name])


_attach()
