"""The TFDS data set `cmu_mosi`."""
