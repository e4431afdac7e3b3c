"""Computational sequences: what is read, video by video, and what is repaired."""

import re

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmfn_tf.datasets.csd import open_csd
from rmfn_tf.datasets.source import SourceError
from support.csd_files import ROOT, make_videos, make_words, write_csd

PACKED = {"compression": "gzip", "shuffle": True, "fletcher32": True}


@pytest.mark.parametrize("options", [{}, PACKED], ids=["plain", "packed"])
@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("dtype", ["f4", ">f8", "u1"])
def test_every_video_is_read_as_it_is_stored(tmp_path, options, libver, dtype):
    """Of the newer kind of file, names lie in other structures, in order of their hash."""
    videos = make_videos(num_videos=12)
    with h5py.File(tmp_path / "x.csd", "w", libver=libver) as file:
        for name, (features, intervals) in videos.items():
            group = file.create_group(f"root/data/{name}")
            videos[name] = (10 * features).astype(dtype), intervals
            group.create_dataset("features", data=videos[name][0], **options)
            group.create_dataset("intervals", data=intervals, **options)
    with open_csd(tmp_path / "x.csd") as csd:
        assert csd.root == "root"
        assert csd.ids == sorted(videos)
        for name in [*reversed(csd.ids), csd.ids[0]]:  # in any order, and again
            recording = csd.read(name)
            assert recording.features.dtype == dtype
            np.testing.assert_array_equal(recording.features, videos[name][0])
            np.testing.assert_array_equal(recording.intervals, videos[name][1])
            assert recording.intervals.dtype == np.float64
            assert recording.num_reversed == 0


def test_words_become_text(tmp_path):
    words = make_words(make_videos())
    words["video-1"][0][1, 0] = "naïve".encode()
    words["video-1"][0][2, 0] = b"na\xefve"  # Latin-1
    with open_csd(write_csd(tmp_path / "x.csd", words)) as csd:
        features = csd.read("video-1").features
    assert features.tolist() == [["word-0"], ["naïve"], ["na\ufffdve"], ["word-3"], ["word-4"]]
    assert features.dtype.kind == "U"


def test_ids_are_sorted_by_code_point(tmp_path):
    videos = dict.fromkeys(["b", "B", "_a", "-a", "1", "é", "a"], make_videos()["video-0"])
    with open_csd(write_csd(tmp_path / "x.csd", videos)) as csd:
        assert csd.ids == ["-a", "1", "B", "_a", "a", "b", "é"]
        assert len(csd.read("a").features) == 4


