"""`rmfn predict`: by a server and in process, from a file and from a data set."""

import csv
import json
from contextlib import ExitStack

import keras
import numpy as np
import pytest

from rmfn_tf.export import export_model
from rmfn_tf.export.client import Client
from rmfn_tf.models import create_model
from support.rest_twin import RestTwin
from support.served_model import ServedModel
from support.serving_twin import ServingTwin
from support.small_ict_mmmo import WIDTHS

pytestmark = pytest.mark.slow

DATA = "ict_mmmo/mfn_arrays"
TASK = {"kind": "regression", "labels": ["sentiment"], "output_names": ["sentiment"]}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    keras.utils.set_random_seed(0)
    units = dict.fromkeys(WIDTHS, 2)
    sizes = {"fusion_units": 2, "summary_units": 2, "head_units": 0}
    model = create_model("rmfn", features=WIDTHS, units=units, **sizes)
    path = tmp_path_factory.mktemp("served") / "rmfn"
    export_model(model, path, about={"task": TASK})
    return path


@pytest.fixture(scope="module")
def twins(folder):
    served = ServedModel(folder, "rmfn")
    with ExitStack() as stack:
        yield [stack.enter_context(kind(served)) for kind in (ServingTwin, RestTwin)]


@pytest.fixture
def sequences():
    random = np.random.default_rng(0)
    return {
        name: [random.normal(size=(length, width)).astype("float32") for length in (3, 1, 2)]
        for name, width in WIDTHS.items()
    }


@pytest.fixture
def file(tmp_path, sequences):
    path = tmp_path / "sequences.json"
    rows = [
        {"id": name, **{modality: each[row].tolist() for modality, each in sequences.items()}}
        for row, name in enumerate("abc")
    ]
    path.write_text(json.dumps({"sequences": rows}))
    return path


@pytest.fixture
def expected(folder, sequences):
    with Client.connect(folder) as client:
        return client.explain(sequences)


def test_a_file_in_process(rmfn, folder, file, expected):
    done = rmfn("predict", "--export", folder, "--input", file, "--json")

    assert (done.code, done.err) == (0, "")
    answer = json.loads(done.out)
    assert answer["version"] == 1
    assert answer["task"] == "regression"
    assert [row["id"] for row in answer["predictions"]] == ["a", "b", "c"]
    values = [row["prediction"]["sentiment"] for row in answer["predictions"]]
    np.testing.assert_allclose(values, expected.predictions[:, 0], rtol=0, atol=1e-6)


def test_a_file_by_a_server(rmfn, folder, file, expected, twins):
    for twin in twins:
        done = rmfn("predict", "--url", twin.url, "--input", file, "--json", "--batch-size", "2")

        assert (done.code, done.err) == (0, "")
        # A server does not tell the labels.
        values = [row["prediction"]["prediction_0"] for row in json.loads(done.out)["predictions"]]
        np.testing.assert_allclose(values, expected.predictions[:, 0], rtol=0, atol=1e-6)


def test_a_table(rmfn, folder, file, expected):
    done = rmfn("predict", "--export", folder, "--input", file)

    assert done.code == 0
    header, *rows = [line.split() for line in done.out.splitlines()[-4:]]
    assert header == ["id", "sentiment"]
    expected_rows = zip("abc", expected.predictions[:, 0], strict=True)
    assert rows == [[name, f"{x:.4f}"] for name, x in expected_rows]


def test_explanations(rmfn, folder, file, expected, tmp_path):
    out = tmp_path / "out.csv"
    command = ("predict", "--export", folder, "--input", file, "--explain")
    done = rmfn(*command, "--out", out)

    assert (done.code, done.out, done.err) == (0, f"Predictions: {out}\n", "")
    with out.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert list(rows[0]) == ["id", "sentiment", *(f"attention_{name}" for name in WIDTHS)]
    for row, prediction in zip(rows, expected.predictions, strict=True):
        assert float(row["sentiment"]) == pytest.approx(prediction[0], abs=1e-6)
        shares = [float(row[f"attention_{name}"]) for name in WIDTHS]
        assert sum(shares) == pytest.approx(1, abs=1e-5)

    answer = json.loads(rmfn(*command, "--json").out)
    for place, row in enumerate(answer["predictions"]):
        for name in WIDTHS:
            share = expected.attention[name][place].sum(-1)  # of each stage of each word
            np.testing.assert_allclose(row["attention"][name], share, rtol=0, atol=1e-6)


def test_a_data_set(rmfn, folder, manual_dir, tmp_path):
    files = ("--data-dir", tmp_path / "data")
    assert rmfn("data", "build", DATA, "--manual-dir", manual_dir, *files).code == 0

    done = rmfn("predict", "--export", folder, "--data", DATA, *files, "--json")

    assert (done.code, done.err) == (0, "")
    predictions = json.loads(done.out)["predictions"]
    assert len(predictions) == 4  # of the validation split
    assert all(np.isfinite(row["prediction"]["sentiment"]) for row in predictions)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "give one model: a run folder, --url or --export"),
        (("--export", "{folder}"), "by one of --input and --data"),
        (("--export", "{folder}", "--url", "grpc://h/m", "--input", "{file}"), "give one model"),
        (("--export", "{folder}", "--input", "{file}", "--data", DATA), "by one of"),
        (("--export", "{folder}", "--input", "nowhere.json"), "nowhere.json"),
        (("--export", "nowhere", "--input", "{file}"), "'nowhere' holds no exported model"),
        (("--url", "host:8500", "--input", "{file}"), "'host:8500' holds no exported model"),
        (("--url", "grpc://127.0.0.1:1/m", "--input", "{file}"), "no server answers at"),
        (("--url", "{url}x", "--input", "{file}"), "does not serve this model or version"),
        (("--export", "{folder}", "--input", "{file}", "--json", "--out", "x"), "choose one"),
    ],
)
def test_mistakes_are_one_line(rmfn, folder, file, twins, options, message):
    places = {"folder": folder, "file": file, "url": twins[0].url}
    done = rmfn("predict", *(option.format(**places) for option in options))

    assert done.code == 1
    assert done.out == ""
    assert message in done.err
    assert done.err.count("\n") == 1
