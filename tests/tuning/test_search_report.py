"""A search as tables and text."""

import re

import pytest

from rmfn_tf.tuning.differences import compare_paired, paired_answer
from rmfn_tf.tuning.keep_run import keep_run
from rmfn_tf.tuning.search_report import search_markdown, search_table


def make_trial(number, score, stages, **changes):
    return {
        "id": f"{number:02}",
        "status": "COMPLETED",
        "score": score,
        "values": {"num_stages": stages, "learning_rate": 0.001234},
        "epochs": 4,
        "parameters": 12345,
        "seconds_per_epoch": 0.3,
        "error": None,
        **changes,
    }


@pytest.fixture
def result():
    trials = [make_trial(n, 0.9 - 0.01 * n, 1 + n % 3) for n in range(12)]
    trials[5] |= {"status": "FAILED", "score": None, "error": "out of memory"}
    return {
        "data": "made/up",
        "model": "rmfn",
        "split": "validation",
        "metric": "mae",
        "lower_is_better": True,
        "tuner": "random",
        "command": "rmfn tune made/up --tuner random",
        "space": ["num_stages", "learning_rate"],
        "trials": trials,
        "best": "11",
        "fresh_seeds": [],
        "fresh": None,
        "answer": paired_answer("The best of 11 trials", "the preset", "mae", True, None, 0),
    }


def lines_with(text, pattern):
    return [line for line in text.splitlines() if re.search(pattern, line)]


@pytest.mark.parametrize(
    ("lower", "first"), [(True, ["11", "10", "09"]), (False, ["00", "01", "02"])]
)
def test_the_best_trials_first(result, lower, first):
    header, lines = search_table({**result, "lower_is_better": lower}, most=3)
    assert [line[0] for line in lines] == first
    assert all(len(line) == len(header) for line in lines)
    assert len(search_table(result, most=100)[1]) == 11  # without the failed one


def test_a_trial_in_the_table(result):
    header, lines = search_table(result, most=1)
    trial = dict(zip(header, lines[0], strict=True))
    assert trial["mae (lower is better)"] == "0.7900"
    assert (trial["num_stages"], trial["learning_rate"]) == ("3", "0.00123")
    assert (trial["epochs"], trial["parameters"], trial["s an epoch"]) == ("4", "12,345", "0.30")


def test_what_is_not_known_or_not_active_stays_empty(result):
    result["trials"][11] |= {"parameters": None, "seconds_per_epoch": None, "values": {}}
    header, lines = search_table(result, most=1)
    trial = dict(zip(header, lines[0], strict=True))
    for name in ("num_stages", "learning_rate", "parameters", "s an epoch"):
        assert trial[name] == ""


def test_the_report(result):
    text = search_markdown(result)
    assert result["command"] in text
    # Of 3 stages: trials 2, 8 and 11; 5 has failed.
    assert "| 3 | 3 | 0.7900 | 0.8200 |" in text
    assert lines_with(text, "trial 05: out of memory")
    assert len(lines_with(text, "out of memory")) == 1
    assert "The test split was not read." in text
    assert text.endswith(f"**{result['answer']}**\n")


def test_stages_that_are_not_searched_have_no_table(result):
    text = search_markdown({**result, "space": ["learning_rate"]})
    assert "stages" not in text


def test_importance_only_where_trials_show_it(result):
    result["trials"] = [make_trial(n, float(n % 3), 1 + n % 3) for n in range(30)]
    assert lines_with(search_markdown(result), r"^\| num_stages \| \d\.\d{3} \|$")
    for trial in result["trials"]:
        trial["score"] = 0.5
    text = search_markdown(result)
    assert "do not show which parameters matter" in text
    assert not lines_with(text, r"^\| num_stages \| \d\.\d{3} \|$")
    result["trials"] = result["trials"][:9]
    assert "too few to say what matters" in search_markdown(result)


def test_fresh_seeds_have_the_last_word(result):
    best, preset = [0.8, 0.9], [0.9, 1.1]
    difference = compare_paired(best, preset)
    fresh = {"best": best, "preset": preset, "difference": difference}
    answer = paired_answer("The best of 11 trials", "the preset", "mae", True, difference, 2)
    text = search_markdown(result | {"fresh": fresh, "fresh_seeds": [1, 2], "answer": answer})
    assert "fresh seeds 1, 2 alone: 0.8500 ± 0.0707, the preset 1.0000 ± 0.1414" in text
    assert answer.startswith("The best of 11 trials over the preset: mae -0.150 ± 0.071 over 2")


def test_without_fresh_seeds_the_score_is_called_optimistic(result):
    assert "optimistic" in result["answer"]
    assert "no fresh seeds were run" in result["answer"]


def test_a_kept_run_is_a_whole_copy_or_none(tmp_path):
    source, kept = tmp_path / "run", tmp_path / "kept"
    with pytest.raises(FileNotFoundError):
        keep_run(source, kept)
    assert list(tmp_path.iterdir()) == []
    source.mkdir()
    (source / "metrics.json").write_text("{}")
    assert keep_run(source, kept) == kept
    assert [path.name for path in kept.iterdir()] == ["metrics.json"]
    with pytest.raises(ValueError, match="exists already"):
        keep_run(source, kept)
