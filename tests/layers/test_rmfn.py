"""RMFN's own doors: how it is called, what it refuses, how it is written down."""

import inspect
import json
import re
from dataclasses import asdict

import keras
import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.layers import RMFN, MultistageFusion, RMFNCell
from support import reference
from support.equations import make_rmfn, random_state
from support.reference import Settings
from support.sequences import FEATURES, UNITS, assert_close, features, first
from support.weights import weights_of

WIDTHS, SIZES = first(FEATURES, 3), first(UNITS, 3)


@pytest.fixture(scope="module")
def layer():
    return make_rmfn()


def test_the_order_of_the_inputs_does_not_matter(layer):
    x = features(WIDTHS)
    turned = {m: x[m] for m in reversed(x)}
    np.testing.assert_array_equal(layer(turned), layer(x))


def test_names_may_be_anything():
    names = ["Voice 2", "voice", "fusion", "lstm", "0"]
    layer = RMFN({m: n + 1 for n, m in enumerate(names)}, fusion_units=3, summary_units=4)
    x = features(dict.fromkeys(names, 2), batch=2, time=2)
    assert_close(layer(x), reference.rmfn(x, weights_of(layer)).last, 1e-5)
    assert len({w.path for w in layer.weights}) == len(layer.weights)


@pytest.mark.parametrize("policy", ["float64", "mixed_bfloat16", "mixed_float16"])
def test_the_attention_is_float32_whatever_the_policy_and_nothing_else(policy):
    layer = make_rmfn(dtype=policy, return_sequences=True, return_state=True)
    *others, attention = layer(features(WIDTHS, time=2), return_attention_scores=True)
    assert attention.dtype == "float32"
    np.testing.assert_allclose(np.sum(attention, axis=-1), 1.0, atol=1e-6)
    assert {each.dtype.name for each in others} == {layer.compute_dtype}


def test_weights_are_named_by_the_maths_and_belong_to_one_set(layer):
    weights = weights_of(layer)
    z, f, d = 4, 5, sum(SIZES.values())
    shapes = {
        "lsthm": {
            m: {
                "kernel": (WIDTHS[m], 4 * SIZES[m]),
                "recurrent_kernel": (SIZES[m], 4 * SIZES[m]),
                "fusion_kernel": (z, 4 * SIZES[m]),
                "bias": (4 * SIZES[m],),
            }
            for m in SIZES
        },
        "highlight": {"kernel": (d, 4 * d), "recurrent_kernel": (d, 4 * d), "bias": (4 * d,)},
        "highlight_memory": {"kernel": (d, d), "bias": (d,)},
        "fuse": {"kernel": (d, 4 * f), "recurrent_kernel": (f, 4 * f), "bias": (4 * f,)},
        "fuse_memory": (1, f),
        "summarize_hidden": {"kernel": (3 * f, z), "bias": (z,)},
        "summarize_output": {"kernel": (z, z), "bias": (z,)},
    }
    found = keras.tree.map_structure(np.shape, weights)
    assert found == shapes


def test_the_defaults_are_the_models():
    expected = {**asdict(Settings()), "fusion_units": 128, "summary_units": 128}
    config = RMFN({"language": 8}).get_config()
    assert {name: config[name] for name in expected} == expected


@pytest.mark.parametrize("kind", [RMFN, RMFNCell, MultistageFusion])
def test_every_argument_is_described_and_has_one_default(kind):
    described = inspect.getdoc(kind).partition("Args:")[2].partition("Call arguments:")[0]
    of_rmfn = inspect.signature(RMFN).parameters
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            assert re.search(rf"\b{name}\b[^.]*:", described), name
        if parameter.default is not inspect.Parameter.empty:
            assert parameter.default == of_rmfn[name].default, name


def test_every_argument_survives_the_config():
    arguments = {
        "units": {"visual": 3, "language": 2},
        "num_stages": 2,
        "fusion_units": 5,
        "summary_units": 4,
        "highlight": True,
        "feedback": False,
        "highlight_memory_mode": "zeros",
        "highlight_input": "highlighted",
        "highlight_projection": True,
        "highlight_scale": "none",
        "fuse_memory_mode": "zeros",
        "summarize_layers": 1,
        "dropout": 0.25,
        "summarize_dropout": 0.5,
        "unit_forget_bias": False,
        "seed": 7,
        "return_sequences": True,
        "return_state": True,
        "go_backwards": True,
        "unroll": True,
        "name": "fusion_network",
        "dtype": "float64",
    }
    config = json.loads(json.dumps(RMFN(**arguments).get_config(), sort_keys=True))
    again = RMFN.from_config(config)
    kept = again.get_config()
    assert list(again.units) == ["visual", "language"]
    for name, value in arguments.items():
        if name != "dtype":
            assert kept[name] == value, name
    assert again.compute_dtype == "float64"


