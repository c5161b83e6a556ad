"""Reductions and scans against PyTorch: values, dtypes, shapes, errors, gradients of gradients."""

from __future__ import annotations

import numpy as np
import pytest

from .both import check, check_gradients

pytestmark = pytest.mark.filterwarnings("ignore:.*degrees of freedom")

EXPRESSIONS = """
A.sum()
A.sum([])
A.sum(())
A.sum(0)
A.sum(-1, True)
A.sum((0, 1), keepdim=True)
A.sum(axis=0, keepdims=True)
A.sum(5)
A.sum((0, 0))
A.sum(0, dtype=T.int64)
I.sum()
I.sum(dtype=T.float16)
I.sum(dtype=T.int32)
I.sum(0)
U.sum()
B.sum(1)
H.sum()
E.sum()
E.sum(0)
z.sum(0)
z.sum(1)
T.sum(A, dim=1)
A.mean()
A.mean(1, True)
A.mean((0, 1))
A.mean(dim=[])
I.mean()
I.mean(dtype=T.float64)
H.mean()
E.mean()
E.mean(1)
E.mean(0)
N.nansum()
N.nansum(1, True)
I.nansum()
B.nansum()
N.nanmean()
N.nanmean(0)
I.nanmean()
A.prod()
A.prod(0)
A.prod(1, True)
U.prod()
B.prod()
E.prod()
E.prod(0)
z.prod()
A.prod((0, 1))
A.prod(dtype=T.float64)
A.max()
A.max(1)
A.max(1, keepdim=True)
A.max(A.flip(0))
A.max(dim=0)
T.max(A, 0, True)
T.max(A, other=A)
T.min(A, 1)
A.min()
N.max()
N.max(1)
N.min(0)
I.max(0)
B.max()
B.max(1)
E.max()
E.max(0)
E.max(1)
A.max((0, 1))
A.max(5)
z.max(0)
z.max()
A.amax()
A.amax(())
A.amax(dim=[])
A.amax((0, 1))
A.amin(-1, True)
B.amax(1)
E.amax()
E.amax(0)
E.amax(1)
N.amax(0)
A.aminmax()
A.aminmax(dim=1)
A.aminmax(dim=1, keepdim=True)
A.argmax()
A.argmax(1)
A.argmax(keepdim=True)
A.argmin(1, keepdim=True)
N.argmax(1)
v.argmax()
B.argmax()
E.argmax()
E.argmax(0)
E.argmax(1)
z.argmax(0)
A.var()
A.var(unbiased=False)
A.var(False)
A.var(0, False)
A.var(0, correction=3)
A.var(1, True, True)
A.var((0, 1), correction=0)
A.std(0)
A.std(1, keepdim=True)
H.var()
I.var()
E.var()
E.var(0)
T.tensor([1.0]).var()
T.tensor([1.0]).std(correction=0)
T.var_mean(A, 1)
T.std_mean(A)
T.std_mean(A, unbiased=False)
A.norm()
A.norm(1)
A.norm("fro")
A.norm("fro", dim=(0, 1))
A.norm("fro", dim=0)
A.norm("foo")
A.norm(inf, 0)
A.norm(-inf)
A.norm(0)
A.norm(0.5)
A.norm(3, dim=(0, 1), keepdim=True)
A.norm(2, dtype=T.float64)
A.norm(1, dim=(0, 1))
H.norm()
I.norm()
I.norm(dtype=T.float32)
E.norm()
E.norm(inf)
E.norm(inf, 1)
T.norm(A, p=None)
T.dist(A, A + 1)
T.dist(A, v, 1)
A.logsumexp(0)
A.logsumexp((0, 1))
A.logsumexp(1, True)
I.logsumexp(0)
E.logsumexp(0)
H.logsumexp(1)
T.logsumexp(T.tensor([inf, 1.0]), 0)
T.logsumexp(T.tensor([-inf, -inf]), 0)
T.logsumexp(T.tensor([1000.0, 1000.0]), 0)
A.all()
U.all()
U.any(1)
A.all(1, keepdim=True)
A.any((0, 1))
A.any(dim=())
E.all()
E.any(0)
A.count_nonzero()
A.count_nonzero(0)
A.count_nonzero((0, 1))
A.cumsum(1)
A.cumsum(-1, dtype=T.float16)
U.cumsum(0)
B.cumsum(0)
A.cumsum(2)
z.cumsum(0)
A.cumprod(0)
I.cumprod(1)
A.logcumsumexp(0)
I.logcumsumexp(0)
T.logcumsumexp(T.tensor([-inf, 1.0, -inf, 1000.0]), 0)
A.cummax(0)
A.cummin(1)
N.cummax(1)
N.cummin(0)
z.cummax(0)
T.cummax(T.tensor([1.0, 1.0, 0.0, nan, 2.0]), 0)
A.diff()
A.diff(n=2)
A.diff(n=7)
A.diff(n=0, append=A)
A.diff(dim=0, prepend=T.zeros(1, 3))
A.diff(append=T.ones(2, 1))
B.diff()
z.diff()
A.diff(n=-1)
A.median()
A.median(0)
E.median()
A.median(5)
N.median(1)
N.nanmedian(1)
N.nanmedian()
N.median()
B.median()
T.median(T.zeros(0, 3), 0)
T.median(T.zeros(3, 0), 0)
T.nanmedian(T.tensor([nan, nan]), 0)
A.mode()
A.mode(0, True)
T.mode(T.tensor([1, 2, 2, 1, 3]))
T.mode(T.zeros(0, 3), 0)
A.quantile(0.5)
A.quantile(T.tensor([0.1, 0.5]), dim=1)
A.quantile(0.3, dim=1, keepdim=True, interpolation="nearest")
A.quantile(0.3, interpolation="lower")
A.quantile(0.3, interpolation="higher")
A.quantile(0.3, interpolation="midpoint")
A.quantile(T.tensor([0.1, 0.9]), keepdim=True)
N.quantile(0.5, 1)
N.nanquantile(0.4, 1)
N.nanquantile(T.tensor([0.2, 0.7]), 0)
z.quantile(0.3)
I.quantile(0.5)
A.quantile(2.0)
A.quantile(T.tensor([0.1], dtype=T.float64))
E.quantile(0.4)
A.quantile(T.tensor([[0.1]]), 1)
A.quantile(0.5, interpolation="foo")
A.cov()
A.cov(correction=0)
A.cov(correction=0, fweights=T.tensor([1, 2, 3]))
A.cov(aweights=T.tensor([0.1, 0.2, 0.3]))
v.cov()
z.cov()
T.cov(T.ones(2, 2, 2))
S[0].corrcoef()
v.corrcoef()
""".strip().split("\n")


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_outcome(expression):
    check(expression)


