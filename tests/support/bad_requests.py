"""Requests that somebody will send one day, made from good ones, and who must refuse them.

Also extreme ones that are answered (`refused_by_server=False`): numbers that no feature should be.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

Request = dict[str, np.ndarray]


@dataclass(frozen=True)
class BadRequest:
    """One kind.

    Attributes:
        name: For the test's id.
        change: From a good request to this one.
        refused_by_server: With INVALID_ARGUMENT (an unknown signature: FAILED_PRECONDITION), or
            else answered with finite numbers.
        signature: Which the good request is for.
        asks: The signature that is asked, where it is another.
        graph: What the graph itself says of it; None where it is answered, and where a server looks
            before the graph does (signatures, names, dtypes).
        bad_in_json: JSON has no dtypes but numbers, strings and booleans: what is wrong with the
            dtype alone may be right there.
    """

    name: str
    change: Callable[[Request], Request]
    refused_by_server: bool = True
    signature: str = "serving_default"
    asks: str | None = None
    graph: str | None = None
    bad_in_json: bool = True


def good_request(
    signature: str, widths: Mapping[str, int], states: Mapping[str, int] | None = None
) -> Request:
    """Two sequences of 3 and 2 words; for `step` one word of two speakers.

    Args:
        signature: "serving_default", "explain" or "step".
        widths: Modality -> F.
        states: Of `step`, state -> size.
    """
    random = np.random.default_rng(0)
    if signature == "step":
        sizes = {**widths, **(states or {})}
        return {name: random.normal(size=(2, n)).astype("float32") for name, n in sizes.items()}
    request = {
        name: random.normal(size=(2, 3, width)).astype("float32") for name, width in widths.items()
    }
    return {**request, "lengths": np.array([3, 2], "int32")}


def _on(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Request], Request]:
    """One input changed. The tests' models have the modalities language, acoustic and visual."""
    return lambda request: {**request, name: change(request[name])}


def _lengths(*values: object, dtype: str = "int32") -> Callable[[Request], Request]:
    return _on("lengths", lambda lengths: np.array(values, dtype))


def _filled(value: float, where: Any = ...) -> Callable[[Request], Request]:
    def fill(words: np.ndarray) -> np.ndarray:
        filled = words.copy()
        filled[where] = value
        return filled

    return _on("acoustic", fill)


def _renamed(old: str, new: str) -> Callable[[Request], Request]:
    return lambda request: {new if name == old else name: x for name, x in request.items()}


def _without(*names: str) -> Callable[[Request], Request]:
    return lambda request: {name: x for name, x in request.items() if name not in names}


def _no_sequences(request: Request) -> Request:
    return {name: x[:0] for name, x in request.items()}


def _no_words(request: Request) -> Request:
    return {name: x if name == "lengths" else x[:, :0] for name, x in request.items()}


