"""Random numbers against PyTorch's: the same bits from the same seed, and the same state afterwards."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import chainrule as cr
from chainrule import random, record

torch = pytest.importorskip("torch")

FLOATS = ("float16", "float32", "float64")
INTS = ("int8", "int16", "int32", "int64", "uint8")
SIZES = (0, 1, 2, 3, 7, 15, 16, 17, 31, 32, 33, 100, 625, 5000, 40001)


def ours(array):
    return record.wrap(array)


def same_state():
    """Both default generators would go on with the same numbers."""
    a, b = random.get_rng_state()._data, torch.get_rng_state().numpy()
    assert (a[5016:5048] == b[5016:5048]).all()  # the kept normal
    fork = torch.Generator()
    fork.set_state(torch.from_numpy(a.copy()))
    expected = torch.Generator()
    expected.set_state(torch.get_rng_state())
    assert torch.equal(torch.rand(3, generator=fork), torch.rand(3, generator=expected))


def same(a, b, ulps=0):
    """Equal bits, or equal up to some units in the last place where float64 uses the C library."""
    a, b = a._data, b.numpy()
    assert a.dtype == b.dtype
    assert a.shape == b.shape
    if ulps and a.dtype == np.float64:
        np.testing.assert_allclose(a, b, rtol=ulps * 2.3e-16, atol=1e-300)
    else:
        np.testing.assert_array_equal(a, b)


def outcome(call):
    """What a call returns or raises."""
    try:
        return call()
    except (RuntimeError, NotImplementedError) as error:
        return error


def alike(ours, theirs):
    """The same numbers, or errors whose texts begin alike."""
    found, expected = outcome(ours), outcome(theirs)
    if isinstance(expected, Exception):
        assert isinstance(found, type(expected))
        assert str(found)[:60] == str(expected)[:60]
    else:
        same(found, expected)


def seeded(seed):
    random.manual_seed(seed)
    torch.manual_seed(seed)


def both(name, *args, dtype=None, **kwargs):
    extra = {} if dtype is None else {"dtype": dtype}
    a = getattr(random, name)(*args, **kwargs, **{k: getattr(cr, v) for k, v in extra.items()})
    b = getattr(torch, name)(*args, **kwargs, **{k: getattr(torch, v) for k, v in extra.items()})
    return a, b


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("n", SIZES)
def test_rand_and_randn(n, dtype):
    """Uniforms and normals of every size, the odd ones too, one call after the other."""
    seeded(n)
    for _ in range(2):
        same(*both("rand", n, dtype=dtype))
        same(*both("randn", n, dtype=dtype), ulps=4)
    same_state()


def test_a_million_float32_normals_have_the_same_bits():
    """Cephes with fused multiply-adds, repeated in float64."""
    seeded(3)
    same(*both("randn", 1_000_003))


@pytest.mark.parametrize("seed", [0, 1, 42, 2**32 - 1, 2**32, 2**40 + 5, 2**64 - 1, -1, -(2**63)])
def test_seeds(seed):
    """Only the low 32 bits count, all 64 are remembered."""
    seeded(seed)
    assert random.initial_seed() == torch.initial_seed()
    same(*both("rand", 5))
    same_state()


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("mean, std", [(0.0, 2.0), (0.3, 1.7), (-5.0, 0.0), (1e3, 1e-3)])
def test_normal_with_mean_and_std(mean, std, dtype):
    """In place, through every path."""
    for n in (3, 16, 21, 1000):
        seeded(n)
        a, b = cr_empty(n, dtype), torch.empty(n, dtype=getattr(torch, dtype))
        same(a.normal_(mean, std), b.normal_(mean, std), ulps=40)
    same_state()


def cr_empty(shape, dtype="float32"):
    return ours(np.zeros(shape, dtype))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("low, high", [(0.0, 1.0), (-0.3, 1.37), (5.0, 5.0), (-1000.0, 3.0), (0.1, 0.7)])
def test_uniform(low, high, dtype):
    """Any range."""
    for n in (1, 17, 3000):
        seeded(n)
        a, b = cr_empty(n, dtype), torch.empty(n, dtype=getattr(torch, dtype))
        same(a.uniform_(low, high), b.uniform_(low, high))
    same_state()


RANGES = [
    (0, 1),
    (0, 10),
    (-5, 5),
    (0, 2**28 - 1),
    (0, 2**28),
    (0, 2**31),
    (0, 2**32),
    (-(2**40), 2**40),
    (0, 2**63 - 1),
]


@pytest.mark.parametrize("low, high", RANGES)
@pytest.mark.parametrize("dtype", INTS + FLOATS)
@pytest.mark.filterwarnings("ignore:.*out of bounds.*")
def test_randint(low, high, dtype):
    """Where the range does not fit the dtype, both refuse."""
    seeded(1)
    alike(
        lambda: random.randint(low, high, (50, 3), dtype=getattr(cr, dtype)),
        lambda: torch.randint(low, high, (50, 3), dtype=getattr(torch, dtype)),
    )
    same_state()


def test_forms_of_randint():
    """high and size by position or by name."""
    for args, kwargs in [
        ((5, (3,)), {}),
        ((2, 5, (3,)), {}),
        ((5,), {"size": (3,)}),
        ((), {"high": 5, "size": (3,)}),
        ((), {"low": 2, "high": 5, "size": [3]}),
        ((2,), {"high": 5, "size": (3,)}),
    ]:
        seeded(2)
        same(*both("randint", *args, **kwargs))


@pytest.mark.parametrize("dtype", ["bool", *INTS, *FLOATS])
@pytest.mark.filterwarnings("ignore:.*out of bounds.*")
def test_random_(dtype):
    """The whole range, up to a bound, between two, from one to the end."""
    for args in [
        (),
        (1,),
        (2,),
        (100,),
        (0, 1),
        (0, 2),
        (3, 90),
        (0, None),
        (1, None),
        (-5, 5),
        (5, 2),
        (-(2**63), None),
    ]:
        for n in (1, 20, 3000):
            seeded(n)
            a, b = cr_empty(n, dtype), torch.empty(n, dtype=getattr(torch, dtype))
            alike(lambda: a.random_(*args), lambda: b.random_(*args))  # noqa: B023
            same_state()


@pytest.mark.parametrize("n", [0, 1, 2, 3, 10, 999, 1000, 5000, 70000])
def test_randperm(n):
    """Fisher and Yates, by a loop and by LAPACK."""
    seeded(n)
    same(*both("randperm", n))
    same_state()
    if n < 2000:
        same(*both("randperm", n, dtype="float32"))
        same(*both("randperm", n, dtype="int16"))


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name, args", [
    ("exponential_", ()), ("exponential_", (2.5,)), ("geometric_", (0.3,)), ("log_normal_", ()),
    ("log_normal_", (0.5, 0.2)), ("cauchy_", ()), ("cauchy_", (1.0, 0.1)), ("bernoulli_", ()), ("bernoulli_", (0.3,)),
    ("bernoulli_", (0,)), ("bernoulli_", (1,)),
])  # fmt: skip
def test_other_distributions(name, args, dtype):
    """Through float64; those of float64 itself differ from the C library in the last bits."""
    if name == "bernoulli_" and "intel" in _processor():
        pytest.skip("PyTorch takes these from MKL on Intel processors")
    for n in (0, 1, 3, 16, 50, 2000):
        seeded(n + 7)
        a, b = cr_empty(n, dtype), torch.empty(n, dtype=getattr(torch, dtype))
        same(getattr(a, name)(*args), getattr(b, name)(*args), ulps=60)
        same_state()


def _processor():
    try:
        with open("/proc/cpuinfo") as info:
            return info.read().lower()
    except OSError:
        return ""


@pytest.mark.parametrize("dtype, kind", list(itertools.product(("bool", "int64", "uint8", *FLOATS), FLOATS)))
def test_bernoulli_with_probabilities(dtype, kind):
    """The draws have the dtype of the probabilities, which broadcast."""
    p = np.random.RandomState(0).rand(6, 5).astype(kind)
    seeded(1)
    a, b = cr_empty((6, 5), dtype), torch.empty(6, 5, dtype=getattr(torch, dtype))
    same(a.bernoulli_(ours(p)), b.bernoulli_(torch.from_numpy(p)))
    same(a.bernoulli_(ours(p[0])), b.bernoulli_(torch.from_numpy(p[0])))
    same(random.bernoulli(ours(p)), torch.bernoulli(torch.from_numpy(p)))
    same(random.bernoulli(ours(p.T)), torch.bernoulli(torch.from_numpy(p).T))
    same(ours(p).bernoulli(), torch.from_numpy(p).bernoulli())
    same_state()


LAYOUTS = [
    lambda x: x.T, lambda x: x[::2], lambda x: x[:, ::2], lambda x: x[:, 1], lambda x: x.T[::3], lambda x: x[1:3, 2:4],
]  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("fill", [
    lambda x: x.uniform_(), lambda x: x.normal_(), lambda x: x.random_(7), lambda x: x.exponential_(),
    lambda x: x.bernoulli_(0.4),
])  # fmt: skip
def test_targets_that_do_not_lie_in_one_piece(fill, layout):
    """They are filled in the order of memory, normals one after the other."""
    array = np.zeros((9, 12), np.float32)
    tensor = torch.zeros(9, 12)
    seeded(4)
    fill(ours(layout(array)))
    fill(layout(tensor))
    np.testing.assert_array_equal(array, tensor.numpy())
    same_state()


def test_three_dimensions_in_any_order():
    """The order of memory of a permuted tensor."""
    for axes in itertools.permutations(range(3)):
        array, tensor = np.zeros((2, 3, 4), np.float32), torch.zeros(2, 3, 4)
        seeded(5)
        ours(array.transpose(axes)).uniform_()
        tensor.permute(axes).uniform_()
        np.testing.assert_array_equal(array, tensor.numpy())
        p = np.random.RandomState(0).rand(2, 3, 4).transpose(axes).astype(np.float32)
        same(random.rand_like(ours(p)), torch.rand_like(torch.from_numpy(p)))
        same(random.randn_like(ours(p)), torch.randn_like(torch.from_numpy(p)))
        same(random.randint_like(ours(p), 9), torch.randint_like(torch.from_numpy(p), 9))
        same(random.randint_like(ours(p), 2, 9), torch.randint_like(torch.from_numpy(p), 2, 9))


def test_interleaved_calls_keep_the_second_normal():
    """A normal that was kept is given out after any other draws."""
    seeded(9)
    rng = np.random.RandomState(0)
    for _ in range(200):
        n = int(rng.randint(0, 40))
        name = ("rand", "randn", "randperm")[rng.randint(3)]
        dtype = "float64" if name == "randperm" else FLOATS[rng.randint(3)]
        same(*both(name, n, dtype=dtype), ulps=4)
    same_state()


@pytest.mark.parametrize("n", [4, 30])
def test_normal_in_all_forms(n):
    """Tensors, numbers, broadcast."""
    m, s = (np.random.RandomState(0).rand(n).astype(np.float32) for _ in range(2))
    tm, ts = torch.from_numpy(m), torch.from_numpy(s)
    seeded(6)
    same(random.normal(ours(m), ours(s)), torch.normal(tm, ts))
    same(random.normal(ours(m), 0.5), torch.normal(tm, 0.5))
    same(random.normal(ours(m)), torch.normal(tm))
    same(random.normal(1.5, ours(s)), torch.normal(1.5, ts))
    same(random.normal(1.5, 0.25, (n, 2)), torch.normal(1.5, 0.25, (n, 2)))
    same(random.normal(1, 2, size=(n,)), torch.normal(1, 2, size=(n,)))
    same(random.normal(ours(m[:, None]), ours(s)), torch.normal(tm[:, None], ts))
    same_state()


@pytest.mark.parametrize("dtype", FLOATS)
def test_multinomial(dtype):
    """One and several samples, with and without replacement, of rows and of a vector."""
    p = np.random.RandomState(0).rand(4, 6)
    p[1, 2] = 0
    p = p.astype(dtype)
    for weights in (p, p[0], p[1] * 100):
        for n, replacement in itertools.product((1, 2, 5), (True, False)):
            seeded(n)
            same(
                random.multinomial(ours(weights), n, replacement),
                torch.multinomial(torch.from_numpy(weights), n, replacement),
            )
            same_state()


def test_state_is_exchanged():
    """A state taken here goes on in PyTorch, and back."""
    seeded(8)
    both("randn", 3)
    both("rand", 700)
    torch.set_rng_state(torch.from_numpy(random.get_rng_state()._data))
    same(*both("randn", 5))
    torch.rand(77)
    torch.randn(3)
    random.set_rng_state(ours(torch.get_rng_state().numpy()))
    same(*both("randn", 5))
    assert random.get_rng_state()._data.tobytes() == torch.get_rng_state().numpy().tobytes()


def test_generators():
    """A generator of one's own, everywhere."""
    a, b = cr_generator(11), torch.Generator().manual_seed(11)
    assert random.Generator().initial_seed() == torch.Generator().initial_seed()
    for name, args in [
        ("rand", (3,)),
        ("randn", (3,)),
        ("randint", (9, (3,))),
        ("randperm", (5,)),
        ("normal", (0.0, 1.0, (20,))),
    ]:
        same(getattr(random, name)(*args, generator=a), getattr(torch, name)(*args, generator=b))
    for name, args in [("uniform_", ()), ("normal_", ()), ("random_", ()), ("bernoulli_", ()), ("exponential_", ())]:
        same(
            getattr(cr_empty(5), name)(*args, generator=a),
            getattr(torch.empty(5), name)(*args, generator=b),
        )
    twin, other = a.clone_state(), b.clone_state()
    same(random.rand(3, generator=twin), torch.rand(3, generator=other))


