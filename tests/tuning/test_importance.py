"""What a forest fitted to made trials says of the parameters that made their scores."""

import numpy as np
import pytest

from rmfn_tf.tuning.importance import parameter_importance

SPACE = ["num_stages", "learning_rate", "highlight_scale", "highlight_input"]


def make_result(score, number=40, seed=0, **changes):
    """Trials drawn at random; `score(values, epochs, draw)` gives each its score."""
    draw = np.random.default_rng(seed)
    trials = []
    for index in range(number):
        stages = int(draw.integers(1, 7))
        values = {
            "num_stages": stages,
            "learning_rate": float(10 ** draw.uniform(-3.3, -2)),
            "highlight_scale": str(draw.choice(["dim", "none"])),
        }
        if stages > 1:
            values["highlight_input"] = str(draw.choice(["attention", "highlighted"]))
        epochs = int(draw.choice([2, 6, 18]))
        trials.append(
            {
                "id": f"{index:02}",
                "status": "COMPLETED",
                "score": float(score(values, epochs, draw)),
                "values": values,
                "epochs": epochs,
            }
        )
    return {"tuner": "random", "space": SPACE, "trials": trials, **changes}


@pytest.mark.parametrize(
    ("decides", "score"),
    [
        ("num_stages", lambda values, *_: -values["num_stages"]),
        ("learning_rate", lambda values, *_: abs(np.log10(values["learning_rate"]) + 2.6)),
        ("highlight_scale", lambda values, *_: float(values["highlight_scale"] == "none")),
        # Only by whether it is active at all and by its value: what is inactive is a value too.
        ("highlight_input", lambda values, *_: len(values.get("highlight_input", ""))),
    ],
)
def test_what_decides_the_score_comes_first(decides, score):
    found = parameter_importance(make_result(score))
    assert next(iter(found["importance"])) == decides
    assert set(found["importance"]) == set(SPACE)
    assert found["explained"] > 0.8
    # Shuffled, it leaves a squared error near or above the scores' variance.
    assert found["importance"][decides] > 0.5
    assert found["trials"] == 40


@pytest.mark.parametrize("seed", range(3))
def test_noise_explains_nothing(seed):
    noise = make_result(lambda values, epochs, draw: draw.normal(), seed=seed)
    assert parameter_importance(noise)["explained"] <= 0.1


def test_equal_scores_show_nothing():
    found = parameter_importance(make_result(lambda *_: 0.5))
    assert found["explained"] == 0.0
    assert set(found["importance"].values()) == {0.0}


def test_what_more_epochs_gain_is_theirs():
    """Hyperband alone has them as a column."""
    result = make_result(lambda values, epochs, draw: 1 / epochs)
    assert "epochs" not in parameter_importance(result)["importance"]
    found = parameter_importance({**result, "tuner": "hyperband"})
    assert next(iter(found["importance"])) == "epochs"
    assert found["explained"] > 0.8


def test_failed_trials_are_not_counted():
    result = make_result(lambda values, *_: values["num_stages"], number=11)
    result["trials"][0] |= {"status": "FAILED", "score": None}
    assert parameter_importance(result)["trials"] == 10
    result["trials"][1] |= {"status": "FAILED", "score": None}
    assert parameter_importance(result) is None


def test_a_parameter_that_was_never_active():
    result = make_result(lambda values, *_: values["num_stages"])
    found = parameter_importance({**result, "space": [*SPACE, "highlight_memory_mode"]})
    assert found["importance"]["highlight_memory_mode"] == 0.0


def test_the_same_seed_gives_the_same():
    result = make_result(lambda values, epochs, draw: draw.normal())
    assert parameter_importance(result, seed=1) == parameter_importance(result, seed=1)
