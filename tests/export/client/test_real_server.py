"""The same requests to a real TensorFlow Serving, where there is one: on the PATH, or by Docker.

Everything else in this folder is proven against twins of it; this is where they would be found out.
The batching is that of `export/serving/batching.config`.
"""

import contextlib
import shutil
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from rmfn_tf.export.client import Client, ServingError
from support.bad_requests import BAD_REQUESTS, good_request

from .conftest import UNITS, WIDTHS

pytestmark = pytest.mark.slow

BINARY = "tensorflow_model_server"
IMAGE = "tensorflow/serving:2.21.0"
BATCHING = Path(__file__).parents[3] / "export" / "serving" / "batching.config"
START = 120  # seconds to load the model, or to fetch the image
STATES = {f"{kind}_{name}": size for kind in "hc" for name, size in UNITS.items()} | {"z": 3}
LENGTHS = (3, 1, 7, 2, 7, 4, 1)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def skip_where_there_is_none() -> None:
    if shutil.which(BINARY):
        return
    if not shutil.which("docker"):
        pytest.skip(f"neither {BINARY} nor docker is on the PATH")
    for question, why in (
        (["info"], "Docker does not run"),
        (["pull", "--quiet", IMAGE], f"Docker cannot fetch {IMAGE}"),
    ):
        answer = subprocess.run(
            ["docker", *question], capture_output=True, text=True, timeout=START
        )
        if answer.returncode:
            pytest.skip(f"no {BINARY} on the PATH, and {why}: {answer.stderr.strip()[:200]}")


def command(model_folder: Path, batching: Path, grpc_port: int, rest_port: int) -> list[str]:
    """How a server is started here."""
    flags = ["--model_name=small", "--enable_batching=true"]
    if shutil.which(BINARY):
        return [
            BINARY,
            *flags,
            f"--port={grpc_port}",
            f"--rest_api_port={rest_port}",
            f"--model_base_path={model_folder}",
            f"--batching_parameters_file={batching}",
        ]
    return [
        *["docker", "run", "--rm", "--entrypoint", BINARY],
        *["-p", f"127.0.0.1:{grpc_port}:8500", "-p", f"127.0.0.1:{rest_port}:8501"],
        *["-v", f"{model_folder}:/models/small:ro", "-v", f"{batching}:/batching.config:ro", IMAGE],
        *[*flags, "--port=8500", "--rest_api_port=8501", "--model_base_path=/models/small"],
        "--batching_parameters_file=/batching.config",
    ]


@pytest.fixture(scope="module")
def addresses(request, tmp_path_factory):
    """Protocol -> address of the server."""
    skip_where_there_is_none()
    folder = request.getfixturevalue("folder")  # made only where there is a server for it
    grpc_port, rest_port = free_port(), free_port()
    log = tmp_path_factory.mktemp("server") / "log"
    started = command(folder, BATCHING, grpc_port, rest_port)
    urls = {
        "grpc": f"grpc://127.0.0.1:{grpc_port}/small",
        "rest": f"http://127.0.0.1:{rest_port}/v1/models/small",
    }
    with log.open("w") as file:
        process = subprocess.Popen(started, stdout=file, stderr=file)
    try:
        deadline = time.monotonic() + START
        for url in urls.values():
            while True:
                with contextlib.suppress(ServingError):
                    Client.connect(url, timeout=1).close()
                    break
                ended = process.poll() is not None or time.monotonic() > deadline
                assert not ended, log.read_text()[-4000:]
                time.sleep(0.2)
        yield urls
    finally:
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture(params=["grpc", "rest"])
def real(request, addresses):
    with Client.connect(addresses[request.param], batch_size=3) as client:
        yield client


@pytest.fixture(scope="module")
def local(request, addresses):
    with Client.connect(request.getfixturevalue("folder")) as client:
        yield client


def test_it_says_the_same_of_itself(real, local):
    assert real.interface.version == 1
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
@pytest.mark.parametrize("way", ["grpc", "rest"])
def test_bad_requests_are_refused_and_forgotten(addresses, local, way, kind):
    request = kind.change(good_request(kind.signature, WIDTHS, STATES))
    good = good_request("serving_default", WIDTHS)
    with Client.connect(addresses[way]) as client:
        if kind.refused_by_server and (way == "grpc" or kind.bad_in_json):
            with pytest.raises(ServingError) as caught:
                client._transport.call(kind.asks or kind.signature, request)
            assert caught.value.code in {"INVALID_ARGUMENT", "FAILED_PRECONDITION"}
        elif kind.name != "no_sequences":
            outputs = client._transport.call(kind.signature, request)
            assert all(np.isfinite(values).all() for values in outputs.values())

        np.testing.assert_allclose(
            client.request("serving_default", good)["prediction"],
            local.request("serving_default", good)["prediction"],
            rtol=0,
            atol=1e-5,
        )
