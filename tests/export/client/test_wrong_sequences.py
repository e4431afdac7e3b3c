"""What a client refuses to send, and whether it says which sequence and modality it means."""

import re

import numpy as np
import pytest

from rmfn_tf.export.client import read_sequences
from rmfn_tf.export.client.sequences import check_sequences, lengths_of
from support.random_examples import make_examples

WIDTHS = {"language": 4, "visual": 2}


def good() -> dict:
    return {
        "language": [np.zeros((3, 4)), np.zeros((1, 4))],
        "visual": [np.zeros((3, 2)), np.zeros((1, 2))],
    }


def without(name):
    return {key: value for key, value in good().items() if key != name}


WRONG = {
    "no_dict": ([np.zeros((3, 4))], "must be a dict, modality"),
    "missing": (without("visual"), r"'visual' is missing.*send zeros.*\(words, 2\)"),
    "unknown": ({**good(), "visaul": []}, "no modality 'visaul'.*Did you mean 'visual'"),
    "lengths": ({**good(), "lengths": [3, 1]}, "no modality 'lengths'"),
    "number": ({**good(), "visual": 3}, "'visual' must be a list of arrays"),
    "none": ({"language": [], "visual": []}, "one at least; got {'language': 0"),
    "counts": ({**good(), "visual": good()["visual"][:1]}, "'language': 2, 'visual': 1"),
    "one_sequence": (
        {"language": np.zeros((3, 4)), "visual": np.zeros((3, 2))},
        r"sequence 0: 'language' must have the shape \(words, 4\), .*; got \(4,\)",
    ),
    "wider": (
        {**good(), "visual": [np.zeros((3, 2)), np.zeros((1, 3))]},
        r"sequence 1: 'visual' must have the shape \(words, 2\), .*; got \(1, 3\)",
    ),
    "rank_3": ({**good(), "language": np.zeros((2, 3, 4, 1))}, "sequence 0: 'language'.* shape"),
    "no_words": (
        {"language": [np.zeros((3, 4)), np.zeros((0, 4))], "visual": good()["visual"]},
        r"sequence 1: 'language' must .* one word at least; got \(0, 4\)",
    ),
    "empty_list": (
        {**good(), "visual": [np.zeros((3, 2)), []]},
        r"sequence 1: 'visual' must .* one word at least; got \(0,\)",
    ),
    "other_length": (
        {**good(), "visual": [np.zeros((2, 2)), np.zeros((1, 2))]},
        "sequence 0: all modalities .* as many words; got {'language': 3, 'visual': 2}",
    ),
    "ragged": (
        {**good(), "visual": [np.zeros((3, 2)), [[1, 2], [3]]]},
        "sequence 1: 'visual' is not an array: its rows differ",
    ),
    "text": ({**good(), "visual": [np.zeros((3, 2)), [["a", "b"]]]}, "'visual' must be numbers"),
    "booleans": ({**good(), "visual": [np.zeros((3, 2), bool), []]}, "must be numbers; .* bool"),
    "none_values": ({**good(), "visual": [[[None, 1]], []]}, "must be numbers; .* object"),
    "complex": ({**good(), "visual": [np.zeros((3, 2), complex), []]}, "must be numbers"),
    "too_large": (
        {**good(), "visual": [np.zeros((3, 2)), [[1e39, 0]]]},
        r"sequence 1: 'visual' has numbers beyond float32",
    ),
}


@pytest.mark.parametrize(("features", "message"), WRONG.values(), ids=WRONG)
def test_the_message_names_sequence_and_modality(features, message):
    with pytest.raises(ValueError, match=message):
        check_sequences(features, WIDTHS)


def test_the_good_one_is_good():
    checked = check_sequences(good(), WIDTHS)

    assert lengths_of(checked).tolist() == [3, 1]
    assert list(checked) == ["language", "visual"]


def test_the_caller_s_arrays_are_not_copied_where_they_are_float32():
    words = np.zeros((3, 4), np.float32)
    checked = check_sequences({"language": [words]}, {"language": 4})

    assert np.shares_memory(checked["language"][0], words)


def test_examples_are_called_by_their_ids():
    examples = make_examples([2, 3], widths={"language": 4, "visual": 3})

    with pytest.raises(ValueError, match=r"sequence 0 \('example-0'\): 'visual' must have"):
        check_sequences(examples, WIDTHS)


FILES = {
    "no_json": ("{", r"must hold .* \(Invalid JSON"),
    "no_text": (b"\xff", r"must hold .* \(Invalid JSON"),
    "list": ("[]", "must hold"),
    "no_sequences": ("{}", "must hold"),
    "more_keys": ('{"sequences": [{"a": []}], "signature": ""}', "must hold .*signature: Extra"),
    "no_list": ('{"sequences": {"a": []}}', "must hold"),
    "empty": ('{"sequences": []}', "must hold .* at least 1"),
    "no_objects": (
        f'{{"sequences": {[[1]] * 6}}}',
        r"must hold .*sequences\.0: Input should be an object; .*sequences\.4: [^;]*; \.\.\.\)$",
    ),
    "deep": ("[" * 100_000, "must hold .* recursion"),
    "twice": (
        '{"sequences": [{"id": "a", "x": []}, {"id": "a", "x": []}]}',
        "the id 'a' is there more than once",
    ),
    "others": ('{"sequences": [{"a": []}, {"b": []}]}', r"sequence 1 has \['b'\].*send zeros"),
}


@pytest.mark.parametrize(("text", "message"), FILES.values(), ids=FILES)
def test_a_wrong_file(tmp_path, text, message):
    path = tmp_path / "sequences.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())

    with pytest.raises(ValueError, match=message) as caught:
        read_sequences(path)
    assert str(path) in str(caught.value)


def test_a_file_s_ids_are_named(tmp_path):
    path = tmp_path / "sequences.json"
    path.write_text('{"sequences": [{"id": "mine", "language": [[1, 2, 3]]}]}')

    with pytest.raises(ValueError, match=re.escape("sequence 0 ('mine'): 'language' must have")):
        check_sequences(read_sequences(path), {"language": 4})
