"""What a fresh process must give back: a saved model's outputs, a seed's weights."""

import inspect
import subprocess
import sys

import keras
import numpy as np
import pytest

from rmfn_tf.layers import RMFN, FeatureScaling
from support.sequences import UNITS, features, first

pytestmark = pytest.mark.slow

WIDTHS = {"visual": 3, "language": 4, "acoustic": 2}


def trained_weights():
    """Of a model with dropout after four steps. Its source runs in the other process, too."""
    import keras
    import numpy as np

    from rmfn_tf.layers import RMFN

    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    x = {m: rng.normal(size=(8, 3, n)).astype("float32") for m, n in (("words", 3), ("face", 2))}
    rmfn = RMFN({"words": 3, "face": 2}, 2, 3, 4, dropout=0.3, summarize_dropout=0.3)
    model = keras.Sequential([rmfn, keras.layers.Dense(1)])
    model.compile("adam", "mae", run_eagerly=True)
    model.fit(x, rng.normal(size=(8, 1)), batch_size=4, epochs=2, verbose=0)
    return [np.asarray(weight) for weight in model.weights]


OTHER_PROCESS = f"""
import sys
import numpy as np
import rmfn_tf.models
import keras
model = keras.models.load_model(sys.argv[1])
inputs = dict(np.load(sys.argv[2]))
np.savez(sys.argv[3], *[np.asarray(value) for value in model(inputs)])
{inspect.getsource(trained_weights)}
np.savez(sys.argv[4], *trained_weights())
"""


@pytest.fixture(scope="module")
def model():
    inputs = {m: keras.Input((None, n), name=m) for m, n in WIDTHS.items()}
    scaled = {m: FeatureScaling(0.5, 2.0, 3.0)(value) for m, value in inputs.items()}
    layer = RMFN(first(UNITS, 3), fusion_units=5, summary_units=4, return_state=True)
    return keras.Model(inputs, layer(scaled, return_attention_scores=True))


@pytest.fixture(scope="module")
def other_process(model, tmp_path_factory):
    """Its outputs of the saved model, and its trained weights."""
    folder = tmp_path_factory.mktemp("other_process")
    model.save(folder / "model.keras")
    np.savez(folder / "inputs.npz", **features(WIDTHS))
    files = [folder / name for name in ("model.keras", "inputs.npz", "outputs.npz", "weights.npz")]
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [list(np.load(file).values()) for file in files[2:]]


def test_a_saved_model_gives_the_same_outputs(model, other_process):
    for one, other in zip(other_process[0], model(features(WIDTHS)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_same_seed_trains_the_same_weights(other_process):
    """Bit for bit, dropout included."""
    weights = trained_weights()
    assert len(weights) > 20
    for one, other in zip(other_process[1], weights, strict=True):
        np.testing.assert_array_equal(one, other)
