"""Servers that are down, slow, busy, or something else: one line, and again where it is safe.

No test here depends on how fast the machine is: what must be in time has a minute, and what must be
late waits for a server that never ends.
"""

import contextlib
import itertools
import socket
import sys
import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import grpc
import numpy as np
import pytest

from rmfn_tf.export.client import Client, ServingError, network
from rmfn_tf.export.client.network import GrpcTransport, RestTransport, parse_address

KINDS = {"grpc": GrpcTransport, "rest": RestTransport}
# What each twin must be told for a failure of this name.
BUSY = {"grpc": grpc.StatusCode.UNAVAILABLE, "rest": 503}
BROKEN = {"grpc": grpc.StatusCode.INTERNAL, "rest": 500}


@pytest.fixture(params=KINDS)
def twin(request):
    twin = request.getfixturevalue(f"{request.param}_twin")
    twin.kind = request.param
    return twin


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(network, "FIRST_WAIT", 0.001)


def connect(url, **options):
    return Client.connect(url, **{"timeout": 60, **options})


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
    with connect(twin.url, retries=2) as client:
        expected = client.predict(sequences)
        twin.failures += [BUSY[twin.kind]] * 2

        np.testing.assert_array_equal(client.predict(sequences), expected)
    assert asked(twin) == 1 + 3


def test_a_busy_server_is_not_asked_for_ever(twin, random_sequences):
    with connect(twin.url, retries=2) as client:
        twin.failures += [BUSY[twin.kind]] * 9

        assert "no server answers at" in fails(client, random_sequences((2,)), "UNAVAILABLE")
    assert asked(twin) == 3


def test_other_failures_are_not_repeated(twin, random_sequences):
    with connect(twin.url) as client:
        twin.failures.append(BROKEN[twin.kind])

        assert "as the test asked" in fails(client, random_sequences((2,)), "INTERNAL")
        client.predict(random_sequences((2,)))
    assert asked(twin) == 2


def test_a_slow_server_meets_the_deadline(twin, random_sequences):
    sequences = random_sequences((2,))
    with connect(twin.url) as client:
        impatient = KINDS[twin.kind](parse_address(twin.url), timeout=0.05, retries=3)
        twin.go.clear()
        try:
            with Client(replace(client.interface, transport=impatient)) as other:
                assert "gave no answer in time" in fails(other, sequences, "DEADLINE_EXCEEDED")
        finally:
            twin.go.set()
        client.predict(sequences)


def test_waits_grow_and_end_with_the_deadline(monkeypatch):
    """By a clock that only sleeping moves."""
    now, waits = [0.0], []

    def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    clock = SimpleNamespace(monotonic=lambda: now[0], sleep=sleep)
    monkeypatch.setattr(network, "time", clock)
    with pytest.raises(ServingError, match="no server answers"):
        connect(free_url("rest"), timeout=1, retries=50)
    for number, wait in enumerate(waits):
        assert 0.0005 * 2**number <= wait <= 0.001 * 2**number
    assert 8 <= len(waits) <= 11
    assert sum(waits) < 1


