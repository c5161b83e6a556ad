"""What a tensor says about itself and converts to, against PyTorch."""

from __future__ import annotations

import pytest

import chainrule as cr

from .printed import outcome, same, torch

TENSORS = r"""
t.item()
T.tensor([]).item()
T.tensor([[3]]).item()
m.tolist()
T.tensor(3).tolist()
w.tolist()
w.numpy()
w.numpy(force=True)
y.numpy()
np.asarray(w)
np.array(t, dtype=np.float64)
np.sin(t)
np.add(t, 1)
np.float64(2)*t
t*np.float64(2)
t*np.int64(2)
np.exp(t)
np.maximum(t, 1.5)
t.to(T.float64)
t.to(T.float32) is t
t.to(T.float32,copy=True) is t
t.to('cpu') is t
t.to(i)
t.to(other=i)
t.to(dtype=T.int32)
t.to('cpu', T.float64)
t.to('cpu', T.float64, True, False)
t.to(T.float64, True, True)
t.to(device='cpu', dtype=T.float16, non_blocking=True)
t.to()
t.to(float)
t.to(np.float64)
t.to('float64')
t.to(None)
t.to(t) is t
w.to(T.float64)
w.to(T.int64)
w.double().grad_fn
t.type()
i.type()
t.type(T.int64)
t.type('T.LongTensor')
t.type(T.LongTensor)
t.type('T.DoubleTensor')
t.type('DoubleTensor')
t.type(dtype=T.int32)
t.type_as(i)
t.bool()
T.tensor([-1.,300.,1e10]).byte()
T.tensor([-1.,300.,1e10]).char()
T.tensor([-1.,300.,1e10]).int()
T.tensor([float('nan'),float('inf'),-float('inf'),1e30]).long()
T.tensor([float('nan'),float('inf'),-float('inf'),1e30]).int()
T.tensor([float('nan'),float('inf'),-float('inf'),1e30]).short()
T.tensor([float('nan'),float('inf'),-float('inf'),1e30]).byte()
T.tensor([float('nan'),0.]).bool()
T.tensor([300,-1]).byte()
T.tensor([70000.]).half()
t.cpu() is t
t.is_floating_point()
T.is_floating_point(i)
t.is_signed()
T.is_tensor(t)
T.is_tensor(3)
T.is_nonzero(T.tensor(0))
T.tensor([2.]).is_nonzero()
t.is_nonzero()
T.tensor([]).is_nonzero()
T.is_nonzero(3)
bool(T.tensor([]))
bool(t)
T.numel(m)
m.numel()
m.nelement()
m.size()
m.size(0)
m.size(-1)
m.size(5)
m.size(dim=1)
m.stride()
m.stride(0)
m.t().stride()
m.storage_offset()
m[1,1:].storage_offset()
m.dim()
m.ndimension()
m.element_size()
m.itemsize
m.nbytes
m.get_device()
m.is_pinned()
m.pin_memory()
m.share_memory_() is m
m.is_shared()
m.is_cpu
m.is_sparse
m.is_quantized
m.is_mkldnn
m.is_meta
m.layout
m.device
m.names
m.real
m.imag
m.is_conj()
m.is_neg()
m.is_inference()
m.is_contiguous()
m.t().is_contiguous()
m.data_ptr() == m.data.data_ptr()
m.mT.shape
T.ones(3).mT
T.ones(3).T
T.ones(2,3,4).T.shape
T.ones(2,3,4).mT.shape
T.ones(3).H
m.H.shape
copy.deepcopy(y)
copy.deepcopy(w)
copy.copy(w)
copy.copy(y)
pickle.loads(pickle.dumps(w))
pickle.loads(pickle.dumps(y))
pickle.loads(pickle.dumps(m.t())).stride()
copy.deepcopy(m.t()).stride()
2 in i
2.5 in i
t in t
len(T.tensor(3))
iter(T.tensor(3))
list(t)
int(t)
int(T.tensor(2.7))
float(T.tensor(2))
float(t)
range(T.tensor(2))
[1,2,3][T.tensor(2)]
[1,2,3][T.tensor([2])]
[1,2,3][T.tensor(2.)]
[1,2,3][T.tensor(True)]
'{:.3f}'.format(T.tensor(2.5))
f'{T.tensor(3):d}'
f'{t}'
f'{t:.2f}'
'%d' % T.tensor(3)
round(T.tensor(2.5))
T.tensor(2.5).__round__(1)
t.is_same_size(i)
t.is_set_to(t.data)
i.__index__()
w.data
w.is_leaf
t.tolist() == list(t)
reversed(t)
np.from_dlpack(t)
np.from_dlpack(w)
np.from_dlpack(T.tensor([True]))
T.tensor(np.ones((2,3)).T).stride()
data(T.ones(2), T.ones(3,dtype=T.int64))
data(T.ones(2,requires_grad=True), T.ones(3,dtype=T.int64))
data(T.ones(2,requires_grad=True), T.ones(3,dtype=T.float64))
data(T.ones(2,requires_grad=True)*1, T.ones(3,dtype=T.float64))
data(T.ones(2), [1])
(T.ones(2)*1)[0].data
T.ones(2,dtype=T.int64).requires_grad_()
T.tensor(5).is_signed()
T.tensor([[1,2],[3,4]])[0].storage_offset()
T.ones(2).expand(3,2).stride()
T.tensor([1.,2]).sum().requires_grad_().item()
T.tensor([1,2]).view(T.int32) if 0 else 1
T.typename(T.ones(2))
T.ones(2).new_full((1,), 2, dtype=T.int64)
T.ones(2).__array__(np.float64)
T.ones(2).__array__('f8')
T.ones(2).to(dtype=float)
T.ones(2).to(T.float32, memory_format=T.contiguous_format)
T.ones(2,3).t().to(T.float64).stride()
T.ones(4,6)[::2,::2].to(T.float64).stride()
T.ones(1,3).expand(2,3).double().stride()
T.ones(1,3).expand(2,3).to(T.float32,copy=True).stride()
T.ones(2).H
T.tensor([1,2,3]).T
"""


@pytest.mark.parametrize("expression", TENSORS.split("\n")[1:-1])
def test_tensors(expression: str) -> None:
    same(expression)


def test_warnings_for_tensors_where_data_were_expected() -> None:
    for expression in ("T.tensor(t)", "t.new_tensor(t)", "T.tensor([1.0])", "T.as_tensor(t)"):
        assert outcome(expression, cr)[1] == outcome(expression, torch)[1]


CASTS = ["float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "bool"]


@pytest.mark.parametrize("source", CASTS)
@pytest.mark.parametrize("target", CASTS)
def test_casts_with_gradients(source: str, target: str) -> None:
    values = [0.0, 1.0, 2.5, 100.25]
    found = cr.tensor(values).to(getattr(cr, source)).to(getattr(cr, target))
    expected = torch.tensor(values).to(getattr(torch, source)).to(getattr(torch, target))
    assert str(found.dtype) == str(expected.dtype)
    assert found.tolist() == expected.tolist()
    if "float" in source:
        for library in (cr, torch):
            x = library.tensor(values, dtype=getattr(library, source), requires_grad=True)
            y = x.to(getattr(library, target))
            assert y.requires_grad == ("float" in target)
            if y.requires_grad:
                y.sum().backward()
                assert x.grad.dtype == x.dtype
                assert x.grad.tolist() == [1.0] * 4
