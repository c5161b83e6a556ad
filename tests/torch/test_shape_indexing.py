"""Shapes, views, indexing and scattering against PyTorch: values, dtypes, error types and messages, gradients."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import chainrule as cr

from .both import ARRAYS, agree, check, check_gradients, plain, torch

READS = [
    "A[5]", "A[-3]", "A[0,5]", "A[0,0,0]", "A[T.tensor([5])]", "A[T.tensor([-4])]", "A[[0,5]]", "A[0,[5]]",
    "A[T.tensor([0.5])]", "A[0.5]", "A[::-1]", "A[::0]", "A[T.tensor([True,False,True])]", "A[T.tensor([[True]])]",
    "A[T.tensor([0,1]),T.tensor([0,1,2])]", "A[True]", "A[False]", "A[True,0]", "A[np.array([0,1])]",
    "A[np.int64(1)]", "A[np.array(1)]", "A[np.array([True,False])]", "A[T.tensor(1)]", "A[T.tensor(True)]",
    "A[...,...]", "A[[True,False]]", "A[[[0,1],[1,0]]]", "A[((0,1),(1,0))]", "A[(0,1),]", "A[range(2)]",
    "A[T.tensor([0],dtype=T.int32)]", "A[T.tensor([0],dtype=T.int16)]", "A[T.tensor([0],dtype=T.int8)]",
    "A[T.tensor(1):]", "A[0:1.5]", "A[[0,1],None]", "A[None,T.tensor(1)]", "A[:,T.tensor(1)]",
    "A[T.tensor(0),T.tensor(1)].grad_fn", "A[()]", "A[[]]", "A[[[]]]", "A[[0,1],:,None].shape", "A[1:1]",
    "T.tensor(1.)[0]", "T.tensor(1.)[None]", "T.tensor(1.)[...]", "T.tensor(1.)[T.tensor(True)]",
    "T.tensor(1.)[True]", "T.tensor(1.)[:]", "A[T.tensor([[0,1]]),:,]", "A[[T.tensor(0),T.tensor(1)]]",
    "A[[slice(0,1)]]", "A[[None]]", "A[[0,None]]", "A[[[0,1],slice(0,2)]]", "A[[...,0]]",
    "A[T.tensor([0]),...,T.tensor([1])]",
]  # fmt: skip
WRITES = [
    "A[0]=1", "A[0,0]=T.tensor([1.])", "A[0]=T.tensor([[1.,2,3]])", "A[0]=T.tensor([1.,2])",
    "A[0,0]=T.tensor([1.,2])", "A[[0,0]]=T.tensor([1.,2,3])", "A[[0,1]]=T.tensor([1,2,3])",
    "A[[0,1]]=T.tensor([1,2,3],dtype=T.float64)", "A[0]=T.tensor([1,2,3])", "A[A>2]=0", "A[A>2]=T.tensor([1.,2,3])",
    "A[A>2]=T.tensor([1.,2])", "A[A>2]=T.tensor([[1.,2,3]])", "A[True]=0", "A[...]=3", "A[()]=3", "A[:,None]=3",
    "A[T.tensor(1)]=7", "A[:,T.tensor([0,2])]=T.tensor([1.,2])", "A[[0,1],[1,2]]=9", "A[5]=0", "A[[5]]=0",
    "A[::-1]=0", "A[1,1]=np.float64(3)", "A[1]=np.array([1,2,3])", "A[1]=[1,2,3]", "A[1]='a'", "A[1]=None",
    "A[1,0]=True", "A[[0,1]]=[1,2,3]", "A[1]=1j", "A[[0,1]]=1j", "A[T.tensor([0,1]),T.tensor([0,1,2])]=0",
    "A[A>100]=T.tensor([])", "A[0:0]=3", "A[0:0]=T.tensor([1.,2,3])", "A[[]]=3", "A[[0]]=T.tensor([[[1.,2,3]]])",
    "A[True,0]=4",
]  # fmt: skip
CALLS = [
    "A.gather(1,T.tensor([[3]]))", "A.gather(1,T.tensor([[-1]]))", "A.gather(0,T.tensor([0]))",
    "A.gather(1,T.tensor([[0,1],[0,1],[0,1]]))", "A.gather(1,T.tensor([[0]],dtype=T.int32))",
    "T.tensor(1.).gather(0,T.tensor([0,0]))", "T.tensor(1.).gather(0,T.tensor(0))", "A.gather(2,T.tensor([[0]]))",
    "A.gather(1,T.zeros(0,dtype=T.long))", "A.index_select(0,T.tensor([5]))", "A.index_select(0,T.tensor([-1]))",
    "A.index_select(0,T.tensor([[0]]))", "A.index_select(0,T.tensor(1))",
    "A.index_select(0,T.tensor([1],dtype=T.int32))", "A.index_select(0,T.tensor([1],dtype=T.int16))",
    "T.tensor(1.).index_select(0,T.tensor([0]))", "T.tensor(1.).index_select(0,T.tensor([0,0]))",
    "A.scatter(1,T.tensor([[0],[1]]),T.tensor([[9.],[8.]]))", "A.scatter(1,T.tensor([[0],[1]]),7)",
    "A.scatter(1,T.tensor([[5]]),7)", "A.scatter(1,T.tensor([[-1]]),7)",
    "A.scatter(1,T.tensor([[0,1]]),T.tensor([[1.]]))", "A.scatter(1,T.tensor([[0]]),T.tensor([[1]]))",
    "A.scatter(1,T.tensor([[0]]),T.tensor([[2.]]),reduce='add')",
    "A.scatter(1,T.tensor([[0]]),T.tensor([[2.]]),reduce='multiply')",
    "A.scatter(1,T.tensor([[0]]),2.,reduce='multiply')", "A.scatter(1,T.tensor([[0]]),T.tensor([[2.]]),reduce='foo')",
    "A.scatter(1,T.tensor([0]),2.)", "A.scatter_add(1,T.tensor([[0,0]]),T.tensor([[2.,3.]]))",
    "A.scatter_add(1,T.tensor([[0,0]]),2)", "A.scatter_reduce(1,T.tensor([[0,0]]),T.tensor([[2.,3.]]),'mean')",
    "A.scatter_reduce(1,T.tensor([[0,0]]),T.tensor([[2.,3.]]),'mean',include_self=False)",
    "A.long().scatter_reduce(1,T.tensor([[0,0]]),T.tensor([[2,3]]),'mean')",
    "A.scatter_reduce(1,T.tensor([[0,0]]),T.tensor([[2.,3.]]),'foo')", "A.index_add(0,T.tensor([0,0]),T.ones(2,3))",
    "A.index_add(0,T.tensor([0,0]),T.ones(2,3),alpha=2)", "A.index_add(0,T.tensor([0,5]),T.ones(2,3))",
    "A.index_add(0,T.tensor([0]),T.ones(2,3))", "A.index_add(0,T.tensor([0,-1]),T.ones(2,3))",
    "A.index_add(0,T.tensor([0]),T.ones(1,2))", "A.index_add(0,T.tensor([0]),T.ones(1,3).double())",
    "A.index_add(0,T.tensor([[0]]),T.ones(1,3))", "A.index_fill(0,T.tensor([1]),5)",
    "A.index_fill(0,T.tensor([1]),T.tensor(5.))", "A.index_fill(0,T.tensor([1]),T.tensor([5.]))",
    "A.index_fill(0,T.tensor([7]),5)", "A.index_fill(0,T.tensor([-1]),5)",
    "A.index_fill(0,T.tensor([1],dtype=T.int32),5)", "A.index_copy(0,T.tensor([1]),T.ones(1,3))",
    "A.index_copy(0,T.tensor([7]),T.ones(1,3))", "A.index_copy(0,T.tensor([-1]),T.ones(1,3))",
    "A.index_copy(0,T.tensor([1]),T.ones(1,2))", "A.index_copy(0,T.tensor([1,0]),T.ones(1,3))",
    "A.masked_select(A>2)", "A.masked_select(T.tensor([True,False,True]))", "A.masked_select(A)",
    "A.masked_select(T.tensor([True,False]))", "A.masked_scatter(A>2,T.tensor([9.,8.,7.,6.]))",
    "A.masked_scatter(A>2,T.tensor([9.,8.]))",
    "A.masked_scatter(T.tensor([True,False,False]),T.tensor([9.,8.,7.]))", "A.take(T.tensor([0,-1]))",
    "A.take(T.tensor([[6]]))", "A.take(T.tensor([0],dtype=T.int32))", "T.take_along_dim(A,T.tensor([[0],[1]]),1)",
    "T.take_along_dim(A,T.tensor([0,5]))", "A.put(T.tensor([0,1]),T.tensor([9.,8.]))",
    "A.put(T.tensor([0,0]),T.tensor([9.,8.]),accumulate=True)", "A.put(T.tensor([9]),T.tensor([9.]))",
    "A.put(T.tensor([0,1]),T.tensor([9.]))", "A.put(T.tensor([0]),T.tensor([9]))",
    "A.select_scatter(T.tensor([9.,9.,9.]),0,1)", "A.select_scatter(T.tensor([9.,9.]),0,1)",
    "A.slice_scatter(T.ones(2,1),1,0,3,3)", "A.slice_scatter(T.ones(1,3),0,1)", "A.slice_scatter(T.ones(1,2),0,1)",
    "A.diagonal_scatter(T.tensor([9.,9.]))", "A.diagonal_scatter(T.tensor([9.,9.,9.]))", "A.nonzero()",
    "A.nonzero(as_tuple=True)", "T.tensor(1.).nonzero()", "T.tensor(1.).nonzero(as_tuple=True)",
    "T.tensor(0.).nonzero().shape", "T.argwhere(A)", "T.argwhere(T.tensor(1.)).shape",
    "A.index_put((T.tensor([0]),T.tensor([1])),T.tensor(5.))",
    "A.index_put((T.tensor([0]),T.tensor([1])),T.tensor([5.,6.]))",
    "A.index_put((T.tensor([0,0]),),T.tensor(5.),accumulate=True)", "A.index_put((None,T.tensor([0])),T.tensor(5.))",
    "A.index_put((A>2,),T.tensor(5.))", "A.index_put((T.tensor([0]),),T.tensor(5))",
    "A.index_reduce(0,T.tensor([0,0]),T.ones(2,3)*3,'prod')", "A.view(4)", "A.view(-1,-1)", "A.view(-1,4)",
    "A.view(2,-2)", "A[0:0].view(-1,0)", "A[0:0].view(0,-1)", "A.t().view(-1)", "A.reshape(4)", "A.expand(3)",
    "A.expand(2,2,3).shape", "A.expand(-1,2,3)", "A.expand(4,3)", "A.permute(0)", "A.permute(0,0)", "A.permute(0,2)",
    "A.transpose(0,2)", "A.t().is_contiguous()", "T.zeros(1,1,1).t()", "T.tensor(1.).t()",
    "T.tensor(1.).transpose(0,0)", "A.squeeze(2)", "A.squeeze((0,0))", "A.unsqueeze(3)", "A.unsqueeze(-3).shape",
    "A.flatten(1,0)", "T.tensor(1.).flatten().shape", "A.flatten(0,0) is A", "A.unflatten(1,(2,2))",
    "A.unflatten(1,())", "A.movedim(0,5)", "A.movedim((0,1),(0,0))", "A.select(0,5)", "A.select(5,0)",
    "T.tensor(1.).select(0,0)", "A.narrow(0,1,2)", "A.narrow(0,5,1)", "A.narrow(0,0,-1)", "A.narrow(0,-1,1)",
    "A.split(0)", "A.split(-1)", "A.split([1,2])", "A.split([1,2],1)", "A.split([-1,3],1)", "A[0:0].split(2)",
    "A[0:0].split(0)", "A.chunk(0)", "A.chunk(5,1)", "A[0:0].chunk(2)", "A.tensor_split(0)", "A.tensor_split(4,1)",
    "A.tensor_split((1,5),1)", "A.tensor_split((2,1),1)", "A.tensor_split(T.tensor([1]),1)",
    "T.tensor(1.).tensor_split(2)", "A.hsplit(2)", "T.tensor(1.).hsplit(1)", "A.vsplit(2)", "A[0].vsplit(1)",
    "A.dsplit(1)", "T.tensor(1.).unbind()", "T.tensor(1.).split(1)", "T.tensor(1.).chunk(1)", "A.unfold(0,3,1)",
    "A.unfold(0,1,0)", "A.unfold(1,2,1)", "T.tensor(3.).unfold(0,1,1)", "T.tensor(3.).unfold(0,0,1)",
    "A.unfold(1,0,1).shape", "A.as_strided((2,2),(3,3))", "A.as_strided((3,),(1,),4)", "A.as_strided((2,),(1,),-1)",
    "A.as_strided((2,),(-1,))", "A.as_strided((2,),(1,2))", "A.t().as_strided((2,2),(1,2),1)",
    "A[1].as_strided((2,),(1,))", "A.diagonal(0,0,0)", "A.diagonal(5)", "A.diagonal(0,0,5)", "A.mT.shape", "A[0].mT",
    "A[0].adjoint()", "A.view(T.int64)", "A.view(T.float64)", "A.view(T.int16).shape", "T.tensor(1.).view(T.int16)",
    "A.size(5)", "A.size(-1)", "A.stride(0)", "A.stride()", "A.stride(3)", "A[1].storage_offset()", "A.reshape(())",
    "A[0,0].view(())", "A.T.shape", "T.zeros(2,3,4).T.shape", "T.broadcast_shapes((2,1),(3,))",
    "T.broadcast_shapes((2,),(3,))", "T.broadcast_shapes(2,(3,2))", "T.broadcast_shapes()", "A.contiguous() is A",
    "A.t().contiguous().grad_fn", "A.is_contiguous(memory_format=T.contiguous_format)", "A.copy_(T.ones(4))",
    "A.copy_(T.ones(1,1,2,3))", "A.copy_(T.ones(2,2,3))", "A.copy_(3)", "A.fill_(T.tensor([1.]))",
]  # fmt: skip
MORE = [
    "S.is_contiguous()", "S.stride()", "S.mT.stride()", "S.element_size()", "S.numel()", "S.dim()",
    "S[1].storage_offset()", "A.view_as(A.reshape(3, 2))", "A.reshape_as(I)", "A.expand_as(A[None])", "A.adjoint()",
    "A.ravel()", "A.broadcast_to((2, 2, 3))", "A.swapaxes(0, 1)", "A.swapdims(0, 1)", "A.moveaxis(0, 1)",
    "S.movedim((0, 1), (2, 0))", "S.permute(-1, 0, 1)", "S.flatten(1)", "S.flatten(-2, -1)",
    "S.unflatten(2, (2, -1))", "T.flatten(z)", "S.squeeze((0, 1))", "S[:1].squeeze((0, 1)).shape", "A.is_set_to(A)",
    "A.is_set_to(A[:])", "U.gather(1, I % 3)", "I.scatter(1, T.tensor([[0]]), 7)",
    "B.scatter(0, T.tensor([[0, 1, 0]]), True)", "H.scatter_add(1, T.tensor([[0, 0]]), T.tensor([[1., 2.]]).half())",
    "I.index_add(0, T.tensor([1, 1]), I)", "S.index_select(1, T.tensor([2, 0, 2]))",
    "S.index_select(-1, T.tensor([], dtype=T.int64))", "E.index_select(1, T.tensor([0, 0]))", "S[:, [0, 2]]",
    "S[[0, 1], :, [1, 2]]", "S[:, [0, 1], [1, 2]]", "S[0, :, [1, 2]]", "S[[0], 0]", "S[..., [0], 1:3]",
    "S[None, [1], None]", "S[B]", "S[B, 0]", "S[B, None]", "S[B, 1:]", "S[:, B[:, 0].nonzero().squeeze(1)]",
    "S[B[0, :], :]", "S[[True, False], [0, 1]]", "S[True, B]", "S[B[:, 1:2], 0]", "E[:, 0]", "E[[], 1]", "E[E > 0]",
    "e[...]", "e[[]]", "S[T.tensor(1), T.tensor([[0], [2]]), T.tensor([1, 3])]", "S[T.tensor(-1)]", "S[-1, -1, -1]",
    "S[1:, ::2, 1::2]", "S[5:]", "S[-5:1]", "z[None, ..., None]", "z[()]", "v[v > 5]",
    "v[T.tensor([[0, 1], [2, 0]])]", "S.take(T.tensor([[0, 5], [-1, 23]]))",
    'A.scatter_reduce(0, T.tensor([[0, 0, 1]]), A[:1], "prod")',
    'A.scatter_reduce(0, T.tensor([[0, 0, 1]]), A[:1], "amax", include_self=False)',
    'A.scatter_reduce(0, T.tensor([[0, 0, 1]]), A[:1], "amin")',
    'I.scatter_reduce(0, T.tensor([[0, 0, 1]]), I[:1], "amin", include_self=False)',
    'A.scatter_reduce(0, T.tensor([[0, 0, 1]]), A[:1], "sum", include_self=False)',
    'A.index_reduce(1, T.tensor([0, 0]), A[:, :2], "mean")',
    'A.index_reduce(1, T.tensor([0, 0]), A[:, :2], "amax", include_self=False)', "A.unbind(1)", "A.hsplit(3)",
    "A.hsplit((1,))", "S.dsplit(2)", "S.vsplit((1,))", "S.tensor_split(3, -1)", "S.split((1, 3), -1)",
    "S.chunk(3, 2)", "S.unfold(2, 2, 2)", "S.diagonal(1, -1, 0)", "S.diagonal(-1)", "S.as_strided((2, 2), (1, 4), 3)",
    "A.contiguous()", "A.t().contiguous().stride()", "A.view(T.int32)", "A.view(T.float32)", "D.view(T.int32)",
    "U.view(T.bool)", "N.nonzero()", "B.argwhere()", "z.nonzero()", "A.select(-1, 1)", "A.narrow(1, T.tensor(1), 2)",
    "A.masked_select(B[:1])", "B.masked_select(B)", "A.index_fill(1, T.tensor([0, 0]), z)",
    "D.put(T.tensor([0, -1]), D[0, :2])", "T.take_along_dim(A, T.tensor([[0], [1]]), dim=1)",
    "T.take_along_dim(S, T.tensor([[[0]]]), dim=2)", "T.broadcast_shapes((3, 1, 2), (4, 1))",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("expression", READS + CALLS + MORE)
def test_expressions(expression: str) -> None:
    check(expression)


@pytest.mark.parametrize("statement", WRITES)
def test_statements(statement: str) -> None:
    outcomes: list[Any] = []
    for library in (torch, cr):
        names = {name: library.tensor(array.copy()) for name, array in ARRAYS.items()} | {"T": library, "np": np}
        error = None
        try:
            exec(statement, names)
        except Exception as raised:
            error = raised
        outcomes.append((error, plain(names["A"]), names["A"]._version))
    (expected, *theirs), (found, *ours) = outcomes
    if expected is None:
        assert found is None
    else:
        assert isinstance(found, type(expected))
        assert str(expected).split("\n")[0] in str(found)
    agree(ours[0], theirs[0], 0)
    assert ours[1] == theirs[1]


def test_uint8_masks_warn() -> None:
    for library in (torch, cr):
        x = library.arange(3)
        with pytest.warns(UserWarning, match="indexing with dtype torch.uint8 is now deprecated"):
            y = x[library.tensor([1, 0, 1], dtype=library.uint8)]
        assert y.tolist() == [0, 2]


RNG = np.random.default_rng(11)
X, Y, CUBE = RNG.standard_normal((3, 4)), RNG.standard_normal((3, 4)), RNG.standard_normal((2, 3, 4))
INDEX, WIDE = np.array([2, 0, 2]), np.array([[3, 0, 0], [1, 1, 2]])
TIES = np.array([[1.0, 1.0, 2.0, 0.0], [0.0, 2.0, 2.0, 1.0], [1.0, 0.0, 0.0, 0.0]])

# (function of the library and tensors, arrays); what it computes is squared somewhere, so that second gradients exist.
GRADIENTS: dict[str, Any] = {
    "row": (lambda T, x: x[1] ** 3, X),
    "slices": (lambda T, x: x[1:, ::2] ** 2, X),
    "none": (lambda T, x: x[:, None, -1] ** 2, X),
    "integers": (lambda T, x: x[[0, 0, 2]] ** 2, X),
    "pairs": (lambda T, x: x[[0, 0, 2], [1, 1, 3]] ** 2, X),
    "separated": (lambda T, x: x[[0, 1], :, [1, 1]] ** 2, CUBE),
    "mask": (lambda T, x: x[x > 0] ** 3, X),
    "row mask": (lambda T, x: x[T.tensor([True, False, True])] ** 2, X),
    "mixed": (lambda T, x: x[1, [0, 0], 1:] ** 2, CUBE),
    "reshape": (lambda T, x: x.t().reshape(2, 6) ** 2, X),
    "expand": (lambda T, x: x[:, :1].expand(2, 3, 4) ** 2, X),
    "permute": (lambda T, x: x.permute(2, 0, 1) ** 2, CUBE),
    "movedim": (lambda T, x: x.movedim((0, 1), (1, 2)) ** 2, CUBE),
    "squeeze": (lambda T, x: x[:, :1].squeeze(1).unsqueeze(0) ** 2, X),
    "diagonal": (lambda T, x: x.diagonal(1) ** 2, X),
    "unfold": (lambda T, x: x.unfold(1, 3, 1) ** 2, X),
    "as_strided": (lambda T, x: x.as_strided((3, 3), (1, 2), 1) ** 2, X),
    "unbind": (lambda T, x: x.unbind(1)[1] * x.unbind(1)[2], X),
    "split": (lambda T, x: x.split([1, 3], 1)[1] ** 2, X),
    "chunk": (lambda T, x: x.chunk(2, 1)[0] * x.chunk(2, 1)[1], X),
    "index_select": (lambda T, x: x.index_select(1, T.tensor(INDEX)) ** 2, X),
    "gather": (lambda T, x: x.gather(1, T.tensor(WIDE)) ** 2, X),
    "take": (lambda T, x: x.take(T.tensor([[0, -1], [5, 5]])) ** 2, X),
    "take_along_dim": (lambda T, x: x.take_along_dim(x.argsort(1), 1) ** 2, X),
    "masked_select": (lambda T, x: x.masked_select(x[:1] > 0) ** 2, X),
    "scatter": (lambda T, x, y: x.scatter(1, T.tensor([[3, 0], [1, 2]]), y[:2, :2]) ** 2, X, Y),
    "scatter number": (lambda T, x: x.scatter(1, T.tensor(WIDE), 1.5) ** 2, X),
    "scatter add": (
        lambda T, x, y: (
            x.scatter(1, T.tensor(WIDE), y[:2, :3], reduce="add") ** 2
            if T is cr
            else x.scatter_add(1, T.tensor(WIDE), y[:2, :3]) ** 2
        ),
        X,
        Y,
    ),
    "scatter_add": (lambda T, x, y: x.scatter_add(1, T.tensor(WIDE), y[:2, :3]) ** 2, X, Y),
    "index_add": (lambda T, x, y: x.index_add(0, T.tensor(INDEX), y, alpha=2) ** 2, X, Y),
    "index_copy": (lambda T, x, y: x.index_copy(0, T.tensor([2, 0]), y[:2]) ** 2, X, Y),
    "index_fill": (lambda T, x, y: x.index_fill(0, T.tensor([2, 0]), y.sum()) ** 2, X, Y),
    "index_put": (lambda T, x, y: x.index_put((T.tensor([2, 0]),), y[0]) ** 2, X, Y),
    "index_put add": (lambda T, x, y: x.index_put((T.tensor(INDEX),), y, accumulate=True) ** 2, X, Y),
    "put": (lambda T, x, y: x.put(T.tensor([1, 5]), y[0, :2]) ** 2, X, Y),
    "put add": (lambda T, x, y: x.put(T.tensor([1, 1]), y[0, :2], accumulate=True) ** 2, X, Y),
    "masked_scatter": (lambda T, x, y: x.masked_scatter(x > 0, y) ** 2, X, Y),
    "select_scatter": (lambda T, x, y: x.select_scatter(y[0], 0, 1) ** 2, X, Y),
    "slice_scatter": (lambda T, x, y: x.slice_scatter(y[:, :2], 1, 0, 4, 2) ** 2, X, Y),
    "diagonal_scatter": (lambda T, x, y: x.diagonal_scatter(y[0, :3], 1) ** 2, X, Y),
    "sum": (lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "sum", include_self=False) ** 2, X, Y),
    "mean": (lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "mean") ** 2, X, Y),
    "mean without": (
        lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "mean", include_self=False) ** 2,
        X,
        Y,
    ),
    "row setitem": (lambda T, x, y: _written(x, 1, y[0]), X, Y),
    "slice setitem": (lambda T, x, y: _written(x, (slice(None), slice(None, None, 2)), y[:, :1]), X, Y),
    "mask setitem": (lambda T, x, y: _written(x, T.tensor(X > 0), y.sum()), X, Y),
    "integer setitem": (lambda T, x, y: _written(x, (T.tensor([0, 2]), T.tensor([1, 3])), y[0, :2]), X, Y),
    "mixed setitem": (lambda T, x, y: _written(x, (1, T.tensor([0, 2])), y[0, :1]), X, Y),
}

# PyTorch has no second derivative for these.
FIRST: dict[str, Any] = {
    "prod": (lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "prod"), X, Y),
    "prod with zeros": (lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "prod"), TIES, Y),
    "prod of zeros": (lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "prod"), X, TIES),
    "amax": (lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "amax"), X, Y),
    "amax ties": (lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "amax"), TIES, TIES),
    "amin": (lambda T, x, y: x.scatter_reduce(1, T.tensor(WIDE), y[:2, :3], "amin", include_self=False), X, Y),
    "index amax": (lambda T, x, y: x.index_reduce(0, T.tensor(INDEX), y, "amax"), TIES, TIES),
}


def _written(x: Any, key: Any, value: Any) -> Any:
    y = x * 2
    y[key] = value
    return y**2


@pytest.mark.parametrize("name", GRADIENTS)
def test_gradients(name: str) -> None:
    function, *arrays = GRADIENTS[name]
    check_gradients(function, *arrays)


@pytest.mark.parametrize("name", FIRST)
def test_first_gradients(name: str) -> None:
    function, *arrays = FIRST[name]
    check_gradients(function, *arrays, second=False)


@pytest.mark.parametrize("seed", range(40))
def test_random_indices(seed: int) -> None:
    """Random mixtures of everything an index may hold: reading, its gradient, and writing."""
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 5, rng.integers(1, 5)))
    array = rng.standard_normal(shape)
    key, meet, axis = [], rng.integers(1, 4), 0
    while axis < len(shape):
        n, kind = shape[axis], rng.integers(0, 9)
        if kind == 0:
            key.append(int(rng.integers(-n, n)))
        elif kind == 1:
            key.append(slice(int(rng.integers(0, n)), None, int(rng.integers(1, 3))))
        elif kind == 2:
            key.append(None)
            continue
        elif kind == 3 and not any(k is Ellipsis for k in key):
            key.append(Ellipsis)
            axis += int(rng.integers(0, len(shape) - axis))
            continue
        elif kind == 4:
            mask = np.zeros(n, bool)
            mask[rng.permutation(n)[: min(meet, n)]] = True
            key.append(mask if mask.sum() == meet else np.full(1, n - 1))
        elif kind == 5:
            key.append(rng.integers(-n, n, (2, 1)))
        elif kind == 6:
            key.append(np.array(rng.integers(-n, n)))
        elif kind == 7:
            key.append(rng.integers(-n, n, meet))
        else:
            key.append(slice(None))
        axis += 1
    results = []
    for library in (torch, cr):
        index = tuple([library.tensor(k) if isinstance(k, np.ndarray) else k for k in key])
        x = library.tensor(array, requires_grad=True)
        try:
            y = x[index]
        except IndexError:
            results.append(None)
            continue
        (y * library.arange(1, y.numel() + 1).reshape(y.shape)).sum().backward()
        base = library.zeros(shape, dtype=library.float64)
        base[index] = 3.5
        results.append((y.detach().numpy(), x.grad.numpy(), base.numpy()))
    expected, found = results
    assert (expected is None) == (found is None), key
    for e, f in zip(expected or (), found or (), strict=True):
        assert e.shape == f.shape
        np.testing.assert_allclose(f, e, err_msg=str(key))


def test_new_bytes_have_no_gradient_and_share_memory() -> None:
    for library in (torch, cr):
        x = library.ones(2, requires_grad=True) * 1
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            y = x.view(library.int32)
        assert not y.requires_grad
        y[0] = 0
        assert x.tolist() == [0.0, 1.0]
        assert x._version == 1
