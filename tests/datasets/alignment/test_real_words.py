"""The published word times and labels of CMU-MOSI, with made frames (`RMFN_TEST_DATA`)."""

from collections import Counter

import h5py
import numpy as np
import pytest

from rmfn_tf.datasets.alignment import (
    EPSILON,
    Frames,
    Words,
    align_words,
    detect_word_shift,
    group_segments,
    shift_words,
)
from support.alignment_cases import frame_times
from support.alignment_reference import transcribe


@pytest.fixture(scope="module")
def words(real_data):
    path = real_data / "csd" / "CMU_MOSI_ModifiedTimestampedWords.csd"
    with h5py.File(path, "r") as file:
        videos = file["CMU_MOSI_ModifiedTimestampedWords/data"]
        return {
            name: Words(video["intervals"][()], [text.decode() for text in video["features"][:, 0]])
            for name, video in videos.items()
        }


@pytest.fixture(scope="module")
def labels(real_data):
    with h5py.File(real_data / "csd" / "CMU_MOSI_Opinion_Labels.csd", "r") as file:
        videos = file["Opinion Segment Labels/data"]
        return {name: video["intervals"][()] for name, video in videos.items()}


def make_frames(seed, seconds, rate=10):
    """A voice without gaps, and a face that is lost for a third of the time."""
    rng = np.random.default_rng(seed)
    voice, face = frame_times(rate, seconds, 0.0), frame_times(rate, seconds, 0.013)
    face = face[np.arange(len(face)) // 4 % 3 > 0]
    return {
        "acoustic": Frames(rng.normal(size=(len(voice), 3)).astype(np.float32), voice),
        "visual": Frames(rng.normal(size=(len(face), 2)).astype(np.float32), face),
    }


@pytest.fixture(scope="module")
def both(words, labels):
    """mode -> video -> (aligned words, segments)."""
    found = {"default": {}, "mmsdk": {}}
    for seed, (name, video) in enumerate(words.items()):
        frames = make_frames(seed, video.intervals.max() + 1)
        for mode, videos in found.items():
            aligned = align_words(video, frames, mode=mode)
            videos[name] = aligned, group_segments(aligned, labels[name], name)
    return found


@pytest.mark.parametrize("mode", ["default", "mmsdk"])
def test_segments(both, mode):
    videos = both[mode]
    counts = {name: len(segments.segments) for name, (_, segments) in videos.items()}
    assert sum(len(aligned.rows) for aligned, _ in videos.values()) == 51_056
    assert sum(counts.values()) == 2198
    names = sorted(counts)
    splits = names[:52], names[52:62], names[62:]
    assert [sum(counts[name] for name in split) for split in splits] == [1283, 229, 686]
    skipped = [name for _, segments in videos.values() for name in segments.skipped]
    assert skipped == ["2WGyTLYerpo[43]"]
    assert not any(segments.without_words for _, segments in videos.values())


def test_where_the_two_modes_differ(both, labels):
    """Only at the edges of segments, and only for the modality with gaps.

    A word that crosses an edge belongs to both segments. The SDK asks instead where the word's own
    frames lie: where all are on the other side of the edge, that modality lacks the word here and
    is out of step with the others.
    """
    kinds = Counter()
    for name, (mmsdk, theirs) in both["mmsdk"].items():
        default, ours = both["default"][name]
        for our, their in zip(ours.segments, theirs.segments, strict=True):
            assert our.name == their.name
            assert our.words.tolist() == their.words.tolist()
            start, end = labels[name][our.row].tolist()
            for modality, features in their.modalities.items():
                kinds["rows"] += len(our.words)
                missing = sorted(set(our.words) - set(their.members[modality]))
                kept = [word for word in our.words if word not in missing]
                assert their.members[modality].tolist() == kept  # none more, none elsewhere
                ours_kept = np.isin(our.words, kept)
                np.testing.assert_array_equal(
                    our.modalities[modality].features[ours_kept], features.features
                )
                for word in missing:
                    own_start, own_end = default.intervals[word]
                    assert own_start < start or own_end > end
                    first, last = mmsdk.modalities[modality].intervals[word]
                    assert mmsdk.modalities[modality].has_frames[word]
                    assert last - start <= EPSILON or end - first <= EPSILON
                    kinds[f"{modality}: its frames are across the edge"] += 1
                kinds[f"{modality}: segments out of step"] += bool(missing)
    assert kinds == {
        "rows": 2 * 33_180,
        "acoustic: segments out of step": 0,
        "visual: segments out of step": 20,
        "visual: its frames are across the edge": 20,
    }


def test_a_real_video_against_the_transcription(words, labels):
    name = "03bSnISJMiM"
    case = words[name]
    frames = make_frames(0, case.intervals.max() + 1, rate=6)
    expected_words, expected_segments = transcribe(
        case.intervals.tolist(),
        {},
        {
            modality: [
                (*item, row) for item, row in zip(f.intervals.tolist(), f.features, strict=True)
            ]
            for modality, f in frames.items()
        },
        labels[name].tolist(),
    )
    aligned = align_words(case, frames, mode="mmsdk")
    segments = group_segments(aligned, labels[name], name).segments
    for modality, features in aligned.modalities.items():
        means = [expected_words[modality][row][2] for row in range(len(case))]
        assert features.features.tobytes() == np.array(means, np.float32).tobytes()
        for segment in segments:
            items = expected_segments[modality][segment.row]
            stacked = np.array([row for _, _, row in items], np.float32)
            assert segment.modalities[modality].features.tobytes() == stacked.tobytes()
            assert segment.modalities[modality].intervals.tolist() == [
                [start, end] for start, end, _ in items
            ]


def test_every_word_of_the_published_file_sits_one_row_late(words):
    found = detect_word_shift(words.values())
    assert found.shift == 1
    assert round(found.r_as_stored, 3) == 0.005
    assert round(found.r_shifted, 3) == 0.519
    assert found.words == 51_056 - 8287
    assert found.summary == (
        "Word times: every word sits one row late (r of letters and seconds over 42,769 words: "
        "0.005 as stored, 0.519 moved by one row)."
    )
    # Not the work of a few videos.
    assert all(
        each.r_shifted - each.r_as_stored > 0.34
        for each in (detect_word_shift([video]) for video in words.values())
    )


def test_mended_words_are_in_place(words, labels):
    mended = {name: shift_words(video) for name, video in words.items()}
    found = detect_word_shift(mended.values())
    assert found.shift == 0
    assert round(found.r_as_stored, 3) == 0.519
    segments = [
        group_segments(align_words(video, {}), labels[name], name).segments
        for name, video in mended.items()
    ]
    assert sum(map(len, segments)) == 2198
