"""Tensor: data, gradient, operators, protocols. No mathematics: its methods come from the records.

`record.METHODS` (filled by the files in `ops/`) is attached at the end of this file, the in-place
method `f_` beside each function of `INPLACE`.
"""

from __future__ import annotations

from typing import Any
from weakref import ref

import numpy as np

from . import assignment as assignment
from . import dtypes, engine, flat, record
from . import ops as ops
from .absent import absent
from .device import CPU, device, layout, strided
from .errors import DtypeError, GraphError, ShapeError, refuse_out
from .graph import AccumulateGrad, InferenceStorage, Node, RemovableHandle, Storage, TensorBase, call_site
from .inplace import inplace, inplace_constant, inplace_ufunc, inplace_view
from .modes import state
from .op import FUNCTIONS, METHODS, OPAQUE, REGISTRY, WORDS, Op
from .printing import tensor_format, tensor_repr
from .size import Size, size_of


class TensorType(type):
    """The type of `Tensor`: lets `Tensor(2, 3)` and `Tensor([1.0])` mean what they mean in PyTorch.

    Here, and not in `Tensor.__new__`, since that would more than double what making a tensor costs
    (70 → 170 ns); `record.Tensor` goes past this.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls.__new__ is object.__new__ and cls.__init__ is object.__init__:  # type: ignore[misc, comparison-overlap]
            return cls._from_legacy(*args, **kwargs)  # type: ignore[attr-defined]
        return type.__call__(cls, *args, **kwargs)


class Tensor(TensorBase, metaclass=TensorType):
    """A multi-dimensional array that remembers how it was computed.

    Shares PyTorch's names, defaults and semantics; the numbers live in a NumPy array. Classes that
    override operations through `__torch_function__` are not supported: a subclass is an ordinary
    class, and what operations return is a plain `Tensor`.

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
        return size_of(self._data.shape)

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._data.ndim

    @property
    def device(self) -> device:
        """Where the tensor is: the CPU."""
        return CPU

    @property
    def layout(self) -> layout:
        """How the elements lie in memory: `strided`."""
        return strided

    is_cpu = True
    is_cuda = is_sparse = is_quantized = is_mkldnn = is_meta = is_mps = is_xpu = False

    @property
    def T(self) -> Tensor:
        """The tensor with its dimensions reversed; a view."""
        axes = tuple(reversed(range(self._data.ndim)))
        return METHODS["t"](self) if len(axes) == 2 else METHODS["permute"](self, axes)

    @property
    def mT(self) -> Tensor:
        """Every matrix transposed; a view. Raises RuntimeError below two dimensions."""
        if self._data.ndim < 2:
            raise ShapeError(
                "tensor.mT is only supported on matrices or batches of matrices. "
                f"Got {self._data.ndim}-D tensor; give it a second dimension, `x.unsqueeze(0)`."
            )
        return METHODS["transpose"](self, -2, -1)

    @property
    def H(self) -> Tensor:
        """The transposed matrix; a view. Raises RuntimeError for anything but a matrix."""
        if self._data.ndim not in (0, 2):
            raise ShapeError(
                f"tensor.H is only supported on matrices (2-D tensors). Got {self._data.ndim}-D tensor."
                + (" For batches of matrices, use `x.mT`." if self._data.ndim > 2 else "")
            )
        return self.T

    @property
    def real(self) -> Tensor:
        """The tensor itself: its numbers are real."""
        return self

    @property
    def imag(self) -> Tensor:
        """Raises RuntimeError: there are no complex tensors."""
        raise DtypeError("imag is not implemented for tensors with non-complex dtypes; their imaginary part is 0.")

    @property
    def data(self) -> Tensor:
        """The same memory without history and with a version counter of its own: writes go unseen by autograd.

        Assigning a tensor makes this one share the memory of that tensor, whatever its shape and
        dtype; history and gradient stay. Raises RuntimeError for integers where a gradient is asked for.
        """
        out = record.wrap(self._data)
        if state.debug:
            out._storage = self.storage
        return out

    @data.setter
    def data(self, new: Tensor) -> None:
        if not isinstance(new, TensorBase):
            raise TypeError(f"Variable data has to be a tensor, but got {type(new).__name__}")
        node = record.node_of(self)
        if node is not None and new._data.dtype.kind != "f":
            raise DtypeError(
                "data set to a tensor that requires gradients must be floating point or complex dtype, not "
                f"{dtypes.from_numpy_dtype(new._data.dtype)!r}; convert it with .float()"
            )
        if self._view is not None:  # it leaves the memory of its base
            self._view = None
            self._storage = Storage()
        self._data = new._data
        if type(node) is AccumulateGrad:
            node.shape, node.dtype = new._data.shape, new._data.dtype

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
            if isinstance(self._storage, InferenceStorage) and not state.inference:
                raise GraphError(
                    "Setting requires_grad=True on inference tensor outside InferenceMode is not allowed. Make a "
                    "clone() first."
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
        if isinstance(self._storage, InferenceStorage):
            raise GraphError("Inference tensors do not track version counter.")
        return 0 if self._storage is None else self._storage.version

    @property
    def grad(self) -> Tensor | None:
        """The accumulated gradient; None until a backward pass arrived here."""
        return self._grad

    @grad.setter
    def grad(self, value: Tensor | None) -> None:
        if value is not None:
            if not isinstance(value, TensorBase):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(value).__name__}"
                )
            if value._data.shape != self._data.shape:
                raise GraphError(
                    f"assigned grad has data of a different size: {list(value._data.shape)} for a tensor of "
                    f"{list(self._data.shape)}"
                )
            if value._data.dtype != self._data.dtype:
                raise GraphError(
                    f"assigned grad has data of a different type: {value.dtype!r} for a tensor of {self.dtype!r}"
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
        if self._node is not None:
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

    # ── numbers out of it ───────────────────────────────────────────────────────────────────────

    def item(self) -> Any:
        """The only element as a Python number. Raises RuntimeError unless there is exactly one.

        >>> import chainrule as cr
        >>> cr.tensor([[2.5]]).item()
        2.5
        """
        if self._data.size != 1:
            raise ShapeError(
                f"a Tensor with {self._data.size} elements cannot be converted to Scalar; its shape is "
                f"{list(self._data.shape)}: pick one element, reduce it, or use .tolist()"
            )
        if self._node is not None:
            state.left = ("item", *call_site(2))
        return self._data.item()

    def tolist(self) -> Any:
        """The elements as nested lists of Python numbers; a number for a 0-d tensor."""
        if self._node is not None:
            state.left = ("tolist", *call_site(2))
        return self._data.tolist()

    def numpy(self, *, force: bool = False) -> np.ndarray[Any, Any]:
        """The NumPy array that holds the elements: the same memory, writes are seen by both.

        Raises RuntimeError for a tensor that requires a gradient, which the array could not carry,
        unless called under `no_grad` or with `force`.

        >>> import chainrule as cr
        >>> cr.ones(2).numpy()
        array([1., 1.], dtype=float32)
        """
        if state.grad and not force:
            node = record.node_of(self)
            if node is not None:
                made = f"made by `{node.op.name}` at {node.line}" if node.op is not None else "a leaf"
                raise GraphError(
                    "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead. The tensor "
                    f"has shape {list(self._data.shape)} and is {made}; NumPy would not record what is done with it. "
                    "numpy() also works inside `with no_grad():`."
                )
        elif self._node is not None:
            state.left = ("numpy", *call_site(2))
        return self._data

    # ── NumPy's protocols: how a rule's NumPy words act on tensors ────────────────────────────────

    def __array_ufunc__(self, ufunc: Any, how: str, *inputs: Any, **kwargs: Any) -> Any:
        word = ufunc if how == "__call__" else getattr(ufunc, how)
        if word in WORDS and (how != "__call__" or not kwargs):
            return WORDS[word](*inputs, **kwargs)
        arrays = [_as_array(a) for a in inputs]
        if any(isinstance(a, TensorBase) for a in kwargs.get("out", ())):
            return NotImplemented  # a write that no version counter would see
        result = getattr(ufunc, how)(*arrays, **kwargs)
        return result if "out" in kwargs or result is None else _as_tensors(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function in WORDS:
            return WORDS[function](*args, **kwargs)
        if function in OPAQUE:
            return NotImplemented
        return function(*_as_array(args), **_as_array(kwargs))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray[Any, Any]:
        return np.array(self.numpy(), dtype=dtype, copy=copy)

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

    def __getattr__(self, name: str) -> Any:
        raise absent(f"{type(self).__name__!r} object", name, self)

    def __reversed__(self) -> Tensor:
        return METHODS["flip"](self, tuple(range(self._data.ndim))) if self._data.ndim else self

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (TensorBase, bool, int, float, np.generic)):
            raise RuntimeError(
                f"Tensor.__contains__ only supports Tensor or scalar, but you passed in a {type(element)}."
            )
        return bool((self._data == (element._data if isinstance(element, TensorBase) else element)).any())

    def _number(self) -> Any:
        if self._data.size != 1:
            raise ValueError(
                "only one element tensors can be converted to Python scalars; this one has shape "
                f"{list(self._data.shape)}"
            )
        return self._data.item()

    def __int__(self) -> int:
        return int(self._number())

    def __float__(self) -> float:
        return float(self._number())

    def __complex__(self) -> complex:
        return complex(self._number())

    def __index__(self) -> int:
        if self._data.size != 1 or self._data.dtype.kind not in "iub":
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self._data.item())