_EXPECTED = "is not compatible with expected shape"
_ALIKE = "must have as many sequences and words as"
_RANGE = "`lengths` must be from 1 to the number of words"
_COUNT = "`lengths` must have one number for each sequence"
BAD_REQUESTS = [
    # Names
    BadRequest("unknown_signature", lambda request: request, asks="serving"),
    BadRequest("misspelt_modality", _renamed("language", "langauge")),
    BadRequest("other_case", _renamed("visual", "Visual")),
    BadRequest("missing_modality", _without("acoustic")),
    BadRequest("missing_lengths", _without("lengths")),
    BadRequest("nothing", lambda request: {}),
    BadRequest("extra_input", lambda r: {**r, "gaze": r["visual"]}),
    # Dtypes
    BadRequest("float64", _on("language", lambda x: x.astype("float64")), bad_in_json=False),
    BadRequest("float16", _on("language", lambda x: x.astype("float16")), bad_in_json=False),
    BadRequest("integers", _on("language", lambda x: x.astype("int32")), bad_in_json=False),
    BadRequest("booleans", _on("language", lambda x: x > 0)),
    BadRequest("strings", _on("language", lambda x: x.astype("U8"))),
    BadRequest("long_lengths", _lengths(3, 2, dtype="int64"), bad_in_json=False),
    BadRequest("lengths_as_floats", _lengths(3, 2, dtype="float32")),
    # Ranks and widths
    BadRequest("one_sequence", _on("language", lambda x: x[0]), graph=_EXPECTED),
    BadRequest("one_number", _on("language", lambda x: x[0, 0, 0]), graph=_EXPECTED),
    BadRequest("rank_4", _on("language", lambda x: x[None]), graph=_EXPECTED),
    BadRequest("narrower", _on("language", lambda x: x[:, :, :-1]), graph=_EXPECTED),
    # It would be spread over all that there should be.
    BadRequest("one_feature", _on("language", lambda x: x[:, :, :1]), graph=_EXPECTED),
    BadRequest("wider", _on("visual", lambda x: np.concatenate([x, x], -1)), graph=_EXPECTED),
    BadRequest("no_features", _on("visual", lambda x: x[:, :, :0]), graph=_EXPECTED),
    BadRequest("axes_swapped", _on("language", lambda x: x.swapaxes(1, 2)), graph=_EXPECTED),
    BadRequest("lengths_rank_2", _on("lengths", lambda x: x[:, None]), graph=_EXPECTED),
    BadRequest("one_length", _on("lengths", lambda x: x[0]), graph=_EXPECTED),
    # Sizes that must agree
    BadRequest("fewer_words", _on("visual", lambda x: x[:, :-1]), graph=_ALIKE),
    BadRequest("fewer_sequences", _on("visual", lambda x: x[:-1]), graph=_ALIKE),
    BadRequest("too_few_lengths", _lengths(3), graph=_COUNT),
    BadRequest("too_many_lengths", _lengths(3, 2, 1), graph=_COUNT),
    BadRequest("no_sequences", _no_sequences, refused_by_server=False),
    BadRequest(
        "no_sequences_but_lengths", lambda r: _lengths(3, 2)(_no_sequences(r)), graph=_COUNT
    ),
    BadRequest("no_words", _no_words, graph=_RANGE),
    # Lengths
    BadRequest("longer_than_time", _lengths(3, 4), graph=_RANGE),
    BadRequest("far_longer", _lengths(2**31 - 1, 1), graph=_RANGE),
    BadRequest("length_0", _lengths(0, 2), graph=_RANGE),
    BadRequest("negative_length", _lengths(3, -1), graph=_RANGE),
    BadRequest("most_negative_length", _lengths(-(2**31), 1), graph=_RANGE),
    # Numbers: the model counts what is not finite as 0
    BadRequest("nan", _filled(np.nan, (0, 0, 0)), refused_by_server=False),
    BadRequest("only_nan", _filled(np.nan), refused_by_server=False),
    BadRequest("infinity", _filled(np.inf), refused_by_server=False),
    BadRequest("minus_infinity", _filled(-np.inf), refused_by_server=False),
    BadRequest("1e30", _filled(1e30), refused_by_server=False),
    BadRequest("largest", _filled(-float(np.finfo("float32").max)), refused_by_server=False),
    BadRequest("smallest", _filled(1e-45), refused_by_server=False),
    BadRequest("only_zeros", _on("language", np.zeros_like), refused_by_server=False),
    BadRequest("nan_behind_the_end", _filled(np.nan, np.s_[1, 2:]), refused_by_server=False),
    # Word by word
    BadRequest("step_without_state", _without("z"), signature="step"),
    BadRequest("step_narrow_state", _on("z", lambda x: x[:, :-1]), signature="step"),
    BadRequest("step_of_sequences", _on("language", lambda x: x[:, None]), signature="step"),
    BadRequest("step_fewer_speakers", _on("visual", lambda x: x[:1]), signature="step"),
    BadRequest("step_fewer_states", _on("h_language", lambda x: x[:1]), signature="step"),
    BadRequest("step_nan_state", _on("z", lambda x: x * np.nan), signature="step"),
    BadRequest(
        "step_infinite_state", _on("c_visual", lambda x: np.full_like(x, np.inf)), signature="step"
    ),
]