X = np.array([[0.3, -1.2, 2.0], [0.7, 0.7, -0.1]])
ZERO = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0]])
DIFFERENTIABLE = {
    "sum": (lambda T, x: x.sum(0), X),
    "mean": (lambda T, x: x.mean((0, 1)), X),
    "prod": (lambda T, x: x.prod(), X),
    "prod, dim": (lambda T, x: x.prod(1), X),
    "cumprod": (lambda T, x: x.cumprod(1), X),
    "max": (lambda T, x: x.max(), X),
    "max, dim": (lambda T, x: x.max(1)[0] ** 2, X),
    "min, dim, keepdim": (lambda T, x: x.min(0, True).values, X),
    "amax with ties": (lambda T, x: x.amax(1), X),
    "aminmax": (lambda T, x: x.aminmax(dim=1).min, X),
    "var": (lambda T, x: x.var(), X),
    "var, dim": (lambda T, x: x.var(1, keepdim=True), X),
    "std, dim": (lambda T, x: x.std(0, correction=0), X),
    "std_mean": (lambda T, x: T.std_mean(x, 1)[0] + T.std_mean(x, 1)[1], X),
    "norm": (lambda T, x: x.norm(), X),
    "norm, dim": (lambda T, x: x.norm(dim=1, keepdim=True), X),
    "norm 1": (lambda T, x: x.norm(1, 0), X),
    "norm 3": (lambda T, x: x.norm(3, 1), X),
    "norm 1.5": (lambda T, x: x.norm(1.5), X),
    "norm inf": (lambda T, x: x.norm(float("inf"), 1), X),
    "norm -inf": (lambda T, x: x.norm(-float("inf"), 1), X),
    "dist": (lambda T, x: T.dist(x, x.flip(0) * 2, 3), X),
    "logsumexp": (lambda T, x: x.logsumexp(1), X),
    "logsumexp, all": (lambda T, x: x.logsumexp((0, 1), True), X),
    "cumsum": (lambda T, x: x.cumsum(1) ** 2, X),
    "logcumsumexp": (lambda T, x: x.logcumsumexp(1), X),
    "cummax": (lambda T, x: x.cummax(1).values ** 2, X),
    "diff": (lambda T, x: x.diff(n=2, append=x[:, :1]) ** 2, X),
    "median": (lambda T, x: x.median() ** 2, X),
    "median, dim": (lambda T, x: x.median(1).values ** 2, X),
    "quantile": (lambda T, x: x.quantile(0.3, dim=1) ** 2, X),
    "quantile, q": (lambda T, x, q: x.quantile(q, dim=1) ** 2, X, np.array([0.3, 0.9])),
    "cov": (lambda T, x: x.cov(), X),
    "nansum": (lambda T, x: x.nansum(1) ** 2, X),
}


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradients(name):
    check_gradients(*DIFFERENTIABLE[name])


@pytest.mark.parametrize(
    "function",
    [lambda T, x: x.prod(1), lambda T, x: x.prod(), lambda T, x: x.cumprod(1), lambda T, x: x.cumprod(0)],
)
def test_products_with_zeros(function):
    check_gradients(function, ZERO)


EDGES = {
    "amax": lambda T, x: x.amax(),
    "max": lambda T, x: x.max(),
    "median": lambda T, x: x.median(),
    "std of equals": lambda T, x: (x * 0 + 1).std(),
    "norm at zero": lambda T, x: (x * 0).norm(),
    "norm 3 at zero": lambda T, x: (x * 0).norm(3),
    "norm inf at zero": lambda T, x: (x * 0).norm(float("inf")),
    "norm 0.5": lambda T, x: x.norm(0.5),
    "nansum": lambda T, x: x.nansum(),
}


@pytest.mark.parametrize("values", [[1.0, 2.0, 2.0], [0.0, 1.0, 0.0]])
@pytest.mark.parametrize("name", EDGES)
def test_first_gradients_at_the_edge(name, values):
    check_gradients(EDGES[name], np.array(values), second=False, tolerance=1e-12)


@pytest.mark.parametrize("name", ["amax", "max", "median", "nansum"])
def test_first_gradients_with_nan(name):
    check_gradients(EDGES[name], np.array([1.0, np.nan, 2.0]), second=False, tolerance=1e-12)