@settings(max_examples=40)
@given(
    intervals=hnp.arrays(
        np.float32,
        st.tuples(st.integers(0, 6), st.just(2)),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
def test_rows_that_end_before_they_start_last_no_time(tmp_path_factory, intervals):
    """Out of order, overlapping, huge, none at all: all go through, but for reversed ends."""
    features = np.random.default_rng(0).normal(size=(len(intervals), 1))
    path = write_csd(tmp_path_factory.mktemp("csd") / "x.csd", {"v": (features, intervals)})
    with open_csd(path) as csd:
        recording = csd.read("v")
    start, end = intervals.astype(np.float64).T
    np.testing.assert_array_equal(recording.intervals, np.stack([start, np.maximum(start, end)], 1))
    np.testing.assert_array_equal(recording.features, features)
    assert recording.num_reversed == (end < start).sum()


def test_only_the_video_asked_for_is_read(tmp_path):
    """The values of another are damaged; a reader that took all would stumble over them."""
    path = write_csd(tmp_path / "x.csd", make_videos(), fletcher32=True, chunks=(4, 2))
    with h5py.File(path) as file:
        place = file[f"{ROOT}/data/video-1/features"].id.get_chunk_info(0).byte_offset
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 255
    path.write_bytes(damaged)
    with open_csd(path) as csd:
        csd.read("video-0")
        csd.read("video-2")
        with pytest.raises(SourceError, match="video-1/features': not readable as HDF5"):
            csd.read("video-1")


def read_all(path):
    with open_csd(path) as csd:
        return {video: csd.read(video) for video in csd.ids}


def put(name, value):
    """A change: another array for one of the video `video-1`, or none."""

    def change(file):
        del file[f"{ROOT}/data/video-1/{name}"]
        if value is not None:
            file[f"{ROOT}/data/video-1/{name}"] = value

    return change


def add(name, value):
    """A change: something more in the file."""
    return lambda file: file.__setitem__(name, value)


def one_time(value):
    intervals = make_videos()["video-1"][1]
    intervals[3, 1] = value
    return intervals


AT = f"key '{ROOT}/data"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda file: file.clear(), ": 0 root groups. A computational sequence has one"),
        (add("other/data", 1.0), ": 2 root groups. A computational"),
        (lambda file: file.move(f"{ROOT}/data", f"{ROOT}/dat"), f", {AT}': no such key; it holds"),
        (add(f"{ROOT}/data/v\x1b", 1.0), rf", {AT}': 'v\x1b' for the id of a video"),
        (add(f"{ROOT}/data/v", 1.0), f", {AT}/v': a Dataset, not a Group"),
        (put("features", None), f", {AT}/video-1/features': no such key; it holds 'intervals'"),
        (
            put("features", np.ones((4, 3))),
            f", {AT}/video-1/intervals': shape (5, 2). Each of the 4 rows needs a start",
        ),
        (put("intervals", np.ones((5, 3))), f", {AT}/video-1/intervals': shape (5, 3). Each of"),
        (put("intervals", np.ones(5)), f", {AT}/video-1/intervals': shape (5,). Each of"),
        (put("intervals", np.full((5, 2), b"1")), f", {AT}/video-1/intervals': values of type |S1"),
        *(
            (
                put("intervals", one_time(value)),
                f", {AT}/video-1/intervals': times that are not finite in row 3. Each of the 5",
            )
            for value in (np.nan, np.inf, -np.inf)
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path, change, found):
    path = write_csd(tmp_path / "x.csd", make_videos())
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(SourceError, match=re.escape(f"{path}{found}")):
        read_all(path)


def test_a_video_that_is_not_there(tmp_path):
    path = write_csd(tmp_path / "x.csd", make_videos())
    with open_csd(str(path)) as csd, pytest.raises(SourceError, match="video-9': no such key"):
        csd.read("video-9")


def test_errors_of_the_caller_stay_as_they_are(tmp_path):
    path = write_csd(tmp_path / "x.csd", make_videos())
    with pytest.raises(KeyError, match="mine"), open_csd(path):
        raise KeyError("mine")


@pytest.mark.parametrize(
    ("name", "root", "rows", "kind"),
    [
        ("CMU_MOSI_ModifiedTimestampedWords", "CMU_MOSI_ModifiedTimestampedWords", 51_056, "U"),
        ("CMU_MOSI_Opinion_Labels", "Opinion Segment Labels", 2_199, "f"),
    ],
)
def test_the_real_files(real_data, name, root, rows, kind):
    with open_csd(real_data / "csd" / f"{name}.csd") as csd:
        assert csd.root == root
        assert len(csd.ids) == 93
        recordings = {video: csd.read(video) for video in csd.ids}
    assert sum(len(recording.features) for recording in recordings.values()) == rows
    assert {recording.features.shape[1:] for recording in recordings.values()} == {(1,)}
    assert {recording.features.dtype.kind for recording in recordings.values()} == {kind}
    assert sum(recording.num_reversed for recording in recordings.values()) == 0
    if kind == "U":
        words = recordings["03bSnISJMiM"]
        assert words.features[:4, 0].tolist() == ["oh", "sp", "this", "sp"]
        np.testing.assert_allclose(words.intervals[0], [2.11768707, 5.16077098])
    else:
        start, end = np.concatenate([each.intervals for each in recordings.values()]).T
        assert (end > start).sum() == 2_198
        assert np.ptp(recordings["2WGyTLYerpo"].intervals[43]) == 0
