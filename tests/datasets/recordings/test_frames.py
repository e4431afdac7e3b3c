"""Frames from tables: OpenFace's, openSMILE's, and any with times."""

import contextlib
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.datasets.alignment.align import Words
from rmfn_tf.datasets.recordings.frames import FrameFiles
from rmfn_tf.datasets.source import SourceError
from support.damage import damaged
from support.own_recordings import OPENFACE_HEADER, write_csv

NO_WORDS = Words(np.zeros((0, 2)))


def open_files(path, videos=("v",), patterns=()):
    shutil.rmtree(path.parent / "scratch", ignore_errors=True)
    (path.parent / "scratch").mkdir()
    return FrameFiles("visual", path, patterns, videos, path.parent / "scratch", lambda _: None)


def read(folder, header, rows, patterns=(), delimiter=","):
    """What became of the frames, and the frames."""
    write_csv(folder / "tables" / "v.csv", header, rows, delimiter)
    files = open_files(folder / "tables", patterns=patterns)
    return files.summary, files.read("v", NO_WORDS)


def openface_rows(faces=1, count=6):
    return [
        [frame + 1, face, f" {frame * 0.04:.3f}", 0.9, int(frame != 2), frame, face, 7.5]
        for frame in range(count)
        for face in range(faces)
    ]


def test_openface(tmp_path):
    summary, frames = read(tmp_path, OPENFACE_HEADER, openface_rows())
    assert summary["columns"] == ["au01_r", "au02_r", "gaze_0_x"]
    assert summary["left_out"] == []
    np.testing.assert_array_equal(frames.features, [[each, 0, 7.5] for each in (0, 1, 3, 4, 5)])
    starts = np.array([0, 0.04, 0.12, 0.16, 0.2])
    np.testing.assert_allclose(frames.intervals, np.stack([starts, starts + 0.04], 1))
    assert [summary[each] for each in ("frames", "failed", "not_finite")] == [5, 1, 0]


def test_openface_1_has_no_face_id(tmp_path):
    header = [name for name in OPENFACE_HEADER if "face_id" not in name]
    rows = [row[:1] + row[2:] for row in openface_rows()]
    assert read(tmp_path, header, rows)[1].features.shape == (5, 3)


def test_the_step_counts_failed_frames(tmp_path):
    """Where every other frame failed, the others still last one frame, not two."""
    rows = openface_rows(count=9)
    for row in rows[1::2]:
        row[4] = 0
    intervals = read(tmp_path, OPENFACE_HEADER, rows)[1].intervals
    np.testing.assert_allclose(intervals[:, 1] - intervals[:, 0], 0.04)


def test_several_faces_are_refused_but_in_failed_frames(tmp_path):
    with pytest.raises(SourceError, match=r"several faces: face_id 0 \(5 frames\), 1 \(5 frames\)"):
        read(tmp_path, OPENFACE_HEADER, openface_rows(faces=2))
    rows = openface_rows()
    rows[2][1] = 1
    assert len(read(tmp_path, OPENFACE_HEADER, rows)[1].features) == 5


def test_opensmile(tmp_path):
    rows = [["'unknown'", 0.01 * frame, frame, -frame] for frame in range(5)]
    summary, frames = read(tmp_path, ["name", "frameTime", "F0", "jitter"], rows, delimiter=";")
    assert (summary["columns"], summary["left_out"]) == (["f0", "jitter"], ["name"])
    np.testing.assert_array_equal(frames.features, [[f, -f] for f in range(5)])
    np.testing.assert_allclose(frames.intervals[3], [0.03, 0.04])


@pytest.mark.parametrize("names", [("start", "end"), ("Begin", "stop"), ("xmin", "xmax")])
def test_start_and_end(tmp_path, names):
    summary, frames = read(tmp_path, ["", *names, "x", ""], [[0, 0.5, 2, 1, 9], [1, 20, 80, 2, 9]])
    assert (summary["columns"], summary["left_out"]) == (["x"], ["(no name)"] * 2)
    np.testing.assert_array_equal(frames.intervals, [[0.5, 2], [20, 80]])


def test_neither_the_number_of_a_video_nor_another_time_is_a_feature(tmp_path):
    summary, _ = read(tmp_path, ["video", "start", "end", "time", "x"], [[7, 0, 1, 0.5, 1]])
    assert (summary["columns"], summary["left_out"]) == (["x"], [])


def test_cells_without_a_value_are_nan(tmp_path):
    rows = [[0, 1, 2], [1, "", 2], [2, "NaN", 2], [3, 1, "n/a"], [4, "inf", 0]]
    summary, frames = read(tmp_path, ["time", "x", "y"], rows)
    expected = [[1, 2], [np.nan, 2], [np.nan, 2], [1, np.nan], [np.inf, 0]]
    np.testing.assert_array_equal(frames.features, expected)
    assert summary["not_finite"] == 4


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        (["AU*_r"], {"au01_r": 3, "au02_r": 0}),
        (["gaze_0_x", " au01_R"], {"au01_r": 3, "gaze_0_x": 7.5}),
    ],
)
def test_columns_are_chosen_by_name_or_pattern(tmp_path, patterns, expected):
    summary, frames = read(tmp_path, OPENFACE_HEADER, openface_rows(), patterns)
    assert summary["columns"] == list(expected)
    assert frames.features[2].tolist() == list(expected.values())


