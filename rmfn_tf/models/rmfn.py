"""The body of RMFN: see `rmfn_tf.layers.RMFN`."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from rmfn_tf.layers import RMFN, RMFNCell
from rmfn_tf.layers.arguments import options_of

Body = Callable[..., Any]


def with_options_of(made: Callable[..., Any]) -> Callable[[Body], Body]:
    """Says of a body which `**options` it takes: the arguments of a layer, or of a function, that
    have a default."""

    def say(body: Body) -> Body:
        own = inspect.signature(body).parameters
        kept = [each for each in own.values() if each.kind is not each.VAR_KEYWORD]
        added = [
            inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
            for name, default in options_of(made).items()
        ]
        body.__signature__ = inspect.Signature([*kept, *added])  # type: ignore[attr-defined]
        return body

    return say


@with_options_of(RMFNCell)
def rmfn(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    units: dict[str, int] | None = None,
    **options: Any,
) -> Any:
    """`[h ; z]` of the RMFN layer, `(batch, Σd_m + summary_units)`.

    Args:
        units: hidden size of each modality of `inputs`, by name, in the order that the layer is to
            take them; None: `default_units`.
        **options: `num_stages`, ..., `seed` of `rmfn_tf.layers.RMFN`.
    """
    if units is None:
        units = default_units({m: x.shape[-1] for m, x in inputs.items()})
    layer = RMFN(units, **options, return_sequences=return_sequences, name="rmfn")
    return layer(inputs, mask=mask)


def units_of(inputs: Mapping[str, Any], units: Mapping[str, int] | None) -> dict[str, int]:
    """The hidden size of each modality, in the order of `inputs`: as given, or `default_units`.

    Raises:
        ValueError: `units` are not of the modalities of `inputs`.
    """
    widths = {m: x.shape[-1] for m, x in inputs.items()}
    if units is None:
        return default_units(widths)
    if not isinstance(units, Mapping) or units.keys() != widths.keys():
        raise ValueError(f"`units` must be a size for each of {list(widths)}; got {units!r}.")
    return {m: units[m] for m in widths}


def default_units(widths: Mapping[str, int]) -> dict[str, int]:
    """The hidden size of each modality where none is given: 128 where it is wide, otherwise 32.

    Args:
        widths: modality -> number of features.
    """
    return {m: 128 if is_wide(width) else 32 for m, width in widths.items()}


def is_wide(width: int) -> bool:
    """Whether a modality has 128 features and more, as word vectors have: its hidden state is then
    large by default, and searched among larger sizes."""
    return width >= 128
