"""A run that is killed ends with the bits of one that is not."""

import os
import signal
from pathlib import Path

import pytest

from support.kills import CONTEXT, differences, run_process, train

pytestmark = pytest.mark.slow


def die_in(point: str, count: int, folder: str) -> None:
    """Trains, and kills itself the `count`-th time it gets to a point."""
    import keras
    import numpy as np

    from rmfn_tf import files
    from rmfn_tf.training import checkpoint

    passed = 0

    def arrive() -> None:
        nonlocal passed
        passed += 1
        if passed == count:
            os.kill(os.getpid(), signal.SIGKILL)

    if point == "batch":
        keras.callbacks.CallbackList.on_train_batch_end = lambda self, batch, logs=None: arrive()
    elif point == "checkpoint":
        savez = np.savez

        def half(path, *arrays, **named):
            savez(path, *arrays, **named)
            Path(path).write_bytes(Path(path).read_bytes()[:1000])
            arrive()
            savez(path, *arrays, **named)

        np.savez = half
    elif point == "history":
        rows = checkpoint.write_rows
        checkpoint.write_rows = lambda path, given: (
            arrive(),
            path.write_text("epoch,lo"),
            rows(path, given),
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


def test_killed_at_one_moment_after_the_other(tmp_path):
    """Each time it goes on for an epoch or more, and dies in something else."""
    run, whole = tmp_path / "run", tmp_path / "whole"
    moments = {"batch": 15, "checkpoint": 2, "history": 3, "before the rename": 6, "model": 1}
    for point, count in moments.items():
        process = CONTEXT.Process(target=die_in, args=(point, count, str(run)))
        process.start()
        process.join()
        assert process.exitcode == -signal.SIGKILL, f"it never got to: {point}"
    assert run_process(run)[0]
    assert run_process(whole)[0]
    assert differences(run, whole) == []
    assert list(run.rglob(".partial-*")) == []
