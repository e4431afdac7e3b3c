"""What a client learns before it asks."""

import json
import subprocess
import sys

import numpy as np
import pytest

from rmfn_tf.export.client import Client

from ..conftest import TASK
from .conftest import UNITS, WIDTHS

WITHOUT_TENSORFLOW = """
import sys
for name in ("tensorflow", "keras", "grpc", "tensorflow_serving"):
    sys.modules[name] = None
from rmfn_tf.export.client import Client
with Client.connect(sys.argv[1]) as client:
    widths = client.interface.modalities
    sequences = {name: [[[0.5] * width] * 3, [[1] * width]] for name, width in widths.items()}
    print(client.predict(sequences).tolist())
    print(client.session().step({name: [0.5] * width for name, width in widths.items()}).shape)
"""


def test_modalities_and_states(client):
    assert client.interface.modalities == WIDTHS
    assert client.interface.version == 1
    states = {f"{kind}_{name}": size for kind in "hc" for name, size in UNITS.items()}
    assert client.interface.states == {**states, "z": 3}
    assert set(client.interface.signatures) == {"serving_default", "explain", "step"}


def test_order_and_labels_come_from_a_contract(local, grpc_twin):
    assert list(local.interface.modalities) == list(WIDTHS)
    assert local.interface.task.labels == TASK["labels"]
    with Client.connect(grpc_twin.url) as client:
        assert list(client.interface.modalities) == sorted(WIDTHS)
        assert client.interface.task is None


def test_the_highest_version_or_the_one_named(tmp_path, folder):
    for version in (9, 10):
        (tmp_path / str(version)).symlink_to(folder / "1")
    (tmp_path / "11").mkdir()  # empty: no model

    with Client.connect(tmp_path) as client:
        assert client.interface.version == 10
    with Client.connect(tmp_path / "9") as client:
        assert client.interface.version == 9


@pytest.mark.slow
def test_rest_needs_no_tensorflow(rest_twin, local):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TENSORFLOW, rest_twin.url], capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    first, second = done.stdout.splitlines()
    expected = local.predict(
        {name: [np.full((3, n), 0.5), np.ones((1, n))] for name, n in WIDTHS.items()}
    )
    np.testing.assert_allclose(json.loads(first), expected, rtol=0, atol=1e-6)
    assert second == "(2,)"
