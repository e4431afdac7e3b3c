"""CMU Multimodal Opinion Sentiment Intensity (CMU-MOSI)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from rmfn_tf.datasets.builder import SequenceBuilder, SequenceConfig
from rmfn_tf.datasets.cmu_mosi.csd_source import PUBLISHED_FOLDS, CsdSource
from rmfn_tf.datasets.cmu_mosi.dialogues import Dialogues, find_scores
from rmfn_tf.datasets.mfn_arrays import TOGETHER, MfnArrays
from rmfn_tf.datasets.mmsa_mult import AlignedPickle
from rmfn_tf.datasets.source import Reading, Sample, Source
from rmfn_tf.names import shorten
from rmfn_tf.task import Task

_WORD_VECTORS = {"language": 300, "acoustic": 5, "visual": 20}
_BERT = {"language": 768, "acoustic": 5, "visual": 20}
_RAW = {"language": 300, "acoustic": 74, "visual": 47}
_UTTERANCES = {"language": 100, "acoustic": 73, "visual": 100}
# The columns, from 0, that the papers took of COVAREP and Facet.
_SELECTED = {
    "acoustic": (1, 3, 6, 25, 60),
    "visual": (0, 2, 5, 10, 11, 12, 14, 17, 20, 21, 22, 24, 25, 29, 30, 31, 32, 36, 37, 40),
}
_SCORE = Task("regression", ("sentiment",), ranges={"sentiment": (-3, 3)}, metrics="sentiment")
_SCORES = replace(_SCORE, per_step=True)
_BINARY = Task(
    "classification", ("sentiment",), class_names=("negative", "positive"), per_step=True
)


def _config(name: str, source: Source, description: str) -> SequenceConfig:
    return SequenceConfig(name=name, description=description, source=source, task=_SCORE)


def _dialogue(name: str, half: str, counts: Mapping[str, int], description: str) -> SequenceConfig:
    return SequenceConfig(
        name=name,
        description=f"Videos as sequences of utterances: 100/73/100 features, {description}",
        source=Dialogues(_UTTERANCES, half),
        task=_BINARY,
        published_counts=counts,
    )


class Builder(SequenceBuilder):
    """`cmu_mosi`: one example a segment, scored -3 to 3, or a video; see README.md."""

    BUILDER_CONFIGS: ClassVar[list] = [
        _config(
            "mfn_arrays",
            MfnArrays(_WORD_VECTORS, layout=TOGETHER, key="data"),
            "The arrays published with the Memory Fusion Network: 300/5/20 features; no ids.",
        ),
        _config(
            "mmsa_aligned",
            AlignedPickle("aligned_50.pkl", _BERT, "regression_labels", ids_name_videos=True),
            "The aligned pickle of the MMSA framework: 768/5/20 features, BERT's in place of word "
            "vectors; a step is a word piece.",
        ),
        _config(
            "mult_aligned",
            AlignedPickle("mosi_data.pkl", _WORD_VECTORS),
            "The aligned pickle of the Multimodal Transformer: 300/5/20 features.",
        ),
        _config(
            "csd_selected",
            CsdSource(_RAW, _SELECTED),
            "The CMU-MultimodalSDK's computational sequences, aligned here: 300/5/20 features, "
            "those that the papers chose, for all words of a segment.",
        ),
        _config(
            "csd_selected_20",
            CsdSource(_RAW, _SELECTED, last=20),
            "The same for only the last 20 words of each segment, as in the papers.",
        ),
        _config(
            "csd_raw",
            CsdSource(_RAW),
            "The computational sequences, aligned here: all 300/74/47 features for all words.",
        ),
        _dialogue(
            "dialogue",
            "",
            {"train": 62, "test": 31},
            "a label for each utterance. No validation split: language and visual features were "
            "trained on the labels of the training split.",
        ),
        _dialogue(
            "dialogue_clean_a",
            "a",
            {"train": 62, "validation": 16, "test": 15},
            "with every other video of the test split for validation.",
        ),
        _dialogue(
            "dialogue_clean_b",
            "b",
            {"train": 62, "validation": 15, "test": 16},
            "with the other half of the test split for validation.",
        ),
    ]
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    mfn_arrays are the arrays published with the Memory Fusion Network; mmsa_aligned is the aligned
    pickle of the MMSA framework (an unaligned one will not do: its modalities differ in length);
    mult_aligned is that of the Multimodal Transformer; the dialogues are in the repository
    contextual-multimodal-fusion of soujanyaporia on GitHub (a clone of it will do), and
    CMU_MOSI_Opinion_Labels.csd beside them gives scores rather than two classes; the others are
    computational sequences of the CMU-MultimodalSDK. Each was given out by its authors, beside
    their code on GitHub; the SDK's own server has mostly been down since 2021. The README.md beside
    this builder names the files of each. For research use.
    """
    PUBLISHED_COUNTS: ClassVar[dict] = {"train": 1284, "validation": 229, "test": 686}
    PUBLISHED_SHA256: ClassVar[dict] = {
        "aligned_50.pkl": "d3994fd25681f9c7ad6e9c6596a6fe9b4beb85ff7d478ba978b124139002e5f9"
    }

    @classmethod
    def make_config(
        cls, name: str, manual_dir: str | Path | None, data_dir: str | Path | None
    ) -> Any:
        """As for all builders; dialogues have scores for labels where the folder or build does."""
        config = super().make_config(name, manual_dir, data_dir)
        if not isinstance(getattr(config, "source", None), Dialogues):
            return config
        if manual_dir is not None:
            scored = find_scores(manual_dir) is not None
        else:
            built = cls(config=config, data_dir=data_dir)
            scored = built.info.metadata["task"]["kind"] == _SCORES.kind
        if not scored:
            return config
        return replace(config, source=replace(config.source, scored=True), task=_SCORES)

    def read(self, files: Mapping[str, Path]) -> Reading:
        reading = super().read(files)
        if isinstance(self.source, Dialogues):  # which have a split of their own
            return reading
        return replace(reading, notes=[*reading.notes, *compare_folds(reading.splits)])


def compare_folds(splits: Mapping[str, Sequence[Sample]]) -> list[str]:
    """A note that says whether the videos are in the published folds; none where no id is known."""
    here = {sample.video_id: split for split, samples in splits.items() for sample in samples}
    known = here.keys() & PUBLISHED_FOLDS.keys()
    moved = sorted(video for video in known if here[video] != PUBLISHED_FOLDS[video])
    if moved:
        return [
            f"{len(moved)} of {len(known)} videos with a published id stand in another split than "
            f"published: {shorten(moved)}."
        ]
    all_stand = f"All {len(known)} videos with a published id stand in the published folds."
    return [all_stand] if known else []
