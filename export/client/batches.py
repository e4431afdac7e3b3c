"""From many sequences to few requests, and back."""

from collections.abc import Mapping

import numpy as np

from rmfn_tf.export.client.sequences import Sequences
from rmfn_tf.export.contract import LENGTHS

# gRPC servers other than TensorFlow Serving, and proxies, refuse messages above 4 MiB.
MAX_BYTES = 4 * 2**20 - 2**16


def plan_batches(sequences: Sequences, batch_size: int, max_bytes: int = MAX_BYTES) -> list[list]:
    """Which sequences go together: neighbours in length, so that little is padded.

    Args:
        sequences: N of them.
        batch_size: How many together at most.
        max_bytes: Of the padded features of a batch, at most; one sequence alone may have more.

    Returns:
        Lists of rows of `sequences`; each row is in one.
    """
    word = 4 * sum(each[0].shape[1] for each in sequences.features.values())
    batches: list[list[int]] = [[]]
    for row in np.argsort(sequences.lengths, kind="stable").tolist():
        batch = batches[-1]
        # Lengths ascend: this one sets what all of the batch are padded to.
        size = (len(batch) + 1) * int(sequences.lengths[row]) * word
        if batch and (len(batch) == batch_size or size > max_bytes):
            batches.append([row])
        else:
            batch.append(row)
    return batches


def pad(sequences: Sequences, rows: list[int]) -> dict[str, np.ndarray]:
    """The request for these sequences.

    Returns:
        Modality -> `(batch, time, F)` float32 with zeros behind the shorter sequences, and
        `lengths` `(batch,)` int32, which tells the model where they end.
    """
    lengths = sequences.lengths[rows]
    inputs: dict[str, np.ndarray] = {}
    for name, words in sequences.features.items():
        padded = np.zeros((len(rows), lengths.max(), words[0].shape[1]), np.float32)
        for place, row in enumerate(rows):
            padded[place, : lengths[place]] = words[row]
        inputs[name] = padded
    return {**inputs, LENGTHS: lengths}


def trim(outputs: Mapping[str, np.ndarray], place: int, length: int) -> dict[str, np.ndarray]:
    """The part of a batch's answer that is one sequence's.

    Outputs with an axis of words (three axes or more: the attention, or a prediction after every
    word) end with the sequence. The server may have padded the batch further than the client did,
    with other clients' requests.
    """
    return {
        name: values[place, :length] if values.ndim >= 3 else values[place]
        for name, values in outputs.items()
    }
