"""Broken and hostile computational sequences: one clear error each, in bounded memory and time."""

import re

import pytest

from rmfn_tf.datasets.sources.sequences.csd import open_csd
from support.csd_files import make_videos, write_csd
from support.hostile_csds import CASES
from support.limited_reading import read_with_limits

MAKERS = [make for make, _, _ in CASES]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder for each file, since some bring others along."""
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def outcomes(folder):
    """file name -> how reading it went, all in one process with limits."""
    paths = []
    for make in MAKERS:
        path = folder / make.__name__ / f"{make.__name__}.csd"
        path.parent.mkdir()
        make(path)
        paths.append(path)
    return read_with_limits(paths)


@pytest.mark.parametrize(
    ("make", "complaint"), [case[:2] for case in CASES], ids=[make.__name__ for make in MAKERS]
)
def test_one_clear_error(outcomes, folder, make, complaint):
    outcome = outcomes[f"{make.__name__}.csd"]
    assert outcome["kind"] == "SourceError", outcome
    assert re.search(complaint, outcome["error"])
    assert outcome["error"].startswith(str(folder / make.__name__ / f"{make.__name__}.csd"))
    assert "\n" not in outcome["error"]
    assert len(outcome["error"]) < 700
    assert outcome["megabytes"] < 50
    assert outcome["seconds"] < 20  # a file of that kind takes a thousandth


@pytest.mark.parametrize(("make", "at_once"), [(make, at_once) for make, _, at_once in CASES])
def test_what_is_wrong_with_the_whole_file_shows_on_opening(folder, outcomes, make, at_once):
    """What is wrong with one video must not keep the others from being read."""
    path = folder / make.__name__ / f"{make.__name__}.csd"
    if at_once:
        with pytest.raises(ValueError, match=re.escape(str(path))), open_csd(path):
            pass
    else:
        with open_csd(path) as csd:
            assert len(csd.read("video-0").features) == 4


def test_the_corpus_is_large_enough():
    assert len(CASES) >= 40


def test_a_good_file_passes_the_same_limits(tmp_path):
    path = write_csd(tmp_path / "good.csd", make_videos(), compression="gzip")
    assert read_with_limits([path])["good.csd"]["error"] is None