def test_the_mask_of_the_outputs():
    x, mask = features(WIDTHS, batch=2, time=3), np.array([[True, True, False]] * 2)
    masked = {m: keras.layers.Masking()(value * mask[..., None]) for m, value in x.items()}
    sequences = make_rmfn(return_sequences=True)(masked)
    np.testing.assert_array_equal(keras.src.backend.get_keras_mask(sequences), mask)
    assert keras.src.backend.get_keras_mask(make_rmfn()(masked)) is None
    outputs, *states = make_rmfn(return_sequences=True, return_state=True)(masked)
    np.testing.assert_array_equal(keras.src.backend.get_keras_mask(outputs), mask)
    assert all(keras.src.backend.get_keras_mask(state) is None for state in states)


def test_an_empty_batch_gives_an_empty_answer():
    """As a sequence does that is cut off."""
    layer = make_rmfn(return_sequences=True, return_state=True, dropout=0.5, summarize_dropout=0.5)
    x, start = features(WIDTHS), random_state(layer, 3)
    shapes = {}
    for count in (0, 1):
        call = {"mask": np.ones((count, 4), bool), "initial_state": [s[:count] for s in start]}
        rows = {m: value[:count] for m, value in x.items()}
        results = layer(rows, return_attention_scores=True, training=True, **call)
        assert all(r.shape[0] == count for r in results)
        shapes[count] = [(r.dtype, *r.shape[1:]) for r in results]
    assert shapes[0] == shapes[1]


def test_an_open_graph_takes_an_empty_batch_and_refuses_no_time_step(layer):
    @tf.function(input_signature=[{m: tf.TensorSpec((None, None, n)) for m, n in WIDTHS.items()}])
    def graph(x):
        return layer(x)

    assert graph(features(WIDTHS, batch=0)).shape == (0, layer.cell.output_size)
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least one time step"):
        graph(features(WIDTHS, time=0))


# Errors.


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: x.pop("visual"), r"exactly the modalities \['visual', 'language', 'acoustic'\]"),
        (lambda x: x.update(smell=x["visual"]), "smell"),
        (lambda x: x.update(visual=x["visual"][:, 0]), r"'visual'.*\(3, 3\)"),
        (lambda x: x.update({m: v[:, :0] for m, v in x.items()}), r"at least one time.*\(3, 0, "),
        (lambda x: x.update(visual=x["visual"][:, :2]), "visual.*time|time.*visual"),
        (lambda x: x.update(visual=x["visual"][:, :, :2]), "visual"),
    ],
    ids=["missing", "unknown", "rank", "no_time", "other_time", "other_width"],
)
def test_wrong_inputs_are_an_error(layer, spoil, message):
    x = features(WIDTHS)
    spoil(x)
    with pytest.raises(ValueError, match=message):
        layer(x)


def test_inputs_must_be_a_dict(layer):
    for kind in (layer, RMFN(SIZES)):
        for wrong in (list(features(WIDTHS).values()), features(WIDTHS)["visual"]):
            with pytest.raises(ValueError, match=r"be a dict.*got no dict"):
                kind(wrong)


def test_a_ragged_input_is_an_error():
    ragged = tf.RaggedTensor.from_row_lengths(tf.ones((5, 2)), [2, 3])
    with pytest.raises(ValueError, match=r"'voice' is a RaggedTensor.*`x.to_tensor\(\)`.*mask"):
        RMFN({"voice": 2})({"voice": ragged})


@pytest.mark.parametrize(
    ("mask", "received"),
    [
        (np.ones(4, bool), r"\(3, 4\).*got shape \(4,\)"),
        (np.ones((3, 4, 1), bool), r"got shape \(3, 4, 1\)"),
        (np.ones((3, 5), bool), r"got shape \(3, 5\)"),
        (np.ones((1, 4), bool), r"got shape \(1, 4\)"),
        ({"visual": np.ones((4, 3), bool)}, r"got shape \(4, 3\)"),
        ([[True] * 4] * 3, "got list"),
        ({"smell": np.ones((3, 4), bool)}, r"name modalities of \['visual'.*got \['smell'\]"),
    ],
    ids=["rank_1", "rank_3", "other_time", "other_batch", "in_a_dict", "list", "unknown"],
)
def test_a_wrong_mask_is_an_error(layer, mask, received):
    with pytest.raises(ValueError, match=f"`mask`.*{received}"):
        layer(features(WIDTHS), mask=mask)


def test_wrong_states_are_an_error(layer):
    state = random_state(layer, 3)
    with pytest.raises(ValueError, match=r"7 tensors.*got 6"):
        layer(features(WIDTHS), initial_state=state[:-1])
    with pytest.raises(ValueError, match=r"of sizes \[3, 2, 2, 3, 2, 2, 4\]; got 7 of.*\(3, 4\)"):
        layer(features(WIDTHS), initial_state=state[::-1])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"highlight_scale": "sqrt"}, "`highlight_scale`.*'dim', 'none'.*'sqrt'"),
        ({"highlight": False, "highlight_scale": "sqrt"}, "`highlight_scale`.*'sqrt'"),
        ({"stages": 2}, "stages"),
    ],
)
def test_a_wrong_argument_is_named(arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        RMFN(**{"units": SIZES, **arguments})
