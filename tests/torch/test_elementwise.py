"""The elementwise families against PyTorch: an expression per line, values at the edges, gradients twice."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import chainrule as cr

from .both import check, check_gradients

torch = pytest.importorskip("torch")

UNARY = """
    neg negative abs absolute sign sgn square sqrt rsqrt reciprocal exp exp2 expm1 log log2 log10 log1p logit
    sin cos tan asin arcsin acos arccos atan arctan sinh cosh tanh asinh arcsinh acosh arccosh atanh arctanh
    sinc deg2rad rad2deg erf erfc erfinv lgamma digamma i0 floor ceil trunc fix frac round relu sigmoid isnan
    isinf isfinite isposinf isneginf isreal logical_not bitwise_not signbit nan_to_num positive
""".split()  # noqa: SIM905 - a list would be a page long
BINARY = """
    add sub subtract mul multiply div divide true_divide floor_divide remainder fmod pow float_power copysign
    xlogy eq ne not_equal lt less le less_equal gt greater ge greater_equal bitwise_and bitwise_or bitwise_xor
    bitwise_left_shift bitwise_right_shift
""".split()  # noqa: SIM905 - a list would be a page long
TENSORS_ONLY = """
    hypot atan2 arctan2 logaddexp logaddexp2 maximum minimum fmax fmin gcd lcm heaviside logical_and logical_or
    logical_xor nextafter ldexp
