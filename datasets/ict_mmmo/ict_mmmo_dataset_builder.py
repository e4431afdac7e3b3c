"""ICT Multi-Modal Movie Opinion (ICT-MMMO)."""

from typing import ClassVar

from rmfn_tf.datasets.builder import SequenceBuilder, SequenceConfig
from rmfn_tf.datasets.mfn_arrays import MfnArrays
from rmfn_tf.task import Task

_MODALITIES = {"language": 300, "acoustic": 74, "visual": 36}
_RATING = Task("regression", ("sentiment",), ranges={"sentiment": (1, 5)}, metrics="ict_mmmo")


class Builder(SequenceBuilder):
    """`ict_mmmo`: one example a video, rated 1 to 5; see README.md."""

    BUILDER_CONFIGS: ClassVar[list] = [
        SequenceConfig(
            name="mfn_arrays",
            description="The arrays published with the Memory Fusion Network: 300/74/36 features; "
            "the training split lacks language in the copies known.",
            source=MfnArrays(_MODALITIES, optional=("text_train_emb.h5",)),
            task=_RATING,
        ),
        SequenceConfig(
            name="trimodal",
            description="Validation and test pooled, the videos with all three modalities in the "
            "copies known, for cross-validation: read the split `all`.",
            # TFDS keeps the name `all` for "every split": with one split, that is this one.
            source=MfnArrays(_MODALITIES, splits=("validation", "test"), pooled="pooled"),
            task=_RATING,
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold audio_{split}.h5, video_{split}.h5 and y_{split}.h5 for the splits train,
    valid and test, as published with the Memory Fusion Network, and text_{split}_emb.h5 for valid
    and test; text_train_emb.h5 is taken where it is there. The config trimodal needs the files of
    valid and test alone.
    """
    PUBLISHED_COUNTS: ClassVar[dict] = {"train": 220, "validation": 40, "test": 80}
