"""From TextGrids, CSVs and labelled segments to the folder of a data set."""

import csv
import json
import shutil
import tomllib

import numpy as np
import pytest

from rmfn_tf.datasets.custom import writing
from rmfn_tf.datasets.custom.source import DataDescription, OwnData
from rmfn_tf.datasets.custom.writing import draw_splits
from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.recordings import align_folder as module
from rmfn_tf.datasets.recordings.align_folder import Recordings, align_folder
from rmfn_tf.datasets.source import SourceError
from support.own_recordings import (
    FEATURES,
    SMILE_HEADER,
    make_recordings,
    write_csv,
    write_textgrid,
)

EPSILON = 1e-5
WORDS_WITH_A_PAUSE = [(0, 1, "a"), (2, 3, "b")]


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    """A process of its own for each alignment would take most of the time."""
    monkeypatch.setattr(module, "guarded", lambda read, *args, **_: read(*args, lambda *what: None))


def run(folder, out="out", name=None, on_progress=None, **options):
    """Aligns what `make_recordings` wrote."""
    frames = {"visual": folder / "openface", "acoustic": folder / "smile"}
    frames = options.pop("frames", frames)
    recordings = Recordings(folder / "words", frames, folder / "segments.csv", **options)
    return align_folder(recordings, folder / out, name=name, on_progress=on_progress)


def load(folder, out="out"):
    """id -> split, features and all else of a sample, as the data set `custom` reads it."""
    source = OwnData(DataDescription.read(folder / out / "data.toml"))
    read = source.read(source.find(folder / out), lambda *_: None)
    return {each.id: {**vars(each), **each.features, "split": split} for split, each in read}


def shared(first, second):
    """Seconds that two intervals have in common."""
    return min(first[1], second[1]) - max(first[0], second[0])


def expected_examples(recordings):
    """The same, by plain loops over words and frames."""
    examples = {}
    for video, made in recordings.items():
        visual = [
            ((float(row[2]), float(row[2]) + 0.04), row[5:])
            for row in made["openface"]
            if row[4] == 1
        ]
        acoustic = [((row[1], row[1] + 0.0101), row[2:]) for row in made["smile"]]
        for number, (start, end, label) in enumerate(made["segments"]):
            words = [word for word in made["words"] if shared(word, (start, end)) > EPSILON]
            example = {"words": [word[2] for word in words], "label": label, "video_id": video}
            example["intervals"] = np.array([word[:2] for word in words])
            for name, frames, width in (
                ("visual", visual, len(FEATURES)),
                ("acoustic", acoustic, 2),
            ):
                rows = []
                for word in words:
                    inside = [values for times, values in frames if shared(times, word) > EPSILON]
                    rows.append(np.mean(inside, axis=0) if inside else np.zeros(width))
                example[name] = np.array(rows)
            if words:
                examples[f"{video}[{number}]"] = example
    return examples


def check(found, expected):
    """Whether `load` and `expected_examples` gave the same."""
    assert list(found) == list(expected)
    for name, example in expected.items():
        for key in ("words", "label", "video_id"):
            assert found[name][key] == example[key]
        for key in ("intervals", "visual", "acoustic"):
            np.testing.assert_allclose(found[name][key], example[key], rtol=1e-5, atol=1e-6)


def write_splits(folder, splits):
    with (folder / "segments.csv").open(newline="") as file:
        rows = [[*row, splits[row[0]]] for row in list(csv.reader(file))[1:]]
    write_csv(folder / "segments.csv", ["video", "start", "end", "sentiment", "split"], rows)


def small(folder, visual, acoustic, segments, words):
    """One video, by hand: rows (start, end, value)."""
    write_textgrid(folder / "words" / "v.TextGrid", {"words": words})
    write_csv(folder / "openface" / "v.csv", ["start", "end", "x"], visual)
    write_csv(folder / "smile" / "v.csv", ["start", "end", "y"], acoustic)
    rows = [["v", *each, 1, "train"] for each in segments]
    write_csv(folder / "segments.csv", ["video", "start", "end", "label", "split"], rows)


