"""Addresses: what is understood, and what is said of the others."""

import pytest

from rmfn_tf.export.client import Client
from rmfn_tf.export.client.network import Address, parse_address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("grpc://host:8500/m", Address("grpc", "host:8500", "m")),
        ("grpc://host/m", Address("grpc", "host:8500", "m")),
        ("grpcs://host:443/m/versions/3", Address("grpcs", "host:443", "m", version=3)),
        (
            "grpc://10.0.0.1:1/my-model/labels/stable",
            Address("grpc", "10.0.0.1:1", "my-model", version="stable"),
        ),
        ("grpc://[::1]:8500/m", Address("grpc", "[::1]:8500", "m")),
        ("http://host:8501/v1/models/m", Address("http", "host:8501", "m")),
        ("http://host/v1/models/m/", Address("http", "host:80", "m")),
        ("https://host/v1/models/m/versions/12", Address("https", "host:443", "m", version=12)),
        ("http://host:8501/v1/models/m/labels/new", Address("http", "host:8501", "m", "new")),
    ],
)
def test_what_is_understood(url, expected):
    assert parse_address(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "grpc://host:8500",
        "grpc://host:8500/",
        "grpc:///m",
        "grpc://host:8500/v1/models/m",
        "grpc://host:port/m",
        "grpc://host:99999/m",
        "grpc://host:8500/m/versions/new",
        "grpc://host:8500/m/versions/1/labels/x",
        "grpc://host:8500/m?x=1",
        "http://host:8501",
        "http://host:8501/m",
        "http://host:8501/v1/models/m:predict",
        "http://host:8501/v1/models/m/metadata",
        "http://user:pass@host:8501/v1/models/m",
        "tcp://host:8500/m",
        "http://[::1/v1/models/m",
    ],
)
def test_what_is_not(url):
    with pytest.raises(ValueError, match="is not the address of a served model") as caught:
        Client.connect(url)
    assert repr(url) in str(caught.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 0}, "timeout must be"),
        ({"timeout": float("nan")}, "timeout must be"),
        ({"retries": -1}, "retries must be"),
        ({"batch_size": 0}, "batch_size must be"),
    ],
)
def test_options_are_checked(rest_twin, options, message):
    with pytest.raises(ValueError, match=message):
        Client.connect(rest_twin.url, **options)


def test_a_folder_without_a_model(tmp_path):
    (tmp_path / "1").mkdir()  # a version that is no model
    with pytest.raises(ValueError, match="holds no exported model"):
        Client.connect(tmp_path)
    with pytest.raises(ValueError, match=r"'.*nowhere' holds no exported model"):
        Client.connect(tmp_path / "nowhere")


def test_a_damaged_model(tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(ValueError, match="cannot be loaded"):
        Client.connect(tmp_path)
