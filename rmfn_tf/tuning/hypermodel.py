from collections.abc import Collection, Iterator, Mapping
from typing import Any

import keras
import keras_tuner
import tensorflow as tf

from rmfn_tf.data import Examples
from rmfn_tf.models import create_model
from rmfn_tf.models.create import check_options
from rmfn_tf.task import Task
from rmfn_tf.training.fit import fit
from rmfn_tf.tuning.spaces import SearchSpace

# The name that a metric has here → other names under which people ask for it.
_OTHER_NAMES = {
    "mae": ("mean_absolute_error",),
    "accuracy": ("acc", "sparse_categorical_accuracy"),
    "binary_accuracy": ("acc", "accuracy"),
}


class RMFNHyperModel(keras_tuner.HyperModel):
    """RMFN, or another registered model, for KerasTuner's tuners.

        tuner = keras_tuner.RandomSearch(
            RMFNHyperModel(train.widths, scaling=fit_scaling(train)), objective="val_loss"
        )
        tuner.search(train, validation_data=validation, epochs=20)

    Given `Examples`, each trial is trained by `rmfn_tf.fit`, as `rmfn train` does. Given other data
    that `keras.Model.fit` takes, it is trained by that, at a constant learning rate. The parameters
    and their ranges are in `rmfn_tf.tuning.spaces`.

    Args:
        features, model, task, num_outputs, scaling: as in `create_model`.
        tune: names of the parameters to search; `"units"` stands for those of all modalities. None:
            all but `"batch_size"` and those in `fixed`. Where `"batch_size"` is searched, give
            `Tuner.search` examples or arrays.
        **fixed: hyperparameters of the model. One that is also named in `tune` is searched.

    Raises:
        ValueError: an unknown model, or an unknown name in `tune` or `fixed`.
    """

    def __init__(
        self,
        features: Mapping[str, int],
        model: str = "rmfn",
        task: str | Task = "regression",
        num_outputs: int = 1,
        scaling: Mapping[str, Mapping[str, Any]] | None = None,
        tune: Collection[str] | None = None,
        **fixed: Any,
    ):
        check_options(model, fixed)
        self.features, self.model, self.scaling = dict(features), model, scaling
        self.task, self.fixed = Task.of(task, num_outputs), fixed
        if tune is None:
            given = {"batch_size", *fixed}
            if isinstance(fixed.get("units"), Mapping):
                given |= {f"{modality}_units" for modality in features}
            tune = [name for name in SearchSpace(model, features).names if name not in given]
        self.space = SearchSpace(model, self.features, tune, fixed)
        super().__init__(name=model)

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """The compiled model of one trial."""
        drawn = self.space.draw(hp)
        model = create_model(
            self.model,
            features=self.features,
            task=self.task,
            scaling=self.scaling,
            **{**self.fixed, **drawn["hyperparameters"]},
        )
        if drawn["optimizer"]:
            model.optimizer.learning_rate = drawn["optimizer"]["learning_rate"]
        return model

    def fit(
        self, hp: keras_tuner.HyperParameters, model: keras.Model, x: Any, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        """Trains the model of one trial, with its learning rate and batch size.

        The other arguments are those of `keras.Model.fit`; where `x` is `Examples`, those of
        `rmfn_tf.fit`, with `validation_data` in place of its `validation`. A `FatalValueError` of
        KerasTuner ends the search where `x` comes in batches although their size is searched.
        """
        drawn = self.space.draw(hp)
        # First, so that KerasTuner's own and the history have the names too.
        kwargs["callbacks"] = [_OtherNames(), *(kwargs.get("callbacks") or ())]
        if "batch_size" in drawn:
            is_batched = isinstance(x, tf.data.Dataset | keras.utils.PyDataset | Iterator)
            if "batch_size" in kwargs or is_batched:
                raise keras_tuner.errors.FatalValueError(
                    "The batch size is searched, so `x` must be Examples or arrays, not batches, "
                    "and no `batch_size` may be given. Or leave 'batch_size' out of `tune`."
                )
            kwargs["batch_size"] = drawn["batch_size"]
        if not isinstance(x, Examples):
            return model.fit(x, *args, **kwargs)
        kwargs["optimizer"] = {**(kwargs.get("optimizer") or {}), **drawn["optimizer"]}
        # A round of KerasTuner's Hyperband: the model has the weights of the round before.
        if initial := kwargs.pop("initial_epoch", 0):
            kwargs["epochs"] -= initial
        validation = kwargs.pop("validation_data", None)
        return fit(model, x, validation, task=self.task, **kwargs)


class _OtherNames(keras.callbacks.Callback):
    """Adds the metrics of an epoch under the other names that they have."""

    def on_epoch_end(self, epoch, logs=None):
        for key, value in list(logs.items()):
            split = "val_" if key.startswith("val_") else ""
            for other in _OTHER_NAMES.get(key.removeprefix("val_"), ()):
                logs[split + other] = value
