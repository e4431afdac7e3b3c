"""Conditional random fields with hidden states: EF-HCRF, EF-LDHCRF, MV-HCRF and MV-LDHCRF."""

from functools import partial
from itertools import permutations, product
from typing import Any

import keras
import numpy as np
from keras import ops

from rmfn_tf.layers.arguments import Configured, one_of, positive_integer
from rmfn_tf.layers.hidden_chain import log_marginals, messages
from rmfn_tf.task import Task

# Of the product of the views' states; a step costs its square.
MOST_STATES = 256
LINKS = ("linked", "coupled", "both")


@keras.saving.register_keras_serializable(package="rmfn_tf")
class HiddenCRF(Configured):
    """Scores of classes by chains of hidden states that nobody labels.

    Each class y has its own hidden states. The score of a path s of states is

        Σ_t Σ_m (x_t^m W^m[s_t^m] + b^m[s_t^m]) + Σ_t Σ_m A^m[s_{t-1}^m, s_t^m] + links

    with one state s^m for each view (modality). Views are "linked" by L^{mn}[s_t^m, s_t^n] within a
    step (m < n), "coupled" by K^{mn}[s_{t-1}^m, s_t^n] from a step to the next (m ≠ n), or "both"
    (Song, Morency, Davis 2012). All sums are exact, over the product of the views' states.

    - HCRF (Quattoni et al. 2007): a path stays within the states of one class, and
      `p(y | x) ∝ Σ exp score` over the paths of y. The logit at step t is of the steps up to t.
    - `latent_dynamic` (LDCRF: Morency, Quattoni, Darrell 2007): a path may go from the states of
      one class to those of another, and `p(y_t = y | x)` sums the paths that are in the states of y
      at step t: it depends on later steps too. For one label a sequence, the mean of these
      probabilities over the real steps is its probability (our reading).

    With several `columns` each is a problem of its own, with weights of its own.

    Args:
        num_classes: classes of each column, at least 2.
        num_states: hidden states of each class, in each view.
        columns: number of labels.
        latent_dynamic: see above.
        links: how views are connected; it does not matter for one view.
        window: how many steps before it the scores of a step also see.
        penalty: factor of the sum of all squared weights, which is added to the loss.
        return_sequences: whether there are logits of every step.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: a list of the views, each `(batch, time, F_m)`.
        mask: `(batch, time)` bool.

    Output:
        Logits `(batch, columns, num_classes)`, or `(batch, time, columns, num_classes)`.

    Weights: for each view m, by its place from 0, `kernel_m` ((window + 1)·F_m, C·V), with the
    features of the step itself first, `bias_m` (C·V,) and `transitions_m` (C, V, V); for pairs of
    views `link_m_n` and `coupling_m_n` (C, V, V). There are C chains of V states: for an HCRF one
    for each column and class, of `num_states`; for latent dynamics one a column, of `num_classes ·
    num_states` (the states of a class stand together).
    """

    def __init__(
        self,
        num_classes,
        num_states,
        columns=1,
        latent_dynamic=False,
        links="linked",
        window=0,
        penalty=0.0,
        return_sequences=False,
        **kwargs,
    ):
        super().__init__(**kwargs)
        name = type(self).__name__
        self.num_classes = positive_integer(name, "num_classes", num_classes)
        self.num_states = positive_integer(name, "num_states", num_states)
        self.columns = positive_integer(name, "columns", columns)
        self.latent_dynamic, self.penalty = bool(latent_dynamic), float(penalty)
        self.links = one_of(name, "links", links, LINKS)
        self.window = positive_integer(name, "window + 1", window + 1) - 1
        self.return_sequences = return_sequences
        self.supports_masking = True

    def build(self, input_shape):
        views, classes = range(len(input_shape)), self.num_classes
        alone = self.columns if self.latent_dynamic else self.columns * classes
        own = classes if self.latent_dynamic else 1  # classes whose states are in one chain
        if own * self.num_states ** len(views) > MOST_STATES:
            raise ValueError(
                f"{len(views)} views of {self.num_states} states"
                f"{f' for each of {own} classes' if own > 1 else ''} have "
                f"{own * self.num_states ** len(views)} joint states; at most {MOST_STATES} can be "
                "summed over exactly. Lower `num_states`, or take an early-fusion model."
            )
        # Joint state -> the state of each view, in which the states of one class stand together.
        joint = product(range(own), *[range(self.num_states)] * len(views))
        self._states = np.array([[y * self.num_states + s for s in rest] for y, *rest in joint]).T
        self.chains, size = alone, own * self.num_states
        square = (alone, size, size)
        self._weights_of: dict[tuple, Any] = {}
        for m in views:
            width = input_shape[m][-1] * (self.window + 1)
            self._weights_of["kernel", m] = self._add(f"kernel_{m}", (width, alone * size))
            self._weights_of["bias", m] = self._add(f"bias_{m}", (alone * size,), "zeros")
            self._weights_of["transitions", m] = self._add(f"transitions_{m}", square)
        for m, n in permutations(views, 2):
            if self.links != "coupled" and m < n:
                self._weights_of["link", m, n] = self._add(f"link_{m}_{n}", square)
            if self.links != "linked":
                self._weights_of["coupling", m, n] = self._add(f"coupling_{m}_{n}", square)

    def _add(self, name, shape, initializer="glorot_uniform"):
        regularizer = keras.regularizers.L2(self.penalty) if self.penalty else None
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, regularizer=regularizer
        )

    def call(self, inputs, mask=None):
        unary, transitions = self._scores(inputs)
        if mask is None:
            mask = ops.ones(ops.shape(unary)[:2], "bool")
        if not self.latent_dynamic:
            logits = ops.logsumexp(messages(unary, transitions, mask), axis=-1)
            if not self.return_sequences:
                logits = logits[:, -1]
            return ops.reshape(logits, (*ops.shape(logits)[:-1], self.columns, self.num_classes))
        each = log_marginals(unary, transitions, mask)
        each = ops.reshape(each, (*ops.shape(each)[:-1], self.num_classes, -1))
        logits = ops.logsumexp(each, axis=-1)
        if self.return_sequences:
            return logits
        real = mask[:, :, None, None]
        pooled = ops.logsumexp(ops.where(real, logits, -1e30), axis=1)
        return pooled - ops.log(ops.sum(ops.cast(real, pooled.dtype), axis=1))

    def _scores(self, inputs):
        """Unary `(batch, time, C, P)` and transitions `(C, P, P)` of the joint states."""
        dtype = keras.backend.result_type(self.compute_dtype, "float32")
        weights = {key: ops.cast(each, dtype) for key, each in self._weights_of.items()}
        chains, unary, transitions = self.chains, 0, 0
        for m, (view, states) in enumerate(zip(inputs, self._states, strict=True)):
            seen = [ops.cast(view, dtype)]
            for back in range(1, self.window + 1):
                seen.append(ops.pad(seen[0], [[0, 0], [back, 0], [0, 0]])[:, :-back])
            scores = ops.matmul(ops.concatenate(seen, axis=-1), weights["kernel", m])
            scores = scores + weights["bias", m]
            scores = ops.reshape(scores, (*ops.shape(scores)[:2], chains, -1))
            unary = unary + ops.take(scores, states, axis=-1)
        for (kind, *pair), weight in weights.items():
            if kind in ("transitions", "coupling", "link"):
                # From the states of one view (rows) to those of another, or of the same.
                rows, columns = self._states[pair[0]], self._states[pair[-1]]
                if kind == "link":
                    flat = ops.reshape(weight, (chains, -1))
                    unary = unary + ops.take(flat, rows * weight.shape[-1] + columns, axis=-1)
                else:
                    taken = ops.take(weight, rows, axis=1)
                    transitions = transitions + ops.take(taken, columns, axis=2)
        return unary, transitions

    def compute_output_shape(self, input_shape):
        steps = input_shape[0][:2] if self.return_sequences else input_shape[0][:1]
        return (*steps, self.columns, self.num_classes)

    def compute_mask(self, inputs, mask=None):
        return mask if self.return_sequences else None


