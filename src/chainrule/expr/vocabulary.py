"""The vocabulary of rules: every NumPy name that a forward or a rule may use, and how it is written.

The table is closed, so that each word can have a meaning in every reading (numbers, tensors, formulas,
programs). A rule that needs one more word adds a line here; NumPy code that is not made of words
(sorting, inner loops) becomes one as an `@opaque` function in `words.py` and needs no line.

A line says how the word is written: as a call, which is what a mere name in `CALLS` means, or by
`Notation`: a template for the text a NumPy user would type, and how strongly it binds. What it looks like on paper
stands in `paper_words.py`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..errors import SymbolicError
from ..op import OPAQUE
from ..words import cast

# How strongly what was written binds, in Python's order; an operand that binds less is put in parentheses.
COMPARISON, OR, XOR, AND, SHIFT, SUM, PRODUCT, SIGN, POWER, ATOM = range(10)


class Notation(NamedTuple):
    """How a word is written in NumPy. Templates hold `{0}`, `{1}` … for the arguments; empty: `name(arguments)`."""

    text: str = ""
    level: int = ATOM


# Elementwise words that are written as a call. SciPy's stand here by name, so that nothing imports SciPy for it.
CALLS = """
    absolute fabs sign heaviside exp exp2 expm1 log log2 log10 log1p sqrt cbrt square reciprocal
    sin cos tan arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh hypot deg2rad rad2deg
    degrees radians logaddexp logaddexp2 maximum minimum fmax fmin floor ceil trunc rint copysign nextafter ldexp
    spacing fmod divmod modf frexp float_power positive conjugate signbit isnan isinf isfinite logical_and
    logical_or logical_xor logical_not gcd lcm
    erf erfc erfcx erfinv erfcinv gamma gammaln psi digamma gammainc gammaincc betaln beta
    xlogy xlog1py entr rel_entr kl_div logit expit log_expit log_ndtr ndtr ndtri i0 i0e i1 i1e j0 j1 huber
"""

# Other NumPy functions that are written as a call.
FUNCTIONS: tuple[Callable[..., Any], ...] = (
    # sums and extremes, running ones
    np.sum, np.prod, np.max, np.min, np.mean, np.any, np.all, np.argmax, np.argmin, np.cumsum, np.cumprod,
    np.nansum, np.count_nonzero, np.diff,
    # choosing and placing
    np.where, np.clip, np.take, np.take_along_axis, np.tril, np.triu, np.isclose,
    np.isneginf, np.isposinf, np.nan_to_num, np.sinc, np.round, np.argsort, np.sort, np.searchsorted,
    # products
    np.vecdot, np.inner, np.outer, np.einsum, np.tensordot, np.kron, np.trace, np.diag, np.diagonal, np.cross,
    # shapes
    np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.expand_dims, np.squeeze, np.broadcast_to,
    np.flip, np.roll, np.repeat, np.tile, np.concatenate, np.stack, np.split, np.pad, np.atleast_1d,
    # of the same shape
    np.zeros_like, np.ones_like, np.full_like, np.copy,
)  # fmt: skip

NOTATION: dict[Any, Notation] = {
    **{function: Notation() for function in FUNCTIONS},
    **{name: Notation() for name in CALLS.split()},
    np.add: Notation("{0} + {1}", SUM),
    np.subtract: Notation("{0} - {1}", SUM),
    np.multiply: Notation("{0} * {1}", PRODUCT),
    np.divide: Notation("{0} / {1}", PRODUCT),
    np.floor_divide: Notation("{0} // {1}", PRODUCT),
    np.remainder: Notation("{0} % {1}", PRODUCT),
    np.matmul: Notation("{0} @ {1}", PRODUCT),
    np.dot: Notation("{0} @ {1}", PRODUCT),
    np.negative: Notation("-{0}", SIGN),
    operator.pow: Notation("{0} ** {1}", POWER),
    np.equal: Notation("{0} == {1}", COMPARISON),
    np.not_equal: Notation("{0} != {1}", COMPARISON),
    np.less: Notation("{0} < {1}", COMPARISON),
    np.less_equal: Notation("{0} <= {1}", COMPARISON),
    np.greater: Notation("{0} > {1}", COMPARISON),
    np.greater_equal: Notation("{0} >= {1}", COMPARISON),
    np.bitwise_and: Notation("{0} & {1}", AND),
    np.bitwise_or: Notation("{0} | {1}", OR),
    np.bitwise_xor: Notation("{0} ^ {1}", XOR),
    np.invert: Notation("~{0}", SIGN),
    np.left_shift: Notation("{0} << {1}", SHIFT),
    np.right_shift: Notation("{0} >> {1}", SHIFT),
    np.absolute: Notation("abs({0})"),
    np.matrix_transpose: Notation("{0}.mT"),
    operator.getitem: Notation("{0}[{1}]"),
    cast: Notation("{0}.astype({1})"),
}

# Questions about shape and dtype: answered at once, no part of a formula.
INQUIRIES = frozenset({np.shape, np.ndim, np.size, np.result_type, np.iscomplexobj, np.min_scalar_type, np.can_cast})

# Other spellings of a word.
SYNONYMS: dict[Any, Any] = {np.power: operator.pow, np.astype: cast}
# What a ufunc's `reduce` and `accumulate` are called; `reduce` goes over axis 0 where the function goes over all.
REDUCE: dict[Any, Any] = {
    np.add: np.sum, np.multiply: np.prod, np.maximum: np.max, np.minimum: np.min,
    np.logical_and: np.all, np.logical_or: np.any,
}  # fmt: skip
ACCUMULATE: dict[Any, Any] = {
    np.add: np.cumsum, np.multiply: np.cumprod,
    np.maximum: np.maximum.accumulate, np.minimum: np.minimum.accumulate,
}  # fmt: skip


def name_of(word: Any) -> str:
    """The name a NumPy user knows a word by."""
    owner = getattr(word, "__self__", None)
    return f"{owner.__name__}.{word.__name__}" if isinstance(owner, np.ufunc) else str(word.__name__)


def _is_method(word: Any) -> bool:
    """Whether this is `reduce`, `accumulate` or `outer` of an elementwise word."""
    owner = getattr(word, "__self__", None)
    known = isinstance(owner, np.ufunc) and (owner in NOTATION or owner.__name__ in NOTATION)
    return known and word.__name__ in ("reduce", "accumulate", "outer")


def notation(word: Any) -> Notation:
    """How a word is written; raises SymbolicError for a function outside of the vocabulary."""
    found = NOTATION.get(word)
    if found is None and isinstance(word, np.ufunc):
        found = NOTATION.get(word.__name__)
    if found is None and (word in OPAQUE or _is_method(word) or hasattr(word, "function")):
        found = Notation()
    if found is None:
        raise SymbolicError(
            f"{name_of(word)} is not in the vocabulary of rules. Write the rule with words that are; or add the word "
            "to the table in chainrule/expr/vocabulary.py and say with @word what it means for tensors; or move the "
            "code that uses it into an @opaque function in chainrule/words.py"
        )
    return found
