"""Broken and hostile pickles: one clear error each, in bounded memory and time; nothing runs."""

import re

import pytest

from support.hostile_pickles import CASES, MARKER
from support.limited_reading import read_with_limits


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def outcomes(folder):
    """file name -> how reading it went, all in one process with limits."""
    paths = []
    for make, _ in CASES:
        paths.append(folder / f"{make.__name__}.pkl")
        make(paths[-1])
    return read_with_limits(paths)


@pytest.mark.parametrize(("make", "complaint"), CASES, ids=[make.__name__ for make, _ in CASES])
def test_one_clear_error(outcomes, folder, make, complaint):
    outcome = outcomes[f"{make.__name__}.pkl"]
    assert outcome["kind"] == "SourceError", outcome
    assert re.search(complaint, outcome["error"]), outcome["error"]
    assert outcome["error"].startswith(f"{folder / make.__name__}.pkl: ")
    assert outcome["error"].isprintable()
    assert len(outcome["error"]) < 700
    assert outcome["megabytes"] < 300
    assert outcome["seconds"] < 20


def test_nothing_of_any_file_ran(outcomes, folder):
    assert outcomes
    assert not (folder / MARKER).exists()
