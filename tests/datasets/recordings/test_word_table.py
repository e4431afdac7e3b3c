"""Words from tables."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment import PAUSE
from rmfn_tf.datasets.recordings import csv_table
from rmfn_tf.datasets.recordings.csv_table import CsvTable
from rmfn_tf.datasets.recordings.word_table import read_word_table
from rmfn_tf.datasets.sources.errors import SourceError
from support.own_recordings import write_csv


def read(path, text, encoding="utf-8"):
    path = path / "words.csv"
    path.write_text(text, encoding=encoding)
    return read_word_table(CsvTable(path))


@pytest.mark.parametrize(
    "header", ["start,end,word", "Begin, End ,Text", "XMIN;xmax;label", "onset\toffset\ttoken"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_names_delimiters_and_line_ends(tmp_path, header, encoding, line_end):
    delimiter = next(each for each in ";\t," if each in header)
    rows = [["0.5", "1", "well"], ["1", " 1.25", " über "], ["1.25", "2", ""], ["2", "3", "SIL"]]
    lines = [header, *(delimiter.join(row) for row in rows), ""]
    words = read(tmp_path, line_end.join(lines), encoding)
    np.testing.assert_array_equal(words.intervals, [[0.5, 1], [1, 1.25], [1.25, 2], [2, 3]])
    assert words.texts.tolist() == ["well", "über", PAUSE, PAUSE]


@pytest.mark.parametrize("text", ["sp", "SIL", "<eps>", "{SL}", "{NS}", "{lg}"])
def test_silence_and_noise(tmp_path, text):
    words = read(tmp_path, f"start,end,word\n0,1,{text}\n1,2,sips\n")
    assert words.texts.tolist() == [PAUSE, "sips"]


def test_other_columns_and_their_order_do_not_matter(tmp_path):
    words = read(tmp_path, ',word,speaker,end,start\n0,a,anna,2,1\n\n1,"b, c",bert,4,3\n,,,,\n')
    np.testing.assert_array_equal(words.intervals, [[1, 2], [3, 4]])
    assert words.texts.tolist() == ["a", "b, c"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: no header"),
        ("\n\n", "line 1: no header"),
        ("0,1,a\n", "line 1: no column 'start', only '0', '1', 'a'"),
        ("starts,end,word\n0,1,a\n", "no column 'start'.*Did you mean 'starts'"),
        ("start,end,start,word\n", "line 1: the column 'start' twice"),
        ("start,end,word\n0,1,a\n1,2\n", "line 3: 2 cells, where the header has 3"),
        ("start,end,word\n\n0,1,a,b\n", "line 3: 4 cells"),
        ("start,end,word\n0,1,a\n1;2,2,b\n", "line 3: column 'start': '1;2' is no number"),
        ("start;end;word\n0,5;1;a\n", "line 2: column 'start': '0,5' is no number.*decimal point"),
        ("start,end,word\n0,1,a\n,2,b\n", "line 3: column 'start': ''"),
        ("start,end,word\n0,inf,a\n", "line 2: column 'end': 'inf'"),
        ("start,end,word\n2,1,a\n", "line 2: a word from 2 to 1"),
        ("start,end,word\n0,250,a\n250,500,b\n", "longer than 250.*milliseconds"),
        (f"start,end,word\n0,1,{'a' * 251}\n", "251 letters"),
        (f"start,end,word\n0,1,{'a' * 2**20}\n", "line 2: more than 1,048,576 bytes"),
        ('start,end,word\n0,1,"' + "a\n" * 2**17, "field larger than field limit"),
    ],
)
def test_errors_name_file_and_line(tmp_path, text, message):
    with pytest.raises(SourceError, match=rf"(?s)words\.csv, .*{message}"):
        read(tmp_path, text)


def test_not_utf_8(tmp_path):
    with pytest.raises(SourceError, match="line 2: it is not UTF-8"):
        read(tmp_path, "start,end,word\n0,1,größer\n", "latin-1")


def test_no_file(tmp_path):
    with pytest.raises(SourceError, match="no such file"):
        CsvTable(tmp_path / "words.csv")


@given(
    videos=st.lists(st.sampled_from(["a", "b", "c c", "ü"]), min_size=1, max_size=30),
    empty=st.sets(st.integers(0, 30)),
    quoted=st.booleans(),
)
def test_rows_of_one_video_whatever_their_order(tmp_path_factory, videos, empty, quoted):
    path = tmp_path_factory.mktemp("words") / "words.csv"
    lines = ["video,start,end,word"]
    between = "\n" if quoted else ""
    for row, video in enumerate(videos):
        lines += [""] * (row in empty)
        lines.append(f'{video},{row},{row + 1},"w{between}{row}"')
    path.write_text("\n".join(lines), encoding="utf-8")
    table = CsvTable(path)
    spans = table.spans(table.need(["video"]))
    assert sorted(spans) == sorted(set(videos))
    for video in spans:
        rows = [row for row, each in enumerate(videos) if each == video]
        words = read_word_table(table, spans[video])
        assert words.intervals[:, 0].tolist() == rows
        assert words.texts.tolist() == [f"w{between}{row}" for row in rows]


def test_a_line_number_far_into_a_shared_file(tmp_path):
    rows = [["a", 0, 1, "x"]] * 5 + [["b", 0, 1, "x"], ["b", "zero", 1, "x"]]
    table = CsvTable(write_csv(tmp_path / "w.csv", ["video", "start", "end", "word"], rows))
    with pytest.raises(SourceError, match="line 8: column 'start': 'zero'"):
        read_word_table(table, table.spans(0)["b"])


def test_rows_too_much_out_of_order(tmp_path, monkeypatch):
    monkeypatch.setattr(csv_table, "MAX_SPANS", 3)
    table = CsvTable(write_csv(tmp_path / "w.csv", ["video", "x"], [["a", 1], ["b", 1]] * 2))
    with pytest.raises(SourceError, match="line 5: the video changes too often"):
        table.spans(0)


def test_a_row_without_a_video(tmp_path):
    table = CsvTable(write_csv(tmp_path / "w.csv", ["video", "x"], [["a", 1], [" ", 1]]))
    with pytest.raises(SourceError, match="line 3: no video"):
        table.spans(0)
