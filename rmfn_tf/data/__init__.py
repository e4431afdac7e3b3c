"""From a built data set to batches for `model.fit`.

    examples = load_examples(builder, "train")
    scaling = fit_scaling(examples)
    batches, steps_per_epoch = training_batches(examples, batch_size=64, seed=0)

Names load on first use: folds and scaling need NumPy and scikit-learn only, never TensorFlow.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rmfn_tf.data.buckets import choose_buckets
    from rmfn_tf.data.examples import Examples
    from rmfn_tf.data.folds import hold_out, make_folds
    from rmfn_tf.data.loading import load_examples
    from rmfn_tf.data.pipeline import epoch_batches, training_batches
    from rmfn_tf.data.scaling import fit_scaling

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

__all__ = [
    "Examples",
    "choose_buckets",
    "epoch_batches",
    "fit_scaling",
    "hold_out",
    "load_examples",
    "make_folds",
    "training_batches",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
