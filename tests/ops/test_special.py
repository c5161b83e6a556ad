"""Special functions: their recurrences, their dtypes, and that SciPy is not imported before it is needed."""

from __future__ import annotations

import math
import subprocess
import sys

import pytest

import chainrule as cr


def test_scipy_is_imported_on_first_use_only():
    program = (
        "import sys, chainrule as cr; assert 'scipy.special' not in sys.modules; "
        "cr.ones(1).erf(); assert 'scipy.special' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


@pytest.mark.parametrize(
    "name", ["erf", "erfc", "lgamma", "digamma", "i0", "special.i1", "special.i0e", "special.ndtr", "special.entr"]
)
def test_float16_stays(name):
    x = cr.tensor([0.5, 1.5], dtype=cr.float16, requires_grad=True)
    function = getattr(cr.special, name.removeprefix("special.")) if "." in name else getattr(cr, name)
    y = function(x)
    y.sum().backward()
    assert (y.dtype, x.grad.dtype) == (cr.float16, cr.float16)


def test_gamma_recurrences():
    x = cr.tensor([0.7, 2.5], dtype=cr.float64)
    assert cr.allclose((x + 1).lgamma(), x.lgamma() + x.log())
    assert cr.allclose((x + 1).digamma(), x.digamma() + 1 / x)
    assert cr.allclose(cr.polygamma(1, x + 1), cr.polygamma(1, x) - x**-2)
    assert cr.allclose(cr.mvlgamma(x + 1, 1), (x + 1).lgamma())


def test_derivatives_of_every_order():
    """digamma is the slope of lgamma, and polygamma continues."""
    x = cr.tensor([0.7, 2.5], dtype=cr.float64, requires_grad=True)
    y = x.lgamma()
    for expected in (x.digamma(), cr.polygamma(1, x), cr.polygamma(2, x), cr.polygamma(3, x)):
        (y,) = cr.autograd.grad(y.sum(), x, create_graph=True)
        assert cr.allclose(y, expected)


def test_tails():
    """Where the naive formula gives 0, inf or NaN."""
    assert cr.special.log_ndtr(cr.tensor(-40.0)).item() == pytest.approx(-804.6084)
    assert cr.special.erfcx(cr.tensor(30.0)).item() == pytest.approx(0.0187958, rel=1e-5)
    assert cr.special.xlog1py(cr.tensor([0.0]), cr.tensor([-1.0])).item() == 0
    assert cr.special.i0e(cr.tensor(500.0)).item() == pytest.approx(1 / math.sqrt(1000 * math.pi), rel=1e-3)


@pytest.mark.parametrize("call", ["cr.polygamma(-1, cr.ones(1))", "cr.mvlgamma(cr.ones(1), 0)"])
def test_errors(call):
    with pytest.raises(RuntimeError):
        eval(call, {"cr": cr})


def test_names():
    """Everything that `special` promises is a function with a docstring."""
    for name in cr.special.__all__:
        assert getattr(cr.special, name).__doc__, name
