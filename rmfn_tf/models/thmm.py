"""THMM: a hidden Markov model of each class, over all modalities at once."""

import logging
from typing import Any

import numpy as np
from scipy.special import softmax

from rmfn_tf.data import Examples, fit_scaling
from rmfn_tf.models.non_temporal import class_probabilities, scaled_rows
from rmfn_tf.task import Task

# Of an emission, in units of the scaled features. Where a feature hardly varies, as in a modality
# that is absent, the likelihood would otherwise grow without end, and one state take every step.
LEAST_VARIANCE = 1e-2


def thmm(
    task: Task,
    train: Examples,
    test: Examples,
    seed: int = 0,
    scaling: str = "robust",
    *,
    num_states: int = 3,
    iterations: int = 20,
    num_bins: int = 5,
) -> np.ndarray:
    """Fits a tri-modal HMM (Morency, Mihalcea, Doshi, ICMI 2011) to `train` and predicts `test`:
    `(rows, outputs)`.

        p(x | y) = Σ_s Π_t p(s_t | s_{t-1}, y) Π_m N(x_t^m | μ_{y,s_t}^m, diag σ²_{y,s_t}^m)
        p(y | x) ∝ p(y) p(x | y)                  with p(y) the share of y in the training rows

    One chain of states for each class, from which each modality has an emission of its own:
    independent given the state, which Gaussians with a diagonal covariance over all modalities side
    by side express exactly. EM is hmmlearn's, from the seed. A sequence is a row; with a label at
    each step, the steps up to it. A regression is a classification of bins, whose centers
    are quantiles of the training labels; its prediction is the mean label of each bin, weighted by
    the bins' probabilities. Each column of a regression or multilabel task is learned by itself.

    Args:
        scaling: `method` of `fit_scaling`.
        num_states: hidden states of each class (fewer, where a class has fewer steps).
        iterations: the largest number of iterations of EM.
        num_bins: classes of a regression.

    Raises:
        ValueError: hmmlearn is not installed.
    """
    try:
        from hmmlearn.hmm import GaussianHMM  # type: ignore[import-untyped]
    except ImportError as error:
        raise ValueError("thmm needs hmmlearn: `pip install 'rmfn-tf[hmm]'`.") from error
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)  # EM that stops early is no news

    class FlooredHMM(GaussianHMM):
        def _do_mstep(self, stats: Any) -> None:  # not public (hmmlearn is pinned below 0.4)
            super()._do_mstep(stats)
            self._covars_: Any = np.maximum(self._covars_, LEAST_VARIANCE)

    statistics, labels = fit_scaling(train, scaling), train.rows.labels
    known, asked = (_sequences(each, statistics) for each in (train, test))

    def classify(column: np.ndarray) -> np.ndarray:
        scores = []
        for y in np.unique(column):
            own = [x for x, label in zip(known, column, strict=True) if label == y]
            steps = np.concatenate(own)
            model = FlooredHMM(
                min(num_states, len(np.unique(steps, axis=0))),
                min_covar=LEAST_VARIANCE,
                means_weight=1e-6,  # so that a state that no step is in any more has a mean
                n_iter=iterations,
                random_state=seed,
            )
            model.fit(steps, [len(x) for x in own])
            # A state that no training sequence leaves, or starts from, must not forbid others.
            model.startprob_ = _never_zero(model.startprob_)
            model.transmat_ = _never_zero(model.transmat_)
            prior = np.log(len(own) / len(column))
            scores.append([model.score(x) + prior for x in asked])
        return softmax(scores, axis=0).T

    if task.kind != "regression":
        return class_probabilities(task, labels, len(asked), classify)
    columns = []
    for column in labels.T:
        centers = np.unique(np.quantile(column, (np.arange(num_bins) + 0.5) / num_bins))
        bins = np.abs(column[:, np.newaxis] - centers).argmin(axis=1)
        means = np.array([column[bins == each].mean() for each in np.unique(bins)])
        p = classify(bins) if len(means) > 1 else np.ones((len(asked), 1))
        columns.append(p @ means)
    return np.stack(columns, axis=1)


def _never_zero(probabilities: np.ndarray) -> np.ndarray:
    mixed = np.nan_to_num(probabilities) + 1e-3
    return mixed / mixed.sum(axis=-1, keepdims=True)


def _sequences(examples: Examples, scaling: Any) -> list[np.ndarray]:
    """All modalities of each row side by side, `(t, ΣF_m)`."""
    views = [
        [steps for steps, _ in scaled_rows(examples, m, scaling[m])] for m in examples.features
    ]
    return [np.concatenate(parts, axis=1) for parts in zip(*views, strict=True)]
