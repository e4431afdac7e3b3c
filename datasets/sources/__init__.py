"""Readers of the files that users hold. NumPy and h5py only: never TensorFlow."""
