"""Modules, losses, initialisation. `Module` is complete; the layers so far are those the examples need."""

from __future__ import annotations

from . import functional as functional
from . import init as init
from .activation import LeakyReLU as LeakyReLU
from .activation import LogSigmoid as LogSigmoid
from .activation import ReLU as ReLU
from .activation import Sigmoid as Sigmoid
from .activation import Softplus as Softplus
from .activation import Tanh as Tanh
from .container import ModuleList as ModuleList
from .container import Sequential as Sequential
from .linear import Flatten as Flatten
from .linear import Identity as Identity
from .linear import Linear as Linear
from .loss import BCELoss as BCELoss
from .loss import BCEWithLogitsLoss as BCEWithLogitsLoss
from .loss import CosineEmbeddingLoss as CosineEmbeddingLoss
from .loss import CrossEntropyLoss as CrossEntropyLoss
from .loss import HingeEmbeddingLoss as HingeEmbeddingLoss
from .loss import HuberLoss as HuberLoss
from .loss import L1Loss as L1Loss
from .loss import MarginRankingLoss as MarginRankingLoss
from .loss import MSELoss as MSELoss
from .loss import NLLLoss as NLLLoss
from .loss import SmoothL1Loss as SmoothL1Loss
from .loss import TripletMarginLoss as TripletMarginLoss
from .module import Module as Module
from .parameter import Parameter as Parameter
