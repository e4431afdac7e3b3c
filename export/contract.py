"""The contract of a served model: what goes in, what comes out, and where the model comes from.

It is the file `assets.extra/contract.json` of each version. Clients need neither TensorFlow nor the
model to read it. `Contract.model_json_schema()` is its JSON schema.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

CONTRACT = Path("assets.extra", "contract.json")
LENGTHS = "lengths"  # the input that says how many words each sequence has
NEXT = "next_"  # the outputs of `step` with the next states have this before a state's name
ALLOWED_BATCH_SIZES = (1, 2, 4, 8, 16, 32)
LENGTH_BUCKETS = (8, 16, 32)  # in words; for a model whose data are not known

Name = Annotated[str, Field(pattern="^[A-Za-z][A-Za-z0-9_]*$")]
Size = Annotated[int, Field(strict=True, ge=1)]
Sizes = Annotated[list[Size], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class Modality(_Part):
    name: Name
    width: Size
    """Number of features of a word."""


class Tensor(_Part):
    dtype: str
    """NumPy's name of the dtype, such as float32."""
    shape: list[Size | None]
    """None means any size; the batch comes first."""


class Signature(_Part):
    inputs: dict[Name, Tensor]
    outputs: dict[Name, Tensor]


class TaskFacts(_Part):
    kind: Literal["regression", "classification", "multilabel"]
    labels: Annotated[list[str], Field(min_length=1)]
    """Names of the labels; a classification has one label."""
    ranges: dict[str, tuple[int | FiniteFloat, int | FiniteFloat]] = {}
    """Label to its lowest and highest value."""
    output_names: Annotated[list[str], Field(min_length=1)]
    """One for each number of a prediction: the labels, or the classes of a classification."""


class Scaling(_Part):
    center: list[FiniteFloat]
    scale: list[Annotated[FiniteFloat, Field(gt=0)]]
    clip: Annotated[FiniteFloat, Field(gt=0)] | None


class DataFacts(_Part):
    name: str
    """Data set and config, such as ict_mmmo/trimodal."""
    fingerprint: str
    """SHA-256 of the ids and labels of all examples."""
    sources: dict[str, str]
    """Source file to SHA-256."""


class Validation(_Part):
    split: str
    metrics: dict[str, dict[str, float | None]]
    """The model and the trivial floors; null where a metric has no finite value."""


class Batching(_Part):
    allowed_batch_sizes: Sizes
    length_buckets: Sizes


class Contract(_Part):
    """What a client can know of a version. `task`, `data` and `validation` are None, and `scaling`
    is empty, where they are not known."""

    format: Literal[1]
    model: Annotated[str, Field(min_length=1)]
    """Name of the model, such as rmfn."""
    modalities: Annotated[list[Modality], Field(min_length=1)]
    """In the order of the model."""
    signatures: dict[Name, Signature]
    states: dict[Name, Size] = {}
    """States of the signature `step`, with their sizes. All are zero before the first word."""
    task: TaskFacts | None = None
    """What the model was trained for."""
    scaling: dict[Name, Scaling] = {}
    """What the model itself does to its features: clip((x - center) / scale)."""
    data: DataFacts | None = None
    validation: Validation | None = None
    batching: Batching
    """The sizes that a server is warmed up for."""
    versions: dict[str, str]
    """Package to its version when the model was exported."""

    @property
    def widths(self) -> dict[str, int]:
        """Modality -> its number of features, in the model's order."""
        return {each.name: each.width for each in self.modalities}

    def write(self, version: Path) -> None:
        """Write it into the folder of a version."""
        path = version / CONTRACT
        path.parent.mkdir(exist_ok=True)
        text = self.model_dump_json(indent=2, exclude_defaults=True)
        path.write_text(text + "\n", encoding="utf-8")


def read_contract(version: str | Path) -> Contract:
    """Read the contract of an exported version, `directory/<number>`.

    Raises:
        ValueError: The version has no contract, or it is not of this format.
    """
    path = Path(version) / CONTRACT
    try:
        return Contract.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise ValueError(
            f"{version} has no {CONTRACT}: name a version folder that `rmfn export` has made, such "
            "as served/rmfn/1."
        ) from None
    except ValidationError as error:
        raise ValueError(
            f"{path} is not a contract that this rmfn-tf can read ({mistakes(error)}). Export the "
            "model again, or install the rmfn-tf that made it."
        ) from error


def signatures_of(functions: Mapping[str, Any]) -> dict[str, Signature]:
    """The signatures of TensorFlow's concrete functions by name, as a SavedModel has them."""

    def tensors(specs: Mapping[str, Any]) -> dict[str, Tensor]:
        return {
            name: Tensor(dtype=spec.dtype.name, shape=spec.shape.as_list())
            for name, spec in sorted(specs.items())
        }

    return {
        name: Signature(
            inputs=tensors(function.structured_input_signature[1]),
            outputs=tensors(function.structured_outputs),
        )
        for name, function in functions.items()
    }


def fill_shape(shape: Iterable[int | None], *sizes: int) -> list[int]:
    """A shape whose open axes have these sizes, in order: the batch, then the words."""
    left = iter(sizes)
    return [next(left) if size is None else size for size in shape]


def mistakes(error: ValidationError) -> str:
    """What pydantic found wrong, on one line: the first five, as a file may have thousands."""
    found = []
    for each in error.errors():
        where = ".".join(map(str, each["loc"]))
        found.append(f"{where}: {each['msg']}" if where else each["msg"])
    return "; ".join(found[:5]) + "; ..." * (len(found) > 5)
