"""RMFN equals the float64 transcription of its equations: every argument, every way of calling."""

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from support import reference
from support.equations import (
    TOLERANCE,
    assert_equals_reference,
    changes,
    make_rmfn,
    random_state,
)
from support.reference import Settings
from support.sequences import FEATURES, assert_close, features, first, gapped_mask
from support.weights import weights_of

EVERYTHING = {"return_sequences": True, "return_state": True}

# Each line changes one argument from the default; then the number of modalities.
ONE_CHANGE = [
    (Settings(), 3),
    (Settings(highlight=False), 2),
    (Settings(feedback=False), 3),
    (Settings(highlight_memory_mode="zeros"), 2),
    (Settings(highlight_input="highlighted"), 3),
    (Settings(highlight_projection=True), 2),
    (Settings(highlight_scale="none"), 3),
    (Settings(fuse_memory_mode="zeros"), 2),
    (Settings(summarize_layers=1), 3),
    (Settings(num_stages=1), 4),
    (Settings(num_stages=2), 1),
    (Settings(num_stages=4), 2),
    (Settings(num_stages=5), 1),
    (Settings(num_stages=6), 4),
]

ALL_SETTINGS = st.builds(
    Settings,
    num_stages=st.integers(1, 6),
    highlight=st.booleans(),
    feedback=st.booleans(),
    highlight_memory_mode=st.sampled_from(["dense", "zeros"]),
    highlight_input=st.sampled_from(["attention", "highlighted"]),
    highlight_projection=st.booleans(),
    highlight_scale=st.sampled_from(["dim", "none"]),
    fuse_memory_mode=st.sampled_from(["trainable", "zeros"]),
    summarize_layers=st.sampled_from([1, 2]),
)


@pytest.mark.parametrize(
    ("settings", "modalities"), ONE_CHANGE, ids=[f"{changes(s)},{m}" for s, m in ONE_CHANGE]
)
def test_each_argument_and_number_of_modalities(settings, modalities):
    layer = make_rmfn(settings, modalities, dtype="float64", **EVERYTHING)
    x = features(first(FEATURES, modalities), time=3, dtype="float64")
    assert_equals_reference(layer, settings, x, gapped_mask(3, 3), random_state(layer, 3))


@pytest.mark.parametrize("modalities", [1, 4])
def test_in_float32(modalities):
    layer = make_rmfn(modalities=modalities, **EVERYTHING)
    x = features(first(FEATURES, modalities), batch=4, time=12)
    assert_equals_reference(layer, Settings(), x)
    assert_equals_reference(layer, Settings(), x, gapped_mask(4, 12), random_state(layer, 4))


@examples(max_examples=10, deadline=None, derandomize=True)
@given(settings=ALL_SETTINGS, modalities=st.integers(1, 4), seed=st.integers(0, 9))
def test_any_combination(settings, modalities, seed):
    layer = make_rmfn(settings, modalities, dtype="float64", weight_seed=seed, **EVERYTHING)
    x = features(first(FEATURES, modalities), time=3, seed=seed, dtype="float64")
    assert_equals_reference(layer, settings, x, gapped_mask(3, 3), random_state(layer, 3))


@pytest.mark.parametrize(
    ("return_sequences", "return_state", "return_attention_scores"),
    # None and all are returned in other tests.
    [(True, False, False), (False, True, False), (False, False, True), (True, False, True)],
)
def test_each_way_of_returning(return_sequences, return_state, return_attention_scores):
    layer = make_rmfn(return_sequences=return_sequences, return_state=return_state)
    x = features(first(FEATURES, 3), time=3)
    mask = gapped_mask(3, 3)
    right = reference.rmfn(x, weights_of(layer), mask=mask)
    expected = [right.outputs if return_sequences else right.last]
    expected += right.states if return_state else []
    expected += [right.attention] if return_attention_scores else []

    results = layer(x, mask=mask, return_attention_scores=return_attention_scores)

    if len(expected) == 1:
        results = [results]
    assert len(results) == len(expected)
    for result, value in zip(results, expected, strict=True):
        assert_close(result, value, TOLERANCE["float32"])
