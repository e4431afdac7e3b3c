"""Requests that cannot be right, straight at the SavedModel: refused with a useful message, or
answered by finite numbers as documented; and the model goes on answering."""

import numpy as np
import pytest
import tensorflow as tf

from support.served_requests import ANSWERED, FEATURES, REFUSED_BY_NAME, REFUSED_BY_VALUE, good

REFUSED = {**REFUSED_BY_NAME, **REFUSED_BY_VALUE}


@pytest.fixture(scope="module", params=["rmfn", "ef_lstm"])
def served(request, exported):
    _, version = exported[request.param]
    return tf.saved_model.load(str(version)).signatures["serving_default"]


def ask(served, request):
    return served(**{name: tf.constant(values) for name, values in request.items()})["prediction"]


@pytest.fixture
def still_answers(served):
    """The good request has the same answer before and after."""
    before = ask(served, good()).numpy()
    yield
    np.testing.assert_array_equal(ask(served, good()).numpy(), before)


@pytest.mark.usefixtures("still_answers")
@pytest.mark.parametrize("kind", REFUSED)
def test_refused(served, kind):
    request, message = REFUSED[kind]
    if request and kind in REFUSED_BY_VALUE and message == "is not compatible with expected shape":
        message = "input_signature|" + message
    # In Python a signature checks names, dtypes and shapes before the graph does.
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError), match=message):
        ask(served, request)


@pytest.mark.usefixtures("still_answers")
@pytest.mark.parametrize("kind", ANSWERED)
def test_answered(served, kind):
    request = ANSWERED[kind]
    answer = ask(served, request).numpy()
    assert answer.shape == (len(request["lengths"]), 1)
    assert np.isfinite(answer).all()


@pytest.mark.parametrize("kind", ["infinity", "minus infinity"])
def test_what_is_not_finite_counts_as_the_centre(served, kind):
    """It becomes 0 after scaling; these models scale the voice, around another value than 0."""
    request = ANSWERED[kind]
    centre = {**request, "acoustic": request["acoustic"].copy()}
    centre["acoustic"][0, 1] = [0.1, 0.2, 0.3]
    np.testing.assert_allclose(ask(served, request), ask(served, centre), atol=1e-6)


def test_padding_never_matters(served):
    request = good()
    other = {name: values.copy() for name, values in request.items()}
    for name in FEATURES:
        other[name][1, 3:] = np.nan
    np.testing.assert_allclose(ask(served, request), ask(served, other), atol=1e-6)


def test_an_unknown_signature(exported):
    signatures = tf.saved_model.load(str(exported["rmfn"][1])).signatures
    with pytest.raises(KeyError, match="serving_defualt"):
        signatures["serving_defualt"]
    assert sorted(signatures) == ["explain", "serving_default", "step"]