@keras.saving.register_keras_serializable(package="rmfn_tf")
class FromClasses(Configured):
    """What a task predicts, of the logits of classes.

    A classification: the probabilities of its classes. Multilabel: that of the second class of each
    column. A regression: its classes are bins, and the prediction is `Σ_k p_k center_k`. The
    centers are weights that training does not move: `start_from` puts them at quantiles of the
    training labels. A label is of the bin whose center is nearest.

    Args:
        kind: of the task.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        logits: `(..., columns, classes)`.

    Output:
        `(..., classes)` of a classification, otherwise `(..., columns)`.
    """

    def __init__(self, kind, **kwargs):
        super().__init__(**kwargs)
        self.kind, self.supports_masking = kind, True

    def build(self, input_shape):
        if self.kind == "regression":
            self.centers = self.add_weight(
                name="centers", shape=input_shape[-2:], initializer="zeros", trainable=False
            )

    def start_from(self, labels):
        """Puts the centers of the bins at quantiles of labels `(N, columns)`."""
        shares = (np.arange(self.centers.shape[1]) + 0.5) / self.centers.shape[1]
        self.centers.assign(np.quantile(labels, shares, axis=0).T)

    def losses_of(self, losses, weights, labels, training):
        """As `OwnLossModel` asks for it: a regression learns from the cross-entropy of its bins,
        mean over the columns, whatever the compiled loss."""
        if self.kind != "regression":
            return losses, 0.0
        edges = (self.centers[:, 1:] + self.centers[:, :-1]) / 2
        above = ops.cast(labels, edges.dtype)[..., None] > edges
        bins = ops.sum(ops.cast(above, "int32"), axis=-1, keepdims=True)
        log_p = ops.take_along_axis(ops.log_softmax(self.logits), bins, axis=-1)
        return -ops.cast(ops.mean(log_p, axis=(-2, -1)), losses.dtype), 0.0

    def call(self, logits):
        self.logits = logits  # for `losses_of`, in the same trace
        probabilities = ops.softmax(logits)
        if self.kind == "classification":
            return probabilities[..., 0, :]
        if self.kind == "multilabel":
            return probabilities[..., 1]
        return ops.sum(probabilities * self.centers, axis=-1)