# What operations call to make a tensor: as quick as a class without a metaclass of its own.
record.Tensor = type.__call__.__get__(Tensor)


def method(function: Any) -> Any:
    """Make a function a method of Tensor: for the modules that stand on this one."""
    setattr(Tensor, function.__name__, function)
    return function


def _comparison(function: Any) -> Any:
    """`==` and `!=` with what is no number are Python's own: `x == None` is False."""

    def compare(self: Any, other: Any) -> Any:
        known = isinstance(other, (TensorBase, bool, int, float, complex, np.generic, np.ndarray))
        return function(self, other) if known else NotImplemented

    return compare


def _as_array(value: Any) -> Any:
    """Tensors in an argument of a NumPy function as arrays."""
    if isinstance(value, Tensor):
        return value.numpy()
    if type(value) in (tuple, list):
        return type(value)(map(_as_array, value))
    return {k: _as_array(v) for k, v in value.items()} if type(value) is dict else value


def _as_tensors(result: Any) -> Any:
    return tuple(map(_as_tensors, result)) if type(result) is tuple else record.wrap(result)


# Operators: the function, and which side the tensor stands on.
_OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "floordiv": "floor_divide", "mod": "remainder",
    "pow": "pow", "matmul": "matmul", "and": "bitwise_and", "or": "bitwise_or", "xor": "bitwise_xor",
    "lshift": "bitwise_left_shift", "rshift": "bitwise_right_shift",
}  # fmt: skip
# Where a number may stand on the left: the record that takes the tensor first.
_REFLECTED = {
    "add": "add", "sub": "_rsub", "mul": "mul", "div": "_rdiv", "pow": "_rpow", "bitwise_and": "bitwise_and",
    "bitwise_or": "bitwise_or", "bitwise_xor": "bitwise_xor",
}  # fmt: skip
_COMPARISONS = {"lt": "lt", "le": "le", "gt": "gt", "ge": "ge"}
_UNARY = {"neg": "neg", "pos": "positive", "abs": "abs", "invert": "bitwise_not"}
# Functions whose method `f_` writes into the tensor.
INPLACE = (  # noqa: SIM905 - a list would be a page long
    "abs absolute acos acosh add addbmm addcdiv addcmul addmm addmv addr arccos arccosh arcsin arcsinh arctan "
    "arctan2 arctanh asin asinh atan atan2 atanh baddbmm bitwise_and bitwise_left_shift bitwise_not bitwise_or "
    "bitwise_right_shift bitwise_xor ceil celu clamp clamp_max clamp_min clip copysign cos cosh cumprod cumsum "
    "deg2rad digamma div divide elu eq erf erfc erfinv exp exp2 expm1 fill fix float_power floor floor_divide fmod "
    "frac gcd ge greater greater_equal gt heaviside hypot i0 index_add index_copy index_fill index_put index_reduce "
    "lcm ldexp le lerp less less_equal lgamma log log10 log1p log2 logical_and logical_not logical_or logical_xor "
    "logit lt masked_fill masked_scatter mul multiply mvlgamma nan_to_num ne neg negative nextafter not_equal "
    "polygamma pow put rad2deg reciprocal relu remainder renorm round rsqrt scatter scatter_add scatter_reduce sgn "
    "sigmoid sign sin sinc sinh sqrt square sub subtract tan tanh tril triu true_divide trunc xlogy zero copy"
).split()


