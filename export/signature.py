"""One thing a served model can be asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras

PREDICTION = "prediction"  # the output that every signature has


@dataclass(frozen=True)
class Signature:
    """A name, what goes in and what comes out, before anything is written.

    Attributes:
        name: The name clients ask for.
        inputs: Shape and dtype of each input by its name; None = any size.
        function: From a dict of input tensors to a dict of output tensors, inference only. Every
            tensor has the batch as its first dimension, so that a server can batch requests.
    """

    name: str
    inputs: Mapping[str, keras.InputSpec]
    function: Callable[[dict[str, Any]], dict[str, Any]]
