"""A search goes on where it was, tells what failed, and ends with an honest sentence."""

import json

import pytest

from rmfn_tf.comparison.table import Table
from rmfn_tf.tuning import search
from rmfn_tf.tuning.search import run_search, search_report
from rmfn_tf.tuning.stages import sweep_stages
from rmfn_tf.visualization.tuning import plot_search

TUNERS = ["random", "bayesian", "hyperband"]
TWO = ["num_stages", "learning_rate"]


@pytest.fixture
def start(tmp_path, builder, config, written):
    """Runs a small search over stages and the learning rate in a folder; keywords change it."""

    def run(out="out", config=config, **changes):
        asked = {"tuner": "random", "trials": 4, "tune": TWO, "seeds": 0, **changes}
        return run_search(config, builder, tmp_path / out, **asked)

    return run


@pytest.mark.parametrize("tuner", TUNERS)
def test_the_best_is_compared_with_the_preset_over_fresh_seeds(tmp_path, start, written, tuner):
    result = start(tuner=tuner, trials=7, seeds=3)
    assert [each["id"] for each in result["trials"]] == list(range(7))
    for each in result["trials"]:
        assert each["status"] == "COMPLETED"
        assert each["score"] == abs(each["values"]["num_stages"] - 3)
        assert 5e-4 <= each["values"]["learning_rate"] <= 1e-2
    best = result["trials"][result["best"]]
    assert best["score"] == min(each["score"] for each in result["trials"])
    assert (result["seeds"], result["fresh_seeds"]) == ([0], [1000, 1001, 1002])
    assert result["fresh"]["best"] == [best["score"]] * 3
    assert result["fresh"]["preset"] == [0.0] * 3  # it has the three stages of the layer's default
    assert result["answer"].startswith("The best of 7 trials over the preset: mae ")
    assert (tmp_path / "out" / result["best_run"] / "metrics.json").exists()
    assert json.loads(json.dumps(result)) == result


def test_every_drawn_value_is_in_the_config_of_its_run(start, written, config):
    result = start(tune=None)
    for trial, run in zip(result["trials"], written.configs, strict=True):
        for name in ("num_stages", "head_units", "dropout"):
            assert run.hyperparameters[name] == trial["values"][name]
        assert run.optimizer["learning_rate"] == trial["values"]["learning_rate"]
        assert run.batch_size == trial["values"]["batch_size"]
        assert run.hyperparameters["units"] == {"language": trial["values"]["language_units"]}
        assert run.seed == 0
    start("fewer")
    assert written.configs[-1].hyperparameters["fusion_units"] == 2
    assert written.configs[-1].batch_size == config.batch_size


def test_hyperband_trains_more_of_what_is_good(start, config):
    result = start(tuner="hyperband", trials=12, config=config.replace(epochs=9))
    epochs = [each["epochs"] for each in result["trials"]]
    assert set(epochs) <= {1, 3, 9}
    assert epochs.count(1) > epochs.count(3) > 0


class Killed(BaseException):
    pass


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("tuner", TUNERS)
def test_killed_anywhere_twice_it_ends_with_the_same_bytes(
    tmp_path, start, written, monkeypatch, tuner, workers
):
    """Each write of the search and each end of a run in turn is the last thing that happens."""
    trials, write, score = 8 if tuner == "bayesian" else 5, search.write_json, written.score
    whole = start("whole", tuner=tuner, trials=trials, workers=workers, seeds=1)
    trained = len(written.configs)

    def kill_at(number):
        count = 0

        def counted():
            nonlocal count
            count += 1
            if count == number:
                raise Killed

        def write_json(path, value):
            write(path, value)
            counted()

        def score_run(config):
            counted()
            return score(config)

        monkeypatch.setattr(search, "write_json", write_json)
        written.score = score_run

    asked = {"tuner": tuner, "trials": trials, "workers": workers, "seeds": 1}
    number, is_killed = 1, True
    while is_killed:
        is_killed = False
        for moment in (number, 2):
            kill_at(moment)
            try:
                start(str(number), **asked)
            except Killed:
                is_killed = True
        kill_at(0)  # never
        del written.configs[:]
        assert json.dumps(start(str(number), **asked)) == json.dumps(whole)
        assert len(written.configs) <= trained
        number += 4 if tuner == "bayesian" else 1  # whose regressions take their time
    assert number > 2 * trials


