"""Products and triangles against PyTorch: values, dtypes, shapes, errors, gradients of gradients."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from chainrule.ops import contraction, products

from .both import check, check_gradients

pytestmark = pytest.mark.filterwarnings("ignore:.*(torch.cross|chain_matmul)")
FUNCTIONAL = SimpleNamespace(linear=products.linear, bilinear=contraction.bilinear)

EXPRESSIONS = """
A.mm(A.t())
I.mm(I.t())
H.mm(H.t())
E.t().mm(E)
A.mm(A)
A.mm(v)
v.mm(A)
A.mm(D.t())
D.mm(A.t())
B.mm(B.t())
A.mm(2)
A.mv(v)
I.mv(I[0])
A.mv(A)
A.mv(T.ones(2))
A.mv(D[0])
v.dot(v)
v.dot(A)
v.dot(T.ones(2))
v.dot(v.double())
T.vdot(v, v)
v @ v
A @ v
v @ A.t()
A @ A.t()
S @ S.transpose(1, 2)
S @ v.new_ones(4)
T.ones(3) @ S
S @ T.ones(4, 5)
T.ones(5, 3) @ S
T.ones(7, 1, 2, 3) @ T.ones(5, 3, 4)
I @ I.t()
B @ B.t()
A @ A
A @ T.ones(2)
T.ones(4) @ A
v @ T.ones(2)
z @ v
A @ 2
S @ S
S @ T.ones(3, 4, 5)
S @ T.ones(5)
S @ T.ones(3, 4)
A @ D.t()
A @ v.double()
v @ v.double()
S.bmm(S.transpose(1, 2))
A.bmm(A)
S.bmm(S)
S.bmm(T.ones(3, 4, 4))
S.bmm(T.ones(2, 4, 4).double())
T.inner(A, v)
T.inner(A, A)
T.inner(v, v)
T.inner(A, T.ones(2))
T.inner(A, z)
T.addmm(T.ones(2), A, A.t(), beta=0.5, alpha=2)
T.addmm(T.full((2,), nan), A, A.t(), beta=0)
T.addmm(I[0, :2], I, I.t(), beta=0.5)
T.addmm(v, A, A.t())
T.addmm(T.ones(2).double(), A, A.t())
A.addmm(A, T.ones(3, 3))
T.baddbmm(T.ones(1), T.ones(2, 1, 2), T.ones(2, 2, 1))
T.addbmm(T.ones(1), T.ones(2, 1, 2), T.ones(2, 2, 1), alpha=3)
T.addmv(T.ones(2), A, v)
T.addr(T.ones(2, 3), T.ones(2), v, beta=2)
T.outer(v, A[0])
T.outer(v, v.double())
T.outer(v, v.long())
T.ger(v, v)
T.outer(A, v)
S[..., :0] @ T.ones(0, 5)
F.linear(S[..., :0], T.ones(5, 0))
T.addr(B, B[:, 0], B[0], beta=3, alpha=2)
T.tensordot(A[:1], S, ([0], [0]))
T.einsum("ij,kj", A, A)
T.einsum("ij->ji", A)
T.einsum("ij->", A)
T.einsum("ii", T.ones(2, 2))
T.einsum("ii->i", S[:, :2, 0])
T.einsum("i...->...", A)
T.einsum("...j,...j", A, A)
T.einsum("i j , k j -> i k", A, A)
T.einsum(A, [0, 1], A, [0, 1], [0])
T.einsum(A, [0, 1], A, [0, 1])
T.einsum(A, [..., 1], v, [1], [...])
T.einsum("ij,kj", [A, A])
T.einsum("ij,kl->", A, A)
T.einsum("i,i", v, T.ones(1))
T.einsum("bA,Aa", A, A.t())
T.einsum("...ij,ij", S[..., :3], T.ones(3, 3))
T.einsum("...ij->ij", S)
T.einsum("...ij,...jk->...ik", S, S.transpose(1, 2))
T.einsum("bij,bjk,kl->bil", S, S.transpose(1, 2), T.ones(3, 2))
T.einsum("ij,jk,kl,lm->im", A, A.t(), A, A.t())
T.einsum("iij,j->i", S[:, :2], T.ones(4))
T.einsum(",ij", z, A)
T.einsum("ij,jk->ik", I, I.t())
T.einsum("ij,jk->ik", T.ones(50, 40), T.ones(40, 30))
T.einsum("bij,bkj->bki", T.ones(3, 50, 40), T.ones(3, 30, 40))
T.einsum("ij,jk", A, A)
T.einsum("ij,jk->ik", A, D.t())
T.einsum("bij->ib", A)
T.einsum("ij->ik", A)
T.einsum("ij->iij", A)
T.einsum("i,i", v, T.ones(2))
T.einsum("ij", A, A)
T.einsum("ij,jk", A)
T.einsum("1,1", v, v)
T.tensordot(A, A, 2)
T.tensordot(A, A, ([0], [0]))
T.tensordot(A, A, dims=([1, 0], [1, 0]))
T.tensordot(A, A, dims=0)
T.tensordot(S, S, ([1, 2], [1, 2]))
T.tensordot(A, A, dims=1)
T.trace(A)
I.trace()
T.trace(v)
T.kron(T.eye(2), A)
T.kron(v, A)
T.kron(A, z)
T.kron(I, A)
T.chain_matmul(A, A.t(), A)
T.cdist(A, A)
T.cdist(A, A + 1, p=1)
T.cdist(A, A + 1, p=3.0)
T.cdist(A, A, p=0)
T.cdist(A, A, p=inf)
T.cdist(S, S + 1)
T.cdist(A, A[:, :2])
T.cdist(v, A)
T.cross(A, A + v, dim=1)
T.cross(A, T.ones(2, 3).flip(0) * 2)
T.cross(A.t(), A.t() + 1)
T.cross(A, A[:, :2])
T.cross(T.ones(2, 4), T.ones(2, 4))
T.diag(v)
T.diag(v, 1)
T.diag(v, -2)
T.diag(A)
T.diag(A, 1)
A.diag(-1)
T.diag(z)
T.diag_embed(A)
T.diag_embed(A, 1, 0, 1)
T.diag_embed(A, -1, 0, 2)
T.diagflat(A)
T.diagflat(z, 1)
A.tril()
A.tril(1)
T.tril(S, diagonal=-1)
B.triu()
I.triu(1)
v.tril()
F.linear(A, A)
F.linear(A, A, T.ones(2))
F.linear(A, v)
F.linear(v, A, T.ones(2))
F.linear(v, v)
F.linear(S, T.ones(5, 4), T.ones(5))
F.linear(I, I)
F.linear(E, A, T.ones(2))
F.linear(A, T.ones(2, 4))
F.linear(S, T.ones(2, 3))
F.linear(A, D)
F.linear(D, A, T.ones(2))
F.linear(A, A, T.ones(2).double())
F.linear(A, A, v)
F.bilinear(A, A, T.ones(4, 3, 3), T.ones(4))
F.bilinear(S, S, T.ones(2, 4, 4))
""".strip().split("\n")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_outcome(expression):
    check(expression, FUNCTIONAL)


rng = np.random.default_rng(3)
M, K, V, U, B1, B2 = (rng.standard_normal(s) for s in [(3, 4), (4, 2), (4,), (3,), (2, 3, 4), (2, 4, 2)])
SQUARE = rng.standard_normal((3, 3))
DIFFERENTIABLE = {
    "mm": (lambda T, a, b: a.mm(b), M, K),
    "mv": (lambda T, a, b: a.mv(b), M, V),
    "dot": (lambda T, a, b: a.dot(b), V, V + 1),
    "outer": (lambda T, a, b: T.outer(a, b), V, U),
    "bmm": (lambda T, a, b: a.bmm(b), B1, B2),
    "vector @ matrix": (lambda T, a, b: a @ b, U, M),
    "vector @ batch": (lambda T, a, b: a @ b, U, B1),
    "batch @ vector": (lambda T, a, b: a @ b, B1, V),
    "batch @ matrix": (lambda T, a, b: a @ b, B1, K),
    "matrix @ batch": (lambda T, a, b: a @ b, M, B2),
    "broadcast": (lambda T, a, b: a.reshape(2, 1, 3, 4) @ b, B1, B2),
    "addmm": (lambda T, c, a, b: T.addmm(c, a, b, beta=0.5, alpha=2), rng.standard_normal(2), M, K),
    "addmv": (lambda T, c, a, b: T.addmv(c, a, b), U, M, V),
    "baddbmm": (lambda T, c, a, b: T.baddbmm(c, a, b, alpha=2), SQUARE[:, :2], B1, B2),
    "addbmm": (lambda T, c, a, b: T.addbmm(c, a, b), SQUARE[:, :2], B1, B2),
    "einsum": (lambda T, a, b: T.einsum("bij,bjk->ki", a, b), B1, B2),
    "einsum, one sums out": (lambda T, a, b: T.einsum("bij,jk->b", a, b), B1, K),
    "einsum, diagonal": (lambda T, a, b: T.einsum("ii,ij->j", a, b), SQUARE, M),
    "einsum, one operand": (lambda T, a: T.einsum("ii->i", a) ** 2, SQUARE),
    "einsum, broadcast": (lambda T, a, b: T.einsum("ij,ij->i", a, b), M, M[:, :1]),
    "einsum, ellipsis": (lambda T, a, b: T.einsum("...ij,jk->...k", a, b), B1, K),
    "einsum, three": (lambda T, a, b, c: T.einsum("bij,bjk,i->k", a, b, c), B1, B2, U),
    "tensordot": (lambda T, a, b: T.tensordot(a, b, ([2], [1])), B1, B2),
    "inner": (lambda T, a, b: T.inner(a, b), M, V),
    "kron": (lambda T, a, b: T.kron(a, b), M, U),
    "trace": (lambda T, a: T.trace(a) ** 2, SQUARE),
    "cross": (lambda T, a, b: T.cross(a, b, dim=1), SQUARE, SQUARE + 1),
    "diag": (lambda T, a: T.diag(a, 1) ** 2, V),
    "diagonal of a matrix": (lambda T, a: T.diag(a) ** 2, M),
    "diag_embed": (lambda T, a: T.diag_embed(a, 1, 0, 2) ** 2, M),
    "tril": (lambda T, a: a.tril(-1) ** 2, B1),
    "triu": (lambda T, a: a.triu() ** 2, M),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients(name):
    function, *arrays = DIFFERENTIABLE[name]
    check_gradients(function, *arrays, tolerance=1e-7)


@pytest.mark.parametrize("p", [1, 2, 3, float("inf")])
def test_gradients_of_cdist(p):
    check_gradients(lambda T, a, b: T.cdist(a, b, p), M, M[:2] * 2 + 1, second=False)


@pytest.mark.parametrize("shape", [(5, 4), (4,), (2, 5, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_gradients_of_linear(shape, bias):
    import torch

    def linear(T, x, weight, *b):
        return (torch.nn.functional if T is torch else FUNCTIONAL).linear(x, weight, *b)

    check_gradients(linear, rng.standard_normal(shape), M, *([U] if bias else []))
