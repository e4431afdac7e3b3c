"""`step`: word by word, a client gets what the whole sequence would have given."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.export.signatures import endpoints_of, state_sizes, step
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
        states = {key: answer[f"next_{key}"].numpy() for key in states}
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
    second = served(**word, **{key: first[f"next_{key}"] for key in states})
    assert np.abs(first["prediction"] - second["prediction"]).max() > 1e-3


def test_a_single_modality():
    model = create_model("rmfn", features={"visual": 2}, units={"visual": 2}, fusion_units=3)
    _, explain, one = endpoints_of(model)
    x = words()["visual"]
    looked = explain.function({"visual": x, "lengths": np.full(3, 5, "int32")})
    assert looked["attention_visual"].shape == (3, 5, 3, 2)
    answer = one.function({"visual": x[:, 0], **zeros(state_sizes(model))})
    np.testing.assert_allclose(
        answer["attention_visual"], looked["attention_visual"][:, 0], atol=1e-6
    )


def test_names_and_shapes(exported):
    model, _ = exported["rmfn"]
    signature = step(model)
    sizes = model.get_layer("rmfn").units
    expected = {m: (None, width) for m, width in FEATURES.items()}
    expected |= {f"h_{m}": (None, size) for m, size in sizes.items()}
    expected |= {f"c_{m}": (None, size) for m, size in sizes.items()}
    expected["z"] = (None, state_sizes(model)["z"])
    assert {name: tuple(spec.shape) for name, spec in signature.inputs.items()} == expected
    assert {spec.dtype.name for spec in signature.inputs.values()} == {"float32"}
    request = {name: np.zeros((2, shape[1]), "float32") for name, shape in expected.items()}
    answer = signature.function(request)
    states = {f"next_{name}" for name in state_sizes(model)}
    assert set(answer) == {"prediction", *states, *(f"attention_{m}" for m in FEATURES)}
    assert not answer.keys() & signature.inputs.keys()
    assert {each.shape[0] for each in answer.values()} == {2}


@pytest.fixture
def make_of(request):
    """An RMFN under a dtype policy."""
    before = keras.config.dtype_policy()

    def make(policy):
        keras.config.set_dtype_policy(policy)
        keras.utils.set_random_seed(0)
        sizes = {"units": dict.fromkeys(FEATURES, 8), "fusion_units": 8, "summary_units": 8}
        return create_model("rmfn", features=FEATURES, compile=False, **sizes)

    yield make
    keras.config.set_dtype_policy(before)


# How far `step` after n words may lie from `serving_default` for the n words; docs/serving.md says
# how far it does lie (benchmarks/serving_precision.py measures it).
@pytest.mark.parametrize(
    ("policy", "atol"),
    [("float32", 1e-6), ("float64", 1e-6), ("mixed_float16", 5e-3), ("mixed_bfloat16", 5e-2)],
)
def test_other_precisions_travel_as_float32(make_of, policy, atol):
    model = make_of(policy)
    whole, _, one = endpoints_of(model)
    rng = np.random.default_rng(0)
    sequences = {m: rng.normal(size=(4, 4, F)).astype("float32") for m, F in FEATURES.items()}
    states = {name: np.zeros((4, n), "float32") for name, n in state_sizes(model).items()}
    for time in range(4):
        answer = one.function({**{m: x[:, time] for m, x in sequences.items()}, **states})
        assert {keras.backend.standardize_dtype(x.dtype) for x in answer.values()} == {"float32"}
        states = {name: answer[f"next_{name}"].numpy() for name in states}
    expected = whole.function({**sequences, "lengths": np.full(4, 4, "int32")})
    np.testing.assert_allclose(answer["prediction"], expected["prediction"], atol=atol)


def test_models_without_an_rmfn_have_one_signature(exported):
    for name in ("ef_lstm", "small"):
        assert [each.name for each in endpoints_of(exported[name][0])] == ["serving_default"]
    names = [each.name for each in endpoints_of(exported["rmfn_bare"][0])]
    assert names == ["serving_default", "step"]  # it does not highlight


def test_words_and_states_of_another_batch_are_refused(exported):
    model, _ = exported["rmfn"]
    served = exported.signatures("rmfn")["step"]
    word = {m: tf.constant(x[:, 0]) for m, x in words().items()}
    states = {key: tf.constant(v) for key, v in zeros(state_sizes(model)).items()}
    with pytest.raises(tf.errors.InvalidArgumentError, match="`z` must have as many sequences"):
        served(**word, **{**states, "z": states["z"][:2]})


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["h_acoustic", "c_language", "z"])
def test_a_state_that_is_no_number_is_never_answered(exported, name, value):
    """A relu makes 0 of NaN, and the answer would be a plausible number."""
    model, _ = exported["rmfn"]
    request = {m: x[:, 0] for m, x in words().items()} | zeros(state_sizes(model))
    request[name][1, 0] = value
    with pytest.raises(tf.errors.InvalidArgumentError, match=f"the state `{name}` must be finite"):
        exported.signatures("rmfn")["step"](**{key: tf.constant(x) for key, x in request.items()})


@pytest.mark.parametrize("name", RMFNS)
def test_an_empty_batch_has_an_empty_answer(exported, name):
    for signature in exported.signatures(name).values():
        request = {
            key: tf.zeros(
                [0, *([5] if len(spec.shape) == 3 else []), *spec.shape[1:][-1:]], spec.dtype
            )
            for key, spec in signature.structured_input_signature[1].items()
        }
        answer = signature(**request)
        assert {key: x.shape[0] for key, x in answer.items()} == dict.fromkeys(answer, 0)


def test_a_model_of_ones_own_around_the_layer_is_exported_without_it(tmp_path):
    """Its layers are not those of `create_model`, so nothing is known of how to step through it."""
    words = keras.Input((None, 3), name="language")
    lengths = keras.Input((), dtype="int32", name="lengths")
    hidden = RMFN({"language": 2}, fusion_units=2, summary_units=2, name="rmfn")(
        {"language": words}
    )
    model = keras.Model({"language": words, "lengths": lengths}, keras.layers.Dense(1)(hidden))
    assert [each.name for each in endpoints_of(model)] == ["serving_default"]
