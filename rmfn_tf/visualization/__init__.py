"""Figures."""

from rmfn_tf.visualization.attention import plot_attention
from rmfn_tf.visualization.comparison import plot_comparison

__all__ = ["plot_attention", "plot_comparison"]
