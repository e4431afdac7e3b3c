"""Stopping where the numbers end."""

import keras
import numpy as np


class NonFiniteLoss(ValueError):
    """The loss became NaN or infinite."""


class NanGuard(keras.callbacks.Callback):
    """Ends `model.fit` with one clear error, before any other callback of the epoch is called.

    Put it first in the list of callbacks: what they keep is then that of the last good epoch. The
    error names the epoch, the batch, and the norm of all trainable parameters where the epoch
    began: after the step that failed it is no number either.

    Raises:
        NonFiniteLoss: the training loss after a batch, or the validation loss after an epoch, is
            NaN or infinite.
    """

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch + 1
        squares = [np.square(np.float64(each)).sum() for each in self.model.trainable_variables]
        self.norm = float(np.sqrt(np.sum(squares)))

    def on_train_batch_end(self, batch, logs=None):
        self._check("training", (logs or {}).get("loss", 0.0), f"at batch {batch + 1}")

    def on_epoch_end(self, epoch, logs=None):
        # The training loss is taken before the step, so the last step shows only here.
        self._check("validation", (logs or {}).get("val_loss", 0.0), "after the last batch")
        if not all(np.isfinite(np.sum(each)) for each in self.model.trainable_variables):
            self._check("training", float("nan"), "after the last batch")

    def _check(self, which: str, loss: float, when: str) -> None:
        if not np.isfinite(loss):
            raise NonFiniteLoss(
                f"The {which} loss became {loss} in epoch {self.epoch}, {when}; the parameters had "
                f"the norm {self.norm:.4g} when the epoch began. Lower the learning rate, or look "
                "for extreme values in the data."
            )
