"""`step`: word by word, a client gets what the whole sequence would have given."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.export.signatures import signatures_of
from rmfn_tf.export.streaming import state_sizes, step
from rmfn_tf.layers import RMFN
from rmfn_tf.models import create_model

FEATURES = {"language": 4, "acoustic": 3, "visual": 2}
RMFNS = ["rmfn", "rmfn_labels_per_word", "rmfn_bare"]


def words(batch=3, time=5, seed=0):
    rng = np.random.default_rng(seed)
    sequences = {
        name: rng.normal(size=(batch, time, width)).astype("float32")
        for name, width in FEATURES.items()
    }
    sequences["acoustic"][1, 2] = 0  # a word that the voice has nothing for
    sequences["visual"][0, 1] = np.nan
    return sequences


def zeros(sizes, batch=3):
    return {name: np.zeros((batch, size), "float32") for name, size in sizes.items()}


@pytest.mark.parametrize("name", RMFNS)
def test_after_each_word_what_the_whole_would_give(exported, name):
    model, _ = exported[name]
    served = exported.signatures(name)
    sequences, states = words(), zeros(state_sizes(model))
    for time in range(5):
        word = {m: tf.constant(x[:, time]) for m, x in sequences.items()}
        answer = served["step"](**word, **{key: tf.constant(v) for key, v in states.items()})
        states = {key: answer[key].numpy() for key in states}
        so_far = {m: tf.constant(x[:, : time + 1]) for m, x in sequences.items()}
        lengths = tf.fill([3], time + 1)
        whole = served["serving_default"](**so_far, lengths=lengths)["prediction"].numpy()
        if name == "rmfn_labels_per_word":
            whole = whole[:, -1]
        np.testing.assert_allclose(answer["prediction"], whole, atol=1e-6)
        if "explain" in served:
            looked = served["explain"](**so_far, lengths=lengths)
            for m in FEATURES:
                np.testing.assert_allclose(
                    answer[f"attention_{m}"], looked[f"attention_{m}"][:, -1], atol=1e-6
                )


def test_a_word_depends_on_those_before_it(exported):
    """States that were dropped on the way would not show where every word is alike."""
    model, _ = exported["rmfn"]
    served = exported.signatures("rmfn")["step"]
    word = {m: tf.constant(x[:, 0]) for m, x in words().items()}
    states = zeros(state_sizes(model))
    first = served(**word, **{key: tf.constant(v) for key, v in states.items()})
    second = served(**word, **{key: first[key] for key in states})
    assert np.abs(first["prediction"] - second["prediction"]).max() > 1e-3


def test_names_and_shapes(exported):
    model, _ = exported["rmfn"]
    signature = step(model)
    sizes = model.get_layer("rmfn").units
    expected = {m: (None, width) for m, width in FEATURES.items()}
    expected |= {f"h_{m}": (None, size) for m, size in sizes.items()}
    expected |= {f"c_{m}": (None, size) for m, size in sizes.items()}
    expected["z"] = (None, state_sizes(model)["z"])
    assert {name: spec.shape for name, spec in signature.inputs.items()} == expected
    assert {spec.dtype for spec in signature.inputs.values()} == {"float32"}
    request = {name: np.zeros((2, shape[1]), "float32") for name, shape in expected.items()}
    answer = signature.function(request)
    assert set(state_sizes(model)) | {"prediction"} < set(answer)
    assert {each.shape[0] for each in answer.values()} == {2}


@pytest.fixture
def half_precision():
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("half_precision")
def test_half_precision_travels_as_float32():
    model = create_model(
        "rmfn",
        features=FEATURES,
        units=dict.fromkeys(FEATURES, 3),
        fusion_units=4,
        summary_units=4,
        compile=False,
    )
    for signature in signatures_of(model):
        request = {}
        for name, spec in signature.inputs.items():
            shape = [2 if size is None else size for size in spec.shape]
            request[name] = np.ones(shape, spec.dtype)
        answer = signature.function(request)
        assert {keras.backend.standardize_dtype(x.dtype) for x in answer.values()} == {"float32"}


def test_models_without_an_rmfn_have_one_signature(exported):
    for name in ("ef_lstm", "small"):
        assert [each.name for each in signatures_of(exported[name][0])] == ["serving_default"]
    names = [each.name for each in signatures_of(exported["rmfn_bare"][0])]
    assert names == ["serving_default", "step"]  # it does not highlight


def test_words_and_states_of_another_batch_are_refused(exported):
    model, _ = exported["rmfn"]
    served = exported.signatures("rmfn")["step"]
    word = {m: tf.constant(x[:, 0]) for m, x in words().items()}
    states = {key: tf.constant(v) for key, v in zeros(state_sizes(model)).items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match="`z` must have as many sequences"):
        served(**word, **{**states, "z": states["z"][:2]})


def test_a_model_of_ones_own_around_the_layer_is_exported_without_it(tmp_path):
    """Its layers are not those of `create_model`, so nothing is known of how to step through it."""
    words = keras.Input((None, 3), name="language")
    lengths = keras.Input((), dtype="int32", name="lengths")
    hidden = RMFN({"language": 2}, fusion_units=2, summary_units=2, name="rmfn")(
        {"language": words}
    )
    model = keras.Model({"language": words, "lengths": lengths}, keras.layers.Dense(1)(hidden))
    assert [each.name for each in signatures_of(model)] == ["serving_default"]
