"""The alignment rules of the CMU-MultimodalSDK, transcribed: one comparison after the other.

Nothing here is fast. It follows `mmdataset.align`, its `__intersect_and_copy`, `__collapse` and
`__get_relevant_entries`, and `impute`, for one video and with times as float64.

An item is `(start, end, features)`; a sequence is a list of items.
"""

import numpy as np

EPSILON = 1e-5


def transcribe(words, own, frames, segments):
    """Both passes over one video.

    Args:
        words: list of (start, end).
        own: modality -> one vector a word (the reference of the first pass is a sequence itself).
        frames: modality -> sequence.
        segments: list of (start, end).

    Returns:
        modality -> {word: item} and modality -> {segment: sequence}, without what is skipped and,
        for segments, without those that no item reaches into.
    """
    aligned = align_frames(words, own, frames)
    fill_with_zeros(words, frames, aligned)
    # `{VIDEO[i]: item}` becomes one sequence again, in the order in which its items were put there.
    sequences = {name: list(items.values()) for name, items in aligned.items()}
    return aligned, group_words(segments, sequences)


def align_frames(words, own, frames):
    aligned = {name: {} for name in (*own, *frames)}
    for i, (start, end) in enumerate(words):
        if abs(start - end) < EPSILON:
            continue
        for name, vectors in own.items():
            aligned[name][i] = collapse([(start, end, vectors[i])])
        for name, sequence in frames.items():
            inside = intersect((start, end), sort_by_start(sequence))
            if inside:
                aligned[name][i] = collapse(inside)
    return aligned


def fill_with_zeros(words, frames, aligned):
    for i, (start, end) in enumerate(words):
        if abs(start - end) < EPSILON:
            continue
        for name, sequence in frames.items():
            if i not in aligned[name]:
                # The times of the reference as they are after the first pass.
                times = min(start, end), max(start, end)
                aligned[name][i] = (*times, np.zeros(len(sequence[0][2])))


def group_words(segments, sequences):
    grouped = {name: {} for name in sequences}
    for j, (start, end) in enumerate(segments):
        if abs(start - end) < EPSILON:
            continue
        for name, sequence in sequences.items():
            inside = intersect((start, end), sort_by_start(sequence))
            if inside:
                grouped[name][j] = inside
    return grouped


def sort_by_start(sequence):
    return sorted(sequence, key=lambda item: item[0])


def intersect(reference, sequence):
    """The items that meet the reference, cut to it."""
    reference_start, reference_end = reference
    inside = []
    for start, end, features in sequence:
        # The SDK writes (-start) - (-reference_end) > -ε.
        if reference_end - start > -EPSILON and end - reference_start > -EPSILON:
            clip = max(start, reference_start), min(end, reference_end)
            if abs(clip[0] - clip[1]) > EPSILON:
                inside.append((*clip, features))
    return inside


def collapse(inside):
    """One item: from the smallest to the largest time, with the unweighted mean."""
    times = [time for start, end, _ in inside for time in (start, end)]
    with np.errstate(invalid="ignore", over="ignore"):
        mean = np.average(np.array([features for _, _, features in inside]), axis=0)
    return min(times), max(times), mean
