"""The layers of RMFN, from one LSTHM gate to the whole recurrent layer, and what models share."""

from rmfn_tf.layers.feature_scaling import FeatureScaling
from rmfn_tf.layers.lsthm_cell import LSTHMCell
from rmfn_tf.layers.multistage_fusion import Fuse, Highlight, MultistageFusion, Summarize
from rmfn_tf.layers.rmfn import RMFN
from rmfn_tf.layers.rmfn_cell import RMFNCell
from rmfn_tf.layers.sequence_mask import SequenceMask
from rmfn_tf.layers.temporal_mean import TemporalMean

__all__ = [
    "RMFN",
    "FeatureScaling",
    "Fuse",
    "Highlight",
    "LSTHMCell",
    "MultistageFusion",
    "RMFNCell",
    "SequenceMask",
    "Summarize",
    "TemporalMean",
]