""".split()  # noqa: SIM905 - a list would be a page long


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("x", ["A", "H", "I + 1", "U", "B", "E", "z", "N", "D.t()"])
def test_unary(name, x):
    """The same dtype, shape, value or error, for every dtype."""
    check(f"T.{name}({x})", tolerance=2e-3 if x == "H" else 1e-5)


@pytest.mark.parametrize("name", BINARY + TENSORS_ONLY)
@pytest.mark.parametrize(
    "operands",
    ["A, A + 1", "A, v", "D, A", "H, H", "I, I + 1", "I, A", "U, I + 1", "B, B", "B, I + 1", "A, z", "I, z", "E, v"],
)
def test_binary(name, operands):
    """Promotion and broadcasting."""
    expression = f"T.{name}({operands})"
    check(expression, tolerance=2e-3 if "H" in operands else 1e-5)


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize(
    "operands", ["A, 2", "A, 2.5", "I, 2", "I, 2.5", "H, 2.5", "B, 2", "U, 3", "z, 2.5", "A, True", "E, 1"]
)
def test_with_a_number(name, operands):
    """A Python number promotes nothing but the kind."""
    check(f"T.{name}({operands})", tolerance=2e-3 if "H" in operands else 1e-5)


EXPRESSIONS = """
    2 - A | 2 - I | 2.5 - I | 2 / A | 2 / I | 2 ** A | 2 ** I | 2.5 ** I | True ** I | 7 // (I + 1) | 7 % (I + 1)
    2 * A | 2 + B
    7.5 % (A + 1) | 1 << I | 64 >> I | 3 & I | 3|I | 3 ^ I | A ** 2 | A ** 0 | A ** 3 | A ** -1 | A ** 0.5 | I ** 2
    I ** 2.0
    I ** -1 | B ** 2 | B ** True | B ** B | T.pow(2, A) | T.pow(2, I) | T.pow(2.5, D) | T.pow(-I - 1, -I)
    T.pow(2, -I)
    1 - B | B - 1 | B - B | -B | +B | ~B | ~I | abs(-A) | +A | A - True
    I // 0 | I % 0 | I.fmod(0) | I // I | A // 0 | A % 0 | I.div(0, rounding_mode='trunc')
    A.div(0, rounding_mode='floor')
    T.tensor([-7, 7, -6]) // 2 | T.tensor([-7, 7, -6]) % -4 | T.tensor([-7, 7]).fmod(4) | T.tensor([-7., 7]).fmod(4)
    T.tensor([-7, 7, -6]).div(4, rounding_mode='trunc') | T.tensor([-7, 7]).div(4, rounding_mode='floor')
    A.div(2, rounding_mode='trunc') | I.div(2, rounding_mode='foo') | I.div(2.5, rounding_mode='floor')
    T.tensor([1., -1, 0, inf, 5, -5]) // T.tensor([0., 0, 0, 1, inf, inf])
    A.add(A, alpha=2) | I.add(I, alpha=2) | I.add(I, alpha=2.5) | A.sub(I, alpha=2.5) | B.add(B, alpha=2)
    A.add(2, alpha=3)
    I.sub(I, alpha=1.5) | D.add(I, alpha=0.1) | T.rsub(A, 1) | T.rsub(A, A, alpha=2) | T.sub(2, A) | T.add(2, A)
    T.mul(2, A)
    T.addcmul(A, A, v, value=0.5) | T.addcdiv(A, A, v + 1) | T.addcdiv(A, I, I + 1) | A.addcmul(v, v)
    T.addcmul(A, I, I)
    T.lerp(A, A + 1, 0.3) | T.lerp(A, A + 1, 0.8) | T.lerp(A, A + 1, v / 4) | T.lerp(A, D, 0.5) | T.lerp(I, I, 0.5)
    T.lerp(A, A, I)
    T.float_power(2, I) | T.float_power(H, H) | I.float_power(-1) | T.ldexp(I, I) | A.ldexp(I)
    A.round(decimals=1) | (A * 12.345).round(decimals=2) | (A * 12.345).round(decimals=-1) | I.round(decimals=1)
    (A / 2).round()
    T.special.round(A / 3, decimals=1)
    A.clamp(1, 3) | A.clamp(min=2) | A.clamp(max=2) | A.clamp() | I.clamp(0.5, 3) | I.clamp(min=1)
    A.clamp(A, A + 1)
    A.clip(1, 3) | A.clamp(3, 1) | N.clamp(0, 1) | A.clamp(min=nan) | H.clamp(1.0, 2) | A.clamp(min=v, max=2 * v)
    A.clamp_min(v)
    A.clamp_max(v) | A.clamp_min(2) | I.clamp_max(2) | U.clamp(1, 3) | B.clamp(min=0) | z.clamp(0, 1)
    T.where(A > 2, A, 0) | T.where(A > 2, A, D) | T.where(B, 1, 0) | T.where(B, 1.0, 0) | T.where(B, I, 1.5)
    T.where(B, A, z)
    T.where(I, A, A) | T.where(B, U, 1) | T.where(B, True, I) | A.where(B, 0) | A.where(B, -A) | T.where(B, A, v)
    T.where(B)
    T.where(B, A, T.tensor(2.0, dtype=T.float64)) | T.where(B, H, 1) | T.where(z > 0, A, v) | T.where(B, inf, A)
    T.where(B, 1)
    T.where(B, A, T.ones(4))
    T.nan_to_num(N) | T.nan_to_num(N, nan=2.0) | T.nan_to_num(T.tensor([inf, -inf, nan]))
    T.nan_to_num(T.tensor([inf, -inf]), posinf=1, neginf=-2)
    T.nan_to_num(I) | T.nan_to_num(T.tensor([inf]).half()) | T.nan_to_num(B)
    T.heaviside(A - 2, v) | T.heaviside(N, v) | T.heaviside(A, I) | T.heaviside(I - 2, I) | T.heaviside(B, B)
    T.isclose(A, A + 1e-6) | T.isclose(N, N) | T.isclose(N, N, equal_nan=True) | T.isclose(A, D) | T.isclose(I, I)
    T.isclose(B, B)
    T.isclose(A, A, rtol=-1) | T.isclose(T.tensor([inf, 1]), T.tensor([inf, inf])) | T.isclose(A, v)
    A.isclose(A * 1.1, atol=1)
    T.allclose(A, A + 1e-7) | T.allclose(A, A + 1) | T.allclose(N, N, equal_nan=True) | T.allclose(A, D)
    A.allclose(A)
    T.equal(A, A) | T.equal(A, D) | T.equal(A, v) | T.equal(N, N) | T.equal(E, E) | T.equal(A, 2) | A.equal(A + 1)
    A == 1 | A == None | A != None | A == 'a' | A < 2 | 2 < A | I == 1.5 | U > -1 | I >= I | B == 1 | N == N
    A == D | A < T.ones(4)
    A & A | I & 1.5 | B & 1 | B & B | I|B | I ^ I | I << 1 | I >> 1 | I << -1 | I << 64 | -I >> 70 | U << 9 | A << 1
    T.bitwise_and(2, I)
    T.polygamma(0, A) | T.polygamma(1, A + 1) | (A + 1).polygamma(2) | T.polygamma(-1, A) | T.polygamma(3, D + 0.5)
    T.mvlgamma(A + 3, 2) | (A + 3).mvlgamma(3) | T.mvlgamma(A, 0) | T.mvlgamma(I + 3, 2)
    T.logit(A / 5) | T.logit(A / 5, eps=0.1) | (A / 5).logit(0.1) | T.logit(A) | T.xlogy(2, A) | T.xlogy(A, 2)
    T.xlogy(I, I) | T.xlogy(0, A)
    T.softmax(A, 0) | T.softmax(A, -1) | A.softmax(1) | T.softmax(A, 2) | T.softmax(z, 0) | T.softmax(z, 1)
    T.softmax(I, 0) | T.softmax(E, 1)
    T.softmax(E, 0) | T.softmax(I, 0, dtype=T.float32) | A.softmax(0, dtype=T.float64) | T.softmax(H * 100, 1)
    T.softmax(S, 1) | T.softmax(N, 0)
    T.softmax(T.tensor([-inf, -inf]), 0) | T.softmax(T.tensor([-inf, 1.0]), 0) | T.softmax(B, 0) | T.softmax(A)
    T.log_softmax(A * 1000, 1) | A.log_softmax(0) | T.log_softmax(I, 0) | T.log_softmax(z, -1)
    T.log_softmax(T.tensor([-inf, 1.0]), 0)
    T.log_softmax(H * 100, 1) | T.log_softmax(E, 1) | A.log_softmax(-3)
    T.sigmoid(T.tensor([-100.0, 100, 0])) | T.sigmoid(I) | A.sigmoid() | T.relu(N) | T.relu(I - 3) | T.relu(B)
    A.tanh()
    T.special.erf(A) | T.special.erfc(A) | T.special.erfinv(A / 6) | T.special.expit(A) | T.special.exp2(A)
    T.special.expm1(A)
    T.special.gammaln(A) | T.special.digamma(A) | T.special.psi(A) | T.special.polygamma(1, A)
    T.special.multigammaln(A + 3, 2)
    T.special.i0(A) | T.special.i0e(A) | T.special.i1(A) | T.special.i1e(A) | T.special.log1p(A)
    T.special.logit(A / 5)
    T.special.xlogy(A, A) | T.special.xlog1py(A, A) | T.special.xlog1py(A, 2) | T.special.xlog1py(2, A)
    T.special.entr(A) | T.special.ndtr(A)
    T.special.log_ndtr(-A * 10) | T.special.ndtri(A / 5) | T.special.erfcx(A) | T.special.sinc(A)
    T.special.softmax(A, 0)
    T.special.log_softmax(A, 0) | T.special.logsumexp(A, 0) | T.special.entr(H) | T.special.i1(I)
    A.exp(out=A) if False else 0 | T.maximum(N, A) | T.minimum(N, A) | T.fmax(N, A) | T.fmin(N, A) | T.maximum(I, A)
    T.maximum(B, B)
    A.exp(1) | A + T.ones(4) | A * 'a' | A + None | 'a' * A | T.exp()
