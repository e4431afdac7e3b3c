import numpy as np
import pytest
from scipy.stats import pearsonr
from sklearn.metrics import f1_score

from rmfn_tf.metrics import metrics_for
from rmfn_tf.task import KINDS, Task
from support.metric_sets import whole

SENTIMENT = Task("regression", ("sentiment",), metrics="sentiment")
POM = Task(
    "regression",
    ("confident", "relaxed"),
    ranges={"confident": (1, 7), "relaxed": (1, 5)},
    metrics="pom",
)
IEMOCAP = Task("multilabel", ("happy", "sad"), metrics="iemocap")
SARCASM = Task("classification", ("positive",), num_classes=2)
RNG = np.random.default_rng(11)


def values(task, y_true, y_pred):
    """Each metric of the task on the whole set, by name."""
    return {metric.name: whole(metric, y_true, y_pred) for metric in metrics_for(task)}


def test_sentiment():
    y = RNG.choice(np.arange(-15, 16) / 5, 60).astype("float32")
    p = (y + RNG.normal(size=60) * 2).astype("float32")
    y[:6], p[6:9] = 0.0, 0.0
    kept = y != 0
    expected = {
        "mae": np.mean(np.abs(y.astype("float64") - p)),
        "r": pearsonr(y.astype("float64"), p).statistic,
        "a2": np.mean((y >= 0) == (p >= 0)),
        "f1": f1_score(y >= 0, p >= 0, average="weighted"),
        "a2_non0": np.mean((y > 0)[kept] == (p > 0)[kept]),
        "f1_non0": f1_score((y > 0)[kept], (p > 0)[kept], average="weighted"),
        "a7": np.mean(np.round(np.clip(y, -3, 3)) == np.round(np.clip(p, -3, 3))),
        "a5": np.mean(np.round(np.clip(y, -2, 2)) == np.round(np.clip(p, -2, 2))),
    }
    assert len({round(value, 9) for value in expected.values()}) == len(expected)
    result = values(SENTIMENT, y, p)
    assert list(result) == list(expected)
    assert result == pytest.approx(expected, abs=1e-9)


def test_pom_rounds_each_trait_in_its_own_range():
    y = np.array([[6.4, 5.0], [2.0, 4.0], [7.0, 1.0], [1.0, 2.5]])
    p = np.array([[6.0, 6.0], [3.0, 4.6], [9.0, 0.0], [0.6, 2.0]])
    assert list(values(POM, y, p)) == ["mae", "r", "accuracy"]
    # confident: hit, miss, hit, hit; relaxed: hit (6 clipped to 5), miss, hit, hit.
    assert values(POM, y, p)["accuracy"] == 6 / 8
    swapped = POM.select(["relaxed", "confident"])
    assert values(swapped, y, p)["accuracy"] == 5 / 8  # 6.4 and 6.0 both 5, 7 and 9 too; 5 and 6


def test_ict_mmmo_splits_at_three_and_a_half():
    task = Task("regression", ("sentiment",), metrics="ict_mmmo")
    result = values(task, [3.5, 3.4, 1.0, 5.0], [3.5, 3.49, 3.5, 3.4])
    assert list(result) == ["mae", "r", "a2"]
    assert result["a2"] == 0.5


def test_multilabel_scores_every_emotion_by_itself():
    y = RNG.integers(0, 2, size=(30, 2))
    p = RNG.uniform(size=(30, 2))
    result = values(IEMOCAP, y, p)
    f1s = [f1_score(y[:, i], p[:, i] >= 0.5, average="weighted") for i in range(2)]
    assert result == pytest.approx(
        {"accuracy": np.mean(y == (p >= 0.5)), "weighted_f1": np.mean(f1s)}
    )


def test_classification():
    y = RNG.integers(0, 4, size=30)
    p = RNG.dirichlet([1.0] * 4, size=30)
    assert values(SARCASM, y, p) == pytest.approx(
        {
            "accuracy": np.mean(y == p.argmax(1)),
            "weighted_f1": f1_score(y, p.argmax(1), average="weighted", zero_division=0),
        }
    )


@pytest.mark.parametrize(("kind", "metrics"), [(k, m) for k in KINDS for m in KINDS[k].metrics])
def test_every_set_has_the_metric_that_configurations_are_chosen_by(kind, metrics):
    columns, classes = ("a",), 2 if kind == "classification" else 0
    task = Task(kind, columns, ranges={"a": (1, 7)}, num_classes=classes, metrics=metrics)
    name, lower = KINDS[kind].selection
    directions = {metric.name: metric._direction for metric in metrics_for(task)}
    assert directions[name] == ("down" if lower else "up")


def test_pom_on_real_labels(real_data):
    """The train median's scores of the POM arrays, as known from elsewhere: MAE 0.877."""
    import h5py

    labels = {}
    for split in ("train", "test"):
        with h5py.File(real_data / "mfn_h5" / "pom" / f"y_{split}.h5") as file:
            labels[split] = np.delete(file["d1"][:], 14, axis=1)
    names = [f"trait_{column}" for column in range(16)]
    ranges = {name: (1, 5 if 8 <= i < 14 else 7) for i, name in enumerate(names)}
    task = Task("regression", tuple(names), ranges=ranges, metrics="pom")
    prediction = np.broadcast_to(np.median(labels["train"], axis=0), labels["test"].shape)
    result = values(task, labels["test"], prediction)
    assert result["mae"] == pytest.approx(0.877, abs=5e-4)
    assert result["r"] == 0.0
