"""What a run is made of: a checked, frozen model of its TOML file. Importing this starts neither
TensorFlow nor Keras."""

import importlib
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    TypeAdapter,
    ValidationError,
)

from rmfn_tf.files import write_text
from rmfn_tf.names import unknown_name
from rmfn_tf.optimizer import DEFAULT_OPTIMIZER, list_optimizers, optimizer_options

_POSITIVE = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_NOT_NEGATIVE = Annotated[float, Field(ge=0, allow_inf_nan=False)]
# Arguments (of optimizers) for which more is known than the type of their default.
_KINDS: dict[str, Any] = {
    "weight_decay": _NOT_NEGATIVE,
    **dict.fromkeys(("learning_rate", "global_clipnorm", "clipnorm", "clipvalue"), _POSITIVE),
}
_PRESETS = Path(__file__).with_name("presets.toml")


class ConfigError(ValueError):
    """All mistakes of a config at once: a sentence for each, and the file that they are in."""

    def __init__(self, mistakes: list[str], source: str = ""):
        super().__init__(mistakes, source)  # both, so that it can be pickled by a worker process
        self.mistakes, self.source = mistakes, source

    def __str__(self) -> str:
        start = f"{self.source}: " if self.source else ""
        if len(self.mistakes) == 1:
            return start + self.mistakes[0]
        listed = "\n".join(f"  - {each}" for each in self.mistakes)
        return f"{start}{len(self.mistakes)} mistakes:\n{listed}"


