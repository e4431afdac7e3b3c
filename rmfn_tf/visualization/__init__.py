"""Figures."""

from rmfn_tf.visualization.attention import plot_attention

__all__ = ["plot_attention"]
