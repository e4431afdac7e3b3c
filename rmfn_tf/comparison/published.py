"""What others published for a data set, and how `rmfn reproduce` sets our numbers beside it.

Both are data: `papers/<data set>.toml`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rmfn_tf.names import unknown_name

_PAPERS = {path.stem: path for path in sorted((Path(__file__).parent / "papers").glob("*.toml"))}


@dataclass(frozen=True)
class Protocol:
    """How our numbers are set beside the published ones of the data set `data`."""

    data: str
    models: list[str]
    reference: str  # the row that the others are tested against
    seeds: int  # the number of runs of each model
    differences: list[str]  # sentences: what is known to differ from the published protocol
    copies: Mapping[str, list[str]] = field(default_factory=dict)  # of one config of the data set


def published_for(data: str) -> dict[str, Any] | None:
    """The published rows of a data set (`"pom"`, `"pom/mfn_arrays"`), or None.

    `{"source": text, "protocol": [sentences], "rows": [{"row", "kind", "source", "values": {metric:
    value}}]}`. The metrics have the names of `metrics_for`; of IEMOCAP, whose papers give each
    emotion its own F1, `weighted_f1_<label>`.
    """
    name = data.partition("/")[0]
    if name not in _PAPERS:
        return None
    return {key: value for key, value in _read(name).items() if key != "reproduction"}


def protocol_for(name: str) -> Protocol:
    """The protocol of a data set; ValueError that lists those there are for any other name."""
    if name not in _PAPERS:
        raise ValueError(unknown_name("reproduction", name, _PAPERS))
    return Protocol(data=name, **_read(name)["reproduction"])


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(_PAPERS[name].read_text(encoding="utf-8"))
