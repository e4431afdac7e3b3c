"""A search goes on where it was, tells what failed, and ends with an honest sentence."""

import json
import math
from dataclasses import replace

import pytest

from rmfn_tf.tuning import oracle
from rmfn_tf.tuning.run_search import SearchFailed, best_run, run_search
from rmfn_tf.tuning.stage_sweep import sweep_stages
from rmfn_tf.tuning.trials import read_trials


def values_by_id(result):
    return {each["id"]: each["values"] for each in result["trials"]}


@pytest.mark.parametrize("tuner", ["random", "bayesian", "hyperband"])
def test_the_best_is_compared_with_the_preset_over_fresh_seeds(
    tmp_path, builder, make_search, written, tuner
):
    search = make_search(tuner=tuner, trials=8)
    result = run_search(search, builder, tmp_path / "out", seeds=3)
    assert len(result["trials"]) == 8
    assert {each["status"] for each in result["trials"]} == {"COMPLETED"}
    for each in result["trials"]:
        assert each["score"] == abs(each["values"]["num_stages"] - 3)
        assert 1 <= each["values"]["num_stages"] <= 6
        assert 5e-4 <= each["values"]["learning_rate"] <= 1e-2
        assert each["parameters"] == 10
    best = {each["id"]: each for each in result["trials"]}[result["best"]]
    assert best["score"] == min(each["score"] for each in result["trials"])
    assert result["fresh_seeds"] == [1, 2, 3]
    assert result["fresh"]["best"] == [best["score"]] * 3
    assert result["fresh"]["preset"] == [0.0] * 3  # it has the three stages of the layer's default
    assert result["answer"].startswith("The best of 8 trials over the preset: mae ")
    assert json.loads(json.dumps(result)) == result
    assert best_run(result, tmp_path / "out").parent.parent.name == "fresh"


def test_every_drawn_value_is_in_the_config_of_its_run(tmp_path, builder, make_search, written):
    seen = []

    def score(config):
        seen.append(config)
        return 1.0

    written.score = score
    out = tmp_path / "out"
    search = make_search(tune=None)
    result = run_search(search, builder, out, seeds=0)
    for trial, config in zip(result["trials"], seen, strict=True):
        assert config.hyperparameters["num_stages"] == trial["values"]["num_stages"]
        assert config.optimizer["learning_rate"] == trial["values"]["learning_rate"]
        assert config.batch_size == trial["values"]["batch_size"]
        units = config.hyperparameters["units"]
        assert units == {"language": trial["values"]["language_units"]}
        assert config.hyperparameters["head_units"] == trial["values"]["head_units"]
        assert config.seed == 0


def test_what_is_not_searched_stays_as_it_was_given(tmp_path, builder, make_search, written):
    seen = []
    written.score = lambda config: seen.append(config) or 1.0
    run_search(make_search(), builder, tmp_path / "out", seeds=0)
    for config in seen:
        assert config.hyperparameters["fusion_units"] == 2
        assert config.hyperparameters["units"] == {"language": 2}
        assert config.batch_size == 32


def test_hyperband_trains_more_of_what_is_good(tmp_path, builder, config, make_search, written):
    search = replace(make_search(tuner="hyperband", trials=12), config=replace(config, epochs=9))
    result = run_search(search, builder, tmp_path / "out", seeds=0)
    epochs = [each["epochs"] for each in result["trials"]]
    assert set(epochs) <= {1, 3, 9}
    assert epochs.count(1) > epochs.count(3) > 0
    assert len(epochs) == 12


@pytest.mark.parametrize("tuner", ["random", "hyperband"])
def test_killed_at_any_write_it_ends_with_the_same_trials(
    tmp_path, builder, make_search, written, monkeypatch, tuner
):
    """Each write of the search in turn is the last that a process lives to see the end of."""
    search = make_search(tuner=tuner, trials=3)
    whole = run_search(search, builder, tmp_path / "whole", seeds=0)

    class Killed(BaseException):
        pass

    def killing_at(number):
        count, write = 0, oracle.write_json

        def write_json(path, value):
            nonlocal count
            write(path, value)
            count += 1
            if count == number:
                raise Killed

        return write_json

    number, killed = 0, True
    while killed:
        number, killed = number + 1, False
        out = tmp_path / str(number)
        with monkeypatch.context() as patch:
            patch.setattr(oracle, "write_json", killing_at(number))
            try:
                run_search(search, builder, out, seeds=0)
            except Killed:
                killed = True
        del written.runs[:]
        again = run_search(search, builder, out, seeds=0)
        assert values_by_id(again) == values_by_id(whole)
        assert {each["status"] for each in again["trials"]} == {"COMPLETED"}
        assert len(written.runs) == len(set(written.runs))
    assert number > 10


