"""From TextGrids, CSVs and labelled segments to the folder of a data set."""

import json
import shutil
import tomllib

import numpy as np
import pytest

from rmfn_tf.datasets.recordings import custom_writer
from rmfn_tf.datasets.recordings.aligning import align_folder
from support.aligned_folder import check, expected_examples, load, run, write_splits
from support.own_recordings import SMILE_HEADER, make_recordings, write_csv


@pytest.mark.parametrize("seed", range(4))
def test_the_numbers_are_those_of_plain_loops(tmp_path, seed):
    recordings = make_recordings(tmp_path, seed=seed)
    report = run(tmp_path)
    expected = expected_examples(recordings)
    check(load(tmp_path), expected)
    assert sum(report.segments.values()) == len(expected)
    assert report.words == sum(len(each["words"]) for each in expected.values())
    assert [each.reason for each in report.dropped] == ["no words"] * (12 - len(expected))
    failed = sum(row[4] == 0 for made in recordings.values() for row in made["openface"])
    assert report.modalities["visual"].failed == failed > 0
    rows = sum(len(made["openface"]) for made in recordings.values())
    assert report.modalities["visual"].frames == rows - failed
    assert report.modalities["acoustic"].left_out == ("name",)


def test_the_folder_is_what_the_builder_takes(tmp_path):
    make_recordings(tmp_path)
    run(tmp_path, name="mine", out="a b")
    assert sorted(path.name for path in (tmp_path / "a b").iterdir()) == [
        "data.toml",
        "part-00000.npz",
    ]
    facts = tomllib.loads((tmp_path / "a b" / "data.toml").read_text(encoding="utf-8"))
    assert facts.pop("description")
    assert facts == {
        "name": "mine",
        "modalities": ["visual", "acoustic"],
        "task": {"kind": "regression", "columns": ["sentiment"]},
    }
    with np.load(tmp_path / "a b" / "part-00000.npz", allow_pickle=False) as file:
        shapes = {name: values.shape for name, values in file.items()}
        steps = file["num_steps"].sum()
    examples = len(load(tmp_path, "a b"))
    one = dict.fromkeys(["id", "split", "label", "num_steps", "video", "segment"], (examples,))
    assert shapes == one | {
        "words": (steps,),
        "intervals": (steps, 2),
        "visual": (steps, 3),
        "acoustic": (steps, 2),
    }


def test_many_files_hold_the_same_as_one(tmp_path, monkeypatch):
    recordings = make_recordings(tmp_path)
    monkeypatch.setattr(custom_writer, "SHARD_BYTES", 100)
    run(tmp_path)
    assert len(list((tmp_path / "out").glob("*.npz"))) > 3
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
    align_folder(
        tmp_path / "words.csv",
        {"visual": tmp_path / "openface", "acoustic": tmp_path / "smile.csv"},
        tmp_path / "segments.csv",
        tmp_path / "out",
    )
    check(load(tmp_path), expected_examples(recordings))


def test_files_in_subfolders(tmp_path):
    recordings = make_recordings(tmp_path)
    for folder, name in (("words", "one.TextGrid"), ("openface", "two.csv")):
        (tmp_path / folder / "anna").mkdir()
        shutil.move(tmp_path / folder / name, tmp_path / folder / "anna" / name)
    run(tmp_path)
    check(load(tmp_path), expected_examples(recordings))


def test_missing_files(tmp_path):
    recordings = make_recordings(tmp_path)
    (tmp_path / "words" / "two.TextGrid").unlink()
    (tmp_path / "openface" / "one.csv").unlink()
    write_csv(tmp_path / "smile" / "three.csv", SMILE_HEADER, [])
    recordings["one"]["openface"] = recordings["three"]["smile"] = []
    del recordings["two"]
    write_splits(tmp_path, {"one": "train", "two": "train", "three": "validation", "four": "test"})
    report = run(tmp_path)
    check(load(tmp_path), expected_examples(recordings))
    assert report.reasons["no words file"] == 3
    assert report.modalities["visual"].videos_without == 1
    assert report.modalities["acoustic"].videos_without == 1


def test_the_report_as_json(tmp_path):
    make_recordings(tmp_path)
    report = run(tmp_path)
    values = json.loads(json.dumps(report.to_json()))
    assert values["name"] == "out"
    assert values["modalities"]["visual"]["columns"] == ["au01_r", "au02_r", "gaze_0_x"]
