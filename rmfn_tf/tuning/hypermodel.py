import inspect
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import keras
import keras_tuner
import tensorflow as tf

from rmfn_tf.models import create_model
from rmfn_tf.models.registry import check_options
from rmfn_tf.tuning.spaces import check_tune, draw_settings

# What Keras takes as it comes, batch by batch.
_BATCHED = (tf.data.Dataset, keras.utils.PyDataset, Iterator)


class RMFNHyperModel(keras_tuner.HyperModel):
    """RMFN, or another registered model, as KerasTuner takes it.

        tuner = keras_tuner.RandomSearch(
            RMFNHyperModel(features={"language": 300, "acoustic": 74}), objective="val_loss"
        )
        tuner.search(train, validation_data=validation, epochs=20, shuffle=False)

    What can be searched, and over what range, stands in `rmfn_tf.tuning.spaces`.

    Args:
        features: width of each modality, by name.
        model: a registered model (`rmfn_tf.models.list_models`).
        task, num_outputs, scaling: as in `create_model`.
        tune: names of the parameters to search; `"units"` are those of all modalities. None: all
            but `"batch_size"` and those in `fixed`.
        **fixed: hyperparameters of the model. One that is also named in `tune` is searched.

    Where `"batch_size"` is searched, give `Tuner.search` arrays, or as `x` and `validation_data`
    functions of the batch size that return a `tf.data.Dataset`.

    Raises:
        ValueError: an unknown model, or an unknown name in `tune` or `fixed`.
    """

    def __init__(
        self,
        features: Mapping[str, int],
        model: str = "rmfn",
        task: str = "regression",
        num_outputs: int = 1,
        scaling: Mapping[str, Mapping[str, Any]] | None = None,
        tune: Collection[str] | None = None,
        **fixed: Any,
    ):
        check_options(model, fixed)
        self.features = dict(features)
        self.model = model
        self.task = task
        self.num_outputs = num_outputs
        self.scaling = scaling
        self.fixed = fixed
        self.searched = self._searched(tune)
        super().__init__(name=model)

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """The compiled model of one trial."""
        drawn = self._draw(hp)
        model = create_model(
            self.model,
            features=self.features,
            task=self.task,
            num_outputs=self.num_outputs,
            scaling=self.scaling,
            **{**self.fixed, **drawn["hyperparameters"]},
        )
        if "learning_rate" in drawn:
            model.optimizer.learning_rate = drawn["learning_rate"]
        return model

    def fit(
        self, hp: keras_tuner.HyperParameters, model: keras.Model, *args: Any, **kwargs: Any
    ) -> keras.callbacks.History:
        """Trains the model of one trial, with its batch size where that is searched.

        Args:
            hp, model: of the trial.
            *args, **kwargs: of `keras.Model.fit`.

        Raises:
            keras_tuner.errors.FatalValueError: data that are batched already although the batch
                size is searched, or a function although it is not. It ends the search.
        """
        given = inspect.signature(model.fit).bind(*args, **kwargs).arguments
        if "batch_size" in self.searched:
            _use_batch_size(given, self._draw(hp)["batch_size"])
        for name in ("x", "validation_data"):
            if callable(given.get(name)):
                raise keras_tuner.errors.FatalValueError(
                    f"`{name}` is a function of the batch size, which is not searched: name "
                    "'batch_size' in `tune`, or give the data themselves."
                )
        return model.fit(**given)

    def _searched(self, tune: Collection[str] | None) -> tuple[str, ...]:
        names = check_tune(self.model, list(self.features), tune)
        if tune is not None:
            return names
        left_out = {"batch_size", *self.fixed}
        if isinstance(self.fixed.get("units"), Mapping):
            left_out |= {f"{modality}_units" for modality in self.features}
        return tuple(name for name in names if name not in left_out)

    def _draw(self, hp: keras_tuner.HyperParameters) -> dict[str, Any]:
        return draw_settings(hp, self.model, list(self.features), self.searched, self.fixed)


def _use_batch_size(given: dict[str, Any], batch_size: int) -> None:
    """Puts a batch size into the arguments of `keras.Model.fit`."""
    if "batch_size" in given:
        raise keras_tuner.errors.FatalValueError(
            f"`batch_size` is searched, and {given['batch_size']!r} was given: leave one of them "
            "out."
        )
    if isinstance(given.get("x"), _BATCHED):
        raise keras_tuner.errors.FatalValueError(
            "`x` is batched already, so its batch size cannot be searched: leave 'batch_size' out "
            "of `tune`, or give a function that makes a tf.data.Dataset of a batch size."
        )
    for name in ("x", "validation_data"):
        if callable(given.get(name)):
            given[name] = given[name](batch_size)
    given["batch_size"] = batch_size
