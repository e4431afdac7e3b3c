"""CMU-MOSI from computational sequences, against plain loops over all words and frames."""

import dataclasses

import numpy as np
import pytest

from rmfn_tf.datasets.cmu_mosi.cmu_mosi_dataset_builder import Builder, compare_folds
from rmfn_tf.datasets.cmu_mosi.csd_source import PUBLISHED_FOLDS, CsdSource
from rmfn_tf.datasets.source import MissingFiles, Reading, SourceError
from support.mosi_csds import SEGMENTS, SPLITS, WIDTHS, make_csds, write_csds

RAW, SELECTED, LAST = (
    Builder.builder_configs[name].source for name in ("csd_raw", "csd_selected", "csd_selected_20")
)
EPSILON = 1e-5
TRAIN = "03bSnISJMiM"


def read(folder, copy, source=RAW):
    write_csds(folder, copy)
    return read_again(source, source.find(folder))


def read_again(source, files, report=lambda *what: None):
    return Reading.of(source.read(files, report), files)


def overlap(first, second):
    return min(first[1], second[1]) - max(first[0], second[0]) > EPSILON


def expect(copy, video, row):
    """The words of one label row and the mean of the frames in each, one by one."""
    words = copy["words"][video][1].tolist()
    segment = copy["labels"][video][1][row].tolist()
    inside = [index for index, word in enumerate(words) if overlap(word, segment)]
    features = {"language": [copy["language"][video][0][index] for index in inside]}
    for part in ("acoustic", "visual"):
        rows, times = copy[part][video]
        means = []
        for index in inside:
            frames = [
                rows[i] for i, time in enumerate(times.tolist()) if overlap(time, words[index])
            ]
            means.append(np.mean(frames, axis=0) if frames else np.zeros(rows.shape[1]))
        features[part] = means
    return inside, features


def test_all_of_it(tmp_path):
    copy = make_csds()
    reading = read(tmp_path, copy)
    assert list(reading.splits) == ["train", "validation", "test"]
    empty = 0
    for video, split in SPLITS.items():
        samples = reading.splits[split]
        assert [sample.id for sample in samples] == [
            f"{video}[{i}]" for i in range(SEGMENTS[video])
        ]
        for row, sample in enumerate(samples):
            inside, features = expect(copy, video, row)
            assert sample.video_id == video
            assert sample.label == copy["labels"][video][0][row, 0]
            assert sample.words == [copy["words"][video][0][i, 0].decode() for i in inside]
            for name, rows in features.items():
                assert sample.features[name].dtype == np.float32
                np.testing.assert_allclose(sample.features[name], rows, rtol=1e-5, atol=1e-6)
            np.testing.assert_array_equal(sample.intervals, copy["words"][video][1][inside])
            empty += sum(not np.any(row) for row in features["visual"])
    assert empty > 0  # the gaps of the face were met
    assert not reading.dropped


def test_the_papers_choice_of_features(tmp_path):
    copy = make_csds()
    everything, chosen = read(tmp_path, copy), read_again(SELECTED, SELECTED.find(tmp_path))
    facet = [0, 2, 5, 10, 11, 12, 14, 17, 20, 21, 22, 24, 25, 29, 30, 31, 32, 36, 37, 40]
    columns = {"language": range(300), "acoustic": [1, 3, 6, 25, 60], "visual": facet}
    assert SELECTED.widths == {"language": 300, "acoustic": 5, "visual": 20}
    for split, samples in everything.splits.items():
        for sample, selected in zip(samples, chosen.splits[split], strict=True):
            for name, numbers in columns.items():
                np.testing.assert_array_equal(
                    sample.features[name][:, list(numbers)], selected.features[name]
                )


def test_the_last_words(tmp_path):
    source = dataclasses.replace(LAST, last=3)
    assert LAST.last == 20
    copy = make_csds()
    everything, ends = read(tmp_path, copy, SELECTED), read_again(source, source.find(tmp_path))
    lengths = set()
    for split, samples in everything.splits.items():
        for sample, end in zip(samples, ends.splits[split], strict=True):
            lengths.add(sample.num_steps)
            assert end.words == sample.words[-3:]
            np.testing.assert_array_equal(end.intervals, sample.intervals[-3:])
            for name, rows in sample.features.items():
                np.testing.assert_array_equal(end.features[name], rows[-3:])
    assert max(lengths) > 3


