"""Joining, copying, filling, sorting, searching and counting against PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

from .both import check, check_gradients

pytestmark = pytest.mark.filterwarnings("ignore:.*(meshgrid|histc)")

EXPRESSIONS = """
T.cat([A, A])
T.cat([A, A], -1)
T.cat((A, A), dim=1)
T.cat((A, A), axis=1)
T.concat([A, E])
T.concatenate([A, A], 1)
T.cat([A, e])
T.cat([A, I])
T.cat([I, B])
T.cat([A, D])
T.cat([A, A], 5)
T.cat([A, v])
T.cat([A, A[:, :2]])
T.cat([])
T.cat([z, z])
T.cat(A)
T.cat([A, 3])
T.stack([A, A], -1)
T.stack([z, z])
T.stack([A, I])
T.stack([A, v])
T.stack([])
T.stack([A, A], 4)
T.hstack([v, v])
T.hstack([A, A])
T.hstack([z, z])
T.vstack([v, v])
T.dstack([v, v])
T.dstack([A, A])
T.column_stack([T.ones(2), A])
T.row_stack([v, v])
T.block_diag(A, v, z)
T.block_diag(I, B)
T.block_diag(T.ones(1, 1, 1))
v.repeat(2)
A.repeat(2, 1, 2)
A.repeat((2, 1))
A.repeat(0, 1)
z.repeat(2)
A.repeat(2)
A.repeat(-1, 1)
v.repeat_interleave(2)
A.repeat_interleave(2)
A.repeat_interleave(2, dim=1)
A.repeat_interleave(T.tensor([1, 2]), dim=0)
A.repeat_interleave(T.tensor([2]), 0)
T.repeat_interleave(T.tensor([1, 2, 0]))
A.repeat_interleave(T.tensor([1, 2]), 0, output_size=3)
A.repeat_interleave(T.tensor([1, 2]))
A.repeat_interleave(-1)
A.repeat_interleave(T.tensor([1.0, 2.0]), 0)
A.tile(2)
A.tile((2, 2))
T.tile(A, (2,))
A.tile(2, 1, 1)
A.roll(1)
A.roll(1, 0)
A.roll((1, 2), (0, 1))
A.roll(shifts=1, dims=-1)
A.roll((1, 2))
A.roll((1, 2), 0)
A.roll(1, 5)
A.flip(0)
A.flip(0, 1)
A.flip((0, 1))
A.flip([-1])
A.flip(dims=(0, 1))
A.repeat(repeats=(2, 1))
A.tile(dims=(2,))
z.flip(())
A.flip()
A.flip(3)
A.flip(0, 0)
A.fliplr()
A.flipud()
v.fliplr()
z.flipud()
A.rot90()
A.rot90(2, (1, 0))
A.rot90(-1, [0, 1])
A.rot90(4)
S.rot90(1, (2, 0))
A.rot90(1, (0, 0))
v.rot90()
A.clone()
A.t().clone()
A.clone().copy_(v)
A.clone().copy_(I)
I.clone().copy_(A + 0.7)
A.clone().fill_(2)
I.clone().fill_(2.7)
A.clone().fill_(z)
A.clone().fill_(v)
B.clone().fill_(3)
A.clone().zero_()
T.fill(A, 3)
T.fill(A, v)
A.masked_fill(B, 0)
A.masked_fill(B, z)
A.masked_fill(B[0], 1)
v.masked_fill(B, 1)
A.masked_fill(B, D[0, 0])
B.masked_fill(B, 2)
I.masked_fill(B, 1.5)
A.masked_fill(B, v)
I.masked_fill(B, inf)
A.masked_fill(I, 0)
A.masked_fill(B[:, :2], 1)
T.meshgrid(v, z)
T.meshgrid(v, v[:2], indexing="xy")
T.meshgrid([v, v[:2]], indexing="ij")
T.meshgrid(v, v.double(), indexing="ij")
T.meshgrid(v, v, indexing="ab")
T.cartesian_prod(A[0], A[1, :2])
T.cartesian_prod(v)
T.combinations(T.tensor([1, 2, 3]))
T.combinations(A[1], r=2, with_replacement=True)
T.combinations(T.tensor([1, 2, 3]), r=0)
T.combinations(T.tensor([1, 2, 3]), r=4)
T.combinations(A)
T.broadcast_tensors(A, v, z)
T.broadcast_tensors(A, T.ones(2))
T.atleast_1d(z)
T.atleast_1d(z, z)
T.atleast_2d(v)
T.atleast_3d(v)
T.atleast_3d(A)
T.atleast_3d(z)
T.atleast_1d([z, A])
T.sort(T.tensor([3.0, nan, 1.0, inf]))
T.sort(T.tensor([3.0, nan, 1.0, inf, nan, 3.0]), descending=True, stable=True)
T.sort(A, 0, True)
T.sort(z)
T.sort(B, stable=True)
T.sort(E)
T.sort(A, dim=3)
T.argsort(A, descending=True)
T.argsort(v, stable=True)
T.argsort(z)
T.msort(A.flip(0))
T.topk(A, 2)
T.topk(A, 2, dim=0, largest=False)
T.topk(z, 1)
T.topk(T.tensor([1.0, nan, 3.0, 2.0]), 2)
T.topk(T.tensor([1.0, nan, 3.0, 2.0]), 2, largest=False)
T.topk(A, 0)
T.topk(A, 5)
T.topk(A, -1)
T.kthvalue(A, 2)
T.kthvalue(A, 1, 0, True)
T.kthvalue(T.tensor([nan, 1.0, 3.0]), 2)
T.kthvalue(z, 1)
T.kthvalue(A, 4)
T.kthvalue(A, 0)
T.unique(T.tensor([3, 1, 2, 1]))
T.unique(T.tensor([3, 1, 2, 1]), return_inverse=True, return_counts=True)
T.unique(T.tensor([3, 1, 2, 1]), return_counts=True)
T.unique(T.tensor([[1, 2], [0, 1], [1, 2]]), dim=0, return_inverse=True)
T.unique(T.tensor([[1, 2], [0, 1], [1, 2]]), dim=1, return_counts=True)
T.unique(T.tensor([[1, 2], [0, 1], [1, 2]]), return_inverse=True)
T.unique(T.tensor([nan, nan, 1.0]))
T.unique(z)
T.unique(B)
T.unique_consecutive(T.tensor([1, 1, 2, 2, 1]), return_inverse=True, return_counts=True)
T.unique_consecutive(T.tensor([[1, 1], [1, 1], [2, 0]]), dim=0, return_counts=True)
T.unique_consecutive(T.tensor([[1, 1], [1, 1], [2, 0]]))
T.unique_consecutive(T.tensor([nan, nan]))
T.unique_consecutive(e)
T.searchsorted(T.tensor([1, 3, 5]), T.tensor([3, 6]))
T.searchsorted(T.tensor([1, 3, 5]), T.tensor([3, 6]), right=True, out_int32=True)
T.searchsorted(T.tensor([1, 3, 5]), 3)
T.searchsorted(T.tensor([1, 3, 5]), 3, side="right")
T.searchsorted(T.tensor([[1, 3, 5], [2, 4, 6]]), T.tensor([[3], [6]]))
T.searchsorted(T.tensor([5, 1, 3]), T.tensor([3]), sorter=T.tensor([1, 2, 0]))
T.searchsorted(T.tensor([1.0, 2.0]), T.tensor([nan, inf]))
T.searchsorted(T.tensor([[1, 3, 5], [2, 4, 6]]), T.tensor([3, 6]))
T.searchsorted(T.tensor([1.0, 2.0]), T.tensor([1.0]), right=True, side="left")
T.bucketize(T.tensor([1, 4]), T.tensor([1, 3, 5]))
T.bucketize(4, T.tensor([1, 3, 5]), right=True)
T.bucketize(v, A)
T.isin(T.tensor([1, 2]), T.tensor([2, 3]))
T.isin(T.tensor([1, 2]), 2)
T.isin(1, T.tensor([2, 3]), invert=True)
T.histc(T.tensor([1.0, 2.0, 1.0]), bins=4, min=0, max=3)
T.histc(T.tensor([1.0, 2.0, 1.0]), 4)
T.histc(T.tensor([1.0, 1.0, 1.0]), 4)
T.histc(T.tensor([-1.0, 5.0, 3.0]), 3, 0, 3)
T.histc(T.tensor([1, 2]), 4)
T.histc(v, 0)
T.histc(v, 4, 3, 1)
T.bincount(T.tensor([1, 2, 1]))
T.bincount(T.tensor([1, 2, 1]), weights=T.tensor([0.5, 1.0, 1.0]))
T.bincount(T.tensor([1, 2, 1]), minlength=5)
T.bincount(T.tensor([1, 2, 1]), T.tensor([1, 2, 3]))
T.bincount(T.tensor([-1]))
T.bincount(v)
T.bincount(I)
""".strip().split("\n")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_outcome(expression):
    check(expression)


X, Y = np.arange(6.0).reshape(2, 3) / 7 + 0.1, np.arange(6.0, 12).reshape(2, 3) / 5
MASK = X > 0.5
DIFFERENTIABLE = {
    "cat": (lambda T, a, b: T.cat([a, b, a], 1) ** 2, X, Y),
    "stack": (lambda T, a, b: T.stack([a, b], 1) ** 2, X, Y),
    "hstack": (lambda T, a, b: T.hstack([a, b]) ** 2, X[0], Y[0]),
    "vstack": (lambda T, a, b: T.vstack([a, b]) ** 2, X[0], Y),
    "dstack": (lambda T, a, b: T.dstack([a, b]) ** 2, X, Y),
    "column_stack": (lambda T, a, b: T.column_stack([a, b]) ** 2, X[:, 0], Y),
    "block_diag": (lambda T, a, b: T.block_diag(a, b) ** 2, X, Y[0]),
    "repeat": (lambda T, a: a.repeat(2, 1, 3) ** 2, X),
    "tile": (lambda T, a: a.tile(2) ** 2, X),
    "repeat_interleave": (lambda T, a: a.repeat_interleave(2, 1) ** 2, X),
    "repeat_interleave, tensor": (lambda T, a: a.repeat_interleave(T.tensor([2, 0, 1]), 1) ** 2, X),
    "roll": (lambda T, a: a.roll((1, 2), (0, 1)) ** 2, X),
    "roll, flat": (lambda T, a: a.roll(-2) ** 2, X),
    "flip": (lambda T, a: a.flip(0, 1) ** 2, X),
    "rot90": (lambda T, a: a.rot90() ** 2, X),
    "clone": (lambda T, a: a.clone() ** 2, X),
    "copy_": (lambda T, a, b: (a * 1).copy_(b[0]) ** 2 + a, X, Y),
    "fill_": (lambda T, a, b: (a * 1).fill_(b.sum()) ** 2 + a, X, Y),
    "zero_": (lambda T, a: (a * 1).zero_() + a**2, X),
    "masked_fill": (lambda T, a, m, b: a.masked_fill(m, b.sum()) ** 2, X, MASK, Y),
    "masked_fill_": (lambda T, a, m: (a * 1).masked_fill_(m, 2.0) ** 2, X, MASK),
    "meshgrid": (
        lambda T, a, b: (T.meshgrid(a, b, indexing="xy")[1] * T.meshgrid(a, b, indexing="xy")[0]) ** 2,
        X[0],
        Y[0],
    ),
    "cartesian_prod": (lambda T, a, b: T.cartesian_prod(a, b) ** 2, X[0], Y[0]),
    "combinations": (lambda T, a: T.combinations(a) ** 2, X[0]),
    "broadcast_tensors": (lambda T, a, b: T.stack(T.broadcast_tensors(a, b)) ** 2, X[0], Y),
    "sort": (lambda T, a: a.sort(1, descending=True).values ** 2, X),
    "topk": (lambda T, a: a.topk(2)[0] ** 2, X),
    "kthvalue": (lambda T, a: a.kthvalue(2, 0).values ** 2, X),
    "mode": (lambda T, a: a.mode(0).values ** 2, X),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients(name):
    check_gradients(*DIFFERENTIABLE[name])
