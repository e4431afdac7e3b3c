"""What a run is made of: a checked, frozen model of its TOML file. Importing this starts neither
TensorFlow nor Keras."""

import importlib
import inspect
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import tomli_w
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveInt,
    TypeAdapter,
    ValidationError,
    field_validator,
    model_validator,
)

from rmfn_tf.files import write_text
from rmfn_tf.names import did_you_mean, unknown_name
from rmfn_tf.optimizer import DEFAULT_OPTIMIZER

_POSITIVE = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_NOT_NEGATIVE = Annotated[float, Field(ge=0, allow_inf_nan=False)]
# Of optimizers, where more is known than the kind of the default.
_OF_OPTIMIZERS: dict[str, Any] = {
    "weight_decay": _NOT_NEGATIVE,
    **dict.fromkeys(("learning_rate", "global_clipnorm", "clipnorm", "clipvalue"), _POSITIVE),
}


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


class RunConfig(BaseModel):
    """Everything that decides the numbers of a run.

    Args:
        data: `"<data set>/<config>"`, as `rmfn_tf.datasets` names it.
        data_dir: the folder of built data sets that it lies in; None: TFDS' own. A run is not bound
            to it: what its data are is decided by their fingerprint.
        model: a name that `rmfn_tf.models.list_models` has.
        hyperparameters: of the model (`rmfn_tf.models.model_options`).
        optimizer: `name`, as `keras.optimizers` spells it in lower case, and its arguments; what
            is not given is that of `DEFAULT_OPTIMIZER`. `learning_rate` is that of the first step:
            it falls linearly to zero over all steps.
        epochs: how many at most; with a validation split the weights of the best one are kept.
        batch_size: sequences a step.
        patience: stop after this many epochs that are not better than the best; 0 never does.
        select_by: what makes an epoch better, on validation: `"loss"`, or a metric of the task.
        scaling: `method` of `rmfn_tf.data.fit_scaling`.
        class_weight: of a classification: a weight for each class, in order, or `"balanced"`, by
            which all classes weigh the same; None: every example weighs the same.
        precision: the dtype policy of Keras under which the model is built.
        jit: whether XLA compiles the training step. It goes without op determinism: no run need
            then end with the same bits as another.
        seed: of weights, dropout, order and folds.
        folds: number of cross-validation folds over the videos; 0 uses the data set's own splits.
        choose_epochs: with folds, whether the epoch is chosen on an inner 15 % of the training
            folds; otherwise all `epochs` are run and the last weights count.
        labels: which of the data set's labels to learn, by name; none means all that are scored.
        imports: modules that are imported first, as one that calls `register_model`.

    Raises:
        ConfigError: values that cannot be, and what the model or the optimizer does not know; all
            of it is named.
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
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16"] = "float32"
    jit: bool = False
    seed: NonNegativeInt = 0
    folds: NonNegativeInt = 0
    choose_epochs: bool = False
    labels: list[str] = []
    imports: list[str] = []

    def __init__(self, **values: Any):
        mistakes, values = import_modules(values.get("imports")), _none_again(values)
        try:
            super().__init__(**values)
        except ValidationError as error:
            mistakes += [_sentence(each) for each in error.errors()]
        mistakes += _model_mistakes(values) + _optimizer_mistakes(values)
        if mistakes:
            raise ConfigError(list(dict.fromkeys(mistakes)))

    @field_validator("optimizer")
    @classmethod
    def _with_our_defaults(cls, given: dict[str, Any]) -> dict[str, Any]:
        return {**DEFAULT_OPTIMIZER, **given}

    @field_validator("class_weight")
    @classmethod
    def _weights_or_the_word(cls, given: Any) -> Any:
        numbers = isinstance(given, list) and all(type(x) in (int, float) and x > 0 for x in given)
        if not numbers and given not in (None, "balanced"):
            raise ValueError(
                f"class_weight must be 'balanced' or a list of positive numbers; got {given!r}."
            )
        return given

    @field_validator("folds")
    @classmethod
    def _not_one(cls, folds: int) -> int:
        if folds == 1:
            raise ValueError("folds must be 0 (the data set's own splits) or at least 2; got 1.")
        return folds

    @field_validator("labels")
    @classmethod
    def _different(cls, labels: list[str]) -> list[str]:
        if len(set(labels)) < len(labels):
            raise ValueError(f"labels must be different names; got {labels!r}.")
        return labels

    @model_validator(mode="after")
    def _patience_has_something_to_look_at(self) -> Self:
        if self.patience and self.folds and not self.choose_epochs:
            raise ValueError(
                "patience needs a validation split: with folds, set choose_epochs, which holds one "
                "out."
            )
        return self

    def replace(self, **changes: Any) -> "RunConfig":
        """The same with some values changed; ConfigError as the constructor."""
        return RunConfig(**{**self.model_dump(), **changes})

    def complete(self, widths: Mapping[str, int]) -> "RunConfig":
        """The same with all defaults of the model and of the optimizer written out.

        Args:
            widths: modality -> number of features, in the data set's order; sizes follow from them.
        """
        from rmfn_tf.models import model_options
        from rmfn_tf.models.rmfn import default_units

        hyperparameters = {**model_options(self.model), **self.hyperparameters}
        if self.model == "rmfn" and hyperparameters["units"] is None:
            hyperparameters["units"] = default_units(widths)
        optimizer = {**_optimizer_defaults(self.optimizer["name"]), **self.optimizer}
        return self.replace(hyperparameters=hyperparameters, optimizer=optimizer)

    def write(self, path: Path) -> None:
        """Writes TOML; None, which TOML has not, stands there as `"None"`."""
        write_text(path, tomli_w.dumps(_none_in_words(self.model_dump())))

    @classmethod
    def read(cls, path: Path) -> "RunConfig":
        """Reads TOML; ConfigError that names the file for bad syntax, keys or values."""
        return cls.of(read_toml(path), str(path))

    @classmethod
    def of(cls, values: Mapping[str, Any], source: str) -> "RunConfig":
        """The config of these values; a ConfigError names their source, as the path of a file."""
        try:
            return cls(**values)
        except ConfigError as error:
            raise ConfigError(error.mistakes, source) from None


def read_toml(path: Path) -> dict[str, Any]:
    """The content of a TOML file; ConfigError that names it where it is none."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise ConfigError(["there is no such file."], str(path)) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError([f"not valid TOML: {error}"], str(path)) from error


