"""What lies beside the graph says what the model takes, gives, and comes from."""

import copy
import json
import math
import resource

import jsonschema
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from rmfn_tf.export.contract import CONTRACT, SCHEMA, Contract, read_contract, write_contract

FULL = Contract(
    model="rmfn",
    modalities={"visual": 2, "acoustic": 3},
    signatures={
        name: {
            "inputs": {
                "visual": {"dtype": "float32", "shape": [None, None, 2]},
                "acoustic": {"dtype": "float32", "shape": [None, None, 3]},
                "lengths": {"dtype": "int32", "shape": [None]},
            },
            "outputs": {"prediction": {"dtype": "float32", "shape": [None, 1]}},
        }
        for name in ("serving_default", "step")
    },
    states={"h_visual": 4, "z": 5},
    task={"kind": "regression", "labels": ["sentiment"], "ranges": {"sentiment": [-3, 3]}},
    scaling={"visual": {"center": [0.5, 1.0], "scale": [1.0, 2.0], "clip": None}},
    data={"name": "ict_mmmo/trimodal", "fingerprint": "ab12", "sources": {"a.pkl": "cd34"}},
    validation={"split": "validation", "metrics": {"rmfn": {"mae": 0.5, "r": 0.1}}},
    batching={"allowed_batch_sizes": [1, 2], "length_buckets": [8]},
    versions={"rmfn-tf": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1"},
)
BARE = Contract(
    model="ef_lstm",
    modalities={"visual": 2},
    signatures={"serving_default": FULL.signatures["serving_default"]},
    batching=FULL.batching,
    versions=FULL.versions,
)


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    document = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


@pytest.fixture
def document(tmp_path) -> dict:
    write_contract(FULL, tmp_path)
    return json.loads((tmp_path / CONTRACT).read_text())


@pytest.mark.parametrize("contract", [FULL, BARE], ids=["full", "bare"])
def test_it_reads_back_as_it_was_written(tmp_path, schema, contract):
    write_contract(contract, tmp_path)

    assert read_contract(tmp_path) == contract
    assert read_contract(str(tmp_path)) == contract
    schema.validate(json.loads((tmp_path / CONTRACT).read_text()))


@given(
    widths=st.dictionaries(
        st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,8}", fullmatch=True),
        st.integers(1, 10_000),
        min_size=1,
    )
)
def test_modalities_keep_their_order(tmp_path_factory, widths):
    folder = tmp_path_factory.mktemp("version")
    write_contract(Contract(**{**vars(BARE), "modalities": widths}), folder)

    assert list(read_contract(folder).modalities.items()) == list(widths.items())


def test_a_metric_without_a_value_is_null(tmp_path, schema):
    metrics = {"rmfn": {"mae": 0.5, "r": math.nan, "f1": math.inf}}
    contract = Contract(**{**vars(FULL), "validation": {"split": "2 folds", "metrics": metrics}})

    write_contract(contract, tmp_path)

    read = json.loads((tmp_path / CONTRACT).read_text(), parse_constant=pytest.fail)
    assert read["validation"]["metrics"] == {"rmfn": {"mae": 0.5, "r": None, "f1": None}}
    schema.validate(read)


@pytest.mark.parametrize("value", [math.nan, np.float32(1), {1, 2}])
def test_what_is_no_json_is_refused(tmp_path, value):
    with pytest.raises(ValueError, match="the contract of 'rmfn' is no JSON"):
        write_contract(Contract(**{**vars(FULL), "scaling": {"visual": value}}), tmp_path)


