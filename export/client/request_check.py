"""Is a request what the signature asks for? Asked before it is sent."""

from collections.abc import Mapping

import numpy as np

from rmfn_tf.export.client.interface import Signature, Tensor
from rmfn_tf.export.contract import LENGTHS
from rmfn_tf.names import did_you_mean


def check_request(
    name: str, signature: Signature, inputs: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The inputs as they will be sent, or what is wrong with them.

    Args:
        name: Of the signature.
        signature: Its inputs; all have the batch first, and the words second where there are any.
        inputs: Every input by name, batched and padded.

    Raises:
        ValueError: A missing or unknown input, another dtype, rank or width, batches or times that
            differ or are empty, lengths that are not 1 to time.
    """
    for each in inputs:
        if each not in signature.inputs:
            raise ValueError(
                f"{name!r} has no input {each!r}; it has {sorted(signature.inputs)}."
                f"{did_you_mean(each, signature.inputs)}"
            )
    for each in signature.inputs:
        if each not in inputs:
            raise ValueError(f"{name!r} needs the input {each!r}, which is missing")
    arrays = {each: np.asarray(values) for each, values in inputs.items()}
    for each, array in arrays.items():
        _check_tensor(each, signature.inputs[each], array)
    # Batch, or batch and time: the axes left open that all inputs share.
    words = {each: array for each, array in arrays.items() if each != LENGTHS}
    axes = 2 if LENGTHS in arrays else 1
    _check_alike(words, axes)
    if LENGTHS in arrays:
        _check_lengths(arrays[LENGTHS], *next(iter(words.values())).shape[:2])
    return arrays


def _check_tensor(name: str, wanted: Tensor, array: np.ndarray) -> None:
    fits = len(wanted.shape) == array.ndim and all(
        size in (None, found) for size, found in zip(wanted.shape, array.shape, strict=True)
    )
    if array.dtype.name != wanted.dtype or not fits:
        axes = ["batch", "time"]
        shape = ", ".join(
            str(size) if size is not None else axes[place]
            for place, size in enumerate(wanted.shape)
        )
        raise ValueError(
            f"{name!r} must be {wanted.dtype} of shape ({shape}); got {array.dtype} of shape "
            f"{array.shape}"
        )


def _check_alike(arrays: Mapping[str, np.ndarray], axes: int) -> None:
    what = ("sequences", "words")[:axes]
    first, *others = arrays
    wanted = arrays[first].shape[:axes]
    for size, kind in zip(wanted, what, strict=True):
        if size == 0:
            raise ValueError(f"{first!r} has no {kind}; a request needs at least one")
    for other in others:
        found = arrays[other].shape[:axes]
        if found != wanted:
            raise ValueError(
                f"{other!r} must have as many {' and '.join(what)} as {first!r}, {wanted}; got "
                f"{found}"
            )


def _check_lengths(lengths: np.ndarray, batch: int, time: int) -> None:
    if len(lengths) != batch:
        raise ValueError(
            f"{LENGTHS!r} must have one number for each of the {batch} sequences; got "
            f"{len(lengths)}"
        )
    wrong = (lengths < 1) | (lengths > time)
    if wrong.any():
        row = int(wrong.argmax())
        raise ValueError(
            f"sequence {row}: its length must be from 1 to the {time} words sent; got "
            f"{int(lengths[row])}"
        )