def test_more_trials_later(tmp_path, builder, make_search, written):
    out = tmp_path / "out"
    first = run_search(make_search(trials=3), builder, out, seeds=0)
    del written.runs[:]
    more = run_search(make_search(trials=12), builder, out, seeds=0)
    assert len(written.runs) == 9
    assert len(more["trials"]) == 12
    assert more["trials"][:3] == first["trials"]
    straight = run_search(make_search(trials=12), builder, tmp_path / "straight", seeds=0)
    assert [each["values"] for each in straight["trials"]] == [
        each["values"] for each in more["trials"]
    ]


def test_a_space_that_is_used_up_ends_the_search(tmp_path, builder, make_search, written):
    result = run_search(
        make_search(trials=50, tune=["num_stages"]), builder, tmp_path / "out", seeds=0
    )
    stages = [each["values"]["num_stages"] for each in result["trials"]]
    assert len(stages) == len(set(stages)) <= 6


def test_what_fails_is_recorded_and_skipped(tmp_path, builder, make_search, written):
    def score(config):
        if config.hyperparameters["num_stages"] == 2:
            raise ValueError("two is\nnot enough")
        return math.nan if config.hyperparameters["num_stages"] == 4 else 1.0

    written.score = score
    out, search = tmp_path / "out", make_search(trials=20)
    result = run_search(search, builder, out, seeds=0)
    expected = {2: "ValueError: two is not enough", 4: "ValueError: The mae is nan."}
    assert len(result["trials"]) == 20
    for each in result["trials"]:
        assert each["error"] == expected.get(each["values"]["num_stages"])
        assert each["status"] == ("FAILED" if each["error"] else "COMPLETED")
        assert (each["score"] is None) == bool(each["error"])
    assert {each["error"] for each in result["trials"]} == {None, *expected.values()}
    del written.runs[:]
    assert run_search(search, builder, out, seeds=0)["trials"] == result["trials"]
    assert written.runs == []  # a failed one is not tried again


def test_where_all_fail_their_errors_are_told(tmp_path, builder, make_search, written):
    def score(config):
        raise ValueError(f"no {config.hyperparameters['num_stages']}")

    written.score = score
    with pytest.raises(SearchFailed, match="None of 4 trials came to its end") as failed:
        run_search(make_search(), builder, tmp_path / "out")
    trials = read_trials(tmp_path / "out", make_search())
    assert failed.value.mistakes == [
        f"trial {each['id']}: ValueError: no {each['values']['num_stages']}" for each in trials
    ]


def test_a_full_disk_fails_no_trial(tmp_path, builder, make_search, written):
    def score(config):
        raise OSError("No space left on device")

    written.score = score
    with pytest.raises(RuntimeError, match="No space left"):
        run_search(make_search(), builder, tmp_path / "out")
    written.score = lambda config: 1.0
    result = run_search(make_search(), builder, tmp_path / "out", seeds=0)
    assert {each["status"] for each in result["trials"]} == {"COMPLETED"}


def test_a_trial_that_ends_its_process_is_given_up(tmp_path, builder, make_search, written):
    class Killed(BaseException):
        pass

    def score(config):
        raise Killed

    written.score = score
    out = tmp_path / "out"
    for _ in range(3):
        with pytest.raises(Killed):
            run_search(make_search(trials=1), builder, out)
    with pytest.raises(SearchFailed, match="killed 3 times"):
        run_search(make_search(trials=1), builder, out)


def test_another_search_is_not_gone_on_with(tmp_path, builder, config, make_search, written):
    out = tmp_path / "out"
    run_search(make_search(), builder, out, seeds=0)
    for other, complaint in (
        (make_search(tuner="bayesian"), "of another search: there tuner = 'random'"),
        (make_search(tune=["num_stages"]), "another search: there tune"),
        (replace(make_search(), config=replace(config, epochs=5)), "config = "),
    ):
        with pytest.raises(ValueError, match=complaint):
            run_search(other, builder, out, seeds=0)
    builder.info.metadata["fingerprint"] = "0" * 64
    with pytest.raises(ValueError, match=r"is not what .* was trained on"):
        run_search(make_search(), builder, out, seeds=0)


def test_a_sweep_and_a_search_do_not_share_a_folder(
    tmp_path, builder, config, make_search, written
):
    (tmp_path / "swept" / "runs").mkdir(parents=True)
    with pytest.raises(ValueError, match="swept holds a sweep over stages"):
        run_search(make_search(), builder, tmp_path / "swept")
    run_search(make_search(), builder, tmp_path / "searched", seeds=0)
    with pytest.raises(ValueError, match="searched holds a search"):
        sweep_stages(config, [1], 1, builder, tmp_path / "searched")


def test_mistakes(make_search):
    with pytest.raises(ValueError, match="The tuner must be one of random, bayesian, hyperband"):
        make_search(tuner="grid")
    with pytest.raises(ValueError, match="number of trials must be at least 1; got 0"):
        make_search(trials=0)
    with pytest.raises(ValueError, match=r"num_stage\b.*num_stages"):
        make_search(tune=["num_stage"])