def _reflected(name: str) -> Any:
    if _REFLECTED.get(name) in REGISTRY:
        return REGISTRY[_REFLECTED[name]].call
    function = METHODS[name]
    return lambda self, other: function(other, self)


def _function(op: Op) -> Any:
    """A record as a function: a class binds functions to its instances, not records."""

    def call(*args: Any, out: None = None, **params: Any) -> Any:
        return op(*args, **params) if out is None else refuse_out(op.name)

    call.__name__ = call.__qualname__ = op.name
    call.__doc__ = op.doc
    return call


def _attach() -> None:
    """Give Tensor its methods and operators, and each NumPy word its meaning, from the records."""
    for op in REGISTRY.values():
        flat.prepare(op)
        if op.call is op:
            op.call = _function(op)
    for name, op in REGISTRY.items():
        if (op.elementwise or (op.kind == "discrete" and op.promotion)) and not name.startswith("_"):
            for public in (name, *op.alias):
                FUNCTIONS.setdefault(public, op.call)
                METHODS.setdefault(public, op.call)
        if isinstance(op.forward, np.ufunc) or op.forward in OPAQUE:
            WORDS.setdefault(op.forward, op)
    for name, method in METHODS.items():
        if name not in Tensor.__dict__:
            setattr(Tensor, name, method)
    for name in INPLACE:
        if name in METHODS and f"{name}_" not in METHODS:
            setattr(Tensor, f"{name}_", inplace(f"{name}_", METHODS[name]))
    for name in ("squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze"):
        setattr(Tensor, f"{name}_", inplace_view(f"{name}_", METHODS[name]))
    for name, ufunc in {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide}.items():
        setattr(Tensor, f"{name}_", inplace_ufunc(f"{name}_", ufunc, METHODS[name]))
    Tensor.zero_ = inplace_constant("zero_", 0, METHODS["zero"])  # type: ignore[attr-defined]
    for dunder, name in _OPERATORS.items():
        if name in METHODS:
            function = REGISTRY[name].call if name in REGISTRY and name != "matmul" else METHODS[name]
            setattr(Tensor, f"__{dunder}__", function)
            setattr(Tensor, f"__r{dunder}__", _reflected(name))
            if hasattr(Tensor, f"{name}_"):
                setattr(Tensor, f"__i{dunder}__", getattr(Tensor, f"{name}_"))
    for dunder, name in {**_COMPARISONS, **_UNARY}.items():
        if name in METHODS:
            setattr(Tensor, f"__{dunder}__", METHODS[name])
    for name in ("eq", "ne"):
        if name in METHODS:
            setattr(Tensor, f"__{name}__", _comparison(METHODS[name]))


_attach()
