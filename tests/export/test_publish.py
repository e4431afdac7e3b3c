"""A version appears whole or not at all, under a number of its own."""

import errno
import os
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from rmfn_tf.export.publish import publish, published_versions

NOBODY = 65534


def write_files(folder: Path) -> None:
    (folder / "variables").mkdir()
    (folder / "saved_model.pb").write_bytes(b"graph")
    (folder / "variables" / "variables.index").write_bytes(b"index")


def test_versions_count_up(tmp_path, contents):
    first = publish(tmp_path, write_files)
    second = publish(str(tmp_path), write_files)

    assert (first, second) == (tmp_path / "1", tmp_path / "2")
    assert contents(first) == contents(second)
    assert contents(first)["variables/variables.index"] == b"index"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "2"]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], []),
        (["2", "10"], [2, 10]),
        (["007"], [7]),
        (["latest", "1.5", "-3", "٣", ".exporting-5", "3.old"], []),
    ],
)
def test_only_whole_numbers_are_versions(tmp_path, entries, expected):
    for name in entries:
        (tmp_path / name).mkdir()

    assert published_versions(tmp_path) == expected
    assert publish(tmp_path, write_files).name == str(max(expected, default=0) + 1)


def test_no_folder_has_no_versions(tmp_path):
    assert published_versions(tmp_path / "missing") == []


def test_a_file_with_a_number_for_its_name_is_not_replaced(tmp_path):
    (tmp_path / "3").write_text("notes")

    assert publish(tmp_path, write_files).name == "4"
    assert (tmp_path / "3").read_text() == "notes"


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_the_loser_of_a_race_takes_the_next_number(tmp_path, monkeypatch, kind):
    """Two rivals take 1 and 2 after this publisher has looked, before it renames."""
    taken = [tmp_path / "1", tmp_path / "2"]

    def look_too_early(directory):
        for path in taken:
            if kind == "folder":
                path.mkdir()
                (path / "theirs").write_text("theirs")
            else:
                path.write_text("theirs")
        return []

    monkeypatch.setattr("rmfn_tf.export.publish.published_versions", look_too_early)

    assert publish(tmp_path, write_files).name == "3"
    for path in taken:
        theirs = path / "theirs" if kind == "folder" else path
        assert theirs.read_text() == "theirs"


def test_others_may_read_what_their_umask_allows(tmp_path):
    """A server runs as another user: a folder private to the publisher would be of no use."""
    before = os.umask(0o022)
    try:
        version = publish(tmp_path / "models", write_files)
    finally:
        os.umask(before)

    assert stat.S_IMODE(version.stat().st_mode) == 0o755


def test_all_is_on_the_disk_before_the_version_has_its_name(tmp_path, monkeypatch):
    events = []
    fsync, rename = os.fsync, Path.rename

    def recording_fsync(handle):
        events.append(Path(os.readlink(f"/proc/self/fd/{handle}")))
        fsync(handle)

    def recording_rename(path, target):
        events.append("rename")
        return rename(path, target)

    if not Path("/proc/self/fd").is_dir():
        pytest.skip("no /proc: cannot tell which file was flushed")
    monkeypatch.setattr(os, "fsync", recording_fsync)
    monkeypatch.setattr(Path, "rename", recording_rename)
    publish(tmp_path, write_files)

    renamed = events.index("rename")
    flushed = {path.name for path in events[:renamed]}
    assert {"saved_model.pb", "variables.index", "variables"} < flushed
    assert any(name.startswith(".exporting-") for name in flushed)
    assert events[renamed + 1 :] == [tmp_path]