def test_what_is_left_out_is_said(tmp_path):
    copy = make_csds()
    copy["labels"]["not-a-published-id"] = np.ones((2, 1)), np.array([[0, 1], [1, 2.0]])
    _, times = copy["labels"][TRAIN]
    times[1, 1] = times[1, 0]
    times[3] = [1000, 1001]
    del copy["visual"]["c7UH_rxdZv4"]
    copy["acoustic"][TRAIN][0][7, 3] = np.nan
    copy["acoustic"][TRAIN][0][9, 60] = np.inf
    copy["acoustic"][TRAIN][1][20] = copy["acoustic"][TRAIN][1][20, ::-1]
    copy["words"][TRAIN][1][2] = 0.5
    reading = read(tmp_path, copy)
    assert [(each.id, each.split, each.reason) for each in reading.dropped] == [
        (f"{TRAIN}[1]", "train", "zero length"),
        (f"{TRAIN}[3]", "train", "no words"),
        ("not-a-published-id[0]", "", "in none of the published folds"),
        ("not-a-published-id[1]", "", "in none of the published folds"),
    ]
    assert [sample.id for sample in reading.splits["train"]] == [f"{TRAIN}[0]", f"{TRAIN}[2]"]
    assert not any(sample.present["visual"] for sample in reading.splits["test"])
    assert all(sample.present["acoustic"] for sample in reading.splits["test"])
    said = " ".join(reading.notes)
    for expected in (
        "1 videos are not in CMU_MOSI_Visual_Facet_41.csd: visual is zeros there.",
        "2 rows of acoustic hold NaN or infinities: left out.",
        "1 rows end before they start",
        "1 words have no length",
        "90 of the 93 published videos have no labels here",
    ):
        assert expected in said


def test_a_modality_without_a_file_is_absent(tmp_path):
    copy = make_csds()
    del copy["acoustic"]
    reading = read(tmp_path, copy)
    assert not any(s.present["acoustic"] for split in reading.splits.values() for s in split)
    assert reading.splits["train"][0].features["acoustic"].shape[1] == 74
    assert "acoustic: no file (CMU_MOSI_COVAREP.csd)" in " ".join(reading.notes)


def test_vectors_alone_give_the_times(tmp_path):
    copy = make_csds()
    whole = read(tmp_path / "whole", copy)
    del copy["words"]
    reading = read(tmp_path / "vectors", copy)
    for split, samples in reading.splits.items():
        for sample, other in zip(samples, whole.splits[split], strict=True):
            assert sample.words is None
            for name, rows in other.features.items():
                np.testing.assert_array_equal(sample.features[name], rows)
    assert "cannot be seen without CMU_MOSI_TimestampedWords.csd" in reading.notes[0]


def test_a_video_without_word_times(tmp_path):
    copy = make_csds()
    del copy["words"][TRAIN], copy["language"][TRAIN]
    reading = read(tmp_path, copy)
    assert "train" not in reading.splits
    assert {each.reason for each in reading.dropped} == {"no word times"}
    assert len(reading.dropped) == SEGMENTS[TRAIN]


def test_vectors_with_other_times_are_averaged(tmp_path):
    """As frames: a word takes the mean of the vectors in it."""
    copy = make_csds()
    vectors, times = copy["language"][TRAIN]
    middle = times.mean(axis=1)
    halves = np.concatenate(
        [np.stack([times[:, 0], middle], 1), np.stack([middle, times[:, 1]], 1)]
    )
    copy["language"][TRAIN] = np.concatenate([vectors + 1, vectors - 1]), halves
    reading = read(tmp_path, copy)
    for row, sample in enumerate(reading.splits["train"]):
        inside, _ = expect(copy | {"language": {TRAIN: (vectors, times)}}, TRAIN, row)
        np.testing.assert_allclose(sample.features["language"], vectors[inside], atol=1e-5)
    assert "1 videos have word vectors of other times" in " ".join(reading.notes)


def make_late(late, dtype):
    """600 words that take a hundredth of a second a letter, as stored one row late or in place.

    Vectors whose times are rounded to float32 have other times than the words.
    """
    rng = np.random.default_rng(0)
    letters = rng.integers(1, 12, 600)
    texts = np.array([b"x" * count for count in letters])[:, None]
    bounds = np.cumsum([0, *np.roll(letters, -1 if late else 0) / 100])
    times = np.stack([bounds[:-1], bounds[1:]], axis=1)
    copy = make_csds({TRAIN: 2})
    copy["words"][TRAIN] = texts, times
    copy["language"][TRAIN] = (
        np.repeat(letters[:, None], 300, axis=1).astype("f4"),
        times.astype(dtype),
    )
    copy["labels"][TRAIN] = np.ones((1, 1), "f4"), np.array([[0, bounds[-1]]], "f4")
    return copy, texts[:, 0]


