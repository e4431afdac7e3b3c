"""The TFDS data set `pom`."""
