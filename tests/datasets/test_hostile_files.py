"""Whatever a file is, reading it gives what it holds or one line about it, and runs nothing."""

import re

import pytest

from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.source import SourceError
from support.hostile_files import CASES, MARKER, read, read_damaged, write_good

LIMITS = {"memory": 2**29, "patience": 600}


def is_one_line_about(message, path):
    at_its_place = message.startswith((f"{path}: ", f"{path}, key "))
    return at_its_place and message.isprintable() and len(message) < 700


@pytest.mark.parametrize(("suffix", "name"), CASES)
def test_one_line_about_the_file_and_nothing_of_it_runs(tmp_path, suffix, name):
    path = tmp_path / f"hostile{suffix}"
    write, found = CASES[suffix, name]
    write(path)
    with pytest.raises(SourceError) as caught:
        list(guarded(read, path, **LIMITS))
    assert re.search(found, str(caught.value)), caught.value
    assert is_one_line_about(str(caught.value), path)
    assert not (tmp_path / MARKER).exists()


@pytest.mark.parametrize("suffix", [".csd", ".npz", ".pkl"])
def test_damage_at_random(tmp_path, suffix):
    """A part is read all the same: what was hit is padding, or nobody reads it."""
    path = write_good(tmp_path / f"x{suffix}")
    good, whole = read(path, lambda *_: None), path.read_bytes()
    outcomes: list[str] = []
    while len(outcomes) < 200:
        seeds = list(range(len(outcomes), 200))
        items = guarded(read_damaged, path, whole, seeds, memory=LIMITS["memory"], patience=10)
        try:
            for outcome in items:
                outcomes.append(outcome)
        except SourceError as error:  # a crash, or too much time or memory
            outcomes.append(str(error))
    errors = [outcome for outcome in outcomes if " " in outcome]
    assert [error for error in errors if not is_one_line_about(error, path)] == []
    assert min(len(errors), outcomes.count(good)) > 5
    if suffix == ".npz":  # which has a checksum of everything
        assert set(outcomes) == {good, *errors}