@pytest.mark.parametrize("dtype", ["f8", "f4"])
@pytest.mark.parametrize(
    ("late", "options", "moved", "said"),
    [
        (True, {}, True, "every word sits one row late"),
        (True, {"word_shift": "auto", "mode": "mmsdk"}, True, "Mended"),
        (True, {"mode": "mmsdk"}, False, "Not mended (--word-shift auto mends it)"),
        (True, {"word_shift": "0"}, False, "Word times: taken as stored."),
        (False, {}, False, "in place"),
        (False, {"word_shift": "1"}, True, "Word times: moved by one row."),
    ],
)
def test_words_that_sit_one_row_late(tmp_path, late, options, moved, said, dtype):
    copy, texts = make_late(late, dtype)
    reading = read(tmp_path, copy, RAW.with_options(options))
    (sample,) = reading.splits["train"]
    spoken = [text.decode() for text in (texts[1:] if moved else texts)]
    assert sample.words == spoken
    # Words and their vectors move together; the times stay.
    assert sample.features["language"][:, 0].tolist() == [len(word) for word in spoken]
    np.testing.assert_allclose(sample.intervals[0], copy["words"][TRAIN][1][0], atol=1e-6)
    assert said in " ".join(reading.notes)
    assert ("other times" in " ".join(reading.notes)) == (dtype == "f4")


def test_mmsdk_puts_zeros_where_a_modality_is_out_of_step(tmp_path):
    """A word across an edge, whose only face frame lies on the other side."""
    words = np.array([[0, 1], [1, 3], [3, 4.0]])
    copy = make_csds({TRAIN: 1})
    del copy["acoustic"]
    copy["words"][TRAIN] = np.array([[b"a"], [b"b"], [b"c"]]), words
    copy["language"][TRAIN] = np.ones((3, 300), "f4"), words
    copy["visual"][TRAIN] = (
        np.arange(1, 4)[:, None] * np.ones((1, 47), "f4"),
        np.array([[0.2, 0.4], [2.5, 2.7], [3.2, 3.4]]),
    )
    copy["labels"][TRAIN] = np.ones((2, 1), "f4"), np.array([[0, 2], [2, 4.0]])
    seen = {}
    for mode in ("default", "mmsdk"):
        reading = read(tmp_path, copy, dataclasses.replace(RAW, mode=mode))
        first, second = reading.splits["train"]
        assert (first.words, second.words) == (["a", "b"], ["b", "c"])
        assert second.features["visual"][:, 0].tolist() == [2, 3]
        seen[mode] = first.features["visual"][:, 0].tolist()
    assert seen == {"default": [1, 2], "mmsdk": [1, 0]}
    assert "1 segments in which a modality lacks words" in " ".join(reading.notes)


@pytest.mark.parametrize("pauses", ["drop", "merge"])
def test_pauses(tmp_path, pauses):
    reading = read(tmp_path, make_csds(), RAW.with_options({"pauses": pauses}))
    words = [word for sample in reading.splits["train"] for word in sample.words]
    assert words
    assert "sp" not in words


def test_pauses_cannot_be_told_without_words(tmp_path):
    copy = make_csds()
    source = RAW.with_options({"pauses": "drop"})
    del copy["words"][TRAIN]
    reading = read(tmp_path / "one", copy, source)
    assert {each.reason for each in reading.dropped} == {"no words to tell pauses by"}
    assert "train" not in reading.splits
    assert reading.splits["test"]
    del copy["words"]
    with pytest.raises(SourceError, match=r"cannot be told without CMU_MOSI_TimestampedWords\.csd"):
        read(tmp_path / "none", copy, source)


@pytest.mark.parametrize(
    ("part", "change", "complaint"),
    [
        ("visual", lambda rows: rows[:, :46], "not 47 features a row"),
        ("acoustic", lambda rows: rows[:, :5], "not 74 features a row"),
        ("language", lambda rows: rows[:, 0], "not 300 features a row"),
        ("language", lambda rows: np.full((len(rows), 1), b"x"), "text of shape"),
        ("words", lambda rows: np.ones((len(rows), 1)), "not one word a row"),
        ("words", lambda rows: np.repeat(rows, 2, axis=1), "not one word a row"),
        ("labels", lambda rows: np.repeat(rows, 7, axis=1), "not one score a row"),
        ("labels", lambda rows: rows * np.nan, "labels that are not finite"),
    ],
)
def test_another_file_than_its_name_says(tmp_path, part, change, complaint):
    copy = make_csds()
    rows, times = copy[part][TRAIN]
    copy[part][TRAIN] = change(rows), times
    with pytest.raises(SourceError, match=complaint) as caught:
        read(tmp_path, copy)
    assert TRAIN in str(caught.value)
    assert ".csd" in str(caught.value)


