"""`Examples` with random contents, for tests that need some."""

import numpy as np

from rmfn_tf.data import Examples

WIDTHS = {"language": 5, "acoustic": 3, "visual": 2}


def make_examples(
    lengths, *, videos=None, kind="regression", seed=0, widths=None, per_step=False
) -> Examples:
    """One example a length; feature values are never 0, so padding and rows can be told apart.

    `videos` is the video of each example (its own by default), `kind` the task. With `per_step`
    each step has a label, but for the second of every example of three steps and more.
    """
    random = np.random.default_rng(seed)
    count = sum(lengths) if per_step else len(lengths)
    widths = widths or WIDTHS
    labels = {
        "regression": random.normal(size=(count, 1)).astype("float32"),
        "multilabel": random.integers(0, 2, (count, 4)).astype("float32"),
        "classification": random.integers(0, 2, count),
    }[kind]
    if per_step:
        labels = np.split(labels, np.cumsum(lengths)[:-1])
        for each in labels:
            if len(each) > 2:
                each[1] = -1 if kind == "classification" else np.nan
    count = len(lengths)
    return Examples(
        ids=[f"example-{row}" for row in range(count)],
        features={
            name: [random.uniform(0.1, 1, (length, width)).astype("float32") for length in lengths]
            for name, width in widths.items()
        },
        labels=labels,
        present={name: np.ones(count, bool) for name in widths},
        groups=np.array([f"video-{video}" for video in (videos or range(count))]),
        words=[[f"word-{step}" for step in range(length)] for length in lengths],
        extra={"kind": np.array([f"kind-{row % 3}" for row in range(count)])},
    )
