"""Frames to words to labelled segments; `members.py` has the rule of which lies in which.

    words = Words(word_times, texts)
    frames = {"language": Frames(vectors, word_times), "visual": Frames(facet, facet_times)}
    for segment in align_video(words, frames, label_times, mode="mmsdk").segments:
        segment.features["visual"]  # (T, F)

All times are in seconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np

from rmfn_tf.datasets.alignment.members import (
    EPSILON,
    clip,
    find_inside,
    find_members,
    is_too_short,
    narrow,
)
from rmfn_tf.datasets.arrays import to_float32
from rmfn_tf.datasets.source import Dropped, Sample
from rmfn_tf.names import unknown_name

Mode = Literal["default", "mmsdk"]
Pauses = Literal["keep", "drop", "merge"]
PAUSE = "sp"
OUT_OF_STEP = (
    "segments in which a modality lacks words that another has (the SDK's rule): zeros there."
)


@dataclass(frozen=True, eq=False)
class Words:
    """W words of one video, in the order of its file; a ValueError where they are not as below."""

    intervals: np.ndarray  # `(W, 2)` start and end of each word in seconds, finite
    texts: Sequence[str] | np.ndarray | None = None  # W strings, `"sp"` for a pause

    def __post_init__(self) -> None:
        object.__setattr__(self, "intervals", _check_intervals("words", self.intervals))
        if self.texts is None:
            return
        texts = np.array(self.texts, str)
        if texts.shape != (len(self),):
            raise ValueError(
                f"The texts must be {len(self)} strings, one for each interval of the words; got "
                f"shape {texts.shape}."
            )
        object.__setattr__(self, "texts", texts)

    def __len__(self) -> int:
        return len(self.intervals)

    def find_pauses(self) -> np.ndarray:
        """`(W,)` bool."""
        if self.texts is None:
            raise ValueError(
                "The words have no texts, so nothing says which are pauses: give Words the texts "
                f"(with {PAUSE!r} for a pause), or keep the pauses."
            )
        return np.asarray(self.texts) == PAUSE


@dataclass(frozen=True, eq=False)
class Frames:
    """n frames in any order: what a face tracker or a voice analyser gives at its own rate; a
    ValueError where they are not as below.

    Float32 is averaged in float32, all else in float64 and rounded once, at the end.
    """

    features: np.ndarray  # `(n, F)` numbers, which may be NaN or infinite
    intervals: np.ndarray  # `(n, 2)` seconds, finite; they may overlap and leave gaps

    def __post_init__(self) -> None:
        intervals, rows = _check_intervals("frames", self.intervals), np.asarray(self.features)
        if rows.dtype.kind not in "fiu" or rows.ndim != 2 or len(rows) != len(intervals):
            raise ValueError(
                f"The features must be numbers of shape ({len(intervals)}, F), a row for each "
                f"interval of the frames; got {rows.dtype} of shape {rows.shape}."
            )
        dtype = np.float32 if rows.dtype == np.float32 else np.float64
        object.__setattr__(self, "intervals", intervals)
        # Contiguous: the layout decides in which order NumPy adds, and so the last bit of a sum.
        object.__setattr__(self, "features", np.ascontiguousarray(rows, dtype))


@dataclass(frozen=True, eq=False)
class AlignedSegment:
    """The T > 0 words that lie in the segment of one label row, in the order of their starts."""

    row: int  # the number of the label row, from 0
    features: Mapping[str, np.ndarray]  # modality -> `(T, F)` float32; zeros where it has nothing
    texts: np.ndarray | None  # `(T,)` strings
    intervals: np.ndarray  # `(T, 2)` seconds; in mmsdk mode cut to the segment, as the SDK does


@dataclass(frozen=True, eq=False)
class AlignedVideo:
    """What one video gave."""

    segments: list[AlignedSegment]  # those with words, by row
    dropped: dict[int, str]  # row -> why it is no segment: "zero length" or "no words"
    out_of_step: int  # segments in which a modality lacks a word that another has (mmsdk mode)
    frames_left_out: dict[str, int]  # modality -> frames with NaN or infinities (default mode)
    words_left_out: int  # words that have no length

    def items(
        self,
        video: str,
        split: str,
        ids: Sequence[str],
        labels: Sequence[Any],
        last: int | None = None,
    ) -> Iterator[tuple[str, Sample] | Dropped]:
        """What was dropped, then the samples of the segments, of the `last` words of each where
        that is given; `ids` and `labels` are those of all label rows."""
        for row, reason in self.dropped.items():
            yield Dropped(ids[row], video, split, reason)
        kept = slice(-last if last else None, None)
        for each in self.segments:
            features = {name: rows[kept] for name, rows in each.features.items()}
            words = None if each.texts is None else each.texts[kept].tolist()
            times = each.intervals[kept]
            yield split, Sample(ids[each.row], features, labels[each.row], video, words, times)


def align_video(
    words: Words,
    frames: Mapping[str, Frames],
    segments: np.ndarray,
    *,
    mode: Mode = "default",
    pauses: Pauses = "keep",
    shift: bool = False,
) -> AlignedVideo:
    """Gives each word the mean of the frames in it, and each labelled segment its words.

    A frame counts once, however much of it lies inside its word. A word across a boundary belongs
    to the segments on both sides. Frames at the words' own times are word vectors (`match_words`):
    they stay with their words, even where `shift` or `pauses` gives these other times.

    `mode="mmsdk"` gives the numbers of the CMU-MultimodalSDK's `align` with `numpy.average` and
    its `impute`, bit for bit: NaN, infinities and intervals that end before they start go through,
    and each modality decides by itself whether a word is in a segment, by the time from its first
    frame in the word to its last. So a modality can lack a word that another has: zeros here.
    The default mode leaves out frames that hold NaN or infinities and intervals that do not run
    forward, decides once, by the word's own time, and does not depend on the order of the frames.

    Args:
        words: of one video.
        frames: modality -> its frames; zero rows of its width where it has none.
        segments: `(S, 2)` start and end of each label row in seconds, in any order.
        mode: `"default"` or `"mmsdk"`.
        pauses: `"keep"`: a pause is a word like any other. `"drop"`: it is left out, and the
            frames in it count for no word. `"merge"`: its time goes to the word before it, or to
            the first word where there is none before, which then reaches over both (and over any
            gap in between).
        shift: whether each word takes the time of the row before. The first word, which then has
            none, and the last time, which has no word, are left out rather than guessed.

    A ValueError names an unknown mode or value of `pauses`, and refuses to drop or merge pauses of
    words without texts.
    """
    for what, value, known in (("mode", mode, Mode), ("pauses", pauses, Pauses)):
        if value not in get_args(known):
            raise ValueError(unknown_name(what, value, get_args(known)))
    segments = _check_intervals("segments", segments)
    rows, times = _place_words(words, pauses, shift)
    too_short = is_too_short(times, mode)
    order = np.argsort(times.min(axis=1), kind="stable")
    order = order[~too_short[order]]
    rows, times = rows[order], times[order]
    # In mmsdk mode a word may end before it starts: once averaged, the SDK has it turned around.
    own = np.sort(times, axis=1)
    inside = find_inside(own, segments)

    features: dict[str, np.ndarray] = {}
    held: dict[str, np.ndarray] = {}  # modality -> `(S, W)` bool: its words in each segment
    left_out: dict[str, int] = {}
    for name, each in frames.items():
        places = match_words(each, words)
        if places is None:
            features[name], reach, left_out[name] = _average(each, times, mode)
        else:
            features[name], left_out[name] = _pick(each.features, places[rows], mode)
            reach = own
        held[name] = find_inside(reach, segments) if mode == "mmsdk" else inside
    if held:
        inside = np.any(list(held.values()), axis=0)

    made: list[AlignedSegment] = []
    dropped: dict[int, str] = {}
    out_of_step = 0
    for row, is_short in enumerate(is_too_short(segments, mode).tolist()):
        here = np.flatnonzero(inside[row])
        if is_short or not here.size:
            dropped[row] = "zero length" if is_short else "no words"
            continue
        given = {name: each[here] for name, each in features.items()}
        lacks = {name: ~each[row, here] for name, each in held.items()}
        for name in given:
            given[name][lacks[name]] = 0
        texts = None if words.texts is None else np.asarray(words.texts)[rows[here]]
        spans = clip(own[here], segments[row]) if mode == "mmsdk" else own[here]
        made.append(AlignedSegment(row, given, texts, spans))
        out_of_step += any(each.any() for each in lacks.values())
    return AlignedVideo(made, dropped, out_of_step, left_out, int(too_short.sum()))


def match_words(frames: Frames, words: Words) -> np.ndarray | None:
    """`(W,)` the row of each word's frame, if the frames are word vectors, else None.

    Word vectors have just the times of the words, in any order. A pause may lack one: -1.
    """
    if not 0 < len(frames.intervals) <= len(words):
        return None
    known = set(map(tuple, frames.intervals.tolist()))
    has_frame = np.array([tuple(each) in known for each in words.intervals.tolist()])
    if not has_frame.all() and (words.texts is None or not (has_frame | words.find_pauses()).all()):
        return None
    # Words with the same time take the vectors with that time in the files' order.
    rows = np.lexsort(words.intervals.T)
    rows = rows[has_frame[rows]]
    order = np.lexsort(frames.intervals.T)
    if not np.array_equal(words.intervals[rows], frames.intervals[order]):
        return None
    places = np.full(len(words), -1)
    places[rows] = order
    return places


def _place_words(words: Words, pauses: str, shift: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the words that `pauses` and `shift` leave, and their times `(len(rows), 2)`."""
    rows, times = np.arange(len(words)), words.intervals
    if shift:
        rows, times = rows[1:], times[:-1]
    if pauses == "keep":
        return rows, times
    is_pause = words.find_pauses()[rows]
    kept = times[~is_pause]
    if pauses == "merge" and len(kept):
        owners = np.maximum(np.cumsum(~is_pause) - 1, 0)[is_pause]
        np.minimum.at(kept[:, 0], owners, times[is_pause, 0])
        np.maximum.at(kept[:, 1], owners, times[is_pause, 1])
    return rows[~is_pause], kept


