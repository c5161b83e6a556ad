"""Formulas whose text, LaTeX and MathML stand in `formulas.txt`: `python -m tests.expr.formulas` writes it anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from chainrule import words
from chainrule.expr import Expr, formula, latex, mathml
from chainrule.expr.expression import Called
from chainrule.op import REGISTRY

FILE = Path(__file__).with_name("formulas.txt")
DERIVATIVES = {"grad_out": ("loss", "out")}


def symbols() -> dict[str, Any]:
    """What the formulas are made of."""

    def many(shape: tuple[int, ...], *names: str) -> dict[str, Expr]:
        return {name: Expr.symbol(name, shape) for name in names}

    return {
        "np": np, "Expr": Expr, "Called": Called, "W": words, "S": Expr.symbol,
        "VIEW": ((REGISTRY["select"], {"key": (1, ...)}),),
        **many((4, 2), "a", "b", "c", "y", "out", "h_1", "h_relu", "grad_out"), **many((), "n", "alpha"),
        **many((3,), "u", "v"), **many((5, 4, 2), "batch", "keys"), **many((4, 3), "x"), **many((3, 2), "w1"),
        **many((2, 2), "w2"), "t": Expr.symbol("t", (4,), np.int64), "mask": Expr.symbol("mask", (4, 2), bool),
    }  # fmt: skip


FORMULAS = """
x @ w1
h_relu.T @ grad_out
grad_out @ w2.T
grad_out * (h_1 >= 0)
2 * (out - y)
2.0 * (out - y) / 8
((out - y) ** 2).sum()
((out - y) ** 2).mean()
((out - y) ** 2).sum() / n
grad_out.sum(0)
grad_out.sum(1)
grad_out.sum(1, keepdims=True)
batch.sum((0, 2))
(a @ w2).sum(0)
a - (b - c)
a - b - c
a + (b + c)
a + -b
a - -b
-(a + b).T
(a + b).T
(a.T @ b).T
(a**2).T
(a**2) ** 2
(a / b) / c
a / (b / c)
a / (b * c)
a * (b / c)
(a / b) * c
(a / n) @ w2
2 * (a + b) * c
(a * b) @ w2
a * (b @ w2)
a @ w2 @ w2
a @ (w2 @ w2)
n * (a @ w2)
a * n
alpha * n
alpha * 3 * n
2 * (3 * n)
-a * b
a * -b
-(a @ w2)
(-a) ** 2
-(a**2)
a**0.5
a**-0.5
a**-1.0
a**n
a ** (n - 1)
2.0**n
np.exp(-a)
np.exp(a @ w2 - b * c * a) + 1
1 / (1 + np.exp(-a))
np.exp(a) / np.exp(a).sum(1, keepdims=True)
np.sqrt((a**2).sum())
np.sqrt(a) ** 3
np.abs(a - b)
np.maximum(a, 0)
np.clip(a, 0, 6)
np.where(a > 0, a, 0.01 * a)
np.where(a > 0, a, 0) * b
(a > 0) & ~(b < 1)
1 - (a > 0)
a * mask
np.log(a.sum())
np.log1p(a)
np.tanh(a) ** 2
np.floor(a / 2)
np.matmul(batch, np.swapaxes(keys, -1, -2))
batch.mT
np.dot(v, u)
np.outer(v, u)
x[1:3, None]
x[..., 0] + 1
h_relu[0][1]
h_relu[0] ** 2
np.reshape(x, (2, 6))
W.broadcast_to(n, (4, 2))
a * W.broadcast_to(n, (4, 2))
(a > 0).astype(np.float64)
a + 1e-05
a * 0.3333333333333333
a * np.pi
a + 0.1
np.max(a, axis=1, keepdims=True)
np.concatenate([a, b], axis=1)
np.take_along_axis(a, S("i", (4, 1), np.int64), 1)
W.unindex(v, (2, 3), (0,))
W.index_put(a, b[0], (1,))
np.modf(a)[0]
a + np.array([1.0, 2.0])
a * np.zeros((4, 2))
W.cast(a > 0, np.dtype(np.float64)) * b
W.broadcast_to(n, (4, 2)).sum()
W.broadcast_to(n, (4, 2)) @ w2
a * np.ones_like(a)
W.gather(np.log(a), t[:, None], 1)
a + -2
a - -2
(a + b) / 2 - (a - b) / 2
-(a / b)
-(a - b) * c
(-a).T
np.sqrt(a + b)
1 / np.sqrt(a)
(a > b) == (b > c)
np.sin(a) * np.cos(b)
np.argmax(a, axis=1)
np.cumsum(a, axis=0)
np.prod(a)
a[:, S("i", (2,), np.int64)]
W.view_get(a, VIEW)
W.view_put(a, n, VIEW)
W.view_put(a + b, n, VIEW)
a @ S("model.0.weight", (2, 3))
S("w[3]", (4, 2)) ** 2
S("_private", (4, 2)).T
S("σ²", ()) + S("größe", ()) + S("lambda", ()) + S("x_y_1", ())
a * float("inf")
a * float("nan")
a * np.float32(0.1)
a * 1.5e-8
a * 12345678.9
np.transpose(batch, (1, 0, 2))
np.remainder(a, 2) * 2
a / 8**0.5
W.softmax(a, axis=1)
W.softmax(a, axis=0)
W.log_softmax(a, axis=1) * b
(W.softmax(a, axis=1) - W.onehot(t, 2, np.dtype(float))) / n
W.sigmoid(a) * (1 - W.sigmoid(a))
np.roll(a, 1, None)
np.flip(a, 0)
np.take(a, t, 0)
W.view_add(np.zeros((4, 2)), v[0], VIEW)
a ** np.array(2.0)
Expr.called(Called("Square.forward", len), (a, 2), (4, 2), np.dtype(float)) + 1
"""


def expression(source: str) -> Expr:
    """A formula of the list."""
    return eval(source, symbols())


def blocks() -> dict[str, str]:
    """Each formula in its three notations."""
    found = {}
    for source in FORMULAS.strip().splitlines():
        expr = expression(source)
        body = mathml(expr, derivatives=DERIVATIVES).partition(">")[2].removesuffix("</math>")
        lines = [formula(expr, derivatives=DERIVATIVES), latex(expr, derivatives=DERIVATIVES), body]
        found[source] = "\n".join(f"    {line}" for line in lines)
    return found


if __name__ == "__main__":
    FILE.write_text("".join(f"{source}\n{block}\n" for source, block in blocks().items()), "utf-8")
