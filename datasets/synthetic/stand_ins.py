"""Readable words for made-up examples, so that figures of attention have labels."""

import numpy as np

from rmfn_tf.datasets.synthetic.sarcasm import Stories

SENTIMENT = {1: "great", -1: "awful"}
FILLER = ("so", "well", "the", "film", "was", "and", "then", "they", "just", "you", "know", "it")
SECONDS_PER_WORD = 0.4


def spoken_words(stories: Stories, rng: np.random.Generator) -> list[list[str]]:
    """N lists of L words: "great" or "awful" at p by the sign of l, filler elsewhere."""
    words = []
    for length, place, code in zip(
        stories.lengths, stories.sentiment_at, stories.sentiment, strict=True
    ):
        sentence = [str(word) for word in rng.choice(FILLER, length)]
        sentence[place] = SENTIMENT[int(code)]
        words.append(sentence)
    return words


def spoken_intervals(length: int) -> np.ndarray:
    """`(length, 2)` seconds: words of equal duration, one after the other."""
    edges = SECONDS_PER_WORD * np.arange(length + 1)
    return np.stack([edges[:-1], edges[1:]], axis=1)
