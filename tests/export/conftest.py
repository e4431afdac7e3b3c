"""Small models to export, and a look at what a folder holds."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import pytest
import tensorflow as tf
from keras import ops

from rmfn_tf.export import export_model
from rmfn_tf.models import create_model, list_models

# Beside the defaults of every model: what gives other ops, or another shape of the prediction.
VARIANTS = {
    "rmfn": (
        "rmfn",
        {
            "num_outputs": 2,
            "units": {"language": 3, "acoustic": 2, "visual": 2},
            "fusion_units": 3,
            "summary_units": 3,
            # Standard normal features meet this scaling and its clipping.
            "scaling": {"acoustic": {"center": [0.1, 0.2, 0.3], "scale": 2.0, "clip": 1.0}},
        },
    ),
    "rmfn_labels_per_word": (
        "rmfn",
        {
            "task": "multilabel",
            "num_outputs": 4,
            "return_sequences": True,
            "dropout": 0.5,
            "highlight_projection": True,
            "highlight_input": "highlighted",
            "highlight_memory_mode": "zeros",
        },
    ),
    "rmfn_bare": ("rmfn", {"highlight": False, "feedback": False, "summarize_layers": 1}),
    "ef_lstm_classes": (
        "ef_lstm",
        {"task": "classification", "num_outputs": 3, "num_layers": 2, "bidirectional": True},
    ),
}
# Not in alphabetical order, which is the order of a server's metadata.
FEATURES = {"language": 4, "acoustic": 3, "visual": 2}
TASK = {"kind": "regression", "labels": ["sentiment", "persuasion"]}
TASK["output_names"] = TASK["labels"]


class WordMask(keras.layers.Layer):
    """A class that no loading process knows."""

    def call(self, words, lengths):
        return ops.arange(ops.shape(words)[1], dtype="int32")[None, :] < lengths[:, None]


def small_model(layer: keras.layers.Layer | None = None, *, recurrent: bool = False) -> keras.Model:
    """The mean of the concatenated features, or an LSTM of them; `layer` follows the
    concatenation."""
    inputs = {name: keras.Input((None, width), name=name) for name, width in FEATURES.items()}
    lengths = keras.Input((), dtype="int32", name="lengths")
    words = keras.layers.Concatenate()(list(inputs.values()))
    mask = WordMask()(words, lengths)
    if layer is not None:
        words = layer(words)
    reduce = keras.layers.LSTM(5) if recurrent else keras.layers.GlobalAveragePooling1D()
    hidden = keras.layers.Dropout(0.5)(reduce(words, mask=mask))
    return keras.Model({**inputs, "lengths": lengths}, keras.layers.Dense(2)(hidden), name="small")


@pytest.fixture(name="small_model", scope="session")
def small_model_fixture() -> Callable[..., keras.Model]:
    keras.utils.set_random_seed(0)
    return small_model


@pytest.fixture(scope="session")
def contents() -> Callable[[Path], dict[str, bytes | None]]:
    """What a folder holds: every path below it, with the bytes of each file."""

    def read(folder: Path) -> dict[str, bytes | None]:
        return {
            str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in sorted(folder.rglob("*"))
        }

    return read


class Exported(Mapping):
    """Models by name, each with its exported version; exported when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: dict[str, tuple[keras.Model, Path]] = {}
        self._loaded: dict[str, Any] = {}

    def __getitem__(self, name: str) -> tuple[keras.Model, Path]:
        if name not in self._made:
            keras.utils.set_random_seed(0)
            model = self._model(name)
            about = {"task": TASK} if name == "rmfn" else None
            self._made[name] = model, export_model(model, self._folder / name, about=about)
        return self._made[name]

    def signatures(self, name: str) -> Any:
        """Of the version, as it is loaded again."""
        if name not in self._loaded:
            self._loaded[name] = tf.saved_model.load(str(self[name][1]))
        return self._loaded[name].signatures

    def _model(self, name: str) -> keras.Model:
        if name == "small":
            return small_model(recurrent=True)
        body, options = VARIANTS.get(name, (name, {}))
        return create_model(body, features=FEATURES, **options)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(["small", *VARIANTS, *list_models()]))

    def __len__(self) -> int:
        return len(list(iter(self)))


@pytest.fixture(scope="session")
def exported(tmp_path_factory) -> Exported:
    return Exported(tmp_path_factory.mktemp("exported"))
