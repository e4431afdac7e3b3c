"""A model in, a version out, which answers the same wherever TensorFlow is."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from rmfn_tf.export import export_model, saved_model
from rmfn_tf.export.contract import Contract, read_contract
from rmfn_tf.export.warmup import WARMUP

SHAPES = {"one": (1, 1), "few": (3, 5)}


def random_inputs(model: keras.Model, batch: int, time: int) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(batch * 1000 + time)
    return {
        name: generator.integers(1, time + 1, batch).astype("int32")
        if name == "lengths"
        else generator.standard_normal((batch, time, tensor.shape[2])).astype("float32")
        for name, tensor in model.input.items()
    }


def test_the_folder_says_what_the_model_is(tmp_path, small_model):
    version = export_model(small_model(), tmp_path / "new" / "models")

    assert version == tmp_path / "new" / "models" / "1"
    assert tf.saved_model.contains_saved_model(version)
    assert read_contract(version).widths == {"language": 4, "acoustic": 3, "visual": 2}
    assert (version / WARMUP).is_file()
    predict = tf.saved_model.load(version).signatures["serving_default"]
    assert predict.structured_outputs == {
        "prediction": tf.TensorSpec((None, 2), tf.float32, name="prediction")
    }
    assert predict.structured_input_signature[1]["lengths"].shape.as_list() == [None]
    assert predict.structured_input_signature[1]["acoustic"].shape.as_list() == [None, None, 3]


def test_a_compiled_and_trained_model_leaves_its_optimizer_behind(tmp_path, small_model):
    model = small_model()
    model.compile("adam", "mse", metrics=["mae"])
    inputs = random_inputs(model, 8, 5)
    model.fit(inputs, np.zeros((8, 2), "float32"), verbose=0)

    version = export_model(model, tmp_path)

    loaded = tf.saved_model.load(version)
    saved = tf.train.list_variables(version / "variables" / "variables")
    weights = [shape for name, shape in saved if "VARIABLE_VALUE" in name]
    assert sorted(weights) == sorted(list(weight.shape) for weight in model.trainable_weights)
    np.testing.assert_allclose(
        loaded.signatures["serving_default"](
            **{name: tf.constant(values) for name, values in inputs.items()}
        )["prediction"],
        model(inputs, training=False),
        rtol=0,
        atol=1e-6,
    )


def test_what_is_known_of_the_run_is_in_the_contract(tmp_path, small_model):
    about = {
        "task": {
            "kind": "multilabel",
            "labels": ["happy", "sad"],
            "output_names": ["happy", "sad"],
        },
        "data": {"name": "iemocap", "fingerprint": "ab12", "sources": {}},
        "validation": {"split": "validation", "metrics": {"small": {"accuracy": 0.5}}},
    }

    contract = read_contract(export_model(small_model(), tmp_path, about=about))

    assert contract.model_dump(include=about.keys(), exclude_defaults=True) == about


@pytest.mark.parametrize(
    ("about", "message"),
    [
        ({"dataset": {}}, "`about` may have task, data, validation; got dataset"),
        ({"model": {}}, "`about` may have task, data, validation; got model"),
        ({"data": {"name": np.float32(1)}}, r"contract of 'small' cannot be written: data\.name"),
    ],
)
def test_other_facts_are_refused(tmp_path, small_model, about, message):
    with pytest.raises(ValueError, match=message):
        export_model(small_model(), tmp_path, about=about)

    assert list(tmp_path.iterdir()) == []


def test_so_many_versions_are_kept(tmp_path, small_model):
    for number in ("1", "2"):
        (tmp_path / number).mkdir()

    version = export_model(small_model(), tmp_path, keep=2)

    assert sorted(path.name for path in tmp_path.iterdir()) == ["2", "3"]
    assert version.name == "3"


@pytest.mark.parametrize("step", ["write_out", "model_validate", "write_warmup"])
def test_a_failure_at_any_step_leaves_the_folder_as_it_was(
    tmp_path, small_model, contents, monkeypatch, step
):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"theirs")
    before = contents(tmp_path)

    def fail(*args, **options):
        raise RuntimeError("the power went")

    homes = {"write_out": type(keras.export.ExportArchive()), "model_validate": Contract}
    home = homes.get(step, saved_model)
    monkeypatch.setattr(home, step, fail)
    with pytest.raises(RuntimeError, match="the power went"):
        export_model(small_model(), tmp_path)

    assert contents(tmp_path) == before


def test_a_full_disk_is_an_error_and_leaves_the_folder_as_it_was(tmp_path, small_model):
    model = small_model()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, limits[1]))  # no file may grow beyond
    try:
        with pytest.raises(OSError, match="TensorFlow could not write the model"):
            export_model(model, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_the_file_asks_for_no_class(exported):
    """Keras' own way of saving leaves objects that are revived as Keras classes where it can."""
    for model, version in exported.values():
        contents = SavedModel.FromString((version / "saved_model.pb").read_bytes())
        objects = contents.meta_graphs[0].object_graph_def.nodes
        kinds = {node.user_object.identifier for node in objects if node.HasField("user_object")}

        assert "_generic_user_object" in kinds
        assert not {kind for kind in kinds if "keras" in kind}, model.name
        assert not (version / "keras_metadata.pb").exists()


@pytest.mark.slow
def test_it_predicts_the_same_in_a_process_without_rmfn_tf(tmp_path, exported):
    for name, (model, version) in exported.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "1").symlink_to(version)
        for case, (batch, time) in SHAPES.items():
            np.savez(tmp_path / name / f"{case}.npz", **random_inputs(model, batch, time))

    done = subprocess.run(
        [sys.executable, "-I", Path(__file__).with_name("serve_alone.py"), tmp_path],
        capture_output=True,
        text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )

    assert done.stdout == "served alone\n", done.stderr
    for name, (model, _) in exported.items():
        for case, (batch, time) in SHAPES.items():
            np.testing.assert_allclose(
                np.load(tmp_path / name / f"{case}.npy"),
                model(random_inputs(model, batch, time), training=False),
                rtol=0,
                atol=1e-6,
                err_msg=f"{name}, {case}",
            )
