"""Tables with a header, and labelled segments from them."""

import numpy as np
import pytest

from rmfn_tf.datasets.recordings import tables
from rmfn_tf.datasets.recordings.tables import Table, read_segments
from rmfn_tf.datasets.source import SourceError
from support.own_recordings import write_csv

HEADER = ["video", "start", "end", "happy", "text", "sad"]
ROWS = [["a", 0, 1, 2, "hello", 0.5], ["b", 0, 2, 1, "2012", -1], ["a", 1, 3.5, 0, "", 0]]


def read(folder, header, rows, labels=()):
    return read_segments(Table(write_csv(folder / "segments.csv", header, rows)), labels)


@pytest.mark.parametrize("cells", [1, 2**20])
def test_rows_are_indexed_by_their_lines(tmp_path, monkeypatch, cells):
    monkeypatch.setattr(tables, "CHUNK", cells)
    path = tmp_path / "a.csv"
    path.write_text('\n Name ,X  x\n\nnull, "a\n, b"\n,,,\n,\n NA,1', "utf-8-sig")
    rows = Table(path).rows()
    assert rows.columns.tolist() == ["name", "x x"]
    assert rows.index.tolist() == [5, 8]
    assert rows.to_numpy().tolist() == [["null", "a\n, b"], ["NA", "1"]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, ": no such file"),
        ("", ", line 1: no header"),
        ("a,b,a,c\n", ", line 1: the column 'a' twice"),
        ("a,b\n0,1\n1\n", ", line 3: 1 cells, where the header has 2"),
        (f"a,b\n1,{'a' * 2**18}\n", ", line 2: field larger than field limit"),
        ('a,b\n1,"' + "a\n" * 2**17, ", line .*: field larger than field limit"),
        ("a,b\n1,größer\n".encode("latin-1"), ", line 2: it is not UTF-8"),
    ],
)
def test_errors_name_file_and_line(tmp_path, content, message):
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SourceError, match=rf"a\.csv{message}"):
        Table(path).rows()


def test_all_columns_of_numbers_are_labels(tmp_path):
    rows, labels, left_out = read(tmp_path, HEADER, [*ROWS, ["b", 5, 6, 1, "so", 1]])
    assert rows["video"].tolist() == ["a", "b", "a", "b"]
    assert rows["id"].tolist() == ["a[0]", "b[0]", "a[1]", "b[1]"]
    assert rows["split"].isna().all()
    intervals = rows[["start", "end"]].to_numpy()
    np.testing.assert_array_equal(intervals, [[0, 1], [0, 2], [1, 3.5], [5, 6]])
    assert labels.to_dict("list") == {"happy": [2, 1, 0, 1], "sad": [0.5, -1, 0, 1]}
    assert left_out == ["text"]


def test_labels_are_named(tmp_path):
    _, labels, left_out = read(tmp_path, HEADER, ROWS, ["Sad "])
    assert labels.to_dict("list") == {"sad": [0.5, -1, 0]}
    assert left_out == ["happy", "text"]


def test_ids_and_splits(tmp_path):
    header = ["ID", "Split", "start", "end", "Video ID", "y"]
    splits = {"a": "Train", "b": "dev", "c": "valid", "d": " test"}
    rows = [[f"{video}-x", split, 0, 1, video, 1] for video, split in splits.items()]
    found, labels, _ = read(tmp_path, header, rows)
    assert found["id"].tolist() == ["a-x", "b-x", "c-x", "d-x"]
    assert found["split"].tolist() == ["train", "validation", "validation", "test"]
    assert labels.columns.tolist() == ["y"]


@pytest.mark.parametrize(
    ("header", "rows", "labels", "message"),
    [
        ("video,start,end,y", [], (), "line 1: no rows"),
        ("video,start,end,y", ["a,0,1,x"], (), "line 1: no label column"),
        ("video,start,end,happy", ["a,0,1,2"], ["hapy"], "There are happy. Did you mean 'happy'"),
        ("video,start,end,y", ["a,0,1,2", "a,1,2,"], (), "line 3: column 'y': ''"),
        ("video,start,end,y", ["a,0,1,2", "a,1,2,3", "a,1,2,x"], (), "line 4: column 'y': 'x' is"),
        ("video,start,end,y", ["a,0,1,2", "a,one,2,3"], (), "line 3: column 'start': 'one'"),
        ("video,start,end,y", ["a,0,1,2", " ,0,2,3"], (), "line 3: no video"),
        ("id,video,start,end,y", ["i,a,0,1,2", "i,a,1,2,2"], (), "line 3: the id 'i' of line 2"),
        ("id,video,start,end,y", ["i,a,0,1,2", ",a,1,2,2"], (), "line 3: no id"),
        ("video,start,end,y,split", ["a,0,1,2,train", "b,0,1,2,"], (), "line 3: the split ''"),
        (
            "video,start,end,y,split",
            ["a,0,1,2,train", "a,1,2,2,test"],
            (),
            "line 3: the video 'a' in test, and in train before",
        ),
    ],
)
def test_errors_in_segments_name_file_and_line(tmp_path, header, rows, labels, message):
    with pytest.raises(SourceError, match=rf"segments\.csv, .*{message}"):
        read(tmp_path, header.split(","), [row.split(",") for row in rows], labels)
