"""Mistakes are named."""

import numpy as np
import pytest

from rmfn_tf.datasets.alignment.align import Frames, Words, align_video

ONE = np.array([[0.0, 1.0]])
NAN = np.array([[0.0, 1.0], [1.0, np.nan]])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Words([0.0, 1.0]), r"intervals of the words .*\(n, 2\).*\(2,\)"),
        (lambda: Words([[0.0, 1.0, 2.0]]), r"\(1, 3\)"),
        (lambda: Words(NAN), r"intervals of the words .*finite .*shape \(2, 2\): .*1.0, nan"),
        (lambda: Words(ONE, ["a", "b"]), r"1 strings.*shape \(2,\)"),
        (lambda: Frames(np.zeros((2, 3)), ONE), r"features.*\(1, F\).*\(2, 3\)"),
        (lambda: Frames(np.array([["a"]]), ONE), "numbers"),
        (lambda: Frames(np.zeros((2, 3)), NAN), "intervals of the frames must be finite"),
        (lambda: align_video(Words(ONE), {}, ONE, mode="sdk"), "unknown mode 'sdk'"),
        (lambda: align_video(Words(ONE), {}, ONE, pauses="no"), "unknown pauses 'no'"),
        (lambda: align_video(Words(ONE), {}, ONE, pauses="drop"), "no texts"),
        (lambda: align_video(Words(ONE), {}, NAN), "intervals of the segments must be finite"),
    ],
)
def test_what_was_received_and_how_to_mend_it(call, message):
    with pytest.raises(ValueError, match=message):
        call()
