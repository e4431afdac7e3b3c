"""Withdrawing a version: the one before is served, nothing is lost, no number is given twice."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.export.publish import publish
from rmfn_tf.export.versions import published_versions, withdrawn_versions
from rmfn_tf.export.withdrawal import Withdrawal, withdraw

NOBODY = 65534


def write_file(folder: Path) -> None:
    (folder / "saved_model.pb").write_bytes(b"graph")


@pytest.fixture
def three(tmp_path) -> Path:
    for _ in range(3):
        publish(tmp_path, write_file)
    return tmp_path


def test_the_newest_is_withdrawn_and_nothing_is_lost(three, contents):
    before = contents(three)

    done = withdraw(str(three))

    assert done == Withdrawal(version=3, kept_as=three / ".withdrawn-3", served=2)
    assert published_versions(three) == [1, 2]
    moved = {name.replace(".withdrawn-3", "3"): data for name, data in contents(three).items()}
    assert moved == before


def test_the_number_is_not_given_again(three):
    withdraw(three)
    withdraw(three)

    assert published_versions(three) == [1]
    assert publish(three, write_file).name == "4"
    assert withdraw(three).served == 1
    assert publish(three, write_file).name == "5"


def test_a_withdrawn_version_can_be_put_back(three):
    done = withdraw(three)
    done.kept_as.rename(three / "3")

    assert publish(three, write_file).name == "4"
    assert withdraw(three) == Withdrawal(4, three / ".withdrawn-4", served=3)
    assert withdraw(three) == Withdrawal(3, three / ".withdrawn-3", served=2)


@settings(max_examples=40)
@given(steps=st.lists(st.sampled_from(["publish", "withdraw", "publish, keep 1", "keep 2"])))
def test_whatever_happens_each_number_stands_for_one_model(steps):
    """Every version holds the turn it was published in: no folder is ever replaced, the newest
    published is never removed, and of the withdrawn ones none is."""
    with tempfile.TemporaryDirectory() as folder:
        directory, given_out, withdrawn = Path(folder), {}, set()
        for turn, what in enumerate(steps):
            if what == "withdraw":
                if len(published_versions(directory)) > 1:
                    withdrawn.add(withdraw(directory).version)
            else:
                keep = int(what[-1]) if "keep" in what else None
                version = publish(
                    directory,
                    lambda f, turn=turn: f.joinpath("turn").write_text(f"{turn}"),
                    keep=keep,
                )
                number = int(version.name)
                assert number == max(given_out, default=0) + 1
                given_out[number] = turn
                assert published_versions(directory)[-1] == number
                if keep is not None:
                    assert len(published_versions(directory)) <= keep
            assert set(withdrawn_versions(directory)) == withdrawn
            for name in [*published_versions(directory), *(f".withdrawn-{n}" for n in withdrawn)]:
                number = int(str(name).removeprefix(".withdrawn-"))
                assert (directory / str(name) / "turn").read_text() == f"{given_out[number]}"


def test_the_only_version_is_left_where_nothing_else_could_be_served(tmp_path, contents):
    publish(tmp_path, write_file)
    before = contents(tmp_path)

    with pytest.raises(ValueError, match=r"version 1 is the only one .* nothing would be served"):
        withdraw(tmp_path)
    assert contents(tmp_path) == before

    assert withdraw(tmp_path, force=True) == Withdrawal(1, tmp_path / ".withdrawn-1", served=None)
    assert publish(tmp_path, write_file).name == "2"


@pytest.mark.parametrize("entry", ["nothing", "missing", "file", "link", "withdrawn", "other"])
def test_no_versions(tmp_path, entry):
    directory = tmp_path / "models"
    if entry != "missing":
        directory.mkdir()
    if entry == "file":
        (directory / "3").write_text("notes")
    if entry == "link":
        (directory / "3").symlink_to(tmp_path)
    if entry in {"withdrawn", "other"}:
        (directory / (".withdrawn-3" if entry == "withdrawn" else "v3")).mkdir()

    with pytest.raises(ValueError, match="models has no versions: name the model folder"):
        withdraw(directory, force=True)


def test_a_file_is_no_version_to_go_back_to(three):
    (three / "9").write_text("notes")

    assert withdraw(three) == Withdrawal(3, three / ".withdrawn-3", served=2)


def test_names_with_zeros_in_front_are_versions_too(tmp_path):
    """TensorFlow Serving reads them as numbers."""
    publish(tmp_path, write_file)
    (tmp_path / "007").mkdir()

    assert withdraw(tmp_path) == Withdrawal(7, tmp_path / ".withdrawn-7", served=1)
    assert publish(tmp_path, write_file).name == "8"


def test_what_was_withdrawn_under_this_number_is_not_replaced(three, contents):
    (three / ".withdrawn-3").mkdir()
    (three / ".withdrawn-3" / "theirs").write_text("theirs")
    before = contents(three)

    with pytest.raises(OSError, match=r"cannot withdraw version 3 of .*: Directory not empty"):
        withdraw(three)

    assert contents(three) == before


def test_a_read_only_folder():
    # Permissions do not bind root, so as root this runs as nobody, outside root's own folders.
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        folder = Path(parent, "models")
        publish(folder, write_file)
        publish(folder, write_file)
        folder.chmod(0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        try:
            with pytest.raises(PermissionError, match=r"cannot withdraw version 2 of .*models"):
                withdraw(folder)
        finally:
            os.seteuid(user)
            folder.chmod(0o755)

        assert published_versions(folder) == [1, 2]


def test_a_link_that_a_server_would_take_for_the_newest_version(tmp_path):
    for name in ("1", "2", "elsewhere"):
        (tmp_path / name).mkdir()
    (tmp_path / "3").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match=r"/3 is a link, and a server takes it"):
        withdraw(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2", "3", "elsewhere"]
