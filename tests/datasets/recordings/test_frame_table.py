"""Frames from tables: OpenFace's, openSMILE's, and any with times."""

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.recordings import frame_table
from rmfn_tf.datasets.recordings.csv_table import CsvTable
from rmfn_tf.datasets.recordings.frame_layout import choose_layout
from rmfn_tf.datasets.recordings.frame_table import read_frames
from rmfn_tf.datasets.sources.errors import SourceError
from support.damage import damaged
from support.own_recordings import OPENFACE_HEADER, write_csv


def read(path, header, rows, patterns=(), delimiter=","):
    table = CsvTable(write_csv(path / "frames.csv", header, rows, delimiter))
    layout = choose_layout(table, patterns)
    return layout, read_frames(table, layout)


def openface_rows(faces=1, count=6):
    return [
        [frame + 1, face, f" {frame * 0.04:.3f}", 0.9, int(frame != 2), frame, face, 7.5]
        for frame in range(count)
        for face in range(faces)
    ]


def test_openface(tmp_path):
    layout, reading = read(tmp_path, OPENFACE_HEADER, openface_rows())
    assert layout.features == ("au01_r", "au02_r", "gaze_0_x")
    assert layout.left_out == ()
    frames = [0, 1, 3, 4, 5]
    np.testing.assert_array_equal(reading.frames.features, [[each, 0, 7.5] for each in frames])
    starts = np.array([0, 0.04, 0.12, 0.16, 0.2])
    np.testing.assert_allclose(reading.frames.intervals, np.stack([starts, starts + 0.04], 1))
    assert (reading.num_failed, reading.num_not_finite) == (1, 0)


def test_openface_1_has_no_face_id(tmp_path):
    header = [name for name in OPENFACE_HEADER if "face_id" not in name]
    rows = [row[:1] + row[2:] for row in openface_rows()]
    assert read(tmp_path, header, rows)[1].frames.features.shape == (5, 3)


def test_the_step_counts_failed_frames(tmp_path):
    """Where every other frame failed, the others still last one frame, not two."""
    rows = openface_rows(count=9)
    for row in rows[1::2]:
        row[4] = 0
    intervals = read(tmp_path, OPENFACE_HEADER, rows)[1].frames.intervals
    np.testing.assert_allclose(intervals[:, 1] - intervals[:, 0], 0.04)


def test_several_faces_are_refused(tmp_path):
    with pytest.raises(SourceError, match=r"several faces: face_id 0 \(5 frames\), 1 \(5 frames\)"):
        read(tmp_path, OPENFACE_HEADER, openface_rows(faces=2))


def test_a_second_face_in_failed_frames_alone_is_none(tmp_path):
    rows = openface_rows()
    rows[2][1] = 1
    assert len(read(tmp_path, OPENFACE_HEADER, rows)[1].frames.features) == 5


def test_opensmile(tmp_path):
    rows = [["'unknown'", 0.01 * frame, frame, -frame] for frame in range(5)]
    layout, reading = read(tmp_path, ["name", "frameTime", "F0", "jitter"], rows, delimiter=";")
    assert (layout.features, layout.left_out) == (("f0", "jitter"), ("name",))
    np.testing.assert_array_equal(reading.frames.features, [[f, -f] for f in range(5)])
    np.testing.assert_allclose(reading.frames.intervals[3], [0.03, 0.04])


@pytest.mark.parametrize("names", [("start", "end"), ("Begin", "stop"), ("xmin", "xmax")])
def test_start_and_end(tmp_path, names):
    layout, reading = read(tmp_path, ["", *names, "x"], [[0, 0.5, 2, 1], [1, 20, 80, 2]])
    assert (layout.features, layout.left_out) == (("x",), ("(no name)",))
    np.testing.assert_array_equal(reading.frames.intervals, [[0.5, 2], [20, 80]])


def test_neither_the_number_of_a_video_nor_another_time_is_a_feature(tmp_path):
    layout, _ = read(tmp_path, ["video", "start", "end", "time", "x"], [[7, 0, 1, 0.5, 1]])
    assert (layout.features, layout.left_out) == (("x",), ())


def test_cells_without_a_value_are_nan(tmp_path):
    rows = [[0, 1, 2], [1, "", 2], [2, "NaN", 2], [3, 1, "n/a"], [4, "inf", 0]]
    reading = read(tmp_path, ["time", "x", "y"], rows)[1]
    expected = [[1, 2], [np.nan, 2], [np.nan, 2], [1, np.nan], [np.inf, 0]]
    np.testing.assert_array_equal(reading.frames.features, expected)
    assert reading.num_not_finite == 4


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["AU*_r"], ["au01_r", "au02_r"]),
        (["gaze_0_x", " au01_R"], ["au01_r", "gaze_0_x"]),
        (["*"], ["au01_r", "au02_r", "gaze_0_x"]),
    ],
)
def test_columns_are_chosen_by_name_or_pattern(tmp_path, patterns, expected):
    layout, reading = read(tmp_path, OPENFACE_HEADER, openface_rows(), patterns)
    assert list(layout.features) == expected
    columns = [["au01_r", "au02_r", "gaze_0_x"].index(name) for name in expected]
    np.testing.assert_array_equal(reading.frames.features[2], np.array([3, 0, 7.5])[columns])


