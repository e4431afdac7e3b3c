"""The trials of a search, as they lie in its folder."""

import contextlib
import json
from pathlib import Path
from typing import Any

from rmfn_tf.training.run_progress import count_epochs
from rmfn_tf.tuning.search import Search

TRIALS = "trials"  # KerasTuner's project: oracle.json and a folder a trial
RUN = "run"
ERROR = "error.txt"
ENDED = ("COMPLETED", "FAILED")


def trial_folder(out: Path, trial_id: str) -> Path:
    """Where a search keeps a trial."""
    return out / TRIALS / f"trial_{trial_id}"


def read_trials(out: Path, search: Search) -> list[dict[str, Any]]:
    """Every trial that was begun, in order.

    Returns:
        Of each `{"id", "status", "score", "values", "epochs", "parameters", "seconds_per_epoch",
        "error"}`: `status` is KerasTuner's word, `values` of the parameters that are active in it,
        `epochs` what was trained; what is not known is None.
    """
    trials = [_read(path.parent, search) for path in (out / TRIALS).glob("trial_*/trial.json")]
    # Not by their names: KerasTuner pads numbers to the width of the last.
    return sorted(trials, key=lambda trial: int(trial["id"]))


def count_ended(out: Path) -> int:
    """How many trials have come to their end."""
    return sum(
        json.loads(path.read_text())["status"] in ENDED
        for path in (out / TRIALS).glob("trial_*/trial.json")
    )


def _read(folder: Path, search: Search) -> dict[str, Any]:
    trial = json.loads((folder / "trial.json").read_text())
    values, epochs = trial["hyperparameters"]["values"], count_epochs(folder / RUN)
    facts: dict[str, Any] = {}
    error = None
    with contextlib.suppress(FileNotFoundError):
        facts = json.loads((folder / RUN / "run.json").read_text())
    if trial["status"] == "FAILED":
        error = "no reason was written down"
        with contextlib.suppress(FileNotFoundError):
            error = " ".join((folder / ERROR).read_text().split())
    seconds = facts.get("seconds")
    return {
        "id": trial["trial_id"],
        "status": trial["status"],
        "score": trial["score"] if trial["status"] == "COMPLETED" else None,
        "values": {name: values[name] for name in search.space if name in values},
        "epochs": epochs,
        "parameters": facts.get("parameters"),
        "seconds_per_epoch": seconds / epochs if seconds and epochs else None,
        "error": error,
    }
