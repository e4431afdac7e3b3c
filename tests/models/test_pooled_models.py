"""TFN, LMF, DF, BC-LSTM and the temporal mean against NumPy with the same weights."""

import keras
import numpy as np
import pytest

from rmfn_tf.layers import TemporalMean
from rmfn_tf.models import create_model
from rmfn_tf.models.tensor_fusion import LowRankFusion, OuterProduct
from support.sequences import assert_close
from support.small_models import LENGTHS, UNITS, WIDTHS, outputs_of, random_inputs, small_model
from support.weights import place_random_weights


def vectors(*widths: int) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.normal(size=(5, width)).astype("float32") for width in widths]


def with_one(x: np.ndarray) -> np.ndarray:
    return np.concatenate([x, np.ones_like(x[:, :1])], axis=1)


def weights(model: keras.Model, layer: str) -> list[np.ndarray]:
    return [np.asarray(each, "float64") for each in model.get_layer(layer).get_weights()]


def means() -> dict[str, np.ndarray]:
    """Of the real steps of `random_inputs`, modality by modality."""
    return {
        m: np.stack([x[:n].mean(axis=0) for x, n in zip(random_inputs()[m], LENGTHS, strict=True)])
        for m in WIDTHS
    }


@pytest.mark.parametrize("widths", [(3,), (3, 2), (2, 3, 4), (2, 1, 2, 3)])
def test_the_outer_product_is_an_einsum(widths: tuple[int, ...]) -> None:
    letters = "ijkl"[: len(widths)]
    formula = ",".join(f"n{letter}" for letter in letters) + f"->n{letters}"
    expected = np.einsum(formula, *map(with_one, vectors(*widths))).reshape(5, -1)
    assert_close(OuterProduct()(vectors(*widths)), expected, 1e-6)


@pytest.mark.parametrize("batch", [1, 5])
def test_low_rank_fusion_is_a_dense_layer_on_the_outer_product(batch: int) -> None:
    """Whose kernel is `Σ_r w_r ⊗_m W_m^r`."""
    layer, given = LowRankFusion(4, rank=3), [x[:batch] for x in vectors(2, 3, 2)]
    layer(given)
    place_random_weights(layer)
    tensor = np.einsum("r,rio,rjo,rko->ijko", layer.rank_weights, *layer.factors)
    product = np.asarray(OuterProduct()(given))
    expected = product @ tensor.reshape(-1, 4) + np.asarray(layer.bias)
    assert_close(layer(given), expected, 1e-5)


def test_temporal_mean_of_real_steps() -> None:
    x = np.arange(24, dtype="float32").reshape(2, 4, 3)
    mask = np.array([[1, 1, 0, 0], [0, 1, 1, 1]], bool)
    x[~mask] = np.nan
    expected = [x[0, :2].mean(axis=0), x[1, 1:].mean(axis=0)]
    assert_close(TemporalMean()(x, mask=mask), expected, 1e-6)
    running = np.asarray(TemporalMean(return_sequences=True)(x, mask=mask))
    assert_close(running[0], [x[0, 0], expected[0], expected[0], expected[0]], 1e-6)
    assert_close(running[1], [np.zeros(3), x[1, 1], x[1, 1:3].mean(axis=0), expected[1]], 1e-6)


@pytest.mark.parametrize("name", ["tfn", "lmf"])
def test_modality_vectors(name: str) -> None:
    """An LSTM and a dense layer for the language, dense layers on the mean for the other."""
    model = small_model(name, head_units=0)
    place_random_weights(model)
    fusion = model.get_layer({"tfn": "outer_product", "lmf": "low_rank_fusion"}[name])
    seen = keras.Model(model.input, fusion.input)(random_inputs())
    lstm = model.get_layer("language_lstm")
    x = random_inputs()["language"]
    mask = np.arange(4) < LENGTHS[:, None]
    signal = np.asarray(lstm(x, mask=mask))
    kernel, bias = weights(model, "language_dense_1")
    language = np.maximum(signal @ kernel + bias, 0)
    visual = means()["visual"]
    for layer in (1, 2, 3):
        kernel, bias = weights(model, f"visual_dense_{layer}")
        visual = np.maximum(visual @ kernel + bias, 0)
    for m, got in zip(WIDTHS, seen, strict=True):
        assert_close(got, {"language": language, "visual": visual}[m], 1e-5)


def test_which_modality_is_the_language() -> None:
    widths = {"face": 3, "speech": 4}
    for given, spoken in (("", "face"), ("speech", "speech")):
        model = create_model("tfn", features=widths, language=given)
        assert [x.name for x in model.layers if "lstm" in x.name] == [f"{spoken}_lstm"]
    with pytest.raises(ValueError, match="'word'"):
        create_model("lmf", features=widths, language="word")


def test_df_is_plain_dense_nets() -> None:
    model = small_model("df", head_units=3, opinion_units=2)
    place_random_weights(model)
    said = []
    for m, x in means().items():
        for layer in (1, 2):
            kernel, bias = weights(model, f"{m}_{layer}")
            x = np.maximum(x @ kernel + bias, 0)
        kernel, bias = weights(model, f"{m}_opinion")
        said += [x @ kernel + bias, x]
    kernel, bias = weights(model, "head")
    hidden = np.maximum(np.concatenate(said, axis=1) @ kernel + bias, 0)
    kernel, bias = weights(model, "prediction")
    assert_close(outputs_of(model), hidden @ kernel + bias, 1e-5)


def test_bc_lstm_level_by_level() -> None:
    """Each sequence by itself, without padding, through plain LSTMs with the same weights."""
    model = small_model("bc_lstm", head_units=0)
    place_random_weights(model)
    kernel, bias = weights(model, "prediction")

    def one_way(layer: str, x: np.ndarray, backwards: bool) -> np.ndarray:
        both = model.get_layer(layer)
        side = both.backward_layer if backwards else both.forward_layer
        lstm = keras.layers.LSTM(side.units, return_sequences=True)
        lstm.build(x.shape)
        lstm.set_weights(side.get_weights())
        y = np.asarray(lstm(x[:, ::-1] if backwards else x))
        return y[:, ::-1] if backwards else y

    def both_ways(layer: str, x: np.ndarray) -> list[np.ndarray]:
        return [one_way(layer, x, backwards) for backwards in (False, True)]

    for row, length in enumerate(LENGTHS):
        signals = []
        for m in UNITS:
            x = random_inputs()[m][row : row + 1, :length]
            signal = np.concatenate(both_ways(f"{m}_both_ways", x), axis=-1)
            w, b = weights(model, f"{m}_dense")
            signals.append(np.tanh(signal @ w + b).astype("float32"))
        forward, backward = both_ways("context_both_ways", np.concatenate(signals, axis=-1))
        ends = np.concatenate([forward[:, -1], backward[:, 0]], axis=-1)
        assert_close(outputs_of(model)[row], (ends @ kernel + bias)[0], 1e-5)
