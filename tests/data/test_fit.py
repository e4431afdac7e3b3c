"""Keras trains on the batches with one trace, in any execution mode."""

import keras
import pytest
from keras import ops

from rmfn_tf.data import epoch_batches, training_batches
from support.random_examples import WIDTHS, make_examples

pytestmark = pytest.mark.slow

LENGTHS = [2, 2, 2, 2, 5, 5, 5, 5, 9, 9, 9]  # with 4 a batch: three bucket lengths, one short batch


class CountingModel(keras.Model):
    """Counts how often Keras traces its steps."""

    traces = 0

    def train_step(self, data):
        self.traces += 1
        return super().train_step(data)

    def test_step(self, data):
        self.traces += 1
        return super().test_step(data)


def make_model(**options):
    """The mean of every modality over the real steps, then one Dense."""
    keras.utils.set_random_seed(0)
    inputs = {name: keras.Input((None, width), name=name) for name, width in WIDTHS.items()}
    inputs["lengths"] = keras.Input((), dtype="int32", name="lengths")
    lengths = ops.cast(inputs["lengths"], "float32")[:, None]
    means = [ops.sum(inputs[name], axis=1) / lengths for name in WIDTHS]
    model = CountingModel(inputs, keras.layers.Dense(1)(ops.concatenate(means, axis=-1)))
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mae", **options)
    return model


@pytest.mark.parametrize(("steps_per_execution", "jit_compile"), [(1, True), (3, False)])
def test_fit_traces_once_for_all_buckets(steps_per_execution, jit_compile):
    examples = make_examples(LENGTHS)
    batches, steps = training_batches(examples, 4, seed=0)
    assert len({inputs["visual"].shape[1] for inputs, _ in batches.take(steps)}) == 3
    model = make_model(steps_per_execution=steps_per_execution, jit_compile=jit_compile)
    history = model.fit(batches, steps_per_epoch=steps, epochs=4, verbose=0, shuffle=False)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert model.optimizer.iterations == 4 * steps
    assert model.traces == 1
    model.evaluate(epoch_batches(examples, 4), verbose=0)
    assert model.traces == 2