def test_the_numbers_are_those_of_plain_loops(tmp_path):
    recordings = make_recordings(tmp_path)
    for folder, name in (("words", "one.TextGrid"), ("openface", "two.csv")):
        (tmp_path / folder / "anna").mkdir()
        shutil.move(tmp_path / folder / name, tmp_path / folder / "anna" / name)
    report = run(tmp_path, name="mine", split_seed=3)
    expected = expected_examples(recordings)
    found = load(tmp_path)
    check(found, expected)
    drawn = draw_splits(recordings, 3)
    assert drawn != draw_splits(recordings, 0)
    assert all(each["split"] == drawn[each["video_id"]] for each in found.values())
    assert sum(report["segments"].values()) == len(expected)
    assert report["words"] == sum(len(each["words"]) for each in expected.values())
    assert [each["reason"] for each in report["dropped"]] == ["no words"] * (12 - len(expected))
    failed = sum(row[4] == 0 for made in recordings.values() for row in made["openface"])
    assert report["modalities"]["visual"]["failed"] == failed > 0
    rows = sum(len(made["openface"]) for made in recordings.values())
    assert report["modalities"]["visual"]["frames"] == rows - failed
    assert report["modalities"]["acoustic"]["left_out"] == ["name"]
    assert json.loads(json.dumps(report)) == report
    assert report["task"]["columns"] == ["sentiment"]
    assert report["modalities"]["visual"]["columns"] == ["au01_r", "au02_r", "gaze_0_x"]
    facts = tomllib.loads((tmp_path / "out" / "data.toml").read_text(encoding="utf-8"))
    assert facts.pop("description")
    assert facts == {
        "name": "mine",
        "modalities": ["visual", "acoustic"],
        "task": {"kind": "regression", "columns": ["sentiment"]},
    }


def test_files_are_written_while_videos_are_read(tmp_path, monkeypatch):
    """So that few examples are in memory at once; many files hold the same as one."""
    recordings = make_recordings(tmp_path)
    files = []

    def count(*progress):
        if len(progress) == 2:
            files.append(len(list(tmp_path.glob(".partial-out/out/*.npz"))))

    monkeypatch.setattr(module, "guarded", lambda read, *args, **_: read(*args, count))
    monkeypatch.setattr(writing, "PART_BYTES", 100)
    run(tmp_path)
    assert 0 < files[0] < files[1] < files[2] < files[3]
    check(load(tmp_path), expected_examples(recordings))


def test_one_file_with_a_column_video_holds_the_same_as_a_file_each(tmp_path):
    recordings = make_recordings(tmp_path)
    words = [[v, *word] for v, made in recordings.items() for word in made["words"]]
    smile = [[v, *row] for v, made in recordings.items() for row in made["smile"]]
    order = np.random.default_rng(0).permutation(len(smile) // 50)  # blocks of rows, mixed up
    smile = [row for block in order for row in smile[block * 50 : block * 50 + 50]] + smile[
        len(order) * 50 :
    ]
    write_csv(tmp_path / "words.csv", ["Video", "start", "end", "word"], words)
    write_csv(tmp_path / "smile.csv", ["video", *SMILE_HEADER], smile)
    frames = {"visual": tmp_path / "openface", "acoustic": tmp_path / "smile.csv"}
    tables = Recordings(tmp_path / "words.csv", frames, tmp_path / "segments.csv")
    align_folder(tables, tmp_path / "out")
    check(load(tmp_path), expected_examples(recordings))


def test_missing_files_and_splits_of_the_column(tmp_path):
    recordings = make_recordings(tmp_path)
    (tmp_path / "words" / "two.TextGrid").unlink()
    (tmp_path / "openface" / "one.csv").unlink()
    write_csv(tmp_path / "smile" / "three.csv", SMILE_HEADER, [])
    recordings["one"]["openface"] = recordings["three"]["smile"] = []
    del recordings["two"]
    splits = {"one": "test", "two": "train", "three": "train", "four": "test"}
    write_splits(tmp_path, splits)
    report = run(tmp_path)
    check(load(tmp_path), expected_examples(recordings))
    assert [each["reason"] for each in report["dropped"]].count("no words file") == 3
    assert report["modalities"]["visual"]["videos_without"] == 1
    assert report["modalities"]["acoustic"]["videos_without"] == 1
    assert all(each["split"] == splits[each["video_id"]] for each in load(tmp_path).values())
    assert report["notes"][0] == "Splits: from the column split."
    assert "No example in validation." in report["notes"]


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
    assert (first["words"], second["words"]) == (["a", "b"], ["b", "c"])
    assert first["visual"].tolist() == [[5], [6]]
    assert second["visual"].tolist() == [[0], [7]]
    assert second["acoustic"].tolist() == [[2], [3]]
    np.testing.assert_array_equal(second["intervals"], [[1.5, 2], [2, 3]])
    assert "too few words to tell" in report["notes"][1]
    assert report["notes"][-3].startswith("1 segments in which a modality lacks words")


def test_pauses(tmp_path):
    frames = [[0, 0.9, 1], [1.1, 2, 2], [2, 3, 3]]
    small(tmp_path, frames, frames, [(0, 3)], WORDS_WITH_A_PAUSE)
    run(tmp_path, pauses="merge")
    (only,) = load(tmp_path).values()
    assert only["words"] == ["a", "b"]
    assert only["visual"][:, 0].tolist() == [1.5, 3]


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
    assert ("Mended" in report["notes"][1]) == (mode == "default")
    assert len(only["words"][4]) == letters[4 if mode == "default" else 3]
    assert only["acoustic"][4] == 4


def test_frames_that_are_not_finite(tmp_path):
    frames = [[0, 0.5, 1], [0.5, 1, "nan"], [2, 3, ""]]
    small(tmp_path, frames, [[0, 1, 1]], [(0, 3)], WORDS_WITH_A_PAUSE)
    report = run(tmp_path)
    (only,) = load(tmp_path).values()
    assert only["visual"].tolist() == [[1], [0]]
    assert report["modalities"]["visual"]["not_finite"] == 2
    report = run(tmp_path, out="sdk", mode="mmsdk")
    (only,) = load(tmp_path, "sdk").values()
    assert np.isnan(only["visual"]).all()


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
    assert [each["label"] for each in load(tmp_path).values()] == labels
    facts = tomllib.loads((tmp_path / "out" / "data.toml").read_text())
    assert facts["task"] == {"kind": kind, **task}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mode": "sdk"}, "unknown mode 'sdk'"),
        ({"word_shift": "2"}, "unknown word_shift '2'"),
        ({"kind": "ordinal"}, "unknown kind of task 'ordinal'"),
        ({"name": "1st"}, "name must begin with a letter"),
        ({"frames": {}}, "one modality at least"),
        ({"frames": {"words": "openface"}}, "'words': that name has a meaning"),
        ({"columns": {"visua": ["AU*"]}}, "with columns 'visua'. Did you mean 'visual'"),
        ({"kind": "classification"}, r"'sentiment' is 0.5 for 'one\[0\]'.* classes 0, 1, 2, ..."),
        ({"kind": "multilabel"}, "'sentiment' is 0.5 for .* 0 or 1"),
        ({"tier": "phones"}, "no such tier"),
    ],
)
def test_wrong_arguments_leave_nothing(tmp_path, options, message):
    make_recordings(tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=message):
        run(tmp_path, **options)
    assert sorted(tmp_path.iterdir()) == before


