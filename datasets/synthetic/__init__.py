"""Data made from a seed: the TFDS data set `synthetic`."""
