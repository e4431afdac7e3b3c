"""Every public layer and model through the same checks."""

import doctest
import functools
import json
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf
from conformance.cases import CASES, Case

from rmfn_tf import layers
from rmfn_tf.models import list_models
from support.sequences import assert_close
from support.weights import place_random_weights

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)

BATCH, TIME = 3, 3


def new(case: Case, policy: str = "float32") -> keras.layers.Layer:
    """Made under `policy`, then called under float32: what it is made of must not look again."""
    keras.config.set_dtype_policy(policy)
    try:
        layer = case.make()
    finally:
        keras.config.set_dtype_policy("float32")
    layer(*case.example(BATCH, TIME))
    place_random_weights(layer)
    return layer


@functools.cache
def made(case: Case) -> keras.layers.Layer:
    """One for all tests, which must not change its weights."""
    return new(case)


@functools.cache
def expected(case: Case) -> list[np.ndarray]:
    """What `made(case)` gives for its example."""
    return flat(made(case)(*case.example(BATCH, TIME)))


def flat(results) -> list[np.ndarray]:
    """All outputs as arrays, bfloat16 as float32."""
    return [
        np.asarray(keras.ops.cast(r, "float32") if r.dtype == "bfloat16" else r)
        for r in keras.tree.flatten(results)
    ]


@functools.cache
def symbolic(case: Case) -> keras.Model:
    """The functional model of `made(case)`, batch and time unknown; a model is one already."""
    layer = made(case)
    if isinstance(layer, keras.Model):
        return layer

    def as_input(path, array):
        shape = (None, *array.shape[2:]) if array.ndim == 3 else array.shape[1:]
        # Keras warns where an input of a dict is not named as its key.
        name = path[-1] if isinstance(path[-1], str) else None
        return keras.Input(shape, dtype=str(array.dtype), name=name)

    example = case.example(BATCH, TIME)
    inputs = keras.tree.pack_sequence_as(
        example, [as_input(*leaf) for leaf in keras.tree.flatten_with_path(example)]
    )
    return keras.Model(inputs[0] if len(inputs) == 1 else inputs, layer(*inputs))


def one_argument(case: Case, batch: int, time: int):
    """The example as a functional model takes it: many arguments as a list."""
    example = case.example(batch, time)
    return example[0] if len(example) == 1 else list(example)


def assert_same(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def as_json(layer: keras.layers.Layer) -> str:
    return json.dumps(keras.saving.serialize_keras_object(layer), sort_keys=True)


@every_case
def test_the_config_goes_through_json(case):
    layer = made(case)
    written = as_json(layer)
    again = keras.saving.deserialize_keras_object(json.loads(written))
    example = case.example(BATCH, TIME)
    again(*example)
    assert as_json(again) == written
    # The owner and the name: layers of Keras that hold others build them under another path then.
    assert [w.path.split("/")[-2:] for w in again.weights] == [
        w.path.split("/")[-2:] for w in layer.weights
    ]
    again.set_weights([np.asarray(w) for w in layer.weights])
    assert_same(flat(again(*example)), expected(case))


@every_case
def test_a_saved_model_gives_the_same_bits(case, tmp_path):
    model = symbolic(case)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras", compile=False)
    example = one_argument(case, BATCH, TIME)
    assert_same(flat(again(example)), flat(model(example)))


@every_case
def test_no_weight_is_made_after_the_first_call(case):
    layer = made(case)
    paths = [w.path for w in layer.variables]
    layer(*case.example(BATCH + 1, TIME + 1))
    layer(*case.example(BATCH, TIME), **training(layer))
    assert [w.path for w in layer.variables] == paths
    assert len(set(paths)) == len(paths)


def training(layer: keras.layers.Layer) -> dict[str, bool]:
    """`training=True` for a layer that takes it."""
    return {"training": True} if layer._call_has_training_arg else {}


@every_case
@pytest.mark.parametrize(
    ("policy", "tolerance"),
    [("float64", 1e-5), ("mixed_float16", 5e-3)],
)
def test_every_dtype_policy(case, policy, tolerance):
    layer = new(case, policy)
    layer.set_weights([np.asarray(w) for w in made(case).weights])
    example = case.example(BATCH, TIME)
    results = layer(*example)
    for result in keras.tree.flatten(results):
        dtype = keras.backend.standardize_dtype(result.dtype)
        assert dtype in {layer.compute_dtype, "float32", "bool"}
    for weight in layer.weights:
        assert weight.dtype in {layer.variable_dtype, "float32"}
    for one, other in zip(flat(results), expected(case), strict=True):
        assert_close(one, other, tolerance)


@every_case
def test_rows_of_a_batch_do_not_see_each_other(case):

    def spoil(array):
        array = array.copy()
        if array.dtype.kind == "f":
            array[0] = np.nan
        return array

    spoilt = made(case)(*keras.tree.map_structure(spoil, case.example(BATCH, TIME)))
    for one, other in zip(flat(spoilt), expected(case), strict=True):
        np.testing.assert_array_equal(one[1:], other[1:])


@every_case
def test_gradients_are_finite_and_reach_every_weight(case):
    layer = made(case)
    example = keras.tree.map_structure(tf.constant, case.example(BATCH, TIME))
    watched = [x for x in keras.tree.flatten(example) if x.dtype.is_floating]
    with tf.GradientTape() as tape:
        tape.watch(watched)
        results = keras.tree.flatten(layer(*example, **training(layer)))
        losses = [tf.reduce_sum(r**2) for r in results if r.dtype.is_floating]
        loss = tf.add_n(losses) if losses else tf.constant(0.0)
    of_weights, of_inputs = tape.gradient(loss, [layer.trainable_weights, watched])
    for weight, gradient in zip(layer.trainable_weights, of_weights, strict=True):
        used = case.unused.isdisjoint(weight.path.split("/"))
        assert (gradient is not None) == used, weight.path
        assert gradient is None or np.isfinite(gradient).all(), weight.path
    for gradient in of_inputs:
        assert gradient is None or np.isfinite(gradient).all()


@every_case
def test_a_symbolic_call_equals_an_eager_one_at_every_batch_and_length(case):
    model = symbolic(case)
    for batch, time in [(BATCH, TIME), (1, 1)]:
        eager = flat(made(case)(*case.example(batch, time)))
        results = flat(model(one_argument(case, batch, time)))
        for one, other in zip(results, eager, strict=True):
            assert_close(one, other, 1e-6)
        # The static shapes promise no more than what comes, and promise the features.
        for shape, value in zip(
            [output.shape for output in keras.tree.flatten(model.outputs)], eager, strict=True
        ):
            assert len(shape) == value.ndim
            assert shape[-1] == value.shape[-1] or value.dtype == bool
            assert all(n in (None, m) for n, m in zip(shape, value.shape, strict=True))


def test_every_public_layer_and_model_is_in_the_list():
    assert {*layers.__all__, *list_models()} <= {case.name.split()[0] for case in CASES}


@pytest.mark.parametrize("name", layers.__all__)
def test_the_example_of_the_docstring_runs(name):
    """Those that have one."""
    public = getattr(layers, name)
    names = {**vars(sys.modules[public.__module__]), "np": np, "keras": keras}
    for found in doctest.DocTestFinder(recurse=False).find(public, name, globs=names):
        result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(found)
        assert result.failed == 0