"""
LINES = [e.strip() for line in EXPRESSIONS.strip().splitlines() for e in line.split(" | ")]


@pytest.mark.parametrize("expression", LINES)
def test_expression(expression):
    """Both libraries say the same."""
    check(expression, tolerance=2e-3 if "H" in expression else 1e-5)


INPLACE = """
    add_(1) sub_(v) mul_(2) div_(2) pow_(2) neg_() abs_() sqrt_() exp_() log1p_() sin_() clamp_(1,2)
    clamp_(min=1) clip_(0,1) clamp_min_(1) clamp_max_(1) floor_() ceil_() round_() trunc_() fix_() frac_()
    sigmoid_() tanh_() relu_() square_() fmod_(2) remainder_(2) floor_divide_(2) lerp_(v,0.5) addcmul_(v,v)
    addcdiv_(v,v) copysign_(-1) eq_(1) lt_(2) logical_not_() nan_to_num_() true_divide_(2) subtract_(1)
    multiply_(3) arctan_() erf_() lgamma_() digamma_() xlogy_(v) hypot_(v) atan2_(v) sign_() sgn_() sinc_()
    rsqrt_() reciprocal_() exp2_() expm1_() log_() logit_(0.1) deg2rad_() heaviside_(v) i0_() greater_(1)
