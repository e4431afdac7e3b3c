"""Requests that cannot be right: refused by each server, and forgotten after."""

import numpy as np
import pytest

from rmfn_tf.export.client import Client, ServingError
from support.bad_requests import BAD_REQUESTS, good_request
from support.rest_twin import RestTwin
from support.serving_twin import ServingTwin

from .conftest import WAYS, WIDTHS


@pytest.mark.parametrize("signature", ["serving_default", "explain", "step"])
def test_what_they_are_made_from_is_good(local, signature):
    assert local.interface.ask(signature, good_request(signature, WIDTHS, local.interface.states))


@pytest.fixture(scope="module")
def clients(served, local):
    """Way -> a client of a server that lives through all tests here."""
    with (
        ServingTwin(served) as grpc_twin,
        RestTwin(served) as rest_twin,
        Client.connect(grpc_twin.url) as grpc,
        Client.connect(rest_twin.url) as rest,
    ):
        yield {"in_process": local, "grpc": grpc, "rest": rest}


@pytest.mark.parametrize("kind", BAD_REQUESTS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("way", WAYS)
def test_a_server_refuses_it_and_goes_on_answering(clients, local, way, kind):
    client = clients[way]
    asks = kind.asks or kind.signature
    request = kind.change(good_request(kind.signature, WIDTHS, local.interface.states))
    codes = {"INVALID_ARGUMENT"} | ({"FAILED_PRECONDITION"} if kind.asks else set())

    if kind.refused_by_server and (way != "rest" or kind.bad_in_json):
        with pytest.raises(ServingError) as caught:
            client.interface.transport.call(asks, request)
        assert caught.value.code in codes
        assert "\n" not in str(caught.value)
    elif way != "rest" or kind.name != "no_sequences":  # JSON loses the shape of empty arrays
        client.interface.ask(asks, request)  # finite numbers, or an error

    good = good_request("serving_default", WIDTHS)
    after, expected = (each.interface.ask("serving_default", good) for each in (client, local))
    np.testing.assert_allclose(after["prediction"], expected["prediction"], rtol=0, atol=1e-6)
