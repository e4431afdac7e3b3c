"""A version appears whole or not at all, under a number of its own."""

import errno
import os
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rmfn_tf.export.publish import publish, published_versions


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
    for _ in range(2):
        publish(tmp_path, write_files)
    before = contents(tmp_path)

    def fail_half_way(folder):
        write_files(folder)
        raise failure

    with pytest.raises(type(failure)):
        publish(tmp_path, fail_half_way, keep=1)
    with pytest.raises(type(failure)):
        publish(tmp_path / "new", fail_half_way)

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


def test_a_folder_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "models").write_text("not a folder")

    with pytest.raises(NotADirectoryError, match=r"cannot publish a version in .*models"):
        publish(tmp_path / "models", write_files)


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


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    ("keep", "left"),
    [(1, ["4"]), (2, ["3", "4"]), (4, ["1", "2", "3", "4"]), (9, ["1", "2", "3", "4"])],
)
def test_older_versions_are_removed_until_so_many_are_left(tmp_path, contents, keep, left):
    for _ in range(3):
        publish(tmp_path, write_files)

    version = publish(tmp_path, write_files, keep=keep)

    assert version == tmp_path / "4"
    assert names(tmp_path) == left
    assert contents(tmp_path / left[0]) == contents(version)


def test_nothing_else_is_removed(tmp_path):
    """Neither what is no version, nor the newer one of a rival who publishes meanwhile."""
    elsewhere = tmp_path / "elsewhere"
    directory = tmp_path / "models"
    for folder in (elsewhere, directory / "2", directory / ".hidden", directory / "archive"):
        folder.mkdir(parents=True)
    (directory / "0").write_text("notes")
    (directory / "1").symlink_to(elsewhere)

    def rival_is_faster(folder):
        write_files(folder)
        for number in (4, 5, 6):
            (directory / str(number)).mkdir()

    def write_and_wait(folder):
        rival_is_faster(folder)
        rename = Path.rename

        def rename_then_rival(path, target):
            done = rename(path, target)
            if path == folder:
                (directory / "8").mkdir()
            return done

        patched.setattr(Path, "rename", rename_then_rival)

    with pytest.MonkeyPatch.context() as patched:
        version = publish(directory, write_and_wait, keep=2)

    assert version.name == "7"
    assert names(directory) == [".hidden", "0", "1", "6", "7", "8", "archive"]
    assert elsewhere.is_dir()


@pytest.mark.parametrize("keep", [0, -1])
def test_none_to_keep_is_refused_at_once(tmp_path, keep):
    with pytest.raises(ValueError, match=f"`keep` must be 1 or more .* got {keep}"):
        publish(tmp_path / "models", write_files, keep=keep)

    assert list(tmp_path.iterdir()) == []


def test_a_server_never_sees_a_version_half_removed(tmp_path, monkeypatch):
    publish(tmp_path, write_files)
    rmtree, seen = shutil.rmtree, []

    def look_then_remove(folder, **options):
        seen.append(names(tmp_path))
        rmtree(folder, **options)

    monkeypatch.setattr(shutil, "rmtree", look_then_remove)
    publish(tmp_path, write_files, keep=1)

    (while_removing,) = seen
    assert published_versions(tmp_path) == [2]
    assert while_removing[0].startswith(".removing-")
    assert while_removing[1:] == ["2"]


def test_a_version_that_cannot_be_removed_is_an_error_that_says_the_new_one_is_there(
    tmp_path, monkeypatch
):
    publish(tmp_path, write_files)

    def fail(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", fail)
    with pytest.raises(
        PermissionError, match=r"published .*/2, but cannot remove .*/1: Permission"
    ):
        publish(tmp_path, write_files, keep=1)

    assert published_versions(tmp_path) == [2]


def test_what_another_publisher_removes_at_the_same_time_is_no_error(tmp_path, monkeypatch):
    publish(tmp_path, write_files)
    rename = Path.rename

    def rival_first(path, target):
        if path.name == "1":
            shutil.rmtree(path)
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", rival_first)

    assert publish(tmp_path, write_files, keep=1) == tmp_path / "2"
    assert names(tmp_path) == ["2"]


KILLED = """
import os, signal, shutil, sys
from pathlib import Path
from rmfn_tf.export import publish as module

directory, stage = Path(sys.argv[1]), sys.argv[2]

def die(*args, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def write(folder):
    (folder / "saved_model.pb").write_bytes(b"graph")
    if stage == "writing":
        die()
    (folder / "variables").mkdir()
    (folder / "variables" / "variables.index").write_bytes(b"index")

rename = Path.rename

def rename_or_die(path, target):
    if stage == "before the rename":
        die()
    done = rename(path, target)
    if stage == "after the rename" or stage == "removing" and Path(target).name[0] == ".":
        die()
    return done

def delete_half(folder, **options):
    (Path(folder) / "saved_model.pb").unlink()
    die()

Path.rename = rename_or_die
if stage == "flushing":
    os.fsync = die
if stage == "deleting":
    shutil.rmtree = delete_half
module.publish(directory, write, keep=1)
"""


@pytest.mark.parametrize(
    ("stage", "served"),
    [
        ("writing", ["1", "2"]),
        ("flushing", ["1", "2"]),
        ("before the rename", ["1", "2"]),
        ("after the rename", ["1", "2", "3"]),
        ("removing", ["2", "3"]),
        ("deleting", ["2", "3"]),
    ],
)
def test_a_kill_leaves_whole_versions(tmp_path, contents, stage, served):
    """SIGKILL, at each stage: a server sees what was there, or the new version, and all of it."""
    whole = contents(publish(tmp_path, write_files))
    publish(tmp_path, write_files)

    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path, stage], check=False)

    assert done.returncode == -signal.SIGKILL
    assert [name for name in names(tmp_path) if name[0] != "."] == served
    for name in served:
        assert contents(tmp_path / name) == whole

    # The next one gets on with it; what is left has a name that no server looks at.
    version = publish(tmp_path, write_files, keep=1)
    assert int(version.name) == int(served[-1]) + 1
    assert [name for name in names(tmp_path) if name[0] != "."] == [version.name]
