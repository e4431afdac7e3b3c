"""Exports that the commands make answer by the server's own loader and over real gRPC."""

import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.export.client import Client
from rmfn_tf.export.contract import read_contract
from support.cpp_loader import ask
from support.served_model import ServedModel
from support.serving_twin import ServingTwin

pytestmark = pytest.mark.slow


@pytest.fixture
def demo(rmfn, tmp_path):
    result = rmfn("demo", "--out", tmp_path / "demo", "--epochs", "1")
    assert result.code == 0, result.err
    (folder,) = (path for path in (tmp_path / "demo").iterdir() if path.name != "data")
    return folder / "export" / "rmfn"


@pytest.fixture
def ict_mmmo(rmfn, tmp_path, manual_dir, small):
    data, run = "ict_mmmo/mfn_arrays", tmp_path / "run"
    files = ("--manual-dir", manual_dir, "--data-dir", tmp_path / "data")
    units = ("--set", "units={language = 3, acoustic = 2, visual = 2}")
    assert rmfn("train", data, *files, "--out", run, *small, *units).code == 0
    exported = rmfn("export", run, "--to", tmp_path / "served" / "mmmo")
    assert (exported.code, exported.err) == (0, "")
    return tmp_path / "served" / "mmmo"


def sequences_for(contract, lengths=(4, 1, 6)):
    rng = np.random.default_rng(0)
    return {
        name: [rng.normal(size=(length, width)).astype("float32") for length in lengths]
        for name, width in contract.modalities.items()
    }


def request_of(inputs, batch=2, time=3):
    rng = np.random.default_rng(1)
    request = {}
    for name, spec in inputs.items():
        sizes = (batch, time)[: len(spec["shape"]) - 1]
        request[name] = rng.normal(size=(*sizes, spec["shape"][-1] or 1)).astype("float32")
    if "lengths" in inputs:
        request["lengths"] = np.full(batch, time, "int32")
    return request


@pytest.mark.parametrize("name", ["demo", "ict_mmmo"])
def test_the_same_answers_everywhere(name, request, answer, tmp_path):
    folder = request.getfixturevalue(name)
    contract = read_contract(folder / "1")
    assert list(contract.signatures) == ["serving_default", "explain", "step"]
    assert contract.task["labels"]
    assert contract.data["fingerprint"]
    assert contract.validation["metrics"]
    sequences = sequences_for(contract)
    with Client.connect(folder) as client:
        here, looked = client.predict(sequences), client.explain(sequences)

    # The server's loader, in C++.
    served = tf.saved_model.load(str(folder / "1")).signatures
    for signature, each in contract.signatures.items():
        asked = request_of(each["inputs"])
        (found,) = ask(answer, folder / "1", signature, [asked], tmp_path / signature)
        expected = served[signature](**{key: tf.constant(value) for key, value in asked.items()})
        assert set(found) == set(each["outputs"])
        for key, values in expected.items():
            np.testing.assert_allclose(found[key], values.numpy(), atol=1e-6, err_msg=key)

    # Over gRPC, whole sequences and word by word.
    with (
        ServingTwin(ServedModel(folder, folder.name)) as twin,
        Client.connect(twin.url) as client,
    ):
        np.testing.assert_allclose(client.predict(sequences), here, atol=1e-6)
        again = client.explain(sequences)
        for ours, theirs in zip(
            looked.attention["language"], again.attention["language"], strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-6)
        session = client.session()
        for time in range(len(sequences["language"][0])):
            word = {key: values[0][time] for key, values in sequences.items()}
            prediction = session.step(word)
        np.testing.assert_allclose(np.ravel(prediction), here[0], atol=1e-6)
