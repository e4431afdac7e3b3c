import numpy as np
import pytest

from rmfn_tf.models import attention_model
from support.sequences import assert_close
from support.small_models import (
    LENGTHS,
    UNITS,
    batches,
    outputs_of,
    padding,
    random_inputs,
    small_model,
)


@pytest.mark.parametrize("return_sequences", [False, True])
def test_prediction_is_the_models_and_rows_sum_to_one(return_sequences: bool) -> None:
    scaling = {"language": {"center": 1.0, "scale": 2.0, "clip": 1.5}}
    model = small_model("rmfn", num_outputs=2, scaling=scaling, return_sequences=return_sequences)
    view = attention_model(model)
    out = {key: np.asarray(value) for key, value in view(random_inputs()).items()}
    assert_close(out["prediction"], outputs_of(model), 1e-6)
    attention = out["attention"]
    assert attention.dtype == np.float32
    assert attention.shape == (len(LENGTHS), 4, 2, sum(UNITS.values()))
    assert (attention >= 0).all()
    total = attention.sum(axis=-1)
    assert_close(total, np.where(padding()[..., None], 0.0, np.ones_like(total)), 1e-6)
    # It is the layer's own attention of the scaled features.
    scaled = {m: model.get_layer(f"{m}_scaling")(random_inputs()[m]) for m in UNITS}
    own = model.get_layer("rmfn")(scaled, mask=~padding(), return_attention_scores=True)[-1]
    assert_close(attention, own, 1e-6)


@pytest.mark.slow
def test_view_shares_the_weights_and_predicts_in_batches() -> None:
    model = small_model("rmfn")
    model.run_eagerly = True
    view = attention_model(model)
    before = np.asarray(view(random_inputs())["attention"])
    model.fit(batches(), shuffle=False, epochs=3, verbose=0)
    after = view.predict(random_inputs(), batch_size=2, verbose=0)
    assert_close(after["prediction"], outputs_of(model), 1e-6)
    assert np.abs(after["attention"] - before).max() > 0
    assert {id(w) for w in view.weights} == {id(w) for w in model.weights}


def test_a_model_without_rmfn_is_refused() -> None:
    with pytest.raises(ValueError, match="No such layer: rmfn"):
        attention_model(small_model("ef_lstm"))


def test_a_model_without_highlight_is_refused() -> None:
    with pytest.raises(ValueError, match="highlight"):
        attention_model(small_model("rmfn", highlight=False))
