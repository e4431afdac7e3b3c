"""The body of GME-LSTM(A): an LSTM that learns when to listen and look."""

from typing import Any

import keras
from keras import ops

from rmfn_tf.layers.arguments import Configured
from rmfn_tf.layers.temporal_mean import TemporalMean
from rmfn_tf.models.tensor_fusion import find_language


def gme_lstm(
    inputs: dict[str, Any],
    mask: Any,
    return_sequences: bool,
    *,
    units: int = 64,
    gate_units: int = 32,
    language: str = "",
    dropout: float = 0.0,
    seed: int | None = None,
) -> Any:
    """Gated Multimodal Embedding LSTM with temporal attention (Chen et al., ICMI 2017).

        g_t^m ~ Bernoulli(σ(D^m([x_t^l ; x_t^m])))       for each modality but the language l;
                                                         at inference g_t^m = [σ(...) > 0.5]
        h_t   = LSTM([x_t^l ; g_t^m x_t^m for every m])
        e     = Σ_t α_t h_t,  α = softmax(h_t w)         over the real steps (up to this one)

    The gates learn by REINFORCE: see `Gates`. No public code was found; the sizes are ours.

    Args:
        units: hidden size of the LSTM.
        gate_units: hidden layer of each gate's net D^m: Dense(relu), then Dense(1).
        language: the modality without a gate. Empty: `"language"`, or else the first.
        dropout: rate on the inputs of the LSTM, one mask per sequence.
        seed: random seed of the gates and the dropout.

    Raises:
        ValueError: there is no other modality to gate.
    """
    spoken = find_language(inputs, language)
    if len(inputs) < 2:
        raise ValueError(f"gme_lstm gates modalities beside {spoken!r}, and there is no other.")
    others = [x for m, x in inputs.items() if m != spoken]
    gated = Gates(gate_units, seed=seed, name="gates")([inputs[spoken], *others], mask=mask)
    signal = keras.layers.Concatenate(name="modalities")([inputs[spoken], *gated])
    lstm = keras.layers.LSTM(units, return_sequences=True, dropout=dropout, seed=seed, name="lstm")
    attention = TemporalAttention(return_sequences, name="temporal_attention")
    return attention(lstm(signal, mask=mask), mask=mask)


@keras.saving.register_keras_serializable(package="rmfn_tf")
class Gates(Configured):
    """Lets each step of a modality through or not, and learns it by REINFORCE (Williams 1992).

    With L the loss of a sequence, which depends on all its gates g, the gradient of E[L] is

        E[∂L/∂θ + (L - b) ∂ log p(g)/∂θ]                 log p(g) = Σ_t Σ_m log p(g_t^m)

    for any b that does not depend on g. Here the reward is -L, and b is a moving average of L
    over earlier batches (our reading). `OwnLossModel` adds the second term while training.

    Args:
        units: hidden layer of each gate's net.
        seed: random seed of the draws.
        **kwargs: of `keras.layers.Layer`.

    Call arguments:
        inputs: a list of `(batch, time, F_m)`, the language first.
        mask: `(batch, time)` bool; the gates of other steps count for nothing.
        training: whether gates are drawn; otherwise one is open where that is more probable.

    Output:
        The list of the other modalities, times their gates.
    """

    momentum = 0.9

    def __init__(self, units, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.units, self.seed = units, seed
        self.generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape):
        language, *others = [shape[-1] for shape in input_shape]
        self.nets = []
        for place, width in enumerate(others, 1):
            hidden = keras.layers.Dense(self.units, "relu", name="hidden", dtype=self.dtype_policy)
            logit = keras.layers.Dense(1, name="gate", dtype=self.dtype_policy)
            net = keras.Sequential([hidden, logit], name=f"net_{place}")
            net.build((None, None, language + width))
            self.nets.append(net)
        self.baseline = self.add_weight(
            name="baseline", shape=(), initializer="zeros", trainable=False, dtype="float32"
        )

    def call(self, inputs, mask=None, training=False):
        language, *others = inputs
        log_p, gated = 0.0, []
        for x, net in zip(others, self.nets, strict=True):
            logit = ops.cast(net(ops.concatenate([language, x], axis=-1)), "float32")
            gate = ops.cast(logit > 0, "float32")
            if training:
                drawn = keras.random.uniform(ops.shape(logit), seed=self.generator)
                gate = ops.cast(drawn < ops.sigmoid(logit), "float32")
            log_p = log_p + ops.log_sigmoid(ops.where(gate > 0, logit, -logit))[..., 0]
            gated.append(x * ops.cast(gate, x.dtype))
        if mask is not None:
            log_p = ops.where(mask, log_p, 0.0)
        self.log_probability = ops.sum(log_p, axis=1)  # (batch,), for `losses_of` in the same trace
        return gated

    def losses_of(self, losses, weights, labels, training):
        """As `OwnLossModel` asks for it: the losses as they are, and a term of value 0 whose
        gradient is `Σ (L - b) ∂ log p`."""
        if not training:
            return losses, 0.0
        whole, count = (ops.cast(each, "float32") for each in (losses * weights, weights))
        if len(losses.shape) > 1:
            whole, count = ops.sum(whole, axis=1), ops.sum(count, axis=1)
        baseline = ops.convert_to_tensor(self.baseline)  # before this batch has a part in it
        advantage = ops.stop_gradient(whole - baseline * count)
        total = ops.sum(count)
        mean = ops.stop_gradient(ops.where(total > 0, ops.sum(whole) / total, baseline))
        self.baseline.assign(self.momentum * baseline + (1 - self.momentum) * mean)
        term = ops.sum(advantage * self.log_probability)
        return losses, ops.cast(term - ops.stop_gradient(term), losses.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape[1:]

    def compute_mask(self, inputs, mask=None):
        return None


@keras.saving.register_keras_serializable(package="rmfn_tf")
class TemporalAttention(TemporalMean):
    """A mean that weighs the real steps: `Σ_t α_t h_t` with `α = softmax(h_t w)` over them.

    With `return_sequences` step t has the sum over the steps up to it, by a table of
    `(time, time)` weights for each sequence. Arguments and shapes are those of `TemporalMean`.
    """

    def build(self, input_shape):
        self.kernel = self.add_weight(name="kernel", shape=(input_shape[-1], 1))

    def call(self, inputs, mask=None):
        dtype = keras.backend.result_type(inputs.dtype, "float32")
        logits = ops.cast(ops.matmul(inputs, self.kernel)[..., 0], dtype)[:, None]
        if mask is not None:
            logits = ops.where(mask[:, None], logits, -1e30)
        if self.return_sequences:
            steps = ops.arange(ops.shape(inputs)[1])
            logits = ops.where(steps[:, None] >= steps, logits, -1e30)
        # Not `ops.softmax`, which warns of a single step.
        weights = ops.exp(logits - ops.logsumexp(logits, axis=-1, keepdims=True))
        signal = ops.matmul(ops.cast(weights, inputs.dtype), inputs)
        return signal if self.return_sequences else signal[:, 0]
