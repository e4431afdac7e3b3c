"""The same requests to a real TensorFlow Serving, where somebody runs one.

Everything else in this folder is proven against twins of it; this is where they would be found out.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rmfn_tf.export.client import Client, ServingError
from support.bad_requests import BAD_REQUESTS, good_request

if "RMFN_TEST_SERVING" not in os.environ:
    pytest.skip(
        "for a server of an RMFN of language, acoustic and visual set RMFN_TEST_SERVING to its "
        "model folder and addresses: 'FOLDER grpc://127.0.0.1:8500/rmfn http://127.0.0.1:8501/v1/models/rmfn'",
        allow_module_level=True,
    )

FOLDER, *ADDRESSES = os.environ["RMFN_TEST_SERVING"].split()
LENGTHS = (3, 1, 7, 2, 7, 4, 1)


@pytest.fixture(params=ADDRESSES)
def real(request):
    with Client.connect(request.param, batch_size=3) as client:
        yield client


@pytest.fixture(scope="module")
def local():
    with Client.connect(FOLDER) as client:
        yield client


@pytest.fixture
def random_sequences(local):
    def make(lengths, seed=0):
        random = np.random.default_rng(seed)
        return {
            name: [random.normal(size=(length, width)).astype("float32") for length in lengths]
            for name, width in local.interface.modalities.items()
        }

    return make


def test_it_says_the_same_of_itself(real, local):
    assert real.interface.version == local.interface.version
    assert real.interface.signatures == local.interface.signatures


def test_predictions_and_attention(real, local, random_sequences):
    sequences = random_sequences(LENGTHS)

    explained, expected = real.explain(sequences), local.explain(sequences)

    np.testing.assert_allclose(real.predict(sequences), expected.predictions, rtol=0, atol=1e-5)
    np.testing.assert_allclose(explained.predictions, expected.predictions, rtol=0, atol=1e-5)
    for name, parts in expected.attention.items():
        for found, part in zip(explained.attention[name], parts, strict=True):
            np.testing.assert_allclose(found, part, rtol=0, atol=1e-5)


def test_many_at_once_of_different_lengths(real, local, random_sequences):
    sequences = [random_sequences((length,), seed=length) for length in range(1, 25)]

    with ThreadPoolExecutor(len(sequences)) as threads:
        answers = list(threads.map(real.predict, sequences))

    for answer, each in zip(answers, sequences, strict=True):
        np.testing.assert_allclose(answer, local.predict(each), rtol=0, atol=1e-5)


def test_word_by_word(real, local, random_sequences):
    sequences = random_sequences((5,))
    session = real.session()

    for step in range(5):
        answer = session.step({name: each[0][step] for name, each in sequences.items()})

    np.testing.assert_allclose(answer, local.predict(sequences)[0], rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", BAD_REQUESTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("address", ADDRESSES)
def test_bad_requests_are_refused_and_forgotten(local, address, kind):
    widths, states = local.interface.modalities, local.interface.states
    request = kind.change(good_request(kind.signature, widths, states))
    good = good_request("serving_default", widths)
    with Client.connect(address) as client:
        if kind.refused_by_server and (address.startswith("grpc") or kind.bad_in_json):
            with pytest.raises(ServingError) as caught:
                client.interface.transport.call(kind.asks or kind.signature, request)
            assert caught.value.code in {"INVALID_ARGUMENT", "FAILED_PRECONDITION"}
        elif kind.name != "no_sequences":
            client.interface.ask(kind.signature, request)

        np.testing.assert_allclose(
            client.interface.ask("serving_default", good)["prediction"],
            local.interface.ask("serving_default", good)["prediction"],
            rtol=0,
            atol=1e-5,
        )
