"""Words, frames and segments for the tests of the alignment: awkward ones, and like real ones; and
the comparison with the SDK.
"""

import re
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment.align import AlignedVideo, Frames, Words, align_video
from rmfn_tf.datasets.alignment.members import EPSILON
from support.alignment_reference import group_words, intersect, transcribe

# Few moments, so that rows touch, repeat and contain one another; each also ε or so off, and a bit
# before and after that: where another way of rounding shows.
_MOMENTS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0)
_NEAR = [
    float(np.nextafter(moment + nudge, towards)) if towards else moment + nudge
    for moment in _MOMENTS
    for nudge in (-2 * EPSILON, -EPSILON, -EPSILON / 2, EPSILON / 2, EPSILON, 2 * EPSILON)
    for towards in (None, -np.inf, np.inf)
]
EVERYTHING = np.array([[-1e5, 1e5]])  # one segment with all words
_SPECIAL = st.sampled_from([np.nan, np.inf, -np.inf])

moments = st.one_of(st.sampled_from(_MOMENTS), st.sampled_from(_NEAR), st.floats(0, 3))
# Sums with whole seconds are exact.
exact_moments = st.integers(0, 96).map(lambda step: step / 32)
any_interval = st.tuples(moments, moments)
forward_interval = any_interval.map(lambda pair: tuple(sorted(pair))).filter(
    lambda pair: pair[1] - pair[0] > 3 * EPSILON
)


@dataclass(frozen=True)
class Case:
    """One video."""

    words: Words
    frames: dict[str, Frames]
    segments: np.ndarray

    def shifted(self, seconds: float) -> "Case":
        """The same video, later."""
        return Case(
            Words(self.words.intervals + seconds, self.words.texts),
            {
                name: Frames(each.features, each.intervals + seconds)
                for name, each in self.frames.items()
            },
            self.segments + seconds,
        )

    def numbered(self) -> Words:
        """The words, each called by its row."""
        return Words(self.words.intervals, [str(row) for row in range(len(self.words))])


def as_array(intervals: list) -> np.ndarray:
    return np.array(intervals, dtype=float).reshape(-1, 2)


@st.composite
def words_in_turn(draw) -> np.ndarray:
    """Words that touch or leave gaps, but never overlap; ascending."""
    bounds = np.cumsum(draw(st.lists(st.sampled_from([2e-5, 0.1, 0.25, 0.5]), min_size=1)))
    spoken = draw(st.lists(st.booleans(), min_size=len(bounds) - 1, max_size=len(bounds) - 1))
    return np.stack([bounds[:-1], bounds[1:]], axis=1)[np.array(spoken, bool)]


@st.composite
def intervals_of(draw, interval, largest: int) -> np.ndarray:
    """In any order, or by start, as files mostly are."""
    intervals = draw(st.lists(interval, max_size=largest))
    return as_array(sorted(intervals) if draw(st.booleans()) else intervals)


