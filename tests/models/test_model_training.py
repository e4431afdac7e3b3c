"""`fit`, `evaluate`, `predict` and saving of both models, as a user of Keras expects them."""

from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import pytest

from support.small_models import (
    LENGTHS,
    NAMES,
    WIDTHS,
    batches,
    outputs_of,
    padding,
    random_inputs,
    random_labels,
    small_model,
)

# Each test traces and trains a model of its own.
pytestmark = pytest.mark.slow

TASKS = [
    ("regression", 16, "mae"),
    ("classification", 3, "accuracy"),
    ("multilabel", 5, "binary_accuracy"),
]


@pytest.fixture
def mixed_bfloat16() -> Iterator[None]:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    yield
    keras.config.set_dtype_policy(before)


class Count(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []
        self.epochs: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.batches.append(batch)

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        self.epochs.append((logs or {})["loss"])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("task", "num_outputs", "metric"), TASKS)
def test_fit_evaluate_predict(name: str, task: str, num_outputs: int, metric: str) -> None:
    model = small_model(name, task=task, num_outputs=num_outputs)
    data = batches(task, num_outputs)
    count = Count()
    model.fit(data, shuffle=False, epochs=2, verbose=0, callbacks=[count])
    assert count.batches == [0, 1, 0, 1]
    assert len(count.epochs) == 2
    predicted = model.predict(data, verbose=0)
    np.testing.assert_allclose(predicted, outputs_of(model), atol=1e-6)
    scores = model.evaluate(data, verbose=0, return_dict=True)
    assert set(scores) == {"loss", metric}
    y = random_labels(task, num_outputs)
    expected = {
        "regression": lambda: np.abs(predicted - y).mean(),
        "classification": lambda: (predicted.argmax(axis=1) == y).mean(),
        "multilabel": lambda: ((predicted > 0.5) == y).mean(),
    }[task]()
    assert scores[metric] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_zero_sample_weights_leave_every_weight(name: str) -> None:
    model = small_model(name, head_dropout=0.2)
    before = model.get_weights()
    model.fit(batches(weight=0.0), shuffle=False, verbose=0)
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    model.fit(batches(), shuffle=False, verbose=0)
    changed = [
        not np.array_equal(old, new) for old, new in zip(before, model.get_weights(), strict=True)
    ]
    assert sum(changed) >= len(model.trainable_weights) - 2


@pytest.mark.parametrize("name", NAMES)
def test_training_never_sees_the_padding(name: str) -> None:
    """NaN in the padding reaches neither outputs nor gradients."""
    results = []
    for junk in (0.0, np.nan):
        model = small_model(name)
        inputs = random_inputs()
        for m in WIDTHS:
            inputs[m] = np.where(padding()[..., None], np.float32(junk), inputs[m])
        model.fit(inputs, random_labels("regression", 1), shuffle=False, verbose=0)
        results.append(model.get_weights())
    for zeros, nans in zip(*results, strict=True):
        assert np.isfinite(zeros).all()
        np.testing.assert_array_equal(zeros, nans)


@pytest.mark.parametrize("name", NAMES)
def test_one_seed_gives_the_same_weights_bit_for_bit(name: str) -> None:
    def trained(seed: int) -> list[np.ndarray]:
        model = small_model(name, weight_seed=seed, dropout=0.2, head_dropout=0.2)
        model.fit(batches(), shuffle=False, epochs=2, verbose=0)
        return model.get_weights()

    first, again, other = trained(1), trained(1), trained(2)
    for one, two in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, two)
    assert any(not np.array_equal(one, two) for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_gives_the_same_outputs(name: str, tmp_path: Path) -> None:
    scaling = {"language": {"center": [1.0, 0, 2, 3], "scale": [2.0, 1, 1, 4], "clip": 2.0}}
    model = small_model(name, scaling=scaling, num_outputs=3)
    model.fit(batches(num_outputs=3), shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(outputs_of(loaded), outputs_of(model))
    # It trains on as the original would: the optimizer is saved too.
    for each in (model, loaded):
        each.fit(batches(num_outputs=3), shuffle=False, verbose=0)
    np.testing.assert_array_equal(outputs_of(loaded), outputs_of(model))


@pytest.mark.parametrize("name", NAMES)
def test_steps_per_execution_changes_nothing(name: str) -> None:
    results = []
    for steps in (1, 2):
        model = small_model(name)
        model.compile(keras.optimizers.Adam(1e-2), "mae", steps_per_execution=steps)
        model.fit(batches(), shuffle=False, verbose=0)
        results.append(outputs_of(model))
    np.testing.assert_allclose(results[0], results[1], atol=1e-6)


@pytest.mark.usefixtures("mixed_bfloat16")
@pytest.mark.parametrize("name", NAMES)
def test_mixed_bfloat16(name: str) -> None:
    model = small_model(name)
    body = model.get_layer("rmfn" if name == "rmfn" else "lstm_1")
    assert body.compute_dtype == "bfloat16"
    assert {str(w.dtype) for w in model.trainable_weights} == {"float32"}
    model.fit(batches(), shuffle=False, verbose=0)
    output = outputs_of(model)
    assert output.dtype == np.float32
    assert np.isfinite(output).all()
    keras.config.set_dtype_policy("float32")
    single = small_model(name)
    single.set_weights(model.get_weights())
    np.testing.assert_allclose(output, outputs_of(single), atol=0.05)


@pytest.mark.parametrize("name", NAMES)
def test_compiled_by_xla_trains_alike(name: str) -> None:
    results = []
    for jit_compile in (False, True):
        model = small_model(name)
        model.compile(keras.optimizers.Adam(1e-2), "mae", jit_compile=jit_compile)
        model.fit(batches(), shuffle=False, epochs=2, verbose=0)
        assert len(model.predict(batches(), verbose=0)) == len(LENGTHS)
        results.append(outputs_of(model))
    np.testing.assert_allclose(results[0], results[1], atol=1e-4)
