"""Computational sequences: what is read, video by video, and what is repaired."""

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.sequences.csd import open_csd
from support.csd_files import ROOT, make_videos, make_words, write_csd

CHUNKED = {"chunks": (3, 1)}
PACKED = {"compression": "gzip", "shuffle": True, "fletcher32": True}


@pytest.mark.parametrize("options", [{}, CHUNKED, PACKED], ids=["plain", "chunked", "packed"])
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f8", "i4", "u1"])
def test_every_video_is_read_as_it_is_stored(tmp_path, options, dtype):
    videos = {
        name: ((10 * features).astype(dtype), intervals)
        for name, (features, intervals) in make_videos().items()
    }
    with open_csd(write_csd(tmp_path / "x.csd", videos, **options)) as csd:
        assert csd.root == ROOT
        assert csd.ids == sorted(videos)
        for name in reversed(csd.ids):  # in any order, and again
            for _ in range(2):
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
    assert features[:, 0].tolist() == ["word-0", "naïve", "na\ufffdve", "word-3", "word-4"]
    assert features.dtype.kind == "U"
    assert features.shape == (5, 1)


def test_ids_are_sorted_by_code_point_and_stripped(tmp_path):
    ids = ["b", "B", "_a", "-a", "1", "é", " a\t"]
    videos = dict.fromkeys(ids, make_videos()["video-0"])
    with open_csd(write_csd(tmp_path / "x.csd", videos)) as csd:
        assert csd.ids == ["-a", "1", "B", "_a", "a", "b", "é"]
        assert len(csd.read("a").features) == 4


def test_ids_of_a_group_of_the_newer_kind(tmp_path):
    """Written with libver="latest": names lie in other structures, in order of their hash."""
    videos = make_videos(num_videos=30)
    with h5py.File(tmp_path / "x.csd", "w", libver="latest") as file:
        for name, (features, intervals) in videos.items():
            file[f"root/data/{name}/features"] = features
            file[f"root/data/{name}/intervals"] = intervals
    with open_csd(tmp_path / "x.csd") as csd:
        assert csd.ids == sorted(videos)
        np.testing.assert_array_equal(csd.read("video-7").features, videos["video-7"][0])


def test_rows_that_end_before_they_start_last_no_time(tmp_path):
    features, intervals = make_videos()["video-0"]
    intervals[1] = intervals[1, ::-1]
    intervals[3, 1] = intervals[3, 0]  # zero length: nothing to repair
    with open_csd(write_csd(tmp_path / "x.csd", {"v": (features, intervals)})) as csd:
        recording = csd.read("v")
    assert recording.num_reversed == 1
    np.testing.assert_array_equal(recording.intervals[1], [intervals[1, 0]] * 2)
    np.testing.assert_array_equal(recording.intervals[[0, 2, 3]], intervals[[0, 2, 3]])
    np.testing.assert_array_equal(recording.features, features)


@given(
    intervals=hnp.arrays(
        np.float32,
        st.tuples(st.integers(1, 6), st.just(2)),
        elements=st.floats(allow_nan=False, allow_infinity=False, width=32),
    )
)
@settings(max_examples=50)
def test_intervals_never_end_before_they_start(tmp_path_factory, intervals):
    """Out of order, overlapping, huge: all go through, exactly, but for reversed ends."""
    path = tmp_path_factory.mktemp("csd") / "x.csd"
    features = np.zeros((len(intervals), 1))
    with open_csd(write_csd(path, {"v": (features, intervals)})) as csd:
        recording = csd.read("v")
    start, end = intervals.astype(np.float64).T
    np.testing.assert_array_equal(recording.intervals, np.stack([start, np.maximum(start, end)], 1))
    assert recording.num_reversed == (end < start).sum()


def test_a_video_without_rows(tmp_path):
    videos = {"v": (np.zeros((0, 3), "f4"), np.zeros((0, 2)))}
    with open_csd(write_csd(tmp_path / "x.csd", videos)) as csd:
        recording = csd.read("v")
    assert recording.features.shape == (0, 3)
    assert recording.intervals.shape == (0, 2)


def test_a_video_that_is_not_there(tmp_path):
    with (
        open_csd(write_csd(tmp_path / "x.csd", make_videos())) as csd,
        pytest.raises(SourceError, match=f"'{ROOT}/data/video-9': no such video"),
    ):
        csd.read("video-9")


def test_only_the_video_asked_for_is_read(tmp_path):
    """The values of another video are damaged; a reader that took all would stumble over them."""
    path = write_csd(tmp_path / "x.csd", make_videos(), fletcher32=True, chunks=(4, 2))
    with h5py.File(path) as file:
        place = file[f"{ROOT}/data/video-1/features"].id.get_chunk_info(0).byte_offset
    damaged = bytearray(path.read_bytes())
    damaged[place] ^= 255
    path.write_bytes(damaged)
    with open_csd(path) as csd:
        csd.read("video-0")
        csd.read("video-2")
        with pytest.raises(SourceError, match="video-1': not readable as HDF5"):
            csd.read("video-1")


def test_errors_of_the_caller_stay_as_they_are(tmp_path):
    path = write_csd(tmp_path / "x.csd", make_videos())
    with pytest.raises(KeyError, match="mine"), open_csd(path):
        raise KeyError("mine")
    path.unlink()
    with pytest.raises(SourceError, match="no such file"), open_csd(str(path)):
        pass


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
        assert csd.metadata["root name"] == root
        assert len(csd.ids) == 93
        recordings = [csd.read(video) for video in csd.ids]
    assert sum(len(recording.features) for recording in recordings) == rows
    assert {recording.features.shape[1:] for recording in recordings} == {(1,)}
    assert {recording.features.dtype.kind for recording in recordings} == {kind}
    assert sum(recording.num_reversed for recording in recordings) == 0


def test_what_the_real_labels_hold(real_data):
    with open_csd(real_data / "csd" / "CMU_MOSI_Opinion_Labels.csd") as csd:
        recordings = {video: csd.read(video) for video in csd.ids}
    scores = np.concatenate([recording.features for recording in recordings.values()])
    assert (scores.min(), scores.max()) == (-3, 3)
    start, end = recordings["2WGyTLYerpo"].intervals[43]
    assert start == end
    lasting = sum((r.intervals[:, 1] > r.intervals[:, 0]).sum() for r in recordings.values())
    assert lasting == 2_198
    unordered = [v for v, r in recordings.items() if (np.diff(r.intervals[:, 0]) < 0).any()]
    assert len(unordered) == 2


def test_what_the_real_words_hold(real_data):
    with open_csd(real_data / "csd" / "CMU_MOSI_ModifiedTimestampedWords.csd") as csd:
        recording = csd.read("03bSnISJMiM")
    assert recording.features[:4, 0].tolist() == ["oh", "sp", "this", "sp"]
    np.testing.assert_allclose(recording.intervals[0], [2.11768707, 5.16077098])
