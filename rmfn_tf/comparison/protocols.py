"""What `rmfn reproduce` runs for each data set, and what of it differs from the papers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rmfn_tf.names import unknown_name


@dataclass(frozen=True)
class Protocol:
    """How a published table is set beside ours.

    Args:
        data: the data set.
        models: the rows that are trained.
        reference: the row that they are tested against.
        seeds: how many runs of each, from seed 0.
        differences: sentences: what is known to differ from the published protocol, whatever copy
            of the data is at hand.
        copies: config -> sentences: what differs with that copy.
    """

    data: str
    models: tuple[str, ...]
    reference: str
    seeds: int
    differences: tuple[str, ...]
    copies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


_NO_ROW = (
    "RMFN's own published row for this data set could not be seen: other models' rows of the same "
    "year and data set stand below, and there is no number of RMFN's to arrive at."
)
_UNTUNED = (
    "The sizes, rates and epochs are this package's preset (each run's config.toml), untuned on "
    "this data set, and not the paper's, which could not be seen."
)
_ONE_EPOCH = (
    "Each run keeps its epoch of lowest validation loss and is judged on test once; the mean over "
    "the seeds is reported, not the best."
)

_ALIGNED_HERE = (
    "Words and frames were aligned here; how the published rows' files were aligned in detail is "
    "not known."
)

PROTOCOLS = {
    "cmu_mosi": Protocol(
        data="cmu_mosi",
        models=("rmfn", "ef_lstm"),
        reference="ef_lstm",
        seeds=5,
        differences=(
            _UNTUNED,
            _ONE_EPOCH,
            "One network is trained under mean absolute error, and all metrics are of its score. "
            "Whether the published rows trained a network for each metric is not known.",
        ),
        copies={
            "mfn_arrays": (
                "The authors' arrays name no videos, so each segment counts as a video of its own. "
                "Segments of one video are alike: the intervals are too narrow, the p-values too "
                "low.",
            ),
            "mmsa_aligned": (
                "Language is BERT's in place of the papers' word vectors, a step a word piece.",
            ),
            "mult_aligned": ("The file is the Multimodal Transformer's, younger than the rows.",),
            "csd_selected": (_ALIGNED_HERE, "All words of a segment; the papers took the last 20."),
            "csd_selected_20": (_ALIGNED_HERE,),
            "csd_raw": (
                _ALIGNED_HERE,
                "All words of a segment and all features; the papers took the last 20 words and "
                "chose 5 acoustic and 20 visual features.",
            ),
        },
    ),
    "iemocap": Protocol(
        data="iemocap",
        models=("rmfn", "ef_lstm"),
        reference="majority",
        seeds=5,
        differences=(
            _NO_ROW,
            _UNTUNED,
            "One network predicts all four emotions under their mean binary cross-entropy. Whether "
            "the published rows trained one network for all or one for each is not known.",
            _ONE_EPOCH,
            "The file is the Multimodal Transformer's, a year younger than the published rows. "
            "Where the weighted F1 of the majority is not that of the published row that never "
            "says present, the test splits differ.",
            "Where the file names no videos, each utterance counts as a video of its own. "
            "Utterances of one dialogue are alike: the intervals are too narrow, the p-values too "
            "low.",
        ),
    ),
    "pom": Protocol(
        data="pom",
        models=("rmfn",),
        reference="constant",
        seeds=5,
        differences=(
            _NO_ROW,
            "The sizes, rates and epochs are this package's preset (each run's config.toml), not "
            "the paper's, which could not be seen.",
            "One network predicts all 16 traits under their mean absolute error. Whether the "
            "published rows trained one network for all traits or one for each is not known.",
            _ONE_EPOCH,
            "Our accuracy clips a prediction to its trait's range before it is rounded.",
        ),
    ),
}


def protocol_for(name: str) -> Protocol:
    """The protocol of a data set; ValueError that lists those there are for any other name."""
    if name not in PROTOCOLS:
        raise ValueError(unknown_name("reproduction", name, PROTOCOLS))
    return PROTOCOLS[name]
