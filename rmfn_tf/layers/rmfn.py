import inspect

import keras
from keras import ops

from rmfn_tf.layers.rmfn_cell import FUSION_OPTIONS, RMFNCell, check_units, restore_order

CELL_OPTIONS = FUSION_OPTIONS + tuple(
    name
    for name in inspect.signature(RMFNCell.__init__).parameters
    if name not in ("self", "features", "units", "kwargs")
)


@keras.saving.register_keras_serializable(package="rmfn_tf")
class RMFN(keras.layers.Layer):
    """The Recurrent Multistage Fusion Network over a sequence of words.

    Runs an `RMFNCell` over time (arXiv 1808.03920), with the input projections of all words taken
    out of the loop: one matrix product per modality.

    Args:
        units: hidden size `d_m` of each modality, by name; its order is the order of the
            modalities everywhere.
        return_sequences: whether to return every step's output instead of the last.
        return_state: whether to return the last states after the output.
        **kwargs: `num_stages=3`, `fusion_units=128`, `summary_units=128` and the other arguments
            of `MultistageFusion`; `feedback`, `dropout`, `unit_forget_bias` and `seed` of
            `RMFNCell`; arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: dict of modality to `(batch, time, F_m)`, all with the same time.
        mask: `(batch, time)` bool, True for real steps; or a dict of such masks per modality
            (`None` where there is none), which are and-ed. A masked step keeps every state; what
            stands in its inputs never matters.
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
        ValueError: modalities missing or unknown, not of rank 3, no time step, a number of states
            other than 2M+1, or attention asked for with `highlight=False`.

    Example:

    >>> layer = RMFN(units={"language": 8, "acoustic": 4}, num_stages=2, summary_units=6)
    >>> words, voice = keras.ops.ones((2, 5, 10)), keras.ops.ones((2, 5, 3))
    >>> layer({"language": words, "acoustic": voice}).shape
    TensorShape([2, 18])
    """

    def __init__(self, units, return_sequences=False, return_state=False, **kwargs):
        cell_options = {name: kwargs.pop(name) for name in CELL_OPTIONS if name in kwargs}
        super().__init__(**kwargs)
        self.units = check_units("RMFN", units)
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        # A cell of made-up input widths checks every option now; `build` knows the real ones.
        self.cell_config = {
            name: value
            for name, value in self._make_cell(dict.fromkeys(self.units, 1), **cell_options)
            .get_config()
            .items()
            if name in CELL_OPTIONS
        }
        self.supports_masking = True

    def _make_cell(self, features, **options):
        return RMFNCell(
            features=features, units=self.units, name="cell", dtype=self.dtype_policy, **options
        )

    def build(self, inputs_shape):
        self._check_names(inputs_shape)
        self.cell = self._make_cell(
            {m: inputs_shape[m][-1] for m in self.units}, **self.cell_config
        )
        self.cell.build((None, sum(self.cell.features.values())))

    def call(
        self, inputs, mask=None, initial_state=None, training=False, return_attention_scores=False
    ):
        self._check_names(inputs)
        self._check_shapes(inputs)
        if return_attention_scores:
            self.cell.fusion.check_has_attention()
        mask = combine_masks(mask)
        batch_size = ops.shape(next(iter(inputs.values())))[0]
        states = self._first_states(initial_state, batch_size)
        step = ProjectedStep(self.cell, mask is not None, return_attention_scores)
        loop = keras.layers.RNN(
            step,
            return_sequences=self.return_sequences or return_attention_scores,
            return_state=True,
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
        if len(initial_state) != len(self.cell.state_size):
            raise ValueError(
                f"RMFN: `initial_state` must be {len(self.cell.state_size)} tensors (h and c of "
                f"{list(self.units)}, then z); got {len(initial_state)}."
            )
        return list(initial_state)

    def _check_names(self, inputs):
        names = list(inputs) if isinstance(inputs, dict) else type(inputs).__name__
        if not isinstance(inputs, dict) or set(inputs) != set(self.units):
            raise ValueError(
                f"RMFN: inputs must be a dict with exactly the modalities {list(self.units)}; "
                f"got {names}."
            )

    def _check_shapes(self, inputs):
        times = {}
        for m, x in inputs.items():
            if len(x.shape) != 3 or x.shape[1] == 0:
                raise ValueError(
                    f"RMFN: input {m!r} must be (batch, time, features) with at least one time "
                    f"step; got shape {tuple(x.shape)}."
                )
            if x.shape[2] != self.cell.features[m]:
                raise ValueError(
                    f"RMFN: input {m!r} must have {self.cell.features[m]} features, as when the "
                    f"layer was built; got shape {tuple(x.shape)}."
                )
            if x.shape[1] is not None:
                times[m] = x.shape[1]
        if len(set(times.values())) > 1:
            raise ValueError(
                f"RMFN: all modalities must have the same number of time steps; got {times}."
            )

    def compute_mask(self, inputs, previous_mask):
        mask = combine_masks(previous_mask) if self.return_sequences else None
        if self.return_state:
            return [mask] + [None] * (2 * len(self.units) + 1)
        return mask

    def get_config(self):
        return {
            **super().get_config(),
            "units": self.units,
            # JSON with sorted keys would lose the order of `units`.
            "modalities": list(self.units),
            "return_sequences": self.return_sequences,
            "return_state": self.return_state,
            **self.cell_config,
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
