"""A run that is killed ends with the bits of one that is not."""

import os
import signal
from pathlib import Path

import pytest

from support.kills import CONTEXT, differences, run_process, train

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that was not killed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    run_process(folder)
    return folder


def die_in(point: str, count: int, folder: str) -> None:
    """Trains, and kills itself the `count`-th time it gets to a point."""
    import keras
    import numpy as np

    from rmfn_tf import files
    from rmfn_tf.training import fit

    passed = 0

    def arrive() -> None:
        nonlocal passed
        passed += 1
        if passed == count:
            os.kill(os.getpid(), signal.SIGKILL)

    if point == "batch":
        fit.NanGuard.on_train_batch_end = lambda self, batch, logs=None: arrive()
    elif point == "checkpoint":
        savez = np.savez

        def half(path, **arrays):
            savez(path, **arrays)
            Path(path).write_bytes(Path(path).read_bytes()[:1000])
            arrive()
            savez(path, **arrays)

        np.savez = half
    elif point == "history":
        rows = fit.write_rows
        fit.write_rows = lambda path, history: (
            arrive(),
            path.write_text("epoch,lo"),
            rows(path, history),
        )
    elif point == "before the rename":
        replace = files.os.replace
        files.os.replace = lambda source, target: (arrive(), replace(source, target))
    elif point == "model":
        save = keras.Model.save
        keras.Model.save = lambda self, path: (
            Path(path).write_bytes(b"half"),
            arrive(),
            save(self, path),
        )
    train(folder)


@pytest.mark.parametrize(
    ("point", "count"),
    [("batch", 15), ("checkpoint", 5), ("history", 4), ("before the rename", 9), ("model", 1)],
)
def test_killed_in_the_middle_of(tmp_path, whole, point, count):
    process = CONTEXT.Process(target=die_in, args=(point, count, str(tmp_path / "run")))
    process.start()
    process.join()
    assert process.exitcode == -signal.SIGKILL, "it never got there: the test would show nothing"
    ended, _ = run_process(tmp_path / "run")
    assert ended
    assert differences(tmp_path / "run", whole) == []
    assert list((tmp_path / "run").rglob(".partial-*")) == []
