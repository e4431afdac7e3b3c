"""Requests that cannot be right, straight at the SavedModel: refused with a useful message, or
answered by finite numbers as documented; and the model goes on answering.

An RMFN, all signatures and every way of asking are in client/test_bad_requests.py.
"""

import numpy as np
import pytest
import tensorflow as tf

from support.bad_requests import BAD_REQUESTS, good_request

from .conftest import FEATURES

GOOD = good_request("serving_default", FEATURES)
KINDS = {
    kind.name: kind
    for kind in BAD_REQUESTS
    if kind.signature == "serving_default" and not kind.asks
}
REFUSED = [name for name, kind in KINDS.items() if kind.refused_by_server]
ANSWERED = [name for name, kind in KINDS.items() if not kind.refused_by_server]


@pytest.fixture(scope="module")
def served(exported):
    return exported.signatures("ef_lstm")["serving_default"]


def ask(served, request):
    return served(**{name: tf.constant(values) for name, values in request.items()})["prediction"]


@pytest.fixture
def still_answers(served):
    """The good request has the same answer before and after."""
    before = ask(served, GOOD).numpy()
    yield
    np.testing.assert_array_equal(ask(served, GOOD).numpy(), before)


@pytest.mark.usefixtures("still_answers")
@pytest.mark.parametrize("name", REFUSED)
def test_refused(served, name):
    kind = KINDS[name]
    request = kind.change(GOOD)
    # In Python a signature looks at names, dtypes and shapes before the graph does.
    message = f"{kind.graph}|input_signature" if kind.graph else what_is_wrong(request)
    with pytest.raises((tf.errors.InvalidArgumentError, TypeError), match=message):
        ask(served, request)


def what_is_wrong(request):
    """The names that should not be there, or should, or else the kernel's word for the dtype."""
    names = request.keys() ^ GOOD.keys()
    if names:
        return "|".join(names)
    (name,) = (name for name in GOOD if request[name].dtype != GOOD[name].dtype)
    wanted = {"float32": "float", "int32": "int32"}[GOOD[name].dtype.name]
    return f"expected to be a {wanted} tensor"


@pytest.mark.usefixtures("still_answers")
@pytest.mark.parametrize("name", ANSWERED)
def test_answered(served, name):
    request = KINDS[name].change(GOOD)
    answer = ask(served, request).numpy()
    assert answer.shape == (len(request["lengths"]), 1)
    assert np.isfinite(answer).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_counts_as_the_centre(served, value):
    """It becomes 0 after scaling; this model scales the voice, around another value than 0."""
    request, centre = ({**GOOD, "acoustic": GOOD["acoustic"].copy()} for _ in range(2))
    request["acoustic"][0, 1] = value
    centre["acoustic"][0, 1] = [0.1, 0.2, 0.3]
    np.testing.assert_allclose(ask(served, request), ask(served, centre), atol=1e-6)


def test_padding_never_matters(served):
    other = {name: values.copy() for name, values in GOOD.items()}
    for name in FEATURES:
        other[name][1, 2:] = np.nan
    np.testing.assert_allclose(ask(served, GOOD), ask(served, other), atol=1e-6)


def test_a_single_word(served):
    words = {name: values[:, :1] for name, values in GOOD.items() if values.ndim == 3}
    answer = ask(served, {**words, "lengths": np.ones(2, "int32")})
    assert np.isfinite(answer).all()