def _average(frames: Frames, words: np.ndarray, mode: str) -> tuple[np.ndarray, np.ndarray, int]:
    """Means `(W, F)` and times `(W, 2)` of the frames in each word, and how many were left out.

    The bits are those of `numpy.average`: `add.reduce` over the rows of each word and a division
    by a NumPy integer. `add.reduceat` adds in another order.
    """
    features, intervals = frames.features, frames.intervals
    left_out = 0
    if mode == "mmsdk":
        order = np.argsort(intervals[:, 0], kind="stable")
    else:
        finite = _are_finite(features)
        left_out = int(np.count_nonzero(~finite))
        order = np.flatnonzero(finite & (intervals[:, 1] - intervals[:, 0] > EPSILON))
        # By start, end and then values: whatever the file's order, the sum has the same bits.
        if (np.diff(intervals[order, 0]) <= 0).any():
            order = order[np.lexsort((*features[order].T[::-1], *intervals[order].T[::-1]))]
    if not np.array_equal(order, np.arange(len(intervals))):
        features, intervals = features[order], intervals[order]
    members, bounds = find_members(intervals, words)
    means = np.zeros((len(words), features.shape[1]), features.dtype)
    with np.errstate(invalid="ignore", over="ignore"):  # NaN and infinities go through
        for mean, (begin, end) in zip(means, pairwise(bounds.tolist()), strict=True):
            if begin < end:
                first, last = members[begin], members[end - 1] + 1
                is_run = last - first == end - begin  # a view of which is fastest
                rows = features[first:last] if is_run else features[members[begin:end]]
                np.add.reduce(rows, axis=0, out=mean)
        counts = np.maximum(np.diff(bounds), 1)[:, None]
        np.true_divide(means, counts, out=means, casting="unsafe")
    reach = narrow(intervals, words, members, bounds) if mode == "mmsdk" else words
    return to_float32(means), reach, left_out


def _pick(vectors: np.ndarray, places: np.ndarray, mode: str) -> tuple[np.ndarray, int]:
    """`(W, F)` the vector of each word, and how many were left out."""
    features = to_float32(vectors[places])
    features[places < 0] = 0
    finite = _are_finite(features) | (mode == "mmsdk")
    features[~finite] = 0
    return features, int(np.count_nonzero(~finite))


def _are_finite(rows: np.ndarray) -> np.ndarray:
    """`(n,)` bool: whether all values of a row are finite as float32."""
    with np.errstate(over="ignore"):
        return np.all(np.isfinite(rows.astype(np.float32, copy=False)), axis=1)


def _check_intervals(name: str, values: Any) -> np.ndarray:
    """`(n, 2)` float64, so that comparisons do not depend on the file's own type."""
    intervals = np.asarray(values, np.float64)
    if not intervals.size:
        return np.zeros((0, 2))
    if intervals.shape[1:] != (2,) or not np.isfinite(intervals).all():
        raise ValueError(
            f"The intervals of the {name} must be finite numbers of shape (n, 2), start and end of "
            f"each row in seconds; got shape {intervals.shape}: {str(intervals.tolist())[:80]}."
        )
    return intervals
