"""What to say to those who ask for a name that PyTorch has and chainrule does not."""

from __future__ import annotations

from typing import Any

_COMPLEX = "there are no complex tensors; keep the real and the imaginary part as two real tensors"
_SPARSE = "there are no sparse tensors"
_QUANTIZED = "there are no quantised tensors"
_DTYPE = "NumPy has no such dtype, or PyTorch cannot compute in it; use float32, float16 or int64"
_COMPILER = "functions run as they are written"
_REASONS = {
    _COMPLEX: "complex32 complex64 complex128 chalf cfloat cdouble complex view_as_complex view_as_real polar fft stft "
    "istft resolve_conj",
    _DTYPE: "bfloat16 uint16 uint32 uint64 float8_e4m3fn float8_e5m2 quint8 qint8 qint32",
    _SPARSE: "sparse sparse_coo sparse_csr sparse_coo_tensor sparse_csr_tensor sparse_compressed_tensor to_sparse "
    "to_dense coalesce",
    _QUANTIZED: "quantize_per_tensor quantize_per_channel dequantize quantization ao",
    _COMPILER: "compile jit fx export onnx",
    "there is no GPU": "xpu mps to_mkldnn",
}
_REASON = {name: reason for reason, names in _REASONS.items() for name in names.split()}


def absent(owner: str, name: str, obj: Any) -> AttributeError:
    """The error for a name that is not there, with the reason where it is PyTorch's.

    Python itself adds "Did you mean …?" for `obj`.
    """
    text = f"{owner} has no attribute {name!r}"
    return AttributeError(f"{text}: {_REASON[name]}" if name in _REASON else text, name=name, obj=obj)