""".split()  # noqa: SIM905 - a list would be a page long


@pytest.mark.parametrize("call", INPLACE)
def test_in_place(call):
    """`x.f_(…)` writes and returns x, or refuses what does not fit."""
    check(f"[y := A * 1, y.{call}, y][1:]")


def test_operators_in_place():
    """`x **= 2` and its kin, on integers too."""
    for dtype in (np.float32, np.int64):
        results = []
        for library in (torch, cr):
            x = library.tensor(np.arange(1, 7, dtype=dtype))
            x += 1
            x -= 2
            x *= 3
            x **= 2
            x //= 2
            x %= 5
            results.append(x.numpy())
        np.testing.assert_array_equal(*results)


# ── gradients ───────────────────────────────────────────────────────────────────────────────────

RNG = np.random.default_rng(0)
POSITIVE, MORE = RNG.uniform(0.2, 0.8, (2, 3)), RNG.uniform(0.2, 0.8, (3,))
SIGNED, OTHER = RNG.standard_normal((2, 3)), RNG.standard_normal((2, 1))
FUNCTIONS = {
    "x ** 2": lambda T, x: x**2,
    "x ** 3": lambda T, x: x**3,
    "x ** -1.5": lambda T, x: x**-1.5,
    "x ** 0": lambda T, x: x**0,
    "2 ** x": lambda T, x: 2**x,
    "2 - x": lambda T, x: 2 - x,
    "2 / x": lambda T, x: 2 / x,
    "x / 2": lambda T, x: x / 2,
    "square": lambda T, x: T.square(x),
    "float_power": lambda T, x: x.float_power(1.5),
    "clamp": lambda T, x: x.clamp(0.3, 0.6),
    "clamp_min": lambda T, x: x.clamp_min(0.5),
    "clip": lambda T, x: T.clip(x, max=0.5),
    "where": lambda T, x: T.where(x > 0.5, x * x, x.exp()),
    "where number": lambda T, x: T.where(x > 0.5, x * x, 2),
    "x.where": lambda T, x: x.where(x > 0.5, x.exp()),
    "logit": lambda T, x: x.logit(),
    "logit eps": lambda T, x: x.logit(eps=0.4),
    "polygamma": lambda T, x: T.polygamma(2, x),
    "mvlgamma": lambda T, x: (x + 2).mvlgamma(3),
    "softmax": lambda T, x: x.softmax(1),
    "log_softmax": lambda T, x: x.log_softmax(0),
    "softmax dtype": lambda T, x: x.float().softmax(1, dtype=T.float64),
    "nan_to_num": lambda T, x: T.nan_to_num(x * x),
    "round": lambda T, x: x.round() * x,
    "round decimals": lambda T, x: x.round(decimals=1) * x,
    "div floor": lambda T, x: x.div(0.3, rounding_mode="floor") * x,
    "div trunc": lambda T, x: x.div(0.3, rounding_mode="trunc") * x,
    "xlogy": lambda T, x: T.xlogy(2, x) + T.xlogy(x, 2),
    "ldexp": lambda T, x: T.ldexp(x, x),
    "addcdiv": lambda T, x: T.addcdiv(x, x, x + 1, value=2),
    "addcmul": lambda T, x: T.addcmul(x, x, x + 1, value=2),
    "lerp": lambda T, x: T.lerp(x, x * x, 0.7) + T.lerp(x, x * x, x),
    "add alpha": lambda T, x: x.add(x * x, alpha=3).sub(x.exp(), alpha=2),
    "rsub": lambda T, x: T.rsub(x, x * x, alpha=2),
    "erfcx": lambda T, x: T.special.erfcx(x),
    "log_ndtr": lambda T, x: T.special.log_ndtr(x),
    "ndtri": lambda T, x: T.special.ndtri(x),
    "entr": lambda T, x: T.special.entr(x),
    "i1": lambda T, x: T.special.i1(x),
    "i1e": lambda T, x: T.special.i1e(x),
    "i0e": lambda T, x: T.special.i0e(x),
    "ndtr": lambda T, x: T.special.ndtr(x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients(name):
    """Value, gradient, and gradient of the gradient."""
    check_gradients(FUNCTIONS[name], POSITIVE)


@pytest.mark.parametrize(
    "name",
    [
        "add",
        "sub",
        "mul",
        "div",
        "pow",
        "atan2",
        "hypot",
        "maximum",
        "fmin",
        "xlogy",
        "logaddexp",
        "logaddexp2",
        "fmod",
    ],
)
def test_gradients_of_two(name):
    """Broadcast operands."""
    check_gradients(lambda T, a, b: getattr(T, name)(a, b), POSITIVE, MORE)


def first_gradients(library, function, *points):
    tensors = [library.tensor(p, dtype=library.float64, requires_grad=True) for p in points]
    y = function(library, *tensors)
    y.sum().backward()
    return [y.detach().numpy(), *[np.zeros(t.shape) if t.grad is None else (t.grad + 0).numpy() for t in tensors]]


EDGES = [0.0, -0.0, 1.0, -1.0, 2.5, np.inf, -np.inf, np.nan]
PAIRS = list(zip(*itertools.product(EDGES, EDGES), strict=True))
AT_EDGES = {
    **{f"x ** {e}": lambda T, x, e=e: x**e for e in (0, 0.0, 1, 2, 3, -1, -2, 0.5, -0.5, 2.5)},
    **{f"{e} ** x": lambda T, x, e=e: e**x for e in (0.0, 1.0, 2.0, 0.5, -1.0)},
    "clamp": lambda T, x: x.clamp(-1, 1),
    "clamp crossed": lambda T, x: x.clamp(1, -1),
    "clamp_min": lambda T, x: x.clamp(min=1),
    "nan_to_num": lambda T, x: T.nan_to_num(x),
    "logit": lambda T, x: T.logit(x),
    "logit eps": lambda T, x: T.logit(x, eps=0.25),
    "round": lambda T, x: x.round(decimals=1),
    "1 / x": lambda T, x: 1 / x,
    "softmax": lambda T, x: x.softmax(0),
}
TWO_AT_EDGES = {
    "maximum": lambda T, a, b: T.maximum(a, b),
    "minimum": lambda T, a, b: T.minimum(a, b),
    "pow": lambda T, a, b: T.pow(a, b),
    "where": lambda T, a, b: T.where(a > 0, a, b),
    "clamp tensors": lambda T, a, b: a.clamp(min=b),
}


@pytest.mark.parametrize("name", AT_EDGES)
def test_edges(name):
    """Zeros of both signs, kinks, infinities, NaN: the value and the one subgradient."""
    points = [0.0, 0.0, 1.0, -1.0, 2.5, 0.5, -2.0] if name in ("softmax", "logit") else EDGES
    for expected, found in zip(*(first_gradients(T, AT_EDGES[name], points) for T in (torch, cr)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", TWO_AT_EDGES)
def test_edges_of_two(name):
    """Every pair of them."""
    for expected, found in zip(*(first_gradients(T, TWO_AT_EDGES[name], *PAIRS) for T in (torch, cr)), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_abs_and_relu_at_zero():
    """Slope 0, from either side."""
    for function in (lambda T, x: x.abs(), lambda T, x: x.relu()):
        for expected, found in zip(
            *(first_gradients(T, function, [0.0, -0.0, 1.0, -np.inf]) for T in (torch, cr)), strict=True
        ):
            np.testing.assert_array_equal(found, expected)


TITLES = """
    x.pow(2) x**3 x.square() x**x 2**x x.clamp(min=0) x.clamp(max=0) 2-x x-1 1+x x*2 x/2 -x x.abs() x.relu()
    x.sigmoid() x.exp() x.log() x.softmax(0) x.log_softmax(0) x.sqrt() x.reciprocal() x.round()
    x.round(decimals=1) x.floor() x.sign() x.where(x>0,1) T.maximum(x,x) x%2 x.fmod(2)
    x.div(2,rounding_mode='floor') x.lerp(x,0.5) x.logit() x.nan_to_num() x.atan2(x) T.special.entr(x)
    T.special.i1(x) x.digamma() x.polygamma(1) x.erf() T.rsub(x,1) x.fix() x.arcsin()
""".split()  # noqa: SIM905 - a list would be a page long


@pytest.mark.parametrize("expression", TITLES)
def test_titles(expression):
    """`grad_fn` says what PyTorch says."""
    names = [
        eval(expression, {"T": T, "x": T.tensor([0.5, 0.25], requires_grad=True)}).grad_fn.name() for T in (torch, cr)
    ]
    assert names[0] == names[1]


@pytest.mark.parametrize(
    "expression", ["x // 2", "x > 1", "x.isnan()", "x.heaviside(x)", "x.signbit()", "x.logical_not()"]
)
def test_no_gradient(expression):
    """What has no derivative gives a tensor that asks for none."""
    assert not eval(expression, {"x": cr.tensor([1.0, 2.0], requires_grad=True)}).requires_grad
