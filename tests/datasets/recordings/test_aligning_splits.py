"""Splits of one's own recordings."""

import pytest

from rmfn_tf.datasets.recordings.seeded_splits import split_videos
from support.aligned_folder import load, run, write_splits
from support.own_recordings import make_recordings


def test_splits_of_the_column(tmp_path):
    make_recordings(tmp_path)
    splits = {"one": "test", "two": "train", "three": "train", "four": "test"}
    write_splits(tmp_path, splits)
    report = run(tmp_path)
    assert all(each["split"] == splits[str(each["video"])] for each in load(tmp_path).values())
    assert report.notes[0] == "Splits: from the column split."
    assert "No example in validation." in report.notes


def test_drawn_splits_part_no_video_and_depend_on_the_seed_alone(tmp_path):
    make_recordings(tmp_path, videos=[f"v{number}" for number in range(10)])
    homes = []
    for out, seed in (("a", 3), ("b", 3), ("c", 4)):
        run(tmp_path, out=out, split_seed=seed)
        homes.append({(str(e["video"]), str(e["split"])) for e in load(tmp_path, out).values()})
    assert len(homes[0]) == 10
    assert homes[0] == homes[1] != homes[2]
    counts = [split for _, split in homes[0]]
    assert [counts.count(each) for each in ("train", "validation", "test")] == [7, 1, 2]


@pytest.mark.parametrize("count", [3, 4, 5, 17, 100])
def test_shares(count):
    videos = [f"v{number}" for number in range(count)]
    splits = split_videos(videos, 0)
    assert splits == split_videos(videos[::-1], 0)
    found = [list(splits.values()).count(each) for each in ("validation", "test")]
    assert found == [max(1, round(0.1 * count)), max(1, round(0.2 * count))]
    assert sorted(splits) == sorted(videos)


@pytest.mark.parametrize("seed", [-1, 0])
def test_splits_that_cannot_be_drawn(seed):
    with pytest.raises(ValueError, match=r"seed of the splits|three videos"):
        split_videos(["a", "b"], seed)
