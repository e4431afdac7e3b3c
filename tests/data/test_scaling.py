"""Statistics of the training split: against scikit-learn, and with everything that can go wrong."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import MaxAbsScaler, RobustScaler, StandardScaler

from rmfn_tf.data import fit_scaling
from support.random_examples import make_examples

METHODS = ["robust", "standard", "max_abs", "none"]


def examples_of(values, lengths=None):
    """One modality with the given rows, cut into sequences of the given lengths."""
    values = np.asarray(values, "float32")
    lengths = lengths or [len(values)]
    examples = make_examples(lengths, widths={"acoustic": values.shape[1]})
    return replace(examples, features={"acoustic": np.split(values, np.cumsum(lengths)[:-1])})


def fit(values, method="robust", **options):
    scaling = fit_scaling(examples_of(values), method, **options)["acoustic"]
    return scaling["center"], scaling["scale"]


def samples(count=200, width=4, seed=0):
    random = np.random.default_rng(seed)
    return (random.gamma(2, size=(count, width)) * [1, 10, 1e-3, 1e4] - [0, 5, 0, 1]).astype("f4")


@pytest.mark.parametrize(
    ("method", "scaler"),
    [
        ("robust", RobustScaler(unit_variance=True)),
        ("standard", StandardScaler()),
        ("max_abs", MaxAbsScaler()),
    ],
)
def test_equals_scikit_learn(method, scaler):
    values = samples()
    scaler.fit(values.astype("float64"))
    center, scale = fit(values, method)
    expected = getattr(scaler, "center_", getattr(scaler, "mean_", np.zeros(4)))
    np.testing.assert_allclose(center, expected, rtol=1e-5)
    np.testing.assert_allclose(scale, scaler.scale_, rtol=1e-4)  # 1.349 has four digits
    assert center.dtype == scale.dtype == np.float32


@pytest.mark.parametrize("method", METHODS)
def test_sequences_are_pooled_and_modalities_kept_apart(method):
    values = samples()
    whole = fit_scaling(examples_of(values), method)["acoustic"]
    cut = fit_scaling(examples_of(values, [50, 1, 149]), method)["acoustic"]
    np.testing.assert_array_equal(whole["center"], cut["center"])
    np.testing.assert_array_equal(whole["scale"], cut["scale"])
    scaling = fit_scaling(make_examples([3, 4]), method)
    assert [(name, len(s["center"]), len(s["scale"])) for name, s in scaling.items()] == [
        ("language", 5, 5),
        ("acoustic", 3, 3),
        ("visual", 2, 2),
    ]


@pytest.mark.parametrize("method", METHODS)
def test_missing_rows_are_left_out(method):
    values = samples()
    with_gaps = np.insert(values, [0, 3, 3, 3, 150, 200], 0, axis=0)
    for expected, got in zip(fit(values, method), fit(with_gaps, method), strict=True):
        np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("method", ["robust", "standard"])
def test_a_row_with_some_zeros_counts(method):
    values = samples()
    values[:160, 0] = 0
    center, scale = fit(values, method)
    np.testing.assert_allclose(center, fit(values + 1, method)[0] - 1, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(scale[0], values[:, 0].std(), rtol=1e-6)


def test_a_spread_beyond_float32_stays_finite():
    values = np.float32([[3e38, 1], [-3e38, 2]] * 8)
    assert fit(values, "robust")[1][0] == np.finfo(np.float32).max


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_values_are_left_out_of_their_feature_alone(method, bad):
    values = samples()
    broken = values.copy()
    broken[10:90, 1] = bad
    center, scale = fit(broken, method)
    others = [0, 2, 3]
    np.testing.assert_array_equal(center[others], fit(values, method)[0][others])
    np.testing.assert_array_equal(scale[others], fit(values, method)[1][others])
    kept = np.concatenate([values[:10], values[90:]])
    np.testing.assert_allclose(center[1], fit(kept, method)[0][1], rtol=1e-6)
    np.testing.assert_allclose(scale[1], fit(kept, method)[1][1], rtol=1e-6)


@pytest.mark.parametrize("method", ["robust", "standard"])
@pytest.mark.parametrize("constant", [0.1, -3.3e7, 1e-30, 0.0])
def test_a_constant_feature_has_scale_one(method, constant):
    values = samples(1000)
    values[:, 2] = constant
    center, scale = fit(values, method)
    assert scale[2] == 1
    np.testing.assert_allclose(center[2], constant, rtol=1e-6)


def test_robust_falls_back_to_the_deviation_where_most_values_are_equal():
    values = samples()
    values[:, 1] = 2
    values[:20, 1] = 7
    center, scale = fit(values, "robust")
    assert center[1] == 2
    np.testing.assert_allclose(scale[1], values[:, 1].std(), rtol=1e-6)


def test_robust_is_not_moved_by_one_outlier():
    values = samples()
    center, scale = fit(values, "robust")
    values[0, 1] = 1e30
    outlier_center, outlier_scale = fit(values, "robust")
    np.testing.assert_allclose(outlier_center[1], center[1], rtol=0.1)
    np.testing.assert_allclose(outlier_scale[1], scale[1], rtol=0.1)


@pytest.mark.parametrize("method", METHODS)
def test_without_any_value_nothing_is_scaled(method):
    absent = fit_scaling(examples_of(np.zeros((6, 3))), method)["acoustic"]
    assert absent["center"].tolist() == [0, 0, 0]
    assert absent["scale"].tolist() == [1, 1, 1]
    values = samples()
    values[:, 2] = np.nan
    center, scale = fit(values, method)
    assert (center[2], scale[2]) == (0, 1)


@pytest.mark.parametrize("method", METHODS)
@given(
    arrays(
        np.float32,
        st.tuples(st.integers(1, 12), st.integers(1, 4)),
        elements=st.floats(width=32, allow_nan=True, allow_infinity=True, allow_subnormal=True),
    )
)
@settings(max_examples=100)
def test_whatever_float32_holds_gives_finite_positive_scales(method, values):
    center, scale = fit(values, method)
    assert np.isfinite(center).all()
    assert np.isfinite(scale).all()
    assert (scale >= np.finfo(np.float32).tiny).all()


def test_clip():
    examples = make_examples([4])
    assert {s["clip"] for s in fit_scaling(examples, clip=5).values()} == {5.0}
    assert {s["clip"] for s in fit_scaling(examples, clip=None).values()} == {None}
    assert {s["clip"] for s in fit_scaling(examples, "none", clip=5).values()} == {None}


def test_the_layer_takes_it():
    from rmfn_tf.layers.feature_scaling import FeatureScaling

    values = samples(201)
    values[5] = 0
    values[7, 1] = np.inf
    scaling = fit_scaling(examples_of(values), "robust", clip=3.0)["acoustic"]
    scaled = np.asarray(FeatureScaling(**scaling)(values))
    np.testing.assert_array_equal(scaled[5], 0)
    assert np.abs(scaled).max() == 3
    np.testing.assert_allclose(np.median(np.delete(scaled, 5, 0), axis=0), 0, atol=0.02)


def test_an_unknown_method():
    with pytest.raises(ValueError, match="'minmax'"):
        fit_scaling(make_examples([2]), "minmax")
