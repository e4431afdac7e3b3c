"""The TFDS data set `custom`."""
