"""One split of a data set in memory."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from rmfn_tf.names import check_modalities


@dataclass(frozen=True, eq=False)
class Examples:
    """N examples: what every part to the right of the data sets works on.

    The order of `features` is the order of the modalities. All modalities of one example are
    aligned: they share its length T_i >= 1. A row (step) that is all zero in a modality is missing
    there. Features may hold NaN or ±inf (COVAREP does): scaling inside the model deals with them.

    Args:
        ids: N names.
        features: modality -> N float32 arrays `(T_i, F_m)`.
        labels: `(N,)` integers (classification) or `(N, C)` float32 (regression, multilabel: the
            scored columns), finite.
        present: modality -> `(N,)` bool: whether the example has this modality at all.
        groups: `(N,)` video ids; examples of one video never stand on both sides of a split.
        words: N lists of T_i words.
        extra: further values of the data set, each `(N, ...)`, as the `kind` of a synthetic
            example.

    Raises:
        ValueError: anything above does not hold; the message names the example.
    """

    ids: list[str]
    features: dict[str, list[np.ndarray]]
    labels: np.ndarray
    present: dict[str, np.ndarray]
    groups: np.ndarray
    words: list[list[str]]
    extra: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_counts(self)
        _check_sequences(self)
        _check_labels(self)

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def lengths(self) -> np.ndarray:
        """`(N,)` int32, the number of steps of each example."""
        first = next(iter(self.features.values()))
        return np.array([len(sequence) for sequence in first], dtype=np.int32)

    @property
    def widths(self) -> dict[str, int]:
        """Modality -> F_m, in order: the `features` argument of `create_model`."""
        return {name: sequences[0].shape[1] for name, sequences in self.features.items()}

    def take(self, indices: Sequence[int] | np.ndarray) -> "Examples":
        """These examples, in this order; `indices` may be a `(N,)` bool mask. Shares memory."""
        rows = np.arange(len(self))[np.asarray(indices)]
        if not rows.size:
            raise ValueError(f"Examples.take: no example chosen of {len(self)}.")
        return Examples(
            ids=[self.ids[row] for row in rows],
            features={
                name: [sequences[row] for row in rows] for name, sequences in self.features.items()
            },
            labels=self.labels[rows],
            present={name: values[rows] for name, values in self.present.items()},
            groups=self.groups[rows],
            words=[self.words[row] for row in rows],
            extra={name: values[rows] for name, values in self.extra.items()},
        )

    def concatenate(self, other: "Examples") -> "Examples":
        """The examples of both, these first (as when a last fit takes train and validation)."""
        for what, mine, theirs in (
            ("modalities and widths", list(self.widths.items()), list(other.widths.items())),
            ("label shapes", self.labels.shape[1:], other.labels.shape[1:]),
            ("extra values", sorted(self.extra), sorted(other.extra)),
        ):
            if mine != theirs:
                raise ValueError(f"Examples.concatenate: {what} differ: {mine} and {theirs}.")
        return Examples(
            ids=self.ids + other.ids,
            features={
                name: sequences + other.features[name] for name, sequences in self.features.items()
            },
            labels=np.concatenate([self.labels, other.labels]),
            present={
                name: np.concatenate([values, other.present[name]])
                for name, values in self.present.items()
            },
            groups=np.concatenate([self.groups, other.groups]),
            words=self.words + other.words,
            extra={
                name: np.concatenate([values, other.extra[name]])
                for name, values in self.extra.items()
            },
        )


def _check_counts(examples: Examples) -> None:
    """Every field holds N >= 1 entries, and the modalities agree."""
    if not examples.ids:
        raise ValueError("Examples: there are none; a split needs at least one example.")
    if not examples.features:
        raise ValueError("Examples: `features` names no modality.")
    check_modalities(examples.features)
    if list(examples.present) != list(examples.features):
        raise ValueError(
            f"Examples: `present` is for {list(examples.present)}, `features` for "
            f"{list(examples.features)}; both need the same modalities in the same order."
        )
    counts = {
        **{f"features[{name!r}]": len(values) for name, values in examples.features.items()},
        **{f"present[{name!r}]": len(values) for name, values in examples.present.items()},
        **{f"extra[{name!r}]": len(values) for name, values in examples.extra.items()},
        "labels": len(examples.labels),
        "groups": len(examples.groups),
        "words": len(examples.words),
    }
    for name, count in counts.items():
        if count != len(examples):
            raise ValueError(
                f"Examples: `{name}` has {count} entries for {len(examples)} examples."
            )


def _check_sequences(examples: Examples) -> None:
    """Float32 of one width per modality, and one length per example."""
    first = next(iter(examples.features))
    for row, identifier in enumerate(examples.ids):
        for name, sequences in examples.features.items():
            sequence, width = sequences[row], sequences[0].shape[-1]
            if sequence.ndim != 2 or sequence.dtype != np.float32 or sequence.shape[1] != width:
                raise ValueError(
                    f"Example {identifier!r}: {name} must be float32 of shape (steps, {width}); "
                    f"got {sequence.dtype} of shape {sequence.shape}."
                )
        steps = {name: len(sequences[row]) for name, sequences in examples.features.items()}
        steps["words"] = len(examples.words[row])
        if steps[first] == 0:
            raise ValueError(f"Example {identifier!r} has no steps; leave it out of the data.")
        if len(set(steps.values())) > 1:
            raise ValueError(
                f"Example {identifier!r}: its parts must share one length (word-aligned); "
                f"got {steps}."
            )


def _check_labels(examples: Examples) -> None:
    labels = examples.labels
    if labels.ndim == 1 and np.issubdtype(labels.dtype, np.integer):
        return
    if labels.ndim != 2 or labels.dtype != np.float32:
        raise ValueError(
            "Examples: `labels` must be integers of shape (N,) or float32 of shape (N, columns); "
            f"got {labels.dtype} of shape {labels.shape}."
        )
    bad = ~np.isfinite(labels).all(axis=1)
    if bad.any():
        row = int(bad.argmax())
        raise ValueError(
            f"Example {examples.ids[row]!r}: its label is not finite ({labels[row].tolist()}); "
            "leave it out of the data or mend it."
        )