def test_a_full_disk(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write_contract(FULL, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.parametrize(
    "where",
    [
        (),
        ("modalities", 0),
        ("signatures", "serving_default"),
        ("signatures", "serving_default", "inputs", "lengths"),
        ("task",),
        ("scaling", "visual"),
        ("data",),
        ("validation",),
        ("batching",),
    ],
    ids=lambda where: ".".join(map(str, where)) or "top",
)
def test_the_schema_knows_every_key(schema, document, where):
    part = document
    for key in where:
        part = part[key]
    part["hidden"] = {}

    assert not schema.is_valid(document)


def changed(document: dict, path: tuple, value) -> dict:
    """A copy with one value replaced, or, by `...`, removed."""
    document = copy.deepcopy(document)
    part = document
    for key in path[:-1]:
        part = part[key]
    if value is ...:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return document


# Of a document: what a reader must refuse, for a client would stumble over it later.
BROKEN = {
    "no model": (("model",), ...),
    "no modalities": (("modalities",), ...),
    "modalities without order": (("modalities",), {"visual": 2}),
    "no width": (("modalities", 0, "width"), ...),
    "no number of features": (("modalities", 0, "width"), 0),
    "no signatures": (("signatures",), ...),
    "signatures in a list": (("signatures",), []),
    "a signature without outputs": (("signatures", "step", "outputs"), ...),
    "no shape": (("signatures", "step", "inputs", "visual", "shape"), ...),
    "a shape in words": (("signatures", "step", "inputs", "visual", "shape"), "any"),
    "no batching": (("batching",), ...),
    "no batch sizes": (("batching", "allowed_batch_sizes"), ...),
    "a batch of nothing": (("batching", "allowed_batch_sizes"), [0, 1]),
    "a fraction of a state": (("states", "z"), 1.5),
    "states in a list": (("states",), ["z"]),
}


@pytest.mark.parametrize(("path", "value"), BROKEN.values(), ids=BROKEN)
def test_broken_contracts_are_refused(tmp_path, schema, document, path, value):
    broken = changed(document, path, value)
    (tmp_path / CONTRACT).write_text(json.dumps(broken))

    assert not schema.is_valid(broken)
    with pytest.raises(
        ValueError, match=r"contract\.json is no contract .* Export the model again"
    ):
        read_contract(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "{}", '{"format"', "\xff"])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / CONTRACT).parent.mkdir()
    (tmp_path / CONTRACT).write_text(text, encoding="latin-1")

    with pytest.raises(ValueError, match=r"contract\.json is no contract of a served model"):
        read_contract(tmp_path)


def test_no_contract(tmp_path):
    with pytest.raises(ValueError, match=r"has no assets\.extra/contract\.json: name a") as caught:
        read_contract(tmp_path / "1")

    assert str(tmp_path / "1") in str(caught.value)


@pytest.mark.parametrize("found", [2, "1", None])
def test_another_format(tmp_path, schema, document, found):
    later = changed(document, ("format",), found)
    (tmp_path / CONTRACT).write_text(json.dumps(later))

    assert not schema.is_valid(later)
    with pytest.raises(ValueError, match=rf"is of format {found!r}; .* reads format 1"):
        read_contract(tmp_path)


@pytest.mark.slow
def test_every_model_has_the_contract_that_its_file_keeps(exported, schema):
    for name, (model, version) in exported.items():
        schema.validate(json.loads((version / CONTRACT).read_text()))
        contract = read_contract(version)

        assert contract.model == model.name
        widths = {key: x.shape[-1] for key, x in model.input.items() if key != "lengths"}
        assert list(contract.modalities.items()) == list(widths.items()), name
        served = exported.signatures(name)
        assert contract.signatures.keys() == served.keys(), name
        for key, signature in contract.signatures.items():
            inputs = served[key].structured_input_signature[1]
            assert signature["inputs"] == described(inputs), (name, key)
            assert signature["outputs"] == described(served[key].structured_outputs), (name, key)
        taken = contract.signatures.get("step", {"inputs": {}})["inputs"]
        states = {key: spec["shape"][1] for key, spec in taken.items() if key not in widths}
        assert contract.states == states, name
        assert contract.task == contract.data == contract.validation == {}
        if name == "small":
            assert contract.scaling == {}
        else:
            scaling = contract.scaling["acoustic"]
            layer = model.get_layer("acoustic_scaling")
            assert scaling["clip"] == layer.clip
            np.testing.assert_array_equal(np.float32(scaling["center"]), layer.center)
            np.testing.assert_array_equal(np.float32(scaling["scale"]), layer.scale)


def described(specs: dict[str, tf.TensorSpec]) -> dict[str, dict]:
    return {
        name: {"dtype": spec.dtype.name, "shape": spec.shape.as_list()}
        for name, spec in specs.items()
    }
