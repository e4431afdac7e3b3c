"""What a run is made of, as a dataclass and as TOML."""

import math
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import tomli_w

from rmfn_tf.files import write_text
from rmfn_tf.names import unknown_name
from rmfn_tf.optimizer import DEFAULT_OPTIMIZER


class ConfigError(ValueError):
    """All mistakes of a config at once.

    Args:
        mistakes: a sentence each.
        source: where the config comes from, as the path of a file.
    """

    def __init__(self, mistakes: list[str], source: str = ""):
        super().__init__(mistakes, source)  # both, or it could not come out of a process
        self.mistakes, self.source = mistakes, source

    def __str__(self) -> str:
        start = f"{self.source}: " if self.source else ""
        if len(self.mistakes) == 1:
            return start + self.mistakes[0]
        listed = "\n".join(f"  - {each}" for each in self.mistakes)
        return f"{start}{len(self.mistakes)} mistakes:\n{listed}"


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides the numbers of a run.

    Args:
        data: `"<data set>/<config>"`, as `rmfn_tf.datasets` names it.
        model: `"rmfn"` or `"ef_lstm"`.
        hyperparameters: of the model (`rmfn_tf.models.model_options`).
        optimizer: `name`, as `keras.optimizers` spells it in lower case, and its arguments; what
            is not given is that of `DEFAULT_OPTIMIZER`. `learning_rate` is that of the first step:
            it falls linearly to zero over all steps.
        epochs: how many at most; with a validation split the weights of the best one are kept.
        batch_size: sequences a step.
        patience: stop after this many epochs without a lower validation loss; 0 never does.
        scaling: `method` of `rmfn_tf.data.fit_scaling`.
        seed: of weights, dropout, order and folds.
        folds: number of cross-validation folds over the videos; 0 uses the data set's own splits.
        choose_epochs: with folds, whether the epoch is chosen on an inner 15 % of the training
            folds; otherwise all `epochs` are run and the last weights count.
        labels: which of the data set's labels to learn, by name; none means all that are scored.

    Raises:
        ConfigError: values that cannot be; all of them are named. Whether model, optimizer and
            data know what is asked of them is `checked_config`'s part.
    """

    data: str
    model: str = "rmfn"
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    optimizer: dict[str, Any] = field(default_factory=dict)
    epochs: int = 40
    batch_size: int = 32
    patience: int = 0
    scaling: str = "robust"
    seed: int = 0
    folds: int = 0
    choose_epochs: bool = False
    labels: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        mistakes = value_mistakes(asdict(self))
        if mistakes:
            raise ConfigError(mistakes)
        object.__setattr__(self, "optimizer", {**DEFAULT_OPTIMIZER, **self.optimizer})

    def write(self, path: Path) -> None:
        """Writes TOML; `None` values, which TOML has not, are left out."""
        write_text(path, tomli_w.dumps(without_none(asdict(self))))

    @classmethod
    def read(cls, path: Path) -> "RunConfig":
        """Reads TOML; ConfigError that names the file for bad syntax, keys or values."""
        values = read_toml(path)
        mistakes = key_mistakes(values) + value_mistakes(values)
        if mistakes:
            raise ConfigError(mistakes, str(path))
        return cls(**values)


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; ConfigError that names it where it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"not valid TOML: {error}"], str(path)) from error


def key_mistakes(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with the names of a config's entries."""
    known = [each.name for each in fields(RunConfig)]
    mistakes = [unknown_name("key", key, known) for key in values if key not in known]
    if "data" not in values:
        mistakes.append("the key 'data' is missing.")
    return mistakes


def value_mistakes(values: Mapping[str, Any]) -> list[str]:
    """What is wrong with a config's values, whatever the model and the data set."""
    mistakes = []
    for name, least in (
        ("epochs", 1),
        ("batch_size", 1),
        ("patience", 0),
        ("seed", 0),
        ("folds", 0),
    ):
        value = values.get(name, least)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            mistakes.append(f"{name} must be an integer of at least {least}; got {value!r}.")
    for name, kind, word in (
        ("data", str, "text"),
        ("model", str, "text"),
        ("scaling", str, "text"),
        ("hyperparameters", dict, "a table"),
        ("optimizer", dict, "a table"),
        ("choose_epochs", bool, "true or false"),
        ("labels", list, "a list of names"),
    ):
        if name in values and not isinstance(values[name], kind):
            mistakes.append(f"{name} must be {word}; got {values[name]!r}.")
    if isinstance(values.get("optimizer"), dict):
        mistakes += _optimizer_mistakes(values["optimizer"])
    labels = values.get("labels", [])
    if isinstance(labels, list) and len(set(map(str, labels))) < len(labels):
        mistakes.append(f"labels must be different names; got {labels!r}.")
    folds, chosen = values.get("folds", 0), values.get("choose_epochs", False)
    if folds == 1 and folds is not True:
        mistakes.append("folds must be 0 (the data set's own splits) or at least 2; got 1.")
    if values.get("patience") and folds and not chosen:
        mistakes.append(
            "patience needs a validation split: with folds, set choose_epochs, which holds one out."
        )
    return mistakes


def _optimizer_mistakes(optimizer: Mapping[str, Any]) -> list[str]:
    mistakes = []
    for name in ("learning_rate", "global_clipnorm", "clipnorm", "clipvalue", "weight_decay"):
        value = optimizer.get(name)
        if value is None:
            continue
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not math.isfinite(value):
            mistakes.append(f"optimizer.{name} must be a finite number; got {value!r}.")
        elif value < 0 or (value == 0 and name != "weight_decay"):
            mistakes.append(f"optimizer.{name} must be positive; got {value!r}.")
    return mistakes


def without_none(value: Any) -> Any:
    """Tables without their entries that are None, as TOML holds them."""
    if isinstance(value, dict):
        return {k: without_none(v) for k, v in value.items() if v is not None}
    return value
