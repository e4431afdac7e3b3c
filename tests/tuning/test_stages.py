"""The sweep over stages: which runs it makes, and what it says of their scores."""

import numpy as np
import pytest
from scipy import stats

from rmfn_tf.training.config import RunConfig
from rmfn_tf.tuning.selection import Selection, compare_paired
from rmfn_tf.tuning.stages import sweep_report, sweep_stages
from rmfn_tf.visualization.tuning import plot_stages

SCORES = {1: [1.0, 1.1, 0.9], 2: [0.8, 0.9, 0.7], 3: [0.9, 1.2, 0.8]}
FRESH = {1: [1.05, 1.0, 0.95], 2: [0.84, 0.81, 0.75], 3: [0.0, 0.0, 0.0]}


@pytest.fixture
def sweep(tmp_path, builder, config, written):
    """A sweep whose runs have the scores above; keywords change it."""

    def score(config):
        number, seed = config.hyperparameters["num_stages"], config.seed
        return (FRESH if seed >= 1000 else SCORES)[number][seed % 1000]

    written.score = score

    def run(stages=(1, 2, 3), seeds=3, config=config, **changes):
        return sweep_stages(
            config, builder, tmp_path / "out", stages=stages, seeds=seeds, **changes
        )

    return run


def trained(written):
    runs = [(each.hyperparameters["num_stages"], each.seed) for each in written.configs]
    written.configs.clear()
    return runs


def test_the_best_is_trained_again_over_fresh_seeds(tmp_path, sweep, written):
    result = sweep()
    selected = [(number, seed) for number in (1, 2, 3) for seed in range(3)]
    fresh = [(number, 1000 + seed) for number in (1, 2) for seed in range(3)]
    assert trained(written) == [*selected, *fresh]
    assert (result["best"], result["reference"]) == (2, 1)
    assert (result["seeds"], result["fresh_seeds"]) == ([0, 1, 2], [1000, 1001, 1002])
    difference = np.subtract(FRESH[2], FRESH[1])
    assert result["fresh"]["mean"] == pytest.approx(difference.mean())
    assert result["fresh"]["std"] == pytest.approx(difference.std(ddof=1))
    assert result["fresh"]["p"] == pytest.approx(stats.ttest_1samp(difference, 0).pvalue)
    rows = {row["stages"]: row for row in result["rows"]}
    assert rows[3]["scores"] == SCORES[3]
    assert rows[1]["difference"] is None
    assert rows[2]["difference"]["mean"] == pytest.approx(-0.2)
    assert result["answer"].startswith("K=2 over K=1: mae -0.200 ± 0.010 over 3 fresh seeds, p = ")
    assert result["answer"].endswith("evidence for it.")
    assert (tmp_path / "out" / result["best_run"] / "metrics.json").exists()


def test_a_second_start_trains_what_is_missing_and_its_fresh_seeds_stay_fresh(sweep, written):
    first = sweep((1, 2), 2)
    trained(written)
    assert sweep((1, 2), 2) == first
    assert trained(written) == []
    fewer = sweep((1, 2), 1)
    assert (fewer["seeds"], fewer["fresh_seeds"]) == ([0], [1000])
    assert trained(written) == []
    more = sweep((1, 2, 3), 3)
    assert trained(written) == [(1, 2), (2, 2), (3, 0), (3, 1), (3, 2), (1, 1002), (2, 1002)]
    assert not {*more["seeds"], *first["seeds"]} & {*fewer["fresh_seeds"], *more["fresh_seeds"]}


def test_where_the_smallest_number_is_best_nothing_is_trained_again(sweep, written):
    result = sweep((2, 3))
    assert len(written.configs) == 6
    assert (result["fresh"], result["fresh_seeds"]) == (None, [])
    assert "no sign that more stages help" in result["answer"]


def test_of_equals_the_smaller_is_best(sweep, written):
    written.score = lambda config: 0.9 if config.hyperparameters["num_stages"] == 1 else 0.5
    assert sweep()["best"] == 2


def test_runs_of_another_config_or_of_other_data_are_not_taken(sweep, config, builder):
    sweep((1,), 1)
    with pytest.raises(ValueError, match=r"is of another config: there \{'epochs': 2\}"):
        sweep((1,), 1, config.replace(epochs=9))
    builder.info.metadata["sources"] = {"voice.csd": "00"}
    with pytest.raises(ValueError, match=r"other files than the run's \(voice\.csd\)"):
        sweep((1,), 1)


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
def test_the_sentence(fresh, lower, expected, config, builder):
    selection = Selection(config, builder)
    selection.pick = min if lower else max
    said = selection.answer("K=3", "K=1", fresh, 5)
    assert said.startswith("K=3 ")
    assert expected in said


def test_paired_differences():
    assert compare_paired([1.0], [0.5]) == {"mean": 0.5, "std": None, "p": None}
    same = compare_paired([1.5, 2.5], [1.0, 2.0])
    assert (same["mean"], same["p"]) == (0.5, None)


def test_table_report_and_figure(sweep):
    result = sweep(command="rmfn tune made/up")
    table = sweep_report(result).table
    assert table.lines[0][:4] == ["1", "1.000 ± 0.100", "", ""]
    assert table.lines[1][:3] == ["2", "0.800 ± 0.100", "-0.200 ± 0.000"]
    assert table.bold == {1}
    text = sweep_report(result).to_markdown()
    for expected in ("rmfn tune made/up", "fresh seeds 1000, 1001, 1002", result["answer"]):
        assert expected in text
    panel = plot_stages(result).axes[0]
    assert [line.get_xdata().tolist() for line in panel.lines[:3]] == [[1, 2, 3]] * 3


def test_mistakes(tmp_path, builder):
    out = tmp_path / "out"
    with pytest.raises(ValueError, match="Only rmfn has stages; the model is 'ef_lstm'"):
        sweep_stages(RunConfig(data="made/up", model="ef_lstm"), builder, out, stages=[1])
    with pytest.raises(ValueError, match="seeds must be from 1 to 1000; got 1001"):
        sweep_stages(RunConfig(data="made/up"), builder, out, stages=[1], seeds=1001)
    assert not out.exists()
