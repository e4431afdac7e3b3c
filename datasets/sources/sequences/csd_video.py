"""All that the computational sequences hold of one video of CMU-MOSI."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rmfn_tf.datasets.alignment import Frames, Words, shift_words
from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.finite_labels import to_finite_labels
from rmfn_tf.datasets.sources.sequences.csd import Csd
from rmfn_tf.datasets.sources.sequences.csd_files import FEATURES
from rmfn_tf.datasets.sources.sequences.recording import Recording

_OTHER_FILE = "It is another file than its name says: take it from another copy"


@dataclass(frozen=True, eq=False)
class CsdVideo:
    """One video.

    Args:
        id: the video's.
        segments: `(S, 2)` start and end of each label row in seconds.
        scores: `(S,)` float32.
        words: with the word vectors where they have the words' times; None without word times.
        frames: modality -> frames, none where the video is not in the file.
        lacks: modalities that have a file without this video.
        vectors_have_other_times: the word vectors are among the frames.
        num_reversed: rows that ended before they started.
    """

    id: str
    segments: np.ndarray
    scores: np.ndarray
    words: Words | None
    frames: Mapping[str, Frames]
    lacks: Sequence[str]
    vectors_have_other_times: bool
    num_reversed: int


def read_video(
    video: str,
    csds: Mapping[str, Csd],
    widths: Mapping[str, int],
    columns: Mapping[str, Sequence[int]],
    shift: bool,
) -> CsdVideo:
    """Reads one video.

    Args:
        video: an id of `csds["labels"]`.
        csds: part -> its open sequence.
        widths: modality -> F in the file.
        columns: modality -> the features taken, from 0; of others all.
        shift: whether each word takes the times of the row before.

    Raises:
        SourceError: features of another width, words that are no words, labels that are no scores.
    """
    segments, scores, num_reversed = _read_labels(csds["labels"], video)
    frames: dict[str, Frames] = {}
    lacks = []
    for part in FEATURES:
        if part in csds and video not in csds[part].ids:
            lacks.append(part)
        if part in csds:
            frames[part], count = _read_frames(csds[part], video, widths[part], columns.get(part))
            num_reversed += count
    words, count = _read_word_times(csds, video, frames)
    num_reversed += count
    vectors = frames.get("language")
    in_step = (
        words is not None
        and vectors is not None
        and np.array_equal(vectors.intervals, words.intervals)
    )
    if words is not None and vectors is not None and in_step:
        words = Words(words.intervals, words.texts, {"language": vectors.features})
        del frames["language"]
    if shift and words is not None:
        words = shift_words(words)
        if vectors is not None and not in_step:
            frames["language"] = Frames(vectors.features[1:], vectors.intervals[:-1])
    return CsdVideo(
        id=video,
        segments=segments,
        scores=scores,
        words=words,
        frames=frames,
        lacks=lacks,
        vectors_have_other_times=bool(
            vectors is not None and len(vectors.features) and not in_step
        ),
        num_reversed=num_reversed,
    )


def read_words(csd: Csd, video: str) -> tuple[Words, int]:
    """The words of one video with their texts, and how many rows ended before they started."""
    recording = csd.read(video)
    features = recording.features
    if features.dtype.kind != "U" or features.size != len(features):
        raise _error(csd, video, recording, "one word a row")
    return Words(recording.intervals, features.reshape(-1)), recording.num_reversed


def _read_word_times(
    csds: Mapping[str, Csd], video: str, frames: Mapping[str, Frames]
) -> tuple[Words | None, int]:
    if "words" in csds and video in csds["words"].ids:
        return read_words(csds["words"], video)
    if "language" in frames and len(frames["language"].intervals):
        return Words(frames["language"].intervals), 0
    return None, 0


def _read_frames(
    csd: Csd, video: str, width: int, columns: Sequence[int] | None
) -> tuple[Frames, int]:
    if video not in csd.ids:
        used = width if columns is None else len(columns)
        return Frames(np.zeros((0, used), np.float32), np.zeros((0, 2))), 0
    recording = csd.read(video)
    features = recording.features
    if features.dtype.kind not in "fiu" or features.shape[1:] != (width,):
        raise _error(csd, video, recording, f"{width} features a row")
    if columns is not None:
        features = features[:, list(columns)]
    return Frames(features, recording.intervals), recording.num_reversed


def _read_labels(csd: Csd, video: str) -> tuple[np.ndarray, np.ndarray, int]:
    recording = csd.read(video)
    features = recording.features
    if features.dtype.kind not in "fiu" or features.size != len(features):
        raise _error(csd, video, recording, "one score a row")
    key = f"{csd.root}/data/{video}/features"
    scores = to_finite_labels(csd.path, key, features.reshape(-1))
    return recording.intervals, scores, recording.num_reversed


def _error(csd: Csd, video: str, recording: Recording, wanted: str) -> SourceError:
    features = recording.features
    kind = "text" if features.dtype.kind == "U" else str(features.dtype)
    return SourceError.at(
        csd.path,
        f"{csd.root}/data/{video}/features",
        found=f"{kind} of shape {features.shape}, not {wanted}",
        mend=_OTHER_FILE,
    )
