"""What a run is made of, as a dataclass and as TOML."""

import difflib
import math
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import tomli_w


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides the numbers of a run.

    Args:
        data: `"<data set>/<config>"`, as `rmfn_tf.datasets` names it.
        model: `"rmfn"` or `"ef_lstm"`.
        hyperparameters: of the model (`rmfn_tf.models.model_options`).
        epochs: how many at most; the weights of the best one by validation are kept.
        batch_size: sequences a step.
        learning_rate: of the first step; it falls linearly to zero over all steps.
        weight_decay: of AdamW; 0 is Adam.
        clipnorm: largest gradient norm of a variable.
        scaling: `method` of `rmfn_tf.data.fit_scaling`.
        seed: of weights, dropout, order and folds.
        folds: number of cross-validation folds over the videos; 0 uses the data set's own splits.
        choose_epochs: with folds, whether the epoch is chosen on an inner 15 % of the training
            folds; otherwise all `epochs` are run and the last weights count.
    """

    data: str
    model: str = "rmfn"
    hyperparameters: dict[str, Any] = field(default_factory=dict)
    epochs: int = 40
    batch_size: int = 32
    learning_rate: float = 2e-3
    weight_decay: float = 0.0
    clipnorm: float = 1.0
    scaling: str = "robust"
    seed: int = 0
    folds: int = 0
    choose_epochs: bool = False

    def __post_init__(self) -> None:
        for name, least in (("epochs", 1), ("batch_size", 1), ("seed", 0), ("folds", 0)):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or value < least:
                raise ValueError(f"{name} must be an integer of at least {least}; got {value!r}.")
        if self.folds == 1:
            raise ValueError("folds must be 0 (the data set's own splits) or at least 2; got 1.")
        for name in ("learning_rate", "clipnorm", "weight_decay"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise ValueError(f"{name} must be a finite number; got {value!r}.")
            if value < 0 or (value == 0 and name != "weight_decay"):
                raise ValueError(f"{name} must be positive; got {value!r}.")
        if not isinstance(self.hyperparameters, dict):
            raise ValueError(f"hyperparameters must be a table; got {self.hyperparameters!r}.")

    def write(self, path: Path) -> None:
        """Writes TOML; `None` values, which TOML has not, are left out."""
        path.write_text(tomli_w.dumps(_without_none(asdict(self))))

    @classmethod
    def read(cls, path: Path) -> "RunConfig":
        """Reads TOML; ValueError that names the file for bad syntax or an unknown key."""
        try:
            values = tomllib.loads(path.read_text())
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"{path} is not valid TOML: {error}") from error
        known = [each.name for each in fields(cls)]
        for key in values:
            if key not in known:
                close = difflib.get_close_matches(key, known, n=1)
                hint = f" Did you mean {close[0]!r}?" if close else ""
                raise ValueError(f"{path}: unknown key {key!r}.{hint} Known: {', '.join(known)}.")
        if "data" not in values:
            raise ValueError(f"{path}: the key 'data' is missing.")
        return cls(**values)


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_none(v) for k, v in value.items() if v is not None}
    return value
