"""Contrastive losses: of distances, similarities and rankings."""

from __future__ import annotations

from typing import Any

from ...errors import ShapeError
from ...ops.rounding import where
from .reduction import reduced, reduction_from

_EPSILON = 1e-12


def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Any:
    """‖x1 − x2 + ε‖ₚ along the last dimension.

    >>> import chainrule as cr
    >>> cr.nn.functional.pairwise_distance(cr.tensor([[3.0, 4.0]]), cr.zeros(1, 2))
    tensor([5.0000])
    """
    return (x1 - x2 + eps).norm(p, -1, keepdim)


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Any:
    """The mean, sum or each of x where the target is 1, max(0, margin − x) where it is −1.

    >>> import chainrule as cr
    >>> cr.nn.functional.hinge_embedding_loss(cr.tensor([0.3, 0.3]), cr.tensor([1, -1]), reduction="none")
    tensor([0.3000, 0.7000])
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    far = where(target != 1, (margin - input).clamp(min=0), 0.0)
    near = where(target != -1, input, 0.0)
    return reduced(far + near, reduction)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """The mean, sum or each of 1 − cos(x₁, x₂) where the target is 1, max(0, cos(x₁, x₂) − margin) where it is −1.

    `input1`, `input2`: (N, D) with a target (N), or (D) with a target of no dimension; else raises RuntimeError.

    >>> import chainrule as cr
    >>> x, y = cr.tensor([[3.0, 0.0]]), cr.tensor([[3.0, 4.0]])
    >>> cr.nn.functional.cosine_embedding_loss(x, y, cr.tensor([1]))
    tensor(0.4000)
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    if target.ndim > 1:
        raise ShapeError(
            f"0D or 1D target tensor expected, multi-target not supported; cosine_embedding_loss() got {target.ndim}D"
        )
    if (input1.ndim, input2.ndim) != (target.ndim + 1,) * 2:
        raise ShapeError(
            f"{target.ndim}D target tensor expects {target.ndim + 1}D input tensors, but found inputs with sizes "
            f"{list(input1.shape)} and {list(input2.shape)}."
        )
    product = (input1 * input2).sum(-1)
    squares = (input1.square().sum(-1) + _EPSILON) * (input2.square().sum(-1) + _EPSILON)
    cosine = product / squares.sqrt()
    alike = where(target == 1, 1 - cosine, 0.0)
    unlike = where(target == -1, (cosine - margin).clamp(min=0), 0.0)
    return reduced(alike + unlike, reduction)


def triplet_margin_loss(
    anchor: Any, positive: Any, negative: Any, margin: float = 1.0, p: float = 2, eps: float = 1e-6,
    swap: bool = False, size_average: Any = None, reduce: Any = None, reduction: str = "mean",
) -> Any:  # fmt: skip
    """The mean, sum or each of max(0, ‖anchor − positive‖ₚ − ‖anchor − negative‖ₚ + margin).

    With `swap`, the negative's distance from the positive counts if it is smaller. Raises ValueError
    unless `margin` is positive, RuntimeError where the numbers of dimensions differ.

    >>> import chainrule as cr
    >>> a, p, n = cr.tensor([[0.0, 0.0]]), cr.tensor([[3.0, 4.0]]), cr.tensor([[0.0, 2.0]])
    >>> cr.nn.functional.triplet_margin_loss(a, p, n)
    tensor(4.0000)
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    if not anchor.ndim == positive.ndim == negative.ndim:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {anchor.ndim}D, positive {positive.ndim}D, and negative {negative.ndim}D inputs"
        )
    near = pairwise_distance(anchor, positive, p, eps)
    far = pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = far.minimum(pairwise_distance(positive, negative, p, eps))
    return reduced((near - far + margin).clamp(min=0), reduction)


def margin_ranking_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0, size_average: Any = None, reduce: Any = None,
    reduction: str = "mean",
) -> Any:  # fmt: skip
    """The mean, sum or each of max(0, −target · (x₁ − x₂) + margin).

    Raises RuntimeError where the numbers of dimensions differ.

    >>> import chainrule as cr
    >>> cr.nn.functional.margin_ranking_loss(cr.tensor([1.0]), cr.tensor([3.0]), cr.tensor([1.0]))
    tensor(2.)
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_from(size_average, reduce, reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.size()}, input2: {input2.size()}, target: {target.size()} "
        )
    return reduced((-target * (input1 - input2) + margin).clamp(min=0), reduction)