@pytest.mark.slow
def test_more_trials_later_and_fewer(start, written):
    """More than KerasTuner draws again before it takes a space for used up, which are 20."""
    first = start(trials=22)
    del written.configs[:]
    more = start(trials=24)
    assert len(written.configs) == 2
    assert more["trials"][:22] == first["trials"]
    assert start("straight", trials=24)["trials"] == more["trials"]
    assert start(trials=22)["trials"] == first["trials"]


def test_a_space_that_is_used_up_ends_the_search(start):
    result = start(trials=50, tune=["num_stages"])
    stages = [each["values"]["num_stages"] for each in result["trials"]]
    assert len(stages) == len(set(stages)) <= 6


def test_what_fails_is_recorded_and_skipped(start, written):
    def score(config):
        if config.hyperparameters["num_stages"] == 2:
            raise TypeError("two is\nnot enough")
        return 1.0

    written.score = score
    result = start(trials=20)
    expected = {2: "TypeError: two is not enough"}
    for each in result["trials"]:
        assert each["error"] == expected.get(each["values"]["num_stages"])
        assert each["status"] == ("FAILED" if each["error"] else "COMPLETED")
        assert (each["score"] is None) == bool(each["error"])
    assert {each["error"] for each in result["trials"]} == {None, *expected.values()}
    del written.configs[:]
    assert start(trials=20)["trials"] == result["trials"]
    assert written.configs == []  # a failed one is not tried again
    assert "failed: TypeError: two is not enough" in "".join(search_report(result).notes)
    plot_search(result)


def test_one_line_where_everything_is_wrong(tmp_path, start, written, builder, config):
    def fail(config):
        raise ValueError("no such thing")

    written.score = fail
    with pytest.raises(ValueError, match=r"^All 4 trials failed\. The first: no such thing$"):
        start("failing")

    def full(config):
        raise OSError(28, "No space left on device")

    written.score = full
    with pytest.raises(OSError, match="No space left"):
        start()
    written.score = lambda config: 1.0
    assert {each["status"] for each in start()["trials"]} == {"COMPLETED"}
    for name in ("trials/1/metrics.json", "search.json"):
        path = tmp_path / "out" / name
        whole = path.read_text()
        path.write_text(whole[:20])
        with pytest.raises(ValueError, match=rf"{name} is damaged"):
            start()
        path.write_text(whole)


def test_another_search_or_a_sweep_is_not_gone_on_with(tmp_path, start, builder, config):
    start()
    for changed, complaint in (
        ({"tuner": "bayesian"}, "of another search: there tuner = 'random'"),
        ({"tune": ["num_stages"]}, "another search: there space"),
        ({"config": config.replace(epochs=5)}, "config = "),
    ):
        with pytest.raises(ValueError, match=complaint):
            start(**changed)
    with pytest.raises(ValueError, match="out holds a search"):
        sweep_stages(config, builder, tmp_path / "out", stages=[1])
    (tmp_path / "swept" / "runs").mkdir(parents=True)
    with pytest.raises(ValueError, match="swept holds a sweep over stages"):
        start("swept")
    builder.info.metadata["fingerprint"] = "0" * 64
    with pytest.raises(ValueError, match=r"is not what .* was trained on"):
        start()


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"tuner": "grid"}, "The tuner must be one of random, bayesian, hyperband"),
        ({"trials": 0}, "number of trials must be at least 1; got 0"),
        ({"tune": ["num_stage"]}, r"num_stage\b.*num_stages"),
    ],
)
def test_mistakes(tmp_path, start, changed, complaint):
    with pytest.raises(ValueError, match=complaint):
        start(**changed)
    assert not (tmp_path / "out").exists()


def test_table_report_and_figure(start):
    result = start(trials=7, seeds=2, command="rmfn tune made/up")
    table = search_report(result).table
    assert isinstance(table, Table)
    assert table.header[:2] == ["trial", str(result["best"])]
    assert len(table.header) == 6
    assert [line[0] for line in table.lines][1:] == [*TWO, "epochs", "parameters"]
    text = search_report(result).to_markdown()
    for expected in ("rmfn tune made/up", "fresh seeds 1000, 1001 alone", result["answer"]):
        assert expected in text
    assert "optimistic" in start(trials=7)["answer"]
    plot_search(result)
