"""Losses of classes and probabilities: cross entropy, negative log-likelihood, their binary forms."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import record
from ...errors import DtypeError, ShapeError
from ...ops.exponential import logaddexp
from ...ops.losses import _binary_cross_entropy
from .activation import require_floats
from .reduction import reduced, reduction_from


def cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
    reduce: Any = None, reduction: str = "mean", label_smoothing: float = 0.0,
) -> Any:  # fmt: skip
    """−log softmax(input) of the target's class: a log_softmax, then `nll_loss`.

    `input`: scores (N, C), (C) or (N, C, d₁, …). `target`: class numbers of the same shape without C,
    or probabilities of the same shape; of those the mean is over observations, whatever the weights.
    `label_smoothing` mixes the target with the uniform distribution. Raises RuntimeError for a target
    of another dtype, IndexError for a class that there is not.

    >>> import chainrule as cr
    >>> z = cr.tensor([[2.0, 0.0], [0.0, 0.0]])
    >>> cr.nn.functional.cross_entropy(z, cr.tensor([0, 1]), reduction="none")
    tensor([0.1269, 0.6931])
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    if not 0 <= label_smoothing <= 1:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if input.shape == target.shape:
        return _of_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    axis = _class_axis(input)
    log_p = input.log_softmax(axis)
    likelihood = nll_loss(log_p, target, weight, None, ignore_index, None, reduction)
    if not label_smoothing:
        return likelihood
    ignored = _ignored(target, ignore_index)
    shares = _shares(_classes(target, ignored), ignored, weight, input.dtype)
    losses = -(log_p if weight is None else log_p * _along(weight, input, axis)).sum(axis)
    if ignored is not None:
        losses = losses.masked_fill(ignored, 0)
    smooth = reduced(losses, reduction, shares)
    return (1 - label_smoothing) * likelihood + label_smoothing / input.shape[axis] * smooth


def _of_probabilities(
    input: Any, target: Any, weight: Any, ignore_index: int, reduction: str, label_smoothing: float
) -> Any:
    """Cross entropy with the probabilities of the classes."""
    if target._data.dtype.kind != "f":
        raise DtypeError(
            f"Expected floating point type for target with class probabilities, got {target.dtype.title}; class "
            "numbers have no dimension for the classes"
        )
    if ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    axis = _class_axis(input)
    n = input.shape[axis]
    if label_smoothing:
        target = target * (1 - label_smoothing) + label_smoothing / n
    products = input.log_softmax(axis) * target
    if weight is not None:
        _check_weight(weight, n, "cross_entropy: ")
        products = products * _along(weight, input, axis)
    return reduced(-products.sum(axis), reduction)


