"""What a search over hyperparameters is made of, and its folder."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras_tuner

from rmfn_tf.files import write_json
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.presets import merge
from rmfn_tf.training.provenance import check_trained_on, data_facts
from rmfn_tf.training.splits import open_task
from rmfn_tf.tuning.spaces import check_tune, draw_settings

TUNERS = ("random", "bayesian", "hyperband")
SEARCH = "search.json"


def check_tuner(name: str) -> None:
    """ValueError for a name that is none of `TUNERS`."""
    if name not in TUNERS:
        raise ValueError(f"The tuner must be one of {', '.join(TUNERS)}; got {name!r}.")


@dataclass(frozen=True)
class Search:
    """A search: everything that decides which trials are made.

    Args:
        config: a run with all that is not searched. Its seed is that of every trial and of what the
            tuner draws; its epochs are those of every trial, and with Hyperband the most of any.
        tuner: one of `TUNERS`.
        trials: how many at most.
        tune: names of the parameters that are searched (`rmfn_tf.tuning.spaces`); None: all.
        widths: modality -> number of features, in the order of the data set.
        metric: what is looked at, on validation or out of fold.
        lower_is_better: of the metric.

    Raises:
        ValueError: no such tuner or parameter, or no trials.
    """

    config: RunConfig
    tuner: str
    trials: int
    tune: Sequence[str] | None
    widths: Mapping[str, int]
    metric: str
    lower_is_better: bool

    def __post_init__(self) -> None:
        check_tuner(self.tuner)
        if self.trials < 1:
            raise ValueError(f"The number of trials must be at least 1; got {self.trials}.")
        check_tune(self.config.model, self.widths, self.tune)

    @property
    def space(self) -> list[str]:
        """The names of the parameters that are searched."""
        return list(check_tune(self.config.model, self.widths, self.tune))

    @classmethod
    def of(
        cls,
        config: RunConfig,
        builder: Any,
        tuner: str,
        trials: int,
        tune: Sequence[str] | None = None,
    ) -> "Search":
        """The search on a built data set."""
        metric, lower = open_task(config, builder).of_kind.selection
        widths = dict(builder.info.metadata["modalities"])
        return cls(config, tuner, trials, tune, widths, metric, lower)

    @classmethod
    def read(cls, out: Path) -> "Search":
        """The search of a folder."""
        values = json.loads((out / SEARCH).read_text())["search"]
        return cls(**{**values, "config": RunConfig(**values["config"])})

    def start(self, out: Path, builder: Any) -> None:
        """Makes the folder of the search, or finds it to be of this one; `trials` may be other.

        Raises:
            ValueError: the folder is of another search, of a sweep, or of other data.
        """
        path = out / SEARCH
        mine = json.loads(json.dumps(asdict(self)))
        if path.exists():
            theirs = json.loads(path.read_text())["search"]
            for name in mine:
                if name != "trials" and mine[name] != theirs[name]:
                    raise ValueError(
                        f"{out} is of another search: there {name} = {theirs[name]!r}, asked "
                        f"for {mine[name]!r}. Name another folder."
                    )
            check_trained_on(out, self.config.data, builder.info.metadata)
        elif (out / "runs").exists():
            raise ValueError(f"{out} holds a sweep over stages; name another folder with --out.")
        else:
            out.mkdir(parents=True, exist_ok=True)
            write_json(out / "run.json", data_facts(self.config.data, builder.info.metadata))
        write_json(path, {"search": mine})

    def draw(self, hp: keras_tuner.HyperParameters) -> RunConfig:
        """Registers the space in `hp`; the run of the values that it has."""
        config = self.config
        drawn = draw_settings(hp, config.model, self.widths, self.space, config.hyperparameters)
        changes = dict(drawn)
        if "learning_rate" in changes:
            changes["optimizer"] = {"learning_rate": changes.pop("learning_rate")}
        if "tuner/epochs" in hp.values:  # of Hyperband
            changes["epochs"] = int(hp.values["tuner/epochs"])
        return RunConfig(**merge(asdict(config), changes))
