"""Labelled segments from tables."""

import numpy as np
import pytest

from rmfn_tf.datasets.recordings.csv_table import CsvTable
from rmfn_tf.datasets.recordings.segment_table import read_segments
from rmfn_tf.datasets.sources.errors import SourceError
from support.own_recordings import write_csv

HEADER = ["video", "start", "end", "happy", "text", "sad"]
ROWS = [["a", 0, 1, 2, "hello", 0.5], ["b", 0, 2, 1, "2012", -1], ["a", 1, 3.5, 0, "", 0]]


def read(path, header, rows, labels=()):
    return read_segments(CsvTable(write_csv(path / "segments.csv", header, rows)), labels)


def test_all_columns_of_numbers_are_labels(tmp_path):
    table = read(tmp_path, HEADER, [*ROWS, ["b", 5, 6, 1, "so", 1]])
    assert table.videos.tolist() == ["a", "b", "a", "b"]
    assert table.ids.tolist() == ["a[0]", "b[0]", "a[1]", "b[1]"]
    np.testing.assert_array_equal(table.intervals, [[0, 1], [0, 2], [1, 3.5], [5, 6]])
    np.testing.assert_array_equal(table.labels, [[2, 0.5], [1, -1], [0, 0], [1, 1]])
    assert (table.columns, table.left_out, table.splits) == (("happy", "sad"), ("text",), None)


def test_labels_are_named(tmp_path):
    table = read(tmp_path, HEADER, ROWS, ["Sad "])
    assert (table.columns, table.left_out) == (("sad",), ("happy", "text"))
    np.testing.assert_array_equal(table.labels, [[0.5], [-1], [0]])


def test_ids_and_splits(tmp_path):
    header = ["ID", "Split", "start", "end", "Video ID", "y"]
    splits = {"a": "Train", "b": "dev", "c": "valid", "d": " test"}
    rows = [[f"{video}-x", split, 0, 1, video, 1] for video, split in splits.items()]
    table = read(tmp_path, header, rows)
    assert table.ids.tolist() == ["a-x", "b-x", "c-x", "d-x"]
    assert table.splits.tolist() == ["train", "validation", "validation", "test"]
    assert table.columns == ("y",)


@pytest.mark.parametrize(
    ("header", "rows", "labels", "message"),
    [
        ("video,start,end,y", [], (), "no rows"),
        ("video,start,y", ["a,0,1"], (), "no column 'end'"),
        ("video,start,end,y", ["a,0,1,x"], (), "no label column"),
        ("video,start,end,y", ["a,0,1,2"], ["z"], "no label column 'z'. There are y"),
        ("video,start,end,happy", ["a,0,1,2"], ["hapy"], "Did you mean 'happy'"),
        ("video,start,end,y", ["a,0,1,2", "a,1,2,"], (), "line 3: column 'y': ''"),
        ("video,start,end,y", ["a,0,1,2", "a,1,2,inf"], (), "line 3: column 'y': 'inf'"),
        ("video,start,end,y", ["a,0,1,2", "a,1,2,3", "a,1,2,x"], (), "line 4: column 'y': 'x' is"),
        ("video,start,end,y,t", ["a,0,1,2,so"], ["t"], "line 2: column 't': 'so' is no number"),
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
def test_errors_name_file_and_line(tmp_path, header, rows, labels, message):
    with pytest.raises(SourceError, match=rf"segments\.csv, line \d+: .*{message}|{message}"):
        read(tmp_path, header.split(","), [row.split(",") for row in rows], labels)
