"""CMU Multimodal Opinion Sentiment Intensity (CMU-MOSI)."""

from typing import Any, ClassVar

import numpy as np
import tensorflow_datasets as tfds
from etils import epath

from rmfn_tf.datasets.builder import SequenceBuilder
from rmfn_tf.datasets.sources.mmsa_pickle import MmsaPickle
from rmfn_tf.datasets.sources.mosi_arrays import MosiArrays
from rmfn_tf.datasets.sources.mult_pickle import MultPickle

_WORD_VECTORS = {"language": 300, "acoustic": 5, "visual": 20}
_BERT = {"language": 768, "acoustic": 5, "visual": 20}


class Builder(SequenceBuilder):
    """`cmu_mosi`: one example a segment, scored -3 to 3; see README.md."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar[dict[str, str]] = {
        "1.0.0": "From the authors' arrays and from MMSA's and MulT's aligned pickles."
    }
    BUILDER_CONFIGS: ClassVar[list] = [
        tfds.core.BuilderConfig(
            name="mfn_arrays",
            description="The arrays published with the Memory Fusion Network: 300/5/20 features; "
            "no ids.",
        ),
        tfds.core.BuilderConfig(
            name="mmsa_aligned",
            description="The aligned pickle of the MMSA framework: 768/5/20 features, BERT's in "
            "place of word vectors; a step is a word piece.",
        ),
        tfds.core.BuilderConfig(
            name="mult_aligned",
            description="The aligned pickle of the Multimodal Transformer: 300/5/20 features.",
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    The folder must hold, for mfn_arrays, X_{split}.h5 and y_{split}.h5 for the splits train, valid
    and test, as published with the Memory Fusion Network; for mmsa_aligned, aligned_50.pkl; for
    mult_aligned, mosi_data.pkl.
    """
    SOURCES: ClassVar[dict] = {
        "mfn_arrays": MosiArrays(widths=_WORD_VECTORS),
        "mmsa_aligned": MmsaPickle(widths=_BERT),
        "mult_aligned": MultPickle("mosi", widths=_WORD_VECTORS),
    }
    PUBLISHED_COUNTS: ClassVar[dict] = {"train": 1284, "validation": 229, "test": 686}
    pkg_dir_path = epath.Path(__file__).parent

    def _info(self) -> Any:
        return self.sequence_info(
            modalities=self.SOURCES[self.builder_config.name].widths,
            label=tfds.features.Tensor(
                shape=(),
                dtype=np.float32,
                doc=tfds.features.Documentation(
                    desc="Sentiment, from strongly negative to strongly positive.",
                    value_range="-3 to 3",
                ),
            ),
            task={
                "kind": "regression",
                "columns": ["sentiment"],
                "labels": ["sentiment"],
                "ranges": {"sentiment": [-3, 3]},
                "metrics": "sentiment",
            },
        )
