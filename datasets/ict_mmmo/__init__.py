"""The TFDS data set `ict_mmmo`."""
