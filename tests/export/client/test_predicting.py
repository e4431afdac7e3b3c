"""What a client returns is what the model says of each sequence alone."""

import numpy as np
import pytest

from rmfn_tf.export.client import Client, ServingError, read_sequences
from rmfn_tf.export.client.connecting import learn_interface
from rmfn_tf.export.client.interface import Signature, Tensor
from rmfn_tf.export.client.transport import Description
from support.random_examples import make_examples

LENGTHS = (3, 1, 7, 2, 7, 4, 1)


def the_predictions(answers) -> np.ndarray:
    return np.stack([each["prediction"] for each in answers])


def test_predictions_come_back_in_order(client, random_sequences, alone):
    sequences = random_sequences(LENGTHS)
    done = []

    predictions = client.predict(sequences, on_progress=lambda *each: done.append(each))

    assert predictions.shape == (7, 2)
    assert predictions.dtype == np.float32
    np.testing.assert_allclose(predictions, the_predictions(alone(sequences)), rtol=0, atol=1e-6)
    assert done == [(3, 7), (6, 7), (7, 7)]  # batches of at most 3


def test_explanations_end_where_the_sequences_end(client, random_sequences, alone):
    sequences = random_sequences(LENGTHS)

    explanation = client.explain(sequences)

    expected = alone(sequences)
    np.testing.assert_allclose(
        explanation.predictions, the_predictions(expected), rtol=0, atol=1e-6
    )
    for row, length in enumerate(LENGTHS):
        parts = [explanation.attention[name][row] for name in ("language", "visual", "acoustic")]
        assert all(part.shape[:2] == (length, 3) for part in parts)
        np.testing.assert_allclose(
            np.concatenate(parts, axis=-1), expected[row]["attention"], rtol=0, atol=1e-6
        )


def test_other_numbers_and_lists_are_taken(client, random_sequences):
    whole = {
        name: [np.round(words * 8) for words in each]
        for name, each in random_sequences((2, 5)).items()
    }
    expected = client.predict(whole)

    for convert in (np.float64, np.float16, np.int16):
        sequences = {name: [x.astype(convert) for x in each] for name, each in whole.items()}
        np.testing.assert_array_equal(client.predict(sequences), expected)
    lists = {name: [words.tolist() for words in each] for name, each in whole.items()}
    np.testing.assert_array_equal(client.predict(lists), expected)


def test_an_array_of_equal_lengths_is_taken(client, random_sequences):
    sequences = random_sequences((4, 4))

    stacked = {name: np.stack(each) for name, each in sequences.items()}
    np.testing.assert_array_equal(client.predict(stacked), client.predict(sequences))


def test_all_digits_arrive(client, random_sequences, alone):
    """JSON as a float32 prints, 0.1, is another number than the float32."""
    sequences = random_sequences((3,))
    sequences["language"][0][:] = np.nextafter(np.float32(0.1), np.float32(1))

    np.testing.assert_allclose(
        client.predict(sequences), the_predictions(alone(sequences)), rtol=0, atol=1e-7
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_arrives_and_counts_as_0(client, random_sequences, value):
    broken, mended = random_sequences((3, 2)), random_sequences((3, 2))
    broken["language"][0][1, 2] = value
    mended["language"][0][1, 2] = 0  # `language` is not scaled

    np.testing.assert_array_equal(client.predict(broken), client.predict(mended))


def test_examples_of_a_data_set(client, alone):
    examples = make_examples(LENGTHS, widths={"acoustic": 3, "language": 4, "visual": 2})

    predictions = client.predict(examples)

    np.testing.assert_allclose(
        predictions, the_predictions(alone(examples.features)), rtol=0, atol=1e-6
    )


def test_a_json_file(client, random_sequences, tmp_path):
    sequences = random_sequences((2, 1))
    path = tmp_path / "sequences.json"
    rows = [
        ", ".join(f'"{name}": {each[row].tolist()}' for name, each in sequences.items())
        for row in range(2)
    ]
    path.write_text(f'{{"sequences": [{{{rows[0]}}}, {{"id": "b", {rows[1]}}}]}}')

    named = read_sequences(path)

    assert named.ids == ["0", "b"]
    np.testing.assert_array_equal(client.predict(named), client.predict(sequences))


def test_answers_beyond_the_4_mib_that_grpc_allows_by_default(grpc_twin, random_sequences):
    sequences = random_sequences([30] * 1700)

    with Client.connect(grpc_twin.url, batch_size=1700) as client:
        attention = client.explain(sequences).attention

    assert len(grpc_twin.requests) == 1
    assert sum(each.nbytes for parts in attention.values() for each in parts) > 4 * 2**20


class PerWord:
    """A model that answers after every word: the sum of its features so far."""

    where = "here"

    def describe(self):
        spec = Tensor("float32", (None, None, 2)), Tensor("int32", (None,))
        inputs = {"language": spec[0], "lengths": spec[1]}
        return Description(1, {"serving_default": Signature(inputs, {"prediction": spec[0]})})

    def call(self, signature, inputs, version=None):
        return {"prediction": np.cumsum(inputs["language"], axis=1)}

    def close(self): ...


def test_a_prediction_after_every_word():
    words = [np.arange(2.0 * length).reshape(length, 2) for length in (3, 1, 5)]

    predictions = Client(PerWord(), learn_interface(PerWord(), None)).predict({"language": words})

    assert [each.shape for each in predictions] == [(3, 2), (1, 2), (5, 2)]
    for row in range(3):
        np.testing.assert_array_equal(predictions[row], np.cumsum(words[row], axis=0))


def test_a_model_that_cannot_explain_says_so():
    client = Client(PerWord(), learn_interface(PerWord(), None))

    with pytest.raises(ValueError, match="no signature 'explain': only an RMFN with highlight"):
        client.explain({"language": [np.zeros((1, 2))]})
    with pytest.raises(ValueError, match="no signature 'step': only an RMFN can be followed"):
        client.session()


def test_an_answer_for_other_sequences_is_an_error():
    class Forgetful(PerWord):
        def call(self, signature, inputs, version=None):
            return {"prediction": inputs["language"][:1]}

    client = Client(Forgetful(), learn_interface(Forgetful(), None))

    with pytest.raises(ServingError, match="'prediction' for 1 sequences instead of 2"):
        client.predict({"language": np.zeros((2, 3, 2))})
