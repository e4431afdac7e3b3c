import keras
from keras import ops

# Not public, as `DropoutRNNCell` of `rmfn_cell` (Keras is pinned below 3.16).
from keras.src.backend import get_keras_mask

from rmfn_tf.layers.arguments import options_of
from rmfn_tf.layers.rmfn_cell import RMFNCell, restore_order


@keras.saving.register_keras_serializable(package="rmfn_tf")
class RMFN(keras.layers.Layer):
    """The Recurrent Multistage Fusion Network over a sequence of words.

    Runs an `RMFNCell` over time (arXiv 1808.03920), with the input projections of all words taken
    out of the loop: one matrix product per modality.

    Args:
        units: hidden size `d_m` of each modality, by name; its order is the order of the
            modalities everywhere.
        num_stages: number K of stages in which each word is fused.
        fusion_units: size `f` of what each stage gives.
        summary_units: size of z.
        highlight: `False` hands h itself to every stage: no highlight weights, no attention.
        highlight_memory_mode: first memory of the highlight's LSTM: `"dense"`, made of h, or
            `"zeros"`.
        highlight_input: what that LSTM reads of the stage before: its `"attention"` or the
            `"highlighted"` signal.
        highlight_projection: whether a Dense stands in front of the attention's softmax, without
            which the attention stays nearly flat.
        highlight_scale: `"dim"` multiplies the highlighted signal by the size `d` of h, `"none"`
            does not. (More on these four: `Highlight`.)
        fuse_memory_mode: first memory of the LSTM over stages: a `"trainable"` row or `"zeros"`.
        summarize_layers: number of layers from the stages to z, 2 or 1.
        summarize_dropout: rate in front of the last of them, one mask per sequence.
        feedback: `False` hides z from the gates (an ablation).
        dropout: rate on the inputs, one mask per sequence.
        unit_forget_bias: whether the modalities' forget gates start with a bias of 1.
        seed: random seed of all dropout.
        return_sequences: whether to return every step's output instead of the last.
        return_state: whether to return the last states after the output.
        go_backwards: whether to read the words from the last to the first. As in
            `keras.layers.RNN`, what is returned for every step then stands in that order too.
            (`keras.layers.Bidirectional(RMFN(...))` reads both ways.)
        unroll: whether to unroll the loop over time, which must then be of known length.
        **kwargs: of `keras.layers.Layer`, such as `name` and `dtype`.

    Call arguments:
        inputs: dict of modality to `(batch, time, F_m)`, all with the same time.
        mask: `(batch, time)` bool, True for real steps; or a dict of such masks per modality
            (`None` where there is none), which are and-ed; without it, the masks of the layers
            before. A masked step keeps every state; what stands in its inputs never matters.
        initial_state: `[h_m for every m] + [c_m for every m] + [z]`, each `(batch, size)`;
            zeros without it. With `return_state` this streams a sequence in pieces.
        training: whether dropout is on.
        return_attention_scores: whether to append the attention.

    Output:
        `[h ; z]` of each sequence's last real step, `(batch, Σd_m + summary_units)`; with
        `return_sequences` of every step, `(batch, time, ...)` (at a masked step the carried one).
        Then, with `return_state`, the 2M+1 states in the order of `initial_state`; then, with
        `return_attention_scores`, the attention `(batch, time, num_stages, Σd_m)`, float32, zero
        at masked steps.

    Raises:
        ValueError: modalities missing or unknown, not of rank 3, no time step, a mask of another
            shape, other states than those 2M+1, or attention asked for with `highlight=False`.
        tf.errors.InvalidArgumentError: no time step in a graph whose time axis is open.

    Example:

    >>> layer = RMFN(units={"language": 8, "acoustic": 4}, num_stages=2, summary_units=6)
    >>> words, voice = keras.ops.ones((2, 5, 10)), keras.ops.ones((2, 5, 3))
    >>> layer({"language": words, "acoustic": voice}).shape
    TensorShape([2, 18])
    """

    # Which `keras.layers.Bidirectional` asks for.
    stateful, states = False, None

    def __init__(
        self,
        units,
        num_stages=3,
        fusion_units=128,
        summary_units=128,
        highlight=True,
        highlight_memory_mode="dense",
        highlight_input="attention",
        highlight_projection=False,
        highlight_scale="dim",
        fuse_memory_mode="trainable",
        summarize_layers=2,
        summarize_dropout=0.0,
        feedback=True,
        dropout=0.0,
        unit_forget_bias=True,
        seed=None,
        return_sequences=False,
        return_state=False,
        go_backwards=False,
        unroll=False,
        **kwargs,
    ):
        given = locals()
        super().__init__(**kwargs)
        options = {name: given[name] for name in options_of(RMFNCell)}
        self.cell = RMFNCell(None, units, **options, name="cell", dtype=self.dtype_policy)
        self.units = self.cell.units
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.unroll = bool(unroll)
        self.supports_masking = True

    def build(self, inputs_shape):
        self._check_names(inputs_shape)
        self.cell.set_features({m: inputs_shape[m][-1] for m in self.units})
        self.cell.build((None, sum(self.cell.features.values())))

    def call(
        self, inputs, mask=None, initial_state=None, training=False, return_attention_scores=False
    ):
        self._check_names(inputs)
        self._check_shapes(inputs)
        if mask is None:
            # Keras hands masks of layers before over only where no other tensors are given.
            mask = {m: get_keras_mask(x) for m, x in inputs.items()}
        self._check_mask(mask, inputs)
        mask = combine_masks(mask)
        one = next(iter(inputs.values()))
        states = self._first_states(initial_state, ops.shape(one)[0])
        if one.shape[0] == 0:
            # Keras' `ops.add` takes an empty batch for a bias: give it a row, and cut it off.
            row = {m: ops.pad(x, ((0, 1), (0, 0), (0, 0))) for m, x in inputs.items()}
            results = self.call(row, None, None, training, return_attention_scores)
            return keras.tree.map_structure(lambda each: each[:0], results)
        step = ProjectedStep(self.cell, mask is not None, return_attention_scores)
        loop = keras.layers.RNN(
            step,
            return_sequences=self.return_sequences or return_attention_scores,
            return_state=True,
            go_backwards=self.go_backwards,
            unroll=self.unroll,
            dtype=step.emitted_dtype,
        )
        try:
            sequence = self._project(inputs, mask, training)
            emitted, *states = loop(sequence, initial_state=states, training=training)
        finally:
            # Whatever happened, the next sequence draws masks of its own.
            self.cell.reset_dropout_mask()
        states = [ops.cast(state, self.compute_dtype) for state in states]
        # Made of the states: with attention the loop emits more than the output.
        output = self.cell.output_of(states)
        if self.return_sequences:
            output = ops.cast(emitted[..., : self.cell.output_size], self.compute_dtype)
        results = [output, *(states if self.return_state else [])]
        if return_attention_scores:
            scores = ops.cast(emitted[..., self.cell.output_size :], "float32")
            shape = (*ops.shape(scores)[:2], self.cell.fusion.num_stages, sum(self.units.values()))
            results.append(ops.reshape(scores, shape))
        return results[0] if len(results) == 1 else tuple(results)

    def _project(self, inputs, mask, training):
        """All projections side by side, `(batch, time, Σ4d_m)`, and the mask as a last column."""
        inputs = {m: inputs[m] for m in self.units}
        if mask is not None:
            # In front of everything, so that padding reaches neither outputs nor gradients.
            inputs = {m: ops.where(mask[..., None], x, 0) for m, x in inputs.items()}
        if training:
            self.cell.get_dropout_mask(ops.concatenate([x[:, 0] for x in inputs.values()], axis=-1))
        columns = []
        for m, cell in self.cell.lsthm.items():
            x = inputs[m]
            if training and cell.dropout:
                x = x * cell.get_dropout_mask(x[:, 0])[:, None]
            columns.append(cell.project(x))
        if mask is not None:
            columns.append(ops.cast(mask, self.compute_dtype)[..., None])
        return ops.concatenate(columns, axis=-1)

    def _first_states(self, initial_state, batch_size):
        if initial_state is None:
            return self.cell.get_initial_state(batch_size)
        sizes = self.cell.state_size
        found = [tuple(getattr(state, "shape", ())) for state in initial_state]
        if [shape[1:] for shape in found] != [(size,) for size in sizes]:
            raise ValueError(
                f"RMFN: `initial_state` must be {len(sizes)} tensors (batch, size), h and c of "
                f"{list(self.units)}, then z, of sizes {sizes}; got {len(found)} of shapes {found}."
            )
        return list(initial_state)

    def _check_names(self, inputs):
        """`inputs` as tensors or as shapes."""
        if not isinstance(inputs, dict) or set(inputs) != set(self.units):
            raise ValueError(
                f"RMFN: inputs must be a dict with exactly the modalities {list(self.units)}; got "
                f"{list(inputs) if isinstance(inputs, dict) else 'no dict'}."
            )

    def _check_shapes(self, inputs):
        for m, x in inputs.items():
            if hasattr(x, "row_splits"):
                raise ValueError(
                    f"RMFN: input {m!r} is a RaggedTensor; pass `x.to_tensor()`, and as `mask` "
                    "`tf.sequence_mask(x.row_lengths())`."
                )
            width = self.cell.features[m]
            if len(x.shape) != 3 or x.shape[1] == 0 or x.shape[2] != width:
                raise ValueError(
                    f"RMFN: input {m!r} must be (batch, time, {width}) with at least one time "
                    f"step; got shape {tuple(x.shape)}."
                )
        times = {m: x.shape[1] for m, x in inputs.items()}
        known = set(times.values()) - {None}
        if len(known) > 1:
            raise ValueError(
                f"RMFN: all modalities must have the same number of time steps; got {times}."
            )
        if not known:
            _refuse_no_steps(x)

    def _check_mask(self, mask, inputs):
        masks = mask if isinstance(mask, dict) else dict.fromkeys(inputs, mask)
        if not set(masks) <= set(inputs):
            raise ValueError(
                f"RMFN: a dict as `mask` must name modalities of {list(self.units)}; got "
                f"{list(masks)}."
            )
        for m, each in masks.items():
            wanted, found = tuple(inputs[m].shape[:2]), tuple(getattr(each, "shape", ()))
            fits = len(found) == 2 and all(
                a is None or b is None or a == b for a, b in zip(wanted, found, strict=True)
            )
            if each is not None and not fits:
                raise ValueError(
                    f"RMFN: `mask` must be an array or tensor of shape (batch, time), here "
                    f"{wanted}, or a dict of such by modality; got "
                    f"{f'shape {found}' if found else type(each).__name__}."
                )

    def compute_output_shape(self, inputs_shape):
        """Without attention, for `keras.layers.Bidirectional`."""
        batch, time, _ = inputs_shape[next(iter(self.units))]
        steps = (time,) if self.return_sequences else ()
        output = (batch, *steps, self.cell.output_size)
        states = [(batch, size) for size in self.cell.state_size]
        return (output, *states) if self.return_state else output

    def compute_output_spec(self, *args, **kwargs):
        # Traced, as without `compute_output_shape`, which does not know of attention.
        return keras.Operation.compute_output_spec(self, *args, **kwargs)

    def compute_mask(self, inputs, previous_mask):
        mask = combine_masks(previous_mask) if self.return_sequences else None
        if mask is not None and self.go_backwards:
            mask = ops.flip(mask, axis=1)
        if self.return_state:
            return [mask] + [None] * (2 * len(self.units) + 1)
        return mask

    def get_config(self):
        cell = self.cell.get_config()
        del cell["features"]
        return {
            **cell,
            **super().get_config(),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            "go_backwards": self.go_backwards,
            "unroll": self.unroll,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**restore_order(config))