def cr_generator(seed):
    return random.Generator().manual_seed(seed)


GRADIENTS = [
    lambda m, x: m.bernoulli(x * 1), lambda m, x: m.normal(x, 1.0), lambda m, x: m.normal(0.0, x * 1),
    lambda m, x: m.normal(x, x * 1), lambda m, x: (x * 1).uniform_(), lambda m, x: (x * 1).normal_(),
    lambda m, x: (x * 1).random_(), lambda m, x: (x * 1).random_(5), lambda m, x: (x * 1).random_(2, 5),
    lambda m, x: (x * 1).bernoulli_(0.5), lambda m, x: (x * 1).bernoulli_(x * 1),
    lambda m, x: (x * 1).exponential_(),
    lambda m, x: (x * 1).geometric_(0.5), lambda m, x: (x * 1).log_normal_(), lambda m, x: (x * 1).cauchy_(),
]  # fmt: skip


@pytest.mark.parametrize("draw", GRADIENTS)
def test_gradients_are_zero(draw):
    """A node with PyTorch's name, and zeros behind it."""
    values = np.array([0.5, 0.25, 1.0], np.float32)
    seeded(3)
    x, t = ours(values.copy()).requires_grad_(), torch.from_numpy(values.copy()).requires_grad_()
    y, u = draw(random, x), draw(torch, t)
    assert y.grad_fn.name() == u.grad_fn.name()
    same(y.detach(), u.detach())
    y.sum().backward()
    u.sum().backward()
    same(x.grad, t.grad)


