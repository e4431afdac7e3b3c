"""Word by word: a session's answer after T words is that for the T words at once."""

import shutil

import grpc
import numpy as np
import pytest

from rmfn_tf.export.client import Client, ServingError
from support.served_model import ServedModel
from support.serving_twin import ServingTwin

# For what a session does itself, whatever way it asks.
in_process = pytest.mark.parametrize("client", ["in_process"], indirect=True)


def word(sequences, row: int, step: int) -> dict[str, np.ndarray]:
    return {name: each[row][step] for name, each in sequences.items()}


def words(sequences, step: int) -> dict[str, np.ndarray]:
    return {name: np.stack([x[step] for x in each]) for name, each in sequences.items()}


def test_one_speaker(client, random_sequences, alone):
    sequences = random_sequences((5,))
    session = client.session()
    assert session.attention == {}

    answers = [session.step(word(sequences, 0, step)) for step in range(5)]

    assert answers[0].shape == (2,)
    for step in range(5):
        so_far = {name: [each[0][: step + 1]] for name, each in sequences.items()}
        np.testing.assert_allclose(answers[step], alone(so_far)[0]["prediction"], rtol=0, atol=1e-6)
    whole = alone(sequences)[0]["attention"][-1]
    parts = [session.attention[name] for name in ("language", "acoustic", "visual")]
    np.testing.assert_allclose(np.concatenate(parts, axis=-1), whole, rtol=0, atol=1e-6)


def test_several_speakers_at_once(client, random_sequences):
    sequences = random_sequences((4, 4, 4))
    session = client.session()

    for step in range(4):
        answer = session.step(words(sequences, step))

    assert session.attention["language"].shape == (3, 3, 3)
    np.testing.assert_allclose(answer, client.predict(sequences), rtol=0, atol=1e-6)


@in_process
def test_reset_forgets(client, random_sequences):
    sequences = random_sequences((3,))
    session = client.session()
    first = session.step(word(sequences, 0, 0))
    session.step(word(sequences, 0, 1))

    session.reset()

    assert session.attention == {}
    np.testing.assert_array_equal(session.step(word(sequences, 0, 0)), first)


@in_process
def test_sessions_do_not_know_of_each_other(client, random_sequences):
    sequences = random_sequences((3, 3))
    alone = client.session()
    expected = [alone.step(word(sequences, 0, step)) for step in range(3)]

    one, other = client.session(), client.session()
    for step in range(3):
        np.testing.assert_array_equal(one.step(word(sequences, 0, step)), expected[step])
        other.step(word(sequences, 1, step))


def test_a_step_that_failed_can_be_taken_again(grpc_twin, random_sequences):
    sequences = random_sequences((2,))
    with Client.connect(grpc_twin.url) as client:
        alone, session = client.session(), client.session()
        alone.step(word(sequences, 0, 0))
        expected = alone.step(word(sequences, 0, 1))
        session.step(word(sequences, 0, 0))
        attention = session.attention

        grpc_twin.failures.append(grpc.StatusCode.INTERNAL)
        with pytest.raises(ServingError, match="INTERNAL"):
            session.step(word(sequences, 0, 1))

        assert session.attention is attention
        np.testing.assert_array_equal(session.step(word(sequences, 0, 1)), expected)


def test_a_session_stays_with_its_version(tmp_path, folder, random_sequences):
    """The states of one version mean nothing to another."""
    shutil.copytree(folder, tmp_path / "small")
    model = ServedModel(tmp_path / "small", "small")
    sequences = random_sequences((3,))
    with ServingTwin(model) as twin, Client.connect(twin.url) as client:
        session = client.session()
        session.step(word(sequences, 0, 0))
        shutil.copytree(folder / "1", tmp_path / "small" / "2")
        model.load(2)

        session.step(word(sequences, 0, 1))  # both are served
        assert [each.model_spec.version.value for each in twin.requests] == [1, 1]

        del model.versions[1]
        with pytest.raises(ServingError, match=r"states are of version 1: reset\(\)") as caught:
            session.step(word(sequences, 0, 2))
        assert caught.value.code == "NOT_FOUND"

        session.reset()
        assert session.version == 2
        session.step(word(sequences, 0, 2))
        assert twin.requests[-1].model_spec.version.value == 2


@in_process
def test_other_numbers_of_speakers_are_refused(client, random_sequences):
    sequences = random_sequences((2, 2))
    session = client.session()
    session.step(word(sequences, 0, 0))

    with pytest.raises(ValueError, match=r"follows speakers of shape \(\); got \(2,\)"):
        session.step(words(sequences, 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"language": None}, r"'language' is missing.*shape \(4,\)"),
        ({"gaze": np.zeros(2)}, "no modality 'gaze'"),
        ({"language": np.zeros(3)}, r"'language' must have the shape \(4,\).*got \(3,\)"),
        ({"language": np.zeros((1, 1, 4))}, r"got \(1, 1, 4\)"),
        ({"language": 1.0}, r"got \(\)"),
        ({"language": np.zeros((2, 4))}, "as many speakers"),
        ({"language": ["a", "b", "c", "d"]}, "'language' must be numbers"),
        ({"language": np.zeros((0, 4))}, r"'language' must have the shape .* got \(0, 4\)"),
    ],
)
def test_words_that_cannot_be_right(local, random_sequences, change, message):
    good = word(random_sequences((1,)), 0, 0)
    bad = {name: x for name, x in {**good, **change}.items() if x is not None}

    session = local.session()
    with pytest.raises(ValueError, match=message):
        session.step(bad)
    session.step(good)