@pytest.mark.parametrize(("pattern", "count"), [("mfcc_sma[1]", 1), ("mfcc_sma[*", 2)])
def test_brackets_in_a_name_mean_themselves(tmp_path, pattern, count):
    header = ["time", "mfcc_sma[1]", "mfcc_sma[2]", "mfcc_sma1"]
    summary, _ = read(tmp_path, header, [[0, 1, 2, 3], [1, 4, 5, 6]], [pattern])
    assert summary["columns"] == header[1 : 1 + count]


@pytest.mark.parametrize("pattern", ["AU03_r", "confidence"])
def test_a_pattern_that_is_no_features(tmp_path, pattern):
    with pytest.raises(SourceError, match=f"no feature column is called '{pattern}'. There are au"):
        read(tmp_path, OPENFACE_HEADER, openface_rows(), ["gaze*", pattern])


@pytest.mark.parametrize(
    ("header", "rows", "message"),
    [
        (["frame", "x"], [[1, 2]], ", line 1: no column says when"),
        (["time", "name"], [[1, "a"]], ", line 1: no columns of numbers"),
        (["time", "x"], [[0, 1], [1, 2], [2, "x1"]], ", line 4: column 'x': 'x1' is not a number"),
        (["time", "x"], [[0, 1], ["x1", 2]], ", line 3: column 'time': 'x1' is not a number"),
        (["time", "x"], [[0, 1], ["", 2]], ", line 3: column 'time': '' is not a number"),
        (["time", "x"], [[3, 1], [3, 2]], ": the video 'v' has all frames at 3"),
        (["start", "end", "x"], [[0, 1, 1], [1, 1, 2]], ", line 3: a frame that lasts no time"),
        (["start", "end", "x"], [[0, 1, 1], [2, 1, 2]], ", line 3: .*a later end"),
    ],
)
def test_errors_name_file_and_line(tmp_path, header, rows, message):
    with pytest.raises(SourceError, match=rf"v\.csv{message}"):
        read(tmp_path, header, rows)


def test_the_first_file_with_rows_names_the_columns(tmp_path):
    """In any order; one with other columns is refused."""
    folder = tmp_path / "tables"
    write_csv(folder / "a.csv", ["time", "x"], [])
    write_csv(folder / "b.csv", ["time", "x", "y"], [[0, 1, 2], [1, 3, 4]])
    write_csv(folder / "c.csv", ["y", "TIME ", "x"], [[2, 0, 1], [4, 1, 3]])
    files = open_files(folder, ["a", "b", "c"])
    for video in "bc":
        np.testing.assert_array_equal(files.read(video, NO_WORDS).features, [[1, 2], [3, 4]])
    for video in "ad":
        assert files.read(video, NO_WORDS).features.shape == (0, 2)
    assert files.summary["videos_without"] == 2
    for header in (["time", "x"], ["time", "x", "z"], ["time", "x", "y", "z"]):
        write_csv(folder / "c.csv", header, [range(len(header))])
        with pytest.raises(SourceError, match=r"c\.csv, line 1: other columns than in the modali"):
            files.read("c", NO_WORDS)


def test_files_without_rows(tmp_path):
    with pytest.raises(SourceError, match="no visual frames"):
        read(tmp_path, ["time", "x"], [])


@given(
    videos=st.lists(st.sampled_from(["a", "b", "c c", "ü"]), min_size=1, max_size=30),
    empty=st.sets(st.integers(0, 30)),
)
def test_one_table_for_all_in_any_order(tmp_path_factory, videos, empty):
    folder = tmp_path_factory.mktemp("shared")
    rows = [[video, row, row + 1, -row] for row, video in enumerate(videos)]
    rows = [each for row in range(len(rows)) for each in ([[], rows[row]][row not in empty :])]
    files = open_files(write_csv(folder / "all.csv", ["video", "start", "end", "x"], rows), videos)
    for video in {*videos, "other"}:
        expected = [-row for row, each in enumerate(videos) if each == video]
        assert files.read(video, NO_WORDS).features[:, 0].tolist() == expected


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([["v", 0, 1], [" ", 1, 1]], "line 3: no video"),
        ([["v", 0, 1], ["v", "x", 1]], "line 3: column 'time': 'x' is no"),
        ([["w", 0, 1], ["u", 1, 1]], "no visual frames of any video .* only of 'u', 'w'"),
    ],
)
def test_errors_in_one_table_for_all(tmp_path, rows, message):
    with pytest.raises(SourceError, match=rf"all\.csv.*{message}"):
        open_files(write_csv(tmp_path / "all.csv", ["video", "time", "x"], rows))


@settings(max_examples=150)
@given(data=st.data())
def test_damage_gives_frames_or_a_source_error(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / "tables" / "v.csv"
    rows = [",".join(map(str, row)) for row in [OPENFACE_HEADER, *openface_rows()]]
    path.parent.mkdir()
    path.write_bytes(data.draw(damaged("\n".join(rows).encode())))
    with contextlib.suppress(SourceError):
        files = open_files(path.parent)
        assert files.read("v", NO_WORDS).features.shape[1] == len(files.summary["columns"])