def nll_loss(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, ignore_index: int = -100,
    reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """−input[n, target[n]], the negative log-likelihood, if `input` holds log-probabilities.

    `input`: (N, C), (C) or (N, C, d₁, …); `target`: class numbers of the same shape without C. Each
    is multiplied by the `weight` of its class, and the mean divided by the sum of those. Targets equal
    to `ignore_index` count for nothing. Raises IndexError for a class that there is not, RuntimeError
    for a target that is not int64 or uint8, ValueError for another number of observations.

    >>> import chainrule as cr
    >>> cr.nn.functional.nll_loss(cr.tensor([[-0.1, -2.0], [-3.0, -0.5]]), cr.tensor([0, 0]))
    tensor(1.5500)
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    axis = _class_axis(input)
    _check_target(input, target, axis)
    if weight is not None:
        _check_weight(weight, input.shape[axis], "")
        if weight.dtype != input.dtype:
            raise DtypeError(f"expected scalar type {input.dtype.title} but found {weight.dtype.title}")
    if input.ndim == 1:
        target = target.reshape(())
    ignored = _ignored(target, ignore_index)
    _check_classes(target._data, ignored, input.shape[axis])
    classes = _classes(target, ignored)
    shares = _shares(classes, ignored, weight, input.dtype)
    losses = -input.gather(axis, classes.unsqueeze(axis)).squeeze(axis)
    if weight is not None:
        losses = losses * shares
    if ignored is not None:
        losses = losses.masked_fill(ignored, 0)
    return reduced(losses, reduction, shares)


def _class_axis(input: Any) -> int:
    if not input.ndim:
        raise ValueError("Expected 1 or more dimensions (got 0)")
    return 0 if input.ndim == 1 else 1


def _check_target(input: Any, target: Any, axis: int) -> None:
    """Raise PyTorch's errors for a target that does not fit the input."""
    shape, wanted = tuple(target.shape), (*input.shape[:axis], *input.shape[axis + 1 :])
    if input.ndim == 1:
        if target.ndim > 1:
            raise ShapeError("0D or 1D target tensor expected, multi-target not supported")
        if target.ndim and shape != (1,):
            raise ValueError(f"For 1D input, 1D target must have size 1, but got target size: {shape[0]}")
    elif not shape or shape[0] != wanted[0]:
        raise ValueError(
            f"Expected input batch_size ({wanted[0]}) to match target batch_size ({shape[0] if shape else 0})."
        )
    elif input.ndim == 2 and len(shape) > 1:
        raise ShapeError("0D or 1D target tensor expected, multi-target not supported")
    elif shape != wanted:
        if input.ndim == 4:
            raise ShapeError(f"size mismatch (got input: {list(input.shape)} , target: {list(shape)}")
        raise ShapeError(f"Expected target size {list(wanted)}, got {list(shape)}")
    if target._data.dtype not in (np.int64, np.uint8):
        raise DtypeError(
            f"expected target dtype to be Long or Byte, but got {target.dtype.title}; convert it with .long()"
        )


def _check_weight(weight: Any, n: int, where: str) -> None:
    if weight.shape != (n,):
        raise ShapeError(
            f"{where}weight tensor should be defined either for all {n} classes or no classes but got weight tensor "
            f"of shape: {list(weight.shape)}"
        )


def _check_classes(target: np.ndarray[Any, Any], ignored: Any, n: int) -> None:
    outside = (target < 0) | (target >= n)
    if ignored is not None:
        outside &= ~ignored._data
    if outside.any():
        raise IndexError(f"Target {target[outside].flat[0]} is out of bounds.")


def _ignored(target: Any, ignore_index: int) -> Any:
    """Which observations count for nothing; None if there are none."""
    ignored = target._data == ignore_index
    return record.wrap(ignored) if ignored.any() else None


def _classes(target: Any, ignored: Any) -> Any:
    """The classes to pick: the target itself where that can be; 0 for what is ignored."""
    if ignored is not None:
        target = target.masked_fill(ignored, 0)
    return target if target._data.dtype == np.int64 else target.long()


def _shares(classes: Any, ignored: Any, weight: Any, dtype: Any) -> Any:
    """How much each observation counts; None where all count the same."""
    if weight is None:
        return None if ignored is None else (~ignored).to(dtype)
    shares = weight[classes]
    return shares if ignored is None else shares.masked_fill(ignored, 0)


def _along(weight: Any, input: Any, axis: int) -> Any:
    """Weights of the classes, shaped so that they multiply along the classes' axis."""
    return weight.reshape((-1,) + (1,) * (input.ndim - axis - 1))


def binary_cross_entropy(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """−(t log x + (1 − t) log(1 − x)); the logarithms end at −100, so that no loss is infinite.

    `input`, `target`: probabilities of one shape; `weight` broadcasts. Raises ValueError where the
    sizes differ, RuntimeError for values outside of [0, 1] or different dtypes.

    >>> import chainrule as cr
    >>> cr.nn.functional.binary_cross_entropy(cr.tensor([0.5, 0.9]), cr.tensor([1.0, 1.0]), reduction="none")
    tensor([0.6931, 0.1054])
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.size()}) that is different to the input size ({input.size()}) is "
            "deprecated. Please ensure they have the same size."
        )
    if target.dtype != input.dtype:
        raise DtypeError(f"Found dtype {target.dtype.title} but expected {input.dtype.title}")
    require_floats("binary_cross_entropy", input)
    for name, array in (("input", input._data), ("target", target._data)):
        if not ((array >= 0) & (array <= 1)).all():
            raise RuntimeError(
                f"all elements of {name} should be between 0 and 1; scores go into binary_cross_entropy_with_logits"
            )
    losses = _binary_cross_entropy(input, target)
    return reduced(losses if weight is None else losses * weight, reduction)


def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean", pos_weight: Any = None,
) -> Any:  # fmt: skip
    """−(p t log σ(x) + (1 − t) log(1 − σ(x))), without overflow; p is `pos_weight`, or 1.

    `input`, `target` of one shape; `weight` and `pos_weight` broadcast. Raises ValueError where the
    sizes differ, NotImplementedError for integers.

    >>> import chainrule as cr
    >>> cr.nn.functional.binary_cross_entropy_with_logits(cr.tensor([0.0, -100.0]), cr.tensor([1.0, 1.0]))
    tensor(50.3466)
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(f"Target size ({target.size()}) must be the same as input size ({input.size()})")
    require_floats("log_sigmoid", input)
    if target._data.dtype.kind != "f":
        raise DtypeError(
            f"result type {input.dtype.title} can't be cast to the desired output type {target.dtype.title}; the "
            "target holds probabilities, convert it with .float()"
        )
    softplus = logaddexp(-input, 0.0)  # −log σ(x)
    if pos_weight is not None:
        softplus = ((pos_weight - 1) * target + 1) * softplus
    losses = (1 - target) * input + softplus
    return reduced(losses if weight is None else losses * weight, reduction)
