"""Special functions under the names of `torch.special`.

Most are also functions of the package itself; `ops/special.py` holds the records.
"""

from __future__ import annotations

from .op import FUNCTIONS, REGISTRY

digamma = psi = FUNCTIONS["digamma"]
entr = REGISTRY["_special_entr"].call
erf = FUNCTIONS["erf"]
erfc = FUNCTIONS["erfc"]
erfcx = REGISTRY["_special_erfcx"].call
erfinv = FUNCTIONS["erfinv"]
exp2 = FUNCTIONS["exp2"]
expit = FUNCTIONS["sigmoid"]
expm1 = FUNCTIONS["expm1"]
gammaln = FUNCTIONS["lgamma"]
i0 = FUNCTIONS["i0"]
i0e = REGISTRY["_special_i0e"].call
i1 = REGISTRY["_special_i1"].call
i1e = REGISTRY["_special_i1e"].call
log1p = FUNCTIONS["log1p"]
log_ndtr = REGISTRY["_special_log_ndtr"].call
log_softmax = FUNCTIONS["log_softmax"]
logit = FUNCTIONS["logit"]
logsumexp = FUNCTIONS["logsumexp"]
multigammaln = FUNCTIONS["mvlgamma"]
ndtr = REGISTRY["_special_ndtr"].call
ndtri = REGISTRY["_special_ndtri"].call
polygamma = FUNCTIONS["polygamma"]
round = FUNCTIONS["round"]
sinc = FUNCTIONS["sinc"]
softmax = FUNCTIONS["softmax"]
xlog1py = REGISTRY["_special_xlog1py"].call
xlogy = FUNCTIONS["xlogy"]

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1", "gammaln", "i0", "i0e", "i1", "i1e",
    "log1p", "log_ndtr", "log_softmax", "logit", "logsumexp", "multigammaln", "ndtr", "ndtri", "polygamma", "psi",
    "round", "sinc", "softmax", "xlog1py", "xlogy",
]  # fmt: skip
