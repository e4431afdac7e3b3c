"""What a fresh process must give back: a saved model's outputs, a seed's weights."""

import subprocess
import sys

import keras
import numpy as np
import pytest

from rmfn_tf.layers import RMFN, FeatureScaling
from support.sequences import UNITS, features, first

pytestmark = pytest.mark.slow

WIDTHS = {"visual": 3, "language": 4, "acoustic": 2}

LOAD = """
import sys
import numpy as np
import rmfn_tf.models
import keras
model = keras.models.load_model(sys.argv[1])
inputs = dict(np.load(sys.argv[2]))
np.savez(sys.argv[3], *[np.asarray(value) for value in model(inputs)])
"""

TRAIN = """
import sys
import numpy as np
import tensorflow as tf
import keras
import rmfn_tf.models
from rmfn_tf.layers import RMFN
tf.config.experimental.enable_op_determinism()
keras.utils.set_random_seed(int(sys.argv[1]))
rng = np.random.default_rng(0)
x = {m: rng.normal(size=(8, 3, n)).astype("float32") for m, n in (("words", 3), ("face", 2))}
y = rng.normal(size=(8, 1)).astype("float32")
rmfn = RMFN({"words": 3, "face": 2}, fusion_units=3, summary_units=4, dropout=0.3,
            summarize_dropout=0.3)
model = keras.Sequential([rmfn, keras.layers.Dense(1)])
model.compile("adam", "mae", jit_compile=False)
model.fit(x, y, batch_size=4, epochs=3, verbose=0)
np.savez(sys.argv[2], *[np.asarray(w) for w in model.weights])
"""


def run(script, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def test_a_saved_model_gives_the_same_outputs(tmp_path):
    inputs = {m: keras.Input((None, n), name=m) for m, n in WIDTHS.items()}
    scaled = {m: FeatureScaling(0.5, 2.0, 3.0)(value) for m, value in inputs.items()}
    layer = RMFN(first(UNITS, 3), fusion_units=5, summary_units=4, return_state=True)
    model = keras.Model(inputs, layer(scaled, return_attention_scores=True))
    x = features(WIDTHS)
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "inputs.npz", **x)
    run(LOAD, tmp_path / "model.keras", tmp_path / "inputs.npz", tmp_path / "outputs.npz")
    outputs = np.load(tmp_path / "outputs.npz")
    for one, other in zip(outputs.values(), model(x), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_same_seed_trains_the_same_weights(tmp_path):
    """Bit for bit, dropout included."""
    for name in ("one", "other"):
        run(TRAIN, 1, tmp_path / f"{name}.npz")
    one, other = np.load(tmp_path / "one.npz"), np.load(tmp_path / "other.npz")
    assert len(one) > 20
    for name in one:
        np.testing.assert_array_equal(one[name], other[name])
