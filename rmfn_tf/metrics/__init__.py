"""The field's metrics: streaming, float64, right over batches of any size.

`metrics_for(task)` gives those of a data set; `per_label_table` gives them label by label.
"""

from rmfn_tf.metrics.accuracy import Accuracy
from rmfn_tf.metrics.categories import MostProbable, RoundedScale, Threshold
from rmfn_tf.metrics.mean_absolute_error import MeanAbsoluteError
from rmfn_tf.metrics.pearson_r import PearsonR
from rmfn_tf.metrics.sets import metrics_for, per_label_table
from rmfn_tf.metrics.weighted_f1 import WeightedF1

__all__ = [
    "Accuracy",
    "MeanAbsoluteError",
    "MostProbable",
    "PearsonR",
    "RoundedScale",
    "Threshold",
    "WeightedF1",
    "metrics_for",
    "per_label_table",
]