def two_words_files(folder):
    write_csv(folder / "words" / "two.csv", ["start", "end", "word"], [[0, 1, "a"]])


def no_words_files(folder):
    shutil.rmtree(folder / "words")
    (folder / "words").mkdir()
    (folder / "words" / "notes.txt").write_text("another file")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (two_words_files, r"2 files of the video 'two': two\.TextGrid, two\.csv"),
        (no_words_files, r"no words \(\.textgrid, \.csv, \.tsv\) of any"),
    ],
)
def test_wrong_files(tmp_path, spoil, message):
    make_recordings(tmp_path)
    spoil(tmp_path)
    with pytest.raises(SourceError, match=message):
        run(tmp_path)


def test_one_class(tmp_path):
    small(tmp_path, [[0, 1, 1]], [[0, 1, 1]], [(0, 3)], WORDS_WITH_A_PAUSE)
    write_csv(tmp_path / "segments.csv", ["video", "start", "end", "y"], [["v", 0, 3, 0]])
    with pytest.raises(SourceError, match=r"segments\.csv: all labels are class 0. A classif"):
        run(tmp_path, kind="classification")


def test_an_error_in_the_last_video_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "guarded", guarded)
    make_recordings(tmp_path)
    (tmp_path / "smile" / "four.csv").write_text("name;frameTime;F0;loudness\na;0;1;2\na;x;1;2\n")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SourceError, match=r"four\.csv, line 3: column 'frametime': 'x'"):
        run(tmp_path)
    assert sorted(tmp_path.iterdir()) == before


def test_an_interruption_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "guarded", guarded)
    recordings = make_recordings(tmp_path)
    before = sorted(tmp_path.iterdir())

    def interrupt(done, total):
        assert total == 4
        assert list(tmp_path.glob(".partial-out"))
        assert not (tmp_path / "out").exists()
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, on_progress=interrupt)
    assert sorted(tmp_path.iterdir()) == before
    run(tmp_path)
    assert sorted(tmp_path.iterdir()) == [*before[:1], tmp_path / "out", *before[1:]]
    check(load(tmp_path), expected_examples(recordings))


def test_frames_in_another_unit_than_the_words(tmp_path):
    """Frame numbers."""
    small(tmp_path, [[0, 1, 1]], [[0, 1, 1]], [(0, 3)], WORDS_WITH_A_PAUSE)
    write_csv(tmp_path / "smile" / "v.csv", ["time", "y"], [[each, each] for each in range(75)])
    with pytest.raises(SourceError, match=r"v\.csv: .* in seconds.* look.* like milliseconds"):
        run(tmp_path)


def test_no_segment_with_words(tmp_path):
    small(tmp_path, [[0, 1, 1]], [[0, 1, 1]], [(3000, 4000), (7, 7)], WORDS_WITH_A_PAUSE)
    with pytest.raises(SourceError, match=r"none of the 2 segments has words \(.*timed in seconds"):
        run(tmp_path)
    assert not (tmp_path / "out").exists()