def _zeros(m, shape, dtype="float32"):
    return torch.zeros(shape, dtype=getattr(torch, dtype)) if m is torch else cr_empty(shape, dtype)


def _tensor(m, values, dtype="float32"):
    return torch.tensor(values, dtype=getattr(torch, dtype)) if m is torch else ours(np.array(values, dtype))


def _dtype(m, name):
    return getattr(torch if m is torch else cr, name)


ERRORS = [
    lambda m: m.bernoulli(_tensor(m, [1.5])), lambda m: m.bernoulli(_tensor(m, [1], "int64")),
    lambda m: _zeros(m, 3).bernoulli_(1.5), lambda m: _zeros(m, 3).bernoulli_(_tensor(m, [1, 0, 1], "int64")),
    lambda m: _zeros(m, 3, "int64").uniform_(), lambda m: _zeros(m, 3, "int64").normal_(),
    lambda m: _zeros(m, 3, "int64").exponential_(), lambda m: m.randn(3, dtype=_dtype(m, "int64")),
    lambda m: m.rand(3, dtype=_dtype(m, "int64")), lambda m: m.randint(3, 3, (2,)),
    lambda m: m.randint(0, 300, (2,), dtype=_dtype(m, "uint8")), lambda m: m.randperm(-1),
    lambda m: m.randperm(3000, dtype=_dtype(m, "float16")), lambda m: m.randperm(5, dtype=_dtype(m, "bool")),
    lambda m: m.randn(-1), lambda m: m.randn(2, (3,)), lambda m: _zeros(m, 3).uniform_(2, 1),
    lambda m: _zeros(m, 3).normal_(0, -1), lambda m: m.normal(_zeros(m, 3), _tensor(m, [-1.0, 1, 1])),
    lambda m: m.normal(_zeros(m, 3), _zeros(m, 2)), lambda m: m.normal(0.0, 1.0),
    lambda m: m.normal(_zeros(m, 3, "int64"), 1.0), lambda m: _zeros(m, 3).random_(5, 2),
    lambda m: _zeros(m, 3).geometric_(0.0), lambda m: _zeros(m, 3).log_normal_(0, 0),
    lambda m: _zeros(m, 3, "int32").log_normal_(), lambda m: _zeros(m, 3).cauchy_(0, -1),
    lambda m: _zeros(m, 3, "int32").cauchy_(), lambda m: _zeros(m, 3).exponential_(-1),
    lambda m: _zeros(m, (2, 2)).bernoulli_(_zeros(m, 3)), lambda m: m.manual_seed(2**64),
    lambda m: m.set_rng_state(_zeros(m, 10)), lambda m: m.set_rng_state(_zeros(m, 10, "uint8")),
    lambda m: m.set_rng_state(_zeros(m, 5056, "uint8")), lambda m: m.multinomial(_zeros(m, 3), 1),
    lambda m: m.multinomial(_tensor(m, [1.0, 1, 1]), 4), lambda m: m.multinomial(_tensor(m, [1.0, 1, 1]), 0),
    lambda m: m.multinomial(_tensor(m, [-1.0, 1]), 1), lambda m: m.multinomial(_tensor(m, [1, 1], "int64"), 1),
    lambda m: m.multinomial(_zeros(m, (2, 2, 2)), 1), lambda m: m.rand_like(_zeros(m, 2, "int64")), lambda m: m.rand(),
    lambda m: m.randint(5, (2,), requires_grad=True),
    lambda m: _zeros(m, 2).uniform_(-3e38, 3e38), lambda m: _zeros(m, 2, "float16").uniform_(0, 70000),
    lambda m: _zeros(m, 2).requires_grad_().uniform_(),
]  # fmt: skip


@pytest.mark.parametrize("call", ERRORS)
def test_errors_are_of_the_same_type_and_draw_nothing(call):
    """The state is as before, and the text begins as PyTorch's."""
    seeded(1)
    with pytest.raises(Exception) as expected:
        call(torch)
    with pytest.raises(Exception) as found:
        call(random)
    assert isinstance(found.value, type(expected.value)), (found.value, expected.value)
    assert str(found.value)[1:20] == str(expected.value)[1:20]
    random_after = random.rand(2)
    random.manual_seed(1)
    np.testing.assert_array_equal(random_after._data, random.rand(2)._data)
