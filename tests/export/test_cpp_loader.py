"""The export answers through the C++ loader that TensorFlow Serving calls, as it does in Python.

A small program (cpp/answer.cc) is built against the TensorFlow of this environment. It knows no
Python, no Keras and nothing of this package.
"""

import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.export.signatures import endpoints_of
from support.bad_requests import BAD_REQUESTS, good_request
from support.cpp_loader import ask

from .conftest import FEATURES

pytestmark = pytest.mark.slow


def make_request(signature, batch=3, time=6, seed=0):
    rng = np.random.default_rng(seed)
    request = {}
    for name, spec in signature.inputs.items():
        if name == "lengths":
            request[name] = np.array([time, 1, time - 2], "int32")
        else:
            sizes = (batch, time)[: len(spec.shape) - 1]
            request[name] = rng.normal(size=(*sizes, spec.shape[-1])).astype("float32")
    return request


@pytest.mark.parametrize("name", ["rmfn", "ef_lstm", "rmfn_labels_per_word"])
def test_every_signature_answers_as_in_python(answer, exported, tmp_path, name):
    model, version = exported[name]
    served = exported.signatures(name)
    for signature in endpoints_of(model):
        request = make_request(signature)
        (found,) = ask(answer, version, signature.name, [request], tmp_path / signature.name)
        expected = served[signature.name](**{key: tf.constant(v) for key, v in request.items()})
        assert set(found) == set(expected)
        for key, values in expected.items():
            np.testing.assert_allclose(found[key], values.numpy(), atol=1e-6, err_msg=key)


def test_bad_requests_one_after_the_other(answer, exported, tmp_path):
    """Refused or answered as documented, and the same session goes on answering.

    Names and dtypes a server checks before the session; shapes and values are the graph's part.
    """
    _, version = exported["rmfn"]
    good = good_request("serving_default", FEATURES)
    kinds = [
        kind
        for kind in BAD_REQUESTS
        if kind.signature == "serving_default" and (kind.graph or not kind.refused_by_server)
    ]
    asked = [kind.change(good) for kind in kinds]
    first, *found, last = ask(answer, version, "serving_default", [good, *asked, good], tmp_path)
    np.testing.assert_array_equal(first["prediction"], last["prediction"])
    for kind, request, outcome in zip(kinds, asked, found, strict=True):
        if kind.graph is None:
            assert isinstance(outcome, dict), (kind.name, outcome)
            assert outcome["prediction"].shape == (len(request["lengths"]), 2), kind.name
            assert np.isfinite(outcome["prediction"]).all(), kind.name
        else:
            assert isinstance(outcome, str), kind.name
            assert outcome.startswith("INVALID_ARGUMENT"), (kind.name, outcome)
            assert kind.graph in outcome, (kind.name, outcome)
