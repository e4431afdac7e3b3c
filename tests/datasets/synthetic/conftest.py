"""Simulated stories, and features of some."""

import numpy as np
import pytest

from rmfn_tf.datasets.synthetic import sarcasm


@pytest.fixture(scope="package")
def stories():
    return sarcasm.draw_stories(100_000, np.random.default_rng(7))


@pytest.fixture(scope="package")
def rendered():
    """Features of 3000 stories, with the rotations undone."""
    rng = np.random.default_rng(8)
    rotations = sarcasm.draw_rotations(rng)
    stories = sarcasm.draw_stories(3000, rng)
    features = sarcasm.render(stories, rotations, rng)
    return stories, {name: x @ rotations[name].T for name, x in features.items()}, features
