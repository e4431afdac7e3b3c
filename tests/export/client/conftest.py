"""A small RMFN behind a gRPC server, behind a REST server, and in this process."""

from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.export.client import Client
from rmfn_tf.models import attention_model
from support.rest_twin import RestTwin
from support.served_model import ServedModel
from support.serving_twin import ServingTwin

from ..conftest import FEATURES as WIDTHS
from ..conftest import VARIANTS

UNITS = VARIANTS["rmfn"][1]["units"]
WAYS = ("in_process", "grpc", "rest")

Random = Callable[..., dict[str, list[np.ndarray]]]


@pytest.fixture(scope="session")
def model(exported) -> keras.Model:
    return exported["rmfn"][0]


@pytest.fixture(scope="session")
def folder(exported) -> Path:
    """The model folder, with version 1."""
    return exported["rmfn"][1].parent


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


@pytest.fixture(scope="session")
def local(folder) -> Client:
    """A client of the model in this process."""
    return Client.connect(folder, batch_size=3)


@pytest.fixture(params=WAYS)
def client(request, local) -> Iterator[Client]:
    """A client of the model, in every way of asking it."""
    if request.param == "in_process":
        yield local
    else:
        twin = request.getfixturevalue(f"{request.param}_twin")
        with Client.connect(twin.url, batch_size=3) as client:
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
