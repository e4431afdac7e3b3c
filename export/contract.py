"""The contract of a served model: what goes in, what comes out, and where it comes from.

It lies in each version as `assets.extra/contract.json`, for clients, which need neither TensorFlow
nor the model to read it. Its form is `contract.schema.json`, beside this file.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LENGTHS = "lengths"  # the input that says how many words each sequence has
FORMAT = 1
CONTRACT = Path("assets.extra", "contract.json")
SCHEMA = Path(__file__).with_name("contract.schema.json")

ALLOWED_BATCH_SIZES = (1, 2, 4, 8, 16, 32)
LENGTH_BUCKETS = (8, 16, 32)


@dataclass(frozen=True)
class Contract:
    """What a client can know of a version; all of it plain JSON values.

    Attributes:
        model: Name of the model, such as "rmfn".
        modalities: Modality -> its number of features, in the model's order.
        signatures: Signature -> `{"inputs": {name: {"dtype", "shape"}}, "outputs": {...}}`; None in
            a shape stands for any size.
        states: State of the signature `step` -> its size; empty where there is no such signature.
        task: `{"kind", "labels", "ranges", "num_classes"}` of the data that the model was trained
            on; empty for a bare model, as are `data` and `validation`.
        scaling: Modality -> `{"center", "scale", "clip"}`, what the model itself does to the
            features it is given.
        data: `{"name", "fingerprint", "sources"}`.
        validation: `{"split", "metrics": {row: {metric: value}}}`; a row is the model or a trivial
            floor, and a value None where it is no finite number.
        batching: `{"allowed_batch_sizes", "length_buckets"}`: the sizes that the server is warmed
            up for.
        versions: Package -> its version when the model was exported.
    """

    model: str
    modalities: Mapping[str, int]
    signatures: Mapping[str, Any]
    states: Mapping[str, int] = field(default_factory=dict)
    task: Mapping[str, Any] = field(default_factory=dict)
    scaling: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    validation: Mapping[str, Any] = field(default_factory=dict)
    batching: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)


def write_contract(contract: Contract, version: Path) -> None:
    """Write a contract into a version that is being made.

    Raises:
        ValueError: It holds what JSON cannot, such as NaN outside of metrics.
        OSError: It cannot be written.
    """
    parts = {
        "model": contract.model,
        "modalities": [
            {"name": name, "width": width} for name, width in contract.modalities.items()
        ],
        "signatures": contract.signatures,
        "states": contract.states,
        "task": contract.task,
        "scaling": contract.scaling,
        "data": contract.data,
        "validation": _without_nan(contract.validation),
        "batching": contract.batching,
        "versions": contract.versions,
    }
    document = {"format": FORMAT, **{name: part for name, part in parts.items() if part}}
    try:
        text = json.dumps(document, indent=2, allow_nan=False, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the contract of {contract.model!r} is no JSON: {error}") from error
    path = version / CONTRACT
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def read_contract(version: Path) -> Contract:
    """Read the contract of an exported version.

    Args:
        version: `directory/<number>`.

    Raises:
        ValueError: The version has no contract, or what lies there is none of this format.
    """
    path = Path(version) / CONTRACT
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        found = document["format"]
    except FileNotFoundError:
        raise ValueError(
            f"{version} has no {CONTRACT}: name a version folder that `rmfn export` has made, such "
            "as served/rmfn/1."
        ) from None
    except (ValueError, TypeError, KeyError) as error:
        raise _broken(path, error) from error
    if found != FORMAT:
        raise ValueError(
            f"{path} is of format {found!r}; this version of rmfn-tf reads format {FORMAT}. Export "
            "the model again, or install the rmfn-tf that made it."
        )
    try:
        return _from_json(document)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise _broken(path, error) from error


def _broken(path: Path, error: Exception) -> ValueError:
    what = f"no {error}" if isinstance(error, KeyError) else error
    return ValueError(f"{path} is no contract of a served model ({what}). Export the model again.")


def _from_json(document: Mapping[str, Any]) -> Contract:
    for name, signature in document["signatures"].items():
        for side in ("inputs", "outputs"):
            for tensor, spec in signature[side].items():
                if not isinstance(spec["dtype"], str) or not isinstance(spec["shape"], list):
                    raise ValueError(f"{tensor!r} of {name!r} has no dtype and shape")
    for modality in document["modalities"]:
        _check_sizes(f"the width of {modality['name']!r}", [modality["width"]])
    _check_sizes("the states", document.get("states", {}).values())
    batching = document["batching"]
    for name in ("allowed_batch_sizes", "length_buckets"):
        _check_sizes(f"`{name}`", batching[name])
    return Contract(
        model=document["model"],
        modalities={each["name"]: each["width"] for each in document["modalities"]},
        signatures=document["signatures"],
        batching=batching,
        **{
            name: dict(document.get(name, {}))
            for name in ("states", "task", "scaling", "data", "validation", "versions")
        },
    )


def _check_sizes(what: str, sizes: Any) -> None:
    for size in sizes:
        if not isinstance(size, int) or isinstance(size, bool) or size < 1:
            raise ValueError(f"{what} must be whole numbers from 1 on; got {size!r}")


def _without_nan(value: Any) -> Any:
    """Numbers that are not finite as None: JSON has none, and a metric may have no value."""
    if isinstance(value, Mapping):
        return {key: _without_nan(each) for key, each in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
