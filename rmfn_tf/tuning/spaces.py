"""The search space of each model: which parameters there are, and over what range.

The ranges are those of the papers' own searches: hidden sizes of language, and here of every other
wide modality (128 features and more), 32 to 256, of the others 8 to 80; z 32 and up, dropout 0 to
0.7, learning rates 5e-4 to 1e-2, batches of 16 to 128.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from typing import Any

import keras_tuner

from rmfn_tf.models import list_models, model_options
from rmfn_tf.models.rmfn import default_units, is_wide
from rmfn_tf.names import did_you_mean, unknown_name
from rmfn_tf.tuning import MOST_STAGES

Draw = Callable[[keras_tuner.HyperParameters, str], Any]


def _choice(*values: Any) -> Draw:
    return lambda hp, name: hp.Choice(name, list(values))


def _rate() -> Draw:
    # A Float with a step would never be 0.7: KerasTuner rounds the number of steps down.
    return _choice(*(tenths / 10 for tenths in range(8)))


_UNITS = _choice(32, 64, 128, 256)
_NARROW_UNITS = _choice(8, 16, 32, 48, 64, 80)
# Stands in a space for a `<modality>_units` of each modality.
_units_of_each = _choice()


_HEAD: dict[str, Draw] = {"head_units": _choice(0, 32, 64, 128), "head_dropout": _rate()}
_TRAINING: dict[str, Draw] = {
    "learning_rate": lambda hp, name: hp.Float(name, 5e-4, 1e-2, sampling="log"),
    "batch_size": _choice(16, 32, 64, 128),
}
# What is not certain about the paper comes last: each is a reading that can be tried.
_RMFN: dict[str, Draw] = {
    "units": _units_of_each,
    "num_stages": lambda hp, name: hp.Int(name, 1, MOST_STAGES),
    "fusion_units": _UNITS,
    "summary_units": _UNITS,
    "dropout": _rate(),
    "summarize_dropout": _rate(),
    **_HEAD,
    "highlight_projection": lambda hp, name: hp.Boolean(name),
    "highlight_scale": _choice("dim", "none"),
    "highlight_input": _choice("attention", "highlighted"),
    "highlight_memory_mode": _choice("dense", "zeros"),
    "fuse_memory_mode": _choice("trainable", "zeros"),
    "summarize_layers": _choice(1, 2),
    **_TRAINING,
}
_SPACES: dict[str, dict[str, Draw]] = {
    "rmfn": _RMFN,
    "ef_lstm": {
        "units": _UNITS,
        "num_layers": lambda hp, name: hp.Int(name, 1, 3),
        "bidirectional": lambda hp, name: hp.Boolean(name),
        "dropout": _rate(),
        **_HEAD,
        **_TRAINING,
    },
}
# Of a model that a user has registered.
_ANY_MODEL = {**_HEAD, **_TRAINING}
# Parameter -> the one that it depends on, and the values of that at which it does anything.
# The highlight reads its input from the second stage on; and unless it reads what was highlighted,
# a memory of zeros makes its attention the same for every input.
_CONDITIONS: dict[str, tuple[str, list[Any]]] = {
    "highlight_input": ("num_stages", list(range(2, MOST_STAGES + 1))),
    "highlight_memory_mode": ("highlight_input", ["highlighted"]),
}


def searchable(model: str, widths: Mapping[str, int]) -> tuple[str, ...]:
    """The names of all parameters of a model's space.

    Args:
        model: a registered model.
        widths: modality -> number of features. Each has a `<modality>_units` in models with a
            hidden state for each.

    Raises:
        ValueError: no such model.
    """
    return tuple(_space(model, widths))


def check_tune(
    model: str, widths: Mapping[str, int], tune: Collection[str] | None
) -> tuple[str, ...]:
    """The names of the parameters to search, in the order of the space.

    Args:
        model, widths: as in `searchable`.
        tune: names, or None for all; "units" stands for those of every modality.

    Raises:
        ValueError: no name, or one that is not in the space.
    """
    known = searchable(model, widths)
    if tune is None:
        return known
    if isinstance(tune, str) or not tune:
        raise ValueError(f"`tune` must name what is to be searched; got {tune!r}.")
    groups = {}
    if _SPACES.get(model, {}).get("units") is _units_of_each:
        groups["units"] = [_units_name(modality) for modality in widths]
    names: set[str] = set()
    for name in tune:
        if name not in known and name not in groups:
            every = [*groups, *known]
            raise ValueError(
                f"{model} has nothing to search that is called {name!r}."
                f"{did_you_mean(name, every)} Known: {', '.join(every)}."
            )
        names.update(groups.get(name, [name]))
    return tuple(name for name in known if name in names)


def draw_settings(
    hp: keras_tuner.HyperParameters,
    model: str,
    widths: Mapping[str, int],
    names: Collection[str],
    fixed: Mapping[str, Any],
) -> dict[str, Any]:
    """Registers parameters with KerasTuner and gives their values.

    Args:
        hp: of a trial.
        model, widths: as in `searchable`.
        names: of the parameters to search, as `check_tune` gives them.
        fixed: hyperparameters of the model that are given; they decide conditions, and the units of
            modalities whose are not searched.

    Returns:
        `{"hyperparameters": {...}}` with those of the model that are searched and do anything, and
        `learning_rate` and `batch_size` where they are searched.
    """
    known = {**model_options(model), **fixed}
    drawn: dict[str, Any] = {}
    for name, draw in _space(model, widths).items():
        highlights = name.startswith("highlight_")
        if name not in names or (highlights and not known["highlight"]):
            continue
        value = _draw_where_it_matters(hp, name, draw, names, known)
        if value is not None:
            drawn[name] = known[name] = value
    training = {name: drawn.pop(name) for name in _TRAINING if name in drawn}
    units = {m: drawn.pop(_units_name(m), None) for m in widths}
    if any(units.values()):
        given = {**default_units(widths), **(fixed.get("units") or {})}
        drawn["units"] = {m: n or given[m] for m, n in units.items()}
    return {"hyperparameters": drawn, **training}


def _draw_where_it_matters(
    hp: keras_tuner.HyperParameters,
    name: str,
    draw: Draw,
    names: Collection[str],
    known: Mapping[str, Any],
) -> Any:
    """A value, or None where the parameter does nothing."""
    with ExitStack() as scopes:
        matters, depends = True, name
        conditions: list[tuple[str, list[Any]]] = []
        while depends in _CONDITIONS:
            depends, values = _CONDITIONS[depends]
            matters = matters and known[depends] in values
            if depends in names:
                conditions.append((depends, values))
            elif known[depends] not in values:
                return None
        for parent, values in reversed(conditions):
            scopes.enter_context(hp.conditional_scope(parent, values))
        value = draw(hp, name)
    return value if matters else None


def _space(model: str, widths: Mapping[str, int]) -> dict[str, Draw]:
    if model not in list_models():
        raise ValueError(unknown_name("model", model, list_models()))
    space: dict[str, Draw] = {}
    for name, draw in _SPACES.get(model, _ANY_MODEL).items():
        if draw is _units_of_each:
            for modality, width in widths.items():
                space[_units_name(modality)] = _UNITS if is_wide(width) else _NARROW_UNITS
        else:
            space[name] = draw
    return space


def _units_name(modality: str) -> str:
    return f"{modality}_units"
