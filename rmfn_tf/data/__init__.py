"""From a built data set, or arrays of your own, to batches for `model.fit`.

    examples = load_examples(builder, "train")  # or Examples.from_arrays({...}, labels)
    scaling = fit_scaling(examples)
    batches, steps_per_epoch = training_batches(examples, batch_size=64, seed=0)

Names load on first use: folds and scaling need NumPy and scikit-learn only, never TensorFlow.
"""

from typing import TYPE_CHECKING

from rmfn_tf.lazy import lazy_names

if TYPE_CHECKING:
    from rmfn_tf.data.buckets import choose_buckets as choose_buckets
    from rmfn_tf.data.examples import Examples as Examples
    from rmfn_tf.data.folds import hold_out as hold_out
    from rmfn_tf.data.folds import make_folds as make_folds
    from rmfn_tf.data.loading import load_examples as load_examples
    from rmfn_tf.data.pipeline import epoch_batches as epoch_batches
    from rmfn_tf.data.pipeline import training_batches as training_batches
    from rmfn_tf.data.scaling import fit_scaling as fit_scaling

_HOMES = {
    "Examples": "rmfn_tf.data.examples",
    "choose_buckets": "rmfn_tf.data.buckets",
    "epoch_batches": "rmfn_tf.data.pipeline",
    "fit_scaling": "rmfn_tf.data.scaling",
    "hold_out": "rmfn_tf.data.folds",
    "load_examples": "rmfn_tf.data.loading",
    "make_folds": "rmfn_tf.data.folds",
    "training_batches": "rmfn_tf.data.pipeline",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _HOMES)
