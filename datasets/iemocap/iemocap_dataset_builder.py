"""Interactive Emotional Dyadic Motion Capture (IEMOCAP)."""

from typing import ClassVar

from rmfn_tf.datasets.builder import SequenceBuilder, SequenceConfig
from rmfn_tf.datasets.mmsa_mult import AlignedPickle
from rmfn_tf.task import Task

EMOTIONS = ("neutral", "happy", "sad", "angry")


class Builder(SequenceBuilder):
    """`iemocap`: one example an utterance, four emotions present or not; see README.md."""

    BUILDER_CONFIGS: ClassVar[list] = [
        SequenceConfig(
            name="mult_aligned",
            description="The aligned pickle of the Multimodal Transformer: 300/74/35 features; "
            "no ids in the copies known.",
            source=AlignedPickle(
                "iemocap_data.pkl",
                {"language": 300, "acoustic": 74, "visual": 35},
                emotions=EMOTIONS,
            ),
            task=Task("multilabel", EMOTIONS, metrics="iemocap"),
        )
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold iemocap_data.pkl, as published with the Multimodal Transformer. IEMOCAP is
    given only to those who signed its release form, and must not be passed on.
    """
    PUBLISHED_COUNTS: ClassVar[dict] = {"train": 2717, "validation": 798, "test": 938}
