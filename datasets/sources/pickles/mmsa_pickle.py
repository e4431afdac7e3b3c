"""CMU-MOSI as the MMSA framework publishes it, with BERT's features in place of word vectors.

`aligned_50.pkl` is a dict of `train`, `valid` and `test`, each a dict of

    text                (N, 50, 768)   BERT's features, one step a word piece
    audio               (N, 50, 5)
    vision              (N, 50, 20)
    id                  (N,)           "VIDEO$_$CLIP"
    regression_labels   (N,)           scores

beside `raw_text`, `text_bert`, `audio_lengths`, `vision_lengths`, `annotations` and
`classification_labels`, which are not read. Steps are padded with zero rows to 50.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rmfn_tf.datasets.sources.files import find_aligned
from rmfn_tf.datasets.sources.finite_labels import to_finite_labels
from rmfn_tf.datasets.sources.pickles.pickled_split import PickledSplit
from rmfn_tf.datasets.sources.pickles.restricted_pickle import read_pickle
from rmfn_tf.datasets.sources.reading import Reading
from rmfn_tf.datasets.sources.sample import SPLITS, Sample
from rmfn_tf.datasets.sources.segment_id import split_segment_id
from rmfn_tf.datasets.sources.source import OnProgress, Source

ALIGNED = "aligned_50.pkl"
UNALIGNED = "unaligned_50.pkl"
MOSI_SHA256 = {
    ALIGNED: "d3994fd25681f9c7ad6e9c6596a6fe9b4beb85ff7d478ba978b124139002e5f9",
    UNALIGNED: "78e0f8b5ef8ff71558e7307848fc1fa929ecb078203f565ab22b9daab2e02524",
}
_KEYS = {"language": "text", "acoustic": "audio", "visual": "vision"}
_LABELS = "regression_labels"


@dataclass(frozen=True)
class MmsaPickle(Source):
    """What the file of one data set must hold.

    Args:
        widths: modality -> F. The order of the modalities is theirs everywhere.
        splits: of train, validation, test: those to read.
    """

    widths: Mapping[str, int]
    splits: tuple[str, ...] = SPLITS

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The file in `folder`, by name.

        Raises:
            MissingFiles: it is not there; the message says so too where the unaligned one is.
        """
        return find_aligned(folder, ALIGNED, UNALIGNED)

    def read(self, files: Mapping[str, Path], on_progress: OnProgress | None = None) -> Reading:
        """All samples, padding undone, in the order of the rows.

        Args:
            files: what `find` gave.
            on_progress: not called.

        Returns:
            Samples with the file's own id, its video and the clip's number in it as the file
            counts, features as float32 and the score as label. They have no words: the steps are
            word pieces, among them two that stand for begin and end, and `raw_text` does not say
            which.

        Raises:
            SourceError: the file is not readable, lacks a key, or holds an array of another width
                than it must have, modalities of different lengths, an id of another form or
                twice, or a label that is not finite.
        """
        content = read_pickle(files[ALIGNED])
        return Reading(
            {
                split: self._read_split(PickledSplit(files[ALIGNED], content, split))
                for split in self.splits
            }
        )

    def _read_split(self, pickled: PickledSplit) -> list[Sample]:
        features = pickled.read_features(_KEYS, self.widths)
        labels = _read_labels(pickled, len(features))
        ids = _read_ids(pickled, len(features))
        return [
            Sample(text, features[row], labels[row], video, clip)
            for row, (text, video, clip) in enumerate(ids)
        ]


def _read_labels(pickled: PickledSplit, rows: int) -> list[float]:
    labels = pickled.read_numbers(_LABELS)
    if labels.shape not in ((rows,), (rows, 1)):
        raise pickled.error(
            _LABELS,
            f"labels of shape {labels.shape}",
            f"The features beside it need {(rows,)}: take the file from another copy",
        )
    return to_finite_labels(pickled.path, _LABELS, labels).reshape(rows).tolist()


def _read_ids(pickled: PickledSplit, rows: int) -> list[tuple[str, str, int]]:
    """(id, video, clip) of every row."""
    ids = []
    for row, texts in enumerate(pickled.read_texts("id", rows)):
        parts = split_segment_id(texts[0]) if len(texts) == 1 else None
        if parts is None:
            raise pickled.error(
                "id",
                f"{texts[0][:80]!a} in row {row}",
                'An id must be "VIDEO$_$CLIP", or no one could keep the clips of a video together',
            )
        ids.append((texts[0], *parts))
    text, count = Counter(text for text, _, _ in ids).most_common(1)[0]
    if count > 1:
        raise pickled.error(
            "id", f"{text[:80]!a} in {count} rows", "Take the file from another copy"
        )
    return ids
