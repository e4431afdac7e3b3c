from pathlib import Path
from typing import Any

import pytest
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import same_color, to_rgba
from matplotlib.figure import Figure

from rmfn_tf.comparison.published import published_for
from rmfn_tf.visualization.comparison import plot_comparison

SENTIMENT = ["mae", "r", "a2", "f1", "a2_non0", "f1_non0", "a7", "a5"]
ROWS = {"constant": "floor", "ef_lstm": "model", "ridge": "floor", "rmfn": "model"}
DRAWN = ["ef_lstm", "rmfn", "constant", "ridge"]  # models, then floors


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


def names(panel: Axes) -> list[str]:
    """Beside the first panel of each line; the others share its axis."""
    if not panel.get_subplotspec().is_first_col():
        assert not panel.get_yticklabels()
        panel = panel.figure.axes[0]
    return [label.get_text() for label in panel.get_yticklabels()]


def marks(panel: Axes, shape: str) -> dict[int, tuple[float, Any]]:
    """Height → (x, color) of the markers of a shape."""
    return {
        int(line.get_ydata()[0]): (float(line.get_xdata()[0]), line.get_color())
        for line in panel.lines
        if line.get_marker() == shape
    }


def bars(panel: Axes, wide: bool) -> dict[int, tuple[float, float, Any]]:
    """Height → (left, right, color) of the intervals (wide) or of the spreads."""
    found = {}
    for collection in panel.collections:
        assert isinstance(collection, LineCollection)
        if bool(collection.get_linewidth()[0] > 3) is wide:
            (segment,) = collection.get_segments()
            (left, height), (right, same) = segment
            assert height == same
            found[int(height)] = (left, right, collection.get_color()[0][:3])
    return found


@pytest.mark.parametrize(
    ("count", "grid"),
    [(1, (1, 1)), (3, (1, 3)), (4, (1, 4)), (5, (2, 3)), (8, (2, 4)), (9, (3, 3))],
)
def test_a_panel_a_metric_wrapped(count: int, grid: tuple[int, int]) -> None:
    metrics = [*SENTIMENT, "more"][:count]
    figure = plot_comparison(make_result(metrics))
    assert len(figure.axes) == count  # no empty panel stays
    shown = [panel.get_xlabel() for panel in figure.axes]
    better = ["lower" if metric == "mae" else "higher" for metric in metrics]
    assert shown == [f"{m} ({b} is better)" for m, b in zip(metrics, better, strict=True)]
    assert figure.axes[0].get_gridspec().get_geometry() == grid


def test_what_stands_in_a_panel() -> None:
    result = make_result(["mae", "r"], published=None)
    figure = plot_comparison(result)
    values = {row["row"]: row["values"] for row in result["rows"]}
    for metric, panel in zip(result["metrics"], figure.axes, strict=True):
        assert names(panel) == DRAWN
        dots, intervals, spreads = marks(panel, "o"), bars(panel, True), bars(panel, False)
        assert list(dots) == list(intervals) == [0, 1, 2, 3]
        assert list(spreads) == [0, 1]  # one run has no spread
        for height, row in enumerate(DRAWN):
            value = values[row][metric]
            assert dots[height][0] == value["mean"]
            assert intervals[height][:2] == (value["low"], value["high"])
            if height in spreads:
                ends = value["mean"] - 0.02, value["mean"] + 0.02
                assert spreads[height][:2] == pytest.approx(ends)
            assert to_rgba(dots[height][1])[:3] == pytest.approx(tuple(intervals[height][2]))
        assert same_color(dots[0][1], dots[1][1])
        assert same_color(dots[2][1], dots[3][1])
        assert not same_color(dots[1][1], dots[2][1])
        bottom, top = panel.get_ylim()
        assert bottom > 3 > 0 > top  # the first row is the upper one, none is cut off


def test_the_reference_is_a_dotted_line_at_its_mean() -> None:
    result = make_result(["mae", "r"], reference="rmfn")
    for metric, panel in zip(result["metrics"], plot_comparison(result).axes, strict=True):
        (line,) = [line for line in panel.lines if line.get_linestyle() == ":"]
        assert set(line.get_xdata()) == {result["rows"][3]["values"][metric]["mean"]}


@pytest.mark.parametrize(
    ("data", "metrics"), [("pom", ["mae", "r", "accuracy"]), ("cmu_mosi", SENTIMENT)]
)
def test_published_rows_are_grey_and_named(data: str, metrics: list[str]) -> None:
    result = make_result(metrics, data)
    rows = result["published"]["rows"]
    for metric, panel in zip(metrics, plot_comparison(result).axes, strict=True):
        assert names(panel)[4:] == [f"{row['row']} ({row['kind']})" for row in rows]
        diamonds = marks(panel, "D")
        expected = {
            4 + k: row["values"][metric] for k, row in enumerate(rows) if metric in row["values"]
        }
        assert {height: x for height, (x, _) in diamonds.items()} == expected
        for _, color in diamonds.values():
            red, green, blue, _ = to_rgba(color)
            assert red == green == blue
        assert panel.get_ylim()[0] > len(rows) + 3


def test_published_rows_without_our_metrics_take_no_room() -> None:
    panel = plot_comparison(make_result(["accuracy"], "iemocap")).axes[0]
    assert names(panel) == DRAWN
    assert not marks(panel, "D")


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_legend_names_what_is_there() -> None:
    common = ["95 % interval", "± std over runs", "reference"]
    assert legend(plot_comparison(make_result())) == ["model", "floor", "not ours", *common]
    bare = make_result(published=None)
    bare["rows"] = [row for row in bare["rows"] if row["kind"] == "model"]
    assert legend(plot_comparison(bare)) == ["model", *common]


@pytest.mark.parametrize("key", ["mean", "std", "low", "high"])
def test_missing_values_are_left_out(key: str, tmp_path: Path) -> None:
    result = make_result(["mae"], published=None)
    for row in result["rows"]:
        row["values"]["mae"][key] = None
    figure = plot_comparison(result)
    figure.savefig(tmp_path / "missing.png")
    (panel,) = figure.axes
    assert len(marks(panel, "o")) == (0 if key == "mean" else 4)
    assert len(bars(panel, True)) == (0 if key in ("low", "high") else 4)
    assert len(bars(panel, False)) == (0 if key in ("mean", "std") else 2)


@pytest.mark.parametrize("count", [1, 2, 3, 8])
def test_nothing_is_cut_off(count: int, tmp_path: Path) -> None:
    """What stands outside the figure is lost in the file; small figures once lost their legend."""
    figure = plot_comparison(make_result(SENTIMENT[:count], "cmu_mosi", split="10 folds"))
    path = tmp_path / "comparison.png"
    figure.savefig(path)
    assert path.read_bytes().startswith(b"\x89PNG")
    whole = figure.bbox
    inside = figure.get_tightbbox().transformed(figure.dpi_scale_trans)
    assert inside.x0 >= whole.x0 - 1
    assert inside.x1 <= whole.x1 + 1
    assert inside.y0 >= whole.y0 - 1
    assert inside.y1 <= whole.y1 + 1


def test_title_and_dollars_are_plain_text(tmp_path: Path) -> None:
    result = make_result(data="pom")
    result["rows"][3]["row"] = r"a$\oops$b"
    figure = plot_comparison({**result, "data": "$x$"})
    figure.savefig(tmp_path / "plain.png")  # mathematics that cannot be read would raise
    assert figure.get_suptitle() == r"\$x\$: test, 203 items"
