"""One split of a data set in memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from rmfn_tf.data.arrays import cut, real_steps, to_array, to_labels, wrong
from rmfn_tf.names import check_modalities


@dataclass(frozen=True, eq=False)
class Examples:
    """N examples, the form in which models, training and evaluation take data.

    The order of `features` is the order of the modalities. All modalities of one example are
    aligned: they share its length T_i >= 1. A row (step) that is all zero in a modality is missing
    there. Features may hold NaN or ±inf (COVAREP does): scaling inside the model deals with them.
    The constructor takes everything in exactly this form; `Examples.from_arrays` converts to it.

    Args:
        ids: N names.
        features: modality -> N float32 arrays `(T_i, F_m)`.
        labels: `(N,)` integers (classification) or `(N, C)` float32 (regression, multilabel: the
            scored columns), finite. For a task with a label at each step, a list of N such arrays,
            `(T_i,)` or `(T_i, C)`: a step without a label is -1, or NaN in every column, and every
            example has at least one label.
        present: modality -> `(N,)` bool: whether the example has this modality at all.
        groups: `(N,)` video ids; examples of one video never stand on both sides of a split.
        words: N lists of T_i words.
        extra: further values of the data set, each `(N, ...)`, as the `kind` of a synthetic
            example.

    Raises:
        ValueError: the fields do not fit each other, an example has no steps, or a label is not
            finite; the message names the example.
    """

    ids: list[str]
    features: dict[str, list[np.ndarray]]
    labels: np.ndarray | list[np.ndarray]
    present: dict[str, np.ndarray]
    groups: np.ndarray
    words: list[list[str]]
    extra: dict[str, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_counts(self)
        _check_sequences(self)
        _check_labels(self)

    @classmethod
    def from_arrays(
        cls,
        features: Mapping[str, Any],
        labels: Any,
        *,
        lengths: Any = None,
        mask: Any = None,
        ids: Sequence[Any] | None = None,
        groups: Any = None,
        words: Sequence[Sequence[str]] | None = None,
        present: Mapping[str, Any] | None = None,
        per_step: bool = False,
    ) -> "Examples":
        """Examples of arrays as you have them: padded, or in lists.

            Examples.from_arrays({"language": words, "acoustic": voice}, labels, lengths=lengths)

        An array is whatever `np.asarray` takes, tensors too, of any type of number. Float32
        features are not copied.

        Args:
            features: modality -> padded `(N, T, F_m)`, or a list of N `(T_i, F_m)`; the dict's
                order is the order of the modalities. Without `lengths` and `mask` all T steps are
                real, zeros at the end too.
            labels: integers or bool `(N,)` are classes; floats `(N,)` become `(N, 1)`, anything
                `(N, C)` float32 (regression, multilabel). With `per_step` the same for each step,
                padded as the features are, `(N, T)` or `(N, T, C)`, or a list of N `(T_i,)` or
                `(T_i, C)`; -1 or NaN where a step has no label.
            lengths: `(N,)` integers, how many of the first steps are real, in all modalities.
            mask: instead of `lengths`, `(N, T)` bool, true where a step is real in all modalities.
                Padding may stand in front or behind.
            ids: N names; `"0"`, `"1"`, ... by default.
            groups: `(N,)` video ids; by default each example counts as a video of its own.
            words: N lists of the T_i words of the real steps; empty ones by default.
            present: modality -> `(N,)` bool; by default whether any real value is not zero.
            per_step: whether each step has a label of its own.

        Raises:
            ValueError: an argument does not fit the others or this description, `mask` has a hole,
                or the modalities of an example differ in length: align them first.
        """
        if not isinstance(features, Mapping):
            wanted = "must be a dict, modality -> array, as {'language': array}"
            raise wrong("features", wanted, type(features).__name__)
        rows: Any = [to_array(each) for each in labels] if per_step else to_labels(labels)
        spans, steps = real_steps(len(rows), lengths, mask)
        if per_step:
            rows = [to_labels(each[span]) for each, span in zip(rows, spans, strict=True)]
        sequences = {
            name: cut(f"features[{name!r}]", x, spans, steps) for name, x in features.items()
        }
        if present is None:
            present = {name: [each.any() for each in x] for name, x in sequences.items()}
        if words is None:
            words = [[""] * len(each) for each in next(iter(sequences.values()), [])]
        names = [str(name) for name in (range(len(rows)) if ids is None else ids)]
        return cls(
            ids=names,
            features=sequences,
            labels=rows,
            present={name: np.asarray(x, dtype=bool) for name, x in present.items()},
            groups=np.asarray(names if groups is None else groups),
            words=[list(each) for each in words],
        )

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

    @property
    def per_step(self) -> bool:
        """Whether each step has a label of its own."""
        return isinstance(self.labels, list)

    @cached_property
    def known(self) -> list[np.ndarray]:
        """With a label at each step, N bool arrays `(T_i,)`: whether the step has one."""
        return [x >= 0 if x.ndim == 1 else ~np.isnan(x).any(axis=1) for x in self.labels]

    @cached_property
    def rows(self) -> "Rows":
        """What is predicted and scored: the examples, or their labelled steps end to end."""
        if not isinstance(self.labels, list):
            return Rows(self.ids, self.groups, self.labels, np.arange(len(self)))
        steps = [np.flatnonzero(each) for each in self.known]
        places = np.repeat(np.arange(len(self)), [len(each) for each in steps])
        return Rows(
            [
                f"{name}[{step}]"
                for name, each in zip(self.ids, steps, strict=True)
                for step in each
            ],
            self.groups[places],
            np.concatenate([x[each] for x, each in zip(self.labels, steps, strict=True)]),
            places,
        )

    def take(self, indices: Sequence[int] | np.ndarray) -> "Examples":
        """These examples, in this order; `indices` may be a `(N,)` bool mask. Shares memory."""
        rows = np.arange(len(self))[np.asarray(indices)]
        return _each(lambda x: x[rows] if isinstance(x, np.ndarray) else [x[i] for i in rows], self)

    def concatenate(self, other: "Examples") -> "Examples":
        """The examples of both, these first, as for a last fit on train and validation."""
        for what, mine, theirs in (
            ("modalities and widths", list(self.widths.items()), list(other.widths.items())),
            ("label shapes", *(each.rows.labels.shape[1:] for each in (self, other))),
            ("`per_step`", self.per_step, other.per_step),
            ("extra values", sorted(self.extra), sorted(other.extra)),
        ):
            if mine != theirs:
                raise ValueError(f"Examples.concatenate: {what} differ: {mine} and {theirs}.")
        return _each(
            lambda x, y: np.concatenate([x, y]) if isinstance(x, np.ndarray) else x + y, self, other
        )


class Rows(NamedTuple):
    """One row for each prediction that is scored.

    Attributes:
        ids: an example's id, and for one of its steps `<id>[<step>]`, which counts from 0.
        groups: `(rows,)` video ids.
        labels: `(rows,)` integers or `(rows, C)` float32, all of them known.
        examples: `(rows,)`, the place of the example of each row.
    """

    ids: list[str]
    groups: np.ndarray
    labels: np.ndarray
    examples: np.ndarray


def _each(function: Callable[..., Any], *examples: Examples) -> Examples:
    """The examples that a function makes of every array and list that the given ones hold."""

    def apply(*values: Any) -> Any:
        if isinstance(values[0], dict):
            return {key: apply(*(value[key] for value in values)) for key in values[0]}
        return function(*values)

    names = [each.name for each in fields(Examples)]
    return Examples(**{name: apply(*(getattr(x, name) for x in examples)) for name in names})


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
    shapes = {f"features[{name!r}]": (len(x),) for name, x in examples.features.items()}
    shapes |= {f"present[{name!r}]": x.shape for name, x in examples.present.items()}
    shapes |= {f"extra[{name!r}]": x.shape[:1] for name, x in examples.extra.items()}
    shapes |= {name: (len(getattr(examples, name)),) for name in ("ids", "words")}
    count = len(examples.labels)
    for name, shape in {**shapes, "groups": examples.groups.shape}.items():
        if shape != (count,):
            raise ValueError(
                f"Examples: `{name}` must have {count} entries, as `labels` have; got {shape}."
            )


def _check_sequences(examples: Examples) -> None:
    """One width per modality, and one length per example."""
    for row, identifier in enumerate(examples.ids):
        steps = {"words": len(examples.words[row])}
        for name, sequences in examples.features.items():
            steps[name], width = sequences[row].shape
            if width != sequences[0].shape[1]:
                raise ValueError(
                    f"Example {identifier!r}: {name} has {width} features a step, and "
                    f"{sequences[0].shape[1]} in the first example."
                )
        if len(set(steps.values())) > 1:
            raise ValueError(
                f"Example {identifier!r}: its parts must share one length (word-aligned); "
                f"got {steps}."
            )
        if not steps["words"]:
            raise ValueError(f"Example {identifier!r} has no steps; leave it out of the data.")


def _check_labels(examples: Examples) -> None:
    """Every label is finite; where each step has one, some may be unknown as a whole."""
    given = examples.labels
    if not isinstance(given, list):
        finite = np.isfinite(given).reshape(len(given), -1).all(axis=1)
        for row in np.flatnonzero(~finite)[:1]:
            raise ValueError(
                f"Example {examples.ids[row]!r}: its label is not finite ({given[row].tolist()}); "
                "leave it out of the data or mend it."
            )
        return
    if len({(labels.dtype, labels.shape[1:]) for labels in given}) > 1:
        raise ValueError("Examples: `labels` must be of one type and width in all examples.")
    for name, labels, known, steps in zip(
        examples.ids, given, examples.known, examples.lengths, strict=True
    ):
        fault = ""
        if len(labels) != steps:
            fault = f"it has {steps} steps and {len(labels)} labels"
        elif not known.any():
            fault = "none of its steps has a label"
        elif labels.ndim == 2 and not (
            np.isfinite(labels[known]).all() and np.isnan(labels[~known]).all()
        ):
            fault = "the label of a step is infinite, or is NaN in some of its columns alone"
        if fault:
            raise ValueError(f"Example {name!r}: {fault}; leave it out of the data or mend it.")