@pytest.mark.parametrize("failure", [RuntimeError("no"), KeyboardInterrupt()])
def test_a_writer_that_fails_leaves_the_folder_as_it_was(tmp_path, contents, failure):
    publish(tmp_path, write_files)
    before = contents(tmp_path)

    def fail_half_way(folder):
        write_files(folder)
        raise failure

    with pytest.raises(type(failure)):
        publish(tmp_path, fail_half_way)

    assert contents(tmp_path) == before


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.rename"])
def test_a_disk_that_fails_leaves_the_folder_as_it_was(tmp_path, contents, monkeypatch, step):
    publish(tmp_path, write_files)
    before = contents(tmp_path)

    def fail(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(step, fail)
    with pytest.raises(OSError, match=r"cannot publish a version in .*: No space left") as caught:
        publish(tmp_path, write_files)

    assert caught.value.errno == errno.ENOSPC
    assert contents(tmp_path) == before


def test_a_file_system_that_cannot_flush_folders_will_do(tmp_path, monkeypatch):
    fsync = os.fsync

    def refuse_folders(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", refuse_folders)

    assert publish(tmp_path, write_files).name == "1"


def test_folders_made_for_a_failed_version_go_with_it(tmp_path):
    def fail(folder):
        raise RuntimeError

    (tmp_path / "old").mkdir()
    with pytest.raises(RuntimeError):
        publish(tmp_path / "old" / "new" / "models", fail)

    assert list(tmp_path.rglob("*")) == [tmp_path / "old"]


@pytest.mark.parametrize("name", ["models", ".exporting-"])
def test_folders_made_go_where_one_cannot_be_made(tmp_path, monkeypatch, name):
    mkdir = Path.mkdir

    def refuse(path, *args, **options):
        if path.name.startswith(name):
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
        mkdir(path, *args, **options)

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(OSError, match=r"cannot publish a version in .*models: .*[Qq]uota"):
        publish(tmp_path / "new" / "models", write_files)

    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "models").write_text("not a folder")

    with pytest.raises(NotADirectoryError, match=r"cannot publish a version in .*models"):
        publish(tmp_path / "models", write_files)


def test_a_read_only_folder_is_refused():
    # Permissions do not bind root, so as root this runs as nobody, outside root's own folders.
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        folder = Path(parent, "models")
        folder.mkdir(mode=0o555)
        user = os.geteuid()
        if user == 0:
            os.seteuid(NOBODY)
        try:
            with pytest.raises(PermissionError, match=r"cannot publish a version in .*models"):
                publish(folder, write_files)
        finally:
            os.seteuid(user)

        assert list(folder.iterdir()) == []


RACER = """
import sys, time
from pathlib import Path
from rmfn_tf.export.publish import publish

assert "tensorflow" not in sys.modules
directory, who, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def write(folder):
    (folder / "first").write_text(name)
    (folder / "last").write_text(name)

(directory.parent / f"ready-{who}").touch()
while not (directory.parent / "go").exists():
    time.sleep(0.001)
for turn in range(count):
    name = f"{who}-{turn}"
    print(publish(directory, write).name, name)
"""


def test_racing_processes_get_versions_of_their_own(tmp_path):
    racers, turns = 4, 20
    directory = tmp_path / "models"
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, directory, str(who), str(turns)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for who in range(racers)
    ]
    try:
        while len(list(tmp_path.glob("ready-*"))) < racers:
            assert all(process.poll() is None for process in processes)
            time.sleep(0.01)
        (tmp_path / "go").touch()
        while any(process.poll() is None for process in processes):
            for version in published_versions(directory):
                assert (directory / str(version) / "last").exists()
        outputs = [process.communicate()[0] for process in processes]
    finally:
        for process in processes:
            process.kill()

    assert [process.returncode for process in processes] == [0] * racers
    claimed = dict(line.split() for output in outputs for line in output.splitlines())
    assert sorted(claimed, key=int) == [str(number) for number in range(1, racers * turns + 1)]
    assert sorted(path.name for path in directory.iterdir()) == sorted(claimed)
    for version, name in claimed.items():
        assert (directory / version / "first").read_text() == name
        assert (directory / version / "last").read_text() == name
