"""Dynamic computational graphs and autograd for Python, where backprop can be seen."""

from . import autograd as autograd
from .dtypes import *
from .modes import *
from .tensor import Tensor as Tensor
from .functions import *
