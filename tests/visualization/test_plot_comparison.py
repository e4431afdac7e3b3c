from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from rmfn_tf.comparison.published import published_for
from rmfn_tf.visualization.comparison import plot_comparison

SENTIMENT = ["mae", "r", "a2", "f1", "a2_non0", "f1_non0", "a7", "a5"]
ROWS = {"ef_lstm": "model", "rmfn": "model", "constant": "floor", "ridge": "floor"}


def make_result(metrics: list[str] = ["mae", "r"], data: str = "pom", **changes: Any) -> dict:  # noqa: B006
    """Means by row and metric, all different; one run of a floor, so no spread."""
    rows = []
    for number, (row, kind) in enumerate(ROWS.items()):
        values = {}
        for column, metric in enumerate(metrics):
            mean = 0.3 + 0.1 * number + 0.01 * column
            values[metric] = {
                "mean": mean,
                "low": mean - 0.05,
                "high": mean + 0.08,
                "best": mean + 9,
                "std": 0.02 if kind == "model" else None,
                "difference": None,
                "p": None,
                "p_holm": None,
            }
        rows.append({"row": row, "kind": kind, "runs": 5, "values": values})
    result = {
        "data": data,
        "split": "test",
        "items": 203,
        "videos": 203,
        "seeds": [0],
        "reference": "ef_lstm",
        "command": "",
        "resamples": {},
        "metrics": metrics,
        "lower_is_better": ["mae"],
        "rows": rows,
        "constant_predictions": [],
        "published": published_for(data),
        "notes": [],
    }
    return {**result, **changes}


def shown(figure: Figure) -> set[str]:
    return {text.get_text() for text in figure.findobj(Text)}


@pytest.mark.parametrize(
    ("data", "metrics"), [("pom", ["mae", "r", "accuracy"]), ("cmu_mosi", SENTIMENT)]
)
def test_the_figure_is_written_and_shows_its_labels(
    data: str, metrics: list[str], tmp_path: Path
) -> None:
    result = make_result(metrics, data, split="10 folds")
    figure = plot_comparison(result)
    path = tmp_path / "comparison.png"
    figure.savefig(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    published = [f"{row['row']} ({row['kind']})" for row in result["published"]["rows"]]
    better = {m: "lower" if m == "mae" else "higher" for m in metrics}
    labels = [f"{metric} ({which} is better)" for metric, which in better.items()]
    legend = ["model", "floor", "not ours", "95 % interval", "± std over runs", "reference"]
    assert {*ROWS, *published, *labels, *legend} <= shown(figure)
    # What stands outside the figure is lost in the file.
    inside = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert figure.bbox.padded(1).containsx(inside.x0)
    assert figure.bbox.padded(1).containsx(inside.x1)
    assert figure.bbox.padded(1).containsy(inside.y0)
    assert figure.bbox.padded(1).containsy(inside.y1)


@pytest.mark.parametrize("missing", [["std"], ["low", "high"]])  # one seed, one video
def test_missing_values_are_left_out(missing: list[str], tmp_path: Path) -> None:
    result = make_result(["mae"], published=None)
    for row in result["rows"]:
        row["values"]["mae"] |= dict.fromkeys(missing)
    figure = plot_comparison(result)
    figure.savefig(tmp_path / "missing.png")
    assert set(ROWS) <= shown(figure)
    assert "not ours" not in shown(figure)


def test_dollars_are_plain_text(tmp_path: Path) -> None:
    result = make_result(data="pom")
    result["rows"][3]["row"] = r"a$\oops$b"
    figure = plot_comparison({**result, "data": "$x$"})
    figure.savefig(tmp_path / "plain.png")  # mathematics that cannot be read would raise
    assert figure.get_suptitle() == r"\$x\$: test, 203 items"
