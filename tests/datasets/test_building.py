"""What a build holds, and when one that is there is taken again."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

import rmfn_tf.datasets
from rmfn_tf.datasets.source import SourceError
from rmfn_tf.task import Task
from support.mfn_files import make_arrays, write_array, write_arrays
from support.small_ict_mmmo import (
    NAME,
    SIZES,
    VERSION_FOLDER,
    WIDTHS,
    change_labels,
    names_in,
    read,
)


def test_what_an_example_holds(manual_dir, data_dir, arrays):
    builder = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    assert {name: split.num_examples for name, split in builder.info.splits.items()} == SIZES
    for row, example in enumerate(read(builder, "test")):  # in the order of the rows
        real = slice(row % 3, 6 - (row % 2 == 0))
        steps = real.stop - real.start
        assert example["id"] == example["video_id"] == f"test-{row}".encode()
        for modality, name in (("language", "text_test_emb.h5"), ("visual", "video_test.h5")):
            expected = arrays[name][row, real].astype(np.float32)
            np.testing.assert_array_equal(example[modality], expected)
        assert example["words"].tolist() == [b""] * steps
        assert example["intervals"].shape == (steps, 2)
        assert np.isnan(example["intervals"]).all()
        assert example["present"] == {"language": True, "acoustic": row != 1, "visual": True}
        assert example["label"] == np.float32(arrays["y_test.h5"][row])
        assert example["label"].shape == ()


def test_metadata_survive_a_reload(manual_dir, data_dir, arrays):
    built = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    metadata = dict(rmfn_tf.datasets.load_builder(NAME, data_dir).info.metadata)
    assert metadata == dict(built.info.metadata)
    assert list(metadata["modalities"].items()) == list(WIDTHS.items())  # the order counts
    assert Task.from_json(metadata["task"]) == Task(
        "regression", ("sentiment",), ranges={"sentiment": (1, 5)}, metrics="ict_mmmo"
    )
    assert metadata["sources"] == {
        name: hashlib.sha256((manual_dir / name).read_bytes()).hexdigest() for name in arrays
    }
    expected = hashlib.sha256()
    for split in ("train", "validation", "test"):
        for example in read(built, split):
            expected.update(f"{split}\0{example['id'].decode()}\0".encode())
            expected.update(np.asarray(example["label"], "<f8").tobytes())
    assert metadata["fingerprint"] == expected.hexdigest()


def test_both_configs_name_a_sample_alike(manual_dir, data_dir):
    whole = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    pooled = rmfn_tf.datasets.build("ict_mmmo/trimodal", manual_dir=manual_dir, data_dir=data_dir)
    assert list(pooled.info.splits) == ["pooled"]
    assert pooled.info.splits["all"].num_examples == 6
    examples = read(whole, "validation") + read(whole, "test")
    for one, other in zip(examples, read(pooled, "all"), strict=True):
        assert one["id"] == other["id"]
        np.testing.assert_array_equal(one["visual"], other["visual"])
    assert whole.info.metadata["fingerprint"] != pooled.info.metadata["fingerprint"]


def test_labels_of_many_columns(tmp_path, data_dir):
    arrays = make_arrays({"language": 300, "acoustic": 43, "visual": 41}, 17, SIZES)
    manual_dir = write_arrays(tmp_path / "copy", arrays)
    builder = rmfn_tf.datasets.build("pom", manual_dir=manual_dir, data_dir=data_dir)
    labels = np.stack([example["label"] for example in read(builder, "train")])
    np.testing.assert_array_equal(labels, arrays["y_train.h5"].astype(np.float32))
    task = builder.info.metadata["task"]
    assert ", ".join(task["columns"]) == (
        "confident, passionate, voice_pleasant, dominant, credible, vivid, expertise, "
        "entertaining, reserved, trusting, relaxed, outgoing, thorough, nervous, sentiment, "
        "persuasive, humorous"
    )
    assert task["labels"] == [name for name in task["columns"] if name != "sentiment"]
    assert list(task["ranges"]) == task["labels"]
    low = {"reserved", "trusting", "relaxed", "outgoing", "thorough", "nervous"}
    assert {name for name, limits in task["ranges"].items() if limits == [1, 5]} == low
    assert sum(limits == [1, 7] for limits in task["ranges"].values()) == 10
    assert ", ".join(task["columns"]) in builder.info.features["label"].doc.desc


def test_a_build_of_the_same_files_is_taken_again(manual_dir, data_dir):
    rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    before = (data_dir / VERSION_FOLDER).stat().st_ino
    calls = []
    for folder in (manual_dir, str(manual_dir), None):  # None: whatever was built
        rmfn_tf.datasets.build(
            NAME, manual_dir=folder, data_dir=data_dir, on_progress=lambda *c: calls.append(c)
        )
    assert (data_dir / VERSION_FOLDER).stat().st_ino == before
    assert calls == []


def test_other_files_force_a_rebuild(manual_dir, data_dir, arrays):
    builder = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    first = dict(builder.info.metadata)
    labels = change_labels(manual_dir, arrays)
    second = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    assert [example["label"] for example in read(second, "test")] == labels.astype("f4").tolist()
    for entry in ("sources", "fingerprint"):
        assert first[entry] != second.info.metadata[entry]
    assert names_in(data_dir) == ["ict_mmmo"]
    assert names_in(data_dir / VERSION_FOLDER.parent) == ["2.0.0"]


def test_a_file_that_came_later_forces_a_rebuild(manual_dir, data_dir):
    """Text of the training split may lack: once it is there, it must be used."""
    text = manual_dir / "text_train_emb.h5"
    text.rename(manual_dir / "elsewhere")
    builder = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    assert not any(example["present"]["language"] for example in read(builder, "train"))
    (manual_dir / "elsewhere").rename(text)
    builder = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    assert all(example["present"]["language"] for example in read(builder, "train"))


def test_tfds_itself_does_not_take_a_build_of_other_files(manual_dir, data_dir, arrays):
    rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    config = tfds.download.DownloadConfig(manual_dir=manual_dir)
    builder = tfds.builder(NAME, data_dir=data_dir)
    builder.download_and_prepare(download_config=config)  # the same files
    change_labels(manual_dir, arrays)
    with pytest.raises(SourceError, match="built from other files"):
        builder.download_and_prepare(download_config=config)


def test_tfds_builds_from_its_own_manual_folder(manual_dir, data_dir, arrays):
    (data_dir / "downloads").mkdir(parents=True)
    manual_dir.rename(data_dir / "downloads" / "manual")
    loaded = tfds.load("ict_mmmo", split="train", data_dir=data_dir)
    assert len(loaded) == 3
    built = rmfn_tf.datasets.load_builder(NAME, data_dir)
    assert set(built.info.metadata["sources"]) == set(arrays)


def test_progress(manual_dir, data_dir, capfd):
    calls = []
    rmfn_tf.datasets.build(
        NAME, manual_dir=manual_dir, data_dir=data_dir, on_progress=lambda *c: calls.append(c)
    )
    read, written = calls[:3], calls[3:]
    assert read == [(done, 3) for done in range(1, 4)]  # splits
    assert written == [(done, 9) for done in range(1, 10)]  # examples
    output = capfd.readouterr()
    assert output.out == ""  # `--json` owns standard output
    assert "it/s" not in output.err
    assert "examples" not in output.err


def test_the_progress_bars_of_tfds_come_back(manual_dir, data_dir, monkeypatch):
    from tensorflow_datasets.core.utils import tqdm_utils

    write_array(manual_dir / "y_test.h5", np.ones((4, 4)))
    for was in (True, False):
        monkeypatch.setattr(tqdm_utils, "_active", was)
        with pytest.raises(SourceError):
            rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
        assert tqdm_utils._active is was


@pytest.mark.parametrize("folder", [None, "nowhere"])
def test_missing_files(folder, data_dir, arrays):
    with pytest.raises(SourceError) as caught:
        rmfn_tf.datasets.build(NAME, manual_dir=folder, data_dir=data_dir)
    for name in arrays:
        assert name in str(caught.value)
    assert not data_dir.exists()


def test_the_home_folder(manual_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    builder = rmfn_tf.datasets.build(NAME, manual_dir="~/copy", data_dir="~/data")
    assert Path(builder.data_dir) == tmp_path / "data" / VERSION_FOLDER
    assert rmfn_tf.datasets.load_builder(NAME, "~/data").data_dir == builder.data_dir
