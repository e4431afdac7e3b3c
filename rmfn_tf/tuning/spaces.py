"""The search space of each model: those of its hyperparameters that have a range here, and two of
its training. That goes for models that you have registered too.

The ranges are those of the papers' own searches: 32 to 256 hidden units of language, and here of
every other wide modality (128 features and more), 8 to 80 of the others; z 32 and up, dropout 0 to
0.7, learning rates 5e-4 to 1e-2, batches of 16 to 128. Fields with hidden states, which are no
networks, have larger rates, 1e-3 to 1e-1: on `synthetic` 5e-2 was better than 1e-2.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import ExitStack
from typing import Any

import keras_tuner

from rmfn_tf.models import model_options
from rmfn_tf.models.rmfn import default_units, is_wide
from rmfn_tf.models.without_keras import check_keras
from rmfn_tf.names import unknown_name
from rmfn_tf.tuning import MOST_STAGES

Draw = Callable[[keras_tuner.HyperParameters, str], Any]


def _choice(*values: Any) -> Draw:
    return lambda hp, name: hp.Choice(name, list(values))


def _logarithmic(low: float, high: float) -> Draw:
    return lambda hp, name: hp.Float(name, low, high, sampling="log")


# A Float with a step would never be 0.7: KerasTuner rounds the number of steps down.
_RATE = _choice(*(tenths / 10 for tenths in range(8)))
_SHARE = _choice(0.0, 0.25, 0.5, 0.75, 1.0)
_UNITS = _choice(32, 64, 128, 256)
_NARROW_UNITS = _choice(8, 16, 32, 48, 64, 80)
_HIGHER_LEARNING_RATE = _logarithmic(1e-3, 1e-1)
_TRAINING: dict[str, Draw] = {
    "learning_rate": _logarithmic(5e-4, 1e-2),
    "batch_size": _choice(16, 32, 64, 128),
}
# A name means the same in every model; but for the learning rate, it has one range.
_SPACE: dict[str, Draw] = {
    "units": _UNITS,
    "num_stages": lambda hp, name: hp.Int(name, 1, MOST_STAGES),
    "num_layers": lambda hp, name: hp.Int(name, 1, 3),
    "bidirectional": keras_tuner.HyperParameters.Boolean,
    "alpha": _SHARE,
    "beta": _SHARE,
    "gate_units": _NARROW_UNITS,
    "num_attentions": lambda hp, name: hp.Int(name, 1, 6),
    "local_units": _NARROW_UNITS,
    "rank": _choice(1, 4, 8, 16),
    "fusion_units": _UNITS,
    "summary_units": _UNITS,
    "memory_units": _UNITS,
    "net_units": _UNITS,
    "dropout": _RATE,
    "fusion_dropout": _RATE,
    "summarize_dropout": _RATE,
    "head_units": _choice(0, 32, 64, 128),
    "head_dropout": _RATE,
    # What is not certain about the paper: each value is a reading that can be tried.
    "highlight_projection": keras_tuner.HyperParameters.Boolean,
    "highlight_scale": _choice("dim", "none"),
    "highlight_input": _choice("attention", "highlighted"),
    "highlight_memory_mode": _choice("dense", "zeros"),
    "fuse_memory_mode": _choice("trainable", "zeros"),
    "summarize_layers": _choice(1, 2),
    "links": _choice("linked", "coupled", "both"),
    "num_states": lambda hp, name: hp.Int(name, 2, 4),
    "window": lambda hp, name: hp.Int(name, 0, 2),
    "penalty": _logarithmic(1e-5, 1e-1),
    **_TRAINING,
}
# Parameter → those that it depends on, and at which of their values it has an effect. The highlight
# reads its input from the second stage on; and unless it reads what was highlighted, a memory of
# zeros makes its attention the same for every input.
_FROM_TWO_STAGES = ("num_stages", list(range(2, MOST_STAGES + 1)))
_CONDITIONS: dict[str, list[tuple[str, list[Any]]]] = {
    "highlight_input": [_FROM_TWO_STAGES],
    "highlight_memory_mode": [_FROM_TWO_STAGES, ("highlight_input", ["highlighted"])],
}


class SearchSpace:
    """What is searched of a model; `names` are those of the parameters, in the order of the space.

    In models with a size for each modality, a `<modality>_units` of each can be searched.

    Args:
        widths: modality → number of features.
        tune: the parameters to search; `"units"` stands for those of every modality. None: all.
        fixed: hyperparameters of the model that are given. They decide whether a parameter has an
            effect, and the units of modalities that are not searched.

    Raises:
        ValueError: no such model, no name in `tune`, or one that is not in the space.
    """

    def __init__(
        self,
        model: str,
        widths: Mapping[str, int],
        tune: Collection[str] | None = None,
        fixed: Mapping[str, Any] | None = None,
    ):
        check_keras(model)
        options, groups = model_options(model), dict[str, list[str]]()
        self._widths, self._options = widths, {**options, **(fixed or {})}
        self._draws = {k: draw for k, draw in _SPACE.items() if k in options or k in _TRAINING}
        if "num_states" in options:
            self._draws["learning_rate"] = _HIGHER_LEARNING_RATE
        if options.get("units", 0) is None:  # a size for each modality
            del self._draws["units"]
            units = {
                f"{m}_units": _UNITS if is_wide(n) else _NARROW_UNITS for m, n in widths.items()
            }
            self._draws, groups["units"] = units | self._draws, list(units)
        if tune is not None:
            if isinstance(tune, str) or not tune:
                raise ValueError(f"`tune` must name what is to be searched; got {tune!r}.")
            every = [*groups, *self._draws]
            for name in tune:
                if name not in every:
                    raise ValueError(unknown_name(f"parameter of {model} in `tune`", name, every))
            named = {each for name in tune for each in groups.get(name, [name])}
            self._draws = {name: draw for name, draw in self._draws.items() if name in named}
        self.names = tuple(self._draws)

    def draw(self, hp: keras_tuner.HyperParameters) -> dict[str, Any]:
        """Registers the parameters with KerasTuner and gives those that have an effect as changes
        of a `RunConfig`: `"hyperparameters"`, `"optimizer"` (with its `"learning_rate"`, where that
        is searched) and, where it is searched, `"batch_size"`."""
        known, drawn = dict(self._options), dict[str, Any]()
        for name, draw in self._draws.items():
            conditions = _CONDITIONS.get(name, [])
            decided = [known[x] in values for x, values in conditions if x not in self.names]
            if not all(decided) or (name.startswith("highlight_") and not known["highlight"]):
                continue
            with ExitStack() as scopes:
                for parent, values in conditions:
                    if parent in self.names:
                        scopes.enter_context(hp.conditional_scope(parent, values))
                value = draw(hp, name)
            if all(known[parent] in values for parent, values in conditions):
                drawn[name] = known[name] = value
        units = {m: drawn.pop(f"{m}_units", None) for m in self._widths}
        if any(units.values()):
            given = {**default_units(self._widths), **(self._options["units"] or {})}
            drawn["units"] = {m: n or given[m] for m, n in units.items()}
        optimizer = {x: drawn.pop(x) for x in ["learning_rate"] if x in drawn}
        training = {x: drawn.pop(x) for x in ["batch_size"] if x in drawn}
        return {"hyperparameters": drawn, "optimizer": optimizer, **training}