class RunConfig(BaseModel):
    """Everything that decides the numbers of a run.

    Args:
        data: `"<data set>/<config>"`, as `rmfn_tf.datasets` names it.
        data_dir: the folder of built data sets; None is the default of TFDS. It may differ between
            two starts of a run: which data the run needs is known by their fingerprint.
        model: a name in `rmfn_tf.models.list_models()`; or an ablation of RMFN in `presets.toml`,
            which becomes `"rmfn"` with its hyperparameters; or a model that is none of Keras
            (`rmfn_tf.models.without_keras`): what is about the training of networks is then unused.
        hyperparameters: arguments of the model (`rmfn_tf.models.model_options`).
        optimizer: `name`, as `keras.optimizers` spells it in lower case, and its arguments. What
            is not given is taken from `DEFAULT_OPTIMIZER`. The learning rate falls linearly from
            `learning_rate` to zero over all steps.
        epochs: the largest number of epochs. With a validation split the weights of the best
            epoch are kept.
        batch_size: number of sequences in a step.
        patience: stop after this many epochs without a new best one; 0 never stops early.
        select_by: which validation value makes an epoch better: `"loss"`, or a metric of the task
            (`rmfn_tf.metrics.metrics_for`).
        scaling: `method` of `rmfn_tf.data.fit_scaling`.
        class_weight: for a classification, a weight for each class in order, or `"balanced"`,
            which gives every class the same total weight; None weighs all examples the same.
        precision: the dtype policy of Keras that the model is built with.
        jit: whether XLA compiles the training step. This needs op determinism to be off, so the
            same run need not give the same bits again.
        seed: random seed for weights, batch order, dropout and folds.
        folds: number of cross-validation folds over the videos; 0 uses the data set's own splits.
        choose_epochs: with folds, whether to choose the best epoch on 15 % of the training videos,
            which are then held out; otherwise every fold keeps the weights of its last epoch.
        labels: names of the labels to learn; an empty list means all that the data set scores.
        imports: modules to import first, such as one that calls `register_model`.

    Raises:
        ConfigError: values that are not allowed, and arguments that the model or the optimizer
            does not have. It lists all of them.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, validate_default=True)

    data: str
    data_dir: str | None = None
    model: str = "rmfn"
    hyperparameters: dict[str, Any] = {}
    optimizer: dict[str, Any] = {}
    epochs: PositiveInt = 40
    batch_size: PositiveInt = 32
    patience: NonNegativeInt = 0
    select_by: str = "loss"
    scaling: Literal["robust", "standard", "max_abs", "none"] = "robust"
    class_weight: Any = None
    precision: Literal["float32", "float64", "mixed_bfloat16", "mixed_float16"] = "float32"
    jit: bool = False
    seed: NonNegativeInt = 0
    folds: NonNegativeInt = 0
    choose_epochs: bool = False
    labels: list[str] = []
    imports: list[str] = []

    def __init__(self, **values: Any):
        mistakes = _import_modules(values.get("imports"))
        values = expand_ablation(_replaced(values, "None", None))
        if isinstance(optimizer := values.get("optimizer", {}), dict):
            values["optimizer"] = {**DEFAULT_OPTIMIZER, **optimizer}
        try:
            super().__init__(**values)
        except ValidationError as error:
            mistakes += [_sentence(each) for each in error.errors()]
        mistakes += _rule_mistakes(values) + _argument_mistakes(values)
        if mistakes:
            raise ConfigError(list(dict.fromkeys(mistakes)))

    def replace(self, **changes: Any) -> "RunConfig":
        """The same config with some values changed; ConfigError as the constructor."""
        return RunConfig(**{**self.model_dump(), **changes})

    def complete(self, widths: Mapping[str, int]) -> "RunConfig":
        """The same config with all defaults of the model and the optimizer written out. A size for
        each modality depends on `widths`: modality -> number of features, in the data's order."""
        from rmfn_tf.models import model_options
        from rmfn_tf.models.rmfn import default_units

        hyperparameters = {**model_options(self.model), **self.hyperparameters}
        if hyperparameters.get("units", 0) is None:
            hyperparameters["units"] = default_units(widths)
        optimizer = {**optimizer_options(self.optimizer["name"]), **self.optimizer}
        return self.replace(hyperparameters=hyperparameters, optimizer=optimizer)

    def write(self, path: Path) -> None:
        """Writes a TOML file. TOML has no None, so it is written as the text `"None"`."""
        write_text(path, tomli_w.dumps(_replaced(self.model_dump(), None, "None")))

    @classmethod
    def read(cls, path: Path) -> "RunConfig":
        """Reads a TOML file; ConfigError that names it for bad syntax, keys or values."""
        values = read_toml(path)
        try:
            return cls(**values)
        except ConfigError as error:
            raise ConfigError(error.mistakes, str(path)) from None


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; ConfigError that names it where it cannot be read."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ConfigError(["there is no such file."], str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"not valid TOML: {error}"], str(path)) from error


def preset(data: str, model: str) -> dict[str, Any]:
    """Arguments of `RunConfig` known to suit a data set and model, from `presets.toml`; empty where
    none are known."""
    name, settings = data.partition("/")[0], dict[str, Any]()
    for each in read_toml(_PRESETS)["presets"]:
        if name in each["data"] and model in each.get("models", [model]):
            settings = merge(settings, each["settings"])
    return settings