def test_brackets_in_a_name_mean_themselves(tmp_path):
    header = ["time", "mfcc_sma[1]", "mfcc_sma[2]", "mfcc_sma1"]
    rows = [[0, 1, 2, 3], [1, 4, 5, 6]]
    assert read(tmp_path, header, rows, ["mfcc_sma[1]"])[0].features == ("mfcc_sma[1]",)
    assert read(tmp_path, header, rows, ["mfcc_sma[*"])[0].features == (
        "mfcc_sma[1]",
        "mfcc_sma[2]",
    )


@pytest.mark.parametrize("pattern", ["AU03_r", "confidence", "frame"])
def test_a_pattern_that_is_no_features(tmp_path, pattern):
    with pytest.raises(SourceError, match=f"no feature column is called '{pattern}'. There are au"):
        read(tmp_path, OPENFACE_HEADER, openface_rows(), ["gaze*", pattern])


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (["frame", "x"], [[1, 2]], "no column says when"),
        (["time", "name"], [[1, "a"]], "no columns of numbers"),
        (["time", "x"], [[0, 1], [1, 2], [2, "x1"]], "line 4: column 'x': 'x1' is no number"),
        (["time", "x"], [[0, 1], ["", 2]], "line 3: a frame without a time"),
        (["time", "x"], [[0, 1], ["nan", 2]], "line 3: a frame without a time"),
        (["time", "x"], [[0, 1], [1, 2, 3]], "line 3: 3 cells, where the header has 2"),
        (["time", "x"], [[3, 1], [3, 2]], "all frames are at 3"),
        (["time", "x"], [[0, 1], [33, 2], [66, 3]], "33 apart.*milliseconds"),
        (["start", "end", "x"], [[0, 1, 1], [1, 1, 2]], "1 frames that last no time, the first"),
        (["start", "end", "x"], [[0, 1, 1], [2, 1, 2]], "the first from 2 to 1.*a later end"),
    ],
)
def test_errors_name_file_and_line(tmp_path, header, rows, message):
    with pytest.raises(SourceError, match=rf"frames\.csv, line \d+: .*{message}|{message}"):
        read(tmp_path, header, rows)


def test_a_table_without_rows_has_no_layout(tmp_path):
    assert choose_layout(CsvTable(write_csv(tmp_path / "a.csv", ["time", "x"], []))) is None


def test_no_rows_of_this_video(tmp_path):
    table = CsvTable(write_csv(tmp_path / "a.csv", ["time", "x", "y"], [[0, 1, 2]]))
    reading = read_frames(table, choose_layout(table), [])
    assert reading.frames.features.shape == (0, 2)


def test_another_file_in_another_order(tmp_path):
    layout, _ = read(tmp_path, ["time", "x", "y"], [[0, 1, 2], [1, 3, 4]])
    other = CsvTable(write_csv(tmp_path / "b.csv", ["y", "TIME ", "x"], [[2, 0, 1], [4, 1, 3]]))
    np.testing.assert_array_equal(read_frames(other, layout).frames.features, [[1, 2], [3, 4]])


@pytest.mark.parametrize("header", [["time", "x"], ["time", "x", "z"], ["time", "x", "y", "z"]])
def test_another_file_with_other_columns(tmp_path, header):
    layout, _ = read(tmp_path, ["time", "x", "y"], [[0, 1, 2], [1, 3, 4]])
    other = CsvTable(write_csv(tmp_path / "b.csv", header, [range(len(header))]))
    with pytest.raises(SourceError, match=r"b\.csv.*other columns than in the modality's first"):
        read_frames(other, layout)


@settings(max_examples=150)
@given(data=st.data())
def test_damage_gives_frames_or_a_source_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "frames.csv"
    rows = [",".join(map(str, row)) for row in [OPENFACE_HEADER, *openface_rows()]]
    path.write_bytes(data.draw(damaged("\n".join(rows).encode())))
    with contextlib.suppress(SourceError):
        table = CsvTable(path)
        layout = choose_layout(table)
        if layout is not None:
            frames = read_frames(table, layout).frames
            assert frames.features.shape[1] == len(layout.features)


def test_too_many_values(tmp_path, monkeypatch):
    monkeypatch.setattr(frame_table, "MAX_VALUES", 9)
    with pytest.raises(SourceError, match="line 5: more than 9 values"):
        read(tmp_path, ["time", "x", "y"], [[row, 1, 2] for row in range(9)])
