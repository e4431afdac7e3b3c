"""The field's metrics: streaming, float64, right over batches of any size.

`metrics_for(task)` gives those of a data set, `score` their values on a whole set.
"""

from rmfn_tf.metrics.categories import Accuracy, MostProbable, RoundedScale, Threshold, WeightedF1
from rmfn_tf.metrics.metric import MeanAbsoluteError, PearsonR
from rmfn_tf.metrics.sets import metrics_for, score

__all__ = [
    "Accuracy",
    "MeanAbsoluteError",
    "MostProbable",
    "PearsonR",
    "RoundedScale",
    "Threshold",
    "WeightedF1",
    "metrics_for",
    "score",
]
