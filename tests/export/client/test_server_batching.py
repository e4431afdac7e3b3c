"""A server that joins requests pads them with their first element, and further than we did."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rmfn_tf.export.client import Client
from support.serving_twin import ServingTwin

LENGTHS = (2, 9, 5)


@pytest.mark.parametrize("method", ["predict", "explain"])
def test_answers_are_those_of_lone_requests(served, random_sequences, alone, method):
    sequences = [random_sequences((length,), seed=length) for length in LENGTHS]

    with (
        ServingTwin(served, together=len(LENGTHS)) as twin,
        Client.connect(twin.url) as client,
        ThreadPoolExecutor(len(LENGTHS)) as threads,
    ):
        answers = list(threads.map(getattr(client, method), sequences))

    for answer, each in zip(answers, sequences, strict=True):
        (expected,) = alone(each)
        prediction = answer if method == "predict" else answer.predictions
        np.testing.assert_allclose(prediction[0], expected["prediction"], rtol=0, atol=1e-6)
        if method == "explain":
            parts = [answer.attention[name][0] for name in ("language", "acoustic", "visual")]
            np.testing.assert_allclose(
                np.concatenate(parts, axis=-1), expected["attention"], rtol=0, atol=1e-6
            )