def expand_ablation(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `RunConfig` in which the name of an ablation, such as `rmfn_no_feedback` of
    `presets.toml`, became `rmfn` and what it changes; others as they are."""
    name = settings.get("model")
    changes = _ablations().get(name) if isinstance(name, str) else None
    if changes is None:
        return dict(settings)
    return merge({"hyperparameters": changes}, {**settings, "model": "rmfn"})


def _ablations() -> dict[str, Any]:
    return read_toml(_PRESETS)["ablations"]


def merge(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of `RunConfig` with changes made to them; in tables, entry by entry."""
    merged = dict(settings)
    for key, value in changes.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = {**merged[key], **value} if both else value
    return merged


def _import_modules(names: Any) -> list[str]:
    """Imports a user's own modules, which may register models; a sentence for each that fails."""
    mistakes = []
    for name in names if isinstance(names, list) else []:
        try:
            importlib.import_module(name)
        except ImportError as error:
            mistakes.append(f"imports: {name!r} cannot be imported: {error}.")
    return mistakes


def _rule_mistakes(values: Mapping[str, Any]) -> list[str]:
    """A sentence for each rule that the types of the entries do not express."""
    mistakes = []
    weights, labels, folds = (values.get(name) for name in ("class_weight", "labels", "folds"))
    numbers = isinstance(weights, list) and all(type(x) in (int, float) and x > 0 for x in weights)
    if not numbers and weights not in (None, "balanced"):
        mistakes.append(
            f"class_weight must be 'balanced' or a list of positive numbers; got {weights!r}."
        )
    if folds == 1:
        mistakes.append("folds must be 0 (the data set's own splits) or at least 2; got 1.")
    if isinstance(labels, list) and any(labels.count(label) > 1 for label in labels):
        mistakes.append(f"labels must be different names; got {labels!r}.")
    if values.get("patience") and folds and not values.get("choose_epochs"):
        mistakes.append(
            "patience needs a validation split: with folds, set choose_epochs, which holds one out."
        )
    return mistakes


def _argument_mistakes(values: Mapping[str, Any]) -> list[str]:
    """A sentence for an unknown model or optimizer, and for each of their arguments that is unknown
    or of the wrong type."""
    from rmfn_tf.models import list_models, model_options
    from rmfn_tf.models.without_keras import WITHOUT_KERAS

    model, given = values.get("model", "rmfn"), values.get("hyperparameters", {})
    optimizer = values["optimizer"]
    name = optimizer["name"] if isinstance(optimizer, dict) else "adam"
    models = {each: model_options(each) for each in (*list_models(), *WITHOUT_KERAS)}
    optimizers = {each: {"name": each, **optimizer_options(each)} for each in list_optimizers()}
    mistakes = []
    for what, chosen, table, arguments, options in (
        ("model", model, "hyperparameters", given, models),
        ("optimizer", name, "optimizer", optimizer, optimizers),
    ):
        if chosen in list(options):  # a list, since what is given may not be hashable
            known = {key: _kind_of(key, default) for key, default in options[chosen].items()}
        else:
            names = [*options, *_ablations()] if what == "model" else options
            mistakes.append(unknown_name(what, chosen, names))
            # Whichever is meant, it has none of the arguments that no other has.
            known = {key: Any for each in options.values() for key in each}
        for key, value in arguments.items() if isinstance(arguments, dict) else ():
            if key not in known:
                mistakes.append(unknown_name(f"argument of {what} {chosen}", key, known))
                continue
            try:
                TypeAdapter(known[key]).validate_python(value, strict=True)
            except ValidationError as error:
                mistakes.append(_sentence({**error.errors()[0], "loc": (table, key)}))
    return mistakes


def _kind_of(argument: str, default: Any) -> Any:
    """The type that an argument must have, which for most of them is that of its default."""
    if argument in _KINDS:
        return _KINDS[argument] | None if default is None else _KINDS[argument]
    return type(default) if isinstance(default, bool | int | float | str) else Any


def _sentence(error: Mapping[str, Any]) -> str:
    """A mistake that pydantic found, in words."""
    place, value = ".".join(map(str, error["loc"])), error["input"]
    if error["type"] == "extra_forbidden":
        return unknown_name("key", place, RunConfig.model_fields)
    if error["type"] == "missing":
        return f"the key {place!r} is missing."
    if error["type"] == "literal_error" and isinstance(value, str):
        return unknown_name(place, value, re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    return f"{place} {error['msg'].replace('Input should be', 'must be')}; got {value!r}."


def _replaced(value: Any, old: Any, new: Any) -> Any:
    """A value, or a table of values and tables, with `new` wherever `old` stands."""
    if isinstance(value, dict):
        return {key: _replaced(each, old, new) for key, each in value.items()}
    return new if value == old else value
