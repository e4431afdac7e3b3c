"""Writes examples.npz: 30 made-up segments of 15 recordings, whose sentiment can be learnt."""

from pathlib import Path

import numpy as np

rng = np.random.default_rng(0)
vocabulary = np.array(["the", "film", "was", "great", "dull"])
meaning = np.array([0.0, 0.0, 0.0, 2.0, -2.0])
word_vectors = rng.normal(size=(5, 4))

video = np.repeat(np.arange(15), 2)  # two segments each
segment = np.tile([0, 1], 15)
num_steps = rng.integers(4, 9, 30)  # words of each segment: N = 30 of them
segment_of_step = np.repeat(np.arange(30), num_steps)  # S = num_steps.sum() words in all
spoken = rng.integers(0, 5, len(segment_of_step))
starts = 0.4 * np.arange(len(spoken))  # seconds; any clock will do

visual = rng.normal(size=(len(spoken), 2))  # a smile, and something that means nothing
visual[rng.random(len(spoken)) < 0.1] = 0.0  # a row of zeros: no face in the picture
says = np.bincount(segment_of_step, meaning[spoken] + visual[:, 0]) / num_steps

np.savez(
    Path(__file__).with_name("examples.npz"),
    id=[f"video{v}_{s}" for v, s in zip(video, segment, strict=True)],
    video=[f"video{v}" for v in video],
    split=np.repeat(["train", "validation", "test"], [18, 6, 6]),
    label=says.clip(-3, 3),
    num_steps=num_steps,
    language=word_vectors[spoken],
    acoustic=rng.normal(size=(len(spoken), 3)),
    visual=visual,
    words=vocabulary[spoken],
    intervals=np.stack([starts, starts + 0.4], axis=1),
)
