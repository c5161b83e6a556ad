"""Dynamic computational graphs and autograd for Python, where backprop can be seen.

The names, arguments and results are PyTorch's: `import chainrule as torch` runs programs written for it.
"""

# ruff: noqa: I001 - by subject, so that this page can be read

import sys as _sys
from importlib import import_module as _import_module
from typing import TYPE_CHECKING

# the tensor, and what makes one from data
from .tensor import Tensor as Tensor
from .convert import (
    as_tensor as as_tensor,
    asarray as asarray,
    from_dlpack as from_dlpack,
    from_numpy as from_numpy,
    frombuffer as frombuffer,
    tensor as tensor,
)

# from a size, a range, a number
from .creation import (
    arange as arange,
    empty as empty,
    empty_like as empty_like,
    empty_strided as empty_strided,
    eye as eye,
    full as full,
    full_like as full_like,
    linspace as linspace,
    logspace as logspace,
    ones as ones,
    ones_like as ones_like,
    scalar_tensor as scalar_tensor,
    tril_indices as tril_indices,
    triu_indices as triu_indices,
    vander as vander,
    zeros as zeros,
    zeros_like as zeros_like,
)

# of old: FloatTensor([1.0]), isinstance(x, LongTensor)
from .legacy import (
    BoolTensor as BoolTensor,
    ByteTensor as ByteTensor,
    CharTensor as CharTensor,
    DoubleTensor as DoubleTensor,
    FloatTensor as FloatTensor,
    HalfTensor as HalfTensor,
    IntTensor as IntTensor,
    LongTensor as LongTensor,
    ShortTensor as ShortTensor,
    set_default_tensor_type as set_default_tensor_type,
    typename as typename,
)

# dtypes, their promotion and their limits
from .dtypes import (
    bool as bool,
    can_cast as can_cast,
    double as double,
    dtype as dtype,
    finfo as finfo,
    float as float,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    get_default_dtype as get_default_dtype,
    half as half,
    iinfo as iinfo,
    int as int,
    int8 as int8,
    int16 as int16,
    int32 as int32,
    int64 as int64,
    long as long,
    promote_types as promote_types,
    result_type as result_type,
    set_default_dtype as set_default_dtype,
    short as short,
    uint8 as uint8,
)

# shapes, devices, layouts
from .size import Size as Size
from .device import (
    contiguous_format as contiguous_format,
    device as device,
    get_default_device as get_default_device,
    layout as layout,
    memory_format as memory_format,
    preserve_format as preserve_format,
    set_default_device as set_default_device,
    strided as strided,
)
from . import cuda as cuda

# operations: every function of the records, typed in `functions.pyi`
from .functions import *

# random numbers, PyTorch's from the same seed
from .random import (
    Generator as Generator,
    bernoulli as bernoulli,
    default_generator as default_generator,
    get_rng_state as get_rng_state,
    initial_seed as initial_seed,
    manual_seed as manual_seed,
    multinomial as multinomial,
    normal as normal,
    rand as rand,
    rand_like as rand_like,
    randint as randint,
    randint_like as randint_like,
    randn as randn,
    randn_like as randn_like,
    randperm as randperm,
    seed as seed,
    set_rng_state as set_rng_state,
)

# the graph and its modes
from . import autograd as autograd
from .modes import (
    enable_grad as enable_grad,
    inference_mode as inference_mode,
    is_grad_enabled as is_grad_enabled,
    is_inference_mode_enabled as is_inference_mode_enabled,
    no_grad as no_grad,
    set_grad_enabled as set_grad_enabled,
)

# printing and settings
from .printing import set_printoptions as set_printoptions
from .settings import (
    are_deterministic_algorithms_enabled as are_deterministic_algorithms_enabled,
    get_num_interop_threads as get_num_interop_threads,
    get_num_threads as get_num_threads,
    set_num_threads as set_num_threads,
    use_deterministic_algorithms as use_deterministic_algorithms,
)

# errors
from .errors import (
    AnomalyError as AnomalyError,
    DtypeError as DtypeError,
    FreedGraphError as FreedGraphError,
    GradientWarning as GradientWarning,
    GraphError as GraphError,
    InplaceError as InplaceError,
    NotSupportedError as NotSupportedError,
    ShapeError as ShapeError,
    UnsupportedDtypeError as UnsupportedDtypeError,
)
from .absent import absent as _absent

__version__ = "0.1.0"


pi, e, inf, nan = 3.141592653589793, 2.718281828459045, 1e999, 1e999 - 1e999
newaxis = None

if TYPE_CHECKING:  # looking at graphs; loaded when first asked for
    from .census import graph_census as graph_census
    from .explain import explain as explain
    from .picture import graph_text as graph_text

_FROM = {"graph_census": "census", "graph_text": "picture"}
# Imported when first asked for: `chainrule.nn`, `chainrule.optim` …
_LAZY = ("explain", "expr", "func", "linalg", "nn", "optim", "special", "utils")

if not TYPE_CHECKING:

    def __getattr__(name):
        if name in _FROM:
            found = globals()[name] = getattr(_import_module(f".{_FROM[name]}", __name__), name)
            return found
        if name in _LAZY:
            try:
                return _import_module(f".{name}", __name__)
            except ModuleNotFoundError as error:
                if error.name != f"{__name__}.{name}":
                    raise
        raise _absent("module 'chainrule'", name, _sys.modules[__name__])
