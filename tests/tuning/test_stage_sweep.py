"""The sweep over stages: which runs it makes, and what it says of their scores."""

import json
import re
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from rmfn_tf.training.config import RunConfig
from rmfn_tf.tuning import over_seeds
from rmfn_tf.tuning.differences import compare_paired
from rmfn_tf.tuning.stage_sweep import answer, best_run, run_folder, sweep_stages, with_stages
from rmfn_tf.tuning.sweep_report import sweep_markdown, sweep_table
from rmfn_tf.visualization.stages import plot_stages


@pytest.fixture
def trained(monkeypatch):
    """Writes the score that `scores[stages][seed]` has instead of training; lists the runs."""
    runs = []

    def make(scores):
        def train_all(jobs, builder, workers, on_progress):
            for folder, run in jobs.items():
                if (folder / "metrics.json").exists():
                    continue
                number, seed = run.hyperparameters["num_stages"], run.seed
                runs.append((number, seed))
                folder.mkdir(parents=True)
                metrics = {"rmfn": {"mae": scores[number][seed]}}
                (folder / "metrics.json").write_text(json.dumps({"metrics": metrics}))
                facts = {"seconds": 4.0, "parameters": 100 + number}
                (folder / "run.json").write_text(json.dumps(facts))
                (folder / "history.csv").write_text("epoch,loss\n1,2\n2,1\n")

        monkeypatch.setattr(over_seeds, "train_all", train_all)
        return runs

    return make


SCORES = {
    1: [1.0, 1.1, 0.9, 1.05, 1.0, 0.95],
    2: [0.8, 0.9, 0.7, 0.84, 0.81, 0.75],
    3: [0.9, 1.2, 0.8, 0.0, 0.0, 0.0],
}


def test_the_best_is_trained_again_over_fresh_seeds(tmp_path, builder, config, trained):
    runs = trained(SCORES)
    result = sweep_stages(config, [1, 2, 3], 3, builder, tmp_path / "out")
    searched = [(number, seed) for number in (1, 2, 3) for seed in range(3)]
    assert runs == [*searched, *((number, seed) for number in (1, 2) for seed in (3, 4, 5))]
    assert (result["best"], result["reference"]) == (2, 1)
    assert (result["seeds"], result["fresh_seeds"]) == ([0, 1, 2], [3, 4, 5])
    fresh = np.subtract(SCORES[2][3:], SCORES[1][3:])
    assert result["fresh"]["mean"] == pytest.approx(fresh.mean())
    assert result["fresh"]["std"] == pytest.approx(fresh.std(ddof=1))
    assert result["fresh"]["p"] == pytest.approx(stats.ttest_1samp(fresh, 0).pvalue)
    # The searched scores of the third would have won on the fresh seeds: they are not looked at.
    rows = {row["stages"]: row for row in result["rows"]}
    assert rows[3]["scores"] == SCORES[3][:3]
    assert rows[1]["difference"] is None
    searched = np.subtract(SCORES[2][:3], SCORES[1][:3])
    assert rows[2]["difference"]["mean"] == pytest.approx(searched.mean())
    assert rows[2]["seconds_per_epoch"] == 2.0
    assert [row["parameters"] for row in result["rows"]] == [101, 102, 103]
    assert result["answer"].startswith("K=2 over K=1: mae -0.200 ± 0.010 over 3 fresh seeds, p = ")
    assert result["answer"].endswith("evidence for it.")


def test_a_second_start_trains_what_is_missing(tmp_path, builder, config, trained):
    runs = trained(SCORES)
    first = sweep_stages(config, [1, 2], 2, builder, tmp_path / "out")
    del runs[:]
    assert sweep_stages(config, [1, 2], 2, builder, tmp_path / "out") == first
    assert runs == []
    sweep_stages(config, [1, 2, 3], 2, builder, tmp_path / "out")
    assert runs == [(3, 0), (3, 1)]


