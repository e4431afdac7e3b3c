"""The optimizer of every training here. Importing this does not import Keras."""

import inspect
from collections.abc import Mapping
from typing import Any

DEFAULT_OPTIMIZER: dict[str, Any] = {
    "name": "adam",
    "learning_rate": 2e-3,
    "global_clipnorm": 1.0,
}


def list_optimizers() -> dict[str, type]:
    """The optimizers of Keras by their names in lower case."""
    import keras

    return {
        name.lower(): cls
        for name, cls in vars(keras.optimizers).items()
        if inspect.isclass(cls)
        and issubclass(cls, keras.optimizers.Optimizer)
        and name not in ("Optimizer", "LossScaleOptimizer", "MultiOptimizer")
    }


def optimizer_options(name: str) -> dict[str, Any]:
    """The arguments of an optimizer of Keras with their defaults."""
    parameters = inspect.signature(list_optimizers()[name]).parameters.values()
    return {each.name: each.default for each in parameters if each.name not in ("name", "kwargs")}


def make_optimizer(
    settings: Mapping[str, Any] | None = None, decay_steps: int | None = None
) -> Any:
    """A `keras.optimizers.Optimizer`.

    Args:
        settings: `name`, as `keras.optimizers` spells it in lower case, and its arguments. What is
            not given is taken from `DEFAULT_OPTIMIZER`.
        decay_steps: the number of steps over which the learning rate falls linearly from
            `learning_rate` to zero; None keeps it constant.

    Raises:
        ValueError: an unknown name or argument.
    """
    import keras

    arguments = {**DEFAULT_OPTIMIZER, **(settings or {})}
    name = arguments.pop("name")
    if decay_steps is not None:
        arguments["learning_rate"] = keras.optimizers.schedules.PolynomialDecay(
            arguments["learning_rate"], decay_steps, end_learning_rate=0.0
        )
    return keras.optimizers.get({"class_name": name, "config": arguments})
