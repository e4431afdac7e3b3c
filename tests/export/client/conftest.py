"""A small model behind a gRPC server, behind a REST server, and in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.export import export_model
from rmfn_tf.export.client import Client
from rmfn_tf.models import attention_model, create_model
from support.rest_twin import RestTwin
from support.served_model import ServedModel
from support.serving_twin import ServingTwin

# Not in alphabetical order, which is the order of a server's metadata.
WIDTHS = {"language": 4, "visual": 2, "acoustic": 3}
UNITS = {"language": 3, "visual": 2, "acoustic": 2}
TASK = {"kind": "regression", "labels": ["sentiment", "persuasion"]}
TASK["output_names"] = TASK["labels"]
WAYS = ("in_process", "grpc", "rest")

Random = Callable[..., dict[str, list[np.ndarray]]]


@pytest.fixture(scope="session")
def model() -> keras.Model:
    keras.utils.set_random_seed(1)
    # Standard normal features meet this scaling and its clipping.
    scaling = {"acoustic": {"center": 1.0, "scale": 2.0, "clip": 1.0}}
    return create_model(
        "rmfn",
        features=WIDTHS,
        num_outputs=2,
        units=UNITS,
        fusion_units=3,
        summary_units=3,
        scaling=scaling,
    )


@pytest.fixture(scope="session")
def folder(tmp_path_factory, model) -> Path:
    """The model folder, with version 1."""
    path = tmp_path_factory.mktemp("served") / "small"
    export_model(model, path, about={"task": TASK})
    return path


@pytest.fixture(scope="session")
def served(folder) -> ServedModel:
    return ServedModel(folder, "small")


@pytest.fixture
def grpc_twin(served) -> Iterator[ServingTwin]:
    with ServingTwin(served) as twin:
        yield twin


@pytest.fixture
def rest_twin(served) -> Iterator[RestTwin]:
    with RestTwin(served) as twin:
        yield twin


@pytest.fixture(params=WAYS)
def address(request, folder) -> str | Path:
    """Where the model is, in every way of asking it."""
    if request.param == "in_process":
        return folder
    return request.getfixturevalue(f"{request.param}_twin").url


@pytest.fixture
def client(address) -> Iterator[Client]:
    with Client.connect(address, batch_size=3) as client:
        yield client


@pytest.fixture(scope="session")
def random_sequences() -> Random:
    """`random_sequences(lengths)` -> modality -> arrays of these lengths."""

    def make(lengths, seed: int = 0) -> dict[str, list[np.ndarray]]:
        random = np.random.default_rng(seed)
        return {
            name: [random.normal(size=(length, width)).astype("float32") for length in lengths]
            for name, width in WIDTHS.items()
        }

    return make


@pytest.fixture(scope="session")
def alone(model) -> Callable[[dict[str, list[np.ndarray]]], list[dict[str, np.ndarray]]]:
    """What the model itself says of each sequence, alone and without padding: `prediction`
    `(outputs,)` and `attention` `(T_i, stages, Σd_m)`."""
    view = attention_model(model)
    words = [tf.TensorSpec((1, None, width), name=name) for name, width in WIDTHS.items()]
    lengths = tf.TensorSpec((1,), tf.int32, name="lengths")
    inputs = {spec.name: spec for spec in [*words, lengths]}
    traced = tf.function(lambda each: view(each, training=False), input_signature=[inputs])

    def look(sequences: dict[str, list[np.ndarray]]) -> list[dict[str, np.ndarray]]:
        answers = []
        for row in range(len(sequences["language"])):
            one = {name: tf.constant(each[row][None]) for name, each in sequences.items()}
            one["lengths"] = tf.constant([len(sequences["language"][row])], tf.int32)
            answers.append({name: values[0].numpy() for name, values in traced(one).items()})
        return answers

    return look
