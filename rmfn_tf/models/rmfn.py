"""The body of RMFN: see `rmfn_tf.layers.RMFN`."""

import inspect
from collections.abc import Iterable
from typing import Any

from rmfn_tf.layers import RMFN
from rmfn_tf.layers.multistage_fusion import MultistageFusion
from rmfn_tf.layers.rmfn import CELL_OPTIONS
from rmfn_tf.layers.rmfn_cell import RMFNCell

# The layers' own defaults, so that none is written twice.
_DEFAULTS = {
    name: parameter.default
    for layer in (MultistageFusion, RMFNCell)
    for name, parameter in inspect.signature(layer.__init__).parameters.items()
}
RMFN_OPTIONS: dict[str, Any] = {"units": None, **{name: _DEFAULTS[name] for name in CELL_OPTIONS}}


def rmfn(
    inputs: dict[str, Any], mask: Any, return_sequences: bool, units: Any = None, **options: Any
) -> Any:
    """`[h ; z]` of the RMFN layer.

    Without `units`, language gets 128 and every other modality 32. `units` names the modalities
    of `inputs`, in the order the layer is to take them.
    """
    if units is None:
        units = default_units(inputs)
    layer = RMFN(units, return_sequences=return_sequences, name="rmfn", **options)
    return layer(inputs, mask=mask)


def default_units(modalities: Iterable[str]) -> dict[str, int]:
    """The hidden size of each modality where none is given."""
    return {m: 128 if m == "language" else 32 for m in modalities}