def import_modules(names: Any) -> list[str]:
    """Imports a user's own modules, which may register models; a sentence for each that fails."""
    mistakes = []
    for name in names if isinstance(names, list) else []:
        try:
            importlib.import_module(name)
        except ImportError as error:
            mistakes.append(f"imports: {name!r} cannot be imported: {error}.")
    return mistakes


def _model_mistakes(values: Mapping[str, Any]) -> list[str]:
    from rmfn_tf.models import list_models, model_options

    model, given = values.get("model", "rmfn"), values.get("hyperparameters", {})
    if not isinstance(model, str) or not isinstance(given, dict):
        return []
    if model in list_models():
        options = model_options(model)
        known = {name: _kind_of(default) for name, default in options.items()}
        return _argument_mistakes(given, known, "hyperparameters", f"hyperparameter of {model}")
    # Whichever model is meant, it has none of these.
    all_names = dict.fromkeys(name for each in list_models() for name in model_options(each))
    return [
        unknown_name("model", model, list_models()),
        *(
            f"no model has the hyperparameter {name!r}.{did_you_mean(name, all_names)}"
            for name in given
            if name not in all_names
        ),
    ]


def _optimizer_mistakes(values: Mapping[str, Any]) -> list[str]:
    given = values.get("optimizer", {})
    if not isinstance(given, dict):
        return []
    name, classes = given.get("name", DEFAULT_OPTIMIZER["name"]), _optimizers()
    if name not in list(classes):
        return [unknown_name("optimizer", name, classes)]
    known = {}
    for argument, default in _optimizer_defaults(name).items():
        kind = _OF_OPTIMIZERS.get(argument, _kind_of(default))
        known[argument] = kind | None if default is None and kind is not Any else kind
    arguments = {key: value for key, value in given.items() if key != "name"}
    return _argument_mistakes(arguments, known, "optimizer", f"argument of optimizer {name}")


def _optimizers() -> dict[str, type]:
    """The optimizers of Keras by their names in lower case."""
    import keras

    return {
        name.lower(): cls
        for name, cls in vars(keras.optimizers).items()
        if inspect.isclass(cls)
        and issubclass(cls, keras.optimizers.Optimizer)
        and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
    }


def _optimizer_defaults(name: str) -> dict[str, Any]:
    parameters = inspect.signature(_optimizers()[name]).parameters.values()
    return {each.name: each.default for each in parameters if each.name not in ("name", "kwargs")}


def _kind_of(default: Any) -> Any:
    """What a value must be whose default is this; None and tables say nothing."""
    return type(default) if isinstance(default, bool | int | float | str) else Any


def _argument_mistakes(
    given: Mapping[str, Any], known: Mapping[str, Any], table: str, what: str
) -> list[str]:
    """A sentence for each argument that is not known, or not of its kind."""
    mistakes = []
    for name, value in given.items():
        if name not in known:
            mistakes.append(unknown_name(what, name, known))
            continue
        try:
            TypeAdapter(known[name]).validate_python(value, strict=True)
        except ValidationError as error:
            mistakes.append(_sentence({**error.errors()[0], "loc": (table, name)}))
    return mistakes


def _sentence(error: Mapping[str, Any]) -> str:
    """A mistake that pydantic found, in words."""
    place, value = ".".join(map(str, error["loc"])), error["input"]
    if error["type"] == "extra_forbidden":
        return unknown_name("key", place, RunConfig.model_fields)
    if error["type"] == "missing":
        return f"the key {place!r} is missing."
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "literal_error" and isinstance(value, str):
        return unknown_name(place, value, re.findall(r"'([^']*)'", error["ctx"]["expected"]))
    return f"{place} {error['msg'].replace('Input should be', 'must be')}; got {value!r}."


def _none_in_words(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _none_in_words(each) for key, each in value.items()}
    return "None" if value is None else value


def _none_again(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _none_again(each) for key, each in value.items()}
    return None if value == "None" else value
