"""The labelled segments of one video, aligned: examples, and what is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from rmfn_tf.datasets.alignment import (
    Frames,
    Mode,
    Pauses,
    Segment,
    Words,
    align_words,
    group_segments,
    shift_words,
)


@dataclass(frozen=True, eq=False)
class VideoSegments:
    """What one video gave.

    Args:
        rows: the rows of the video's segments that became examples, ascending.
        features: for each, modality -> `(T, F)` float32.
        texts: for each, `(T,)` strings.
        intervals: for each, `(T, 2)` seconds.
        dropped: row -> why it is no example.
        out_of_step: segments in which a modality lacks a word that another has.
    """

    rows: list[int] = field(default_factory=list)
    features: list[dict[str, np.ndarray]] = field(default_factory=list)
    texts: list[np.ndarray] = field(default_factory=list)
    intervals: list[np.ndarray] = field(default_factory=list)
    dropped: dict[int, str] = field(default_factory=dict)
    out_of_step: int = 0


def cut_video(
    words: Words,
    frames: Mapping[str, Frames],
    segments: np.ndarray,
    mode: Mode,
    pauses: Pauses,
    shift: bool,
) -> VideoSegments:
    """Aligns one video and cuts it into its labelled segments.

    Args:
        words: with texts.
        frames: modality -> its frames, zero rows of the right width where there are none.
        segments: `(S, 2)` seconds.
        mode: as in `align_words`.
        pauses: as in `align_words`.
        shift: whether each word takes the times of the row before.
    """
    # What has a row for each word goes with the words, so that it moves with them.
    on_words = {name: _put_on_words(each, words) for name, each in frames.items()}
    vectors = {name: rows for name, rows in on_words.items() if rows is not None}
    words = Words(words.intervals, words.texts, vectors)
    others = {name: each for name, each in frames.items() if name not in vectors}
    aligned = align_words(shift_words(words) if shift else words, others, mode, pauses)
    found = group_segments(aligned, segments, "")
    made = [(segment, _held(segment)) for segment in found.segments]
    kept = [(segment, held) for segment, held in made if held.any()]
    dropped = dict.fromkeys(_to_rows(found.skipped), "zero length")
    dropped |= dict.fromkeys(_to_rows(found.without_words), "no words")
    dropped |= {segment.row: "no words" for segment, held in made if not held.any()}
    return VideoSegments(
        rows=[segment.row for segment, _ in kept],
        features=[
            {
                name: segment.on_words(name, segment.words[held], each.features.shape[1])
                for name, each in frames.items()
            }
            for segment, held in kept
        ],
        texts=[np.asarray(segment.texts)[held] for segment, held in kept],
        intervals=[segment.intervals[held] for segment, held in kept],
        dropped=dropped,
        out_of_step=sum(segment.is_out_of_step(segment.words[held]) for segment, held in kept),
    )


def _put_on_words(frames: Frames, words: Words) -> np.ndarray | None:
    """`(W, F)` where the frames have just the times of the words: word vectors. They may leave out
    silence, which is then zeros. None for other frames."""
    place = {tuple(times): row for row, times in enumerate(words.intervals.tolist())}
    places = [place.get(tuple(times), -1) for times in frames.intervals.tolist()]
    if not places or -1 in places or len(set(places)) < len(places) or len(place) < len(words):
        return None
    has_vector = np.zeros(len(words), bool)
    has_vector[places] = True
    if not (has_vector | words.find_pauses()).all():
        return None
    rows = np.zeros((len(words), frames.features.shape[1]), frames.features.dtype)
    rows[places] = frames.features
    return rows


def _to_rows(names: tuple[str, ...]) -> list[int]:
    return [int(name.removeprefix("[").removesuffix("]")) for name in names]


def _held(segment: Segment) -> np.ndarray:
    """`(T,)` bool: the words that any modality has. In default mode all; in mmsdk mode a word can
    reach into the segment with none of its frames, and the SDK has no row for it."""
    return np.isin(segment.words, np.concatenate(list(segment.members.values())))