def test_runs_of_another_config_are_not_taken(tmp_path, monkeypatch, builder, config):
    """By the real `train_all`, on run folders that are finished."""
    folder = run_folder(tmp_path / "out", 1, 0)
    folder.mkdir(parents=True)
    with_stages(config, 1).write(folder / "config.toml")
    facts = {"fingerprint": "f" * 64, "sources": {}}
    (folder / "run.json").write_text(json.dumps(facts))
    (folder / "metrics.json").write_text("{}")
    for changed, complaint in (
        (replace(config, epochs=9), "is of another config: there {'epochs': 2}"),
        (replace(config, data="other/one"), "there {'data': 'made/up'}"),
    ):
        with pytest.raises(ValueError, match=re.escape(complaint)):
            sweep_stages(changed, [1], 1, builder, tmp_path / "out")
    builder.info.metadata["sources"] = {"voice.csd": "00"}
    with pytest.raises(ValueError, match=r"other files than what .* \(voice\.csd\)"):
        sweep_stages(config, [1], 1, builder, tmp_path / "out")


def test_where_one_stage_is_best_nothing_is_trained_again(tmp_path, builder, config, trained):
    runs = trained({1: [0.5, 0.5], 2: [0.6, 0.5]})
    result = sweep_stages(config, [1, 2], 2, builder, tmp_path / "out")
    assert len(runs) == 4
    assert result["fresh"] is None
    assert "no sign that more stages help" in result["answer"]


def test_of_equals_the_smaller_is_best(tmp_path, builder, config, trained):
    trained({1: [0.9] * 4, 2: [0.5] * 4, 3: [0.5] * 4})
    assert sweep_stages(config, [1, 2, 3], 2, builder, tmp_path / "out")["best"] == 2


@pytest.mark.parametrize(
    ("fresh", "lower", "expected"),
    [
        ({"mean": -0.02, "std": 0.03, "p": 0.4}, True, "± 0.030 over 5 fresh seeds, p = 0.400: no"),
        ({"mean": -0.02, "std": 0.003, "p": 0.01}, True, "evidence for it."),
        ({"mean": 0.02, "std": 0.003, "p": 0.01}, True, "evidence against it."),
        ({"mean": 0.02, "std": 0.003, "p": 0.01}, False, "evidence for it."),
        ({"mean": 0.02, "std": 0.0, "p": None}, False, "over 5 fresh seeds: no evidence."),
        ({"mean": 0.02, "std": None, "p": None}, False, "one seed shows nothing"),
    ],
)
def test_the_sentence(fresh, lower, expected):
    said = answer(
        {
            "best": 3,
            "reference": 1,
            "metric": "mae",
            "lower_is_better": lower,
            "fresh": fresh,
            "fresh_seeds": [5, 6, 7, 8, 9],
        }
    )
    assert said.startswith("K=3 over K=1: mae ")
    assert expected in said


def test_paired_differences():
    assert compare_paired([1.0], [0.5]) == {"mean": 0.5, "std": None, "p": None}
    same = compare_paired([1.5, 2.5], [1.0, 2.0])
    assert (same["mean"], same["p"]) == (0.5, None)


def test_table_report_figure_and_run(tmp_path, builder, config, trained):
    trained(SCORES)
    out = tmp_path / "out"
    result = sweep_stages(config, [1, 2, 3], 3, builder, out, command="rmfn tune made/up")
    _, lines = sweep_table(result)
    assert lines[0][:4] == ["1", "1.000 ± 0.100", "", ""]
    assert lines[1][:3] == ["2 (best)", "0.800 ± 0.100", "-0.200 ± 0.000"]
    text = sweep_markdown(result)
    for expected in ("rmfn tune made/up", "fresh seeds 3, 4, 5", result["answer"], "| 2 (best) |"):
        assert expected in text
    panel = plot_stages(result).axes[0]
    assert [line.get_xdata().tolist() for line in panel.lines[:3]] == [[1, 2, 3]] * 3
    assert best_run(result, out) == run_folder(out, 2, 3)
    assert best_run({**result, "fresh_seeds": []}, out) == run_folder(out, 2, 0)


def test_other_models_have_no_stages(tmp_path, builder):
    with pytest.raises(ValueError, match="Only rmfn has stages; the model is 'ef_lstm'"):
        sweep_stages(RunConfig("made/up", model="ef_lstm"), [1], 1, builder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
