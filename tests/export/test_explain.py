"""`explain`: the prediction with the attention that led to it."""

import numpy as np
import pytest
import tensorflow as tf

from rmfn_tf.models.attention import attention_model

FEATURES = {"language": 4, "acoustic": 3, "visual": 2}


@pytest.fixture(scope="module")
def asked(exported):
    """The model, the answer of `explain`, that of `serving_default`, and the request."""
    model, _ = exported["rmfn"]
    rng = np.random.default_rng(0)
    request = {
        name: rng.normal(size=(3, 6, width)).astype("float32") for name, width in FEATURES.items()
    }
    request["lengths"] = np.array([6, 2, 4], "int32")
    served = exported.signatures("rmfn")
    tensors = {name: tf.constant(values) for name, values in request.items()}
    return model, served["explain"](**tensors), served["serving_default"](**tensors), request


def test_the_prediction_is_the_same(asked):
    _, looked, predicted, _ = asked
    np.testing.assert_allclose(looked["prediction"], predicted["prediction"], atol=1e-6)


def test_attention_by_word_stage_and_modality(asked):
    model, looked, _, request = asked
    sizes = model.get_layer("rmfn").units
    parts = [looked[f"attention_{m}"].numpy() for m in FEATURES]
    assert set(looked) == {"prediction", *(f"attention_{m}" for m in FEATURES)}
    assert [part.shape for part in parts] == [(3, 6, 3, size) for size in sizes.values()]
    whole = np.concatenate(parts, axis=-1)
    spoken = np.arange(6) < request["lengths"][:, None]
    np.testing.assert_allclose(whole[spoken].sum(axis=-1), 1, atol=1e-5)
    assert not whole[~spoken].any()
    expected = attention_model(model)(request, training=False)["attention"]
    np.testing.assert_allclose(whole, expected, atol=1e-6)
