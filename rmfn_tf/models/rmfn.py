"""The body of RMFN: see `rmfn_tf.layers.RMFN`."""

from collections.abc import Mapping
from typing import Any

from rmfn_tf.layers import RMFN


def rmfn(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    units: dict[str, int] | None = None,
    num_stages: int = 3,
    fusion_units: int = 128,
    summary_units: int = 128,
    highlight: bool = True,
    highlight_memory_mode: str = "dense",
    highlight_input: str = "attention",
    highlight_projection: bool = False,
    highlight_scale: str = "dim",
    fuse_memory_mode: str = "trainable",
    summarize_layers: int = 2,
    summarize_dropout: float = 0.0,
    feedback: bool = True,
    dropout: float = 0.0,
    unit_forget_bias: bool = True,
    seed: int | None = None,
) -> Any:
    """`[h ; z]` of the RMFN layer, `(batch, Σd_m + summary_units)`.

    Args:
        units: hidden size of each modality of `inputs`, by name, in the order that the layer is to
            take them; None: `default_units`.
        num_stages, ..., seed: as in `rmfn_tf.layers.RMFN`.
    """
    layer = RMFN(
        default_units({m: x.shape[-1] for m, x in inputs.items()}) if units is None else units,
        num_stages=num_stages,
        fusion_units=fusion_units,
        summary_units=summary_units,
        highlight=highlight,
        highlight_memory_mode=highlight_memory_mode,
        highlight_input=highlight_input,
        highlight_projection=highlight_projection,
        highlight_scale=highlight_scale,
        fuse_memory_mode=fuse_memory_mode,
        summarize_layers=summarize_layers,
        summarize_dropout=summarize_dropout,
        feedback=feedback,
        dropout=dropout,
        unit_forget_bias=unit_forget_bias,
        seed=seed,
        return_sequences=return_sequences,
        name="rmfn",
    )
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
