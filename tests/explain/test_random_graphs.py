"""Random small graphs: an explanation and its source agree with autograd on whatever is put together.

A graph is a list of steps, each the number of an operation and three numbers that choose its operands; so a failing
one shrinks to the steps that matter.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import chainrule as cr
from chainrule.errors import GraphError, InplaceError, ShapeError

SHAPES = [(), (3,), (2, 3), (3, 2), (2, 1), (1, 3), (2, 2, 3), (0, 3), (1,), (3, 3)]

STEPS: list[Any] = []


def step(f: Any) -> Any:
    STEPS.append(f)
    return f


class Pool:
    """The tensors made so far."""

    def __init__(self, shapes: list[int], seed: int):
        self.numbers = np.random.default_rng(seed)
        self.leaves = [self.leaf(SHAPES[s % len(SHAPES)]) for s in shapes]
        self.tensors = [self.constant((2, 3)), self.constant(()), *self.leaves, self.leaves[0].sin()]

    def array(self, shape: Any) -> Any:
        return self.numbers.uniform(0.4, 1.6, shape) * self.numbers.choice([-1.0, 1.0], shape)

    def leaf(self, shape: Any) -> Any:
        return cr.tensor(self.array(shape), dtype=cr.float64).requires_grad_()

    def constant(self, shape: Any) -> Any:
        return cr.tensor(self.array(shape), dtype=cr.float64)

    def any(self, i: int) -> Any:
        return self.tensors[-1 - i % len(self.tensors)]

    def one(self, i: int, fits: Any) -> Any:
        """A tensor that fits, beginning with the i-th from the end; None where there is none."""
        n = len(self.tensors)
        return next((t for t in (self.tensors[-1 - (i + k) % n] for k in range(n)) if fits(t)), None)

    def pair(self, i: int, j: int) -> Any:
        """Two tensors that broadcast against each other."""
        a = self.any(i)
        return a, self.one(j, lambda b: _broadcasts(a.shape, b.shape))


def _broadcasts(a: Any, b: Any) -> bool:
    return all(x == y or 1 in (x, y) for x, y in zip(a[::-1], b[::-1], strict=False))


# ── elementwise ─────────────────────────────────────────────────────────────────────────────────


@step
def unary(p: Pool, i: int, j: int, k: int) -> Any:
    functions = [
        cr.sin, cr.tanh, cr.sigmoid, cr.relu, cr.abs, cr.neg, cr.square, lambda x: cr.exp(x.tanh()), cr.atan,
        lambda x: cr.sqrt(x * x + 1), lambda x: cr.log(x.abs() + 2), lambda x: x.clamp(-0.5, 0.9),
        lambda x: 1 / (x * x + 1), lambda x: x.sin() ** 3, lambda x: cr.nn.functional.softplus(x), lambda x: x * 2 - 1,
        lambda x: 3 - x / 2, lambda x: x.erf(),
    ]  # fmt: skip
    return functions[j % len(functions)](p.any(i))


@step
def binary(p: Pool, i: int, j: int, k: int) -> Any:
    functions = [
        cr.add, cr.sub, cr.mul, lambda a, b: a / (b.abs() + 1), cr.maximum, cr.minimum, cr.atan2,
        lambda a, b: cr.add(a, b, alpha=2), lambda a, b: (a.abs() + 0.5) ** b.tanh(), cr.hypot,
    ]  # fmt: skip
    a, b = p.pair(i, j)
    return functions[k % len(functions)](a, b)


@step
def product(p: Pool, i: int, j: int, k: int) -> Any:
    a = p.one(i, lambda t: t.ndim)
    fits = lambda b: b.ndim and a.shape[-1] == b.shape[-2 if b.ndim > 1 else 0] and a.ndim + b.ndim < 6
    b = None if a is None else p.one(j, fits)
    return None if b is None else a.matmul(b).tanh()


# ── reductions ──────────────────────────────────────────────────────────────────────────────────


@step
def whole(p: Pool, i: int, j: int, k: int) -> Any:
    x = p.one(i, lambda t: t.numel())
    functions = [cr.sum, cr.mean, None, lambda x: x.norm(), lambda x: x.tanh().prod(), cr.amax]
    functions[2] = lambda x: x.reshape(-1).logsumexp(0)
    return functions[j % len(functions)](x)


@step
def along(p: Pool, i: int, j: int, k: int) -> Any:
    x = p.one(i, lambda t: t.ndim and t.numel())
    if x is None:
        return None
    dim, keep = j % x.ndim, bool(j // 3 % 2)
    functions = [
        lambda: x.sum(dim, keep), lambda: x.mean(dim, keepdim=keep), lambda: x.amax(dim, keep),
        lambda: x.max(dim, keep)[0],
        lambda: x.logsumexp(dim, keep), lambda: x.softmax(dim), lambda: x.log_softmax(dim), lambda: x.cumsum(dim),
        lambda: x.var(dim, unbiased=False, keepdim=keep), lambda: x.sort(dim)[0], lambda: x.norm(dim=dim, keepdim=keep),
        lambda: x.flip(dim),
    ]  # fmt: skip
    return functions[k % len(functions)]()


# ── shapes and views ────────────────────────────────────────────────────────────────────────────


@step
def shaped(p: Pool, i: int, j: int, k: int) -> Any:
    x = p.any(i)
    n = max(x.ndim, 1)
    functions = [
        lambda: x.t() if x.ndim < 3 else x.transpose(0, j % n), lambda: x.reshape(-1),
        lambda: x.unsqueeze(j % (x.ndim + 1)),
        lambda: x.squeeze(), lambda: x.expand(2, *x.shape), lambda: x.reshape(*x.shape[::-1]), lambda: x.clone(),
        lambda: x.permute(*range(x.ndim)[::-1]), lambda: x.repeat(2, *(1,) * x.ndim), lambda: x.flatten(),
    ]  # fmt: skip
    return functions[k % len(functions)]()


@step
def sliced(p: Pool, i: int, j: int, k: int) -> Any:
    x = p.one(i, lambda t: t.ndim and t.shape[0])
    if x is None:
        return None
    n = x.shape[0]
    keys = [j % n, slice(j % n, None), slice(None, None, 2), (..., 0), (None, -1), (slice(0, 1), ...), slice(n, None)]
    key = keys[k % len(keys)]
    return x[key] if x.shape[-1] else x[0]


@step
def indexed(p: Pool, i: int, j: int, k: int) -> Any:
    x = p.one(i, lambda t: t.ndim and t.shape[0])
    if x is None:
        return None
    index = cr.tensor([j % x.shape[0], 0, k % x.shape[0], 0])
    functions = [
        lambda: x[index], lambda: x.index_select(0, index), lambda: x[index.reshape(2, 2)], lambda: x[index[0]],
        lambda: x.gather(0, index.reshape(4, *(1,) * (x.ndim - 1))) if x.numel() else None,
        lambda: x[index, index.clamp(max=x.shape[1] - 1)] if x.ndim > 1 and x.shape[1] else None,
    ]  # fmt: skip
    return functions[j % len(functions)]()


@step
def masked(p: Pool, i: int, j: int, k: int) -> Any:
    x, other = p.pair(i, j)
    mask = x > 0.1
    functions = [
        lambda: x[mask], lambda: cr.where(mask, x, other), lambda: x.masked_fill(mask, 0.5), lambda: x * mask,
        lambda: cr.where(other > x, 0.0, x), lambda: x[x.detach().abs() > 0.9], lambda: x.masked_select(mask),
    ]  # fmt: skip
    return functions[k % len(functions)]()


@step
def joined(p: Pool, i: int, j: int, k: int) -> Any:
    a = p.one(i, lambda t: t.ndim)
    b = None if a is None else p.one(j, lambda t: t.shape == a.shape)
    if k % 3 == 0 and b is not None:
        return cr.cat([a, b, a], j % a.ndim)
    if k % 3 == 1:
        a = p.any(i)
        return cr.stack([a, p.one(j, lambda t: t.shape == a.shape)], j % (a.ndim + 1))
    parts = [] if a is None else a.split(1 + j % 2, 0)
    return cr.cat([x * (1 + n) for n, x in enumerate(parts)], 0) if parts else None


@step
def one_of_several(p: Pool, i: int, j: int, k: int) -> Any:
    x = p.one(i, lambda t: t.ndim and t.shape[0])
    if x is None:
        return None
    functions = [lambda: x.unbind(0), lambda: x.chunk(2, 0), lambda: x.split(1), lambda: x.sort(0)[:1]]
    parts = functions[k % len(functions)]()
    return parts[j % len(parts)]


# ── in place ────────────────────────────────────────────────────────────────────────────────────


@step
def written(p: Pool, i: int, j: int, k: int) -> Any:
    x = p.any(i)
    if x.is_leaf:
        x = x * 1.5 if x.requires_grad else x.clone()
        p.tensors.append(x)
    other = p.one(j, lambda t: _broadcasts(x.shape, t.shape) and len(t.shape) <= len(x.shape))

    def put(key: Any, value: Any) -> None:
        if x.ndim and x.shape[0]:
            x[key] = value

    functions = [
        lambda: put(0, 0.0), lambda: x.add_(other), lambda: x.mul_(2),
        lambda: put(slice(0, 1), x.flip(0)[:1] * 0.5 if x.ndim else None),
        lambda: x[0].mul_(3) if x.ndim and x.shape[0] else None, lambda: x.t().mul_(2) if x.ndim == 2 else None,
        lambda: x.reshape(-1)[:1].add_(1), lambda: put(x.detach() > 0.3, -1.0), lambda: x.clamp_(max=1.0),
        lambda: x.masked_fill_(x < 0, 0.0), lambda: put(cr.tensor([0, 0]), 0.25), lambda: x.sub_(other, alpha=0.5),
        lambda: x.zero_(), lambda: x.copy_(other), lambda: x.sigmoid_(), lambda: x.unsqueeze(0).mul_(other),
    ]  # fmt: skip
    functions[k % len(functions)]()
    return None


# ── the test ────────────────────────────────────────────────────────────────────────────────────

small = st.integers(0, 11)
graphs = st.tuples(
    st.lists(small, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, len(STEPS) - 1), small, small, st.integers(0, 17)), min_size=1, max_size=9),
    st.integers(0, 5),
    st.booleans(),
)


def build(shapes: list[int], steps: list[Any], seed: int) -> Pool:
    pool = Pool(shapes, seed)
    for number, i, j, k in steps:
        try:
            made = STEPS[number](pool, i, j, k)
        except (InplaceError, ShapeError):  # a write that autograd does not allow, or into something too small
            continue
        if made is not None and made.numel() <= 200:
            pool.tensors.append(made)
    return pool


def has_graph(t: Any) -> bool:
    try:
        return t.grad_fn is not None
    except InplaceError:  # a part of a split whose base was written into
        return False


def outcome(f: Any) -> Any:
    """What a call returns, or the type of its error."""
    try:
        return f()
    except (GraphError, RuntimeError) as error:
        return type(error)


def check(shapes: list[int], steps: list[Any], seed: int, several: bool) -> str:
    """Compare; says what the graph turned out to be."""
    pool = build(shapes, steps, seed)
    results = [t for t in pool.tensors if has_graph(t)]
    roots = results[-2:] if several else results[-1:]
    given = [pool.constant(root.shape) if root.ndim else None for root in roots]
    leaves = pool.leaves
    expected = outcome(
        lambda: cr.autograd.grad(
            roots,
            leaves,
            [cr.ones_like(r) if g is None else g for r, g in zip(roots, given, strict=True)],
            retain_graph=True,
            materialize_grads=True,
        )
    )
    names = {f"p{i}": leaf for i, leaf in enumerate(leaves)}
    explanation = outcome(lambda: cr.explain(roots, gradient=given, names=names))
    if isinstance(expected, type):
        assert explanation is expected
        return "error"
    str(explanation)
    found = {v.name: (explanation.gradient(v), v) for v in explanation.recorded.leaves}
    run = explanation.run_numpy()
    for (name, _), g in zip(names.items(), expected, strict=True):
        g = g.numpy()
        if name not in found:  # not in the graph of these roots
            assert not g.any()
            continue
        scale = float(np.abs(g).max(initial=1.0))
        if found[name][0] is None:
            assert not g.any() and name not in run
            continue
        np.testing.assert_allclose(found[name][0], g, rtol=1e-8, atol=1e-11 * scale, err_msg=name)
        np.testing.assert_allclose(run[name], g, rtol=1e-8, atol=1e-11 * scale, err_msg=name)
        assert run[name].shape == g.shape
    return "compared"


def test_random_graphs():
    seen: Counter[str] = Counter()

    @settings(max_examples=700, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(graphs)
    def run(graph: Any) -> None:
        seen[check(*graph)] += 1

    run()
    assert seen["compared"] >= 500
    assert seen["error"] >= 1, "saved values that were written into: explain refuses as backward does"
