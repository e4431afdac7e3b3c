"""What every metric keeps: any batches, any of the allowed shapes, weights, nothing seen."""

import json

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rmfn_tf.metrics import Accuracy, MeanAbsoluteError, PearsonR, Threshold
from support.metric_sets import CASES, Case, cuts, streamed, whole

every_metric = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
column_metrics = pytest.mark.parametrize(
    "case", [case for case in CASES.values() if not case.classes]
)


def example(case: Case, rows: int = 23, columns: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Fixed data of the kind a case takes, with every label and a fair share of agreement."""
    rng = np.random.default_rng(3)
    if case.classes:
        labels = rng.integers(0, case.classes, (rows, 1))
        return labels.astype("float32"), rng.dirichlet([1.0] * case.classes, rows)
    halves = np.arange(-7, 8) / 2
    y_true, noise = rng.choice(halves, (2, rows, columns)).astype("float32")
    return y_true, np.where(rng.random(y_true.shape) < 0.4, y_true, noise)


@every_metric
def test_nothing_seen_is_zero(case):
    y_true, y_pred = example(case)
    metric = case.make()
    assert float(metric.result()) == 0.0
    assert whole(metric, y_true[:0], y_pred[:0]) == 0.0
    assert whole(metric, y_true, y_pred, np.zeros(len(y_true))) == 0.0


@every_metric
def test_reset_forgets_everything(case):
    y_true, y_pred = example(case)
    metric = case.make()
    metric.reset_state()
    whole(metric, y_true[::-1] + 1, y_pred)
    metric.reset_state()
    assert float(metric.result()) == 0.0
    assert whole(metric, y_true, y_pred) == whole(case.make(), y_true, y_pred) != 0.0


@every_metric
def test_one_column_needs_no_second_axis(case):
    y_true, y_pred = example(case, columns=1)
    expected = whole(case.make(), y_true, y_pred)
    weights = np.arange(1.0, len(y_true) + 1)
    weighted = whole(case.make(), y_true, y_pred, weights)
    assert weighted != expected
    flat = y_pred if case.classes else y_pred[:, 0]
    for labels in (y_true, y_true[:, 0]):
        for predictions in (y_pred, flat):
            assert whole(case.make(), labels, predictions) == expected
            for shaped in (weights, weights[:, np.newaxis]):
                assert whole(case.make(), labels, predictions, shaped) == weighted


@every_metric
@settings(max_examples=10)
@given(data=st.data())
def test_a_weight_counts_the_sample_that_many_times(case, data):
    y_true, y_pred = data.draw(case.sets())
    rows = len(y_true)
    weights = np.array(data.draw(st.lists(st.integers(0, 3), min_size=rows, max_size=rows)))
    repeated = whole(case.make(), np.repeat(y_true, weights, 0), np.repeat(y_pred, weights, 0))
    # What has no weight may hold anything.
    y_true[weights == 0] = np.nan
    y_pred[weights == 0] = np.nan
    places = data.draw(cuts(rows))
    assert streamed(case.make(), (y_true, y_pred, weights), places) == pytest.approx(
        repeated, abs=1e-12
    )


@column_metrics
def test_weights_per_column_leave_out_single_labels(case):
    y_true, y_pred = example(case)
    weights = np.ones(y_true.shape)
    weights[2:5, 1] = 0.0
    first = whole(case.make(), y_true[:, 0], y_pred[:, 0])
    kept = np.delete(np.arange(len(y_true)), [2, 3, 4])
    second = whole(case.make(), y_true[kept, 1], y_pred[kept, 1])
    assert whole(case.make(), y_true, y_pred, weights) == pytest.approx((first + second) / 2)
    assert first != second


@every_metric
def test_a_number_as_weight_is_everyones(case):
    y_true, y_pred = example(case)
    assert whole(case.make(), y_true, y_pred, 2.0) == pytest.approx(
        whole(case.make(), y_true, y_pred), abs=1e-15
    )


@pytest.mark.parametrize("case", [CASES["mae"], CASES["Accuracy-softmax"]])
@pytest.mark.parametrize("dtype", ["int64", "bool", "float16", "bfloat16", "float64"])
def test_other_dtypes_are_read_exactly(case, dtype):
    y_true, y_pred = example(case)
    y_true, y_pred = (keras.ops.cast(values, dtype) for values in (y_true, y_pred))
    as_float64 = [keras.ops.cast(values, "float64") for values in (y_true, y_pred)]
    assert whole(case.make(), y_true, y_pred) == whole(case.make(), *as_float64)


@every_metric
def test_configuration_survives_json(case):
    y_true, y_pred = example(case)
    metric = case.make()
    metric.name = "of_its_own"
    config = json.loads(json.dumps(keras.metrics.serialize(metric)))
    assert config["registered_name"] == f"rmfn_tf>{type(metric).__name__}"
    again = keras.metrics.deserialize(config)
    assert type(again) is type(metric)
    assert again.name == "of_its_own"
    assert again.get_config() == metric.get_config()
    assert whole(again, y_true, y_pred) == whole(metric, y_true, y_pred)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float16"])
def test_dtype_policies_leave_the_state_float64(policy):
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        metric = MeanAbsoluteError()
        value = whole(metric, np.full(3, 1.001), np.zeros(3))
    finally:
        keras.config.set_dtype_policy(before)
    assert [variable.dtype for variable in metric.variables] == ["float64"]
    assert value == pytest.approx(1.001, abs=1e-15)


def test_a_lower_dtype_can_be_asked_for():
    metric = MeanAbsoluteError(dtype="float32")
    metric.update_state(np.ones(2), np.zeros(2))
    assert metric.variables[0].dtype == "float32"
    assert MeanAbsoluteError.from_config(metric.get_config()).dtype == "float32"


@pytest.mark.parametrize(
    ("y_true", "y_pred", "weights", "message"),
    [
        ((4,), (4, 4), None, r"1 in `y_true`, 4 in `y_pred`"),
        ((4, 2), (4, 3), None, r"2 in `y_true`, 3 in `y_pred`"),
        ((1, 2), (4, 2), None, r"1 in `y_true`, 4 in `y_pred`"),
        ((4, 2, 1), (4, 2), None, r"`y_true` must have shape .* got \(4, 2, 1\)"),
        ((), (4, 1), None, r"`y_true` must have shape .* got \(\)"),
        ((4, 3), (4, 3), (3,), r"4 in `y_true`, 3 in `sample_weight`"),
        ((4, 3), (4, 3), (1, 3), r"4 in `y_true`, 1 in `sample_weight`"),
        ((4, 3), (4, 3), (4, 2), r"3 in `y_true`, 2 in `sample_weight`"),
        ((4,), (4,), (4, 3), r"1 in `y_true`, 3 in `sample_weight`"),
    ],
)
@pytest.mark.parametrize("make", [MeanAbsoluteError, PearsonR, lambda: Accuracy(Threshold())])
def test_other_shapes_are_refused(make, y_true, y_pred, weights, message):
    weights = None if weights is None else np.ones(weights)
    with pytest.raises(ValueError, match=message):
        make().update_state(np.ones(y_true), np.ones(y_pred), weights)


@every_metric
def test_the_widths_stay(case):
    metric = case.make()
    metric.update_state(*example(case))
    y_true, y_pred = (values[:, :1] for values in example(case))
    if case.classes:
        y_pred = np.repeat(y_pred, case.classes + 1, axis=1)
    with pytest.raises(ValueError, match=rf"'{metric.name}' has seen .*; this one has \(1, "):
        metric.update_state(y_true, y_pred)
