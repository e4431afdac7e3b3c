"""The readable words and times of made-up examples."""

import numpy as np

from rmfn_tf.datasets.synthetic.sarcasm import FILLER, draw_stories, spoken_intervals, spoken_words


def test_the_sentiment_word_stands_at_its_place():
    stories = draw_stories(100, np.random.default_rng(0))
    sentences = spoken_words(stories, np.random.default_rng(0))
    assert [len(sentence) for sentence in sentences] == stories.lengths.tolist()
    for sentence, place, code in zip(
        sentences, stories.sentiment_at, stories.sentiment, strict=True
    ):
        assert sentence[place] == ("great" if code > 0 else "awful")
        assert set(sentence[:place] + sentence[place + 1 :]) <= set(FILLER)


def test_words_follow_each_other():
    intervals = spoken_intervals(9)
    assert intervals.shape == (9, 2)
    assert intervals[0, 0] == 0
    assert (intervals[:, 1] > intervals[:, 0]).all()
    np.testing.assert_array_equal(intervals[1:, 0], intervals[:-1, 1])
