"""Pickled data sets, read without running anything that they hold."""
