"""Losses and their activations against PyTorch's: values, dtypes, gradients, second gradients, errors."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as functional

from .both import check, check_gradients

torch = pytest.importorskip("torch")

rng = np.random.default_rng(11)
X, Y = rng.standard_normal((5, 4)), rng.standard_normal((5, 4))
CUBE = rng.standard_normal((3, 4, 2))
SQUARE = rng.standard_normal((2, 3, 2, 4))
P, Q = rng.uniform(0.05, 0.95, (5, 4)), rng.uniform(0.05, 0.95, (5, 4))
T = np.array([3, 0, 1, 1, 2])
TWO = np.array([[0, 3], [1, 2], [2, 2]])
SIDES = np.array([1, -1, -1, 1, 1])
W = np.array([0.5, 2.0, 0.0, 1.5])
REDUCTIONS = ["mean", "sum", "none"]

# Function, positional arguments, keyword arguments (arrays become tensors), checked with every reduction.
LOSSES = [
    ("mse_loss", (X, Y), {}),
    ("l1_loss", (X, Y), {}),
    ("l1_loss", (X, Y), {"weight": Q}),
    ("l1_loss", (X, X), {}),
    ("smooth_l1_loss", (X, Y), {}),
    ("smooth_l1_loss", (X, Y), {"beta": 0.3}),
    ("smooth_l1_loss", (X, Y), {"beta": 0.0}),
    ("huber_loss", (X, Y), {}),
    ("huber_loss", (X, Y), {"delta": 0.3}),
    ("huber_loss", (X, Y), {"weight": Q, "delta": 2}),
    ("nll_loss", (X, T), {}),
    ("nll_loss", (X, T), {"weight": W}),
    ("nll_loss", (X, T), {"ignore_index": 1}),
    ("nll_loss", (X, T), {"ignore_index": 1, "weight": W}),
    ("nll_loss", (X[0], np.array(2)), {}),
    ("nll_loss", (CUBE, TWO), {"weight": W}),
    ("cross_entropy", (X, T), {}),
    ("cross_entropy", (X * 500, T), {}),
    ("cross_entropy", (X, T.astype(np.uint8)), {}),
    ("cross_entropy", (X, T), {"weight": W}),
    ("cross_entropy", (X, T), {"ignore_index": 3}),
    ("cross_entropy", (X, np.array([-100, 0, -100, 1, 2])), {"weight": W}),
    ("cross_entropy", (X, T), {"label_smoothing": 0.2}),
    ("cross_entropy", (X, T), {"label_smoothing": 0.2, "weight": W}),
    ("cross_entropy", (X, T), {"label_smoothing": 0.2, "weight": W, "ignore_index": 1}),
    ("cross_entropy", (X, T), {"label_smoothing": 1.0, "ignore_index": 1}),
    ("cross_entropy", (X[0], np.array(2)), {}),
    ("cross_entropy", (X[0], np.array(2)), {"label_smoothing": 0.1}),
    ("cross_entropy", (CUBE, TWO), {"weight": W, "label_smoothing": 0.1, "ignore_index": 2}),
    ("cross_entropy", (SQUARE, np.array([[[0, 1, 2, 0], [1, 1, 2, 2]]] * 2)), {}),
    ("cross_entropy", (X, P / P.sum(1, keepdims=True)), {}),
    ("cross_entropy", (X, P), {"weight": W, "label_smoothing": 0.3}),
    ("cross_entropy", (CUBE, CUBE**2), {"weight": W}),
    ("cross_entropy", (X[0], P[0]), {}),
    ("binary_cross_entropy", (P, Q), {}),
    ("binary_cross_entropy", (P, Q), {"weight": W}),
    ("binary_cross_entropy_with_logits", (X, Q), {}),
    ("binary_cross_entropy_with_logits", (X * 100, Q), {}),
    ("binary_cross_entropy_with_logits", (X, Q), {"weight": W}),
    ("binary_cross_entropy_with_logits", (X, Q), {"pos_weight": W, "weight": Q}),
    ("hinge_embedding_loss", (X[:, 0], SIDES), {}),
    ("hinge_embedding_loss", (X[:, 0], SIDES), {"margin": 0.4}),
    ("hinge_embedding_loss", (X, SIDES[:, None]), {}),
    ("hinge_embedding_loss", (X[:, 0], SIDES * 0), {}),
    ("cosine_embedding_loss", (X, Y, SIDES), {}),
    ("cosine_embedding_loss", (X, Y, SIDES), {"margin": 0.2}),
    ("cosine_embedding_loss", (X[0], Y[0], np.array(1)), {}),
    ("margin_ranking_loss", (X[:, 0], Y[:, 0], SIDES), {}),
    ("margin_ranking_loss", (X[:, 0], Y[:, 0], SIDES), {"margin": 0.5}),
    ("triplet_margin_loss", (X, Y, P), {}),
    ("triplet_margin_loss", (X, Y, P), {"margin": 0.3, "p": 3, "swap": True}),
    ("triplet_margin_loss", (X, Y[0:1], P), {"p": 1}),
    ("triplet_margin_loss", (X[0], Y[0], P[0]), {"eps": 1e-2}),
]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "args", "options"), LOSSES)
def test_values_gradients_and_second_gradients(name, args, options, reduction):
    def loss(library, *tensors):
        tensors, rest = tensors[: len(args)], tensors[len(args) :]
        keywords = dict(zip(options, rest, strict=False))
        keywords |= {k: library.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
        return getattr(library.nn.functional, name)(*tensors, reduction=reduction, **keywords)

    check_gradients(loss, *args)


@pytest.mark.parametrize(
    ("module", "args", "options"),
    [
        ("MSELoss", (X, Y), {}),
        ("L1Loss", (X, Y), {}),
        ("SmoothL1Loss", (X, Y), {"beta": 0.5}),
        ("HuberLoss", (X, Y), {"delta": 0.5}),
        ("NLLLoss", (X, T), {"ignore_index": 1}),
        ("NLLLoss", (X, T), {"weight": W}),
        ("CrossEntropyLoss", (X, T), {"weight": W, "label_smoothing": 0.1}),
        ("CrossEntropyLoss", (X, T), {"ignore_index": 0}),
        ("BCELoss", (P, Q), {"weight": W}),
        ("BCEWithLogitsLoss", (X, Q), {"weight": W, "pos_weight": W}),
        ("HingeEmbeddingLoss", (X[:, 0], SIDES), {"margin": 0.5}),
        ("CosineEmbeddingLoss", (X, Y, SIDES), {"margin": 0.1}),
        ("MarginRankingLoss", (X[:, 0], Y[:, 0], SIDES), {"margin": 0.5}),
        ("TripletMarginLoss", (X, Y, P), {"margin": 0.5, "p": 1, "eps": 1e-3, "swap": True}),
        ("LeakyReLU", (X,), {"negative_slope": 0.2}),
        ("LeakyReLU", (X,), {}),
        ("Softplus", (X,), {"beta": 2, "threshold": 1}),
        ("Softplus", (X * 20,), {}),
        ("LogSigmoid", (X * 20,), {}),
    ],
)
def test_modules(module, args, options):
    made = []

    def call(library, *tensors):
        keywords = {k: library.tensor(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
        layer = getattr(library.nn, module)(**keywords)
        made.append((repr(layer), list(layer.state_dict())))
        return layer(*tensors)

    check_gradients(call, *args)
    assert made[0] == made[1]


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("name", ["l1_loss", "smooth_l1_loss", "huber_loss", "mse_loss", "binary_cross_entropy"])
@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_dtypes(name, reduction, dtype):
    pairs = [
        getattr(t.nn.functional, name)(t.tensor(P.astype(dtype)), t.tensor(Q.astype(dtype)), reduction=reduction)
        for t in (cr, torch)
    ]
    assert repr(pairs[0].dtype) == repr(pairs[1].dtype)
    np.testing.assert_allclose(pairs[0].numpy(), pairs[1].numpy(), rtol=1e-5 if dtype is np.float32 else 5e-3)


def at_the_ends(library):
    x = library.tensor([0.0, 1.0, 0.0, 1.0, 0.5], dtype=library.float64, requires_grad=True)
    t = library.tensor([0.0, 1.0, 1.0, 0.0, 1.0], dtype=library.float64)
    y = library.nn.functional.binary_cross_entropy(x, t, reduction="none")
    y.sum().backward()
    return y.detach().numpy(), x.grad.numpy()


def test_binary_cross_entropy_of_certainty():
    for found, expected in zip(at_the_ends(cr), at_the_ends(torch), strict=True):
        np.testing.assert_allclose(found, expected)


EXPRESSIONS = [
    "F.cross_entropy(A, T.tensor([0, 9]))",
    "F.cross_entropy(A, T.tensor([0, -1]))",
    "F.cross_entropy(A, T.tensor([0]))",
    "F.cross_entropy(A, T.tensor(0))",
    "F.cross_entropy(A, T.tensor([0, 1]).int())",
    "F.cross_entropy(A, T.tensor([0., 1.]))",
    "F.cross_entropy(A, T.tensor([0, 1]), label_smoothing=1.5)",
    "F.cross_entropy(A, I)",
    "F.cross_entropy(A, I[:, :2])",
    "F.cross_entropy(A, A, ignore_index=1)",
    "F.cross_entropy(A, A, weight=v[:2])",
    "F.cross_entropy(A, T.tensor([0, 1]), weight=v[:2])",
    "F.cross_entropy(D, T.tensor([0, 1]), weight=v)",
    "F.cross_entropy(A, T.tensor([-100, -100]))",
    "F.cross_entropy(A, T.tensor([-100, -100]), reduction='sum')",
    "F.cross_entropy(A, D)",
    "F.cross_entropy(I, T.tensor([0, 1]))",
    "F.cross_entropy(E, T.zeros(0).long())",
    "F.cross_entropy(E, T.zeros(0).long(), reduction='none')",
    "F.cross_entropy(H, T.tensor([0, 1]))",
    "F.cross_entropy(S, T.zeros(2, 5).long())",
    "F.cross_entropy(S[None], T.zeros(1, 3, 5).long())",
    "F.cross_entropy(A, T.tensor([0, 1]), reduction='median')",
    "F.nll_loss(z, T.tensor(0))",
    "F.nll_loss(v, T.tensor([1]), weight=v * 2, reduction='none')",  # PyTorch's backward fails here
    "F.nll_loss(v, T.tensor([1, 1]))",
    "F.nll_loss(v, T.tensor([[1]]))",
    "F.nll_loss(T.tensor([[-inf, 0.0]]), T.tensor([-100]), reduction='sum')",
    "F.nll_loss(T.tensor([[-inf, 0.0]]), T.tensor([0]))",
    "F.binary_cross_entropy(A, A)",
    "F.binary_cross_entropy(v, -v)",
    "F.binary_cross_entropy(v, v[:2])",
    "F.binary_cross_entropy(v, v.double())",
    "F.binary_cross_entropy(v, v.long())",
    "F.binary_cross_entropy(v * nan, v)",
    "F.binary_cross_entropy_with_logits(v, v[:2])",
    "F.binary_cross_entropy_with_logits(v, v.long())",
    "F.binary_cross_entropy_with_logits(v.long(), v)",
    "F.binary_cross_entropy_with_logits(v, v.double())",
    "F.binary_cross_entropy_with_logits(v, v, pos_weight=v[:2])",
    "F.binary_cross_entropy_with_logits(v * inf, v)",
    "F.l1_loss(I, I)",
    "F.l1_loss(I, I + 2, reduction='sum')",
    "F.l1_loss(A, A + 1, weight=v)",
    "F.smooth_l1_loss(I, I)",
    "F.smooth_l1_loss(A, A, beta=-1)",
    "F.smooth_l1_loss(A, D + 1)",
    "F.huber_loss(I, I)",
    "F.huber_loss(A, A, delta=0)",
    "F.huber_loss(A, A, weight=v)",
    "F.hinge_embedding_loss(N, B * 2 - 1, reduction='none')",
    "F.cosine_embedding_loss(A, A, v)",
    "F.cosine_embedding_loss(A, A, A)",
    "F.cosine_embedding_loss(v, v, v[:1])",
    "F.cosine_embedding_loss(A, A, z)",
    "F.triplet_margin_loss(A, A, A, margin=0)",
    "F.triplet_margin_loss(A, A, v)",
    "F.margin_ranking_loss(A, A, v)",
    "F.pairwise_distance(A, v, keepdim=True)",
    "F.pairwise_distance(A, v, p=1)",
    "F.leaky_relu(A - 2)",
    "F.leaky_relu(H - 2, 0.5)",
    "F.leaky_relu(N - 2)",
    "F.leaky_relu(A * -inf)",
    "F.leaky_relu(I)",
    "F.leaky_relu(B)",
    "F.softplus(I)",
    "F.softplus(D - 2, beta=3, threshold=4)",
    "F.softplus(T.tensor([-inf, inf, nan, 1000., -1000.]))",
    "F.logsigmoid(I)",
    "F.logsigmoid(T.tensor([-inf, inf, nan, 1000., -1000.]))",
    "T.nn.TripletMarginLoss(margin=-1)",
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_edges_and_errors(expression):
    check(expression, functional)


@pytest.mark.parametrize(
    "name", ["l1_loss", "smooth_l1_loss", "huber_loss", "hinge_embedding_loss", "cross_entropy", "nll_loss"]
)
def test_signatures(name):
    import inspect

    ours = inspect.signature(getattr(functional, name)).parameters
    theirs = inspect.signature(getattr(torch.nn.functional, name)).parameters
    assert [(p.name, p.default) for p in ours.values()] == [(p.name, p.default) for p in theirs.values()]


def test_leaky_relu_in_place():
    results = []
    for t in (cr, torch):
        x = t.tensor(X, requires_grad=True)
        y = x * 2
        assert t.nn.LeakyReLU(0.1, inplace=True)(y) is y
        (y * y).sum().backward()
        results.append(x.grad.numpy())
    np.testing.assert_allclose(*results)
