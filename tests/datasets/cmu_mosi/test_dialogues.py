"""CMU-MOSI as dialogues: utterances in their order, the splits, the labels, and broken copies."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

import rmfn_tf.datasets
from rmfn_tf.data.loading import load_examples
from rmfn_tf.datasets.building import inspect
from rmfn_tf.datasets.cmu_mosi.cmu_mosi_dataset_builder import Builder
from rmfn_tf.datasets.cmu_mosi.csd_source import PUBLISHED_FOLDS
from rmfn_tf.datasets.cmu_mosi.dialogues import NAMES, TRAP
from rmfn_tf.datasets.registry import choose
from rmfn_tf.datasets.source import MissingFiles, Reading, SourceError
from support.dialogue_files import (
    FOLDERS,
    SCORES,
    TEST,
    TRAIN,
    make_scores,
    make_tables,
    positive,
    write_dialogues,
    write_scores,
)

CONFIGS = ("dialogue", "dialogue_clean_a", "dialogue_clean_b")
# The test videos by their ids, upper case first, in turn.
HALVES = {"dialogue_clean_a": ["Zz", "w", "y"], "dialogue_clean_b": ["v", "x_1"]}


def read(folder, config="dialogue"):
    source = Builder.make_config(config, folder, None).source
    files = source.find(folder)
    return Reading.of(source.read(files, lambda *_: None), files)


def ids(reading):
    return {split: [each.id for each in samples] for split, samples in reading.splits.items()}


def build(name, folder, data_dir):
    return rmfn_tf.datasets.build(f"cmu_mosi/{name}", manual_dir=folder, data_dir=data_dir)


@pytest.fixture
def folder(tmp_path):
    return write_dialogues(tmp_path / "copy")


@pytest.mark.parametrize("scored", [False, True])
def test_every_utterance_in_its_place(folder, scored):
    if scored:
        write_scores(folder)
    tables, scores = make_tables(), make_scores()
    names = [row[0] for row in tables["transcripts.csv"]]
    reading = read(folder)
    assert ids(reading) == {"train": sorted(TRAIN), "test": sorted(TEST)}
    for split, samples in reading.splits.items():
        rows = {names[row[0]]: place for place, row in enumerate(tables[f"text_{split}.csv"])}
        for sample in samples:
            count = {**TRAIN, **TEST}[sample.id]
            utterances = [f"{sample.id}_{k}" for k in range(1, count + 1)]
            assert sample.video_id == sample.id
            assert sample.words == [f"IT WAS, {name}" for name in utterances]
            assert list(sample.features) == list(FOLDERS)
            for modality, part in FOLDERS.items():
                table = tables[f"{part}/{part}_{split}0.csv"]
                expected = np.float32([table[rows[name]][:-1] for name in utterances])
                np.testing.assert_array_equal(sample.features[modality], expected, strict=True)
            if scored:
                np.testing.assert_array_equal(sample.label, scores[sample.id][0], strict=True)
                np.testing.assert_array_equal(sample.intervals, scores[sample.id][1], strict=True)
            else:
                expected = np.array([positive(name) for name in utterances])
                np.testing.assert_array_equal(sample.label, expected, strict=True)
                assert sample.intervals is None


@pytest.mark.parametrize("config", HALVES)
def test_a_half_of_the_test_videos_validates(folder, config):
    found = ids(read(folder, config))
    assert found["train"] == sorted(TRAIN)
    assert found["validation"] == HALVES[config]
    assert found["test"] == sorted(TEST.keys() - HALVES[config])


@pytest.mark.parametrize("config", CONFIGS)
def test_a_copy_without_some_test_videos(tmp_path, config):
    """The halves are those of a whole copy, and what is not there is listed."""
    whole = ids(read(write_dialogues(tmp_path / "whole"), config))
    part = read(write_dialogues(tmp_path / "part", make_tables(without=("v", "Zz"))), config)
    assert ids(part) == {
        split: [each for each in videos if each not in ("v", "Zz")]
        for split, videos in whole.items()
    }
    lost = {each.id: each.split for each in part.dropped}
    assert lost == {video: split for split in whole for video in whole[split] if video in lost}
    assert sorted(lost) == ["Zz", "v"]
    assert "5 of 34 utterances are not in this copy." in part.notes


def test_a_video_of_which_some_utterances_are_there_has_their_own_scores(tmp_path):
    tables = make_tables()
    place = [row[0] for row in tables["transcripts.csv"]].index("x_1_2")
    lost = [row[0] for row in tables["text_test.csv"]].index(place)
    for name in NAMES:
        if name.endswith(("test.csv", "test0.csv")):
            del tables[name][lost]
    write_scores(write_dialogues(tmp_path, tables))
    (sample,) = (each for each in read(tmp_path).splits["test"] if each.id == "x_1")
    expected = np.delete(make_scores()["x_1"][0], 1, axis=0)
    np.testing.assert_array_equal(sample.label, expected)


def test_what_is_told(folder):
    notes = read(folder, "dialogue_clean_a").notes
    assert notes[0] == "Every other of the 5 test videos in transcripts.csv validates."
    assert notes[-2:] == ["visual: 1 of 100 features never change in training.", TRAP]
    assert f"negative or positive; with {SCORES} beside" in notes[1]
    write_scores(folder)
    assert f"Labels: the scores of {SCORES}" in read(folder).notes[0]


def test_the_folder_decides_what_the_labels_are(folder, tmp_path):
    """And later the build does."""
    data_dir = tmp_path / "data"
    name = "cmu_mosi/dialogue"

    def check(kind, dtype):
        task = rmfn_tf.datasets.load_builder(name, data_dir).info.metadata["task"]
        assert (task["kind"], task["per_step"]) == (kind, True)
        builder = tfds.builder(name, data_dir=data_dir)
        assert builder.builder_config.task.kind == kind
        example = next(iter(builder.as_dataset(split="test").as_numpy_iterator()))
        assert example["label"].dtype == dtype
        assert len(example["label"]) == len(example["words"]) == TEST["Zz"]
        return task

    build("dialogue", folder, data_dir)
    task = check("classification", np.int64)
    assert task["class_names"] == ["negative", "positive"]
    assert inspect(name, data_dir)["splits"]["train"]["labelled_steps"] == sum(TRAIN.values())
    assert inspect(name, data_dir)["splits"]["train"]["published"] == 62
    write_scores(folder)
    build("dialogue", folder, data_dir)
    task = check("regression", np.float32)
    assert (task["metrics"], task["ranges"]) == ("sentiment", {"sentiment": [-3, 3]})
    scores = load_examples(rmfn_tf.datasets.load_builder(name, data_dir), "train").labels
    np.testing.assert_array_equal(scores[0], make_scores()["a_train"][0])


def test_tfds_alone_builds_the_binary_labels(folder, tmp_path):
    """It makes the builder before it sees the folder."""
    write_scores(folder)
    config = tfds.download.DownloadConfig(manual_dir=folder)
    how = {"download_and_prepare_kwargs": {"download_config": config}}
    data = tfds.load("cmu_mosi/dialogue", split="train", data_dir=tmp_path / "data", **how)
    assert next(iter(data.as_numpy_iterator()))["label"].dtype == np.int64


@pytest.mark.parametrize("inside", ["", "dataset", "data/mosi/raw"])
def test_a_clone_of_the_repository_is_searched(tmp_path, inside):
    write_dialogues(tmp_path / inside)
    write_scores(tmp_path)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "transcripts.csv").touch()
    choice = choose(None, tmp_path)
    assert choice.name == "cmu_mosi/dialogue"
    assert choice.fitting == {f"cmu_mosi/{name}": [] for name in CONFIGS}
    assert choice.builder(tmp_path / "data", tmp_path).source.find(tmp_path).keys() == {
        *NAMES,
        SCORES,
    }


def test_what_a_folder_lacks(tmp_path):
    write_dialogues(tmp_path)
    assert choose(None, tmp_path).fitting["cmu_mosi/dialogue"] == [SCORES]
    (tmp_path / "audio" / "audio_test0.csv").unlink()
    with pytest.raises(MissingFiles, match=r"lacks audio/audio_test0\.csv: it must hold transcrip"):
        choose(None, tmp_path)


def change(table, row, column, value):
    def mend(tables):
        tables[table][row][column] = value

    return mend


def cut(table, rows):
    return lambda tables: tables[table].__delitem__(slice(rows, None))


def repeat(tables):
    tables["text_train.csv"][3][0] = tables["text_train.csv"][1][0]


AUDIO = "audio/audio_train0.csv"


NOT_NEW = ", where a new <video>_<number>, labelled 0 or 1, belongs"
NO_ROW = "is no row of transcripts.csv "


@pytest.mark.parametrize(
    ("break_it", "file", "said"),
    [
        (change(AUDIO, 4, 2, "abc"), AUDIO, "not readable as CSV .*'abc'"),
        (change(AUDIO, 4, 2, ""), AUDIO, "row 5: cell 3 is not a finite number."),
        (change(AUDIO, 4, 2, "1e39"), AUDIO, "row 5: cell 3 is not a finite number."),
        (lambda t: t[AUDIO][0].pop(), AUDIO, "not readable as CSV .*line 2"),
        (lambda t: [row.pop() for row in t[AUDIO]], AUDIO, "row 1: 73 cells, where 74 belong."),
        (cut(AUDIO, 9), AUDIO, "row 9: the last row, but text_<split>.csv has 15."),
        (lambda t: t[AUDIO].clear(), AUDIO, "not readable as CSV"),
        (
            change("text_test.csv", 2, 0, 34),
            "text_test.csv",
            f"row 3: the first cell, 34, {NO_ROW}",
        ),
        (change("text_test.csv", 2, 0, 1.5), "text_test.csv", f"the first cell, 1.5, {NO_ROW}"),
        (repeat, "text_train.csv", r"row 4: the first cell, \d+, .* for the second time."),
        (cut("transcripts.csv", 9), "text_train.csv", f"{NO_ROW}.0 to 8."),
        (
            change("transcripts.csv", 3, 0, "a_train_03"),
            "transcripts.csv",
            f"row 9: 'a_train_3', labelled '1'{NOT_NEW}.",
        ),
        (
            change("transcripts.csv", 3, 0, "no\nnumber"),
            "transcripts.csv",
            rf"row 4: 'no\\nnumber', labelled '1'{NOT_NEW}.",
        ),
        (
            change("transcripts.csv", 3, 3, 2),
            "transcripts.csv",
            f"row 4: 'a_train_1', labelled '2'{NOT_NEW}.",
        ),
    ],
)
def test_broken_copies(tmp_path, break_it, file, said):
    tables = make_tables()
    break_it(tables)
    folder = write_dialogues(tmp_path / "copy", tables)
    with pytest.raises(SourceError, match=said) as caught:
        read(folder)
    assert str(caught.value).startswith(f"{folder / file}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("modality", FOLDERS.values())
@pytest.mark.parametrize("split", ["train", "test"])
def test_labels_that_disagree(tmp_path, modality, split):
    tables = make_tables()
    table, row = f"{modality}/{modality}_{split}0.csv", 2
    tables[table][row][-1] = 1 - tables[table][row][-1]
    name = tables["transcripts.csv"][tables[f"text_{split}.csv"][row][0]][0]
    said = f"row 3: the label of {name} is another one in transcripts.csv"
    with pytest.raises(SourceError, match=said):
        read(write_dialogues(tmp_path, tables))


def test_a_video_in_both_splits(tmp_path):
    tables = make_tables()
    names = [row[0] for row in tables["transcripts.csv"]]
    tables["text_test.csv"][1][0] = names.index("b_1")
    for folder in FOLDERS.values():
        tables[f"{folder}/{folder}_test0.csv"][1][-1] = 1
    with pytest.raises(SourceError, match=r"text_test\.csv.*: the id 'b' is there twice"):
        read(write_dialogues(tmp_path, tables))


def test_bytes_that_are_no_text(folder, tmp_path):
    (folder / AUDIO).write_bytes(b"\x00\xff\xfe" * 99)
    with pytest.raises(SourceError, match=r"audio_train0\.csv: not readable as CSV"):
        build("dialogue", folder, tmp_path / "data")
    assert not list((tmp_path / "data").glob("*/*"))


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda s: s["y"][0].__setitem__(1, 0.5), "the signs of 2 scores are not the labels of 2"),
        (lambda s: s["y"][0].__setitem__(0, -0.0), None),  # zero is positive, whatever its sign
        (lambda s: s["y"][0].__setitem__(1, np.nan), "labels that are not finite"),
        (
            lambda s: s.update(y=tuple(x[:1] for x in s["y"])),
            "1 scores are not the labels of 2 utterances in",
        ),
        (lambda s: s.pop("y"), "y"),
    ],
)
def test_scores_that_contradict(folder, break_it, said):
    scores = make_scores()
    break_it(scores)
    write_scores(folder, scores)
    if said is None:
        assert read(folder)
        return
    with pytest.raises(SourceError, match=said) as caught:
        read(folder)
    assert str(caught.value).startswith(f"{folder / SCORES}, key ")
    assert "/data/y" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.fixture(scope="module")
def real(real_data, tmp_path_factory):
    """The real copy, and one with the scores beside it."""
    scored = tmp_path_factory.mktemp("scored")
    (scored / "clone").symlink_to(real_data / "mosi_dialogue")
    (scored / SCORES).symlink_to(real_data / "csd" / SCORES)
    signs = {(config, "signs"): read(real_data / "mosi_dialogue", config) for config in CONFIGS}
    return {**signs, ("dialogue", "scores"): read(scored)}


def test_real_counts(real):
    """15 of the 31 test videos are there, or all of them."""
    for (config, _), reading in real.items():
        steps = {
            split: sum(each.num_steps for each in samples)
            for split, samples in reading.splits.items()
        }
        assert len(reading.splits["train"]) == 62
        assert steps.pop("train") == 1447
        assert sum(steps.values()) in (402, 752)
        missing = {752: 0, 402: 16}[sum(steps.values())]
        assert len(reading.dropped) == missing
        for split, count in {
            "dialogue": {"test": 31},
            "dialogue_clean_a": {"validation": 16, "test": 15},
            "dialogue_clean_b": {"validation": 15, "test": 16},
        }[config].items():
            lost = [each for each in reading.dropped if each.split == split]
            assert len(reading.splits[split]) + len(lost) == count
        assert "visual: 32 of 100 features never change in training." in reading.notes


def test_every_real_test_video_is_judged_once(real):
    halves = [
        [each.id for each in real[config, "signs"].splits["test"]]
        for config in ("dialogue_clean_a", "dialogue_clean_b")
    ]
    whole = [each.id for each in real["dialogue", "signs"].splits["test"]]
    assert sorted(halves[0] + halves[1]) == whole
    assert [each.id for each in real["dialogue_clean_a", "signs"].splits["validation"]] == halves[1]


def test_real_scores_agree_with_the_real_labels(real):
    for split, samples in real["dialogue", "scores"].splits.items():
        signs = real["dialogue", "signs"].splits[split]
        for scored, binary in zip(samples, signs, strict=True):
            assert scored.id == binary.id
            assert scored.words == binary.words
            np.testing.assert_array_equal(scored.label[:, 0] >= 0, binary.label)
            assert (abs(scored.label) <= 3).all()
            assert scored.id in PUBLISHED_FOLDS


def test_real_features_saw_the_labels_of_training(real):
    """The trap of docs/data.md: among the training videos the language alone says nearly all."""
    from sklearn.linear_model import RidgeClassifier

    def join(samples):
        return (
            np.concatenate([each.features["language"] for each in samples]),
            np.concatenate([each.label for each in samples]),
        )

    splits = real["dialogue", "signs"].splits
    x, y = join(splits["train"][:40])
    model = RidgeClassifier(100).fit(x, y)
    assert model.score(*join(splits["train"][40:])) > 0.95
    assert model.score(*join(splits["test"])) < 0.8
