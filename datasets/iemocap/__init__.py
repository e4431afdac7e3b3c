"""The TFDS data set `iemocap`."""
