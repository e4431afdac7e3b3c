"""Persuasive Opinion Multimedia (POM)."""

from typing import ClassVar

from rmfn_tf.datasets.builder import SequenceBuilder, SequenceConfig
from rmfn_tf.datasets.mfn_arrays import MfnArrays
from rmfn_tf.task import Task

COLUMNS = (
    *("confident", "passionate", "voice_pleasant", "dominant", "credible", "vivid", "expertise"),
    *("entertaining", "reserved", "trusting", "relaxed", "outgoing", "thorough", "nervous"),
    *("sentiment", "persuasive", "humorous"),
)
SCORED = tuple(name for name in COLUMNS if name != "sentiment")
UP_TO_FIVE = ("reserved", "trusting", "relaxed", "outgoing", "thorough", "nervous")  # others: 7


class Builder(SequenceBuilder):
    """`pom`: one example a video, one step a sentence, 17 ratings; see README.md."""

    BUILDER_CONFIGS: ClassVar[list] = [
        SequenceConfig(
            name="mfn_arrays",
            description="The arrays published with the Memory Fusion Network: 300/43/41 features.",
            source=MfnArrays(
                {"language": 300, "acoustic": 43, "visual": 41},
                num_columns=len(COLUMNS),
                optional=("text_train_emb.h5", "text_valid_emb.h5", "text_test_emb.h5"),
            ),
            task=Task(
                "regression",
                COLUMNS,
                labels=SCORED,
                ranges={name: (1, 5 if name in UP_TO_FIVE else 7) for name in SCORED},
                metrics="pom",
            ),
        )
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold audio_{split}.h5, video_{split}.h5 and y_{split}.h5 for the splits train,
    valid and test, as published with the Memory Fusion Network; text_{split}_emb.h5 is taken where
    it is there.
    """
    PUBLISHED_COUNTS: ClassVar[dict] = {"train": 600, "validation": 100, "test": 203}