def free_url(kind: str) -> str:
    """An address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return {"grpc": "grpc://127.0.0.1:{}/small", "rest": "http://127.0.0.1:{}/v1/models/small"}[
        kind
    ].format(port)


@pytest.mark.parametrize("kind", KINDS)
def test_no_server(kind):
    url = free_url(kind)
    target = parse_address(url).target

    with pytest.raises(ServingError, match=f"no server answers at .*{target}") as caught:
        connect(url, retries=1)
    assert caught.value.code == "UNAVAILABLE"


@pytest.mark.parametrize("end", ["other", "small/versions/7", "other/versions/7"])
def test_another_model_or_version(twin, end):
    with pytest.raises(
        ServingError, match=r"does not serve this model or version: .*not found"
    ) as caught:
        connect(twin.url.replace("small", end))
    assert caught.value.code == "NOT_FOUND"


def test_a_version_by_number(twin, random_sequences):
    with connect(f"{twin.url}/versions/1") as client:
        assert client.interface.version == 1
        client.predict(random_sequences((2,)))


def test_a_version_by_label(twin, random_sequences):
    with connect(f"{twin.url}/labels/stable") as client:
        client.predict(random_sequences((2,)))
        # A session's own version goes before the label, which may move on.
        client.session().step({name: words[0][0] for name, words in random_sequences((1,)).items()})
    if twin.kind == "grpc":
        first, second = (each.model_spec for each in twin.requests)
        assert (first.version_label, second.version.value) == ("stable", 1)
    else:
        assert [path for path in twin.paths if path.endswith(":predict")] == [
            "/v1/models/small/labels/stable:predict",
            "/v1/models/small/versions/1:predict",
        ]


def test_the_other_port(grpc_twin, rest_twin):
    """gRPC asked over HTTP, and the other way round: common, as both ports look alike."""
    with pytest.raises(ServingError):
        connect(rest_twin.url.replace(str(rest_twin.port), str(grpc_twin.port)), retries=0)
    with pytest.raises(ServingError):
        connect(grpc_twin.url.replace(str(grpc_twin.port), str(rest_twin.port)), retries=0)


def test_grpc_without_its_packages(monkeypatch, grpc_twin):
    monkeypatch.setitem(sys.modules, "grpc", None)
    with pytest.raises(ImportError, match=r"pip install 'rmfn-tf\[serving\]'"):
        connect(grpc_twin.url)


# An answer to one sequence of a model with two outputs, as JSON.
MALFORMED = {
    "nothing": b"",
    "a web page": b"<html>hello</html>",
    "null": b"null",
    "a number": b"3",
    "a list": b"[]",
    "an empty object": b"{}",
    "cut": b'{"outputs": [[0.1, 0.',
    "no bytes of UTF-8": b'{"outputs": "\xff"}',
    "too deep": b"[" * 100_000,
    "no outputs": b'{"outputs": null}',
    "a scalar": b'{"outputs": 3}',
    "text": b'{"outputs": "x"}',
    "another output": b'{"outputs": {"other": [[0.1, 0.2]]}}',
    "a narrow one": b'{"outputs": [[0.1]]}',
    "a wide one": b'{"outputs": [[0.1, 0.2, 0.3]]}',
    "too many": b'{"outputs": [[0.1, 0.2], [0.1, 0.2]]}',
    "none": b'{"outputs": []}',
    "of another rank": b'{"outputs": [[[0.1, 0.2]]]}',
    "ragged": b'{"outputs": [[0.1], [0.1, 0.2]]}',
    "numbers in quotes": b'{"outputs": [["0.1", "0.2"]]}',
    "a null among numbers": b'{"outputs": [[0.1, null]]}',
    "beyond every float": b'{"outputs": [[0.1, 1e400]]}',
    "beyond float32": b'{"outputs": [[0.1, 1e39]]}',
    "NaN": b'{"outputs": [[0.1, NaN]]}',
    "a long integer": b'{"outputs": [[0.1, ' + b"9" * 4000 + b"]]}",
}


@pytest.mark.parametrize("content", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_answer_over_rest(rest_twin, random_sequences, content):
    with connect(rest_twin.url) as client:
        rest_twin.contents = itertools.repeat(content)
        assert "its answer is malformed (" in fails(client, random_sequences((2,)), "INTERNAL")

        message = "is not a prediction service of TensorFlow Serving: its answer is malformed"
        with pytest.raises(ServingError, match=message):
            connect(rest_twin.url)


METADATA = {
    "no definitions": b'{"model_spec": {"version": "1"}, "metadata": {"signature_def": 3}}',
    "no version": b'{"model_spec": {}, "metadata": {"signature_def": {"signature_def": {}}}}',
    "a version of 1e400": b'{"model_spec": {"version": 1e400}, "metadata": {}}',
    "a size in words": b"""{"model_spec": {"version": "1"}, "metadata": {"signature_def":
        {"signature_def": {"serving_default": {"outputs": {}, "inputs": {"a": {"dtype": "DT_FLOAT",
        "tensor_shape": {"dim": [{"size": "many"}]}}}}}}}}""",
}


@pytest.mark.parametrize("content", METADATA.values(), ids=METADATA)
def test_malformed_metadata_over_rest(rest_twin, content):
    rest_twin.contents = itertools.repeat(content)
    with pytest.raises(ServingError, match="its answer is malformed") as caught:
        connect(rest_twin.url)
    assert "\n" not in str(caught.value)


def with_prediction(**parts):
    def change(response):
        tensor = response.outputs["prediction"]
        for name, value in parts.items():
            if name == "dim":
                del tensor.tensor_shape.dim[:]
                for size in value:
                    tensor.tensor_shape.dim.add(size=size)
            else:
                tensor.ClearField("tensor_content")
                tensor.ClearField(name)
                getattr(tensor, name).extend(value)

    return change


GRPC_ANSWERS = {
    "no outputs": lambda response: response.ClearField("outputs"),
    "another output": lambda response: response.outputs.pop("prediction"),
    "no numbers": lambda response: setattr(response.outputs["prediction"], "dtype", 7),
    "no such dtype": lambda response: setattr(response.outputs["prediction"], "dtype", 99),
    "a narrow one": with_prediction(dim=[1, 1], float_val=[0.1]),
    "of another rank": with_prediction(dim=[1, 2, 1]),
    "too many": with_prediction(dim=[2, 2], float_val=[0.1]),
    "fewer numbers than it says": with_prediction(dim=[1, 2000]),
    "NaN": with_prediction(float_val=[float("nan")]),
    "infinity": with_prediction(float_val=[0.1, float("inf")]),
}


@pytest.mark.parametrize("change", GRPC_ANSWERS.values(), ids=GRPC_ANSWERS)
def test_a_malformed_answer_over_grpc(grpc_twin, random_sequences, change):
    with connect(grpc_twin.url) as client:
        grpc_twin.change = change
        assert "its answer is malformed (" in fails(client, random_sequences((2,)), "INTERNAL")


def test_attention_that_ends_before_the_words_is_malformed(grpc_twin, random_sequences):
    def cut(response):
        for name, tensor in response.outputs.items():
            if name.startswith("attention"):
                row = tensor.tensor_shape.dim[1].size
                tensor.tensor_content = tensor.tensor_content[: -len(tensor.tensor_content) // row]
                tensor.tensor_shape.dim[1].size = row - 1

    with connect(grpc_twin.url) as client:
        client.explain(random_sequences((4,)))
        grpc_twin.change = cut
        with pytest.raises(ServingError, match=r"'attention_\w+' has the shape \(1, 3, 3"):
            client.explain(random_sequences((4,)))


@pytest.fixture(params=["headers", "body"])
def dripping(request):
    """The address of a server that sends a byte now and then, and never comes to an end."""
    start = (
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n[" if request.param == "body" else b""
    )
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection, contextlib.suppress(OSError):
                connection.recv(2**16)
                connection.sendall(start or b"HTTP/1.1 200 OK\r\nX: ")
                while not done.wait(0.01):
                    connection.sendall(b"1")

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1/models/small"
        done.set()
        thread.join()


def test_the_time_limit_bounds_a_server_that_drips(dripping):
    started = time.monotonic()
    with pytest.raises(ServingError, match="gave no answer in time") as caught:
        connect(dripping, timeout=0.2)
    assert caught.value.code == "DEADLINE_EXCEEDED"
    assert time.monotonic() - started >= 0.2