@st.composite
def cases(draw, interval=any_interval, special: bool = True, dtype=np.float32) -> Case:
    """Intervals from `interval`, features that are ordinary floats but for a few special ones."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def features(rows: int, width: int) -> np.ndarray:
        values = (rng.normal(size=(rows, width)) * 10.0 ** rng.integers(-3, 4)).astype(dtype)
        if special and rows:
            places = st.tuples(st.integers(0, rows - 1), st.integers(0, width - 1), _SPECIAL)
            for row, column, value in draw(st.lists(places, max_size=2)):
                values[row, column] = value
        return values

    words = draw(intervals_of(interval, 8))
    frames = {"language": Frames(features(len(words), 2), words)}
    for name in ("visual", "acoustic"):
        # One at least, for of a sequence without items the SDK does not know the width; and one
        # where no word is, or they could be word vectors too.
        times = np.concatenate([draw(intervals_of(interval, 19)), [[5, 6]]])
        frames[name] = Frames(features(len(times), draw(st.sampled_from([1, 3]))), times)
    texts = draw(
        st.lists(st.sampled_from(["sp", "a", "b"]), min_size=len(words), max_size=len(words))
    )
    return Case(Words(words, texts), frames, draw(intervals_of(interval, 5)))


def realistic(seed: int, seconds: float = 20.0) -> Case:
    """Words that touch or leave a gap, faces at 30 Hz with a gap, voice at 100 Hz, 4 segments."""
    rng = np.random.default_rng(seed)
    bounds = np.cumsum(rng.gamma(2, 0.15, size=int(seconds / 0.3)))
    bounds *= 0.99 * seconds / bounds[-1]
    spoken = rng.random(len(bounds) - 1) < 0.95
    words = np.stack([bounds[:-1], bounds[1:]], axis=1)[spoken]
    face, voice = frame_times(30, seconds, rng.uniform(0, 0.03)), frame_times(100, seconds, 0.0)
    face = face[(face[:, 0] < 5) | (face[:, 0] > 8)]
    cuts = np.sort(rng.uniform(0, bounds[-1], 5))
    return Case(
        Words(words),
        {
            "language": Frames(rng.normal(size=(len(words), 30)).astype(np.float32), words),
            "visual": Frames(rng.normal(size=(len(face), 47)).astype(np.float32), face),
            "acoustic": Frames(rng.normal(size=(len(voice), 74)).astype(np.float32), voice),
        },
        np.stack([cuts[:-1], cuts[1:]], axis=1),
    )


def frame_times(rate: float, seconds: float, offset: float) -> np.ndarray:
    """`(n, 2)`: frames that touch, at a fixed rate."""
    starts = offset + np.arange(int((seconds - offset) * rate)) / rate
    return np.stack([starts, starts + 1 / rate], axis=1)


def correlations(sentence: str) -> tuple[int, float, float]:
    """Words counted, r as stored and r shifted, from what `detect_word_shift` says."""
    found = re.search(r"over ([\d,]+) words: (\S+) as stored, (\S+) moved by one row", sentence)
    assert found
    return int(found[1].replace(",", "")), float(found[2]), float(found[3])


def bits(values) -> bytes:
    """The bytes of float32 values, all NaN alike."""
    with np.errstate(over="ignore"):
        values = np.asarray(values, np.float32)
    return np.where(np.isnan(values), np.float32(np.nan), values).tobytes()


def sequence(frames: Frames) -> list[tuple]:
    return [
        (*map(float, times), row)
        for times, row in zip(frames.intervals, frames.features, strict=True)
    ]


def check_against_sdk(case: Case) -> AlignedVideo:
    """Whether mmsdk mode gives the bits of the transcription, of means, times and membership.

    `case.frames["language"]`, where there is any, are the vectors of the words.
    """
    words, segments = (list(map(tuple, x.tolist())) for x in (case.words.intervals, case.segments))
    own = {name: each.features for name, each in case.frames.items() if name == "language"}
    frames = {name: sequence(each) for name, each in case.frames.items() if name not in own}
    means, _ = transcribe(words, own, frames, segments)
    # The second pass, with the word's number in place of its features.
    numbers = {
        name: [(start, end, word) for word, (start, end, _) in items.items()]
        for name, items in means.items()
    }
    grouped = group_words(segments, numbers)

    found = align_video(case.numbered(), case.frames, case.segments, mode="mmsdk")
    by_row = {segment.row: segment for segment in found.segments}
    assert found.words_left_out == sum(abs(start - end) < EPSILON for start, end in words)
    assert found.frames_left_out == dict.fromkeys(case.frames, 0)
    out_of_step = 0
    for row, (start, end) in enumerate(segments):
        members = {name: {item[2] for item in each.get(row, [])} for name, each in grouped.items()}
        here = sorted(set().union(*members.values()), key=lambda word: (min(words[word]), word))
        if not here:
            short = abs(start - end) < EPSILON
            assert found.dropped[row] == ("zero length" if short else "no words")
            continue
        segment = by_row.pop(row)
        assert segment.texts.tolist() == list(map(str, here))
        for name, features in segment.features.items():
            assert features.dtype == np.float32
            for word, mean in zip(here, features, strict=True):
                expected = means[name][word][2] if word in members[name] else np.zeros_like(mean)
                assert bits(mean) == bits(expected)
        for word, times in zip(here, segment.intervals.tolist(), strict=True):
            cut = intersect((start, end), [(*sorted(words[word]), word)])
            assert not cut or [*times, word] == [*cut[0]]
        out_of_step += any(len(each) < len(here) for each in members.values())
    assert not by_row
    assert found.out_of_step == out_of_step
    return found
