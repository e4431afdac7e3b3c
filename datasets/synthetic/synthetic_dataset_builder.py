"""Synthetic data, made at build time from the seed in the config."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from rmfn_tf.datasets.builder import SequenceBuilder, SequenceConfig
from rmfn_tf.datasets.source import Item, Report, Sample, Source
from rmfn_tf.datasets.synthetic import sarcasm
from rmfn_tf.task import Task


@dataclass(frozen=True)
class Sarcasm(Source):
    """Makes the sarcasm task from one seed; it needs no files."""

    seed: int = 0
    # Split -> number of examples, each a multiple of 5.
    sizes: Mapping[str, int] = field(
        default_factory=lambda: {"train": 5000, "validation": 1000, "test": 2000}
    )
    widths: Mapping[str, int] = field(default_factory=lambda: sarcasm.WIDTHS)

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        return {}

    def read(self, files: Mapping[str, Path], report: Report) -> Iterator[Item]:
        for split, (stories, features) in sarcasm.make_splits(self.seed, self.sizes).items():
            words = sarcasm.spoken_words(stories, np.random.default_rng(self.seed))
            labels = stories.labels
            for row, length in enumerate(stories.lengths.tolist()):
                sample = Sample(
                    id=f"{split}-{row}",
                    features={name: values[row, :length] for name, values in features.items()},
                    label=int(labels[row]),
                    words=words[row],
                    intervals=sarcasm.spoken_intervals(length),
                    extra={"kind": str(stories.kinds[row])},
                )
                yield split, sample


class Builder(SequenceBuilder):
    """`synthetic`: see README.md and `sarcasm.py` beside this file."""

    BUILDER_CONFIGS: ClassVar[list] = [
        SequenceConfig(
            name="sarcasm",
            description="Two classes; what is seen and heard may turn what is said, at the word "
            "or after it.",
            source=Sarcasm(),
            task=Task("classification", ("positive",), class_names=("negative", "positive")),
        )
    ]
    EXTRA_FEATURES: ClassVar[dict] = {"kind": tfds.features.Text()}
    EXTRA_METADATA: ClassVar[dict] = {
        "kinds": list(sarcasm.KINDS),
        "bayes": {kind: sarcasm.bayes_accuracy(kind) for kind in (*sarcasm.KINDS, "all")},
        "floors": sarcasm.floors(),
    }
