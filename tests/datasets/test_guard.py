"""Files are read in a process of its own, and nothing that happens to it happens here."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import support
from rmfn_tf.datasets.guard import guarded
from rmfn_tf.datasets.source import MissingFiles, SourceError
from support import guard_readers

PATIENT = 600  # seconds: more than any test here waits for


def is_there(pid: int) -> bool:
    """Whether a process lives, or has ended without anybody having asked for its end."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def run_script(folder: Path, text: str) -> subprocess.Popen:
    (folder / "script.py").write_text(text)
    return subprocess.Popen(
        [sys.executable, "script.py"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path(support.__path__[0]).parent)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_items_come_one_by_one_and_progress_between_them(tmp_path):
    seen = []
    for item in guarded(
        guard_readers.in_turn, tmp_path / "later", on_progress=lambda *done: seen.append(done)
    ):
        seen.append(item)
        (tmp_path / "later").touch()
    assert seen == [(1, 2), "first", (2, 2), "second"]


@pytest.mark.parametrize("value", [None, {"a": [1, 2]}, [], "text"])
def test_a_returned_value_is_one_item(value):
    assert list(guarded(guard_readers.one_value, value)) == [value]


@pytest.mark.parametrize(
    ("how", "found"),
    [
        ("crash", "the process that read it ended by SIGSEGV"),
        ("hang", "reading it makes no progress in 3 s"),
        ("hang in C", "reading it makes no progress in 3 s"),
        ("fill memory", "reading it takes more than 64 MB of memory"),
        ("one huge array", "reading it takes more than 64 MB of memory"),
        ("exit", "the process that read it ended by code 3"),
        ("be killed", "the process that read it ended by SIGKILL"),
    ],
)
def test_whatever_happens_is_one_error_about_the_file_read_last(tmp_path, how, found):
    last = tmp_path / "second.csd"
    patience = 3 if "hang" in how else PATIENT
    items = guarded(
        guard_readers.falls, how, tmp_path / "first.csd", last, memory=2**26, patience=patience
    )
    child = next(items)
    with pytest.raises(SourceError) as caught:
        next(items)
    assert str(caught.value).startswith(f"{last}: {found}. ")
    assert str(caught.value).isprintable()
    assert not is_there(child)


def test_an_error_of_the_readers_own_keeps_its_type_and_what_it_knows():
    error = MissingFiles("no a.h5", {"b.h5": Path("b.h5")})
    items = guarded(guard_readers.raises, error)
    child = next(items)
    with pytest.raises(MissingFiles) as caught:
        next(items)
    assert str(caught.value) == "no a.h5"
    assert vars(caught.value) | {"__notes__": None} == vars(error) | {"__notes__": None}
    assert not is_there(child)


def test_a_mistake_of_a_reader_shows_where_it_was_made():
    with pytest.raises(KeyError, match="x") as caught:
        list(guarded(guard_readers.raises, KeyError("x")))
    assert "guard_readers.py" in caught.value.__notes__[0]
    with pytest.raises(RuntimeError, match=r"(?s)guard_readers\.py.*Unpicklable: 3 apples"):
        list(guarded(guard_readers.raises_unpicklable))


def test_leaving_early_ends_the_process():
    items = guarded(guard_readers.sleeps, patience=PATIENT)
    child = next(items)
    assert is_there(child)
    items.close()
    assert not is_there(child)


def test_the_process_imports_no_more_than_the_readers_need():
    (names,) = guarded(guard_readers.modules)
    assert "rmfn_tf.datasets.mmsa_mult" in names
    assert not {"tensorflow", "tensorflow_datasets", "keras", "rmfn_tf.datasets.registry"} & {
        *names
    }


def test_the_last_words_of_a_library_do_not_show(capfd):
    assert list(guarded(guard_readers.complains)) == ["done"]
    assert capfd.readouterr() == ("", "")


def test_a_script_without_a_main_guard_runs_once(tmp_path):
    script = run_script(
        tmp_path,
        "print('begins', flush=True)\n"
        "from rmfn_tf.datasets.guard import guarded\n"
        "from support import guard_readers\n"
        "print(*guarded(guard_readers.one_value, 7))\n",
    )
    assert script.communicate(timeout=PATIENT) == ("begins\n7\n", "")
    assert script.returncode == 0


def test_the_process_ends_when_this_one_is_killed(tmp_path):
    """What it inherits of its parent is the standard output, which stays open while it lives."""
    script = run_script(
        tmp_path,
        "from rmfn_tf.datasets.guard import guarded\n"
        "from support import guard_readers\n"
        f"for child in guarded(guard_readers.sleeps, patience={PATIENT}):\n"
        "    print(child, flush=True)\n",
    )
    assert script.stdout is not None
    child = int(script.stdout.readline())
    script.send_signal(signal.SIGKILL)
    try:
        script.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.kill(child, signal.SIGKILL)
        raise
