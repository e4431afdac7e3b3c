"""Persuasive Opinion Multimedia (POM)."""

from typing import Any, ClassVar

import tensorflow_datasets as tfds
from etils import epath

from rmfn_tf.datasets.builder import SequenceBuilder
from rmfn_tf.datasets.mfn_arrays import MfnArrays
from rmfn_tf.task import Task

COLUMNS = (
    "confident",
    "passionate",
    "voice_pleasant",
    "dominant",
    "credible",
    "vivid",
    "expertise",
    "entertaining",
    "reserved",
    "trusting",
    "relaxed",
    "outgoing",
    "thorough",
    "nervous",
    "sentiment",
    "persuasive",
    "humorous",
)
NOT_SCORED = ("sentiment",)
UP_TO_FIVE = ("reserved", "trusting", "relaxed", "outgoing", "thorough", "nervous")  # others: 7

MODALITIES = {"language": 300, "acoustic": 43, "visual": 41}


class Builder(SequenceBuilder):
    """`pom`: one example a video, one step a sentence, 17 ratings; see README.md."""

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "2.0.0": "Without the number of a segment in its video."
    }
    BUILDER_CONFIGS: ClassVar[list] = [
        tfds.core.BuilderConfig(
            name="mfn_arrays",
            description="The arrays published with the Memory Fusion Network: 300/43/41 features.",
        )
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold audio_{split}.h5, video_{split}.h5 and y_{split}.h5 for the splits train,
    valid and test, as published with the Memory Fusion Network; text_{split}_emb.h5 is taken where
    it is there.
    """
    SOURCES: ClassVar[dict] = {
        "mfn_arrays": MfnArrays(
            widths=MODALITIES,
            num_columns=len(COLUMNS),
            optional=("train", "validation", "test"),
        )
    }
    PUBLISHED_COUNTS: ClassVar[dict] = {"train": 600, "validation": 100, "test": 203}
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self) -> Any:
        scored = tuple(name for name in COLUMNS if name not in NOT_SCORED)
        return self.sequence_info(
            modalities=MODALITIES,
            task=Task(
                "regression",
                COLUMNS,
                labels=scored,
                ranges={name: (1, 5 if name in UP_TO_FIVE else 7) for name in scored},
                metrics="pom",
            ),
        )