class ProjectedStep(keras.layers.Layer):
    """An `RMFNCell` on projected inputs, in the form `keras.layers.RNN` takes: flat tensors only.

    Input: the projections of all modalities side by side, then, where `masked`, a column that is
    1 for a real step. Output: `[h ; z]`, then, where `with_attention`, the K·d attention weights in
    at least float32. It owns no weights and lives for one call.
    """

    def __init__(self, cell, masked, with_attention):
        super().__init__(dtype=cell.dtype_policy)
        self.cell = cell
        self.masked = masked
        self.with_attention = with_attention
        self.state_size = cell.state_size
        self.output_size = cell.output_size
        self.emitted_dtype = cell.compute_dtype
        if with_attention:
            self.output_size += cell.fusion.num_stages * sum(cell.units.values())
            self.emitted_dtype = keras.backend.result_type(cell.compute_dtype, "float32")

    def call(self, inputs, states, training=False):
        projections, start = {}, 0
        for m, units in self.cell.units.items():
            projections[m] = inputs[:, start : start + 4 * units]
            start += 4 * units
        new_states, attention = self.cell.step(
            projections, states, training, return_attention_scores=self.with_attention
        )
        if self.masked:
            real = inputs[:, start:] > 0.5
            new_states = [ops.where(real, n, o) for n, o in zip(new_states, states, strict=True)]
        output = self.cell.output_of(new_states)
        if self.with_attention:
            if self.masked:
                attention = ops.where(real[..., None], attention, 0)
            flat = ops.reshape(attention, (-1, self.output_size - self.cell.output_size))
            output = ops.concatenate(
                [ops.cast(output, self.emitted_dtype), ops.cast(flat, self.emitted_dtype)], axis=-1
            )
        return output, new_states


def combine_masks(mask):
    """The and of one mask or a dict of masks, `(batch, time)` bool; None where there is none."""
    combined = None
    for each in keras.tree.flatten(mask):
        if each is not None:
            each = ops.cast(each, "bool")
            combined = each if combined is None else ops.logical_and(combined, each)
    return combined


def _refuse_no_steps(x):
    """An error where `(batch, time, features)` turns out to have no time step.

    In a graph of TensorFlow with an open time axis; everywhere else the shape has told.
    """
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.debugging.assert_positive(
            tf.shape(x)[1], "RMFN: inputs must have at least one time step"
        )
