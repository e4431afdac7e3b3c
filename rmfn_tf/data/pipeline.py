"""Batches of dicts for `model.fit`, `evaluate` and `predict`, in one plain tf.data graph."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from rmfn_tf.data.buckets import choose_buckets
from rmfn_tf.data.examples import Examples


def epoch_batches(
    examples: Examples,
    batch_size: int,
    *,
    buckets: Sequence[int] | None = None,
    seed: int | None = None,
    epoch: int = 0,
    sample_weights: np.ndarray | Sequence[np.ndarray] | None = None,
) -> tf.data.Dataset:
    """One pass over the examples, each exactly once, in `ceil(N / batch_size)` batches.

    With a seed the order depends on `(seed, epoch)` alone: examples are shuffled, gathered by
    bucket, cut into batches, and the batches are shuffled. What is left over in a bucket begins the
    first batch of the next longer one, so only one batch is smaller than `batch_size`, and there
    are at most `len(buckets) + 1` different shapes. Without a seed the examples, and so the
    predictions, keep their order. Each batch is padded to the smallest bucket that holds it.

    Args:
        examples: N examples.
        batch_size: B >= 1.
        buckets: lengths to pad to, one of them no shorter than the longest example;
            `choose_buckets(examples.lengths)` by default.
        seed: shuffles (training), or `None` (evaluation).
        epoch: which pass of the seed.
        sample_weights: `(N,)` finite, >= 0; yielded as a third element. With a label at each step
            also a list of N `(T_i,)`.

    Returns:
        A dataset of `({modality: (B, T, F_m) float32, ..., "lengths": (B,) int32}, labels)`, padded
        with zeros on the right, labels `(B,)` or `(B, C)`; or `(..., labels, weights (B,))`. With a
        label at each step it is always `(..., labels (B, T) or (B, T, C), weights (B, T))`, and
        padding and steps without a label have the weight 0. Its static shapes leave B and T open:
        Keras traces once for all buckets.

    Raises:
        ValueError: an argument is out of range.
    """
    with tf.device("CPU"):
        source = _Source(examples, batch_size, buckets, sample_weights, seed)
        return source.gather_all(source.batches_of(epoch), source.steps)


def training_batches(
    examples: Examples,
    batch_size: int,
    *,
    buckets: Sequence[int] | None = None,
    seed: int,
    first_epoch: int = 0,
    sample_weights: np.ndarray | Sequence[np.ndarray] | None = None,
) -> tuple[tf.data.Dataset, int]:
    """Epoch after epoch of `epoch_batches`, without end.

        batches, steps_per_epoch = training_batches(examples, 64, seed=0, first_epoch=5)
        model.fit(batches, steps_per_epoch=steps_per_epoch, initial_epoch=5, epochs=20,
                  shuffle=False)

    goes through epochs 5 to 19 in the very order that a run from epoch 0 has there.
    (`shuffle=False` only keeps Keras from warning that it does not shuffle datasets; without
    `steps_per_epoch` its first epoch would never end.)

    With `compile(steps_per_execution=n)` Keras runs whole executions: choose an n that divides
    `steps_per_epoch`, or its epochs take a few batches of the next one.

    Args:
        examples, batch_size, buckets, seed, sample_weights: as in `epoch_batches`.
        first_epoch: the epoch to start from.

    Returns:
        `(dataset, steps_per_epoch)`; the dataset is infinite and yields what `epoch_batches` does.

    Raises:
        ValueError: an argument is out of range.
    """
    with tf.device("CPU"):
        source = _Source(examples, batch_size, buckets, sample_weights, seed)
        epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
        batches = epochs.flat_map(lambda epoch: source.batches_of(epoch))
        return source.gather_all(batches, tf.data.INFINITE_CARDINALITY), source.steps


class _Source:
    """Tensors in host memory, from which batches are gathered, so that none is ever stored.

    Attributes:
        steps: batches of one epoch.
    """

    def __init__(
        self, examples: Examples, batch_size: int, buckets: Any, sample_weights: Any, seed: Any
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"`batch_size` must be 1 or more; got {batch_size}.")
        lengths = examples.lengths
        self._batch_size, self._seed = batch_size, seed
        self._count, self.steps = len(examples), -(-len(examples) // batch_size)
        self._frames = {name: tf.constant(_end_to_end(x)) for name, x in examples.features.items()}
        self._starts = tf.constant(np.cumsum(lengths) - lengths, tf.int32)
        self._lengths = tf.constant(lengths)
        self._padded_lengths = tf.constant(_padded_lengths(lengths, buckets), tf.int32)
        self._per_step = examples.per_step
        self._targets = [tf.constant(each) for each in _targets(examples, sample_weights)]

    def batches_of(self, epoch: int | tf.Tensor) -> tf.data.Dataset:
        """The examples of each batch of one epoch: `(B,)` int32 indices."""
        order = tf.range(self._count)
        starts = tf.range(self.steps) * self._batch_size
        if self._seed is not None:
            # Philox by name: the default generator, and so the order, may differ between machines.
            keys = tf.random.stateless_uniform(
                [self._count + self.steps],
                seed=tf.stack([tf.constant(self._seed, tf.int64), tf.cast(epoch, tf.int64)]),
                minval=None,
                dtype=tf.int64,
                alg="philox",
            )
            order = tf.argsort(keys[: self._count])
            by_bucket = tf.argsort(tf.gather(self._padded_lengths, order), stable=True)
            order = tf.gather(order, by_bucket)
            starts = tf.gather(starts, tf.argsort(keys[self._count :]))
        slices = tf.data.Dataset.from_tensor_slices(starts)
        return slices.map(lambda start: order[start : start + self._batch_size])

    def gather_all(self, indices: tf.data.Dataset, count: int) -> tf.data.Dataset:
        """The `count` padded batches of these indices."""
        options = tf.data.Options()
        options.deterministic = True
        indices = indices.apply(tf.data.experimental.assert_cardinality(count))
        batches = indices.map(lambda rows: self._gather(rows), num_parallel_calls=tf.data.AUTOTUNE)
        return batches.prefetch(tf.data.AUTOTUNE).with_options(options)

    def _gather(self, rows: tf.Tensor) -> tuple:
        row_of_zeros = next(iter(self._frames.values())).shape[0] - 1
        lengths = tf.gather(self._lengths, rows)
        steps = tf.range(tf.reduce_max(tf.gather(self._padded_lengths, rows)))
        positions = tf.where(
            steps < lengths[:, tf.newaxis],
            tf.gather(self._starts, rows)[:, tf.newaxis] + steps,
            row_of_zeros,
        )
        inputs = {name: tf.gather(frames, positions) for name, frames in self._frames.items()}
        places = positions if self._per_step else rows
        return {**inputs, "lengths": lengths}, *(tf.gather(x, places) for x in self._targets)


def _padded_lengths(lengths: np.ndarray, buckets: Sequence[int] | None) -> np.ndarray:
    chosen = np.unique(choose_buckets(lengths) if buckets is None else buckets)
    if chosen.max(initial=0) < lengths.max():
        raise ValueError(
            f"The longest of `buckets` must be {lengths.max()} or more, the steps of the longest "
            f"example; got {buckets!r}. Leave `buckets` out to have them chosen."
        )
    return chosen[np.searchsorted(chosen, lengths)]


def _end_to_end(sequences: Sequence[np.ndarray]) -> np.ndarray:
    """All steps of all examples, then one of zeros: `(ΣT + 1, ...)`."""
    return np.concatenate([*sequences, np.zeros_like(sequences[0][:1])])


def _targets(examples: Examples, sample_weights: Any) -> list[np.ndarray]:
    """The labels and, where there are any, their weights: a row for each example or, for labels at
    each step, those of all steps end to end."""
    if not isinstance(examples.labels, list):
        if sample_weights is None:
            return [examples.labels]
        return [examples.labels, _weights(sample_weights, len(examples))]
    labels, known = _end_to_end(examples.labels), _end_to_end(examples.known)
    labels[~known] = 0
    weights = known.astype(np.float32)
    if isinstance(sample_weights, list):
        weights[:-1] *= _weights(np.concatenate(sample_weights), len(weights) - 1)
    elif sample_weights is not None:  # one an example, which counts for all its steps
        weights[:-1] *= np.repeat(_weights(sample_weights, len(examples)), examples.lengths)
    return [labels, weights]


def _weights(values: Any, count: int) -> np.ndarray:
    weights = np.asarray(values, dtype=np.float32)
    if weights.shape != (count,) or not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(
            f"`sample_weights` must be {count} finite numbers >= 0, one an example (or a list with "
            f"one for each of its steps); got {weights.dtype} of shape {weights.shape}."
        )
    return weights
