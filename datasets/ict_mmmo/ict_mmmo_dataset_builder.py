"""ICT Multi-Modal Movie Opinion (ICT-MMMO)."""

from typing import Any, ClassVar

import tensorflow_datasets as tfds
from etils import epath

from rmfn_tf.datasets.builder import SequenceBuilder
from rmfn_tf.datasets.mfn_arrays import MfnArrays
from rmfn_tf.task import Task

MODALITIES = {"language": 300, "acoustic": 74, "visual": 36}


class Builder(SequenceBuilder):
    """`ict_mmmo`: one example a video, rated 1 to 5; see README.md."""

    VERSION = tfds.core.Version("2.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "2.0.0": "Without the number of a segment in its video."
    }
    BUILDER_CONFIGS: ClassVar[list] = [
        tfds.core.BuilderConfig(
            name="mfn_arrays",
            description="The arrays published with the Memory Fusion Network: 300/74/36 features; "
            "the training split lacks language in the copies known.",
        ),
        tfds.core.BuilderConfig(
            name="trimodal",
            description="Validation and test pooled, the videos with all three modalities in the "
            "copies known, for cross-validation: read the split `all`.",
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold audio_{split}.h5, video_{split}.h5 and y_{split}.h5 for the splits train,
    valid and test, as published with the Memory Fusion Network, and text_{split}_emb.h5 for valid
    and test; text_train_emb.h5 is taken where it is there. The config trimodal needs the files of
    valid and test alone.
    """
    SOURCES: ClassVar[dict] = {
        "mfn_arrays": MfnArrays(MODALITIES, optional=("train",)),
        # TFDS keeps the name `all` for "every split": with one split, that is this one.
        "trimodal": MfnArrays(MODALITIES, splits=("validation", "test"), pooled="pooled"),
    }
    PUBLISHED_COUNTS: ClassVar[dict] = {"train": 220, "validation": 40, "test": 80}
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self) -> Any:
        return self.sequence_info(
            modalities=MODALITIES,
            task=Task(
                "regression", ("sentiment",), ranges={"sentiment": (1, 5)}, metrics="ict_mmmo"
            ),
        )
