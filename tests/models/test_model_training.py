"""`fit`, `evaluate`, `predict` and saving of both models, as a user of Keras expects them."""

from pathlib import Path
from typing import Any

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


def eager_model(name: str, **arguments: Any) -> keras.Model:
    """A small model that trains without a graph, which takes seconds to make."""
    model = small_model(name, **arguments)
    model.run_eagerly = True
    return model


@pytest.mark.parametrize(
    ("name", "task", "num_outputs", "metric"),
    [("rmfn", *TASKS[0]), *(("ef_lstm", *task) for task in TASKS)],
)
def test_fit_evaluate_predict(name: str, task: str, num_outputs: int, metric: str) -> None:
    model = small_model(name, task=task, num_outputs=num_outputs)
    data = batches(task, num_outputs)
    model.fit(data, shuffle=False, epochs=2, verbose=0)
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
def test_training_never_sees_the_padding(name: str) -> None:
    """NaN in the padding reaches neither outputs nor gradients."""
    results = []
    for junk in (0.0, np.nan):
        model = eager_model(name)
        inputs = random_inputs()
        for m in WIDTHS:
            inputs[m] = np.where(padding()[..., None], np.float32(junk), inputs[m])
        model.fit(inputs, random_labels("regression", 1), shuffle=False, verbose=0)
        results.append(model.get_weights())
    for zeros, nans in zip(*results, strict=True):
        assert np.isfinite(zeros).all()
        np.testing.assert_array_equal(zeros, nans)


def test_the_metric_is_weighted_as_the_loss_is() -> None:
    model = small_model("ef_lstm")
    y, weights = random_labels("regression", 1), np.arange(len(LENGTHS), dtype="float32")
    scores = model.evaluate(random_inputs(), y, sample_weight=weights, verbose=0, return_dict=True)
    errors = np.abs(outputs_of(model) - y)[:, 0]
    assert scores["mae"] == pytest.approx(np.average(errors, weights=weights), rel=1e-5)
    assert scores["mae"] != pytest.approx(errors.mean(), rel=1e-2)


@pytest.mark.parametrize("name", NAMES)
def test_saved_and_loaded_gives_the_same_outputs(name: str, tmp_path: Path) -> None:
    scaling = {"language": {"center": [1.0, 0, 2, 3], "scale": [2.0, 1, 1, 4], "clip": 2.0}}
    model = eager_model(name, scaling=scaling, num_outputs=3)
    model.fit(batches(num_outputs=3), shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    loaded.run_eagerly = True
    np.testing.assert_array_equal(outputs_of(loaded), outputs_of(model))
    # It trains on as the original would: the optimizer is saved too.
    for each in (model, loaded):
        each.fit(batches(num_outputs=3), shuffle=False, verbose=0)
    np.testing.assert_array_equal(outputs_of(loaded), outputs_of(model))
