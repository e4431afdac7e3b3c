"""Searches over hyperparameters with KerasTuner."""

from rmfn_tf.tuning.hypermodel import RMFNHyperModel

__all__ = ["RMFNHyperModel"]
