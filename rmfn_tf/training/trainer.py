"""The training of a run: one model, or one for each fold and one of all the data."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras.src.random import seed_generator  # not public (Keras is pinned below 3.16)

from rmfn_tf.data import Examples, choose_buckets, fit_scaling, hold_out, make_folds
from rmfn_tf.files import replace_file, write_rows
from rmfn_tf.models import create_model
from rmfn_tf.models.without_keras import WITHOUT_KERAS
from rmfn_tf.training.checkpoint import Checkpoint, NonFiniteLoss
from rmfn_tf.training.config import RunConfig
from rmfn_tf.training.fit import fit
from rmfn_tf.training.floors import predictions_without_network
from rmfn_tf.training.predictions import predict, report, write_predictions
from rmfn_tf.training.splits import LearningData

# The entries of a config that `fit` takes under the same names.
_OF_FIT = ("batch_size", "patience", "select_by", "optimizer", "class_weight", "jit", "seed")
# A report, and what `run.json` says of the training itself.
Results = tuple[dict[str, Any], dict[str, Any]]


class RunCallback(keras.callbacks.Callback):
    """A callback of Keras that `Run.train` also tells of each model before it is trained."""

    def on_model(self, model, data, checkpoint, fold, floors):
        """Called before the first epoch of a model, which is not yet compiled.

        `data` is the `LearningData`, `checkpoint` the `Checkpoint`, which after each epoch holds
        the state then. `fold` counts from 1, and is 0 for the model that the run keeps. `floors` is
        the report of the predictions that need no training.
        """


@dataclass(frozen=True)
class Trainer:
    """Makes and fits the models of a run; the callbacks are those of `Run.train`."""

    config: RunConfig
    callbacks: Sequence[keras.callbacks.Callback] = ()

    def fit(
        self,
        data: LearningData,
        folder: Path,
        *,
        epochs: int | None = None,
        fold: int = 0,
        floors: Mapping[str, Any] | None = None,
    ) -> tuple[keras.Model, Checkpoint]:
        """Makes and fits one model, or goes on from the last epoch that lies in `folder`, which is
        for the state of this training alone. Gives the model with the weights of its best epoch,
        and the state after the last one.

        Interrupted at any moment and called again, it ends with the same bits as if nothing had
        happened, given op determinism (`rmfn_tf.start`) and no XLA. It stops after `epochs`, by
        default `config.epochs`, over which the learning rate falls in any case. Errors are as of
        `Checkpoint`; after `NonFiniteLoss`, `model.keras` in `folder` is the best model so far.
        """
        config = self.config
        folder.mkdir(parents=True, exist_ok=True)
        keras.utils.set_random_seed(config.seed)
        checkpoint = Checkpoint(folder)
        model = build_model(config, data)
        for callback in self.callbacks:
            if isinstance(callback, RunCallback):
                callback.on_model(model, data, checkpoint, fold, floors or {})
        try:
            fit(
                model,
                data.train,
                data.validation,
                task=data.task,
                epochs=epochs or config.epochs,
                decay_epochs=config.epochs,
                checkpoint=checkpoint,
                callbacks=self.callbacks,
                verbose=0,
                **{name: getattr(config, name) for name in _OF_FIT},
            )
        except NonFiniteLoss as error:
            text = f"Fold {fold} of {config.folds}: {error}" if fold else str(error)
            if checkpoint.history:
                model = build_model(config, data)
                checkpoint.restore_best(model)
                replace_file(folder / "model.keras", model.save)
                best = int(checkpoint.best_row()["epoch"])
                text += f" The best model so far, of epoch {best}, is kept in {folder}."
            raise NonFiniteLoss(text) from error
        return model, checkpoint

    def train_split(self, data: LearningData, folder: Path) -> Results:
        """Learns from `train` and reports `validation`, or `train` where there is no validation;
        leaves the model and its predictions."""
        task, parts = data.task, {"train": data.train}
        everything = data.train
        if data.validation is not None:
            parts["validation"] = data.validation
            everything = data.train.concatenate(data.validation)
        judged, end = list(parts)[-1], len(data.train.rows.ids)
        values = predictions_without_network(self.config, task, data.train, everything)
        predictions = {"train": {row: each[:end] for row, each in values.items()}}
        if judged == "validation":
            predictions[judged] = {row: each[end:] for row, each in values.items()}
        known, measured = report(judged, task, parts[judged].rows.labels, predictions[judged]), {}
        if self.config.model not in WITHOUT_KERAS:
            model, checkpoint = self.fit(data, folder, floors=known)
            replace_file(folder / "model.keras", model.save)
            for split, part in parts.items():
                predictions[split] = {self.config.model: predict(model, part), **predictions[split]}
            measured = _measured(model, data.train, [checkpoint])
        for split, part in parts.items():
            write_predictions(folder / f"predictions_{split}.csv", part, predictions[split])
        return report(judged, task, parts[judged].rows.labels, predictions[judged]), measured

    def train_folds(self, data: LearningData, folder: Path) -> Results:
        """For each fold of `data.train`, learns from the others and reports what is predicted of
        it, no video being on both sides; then learns from all, for the model that is kept."""
        config, task, pool = self.config, data.task, data.train
        folds = make_folds(pool, config.folds, config.seed)
        name, states, rows = f"{config.folds} folds", [], []
        own = np.zeros((len(pool.rows.ids), task.num_outputs))
        without: dict[str, np.ndarray] = {}
        for inside, outside in folds:
            parts = pool.take(inside), pool.take(outside)
            for row, values in predictions_without_network(config, task, *parts).items():
                here = np.isin(pool.rows.examples, outside)
                without.setdefault(row, np.zeros_like(own))[here] = values
        known = report(name, task, pool.rows.labels, without)
        if config.model in WITHOUT_KERAS:
            write_predictions(folder / "predictions_out_of_fold.csv", pool, without)
            return known, {}
        for number, (inside, outside) in enumerate(folds, 1):
            inner = LearningData(task, pool.take(inside))
            if config.choose_epochs:
                kept, aside = hold_out(pool, inside, seed=config.seed)
                inner = LearningData(task, pool.take(kept), pool.take(aside))
            place = folder / f"fold_{number:02d}"
            model, state = self.fit(inner, place, fold=number, floors=known)
            own[np.isin(pool.rows.examples, outside)] = predict(model, pool.take(outside))
            states.append(state)  # not the models, of which there may be many
            rows += [{"fold": number, **row} for row in state.history]
        epochs, why = config.epochs, "epochs, as every fold"
        if config.choose_epochs:
            chosen = [int(state.best_row()["epoch"]) for state in states]
            epochs = round(float(np.median(chosen)))
            why = f"the median of what the folds chose: {', '.join(map(str, chosen))}"
        model, state = self.fit(data, folder / "final", epochs=epochs, floors=known)
        replace_file(folder / "model.keras", model.save)
        write_rows(folder / "history.csv", rows)
        predictions = {config.model: own, **without}
        write_predictions(folder / "predictions_out_of_fold.csv", pool, predictions)
        measured = _measured(model, pool, [*states, state])
        measured["final_model"] = {"epochs": epochs, "why": why}
        return report(name, task, pool.rows.labels, predictions), measured


def build_model(config: RunConfig, data: LearningData) -> keras.Model:
    """The uncompiled model of a run, scaled by the statistics of its training examples."""
    before, shared = keras.config.dtype_policy(), seed_generator.python_random
    # Layers draw their seeds from Python's random numbers, which other threads may draw from at the
    # same time, as those of a Dask worker do: they get the same numbers for themselves.
    seed_generator.python_random = random.Random(config.seed)
    # Not on the layers alone: `compile` looks at the model's own for the scaling of its loss.
    keras.config.set_dtype_policy(config.precision)
    try:
        return create_model(
            config.model,
            features=data.train.widths,
            task=data.task,
            scaling=fit_scaling(data.train, config.scaling),
            compile=False,
            **config.hyperparameters,
        )
    finally:
        keras.config.set_dtype_policy(before)
        seed_generator.python_random = shared


def count_parameters(variables: Sequence[Any]) -> int:
    """How many numbers some variables of a model hold."""
    return sum(int(np.prod(each.shape)) for each in variables)


def _measured(model: keras.Model, train: Examples, states: Sequence[Checkpoint]) -> dict[str, Any]:
    return {
        "seconds": round(sum(state.seconds for state in states), 1),
        "parameters": count_parameters(model.trainable_variables),
        "padded_to": list(choose_buckets(train.lengths)),  # an export is warmed up for these
    }
