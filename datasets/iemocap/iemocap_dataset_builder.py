"""Interactive Emotional Dyadic Motion Capture (IEMOCAP)."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from rmfn_tf.datasets.builder import SequenceBuilder
from rmfn_tf.datasets.sources.mult_pickle import IEMOCAP_EMOTIONS, MultPickle
from rmfn_tf.datasets.sources.sample import Sample
from rmfn_tf.datasets.sources.video_splits import check_each_video_in_one_split

MODALITIES = {"language": 300, "acoustic": 74, "visual": 35}
SOURCES = {
    "mult_aligned": MultPickle("iemocap", widths=MODALITIES, emotions=IEMOCAP_EMOTIONS),
}


class Builder(SequenceBuilder):
    """`iemocap`: one example an utterance, four emotions present or not; see README.md."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {"1.0.0": "From MulT's aligned pickle."}
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
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self) -> Any:
        return self.sequence_info(
            modalities=MODALITIES,
            label=tfds.features.Tensor(
                shape=(len(IEMOCAP_EMOTIONS),),
                dtype=np.float32,
                doc=tfds.features.Documentation(
                    desc="Whether each emotion is present, in this order: "
                    f"{', '.join(IEMOCAP_EMOTIONS)}.",
                    value_range="0 or 1",
                ),
            ),
            task={
                "kind": "multilabel",
                "columns": list(IEMOCAP_EMOTIONS),
                "labels": list(IEMOCAP_EMOTIONS),
                "metrics": "iemocap",
            },
        )

    def find_sources(self, manual_dir: str | Path | None) -> dict[str, Path]:
        return SOURCES[self.builder_config.name].find(manual_dir)

    def read_splits(self, files: Mapping[str, Path]) -> Mapping[str, Collection[Sample]]:
        source = SOURCES[self.builder_config.name]
        splits = {split: source.read(files, split) for split in source.splits}
        check_each_video_in_one_split(splits, files)
        return splits
