"""The optimizer of every training here. Importing this does not import Keras."""

from collections.abc import Mapping
from typing import Any

DEFAULT_OPTIMIZER: dict[str, Any] = {
    "name": "adam",
    "learning_rate": 2e-3,
    "global_clipnorm": 1.0,
}


def make_optimizer(
    settings: Mapping[str, Any] | None = None, decay_steps: int | None = None
) -> Any:
    """A `keras.optimizers.Optimizer`.

    Args:
        settings: `name`, as `keras.optimizers` spells it in lower case, and its arguments; what is
            not given is that of `DEFAULT_OPTIMIZER`.
        decay_steps: after so many steps `learning_rate`, which is that of the first, has fallen
            linearly to zero; None keeps it constant.

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
