"""The autograd package against PyTorch: one program for both, results or errors compared."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest

import chainrule as cr

torch = pytest.importorskip("torch")
torch.set_num_threads(1)


def plain(value):
    """Tensors as (dtype, shape, values, requires_grad), containers likewise."""
    if hasattr(value, "detach"):
        array = value.detach().numpy()
        return ("tensor", str(array.dtype), array.shape, np.round(array.astype(float), 5).tolist(), value.requires_grad)
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return list(map(plain, value))
    return value if isinstance(value, (int, float, str, bool, type(None))) else type(value).__name__


def outcome(program, module):
    """What a program returns, or the built-in type and first sentence of what it raises."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return plain(program(module))
        except Exception as error:
            builtin = next(c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins")
            return Raised((builtin, str(error)))


class Raised(tuple):
    """A built-in exception type and a text, of which the first 90 characters or the first sentence count."""

    def sentence(self):
        return re.split(r"[.:;]", self[1])[0][:90]


def check(program):
    found, expected = outcome(program, cr), outcome(program, torch)
    if isinstance(expected, Raised) and isinstance(found, Raised):
        assert found[0] == expected[0]
        assert found[1].startswith(expected.sentence())
    else:
        np.testing.assert_equal(found, expected)


def x(t, *values):
    return t.tensor(values or (1.0, 2.0, 3.0), dtype=t.float64, requires_grad=True)


def grads(t, f, *, second=True):
    """Value, gradient and second gradient of a function at one point."""
    a = x(t)
    y = f(a)
    (g,) = t.autograd.grad(y, a, t.ones_like(y), create_graph=second)
    if not second:
        return y, g
    (h,) = t.autograd.grad((g * g).sum(), a, allow_unused=True)
    return y, g, h


# ── grad and backward ───────────────────────────────────────────────────────────────────────────


def hooked(t, make):
    """Gradients and what hooks saw, for hooks that `make(leaf, middle, log)` registers."""
    a, log = x(t), []
    b = a * 2
    make(a, b, log)
    (b * b).sum().backward()
    return a.grad, b.grad if b.retains_grad else None, [plain(v) for v in log]


GRADIENTS = {
    "vector": lambda t: t.autograd.grad(x(t) * 2, x(t)),
    "empty inputs": lambda t: t.autograd.grad(x(t).sum(), []),
    "empty inputs of backward": lambda t: x(t).sum().backward(inputs=[]),
    "number as input": lambda t: t.autograd.grad(x(t).sum(), [3]),
    "input without grad": lambda t: t.autograd.grad(x(t).sum(), t.ones(2)),
    "contradiction": lambda t: t.autograd.grad(x(t).sum(), x(t), allow_unused=False, materialize_grads=True),
    "shape of grad_outputs": lambda t: t.autograd.grad(x(t) * 2, x(t), t.ones(2)),
    "number as grad_outputs": lambda t: t.autograd.grad(x(t) * 2, x(t), 3),
    "numbers as grad_outputs": lambda t: t.autograd.grad(x(t) * 2, x(t), [3]),
    "number of grad_outputs": lambda t: t.autograd.grad([x(t), x(t)], x(t), [t.ones(3)]),
    "number of grad_tensors": lambda t: t.autograd.backward([x(t) * 1, x(t) * 1], [t.ones(3)]),
    "no graph": lambda t: t.ones(1).backward(),
    "unused": lambda t: t.autograd.grad(x(t).sum(), x(t)),
    "unused allowed": lambda t: t.autograd.grad(x(t).sum(), x(t), allow_unused=True),
    "unused materialized": lambda t: t.autograd.grad(x(t).sum(), x(t), materialize_grads=True),
    "float32 grad_outputs": lambda t: (lambda a: t.autograd.grad(a * 2, a, t.ones(3)))(x(t)),
    "dict of inputs": lambda t: (lambda a: t.autograd.grad(a.sum(), {"a": a}))(x(t)),
    "two roots": lambda t: (lambda a: t.autograd.grad([a * 2, a.sum()], a, [t.ones(3), None]))(x(t)),
    "hook on a tensor": lambda t: hooked(t, lambda a, b, log: b.register_hook(log.append)),
    "hook that replaces": lambda t: hooked(t, lambda a, b, log: (b.register_hook(lambda g: g * 10), b.retain_grad())),
    "hook on a leaf runs once": lambda t: hooked(t, lambda a, b, log: a.register_hook(log.append)),
    "order": lambda t: hooked(
        t,
        lambda a, b, log: (
            b.retain_grad(),
            b.register_hook(lambda g: log.append("tensor") or g * 10),
            b.grad_fn.register_prehook(lambda g: log.append(g) or (g[0] * 3,)),
            b.grad_fn.register_hook(lambda i, o: log.append((i[0], o))),
            a.register_post_accumulate_grad_hook(lambda p: log.append(p.grad)),
        ),
    ),
    "post hook that replaces": lambda t: hooked(
        t, lambda a, b, log: b.grad_fn.register_hook(lambda i, o: (i[0] * 5, *i[1:]))
    ),
    "hook of wrong size": lambda t: hooked(t, lambda a, b, log: b.register_hook(lambda g: g[:1])),
    "hook of wrong type": lambda t: hooked(t, lambda a, b, log: b.register_hook(lambda g: 3)),
    "hook of wrong dtype": lambda t: hooked(t, lambda a, b, log: b.register_hook(lambda g: g.float())),
    "prehook of wrong type": lambda t: hooked(t, lambda a, b, log: b.grad_fn.register_prehook(lambda g: 3)),
    "prehook of wrong number": lambda t: hooked(t, lambda a, b, log: b.grad_fn.register_prehook(lambda g: g * 2)),
    "post hook of wrong type": lambda t: hooked(t, lambda a, b, log: b.grad_fn.register_hook(lambda i, o: 3)),
    "post hook that fills None": lambda t: hooked(
        t, lambda a, b, log: b.grad_fn.register_hook(lambda i, o: (i[0],) * 2)
    ),
    "post accumulate hook that returns": lambda t: hooked(
        t, lambda a, b, log: a.register_post_accumulate_grad_hook(lambda p: 3)
    ),
    "post accumulate hook on a non-leaf": lambda t: (x(t) * 2).register_post_accumulate_grad_hook(print),
    "hook without grad": lambda t: t.ones(2).register_hook(print),
    "retain without grad": lambda t: t.ones(2).retain_grad(),
    "edges": lambda t: (
        lambda a, b: t.autograd.grad(
            t.autograd.graph.get_gradient_edge(b), t.autograd.graph.get_gradient_edge(a), t.ones(3)
        )
    )(*(lambda a: (a, a * 2))(x(t))),
    "edge without grad": lambda t: t.autograd.graph.get_gradient_edge(t.ones(2)),
    "saved values": lambda t: (lambda a: ((a * a).grad_fn._saved_self, a.exp().grad_fn._saved_result))(x(t)),
    "Variable": lambda t: t.autograd.Variable(t.ones(2), requires_grad=True) * 2,
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name):
    check(GRADIENTS[name])


# ── Function ────────────────────────────────────────────────────────────────────────────────────


def function(t, forward, backward=None, **more):
    """A Function with these static methods, of the same name in both libraries."""
    body = {"forward": staticmethod(forward), **{k: staticmethod(v) for k, v in more.items()}}
    if backward is not None:
        body["backward"] = staticmethod(backward)
    return type("Mine", (t.autograd.Function,), body)


def times(backward):
    return lambda t: grads(t, lambda a: function(t, lambda ctx, v, n: v * n, backward).apply(a, 2), second=False)


def keep(ctx, v):
    ctx.save_for_backward(v)
    return v**3


def cube(ctx, g):
    (v,) = ctx.saved_tensors
    return g * 3 * v**2


def dirty(ctx, v):
    v.mul_(2)
    ctx.mark_dirty(v)
    return v


def dirty_view(t):
    a = x(t)
    b = a * 1
    view = b[:2]
    out = function(t, dirty, lambda ctx, g: g * 2).apply(view)
    b.sum().backward()
    return out, b, a.grad


def mixed(t):
    seen = []

    def forward(ctx, v):
        extra = v + 1
        ctx.mark_non_differentiable(extra)
        return v * 2, (v > 0).long(), extra, "s", None

    def backward(ctx, *g):
        seen.extend(map(plain, g))
        return g[0]

    outs = function(t, forward, backward).apply(x(t))
    outs[0].sum().backward()
    return [o.requires_grad if hasattr(o, "requires_grad") else o for o in outs], seen


def unmaterialized(t):
    seen = []

    def forward(ctx, v):
        ctx.set_materialize_grads(False)
        return v * 1, v * 2

    function(t, forward, lambda ctx, *g: seen.append(plain(g)) or g[1]).apply(x(t))[1].sum().backward()
    return seen


def twice(t):
    y = function(t, keep, cube).apply(x(t)).sum()
    y.backward()
    y.backward()


def saved_afterwards(t):
    y = function(t, keep, cube).apply(x(t))
    y.sum().backward()
    return y.grad_fn.saved_tensors


def changed(t):
    a = x(t) * 1
    y = function(t, keep, cube).apply(a)
    a += 1
    y.sum().backward()


def needs(t):
    seen = []
    f = function(t, lambda ctx, *a: seen.append(ctx.needs_input_grad) or a[0] * 1, lambda ctx, g: (g, None, None))
    f.apply(x(t), t.ones(3), 3)
    with t.no_grad():
        f.apply(x(t), t.ones(3), 3)
    return seen


def split(t):
    def setup(ctx, inputs, output):
        v, ctx.n = inputs
        ctx.save_for_backward(v, output)

    def backward(ctx, g):
        v, out = ctx.saved_tensors
        return g * ctx.n * out / v, None

    f = function(t, lambda v, n=3: v**n, backward, setup_context=setup)
    return grads(t, f.apply), grads(t, lambda a: f.apply(a, n=2))


def forward_mode(t, jvp, *args):
    f = function(
        t,
        lambda ctx, v, n, w: ctx.save_for_forward(v, w) or v * n + w,
        lambda ctx, g: (g, None, g),
        jvp=jvp,
    )
    with t.autograd.forward_ad.dual_level():
        dual = t.autograd.forward_ad.make_dual(t.ones(3), t.full((3,), 2.0))
        return t.autograd.forward_ad.unpack_dual(f.apply(dual, 3, t.ones(3)))[1]


def once(t):
    f = function(t, keep, t.autograd.function.once_differentiable(cube))
    a, w = x(t), x(t)
    (g,) = t.autograd.grad((f.apply(a) * w).sum(), a, create_graph=True)
    g.sum().backward()


FUNCTIONS = {
    "right": times(lambda ctx, g: (g * 2, None)),
    "too few gradients": times(lambda ctx, g: g),
    "extra None": times(lambda ctx, g: (g, None, None)),
    "too many gradients": times(lambda ctx, g: (g, None, g)),
    "gradient of a number": times(lambda ctx, g: (g, g)),
    "not a tensor": times(lambda ctx, g: (1, None)),
    "wrong shape": times(lambda ctx, g: (g[:2], None)),
    "scalar for a vector": times(lambda ctx, g: (g.sum(), None)),
    "summed where broadcast": times(lambda ctx, g: (g.expand(2, 3), None)),
    "a list": times(lambda ctx, g: [g, None]),
    "cast": times(lambda ctx, g: (g.float(), None)),
    "no backward": lambda t: grads(t, function(t, lambda ctx, v: v * 2).apply),
    "no forward": lambda t: type("Mine", (t.autograd.Function,), {}).apply(x(t)),
    "both": lambda t: grads(t, function(t, keep, cube, vjp=cube).apply),
    "vjp": lambda t: grads(t, function(t, keep, vjp=cube).apply),
    "double backward": lambda t: grads(t, function(t, keep, cube).apply),
    "dirty leaf": lambda t: function(t, dirty, cube).apply(x(t)),
    "dirty": lambda t: (lambda b: (lambda o: (o is b, o))(function(t, dirty, cube).apply(b)))(x(t) * 1),
    "dirty view": dirty_view,
    "dirty view and another": lambda t: function(t, lambda ctx, v: (dirty(ctx, v), v + 1), lambda ctx, g, h: g).apply(
        (x(t) * 1)[:2]
    ),
    "dirty not returned": lambda t: function(t, lambda ctx, v: dirty(ctx, v) + 1, cube).apply(x(t) * 1),
    "input returned": lambda t: grads(t, function(t, lambda ctx, v: v, lambda ctx, g: g * 5).apply, second=False),
    "input returned is another tensor": lambda t: (lambda a: function(t, lambda ctx, v: v, cube).apply(a) is a)(x(t)),
    "input returned, written": lambda t: function(t, lambda ctx, v: v, cube).apply(x(t)).mul_(2),
    "view returned, written": lambda t: function(t, lambda ctx, v: v[:2], cube).apply(x(t) * 1).mul_(2),
    "mixed outputs": mixed,
    "list returned": lambda t: function(t, lambda ctx, v: [v * 2], cube).apply(x(t)),
    "tuple of one": lambda t: function(t, lambda ctx, v: (v * 2,), cube).apply(x(t)),
    "not materialized": unmaterialized,
    "saved number": lambda t: function(t, lambda ctx, v: ctx.save_for_backward(3) or v * 1, cube).apply(x(t)),
    "backward twice": twice,
    "saved tensors of a freed node": saved_afterwards,
    "changed in place": changed,
    "needs_input_grad": needs,
    "setup_context": split,
    "jvp": lambda t: forward_mode(
        t, lambda ctx, *ts: ts[0] * 3 + ctx.saved_tensors[0] + (0 if ts[1] is None else 1) + ts[2]
    ),
    "jvp of wrong size": lambda t: forward_mode(t, lambda ctx, *ts: ts[0][:1]),
    "jvp of wrong number": lambda t: forward_mode(t, lambda ctx, *ts: (ts[0], ts[0])),
    "no jvp": lambda t: forward_mode(t, t.autograd.Function.jvp),
    "once": once,
    "attributes": lambda t: (
        lambda n: (n.name(), type(n).__name__, n.mine, [type(f).__name__ for f, _ in n.next_functions])
    )(function(t, lambda ctx, v: setattr(ctx, "mine", "kept") or v * 1, cube).apply(x(t)).grad_fn),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    check(FUNCTIONS[name])


# ── forward mode ────────────────────────────────────────────────────────────────────────────────


def tangent(t, f, *values, directions=None):
    """Value and tangent of f at dual numbers."""
    fw = t.autograd.forward_ad
    with fw.dual_level():
        duals = [
            fw.make_dual(t.tensor(v, dtype=t.float64), t.tensor(d, dtype=t.float64))
            if d is not None
            else t.tensor(v, dtype=t.float64)
            for v, d in zip(values, directions or [[0.5, -1.0, 2.0]] * len(values), strict=True)
        ]
        out = f(*duals)
        return [tuple(fw.unpack_dual(o)) for o in (out if isinstance(out, (tuple, list)) else (out,))]


def written(t):
    def f(a):
        b = a * 1
        b[0].mul_(3)
        b[1:] = a[:2] * 2
        b.add_(a)
        return b, b[1]

    return tangent(t, f, [1.0, 2.0, 3.0])


def reverse_over_forward(t):
    fw = t.autograd.forward_ad
    p = x(t)
    with fw.dual_level():
        dual = fw.make_dual(p, t.tensor([1.0, 0.5, 2.0], dtype=t.float64))
        out = fw.unpack_dual((dual.exp() * dual).sum())
        return t.autograd.grad(out.tangent, p)


def reused(t):
    fw = t.autograd.forward_ad
    with fw.dual_level():
        dual = fw.make_dual(t.ones(3), t.ones(3))
    return fw.unpack_dual(dual).tangent, fw.unpack_dual(dual * 2).tangent


def made(t, primal, direction):
    with t.autograd.forward_ad.dual_level():
        return t.autograd.forward_ad.make_dual(primal(t), direction(t))


V = [1.0, 2.0, 3.0]
FORWARD = {
    "mul": lambda t: tangent(t, lambda a: a * a, V),
    "exp": lambda t: tangent(t, lambda a: a.exp(), V),
    "two": lambda t: tangent(t, lambda a, b: a * b + a / b, V, [2.0, 1.0, 4.0]),
    "one of two": lambda t: tangent(t, lambda a, b: a * b - b, V, V, directions=[V, None]),
    "sum": lambda t: tangent(t, lambda a: a.sum(), V),
    "matmul": lambda t: tangent(t, lambda a: a.view(3, 1) @ a.view(1, 3), V),
    "cat": lambda t: tangent(t, lambda a, b: t.cat([a, b]), V, V, directions=[V, None]),
    "stack": lambda t: tangent(t, lambda a: t.stack([a, a * 2]), V),
    "einsum": lambda t: tangent(t, lambda a, b: t.einsum("i,j->ij", a, b), V, V),
    "views": lambda t: tangent(t, lambda a: a[1:].view(1, 2).t().expand(2, 3), V),
    "where": lambda t: tangent(t, lambda a: t.where(a > 1.5, a * a, -a), V),
    "several results": lambda t: tangent(t, lambda a: a.max(0).values, V),
    "cumprod": lambda t: tangent(t, lambda a: a.cumprod(0), V),
    "broadcast": lambda t: tangent(t, lambda a: a.view(3, 1) + a.sum() * 2, V),
    "detached": lambda t: tangent(t, lambda a: a.detach() * 2, V),
    "integers": lambda t: tangent(t, lambda a: a.argmax(), V),
    "written": written,
    "reverse over forward": reverse_over_forward,
    "after the level": reused,
    "no level": lambda t: t.autograd.forward_ad.make_dual(t.ones(2), t.ones(2)),
    "wrong shape": lambda t: made(t, lambda t: t.ones(2), lambda t: t.ones(3)),
    "integer primal": lambda t: made(t, lambda t: t.ones(2).long(), lambda t: t.ones(2)),
    "integer tangent": lambda t: made(t, lambda t: t.ones(2), lambda t: t.ones(2).long()),
    "dual twice": lambda t: made(
        t, lambda t: t.autograd.forward_ad.make_dual(t.ones(2), t.ones(2)), lambda t: t.ones(2)
    ),
}


@pytest.mark.parametrize("name", FORWARD)
def test_forward_mode(name):
    check(FORWARD[name])


# ── functional ──────────────────────────────────────────────────────────────────────────────────


def cubic(a):
    return (a**3).sum()


def pair(a, b):
    return a * b.sum(), (a * a).sum()


FUNCTIONAL = {
    "jacobian": lambda f, t: f.jacobian(lambda a: a**2, x(t)),
    "jacobian of a pair": lambda f, t: f.jacobian(pair, (x(t), x(t))),
    "jacobian of a matrix": lambda f, t: f.jacobian(lambda a: a.view(3, 1) * a, x(t)),
    "jacobian, create_graph": lambda f, t: f.jacobian(lambda a: a**2, x(t), create_graph=True),
    "jacobian, vectorize": lambda f, t: f.jacobian(lambda a: a**2, x(t), vectorize=True),
    "jacobian, forward": lambda f, t: [
        [v.detach() for v in row] for row in f.jacobian(pair, (x(t), x(t)), vectorize=True, strategy="forward-mode")
    ],
    "jacobian, forward, not vectorized": lambda f, t: f.jacobian(cubic, x(t), strategy="forward-mode"),
    "jacobian, strategy": lambda f, t: f.jacobian(cubic, x(t), strategy="sideways"),
    "jacobian, strict": lambda f, t: f.jacobian(lambda a: a.detach(), x(t), strict=True),
    "jacobian, strict, one input": lambda f, t: f.jacobian(lambda a, b: a * 2, (x(t), x(t)), strict=True),
    "jacobian, not strict": lambda f, t: f.jacobian(lambda a, b: a * 2, (x(t), x(t))),
    "jacobian of numbers": lambda f, t: f.jacobian(lambda a: 3, x(t)),
    "jacobian at numbers": lambda f, t: f.jacobian(cubic, 3.0),
    "hessian": lambda f, t: f.hessian(cubic, x(t)),
    "hessian of two": lambda f, t: f.hessian(lambda a, b: (a * b * b).sum(), (x(t), x(t))),
    "hessian, create_graph": lambda f, t: f.hessian(cubic, x(t), create_graph=True),
    "hessian of a vector": lambda f, t: f.hessian(lambda a: a, x(t)),
    "hessian, linear": lambda f, t: f.hessian(lambda a: a.sum(), x(t)),
    "hessian, forward": lambda f, t: f.hessian(
        cubic, x(t), vectorize=True, outer_jacobian_strategy="forward-mode"
    ).detach(),
    "vjp": lambda f, t: f.vjp(lambda a: a * a, x(t), t.ones(3, dtype=t.float64)),
    "vjp of a scalar": lambda f, t: f.vjp(cubic, x(t)),
    "vjp of two": lambda f, t: f.vjp(pair, (x(t), x(t)), (t.ones(3, dtype=t.float64), t.ones((), dtype=t.float64))),
    "vjp without v": lambda f, t: f.vjp(lambda a: a, x(t)),
    "vjp, v of wrong size": lambda f, t: f.vjp(lambda a: a, x(t), t.ones(2)),
    "vjp, create_graph": lambda f, t: f.vjp(cubic, x(t), create_graph=True),
    "jvp": lambda f, t: f.jvp(lambda a: a * a, x(t), t.ones(3, dtype=t.float64)),
    "jvp of two": lambda f, t: f.jvp(pair, (x(t), x(t)), (t.ones(3, dtype=t.float64),) * 2),
    "jvp, v too short": lambda f, t: f.jvp(pair, (x(t), x(t)), (t.ones(3),)),
    "hvp": lambda f, t: f.hvp(cubic, x(t), t.ones(3, dtype=t.float64)),
    "vhp": lambda f, t: f.vhp(cubic, x(t), t.ones(3, dtype=t.float64)),
    "vhp of two": lambda f, t: f.vhp(lambda a, b: (a * b * b).sum(), (x(t), x(t)), (t.ones(3, dtype=t.float64),) * 2),
    "hvp, strict": lambda f, t: f.hvp(lambda a: a.sum(), x(t), t.ones(3, dtype=t.float64), strict=True),
    "hvp, create_graph": lambda f, t: f.hvp(cubic, x(t), t.ones(3, dtype=t.float64), create_graph=True),
}


@pytest.mark.parametrize("name", FUNCTIONAL)
def test_functional(name):
    check(lambda t: FUNCTIONAL[name](t.autograd.functional, t))


# ── func ────────────────────────────────────────────────────────────────────────────────────────


def p(t, *values):
    return t.tensor(values or (1.0, 2.0, 3.0), dtype=t.float64)


def closed_over(t):
    w = x(t)
    g = t.func.grad(lambda a: (a * a * w).sum())(p(t))
    return g, t.autograd.grad(g.sum(), w)


def under_no_grad(t):
    with t.no_grad():
        return t.func.grad(t.func.grad(lambda a: a**4))(t.tensor(2.0))


TRANSFORMS = {
    "grad": lambda f, t: f.grad(cubic)(p(t)),
    "grad of grad": lambda f, t: f.grad(f.grad(lambda a: a**4))(t.tensor(2.0)),
    "grad of grad of grad": lambda f, t: f.grad(f.grad(f.grad(lambda a: a**4)))(t.tensor(2.0)),
    "perturbations": lambda f, t: f.grad(lambda a: a * f.grad(lambda b: a * b)(a))(t.tensor(3.0)),
    "argnums": lambda f, t: f.grad(lambda a, b: (a * b).sum(), argnums=(0, 1))(p(t), p(t)),
    "negative argnums": lambda f, t: f.grad(lambda a, b: (a * b).sum(), argnums=-1)(p(t), p(t)),
    "aux": lambda f, t: f.grad(lambda a: (cubic(a), {"a": a * 2}), has_aux=True)(p(t)),
    "value": lambda f, t: f.grad_and_value(cubic)(p(t)),
    "value and aux": lambda f, t: f.grad_and_value(lambda a: (cubic(a), a * 2), has_aux=True)(p(t)),
    "tree": lambda f, t: f.grad(lambda d: (d["a"] * d["b"][0]).sum())({"a": p(t), "b": [p(t)]}),
    "of what requires grad": lambda f, t: f.grad(cubic)(x(t)),
    "closed over": lambda f, t: closed_over(t),
    "under no_grad": lambda f, t: under_no_grad(t),
    "grad of a vector": lambda f, t: f.grad(lambda a: a * 2)(p(t)),
    "grad of a number": lambda f, t: f.grad(lambda a: 3)(p(t)),
    "grad at a number": lambda f, t: f.grad(cubic)(3.0),
    "argnum too large": lambda f, t: f.grad(cubic, argnums=2)(p(t)),
    "argnums of wrong type": lambda f, t: f.grad(cubic, argnums="a")(p(t)),
    "aux missing": lambda f, t: f.grad(lambda a: (cubic(a), 1, 2), has_aux=True)(p(t)),
    "vjp": lambda f, t: (lambda y, pull: (y, pull(p(t)), pull(p(t) * 2)))(*f.vjp(lambda a: a * a, p(t))),
    "vjp of a tree": lambda f, t: f.vjp(lambda a: {"y": a * 2, "z": a.sum()}, p(t))[1]({"y": p(t), "z": t.tensor(1.0)}),
    "vjp, wrong tree": lambda f, t: f.vjp(lambda a: (a * 2, a.sum()), p(t))[1](p(t)),
    "vjp with aux": lambda f, t: f.vjp(lambda a: (a * 2, a.sum()), p(t), has_aux=True)[2],
    "jvp": lambda f, t: f.jvp(lambda a: a * a, (p(t),), (p(t),)),
    "jvp of a tree": lambda f, t: f.jvp(lambda a, b: {"y": a * b, "z": [a]}, (p(t), p(t)), (p(t), p(t) * 2)),
    "jvp with aux": lambda f, t: f.jvp(lambda a: (a * a, a), (p(t),), (p(t),), has_aux=True),
    "jvp of jvp": lambda f, t: f.jvp(lambda a: f.jvp(lambda b: b**3, (a,), (p(t),))[1], (p(t),), (p(t),)),
    "jvp, independent": lambda f, t: f.jvp(lambda a: p(t), (p(t),), (p(t),)),
    "jvp, no tuple": lambda f, t: f.jvp(cubic, p(t), p(t)),
    "jvp, wrong size": lambda f, t: f.jvp(cubic, (p(t),), (t.ones(2),)),
    "jvp of grad": lambda f, t: f.jvp(f.grad(cubic), (p(t),), (p(t),)),
    "grad of jvp": lambda f, t: f.grad(lambda a: f.jvp(cubic, (a,), (p(t),))[1])(p(t)),
    "jacrev": lambda f, t: f.jacrev(lambda a: a.view(3, 1) * a)(p(t)),
    "jacrev of a tree": lambda f, t: f.jacrev(lambda a, b: {"y": a * b, "z": a.sum()}, argnums=(0, 1))(p(t), p(t)),
    "jacrev with aux": lambda f, t: f.jacrev(lambda a: (a * a, a), has_aux=True)(p(t)),
    "jacfwd": lambda f, t: f.jacfwd(lambda a: a.view(3, 1) * a)(p(t)),
    "jacfwd of a tree": lambda f, t: f.jacfwd(lambda a, b: {"y": a * b, "z": a.sum()}, argnums=(0, 1))(p(t), p(t)),
    "jacfwd with aux": lambda f, t: f.jacfwd(lambda a: (a * a, a), has_aux=True)(p(t)),
    "hessian": lambda f, t: f.hessian(cubic)(p(t)),
    "hessian of two": lambda f, t: f.hessian(lambda a, b: (a * b * b).sum(), argnums=(0, 1))(p(t), p(t)),
    "jacfwd of jacfwd": lambda f, t: f.jacfwd(f.jacfwd(cubic))(p(t)),
    "jacrev of jacrev": lambda f, t: f.jacrev(f.jacrev(cubic))(p(t)),
    "jacrev of jacfwd": lambda f, t: f.jacrev(f.jacfwd(lambda a: (a * a).cumsum(0)))(p(t)),
    "softmax hessian": lambda f, t: f.hessian(lambda a: (a.exp() / a.exp().sum()).log()[0])(p(t)),
    "linearize": lambda f, t: (lambda y, push: (y, push(p(t)), push(p(t) * 2)))(*f.linearize(lambda a: a * a, p(t))),
    "vmap": lambda f, t: f.vmap(lambda a: a * a)(p(t)),
    "vmap, dims": lambda f, t: f.vmap(lambda a, b: a @ b, in_dims=(1, None))(t.arange(6.0).view(2, 3), t.ones(2)),
    "vmap, negative dims": lambda f, t: f.vmap(lambda a: a.sum(), in_dims=-1)(t.arange(6.0).view(2, 3)),
    "vmap, out_dims": lambda f, t: f.vmap(lambda a: (a, a.sum()), out_dims=(1, 0))(t.arange(6.0).view(2, 3)),
    "vmap, trees": lambda f, t: f.vmap(lambda d: {"y": d["a"] + d["b"]}, in_dims=({"a": 0, "b": None},))(
        {"a": p(t), "b": p(t)}
    ),
    "vmap of grad": lambda f, t: f.vmap(f.grad(lambda a: (a**3).sum()))(t.arange(6.0).view(2, 3)),
    "per-sample gradients": lambda f, t: f.vmap(f.grad(lambda w, a: (w * a).sum() ** 2), in_dims=(None, 0))(
        p(t), p(t, 1.0, 2.0)
    ),
    "vmap of vmap": lambda f, t: f.vmap(f.vmap(lambda a: a * 2))(t.arange(6.0).view(2, 3)),
    "vmap, dim too large": lambda f, t: f.vmap(lambda a: a, in_dims=3)(p(t)),
    "vmap, in_dims None": lambda f, t: f.vmap(lambda a: a, in_dims=None)(p(t)),
    "vmap, in_dims string": lambda f, t: f.vmap(lambda a: a, in_dims="a")(p(t)),
    "vmap, sizes": lambda f, t: f.vmap(lambda a, b: a)(p(t), t.ones(4)),
    "vmap, number out": lambda f, t: f.vmap(lambda a: 3)(p(t)),
    "vmap, number in": lambda f, t: f.vmap(lambda a: a)(3),
    "vmap, nothing in": lambda f, t: f.vmap(lambda a: a)(),
    "vmap, randomness": lambda f, t: f.vmap(lambda a: t.rand(2))(p(t)),
    "vmap, batched out_dim None": lambda f, t: f.vmap(lambda a: a, out_dims=None)(p(t)),
    "vmap, out_dim None": lambda f, t: f.vmap(lambda a, b: b, in_dims=(0, None), out_dims=None)(p(t), p(t)),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_func(name):
    check(lambda t: TRANSFORMS[name](t.func, t))


# ── modes ───────────────────────────────────────────────────────────────────────────────────────


def inferred(t):
    with t.inference_mode():
        return t.ones(3)


def inside(t, f):
    with t.inference_mode():
        return f()


def saved_hooks(t):
    log = []
    with t.autograd.graph.saved_tensors_hooks(
        lambda v: log.append("pack") or v * 2, lambda v: log.append("unpack") or v
    ):
        a = x(t)
        y = (a.exp() * 3).sum()
    y.backward()
    return a.grad, log


MODES = {
    "inference": lambda t: (inferred(t).is_inference(), inferred(t).requires_grad),
    "view of a normal tensor": lambda t: (lambda a: inside(t, lambda: a.view(3).is_inference()))(x(t)),
    "result in inference mode": lambda t: (lambda a: inside(t, lambda: (a * 2).is_inference()))(x(t)),
    "saved for backward": lambda t: inferred(t) * x(t),
    "not saved": lambda t: inferred(t) + x(t),
    "written outside": lambda t: inferred(t).add_(1),
    "written inside": lambda t: (lambda a: inside(t, lambda: a.add_(1)))(inferred(t)),
    "version": lambda t: inferred(t)._version,
    "requires_grad_ outside": lambda t: inferred(t).requires_grad_(),
    "view outside": lambda t: inferred(t).view(3).is_inference(),
    "clone outside": lambda t: (inferred(t).clone().is_inference(), (inferred(t).clone() * x(t)).requires_grad),
    "used in place": lambda t: x(t).detach().mul_(inferred(t)),
    "saved hooks": saved_hooks,
    "checkpoint": lambda t: (
        lambda a: (
            t.utils.checkpoint.checkpoint(lambda v: (v * v).sin(), a, use_reentrant=False).sum().backward(),
            a.grad,
        )
    )(x(t)),
    "checkpoint, reentrant": lambda t: (
        lambda a: (
            t.utils.checkpoint.checkpoint(lambda v: (v * v).sin(), a, use_reentrant=True).sum().backward(),
            a.grad,
        )
    )(x(t)),
    "checkpoint, reentrant, grad": lambda t: (
        lambda a: t.autograd.grad(t.utils.checkpoint.checkpoint(lambda v: v.sin(), a, use_reentrant=True).sum(), a)
    )(x(t)),
    "checkpoint, reentrant, keyword": lambda t: t.utils.checkpoint.checkpoint(
        lambda v: v, x(t), use_reentrant=True, k=1
    ),
}


@pytest.mark.parametrize("name", MODES)
def test_modes(name):
    import torch.utils.checkpoint  # noqa: F401

    check(MODES[name])