def test_files_by_their_other_names(tmp_path):
    write_csds(tmp_path, make_csds())
    renamed = {
        "CMU_MOSI_Visual_Facet_41.csd": "CMU_MOSI_VisualFacet_4.1.csd",
        "CMU_MOSI_TimestampedWords.csd": "CMU_MOSI_ModifiedTimestampedWords.csd",
        "CMU_MOSI_TimestampedWordVectors.csd": "glove_vectors.csd",
        "CMU_MOSI_Opinion_Labels.csd": "Opinion Segment Labels.csd",
    }
    for old, new in renamed.items():
        (tmp_path / old).rename(tmp_path / new)
    files = RAW.find(tmp_path)
    assert sorted(files) == sorted([*renamed.values(), "CMU_MOSI_COVAREP.csd"])
    assert len(read_again(RAW, files).splits["train"]) == SEGMENTS[TRAIN]
    (tmp_path / "CMU_MOSI_TimestampedWords.csd").touch()
    with pytest.raises(SourceError, match=r"ModifiedTimestampedWords\.csd and .*both the words"):
        RAW.find(tmp_path)


@pytest.mark.parametrize(
    ("there", "lacks", "readable"),
    [
        (["labels", "words"], "features of any modality", True),
        (["labels", "visual"], "lacks word times", False),
        (["words", "visual"], "lacks CMU_MOSI_Opinion_Labels.csd", False),
        ([], "must hold CMU_MOSI_Opinion_Labels.csd", False),
    ],
)
def test_what_is_missing(tmp_path, there, lacks, readable):
    copy = make_csds()
    write_csds(tmp_path, {part: copy[part] for part in there})
    with pytest.raises(MissingFiles, match=lacks) as caught:
        RAW.find(tmp_path)
    assert len(caught.value.readable) == (len(there) if readable else 0)
    if readable:
        reading = read_again(RAW, caught.value.readable)
        assert {split: len(rows) for split, rows in reading.splits.items()} == {
            split: SEGMENTS[video] for video, split in SPLITS.items()
        }


def test_progress_is_told_file_by_file_and_video_by_video(tmp_path):
    told = []
    write_csds(tmp_path, make_csds())
    files = RAW.find(tmp_path)
    reading = RAW.read(files, lambda *what: told.append(what))
    first = next(item for item in reading if not isinstance(item, str))
    assert first[1].id == f"{TRAIN}[0]"
    assert (1, 3) not in told  # a sample comes before the next video is read
    list(reading)
    for path in files.values():
        assert told.count((path,)) >= 1 + 3  # as it is opened, and for each video
    assert [what for what in told if len(what) == 2] == [(1, 3), (2, 3), (3, 3)]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"mod": "mmsdk"}, "unknown option 'mod'. Did you mean 'mode'?"),
        ({"mode": "sdk"}, "unknown mode 'sdk'"),
        ({"word_shift": "2"}, "unknown word_shift '2'"),
    ],
)
def test_options(options, complaint):
    with pytest.raises(ValueError, match=complaint):
        RAW.with_options(options)
    assert RAW.changed_options() == {}
    assert RAW.with_options({"mode": "mmsdk", "pauses": "keep"}).changed_options() == {
        "mode": "mmsdk"
    }


def test_the_published_folds(real_data):
    """The ids of the real labels, sorted case-sensitively and cut after 52 and 62."""
    files = {path.name: path for path in (real_data / "csd").iterdir()}
    reading = read_again(CsdSource(WIDTHS), files)
    videos = sorted({each.video_id for split in reading.splits.values() for each in split})
    expected = [*["train"] * 52, *["validation"] * 10, *["test"] * 31]
    assert dict(zip(videos, expected, strict=True)) == PUBLISHED_FOLDS
    rows = {split: len(samples) for split, samples in reading.splits.items()}
    assert rows == {"train": 1283, "validation": 229, "test": 686}
    assert [(each.id, each.reason) for each in reading.dropped] == [
        ("2WGyTLYerpo[43]", "zero length")
    ]
    assert "every word sits one row late" in reading.notes[0]
    assert compare_folds(reading.splits) == [
        "All 93 videos with a published id stand in the published folds."
    ]
    moved = {"test": [*reading.splits["validation"], *reading.splits["test"]]}
    (said,) = compare_folds(moved)
    assert said.startswith("10 of 41 videos with a published id stand in another split")
    assert (
        compare_folds({"train": [dataclasses.replace(reading.splits["test"][0], video_id="v")]})
        == []
    )