def _multi_view(
    latent_dynamic: bool,
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    task: Task,
    num_states: int = 3,
    links: str = "linked",
    window: int = 0,
    penalty: float = 1e-4,
    num_bins: int = 5,
) -> Any:
    """What the task predicts, with a view for each modality. `num_bins`: classes of a regression;
    the other hyperparameters are those of `HiddenCRF`."""
    classes = {"classification": task.num_classes, "multilabel": 2, "regression": num_bins}
    layer = HiddenCRF(
        classes[task.kind],
        num_states,
        columns=1 if task.kind == "classification" else len(task.labels),
        latent_dynamic=latent_dynamic,
        links=links,
        window=window,
        penalty=penalty,
        return_sequences=return_sequences,
        name="hidden_crf",
    )
    logits = layer(list(inputs.values()), mask=mask)
    return FromClasses(task.kind, name="prediction")(logits)


def _early_fusion(
    latent_dynamic: bool,
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    task: Task,
    num_states: int = 4,
    window: int = 0,
    penalty: float = 1e-4,
    num_bins: int = 5,
) -> Any:
    """As `_multi_view`, with one view of all modalities side by side."""
    view = keras.layers.Concatenate(name="early_fusion")(list(inputs.values()))
    options: dict[str, Any] = {"num_states": num_states, "window": window, "penalty": penalty}
    return _multi_view(
        latent_dynamic, {"": view}, mask, return_sequences, task=task, num_bins=num_bins, **options
    )


ef_hcrf, ef_ldhcrf = partial(_early_fusion, False), partial(_early_fusion, True)
mv_hcrf, mv_ldhcrf = partial(_multi_view, False), partial(_multi_view, True)
