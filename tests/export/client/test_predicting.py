"""What a client returns is what the model says of each sequence alone."""

import numpy as np
import pytest

from rmfn_tf.export.client import Client, read_sequences
from rmfn_tf.export.client.interface import Interface, Transport
from rmfn_tf.export.contract import Signature, Tensor
from support.random_examples import make_examples

LENGTHS = (3, 1, 7, 2, 7, 4, 1)
# For what a client does before it asks, whatever way it asks.
in_process = pytest.mark.parametrize("client", ["in_process"], indirect=True)


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
        parts = [explanation.attention[name][row] for name in ("language", "acoustic", "visual")]
        assert all(part.shape[:2] == (length, 3) for part in parts)
        np.testing.assert_allclose(
            np.concatenate(parts, axis=-1), expected[row]["attention"], rtol=0, atol=1e-6
        )


@in_process
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


@in_process
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
def test_what_is_not_finite_arrives_and_counts_as_the_centre(client, random_sequences, value):
    broken, mended = random_sequences((3, 2)), random_sequences((3, 2))
    for name, centre in (("language", 0), ("acoustic", 0.3)):  # of the last feature
        broken[name][0][1, -1] = value
        mended[name][0][1, -1] = centre

    np.testing.assert_allclose(client.predict(broken), client.predict(mended), rtol=0, atol=1e-6)


@in_process
def test_examples_of_a_data_set(client, alone):
    examples = make_examples(LENGTHS, widths={"acoustic": 3, "language": 4, "visual": 2})

    predictions = client.predict(examples)

    np.testing.assert_allclose(
        predictions, the_predictions(alone(examples.features)), rtol=0, atol=1e-6
    )


@in_process
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


class PerWord(Transport):
    """A model that answers after every word: the sum of its features so far."""

    where = "here"

    def describe(self):
        words = Tensor(dtype="float32", shape=[None, None, 2])
        inputs = {"language": words, "lengths": Tensor(dtype="int32", shape=[None])}
        return Interface(
            self, 1, {"serving_default": Signature(inputs=inputs, outputs={"prediction": words})}
        )

    def call(self, signature, inputs, version=None):
        return {"prediction": np.cumsum(inputs["language"], axis=1)}


def test_a_prediction_after_every_word():
    words = [np.arange(2.0 * length).reshape(length, 2) for length in (3, 1, 5)]

    predictions = Client(Interface.learn(PerWord())).predict({"language": words})

    assert [each.shape for each in predictions] == [(3, 2), (1, 2), (5, 2)]
    for row in range(3):
        np.testing.assert_array_equal(predictions[row], np.cumsum(words[row], axis=0))


def test_a_model_that_cannot_explain_says_so():
    client = Client(Interface.learn(PerWord()))

    with pytest.raises(ValueError, match="no signature 'explain': only an RMFN with highlight"):
        client.explain({"language": [np.zeros((1, 2))]})
    with pytest.raises(ValueError, match="no signature 'step': only an RMFN can be followed"):
        client.session()


def test_a_model_that_was_not_exported(model, random_sequences, alone):
    sequences = random_sequences(LENGTHS)
    with Client.of_model(model, "here") as client:
        explanation = client.explain(sequences)
        session = client.session()
        one = session.step({name: each[1][0] for name, each in sequences.items()})

    expected = alone(sequences)
    np.testing.assert_allclose(
        explanation.predictions, the_predictions(expected), rtol=0, atol=1e-6
    )
    assert list(explanation.attention) == list(client.interface.modalities) == list(sequences)
    np.testing.assert_allclose(one, expected[1]["prediction"], rtol=0, atol=1e-6)
