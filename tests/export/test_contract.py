"""What lies beside the graph says what the model takes, gives, and comes from."""

import copy
import json
import math

import jsonschema
import numpy as np
import pytest
from pydantic import ValidationError

from rmfn_tf.export.contract import CONTRACT, Contract, read_contract, signatures_of

SIGNATURE = {
    "inputs": {
        "visual": {"dtype": "float32", "shape": [None, None, 2]},
        "acoustic": {"dtype": "float32", "shape": [None, None, 3]},
        "lengths": {"dtype": "int32", "shape": [None]},
    },
    "outputs": {"prediction": {"dtype": "float32", "shape": [None, 1]}},
}
BARE = {
    "format": 1,
    "model": "ef_lstm",
    "modalities": [{"name": "visual", "width": 2}, {"name": "acoustic", "width": 3}],
    "signatures": {"serving_default": SIGNATURE},
    "batching": {"allowed_batch_sizes": [1, 2], "length_buckets": [8]},
    "versions": {"rmfn-tf": "0.1.0", "tensorflow": "2.21.0", "keras": "3.15.1"},
}
FULL = {
    **BARE,
    "model": "rmfn",
    "signatures": {"serving_default": SIGNATURE, "step": SIGNATURE},
    "states": {"h_visual": 4, "z": 5},
    "task": {
        "kind": "regression",
        "labels": ["sentiment"],
        "output_names": ["sentiment"],
        "ranges": {"sentiment": [-3, 3]},
    },
    "scaling": {"visual": {"center": [0.5, 1.0], "scale": [1.0, 2.0], "clip": None}},
    "data": {"name": "ict_mmmo/trimodal", "fingerprint": "ab12", "sources": {"a.pkl": "cd34"}},
    "validation": {"split": "validation", "metrics": {"rmfn": {"mae": 0.5, "r": 0.1}}},
}


@pytest.fixture(scope="module")
def schema() -> jsonschema.Draft202012Validator:
    document = Contract.model_json_schema()
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def written(contract: Contract, folder) -> dict:
    contract.write(folder)
    return json.loads((folder / CONTRACT).read_text(), parse_constant=pytest.fail)


@pytest.mark.parametrize("document", [FULL, BARE], ids=["full", "bare"])
def test_the_file_has_these_keys_and_reads_back(tmp_path, schema, document):
    contract = Contract.model_validate(document)

    assert written(contract, tmp_path) == document
    assert read_contract(tmp_path) == read_contract(str(tmp_path)) == contract
    schema.validate(document)


def test_a_metric_without_a_value_is_null(tmp_path, schema):
    metrics = {"rmfn": {"mae": 0.5, "r": math.nan, "f1": math.inf}}
    contract = Contract.model_validate(
        {**FULL, "validation": {"split": "2 folds", "metrics": metrics}}
    )

    read = written(contract, tmp_path)
    assert read["validation"]["metrics"] == {"rmfn": {"mae": 0.5, "r": None, "f1": None}}
    schema.validate(read)


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
    "another format": (("format",), 2),
    "format in words": (("format",), "1"),
    "no format": (("format",), ...),
    "no model": (("model",), ...),
    "no modalities": (("modalities",), []),
    "modalities without order": (("modalities",), {"visual": 2}),
    "no width": (("modalities", 0, "width"), ...),
    "no number of features": (("modalities", 0, "width"), 0),
    "no signatures": (("signatures",), ...),
    "signatures in a list": (("signatures",), []),
    "a signature without outputs": (("signatures", "step", "outputs"), ...),
    "no shape": (("signatures", "step", "inputs", "visual", "shape"), ...),
    "a shape in words": (("signatures", "step", "inputs", "visual", "shape"), "any"),
    "no batching": (("batching",), ...),
    "no batch sizes": (("batching", "allowed_batch_sizes"), []),
    "a batch of nothing": (("batching", "allowed_batch_sizes"), [0, 1]),
    "a fraction of a state": (("states", "z"), 1.5),
    "states in a list": (("states",), ["z"]),
    "a scale of 0": (("scaling", "visual", "scale"), [0.0, 1.0]),
    "an unknown kind": (("task", "kind"), "ranking"),
    **{
        f"an unknown key in {'.'.join(map(str, where)) or 'the whole'}": ((*where, "hidden"), {})
        for where in [
            (),
            ("modalities", 0),
            ("signatures", "serving_default"),
            ("signatures", "serving_default", "inputs", "lengths"),
            ("task",),
            ("scaling", "visual"),
            ("data",),
            ("validation",),
            ("batching",),
        ]
    },
}


@pytest.mark.parametrize(("path", "value"), BROKEN.values(), ids=BROKEN)
def test_broken_contracts_are_refused(tmp_path, schema, path, value):
    broken = changed(FULL, path, value)
    (tmp_path / CONTRACT).parent.mkdir()
    (tmp_path / CONTRACT).write_text(json.dumps(broken))

    assert not schema.is_valid(broken)
    with pytest.raises(
        ValueError, match=r"contract\.json is not a contract .* Export the"
    ) as caught:
        read_contract(tmp_path)
    assert str(path[0]) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", "{}", '{"format"', "\xff"])
def test_other_files_are_refused(tmp_path, text):
    (tmp_path / CONTRACT).parent.mkdir()
    (tmp_path / CONTRACT).write_text(text, encoding="latin-1")

    with pytest.raises(ValueError, match=r"contract\.json is not a contract that this rmfn-tf can"):
        read_contract(tmp_path)


@pytest.mark.parametrize("value", [math.nan, {1, 2}, "visual"])
def test_what_is_no_json_is_refused(value):
    with pytest.raises(ValidationError, match="scaling"):
        Contract.model_validate(changed(FULL, ("scaling", "visual", "center"), [value]))


def test_no_contract(tmp_path):
    with pytest.raises(ValueError, match=r"has no assets\.extra/contract\.json: name a") as caught:
        read_contract(tmp_path / "1")

    assert str(tmp_path / "1") in str(caught.value)


@pytest.mark.slow
def test_every_model_has_the_contract_that_its_file_keeps(exported, schema):
    for name, (model, version) in exported.items():
        schema.validate(json.loads((version / CONTRACT).read_text()))
        contract = read_contract(version)

        assert contract.model == model.name
        widths = {key: x.shape[-1] for key, x in model.input.items() if key != "lengths"}
        assert list(contract.widths.items()) == list(widths.items()), name
        assert contract.signatures == signatures_of(exported.signatures(name)), name
        states = {}
        if "step" in contract.signatures:
            taken = contract.signatures["step"]
            states = {key: x.shape[1] for key, x in taken.inputs.items() if key not in widths}
            assert (
                states.items()
                == {
                    key.removeprefix("next_"): x.shape[1]
                    for key, x in taken.outputs.items()
                    if key.startswith("next_")
                }.items()
            )
        assert contract.states == states, name
        assert (contract.task is not None) == (name == "rmfn")
        assert contract.data is contract.validation is None
        assert contract.scaling.keys() == (set() if name == "small" else widths.keys())
        for modality, scaling in contract.scaling.items():
            layer = model.get_layer(f"{modality}_scaling")
            assert scaling.clip == layer.clip
            np.testing.assert_array_equal(np.float32(scaling.center), layer.center)
            np.testing.assert_array_equal(np.float32(scaling.scale), layer.scale)
