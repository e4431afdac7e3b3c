"""Synthetic data, made at build time from the seed in the config."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from rmfn_tf.datasets.builder import SequenceBuilder
from rmfn_tf.datasets.source import Reading, Sample
from rmfn_tf.datasets.synthetic import sarcasm
from rmfn_tf.task import Task


@dataclass(kw_only=True)
class SarcasmConfig(tfds.core.BuilderConfig):
    """The sarcasm task from one seed.

    Args:
        seed: of everything that is drawn.
        sizes: split -> number of examples, each a multiple of 5.
    """

    seed: int = 0
    sizes: Mapping[str, int] = field(
        default_factory=lambda: {"train": 5000, "validation": 1000, "test": 2000}
    )


class Builder(SequenceBuilder):
    """`synthetic`: see README.md and `sarcasm.py` beside this file."""

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "2.0.0": "Without the number of a segment in its video."
    }
    BUILDER_CONFIGS: ClassVar[list] = [
        SarcasmConfig(
            name="sarcasm",
            description="Two classes; what is seen and heard may turn what is said, at the word "
            "or after it.",
        )
    ]
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self) -> Any:
        return self.sequence_info(
            modalities=sarcasm.WIDTHS,
            label=tfds.features.ClassLabel(names=["negative", "positive"]),
            task=Task("classification", ("positive",), num_classes=2),
            features={"kind": tfds.features.Text()},
            metadata={
                "kinds": list(sarcasm.KINDS),
                "bayes": {kind: sarcasm.bayes_accuracy(kind) for kind in (*sarcasm.KINDS, "all")},
                "floors": sarcasm.floors(),
            },
        )

    def read(self, files: Mapping[str, Path]) -> Reading:
        config = self.builder_config
        made = sarcasm.make_splits(config.seed, config.sizes)
        return Reading(
            {split: _samples(split, *parts, config.seed) for split, parts in made.items()}
        )


def _samples(
    split: str, stories: sarcasm.Stories, features: Mapping[str, np.ndarray], seed: int
) -> list[Sample]:
    words = sarcasm.spoken_words(stories, np.random.default_rng(seed))
    labels = stories.labels
    return [
        Sample(
            id=f"{split}-{row}",
            features={name: values[row, :length] for name, values in features.items()},
            label=int(labels[row]),
            words=words[row],
            intervals=sarcasm.spoken_intervals(length),
            extra={"kind": str(stories.kinds[row])},
        )
        for row, length in enumerate(stories.lengths.tolist())
    ]
