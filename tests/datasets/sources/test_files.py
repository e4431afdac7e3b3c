"""Finding source files and hashing them."""

import hashlib

import pytest

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.files import find_files, hash_files


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.h5").write_bytes(b"A")
    (tmp_path / "c.h5").write_bytes(b"")
    (tmp_path / "e.h5").mkdir()
    return tmp_path


def test_optional_files_are_taken_where_they_are(folder):
    found = find_files(folder, ["a.h5"], optional=["b.h5", "c.h5"])
    assert found == {"a.h5": folder / "a.h5", "c.h5": folder / "c.h5"}


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        (None, "Name the folder"),
        ("nowhere", "does not exist"),
        ("a.h5", "is not a folder"),
        (".", "lacks b.h5, e.h5"),  # a folder of that name is no file
    ],
)
def test_every_file_wanted_is_named(folder, place, complaint):
    place = None if place is None else folder / place
    with pytest.raises(SourceError, match=complaint) as caught:
        find_files(place, ["a.h5", "b.h5", "e.h5"], optional=["d.h5"])
    assert "it must hold a.h5, b.h5, e.h5 (and may hold d.h5)" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_home_folder(folder, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    assert find_files("~", ["a.h5"]) == {"a.h5": folder / "a.h5"}


def test_hashes(folder):
    hashes = hash_files(find_files(folder, ["c.h5", "a.h5"]))
    assert list(hashes.items()) == [
        ("c.h5", hashlib.sha256(b"").hexdigest()),
        ("a.h5", hashlib.sha256(b"A").hexdigest()),
    ]
