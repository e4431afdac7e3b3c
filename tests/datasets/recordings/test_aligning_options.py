"""Modes, pauses, shifted words and kinds of labels, by hand."""

import tomllib

import numpy as np
import pytest

from support.aligned_folder import WORDS_WITH_A_PAUSE, load, run, small
from support.own_recordings import write_csv


def test_mmsdk_mode_takes_words_by_each_modalitys_own_times(tmp_path):
    """The boundary is at 1.5, inside the second word, whose visual frames all lie before it."""
    small(
        tmp_path,
        visual=[[0.2, 0.6, 5], [1.0, 1.4, 6], [2.1, 2.5, 7]],
        acoustic=[[0, 1, 1], [1, 2, 2], [2, 3, 3]],
        segments=[(0, 1.5), (1.5, 3)],
        words=[(0, 1, "a"), (1, 2, "b"), (2, 3, "c")],
    )
    report = run(tmp_path, mode="mmsdk")
    first, second = load(tmp_path).values()
    assert first["words"].tolist() == ["a", "b"]
    assert second["words"].tolist() == ["b", "c"]
    assert first["visual"].tolist() == [[5], [6]]
    assert second["visual"].tolist() == [[0], [7]]
    assert second["acoustic"].tolist() == [[2], [3]]
    np.testing.assert_array_equal(second["intervals"], [[1.5, 2], [2, 3]])
    assert report.out_of_step == 1
    assert "taken as stored" in report.notes[1]


def test_mmsdk_mode_has_no_row_for_a_word_that_no_modality_has(tmp_path):
    small(
        tmp_path,
        visual=[[1.0, 1.4, 6], [2.1, 2.5, 7]],
        acoustic=[[1.0, 1.2, 2], [2, 3, 3]],
        segments=[(1.5, 3), (1.6, 1.9)],
        words=[(1, 2, "b"), (2, 3, "c")],
    )
    report = run(tmp_path, mode="mmsdk")
    (only,) = load(tmp_path).values()
    assert only["words"].tolist() == ["c"]
    assert (only["visual"].tolist(), only["acoustic"].tolist()) == ([[7]], [[3]])
    assert [(each.id, each.reason) for each in report.dropped] == [("v[1]", "no words")]
    assert report.out_of_step == 0


@pytest.mark.parametrize(
    ("pauses", "texts", "visual"),
    [
        ("drop", ["a", "b"], [1, 3]),
        ("keep", ["a", "sp", "b"], [1, 2, 3]),
        ("merge", ["a", "b"], [1.5, 3]),
    ],
)
def test_pauses(tmp_path, pauses, texts, visual):
    frames = [[0, 0.9, 1], [1.1, 2, 2], [2, 3, 3]]
    small(tmp_path, frames, frames, [(0, 3)], WORDS_WITH_A_PAUSE)
    run(tmp_path, pauses=pauses)
    (only,) = load(tmp_path).values()
    assert only["words"].tolist() == texts
    assert only["visual"][:, 0].tolist() == visual


@pytest.mark.parametrize("shift", ["0", "1"])
def test_word_shift_moves_vectors_with_their_words(tmp_path, shift):
    """Frames that stand in the words' own rows are the words' vectors."""
    vectors = [[0, 1, 10], [1, 2, 20], [2, 3, 30]]
    words = [(0, 1, "a"), (1, 2, "b"), (2, 3, "c")]
    small(tmp_path, vectors, [[0, 0.5, 1], [1, 1.5, 2], [2, 2.5, 3]], [(0, 3)], words)
    run(tmp_path, word_shift=shift)
    (only,) = load(tmp_path).values()
    rows = {"0": [(10, 1, "a"), (20, 2, "b"), (30, 3, "c")], "1": [(20, 1, "b"), (30, 2, "c")]}
    found = zip(only["visual"][:, 0], only["acoustic"][:, 0], only["words"], strict=True)
    assert list(found) == rows[shift]


@pytest.mark.parametrize("pauses", ["drop", "keep"])
def test_vectors_without_rows_for_silence_move_too(tmp_path, pauses):
    """Vectors 10, 20, 30 of a, b, c: they stay with their words, whatever the times."""
    vectors = [[1, 2, 10], [2, 3, 20], [3, 4, 30]]
    words = [(0, 1, "sp"), (1, 2, "a"), (2, 3, "b"), (3, 4, "c")]
    small(tmp_path, vectors, [[0, 4, 1]], [(0, 4)], words)
    run(tmp_path, word_shift="1", pauses=pauses)
    (only,) = load(tmp_path).values()
    found = zip(only["visual"][:, 0], only["words"], only["intervals"][:, 0], strict=True)
    assert list(found) == [(10, "a", 0), (20, "b", 1), (30, "c", 2)]


@pytest.mark.parametrize("mode", ["default", "mmsdk"])
def test_words_one_row_late_are_found_and_mended(tmp_path, mode):
    generator = np.random.default_rng(0)
    letters = generator.integers(1, 12, 700)
    times = np.concatenate([[0], np.cumsum(0.05 * letters + generator.uniform(0, 0.1, 700))])
    late = ["x", *("a" * count for count in letters[:-1])]  # each word a row after its time
    words = list(zip(times[:-1], times[1:], late, strict=True))
    frames = [[start, end, row] for row, (start, end, _) in enumerate(words)]
    small(tmp_path, [[0, 1, 0], [1, 2, 0]], frames[:-1], [(0, times[-1])], words)
    report = run(tmp_path, mode=mode)
    (only,) = load(tmp_path).values()
    assert ("sits one row late" in report.notes[1]) == (mode == "default")
    assert len(only["words"][4]) == letters[4 if mode == "default" else 3]
    assert only["acoustic"][4] == 4


def test_frames_that_are_not_finite(tmp_path):
    frames = [[0, 0.5, 1], [0.5, 1, "nan"], [2, 3, ""]]
    small(tmp_path, frames, [[0, 1, 1]], [(0, 3)], WORDS_WITH_A_PAUSE)
    report = run(tmp_path)
    (only,) = load(tmp_path).values()
    assert only["visual"].tolist() == [[1], [0]]
    assert report.modalities["visual"].not_finite == 2
    assert "2 with NaN or infinities left out" in report.lines()["visual"]
    report = run(tmp_path, out="sdk", mode="mmsdk")
    (only,) = load(tmp_path, "sdk").values()
    assert np.isnan(only["visual"]).all()
    assert "2 with NaN or infinities kept" in report.lines()["visual"]


@pytest.mark.parametrize(
    ("kind", "labels", "task"),
    [
        ("classification", [0, 2], {"columns": ["label"], "num_classes": 3}),
        ("multilabel", [0, 1], {"columns": ["label"]}),
    ],
)
def test_kinds_of_labels(tmp_path, kind, labels, task):
    frames = [[0, 1, 1], [1, 3, 2]]
    small(tmp_path, frames, frames, [], WORDS_WITH_A_PAUSE)
    rows = [["v", 2 * row, 2 * row + 1, label, "test"] for row, label in enumerate(labels)]
    write_csv(tmp_path / "segments.csv", ["video", "start", "end", "label", "split"], rows)
    run(tmp_path, kind=kind)
    examples = load(tmp_path).values()
    assert [each["label"] for each in examples] == labels
    assert all(each["label"].dtype == np.int64 for each in examples)
    facts = tomllib.loads((tmp_path / "out" / "data.toml").read_text())
    assert facts["task"] == {"kind": kind, **task}
