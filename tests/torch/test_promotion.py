"""Dtypes, their promotion and limits, numbers that do not fit, Size and device, against PyTorch."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

import chainrule as cr

from .printed import same, torch

NUMBERS = r"""
T.Size([2,3])
T.Size()
T.Size([2,3])[1:]
T.Size([2,3])+T.Size([4])
T.Size([2,3])+(4,)
(4,)+T.Size([2,3])
T.Size([2,3])*2
T.Size([2,3])==(2,3)
T.Size((2,T.tensor(3)))
T.Size([2,'a'])
T.Size([2,2.5])
T.Size(3)
T.Size([2,3]).numel()
T.Size().numel()
T.Size([2,3])+[4]
T.Size([2,3]).count(2)
T.device('cpu')
T.device('cpu',0)
T.device('cpu:0')
T.device('cpu').type
T.device('cpu').index
T.device(type='cpu')
T.device('xx')
T.device(T.device('cpu'))
T.device('cpu')==T.device('cpu')
T.device('cpu')=='cpu'
T.device('cpu')==T.device('cpu:0')
str(T.device('cpu'))
T.get_default_device()
T.get_default_dtype()
T.result_type(t, i)
T.result_type(i, 1.5)
T.result_type(1, 1.5)
T.result_type(u, 300)
T.result_type(True, u)
T.result_type('a', u)
T.promote_types(T.int32, T.float16)
T.promote_types(T.uint8, T.int8)
T.promote_types(1, 2)
T.can_cast(T.double, T.float)
T.can_cast(T.float, T.int)
T.can_cast(T.int64, T.bool)
T.can_cast(T.int64, T.uint8)
T.can_cast(T.bool, T.uint8)
T.finfo(T.float32)
T.finfo(T.float16)
T.finfo(T.float64)
T.finfo()
T.finfo(T.float32).max
T.finfo(T.float32).eps
T.finfo(T.float32).tiny
T.finfo(T.float32).smallest_normal
T.finfo(T.float32).resolution
T.finfo(T.float32).bits
T.finfo(T.float32).dtype
T.finfo(T.int32)
T.iinfo(T.int32)
T.iinfo(T.uint8)
T.iinfo(T.int8).bits
T.iinfo(T.float32)
T.iinfo(T.bool)
T.iinfo(T.int64).dtype
T.iinfo(T.int64).max
T.float32.is_complex
T.float32.itemsize
T.float16.to_real()
T.bool.is_signed
T.uint8.is_signed
T.strided
T.preserve_format
T.contiguous_format
u+10
u+300
u*2
u-300
u+(-1)
u+2**63
i+2**63
i*2**40
u.fill_(300)
u.fill_(-1)
u.clone().add_(300)
u==300
u==-6
u<300
T.tensor([1],dtype=T.int8)+200
T.tensor([1],dtype=T.int8)==257
T.tensor([1],dtype=T.int32)+2**31
T.tensor([True])+1
T.tensor([True])+True
T.tensor([True])+1.5
T.tensor([True])-True
T.tensor([True])*2
u/2
i/2
i**-1
u**2
i//2
i%2
T.tensor([1.],dtype=T.float16)*1e6
T.tensor([1.],dtype=T.float16)*100000
T.tensor([1.],dtype=T.float16)*T.tensor(1e6,dtype=T.float64)
T.tensor([1.],dtype=T.float16)*T.tensor([1e6],dtype=T.float64)
t*1e300
t+float('nan')
t*np.float64(2)
t*np.float32(2)
t*np.array([2.,3.])
i*np.float32(2)
i+np.int8(2)
t+None
t+'a'
t+[1,2]
[1,2]+t
t==None
t=='a'
t==[1,2]
t!=None
t<None
t and 1
t.data.add_(1)
T.is_grad_enabled()
T.device('cpu', -1)
T.device('cpu:-1')
T.device('cpu:x')
T.device('')
T.result_type(T.tensor(1.,dtype=T.float64), T.ones(2,dtype=T.float16))
"""


@pytest.mark.parametrize("expression", NUMBERS.split("\n")[1:-1])
def test_numbers(expression: str) -> None:
    same(expression)


NAMES = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]
SCALARS = [True, 2, 2.5]


def operands(library: Any, name: str) -> list[Any]:
    """A vector, a 0-d tensor of a dtype."""
    dtype = getattr(library, name)
    return [library.ones(2, dtype=dtype), library.ones((), dtype=dtype)]


@pytest.mark.parametrize("default", ["float32", "float64"])
def test_result_types(default: str) -> None:
    """Every dtype with every other, each as a vector and as a 0-d tensor, and with Python numbers."""
    found, expected = [], []
    for library, results in ((cr, found), (torch, expected)):
        library.set_default_dtype(getattr(library, default))
        try:
            everything = [o for name in NAMES for o in operands(library, name)] + SCALARS
            results += [str(library.result_type(a, b)) for a, b in itertools.product(everything, everything)]
        finally:
            library.set_default_dtype(library.float32)
    assert found == expected
    assert len(found) == 21 * 21


@pytest.mark.parametrize("operation", ["add", "mul", "div", "sub"])
def test_operations_promote_as_result_type_says(operation: str) -> None:
    for first, second in itertools.product(NAMES, NAMES):
        if operation == "sub" and "bool" in (first, second):
            continue
        for i, j in itertools.product(range(2), range(2)):
            found, expected = (
                getattr(library, operation)(operands(library, first)[i], operands(library, second)[j])
                for library in (cr, torch)
            )
            assert (str(found.dtype), found.tolist()) == (str(expected.dtype), expected.tolist())
    for name, number in itertools.product(NAMES, SCALARS):
        if operation == "sub" and (name == "bool" or number is True):
            continue
        for i in range(2):
            found, expected = (
                getattr(library, operation)(operands(library, name)[i], number) for library in (cr, torch)
            )
            assert (str(found.dtype), found.tolist()) == (str(expected.dtype), expected.tolist())


def test_promote_types_and_can_cast() -> None:
    for a, b in itertools.product(NAMES, NAMES):
        ours, theirs = [(getattr(lib, a), getattr(lib, b)) for lib in (cr, torch)]
        assert str(cr.promote_types(*ours)) == str(torch.promote_types(*theirs))
        assert cr.can_cast(*ours) == torch.can_cast(*theirs)


@pytest.mark.parametrize("name", NAMES)
def test_limits_and_properties(name: str) -> None:
    ours, theirs = getattr(cr, name), getattr(torch, name)
    for question in ("is_floating_point", "is_complex", "is_signed", "itemsize"):
        assert getattr(ours, question) == getattr(theirs, question)
    if name == "bool":
        return
    kind = "finfo" if ours.is_floating_point else "iinfo"
    found, expected = getattr(cr, kind)(ours), getattr(torch, kind)(theirs)
    assert repr(found) == repr(expected)
    for field in ("bits", "max", "min", "dtype"):
        assert getattr(found, field) == getattr(expected, field)


@pytest.mark.parametrize("name", [n for n in NAMES if n.startswith(("int", "uint"))])
@pytest.mark.parametrize("number", [-(2**63), -129, -1, 0, 127, 128, 255, 256, 300, 2**31, 2**63 - 1, 2**63, 2**64 - 1])
def test_ints_beside_integer_tensors_wrap(name: str, number: int) -> None:
    found, expected = (library.tensor([3], dtype=getattr(library, name)) + number for library in (cr, torch))
    assert (str(found.dtype), found.tolist()) == (str(expected.dtype), expected.tolist())


@pytest.mark.parametrize("number", [2**64, 2**70, -(2**63) - 1])
def test_ints_beyond_64_bits_beside_integer_tensors(number: int) -> None:
    for library in (cr, torch):
        with pytest.raises(OverflowError, match="int too big to convert|can't convert negative int"):
            library.tensor([3]) + number
