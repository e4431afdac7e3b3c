"""Servers that are down, slow, busy, or something else: one line, and again where it is safe."""

import socket
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise

import grpc
import numpy as np
import pytest

from rmfn_tf.export.client import Client, ServingError, retries
from rmfn_tf.export.client.errors import serving_error
from rmfn_tf.export.client.retries import with_retries

NETWORK = ("grpc", "rest")
# What each twin must be told for a failure of this name.
BUSY = {"grpc": grpc.StatusCode.UNAVAILABLE, "rest": 503}
BROKEN = {"grpc": grpc.StatusCode.INTERNAL, "rest": 500}


@pytest.fixture(params=NETWORK)
def twin(request):
    twin = request.getfixturevalue(f"{request.param}_twin")
    twin.kind = request.param
    return twin


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(retries, "FIRST_WAIT", 0.001)


def asked(twin) -> int:
    return len(twin.requests if twin.kind == "grpc" else twin.bodies)


def fails(client, sequences, code: str) -> str:
    """The one line of a prediction that must fail."""
    with pytest.raises(ServingError) as caught:
        client.predict(sequences)
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_busy_server_is_asked_again(twin, random_sequences):
    sequences = random_sequences((2,))
    with Client.connect(twin.url, retries=2) as client:
        expected = client.predict(sequences)
        twin.failures += [BUSY[twin.kind]] * 2

        np.testing.assert_array_equal(client.predict(sequences), expected)
    assert asked(twin) == 1 + 3


def test_a_busy_server_is_not_asked_for_ever(twin, random_sequences):
    with Client.connect(twin.url, retries=2) as client:
        twin.failures += [BUSY[twin.kind]] * 9

        assert "no server answers at" in fails(client, random_sequences((2,)), "UNAVAILABLE")
    assert asked(twin) == 3


def test_other_failures_are_not_repeated(twin, random_sequences):
    with Client.connect(twin.url) as client:
        twin.failures.append(BROKEN[twin.kind])

        assert "as the test asked" in fails(client, random_sequences((2,)), "INTERNAL")
        client.predict(random_sequences((2,)))
    assert asked(twin) == 2


def test_a_slow_server_meets_the_deadline(twin, random_sequences):
    with Client.connect(twin.url) as client:
        client.predict(random_sequences((2,)))
    with Client.connect(twin.url, timeout=3) as client:
        twin.delay = 4

        assert "gave no answer in time" in fails(
            client, random_sequences((2,)), "DEADLINE_EXCEEDED"
        )
        twin.delay = 0
        client.predict(random_sequences((2,)))
    assert asked(twin) == 3


@pytest.mark.parametrize(
    "url", ["grpc://127.0.0.1:{}/small", "http://127.0.0.1:{}/v1/models/small"]
)
def test_no_server(url):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    with pytest.raises(ServingError, match=f"no server answers at .*127.0.0.1:{port}") as caught:
        Client.connect(url.format(port), retries=1)
    assert caught.value.code == "UNAVAILABLE"


@pytest.mark.parametrize("end", ["", "/versions/7"])
@pytest.mark.parametrize("name", ["small", "other"])
def test_another_model_or_version(twin, name, end):
    if name == "small" and not end:
        Client.connect(twin.url).close()
        return
    with pytest.raises(
        ServingError, match=r"does not serve this model or version: .*not found"
    ) as e:
        Client.connect(twin.url.replace("small", name) + end)
    assert e.value.code == "NOT_FOUND"


def test_a_version_by_number(twin, random_sequences):
    with Client.connect(f"{twin.url}/versions/1") as client:
        assert client.interface.version == 1
        client.predict(random_sequences((2,)))


def test_a_version_by_label(grpc_twin, random_sequences):
    with Client.connect(f"{grpc_twin.url}/labels/stable") as client:
        client.predict(random_sequences((2,)))
        assert grpc_twin.requests[-1].model_spec.version_label == "stable"

        # A session's own version goes before the label, which may move on.
        client.session().step({name: words[0][0] for name, words in random_sequences((1,)).items()})
        assert grpc_twin.requests[-1].model_spec.version.value == 1


def test_the_other_port(grpc_twin, rest_twin):
    """gRPC asked over HTTP, and the other way round: common, as both ports look alike."""
    with pytest.raises(ServingError):
        Client.connect(rest_twin.url.replace(str(rest_twin.port), str(grpc_twin.port)), retries=0)
    with pytest.raises(ServingError):
        Client.connect(grpc_twin.url.replace(str(grpc_twin.port), str(rest_twin.port)), retries=0)


@pytest.mark.parametrize("content", [b"<html>hello</html>", b"[]", b"{}", b'{"metadata": 3}', b""])
def test_another_web_server(content):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments): ...

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            with pytest.raises(
                ServingError, match="is no prediction service of TensorFlow Serving"
            ):
                Client.connect(f"http://127.0.0.1:{server.server_port}/v1/models/small")
        finally:
            server.shutdown()
            thread.join()


def test_grpc_without_its_packages(monkeypatch, grpc_twin):
    monkeypatch.setitem(sys.modules, "tensorflow_serving.apis", None)
    with pytest.raises(ImportError, match=r"pip install 'rmfn-tf\[serving\]'"):
        Client.connect(grpc_twin.url)


def unavailable(seconds):
    raise serving_error("UNAVAILABLE", "here", "down")


def test_waits_grow_and_end_with_the_deadline():
    waits: list[float] = []
    with pytest.raises(ServingError):
        with_retries(unavailable, timeout=60, retries=4, sleep=waits.append)

    assert len(waits) == 4
    for number, wait in enumerate(waits):
        assert 0.0005 * 2**number <= wait <= 0.001 * 2**number

    left: list[float] = []

    def attempt(seconds):
        left.append(seconds)
        unavailable(seconds)

    with pytest.raises(ServingError):
        with_retries(attempt, timeout=1, retries=50)
    assert 2 <= len(left) < 50
    assert all(later < earlier for earlier, later in pairwise(left))
    assert left[0] <= 1
    assert left[-1] > 0
