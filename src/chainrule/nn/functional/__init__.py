"""Layers and losses as functions."""

from __future__ import annotations

from ...ops.products import linear as linear
from .activation import leaky_relu as leaky_relu
from .activation import log_softmax as log_softmax
from .activation import logsigmoid as logsigmoid
from .activation import relu as relu
from .activation import sigmoid as sigmoid
from .activation import softmax as softmax
from .activation import softplus as softplus
from .activation import tanh as tanh
from .classification import binary_cross_entropy as binary_cross_entropy
from .classification import binary_cross_entropy_with_logits as binary_cross_entropy_with_logits
from .classification import cross_entropy as cross_entropy
from .classification import nll_loss as nll_loss
from .embedding import cosine_embedding_loss as cosine_embedding_loss
from .embedding import hinge_embedding_loss as hinge_embedding_loss
from .embedding import margin_ranking_loss as margin_ranking_loss
from .embedding import pairwise_distance as pairwise_distance
from .embedding import triplet_margin_loss as triplet_margin_loss
from .reduction import reduction_from as reduction_from
from .regression import huber_loss as huber_loss
from .regression import l1_loss as l1_loss
from .regression import mse_loss as mse_loss
from .regression import smooth_l1_loss as smooth_l1_loss
