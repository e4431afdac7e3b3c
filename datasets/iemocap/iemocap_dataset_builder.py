"""Interactive Emotional Dyadic Motion Capture (IEMOCAP)."""

from typing import Any, ClassVar

import tensorflow_datasets as tfds
from etils import epath

from rmfn_tf.datasets.builder import SequenceBuilder
from rmfn_tf.datasets.mmsa_mult import AlignedPickle
from rmfn_tf.task import Task

EMOTIONS = ("neutral", "happy", "sad", "angry")
MODALITIES = {"language": 300, "acoustic": 74, "visual": 35}


class Builder(SequenceBuilder):
    """`iemocap`: one example an utterance, four emotions present or not; see README.md."""

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "2.0.0": "Without the number of a segment in its video."
    }
    BUILDER_CONFIGS: ClassVar[list] = [
        tfds.core.BuilderConfig(
            name="mult_aligned",
            description="The aligned pickle of the Multimodal Transformer: 300/74/35 features; "
            "no ids in the copies known.",
        )
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold iemocap_data.pkl, as published with the Multimodal Transformer. IEMOCAP is
    given only to those who signed its release form, and must not be passed on.
    """
    SOURCES: ClassVar[dict] = {
        "mult_aligned": AlignedPickle(
            "iemocap_data.pkl", "iemocap_data_noalign.pkl", MODALITIES, emotions=EMOTIONS
        ),
    }
    PUBLISHED_COUNTS: ClassVar[dict] = {"train": 2717, "validation": 798, "test": 938}
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self) -> Any:
        return self.sequence_info(
            modalities=MODALITIES,
            task=Task("multilabel", EMOTIONS, metrics="iemocap"),
        )
