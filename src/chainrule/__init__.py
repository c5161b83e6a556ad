"""Dynamic computational graphs and autograd for Python, where backprop can be seen."""

from . import autograd as autograd
from .dtypes import *
from .modes import *
from .tensor import Tensor as Tensor
from .convert import *
from .creation import *
from .device import *
from .legacy import *
from .dtypes import dtype as dtype
from .functions import *
from .convert import tensor as tensor
