"""Fusion by products of all modalities: the Tensor Fusion Network and its low-rank form."""

from typing import Any

import keras
from keras import ops

from rmfn_tf.layers import TemporalMean
from rmfn_tf.layers.arguments import Configured, positive_integer
from rmfn_tf.models.rmfn import units_of, with_options_of
from rmfn_tf.names import unknown_name


def modality_vectors(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    units: dict[str, int] | None = None,
    language: str = "",
    dropout: float = 0.0,
) -> list[Any]:
    """A vector `(batch, units_m)` for each modality, with `return_sequences` after each step.

    Of the language an LSTM's last output, then a linear layer; of the others the mean over the real
    steps (up to this one), then three dense relu layers, as in the public code of TFN and LMF. That
    code has batch normalisation before the dense layers, where `create_model` scales the features.

    Weights: `<m>_lstm` of the language, and `<m>_dense_<n>`, n from 1, of every modality, in Keras'
    layouts.

    Args:
        units: size of each vector, by name; None: `default_units`.
        language: the modality that the LSTM reads. Empty: `"language"`, where there is one, or else
            the first.
        dropout: rate on what the dense nets of the modalities read.
    """
    spoken, sizes = find_language(inputs, language), units_of(inputs, units)
    vectors = []
    for m, x in inputs.items():
        width = sizes[m]
        if m == spoken:
            lstm = keras.layers.LSTM(width, return_sequences=return_sequences, name=f"{m}_lstm")
            signal, depth, activation = lstm(x, mask=mask), 1, "linear"
        else:
            mean = TemporalMean(return_sequences, name=f"{m}_mean")
            signal, depth, activation = mean(x, mask=mask), 3, "relu"
        signal = keras.layers.Dropout(dropout, name=f"{m}_dropout")(signal)
        for layer in range(1, depth + 1):
            dense = keras.layers.Dense(width, activation=activation, name=f"{m}_dense_{layer}")
            signal = dense(signal)
        vectors.append(signal)
    return vectors


def find_language(inputs: dict[str, Any], language: str) -> str:
    """The name of the modality that a model treats as the words; ValueError where there is none."""
    if language and language not in inputs:
        raise ValueError(unknown_name("modality in `language`", language, inputs))
    return language or ("language" if "language" in inputs else next(iter(inputs)))


@with_options_of(modality_vectors)
def tfn(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    fusion_dropout: float = 0.0,
    **options: Any,
) -> Any:
    """The body of the Tensor Fusion Network (Zadeh et al., EMNLP 2017, arXiv 1707.07250).

        v_m = a vector for each modality: see `modality_vectors`
        z   = [v_1 ; 1] ⊗ ... ⊗ [v_M ; 1]        the outer product, flattened, the last axis fastest

    The dense net that reads z is the head of `create_model`. The width of z is `Π (units_m + 1)`,
    so keep `units` small. Left out: the squash of a regression into the range of its labels. The
    public code has a 1 before each vector, here it comes after.

    Args:
        fusion_dropout: rate on z.
        **options: `units`, `language` and `dropout` of `modality_vectors`.
    """
    vectors = modality_vectors(inputs, mask, return_sequences, **options)
    return keras.layers.Dropout(fusion_dropout)(OuterProduct(name="outer_product")(vectors))


@with_options_of(modality_vectors)
def lmf(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    rank: int = 4,
    fusion_units: int = 64,
    fusion_dropout: float = 0.0,
    **options: Any,
) -> Any:
    """The body of Low-rank Multimodal Fusion (Liu et al., ACL 2018, arXiv 1806.00064).

        v_m = a vector for each modality: see `modality_vectors`
        h   = Σ_r w_r Π_m [v_m ; 1] W_m^r + b

    which is TFN's z times the tensor `Σ_r w_r W_1^r ⊗ ... ⊗ W_M^r`, without making either. h goes
    to the head of `create_model`; the paper's h is the prediction itself.

    Args:
        rank: number of terms r.
        fusion_units: width of h.
        fusion_dropout: rate on h. (The authors' code defines one and does not apply it.)
        **options: `units`, `language` and `dropout` of `modality_vectors`.
    """
    vectors = modality_vectors(inputs, mask, return_sequences, **options)
    fused = LowRankFusion(fusion_units, rank, name="low_rank_fusion")(vectors)
    return keras.layers.Dropout(fusion_dropout)(fused)


@keras.saving.register_keras_serializable(package="rmfn_tf")
class OuterProduct(keras.layers.Layer):
    """`[v_1 ; 1] ⊗ ... ⊗ [v_M ; 1]`, flattened: all products of elements of different vectors.

    Call arguments:
        vectors: a list of `(..., d_m)`.

    Output:
        `(..., Π (d_m + 1))`.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.supports_masking = True

    def compute_mask(self, inputs, mask=None):
        return None

    def call(self, vectors):
        product, *others = map(_with_one, vectors)
        for each in others:
            table = product[..., :, None] * each[..., None, :]
            width = product.shape[-1] * each.shape[-1]
            product = ops.reshape(table, (*ops.shape(table)[:-2], width))
        return product


@keras.saving.register_keras_serializable(package="rmfn_tf")
class LowRankFusion(Configured):
    """`Σ_r w_r Π_m [v_m ; 1] W_m^r + b`.

    Args:
        units: size of the output.
        rank: number of terms.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        vectors: a list of `(..., d_m)`.

    Output:
        `(..., units)`.

    Weights: `factor_<m>` (rank, d_m + 1, units) of each vector, from 0, the row of the 1 last;
    `rank_weights` (rank,); `bias` (units,). The authors' factors have the row of the 1 first.
    """

    def __init__(self, units, rank, **kwargs):
        super().__init__(**kwargs)
        self.units = positive_integer("LowRankFusion", "units", units)
        self.rank = positive_integer("LowRankFusion", "rank", rank)
        self.supports_masking = True

    def build(self, input_shape):
        self.factors = [
            self.add_weight(name=f"factor_{m}", shape=(self.rank, shape[-1] + 1, self.units))
            for m, shape in enumerate(input_shape)
        ]
        self.rank_weights = self.add_weight(name="rank_weights", shape=(self.rank,))
        self.bias = self.add_weight(name="bias", shape=(self.units,), initializer="zeros")

    def call(self, vectors):
        product = 1.0
        for vector, factor in zip(vectors, self.factors, strict=True):
            product = product * ops.einsum("...d,rdo->...ro", _with_one(vector), factor)
        return ops.einsum("...ro,r->...o", product, self.rank_weights) + self.bias

    def compute_mask(self, inputs, mask=None):
        return None


def _with_one(vector: Any) -> Any:
    return ops.concatenate([vector, ops.ones_like(vector[..., :1])], axis=-1)
