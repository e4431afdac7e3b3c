"""Requests that cannot be right: refused by each server, and forgotten after."""

from collections import Counter

import numpy as np
import pytest

from rmfn_tf.export.client import Client, ServingError
from support.bad_requests import BAD_REQUESTS, good_request

from .conftest import UNITS, WAYS, WIDTHS

FUSED = 3  # fusion_units: the size of z
STATES = {f"{kind}_{name}": size for kind in "hc" for name, size in UNITS.items()} | {"z": FUSED}
KINDS = pytest.mark.parametrize("kind", BAD_REQUESTS, ids=lambda kind: kind.name)


@pytest.fixture(scope="module")
def local(folder):
    with Client.connect(folder) as client:
        yield client


def bad_request(kind):
    return kind.change(good_request(kind.signature, WIDTHS, STATES))


def test_there_are_many_kinds_of_one_name_each():
    assert len(BAD_REQUESTS) >= 25
    assert max(Counter(kind.name for kind in BAD_REQUESTS).values()) == 1


@pytest.mark.parametrize("signature", ["serving_default", "explain", "step"])
def test_what_they_are_made_from_is_good(local, signature):
    assert local.interface.ask(signature, good_request(signature, WIDTHS, STATES))


@KINDS
@pytest.mark.parametrize("way", WAYS)
def test_a_server_refuses_it_and_goes_on_answering(served_ways, way, kind):
    client, expected = served_ways[way]
    asks = kind.asks or kind.signature
    refused = kind.refused_by_server and (way != "rest" or kind.bad_in_json)
    codes = (
        {"INVALID_ARGUMENT"} if kind.asks is None else {"INVALID_ARGUMENT", "FAILED_PRECONDITION"}
    )

    if refused:
        with pytest.raises(ServingError) as caught:
            client.interface.transport.call(asks, bad_request(kind))
        assert caught.value.code in codes
        assert "\n" not in str(caught.value)
    elif way != "rest" or kind.name != "no_sequences":  # JSON loses the shape of empty arrays
        client.interface.ask(asks, bad_request(kind))  # finite numbers, or an error

    after = client.interface.ask("serving_default", good_request("serving_default", WIDTHS))
    np.testing.assert_allclose(after["prediction"], expected, rtol=0, atol=1e-6)


@pytest.fixture(scope="module")
def served_ways(folder, served, local):
    """Way -> a client without the checks' help, and what it must say of the good request."""
    good = local.interface.ask("serving_default", good_request("serving_default", WIDTHS))
    from support.rest_twin import RestTwin
    from support.serving_twin import ServingTwin

    with ServingTwin(served) as grpc_twin, RestTwin(served) as rest_twin:
        addresses = {"in_process": folder, "grpc": grpc_twin.url, "rest": rest_twin.url}
        clients = {way: Client.connect(addresses[way]) for way in WAYS}
        yield {way: (client, good["prediction"]) for way, client in clients.items()}
        for client in clients.values():
            client.close()
