from collections.abc import Mapping
from typing import Any

import keras
import keras_tuner

from rmfn_tf.models import create_model


class RMFNHyperModel(keras_tuner.HyperModel):
    """RMFN as KerasTuner takes it: how many stages, how large, how regularised, how fast.

        tuner = keras_tuner.RandomSearch(
            RMFNHyperModel(features={"language": 300, "acoustic": 74}), objective="val_loss"
        )
        tuner.search(train, validation_data=validation, epochs=20, shuffle=False)

    Searched: `num_stages` 1-6, `language_units` (or another modality's) 32-256 for language and
    8-80 for others, `fusion_units` and `summary_units` 32-128, `dropout`, `head_dropout`,
    `learning_rate` 5e-4 to 1e-2.

    Args:
        features: width of each modality, by name.
        task, num_outputs, scaling: as in `create_model`.
        **fixed: hyperparameters of the model that are not to be searched.
    """

    def __init__(
        self,
        features: Mapping[str, int],
        task: str = "regression",
        num_outputs: int = 1,
        scaling: Mapping[str, Mapping[str, Any]] | None = None,
        **fixed: Any,
    ):
        super().__init__(name="rmfn")
        self.features = dict(features)
        self.task = task
        self.num_outputs = num_outputs
        self.scaling = scaling
        self.fixed = fixed

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """The compiled model of one trial."""
        searched = {
            "num_stages": lambda: hp.Int("num_stages", 1, 6, default=3),
            "units": lambda: {m: self._units(hp, m) for m in self.features},
            "fusion_units": lambda: hp.Choice("fusion_units", [32, 64, 128], default=64),
            "summary_units": lambda: hp.Choice("summary_units", [32, 64, 128], default=64),
            "dropout": lambda: hp.Float("dropout", 0.0, 0.5, step=0.1),
            "head_dropout": lambda: hp.Float("head_dropout", 0.0, 0.7, step=0.1),
        }
        # A fixed one is not even registered: KerasTuner would count it as searched.
        chosen = {name: draw() for name, draw in searched.items() if name not in self.fixed}
        model = create_model(
            "rmfn",
            features=self.features,
            task=self.task,
            num_outputs=self.num_outputs,
            scaling=self.scaling,
            **chosen,
            **self.fixed,
        )
        model.optimizer.learning_rate = hp.Float(
            "learning_rate", 5e-4, 1e-2, sampling="log", default=1e-3
        )
        return model

    def _units(self, hp: keras_tuner.HyperParameters, modality: str) -> int:
        sizes = [32, 64, 128, 256] if modality == "language" else [8, 16, 32, 48, 80]
        return hp.Choice(f"{modality}_units", sizes, default=32)
