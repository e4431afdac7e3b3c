"""The saved graph, op by op: nothing that a stock server lacks, all of it able to run on a GPU."""

import importlib
from pathlib import Path

import keras
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow.python.framework.kernels import get_registered_kernels_for_op

from rmfn_tf.export import export_model, signatures
from support.through import Through


def serving_nodes(saved_model: Path) -> list:
    """The nodes that answer a request: what the signatures' outputs need, functions included.

    The rest of a SavedModel's graph reads and writes checkpoints, on the host.
    """
    contents = SavedModel.FromString((saved_model / "saved_model.pb").read_bytes())
    graph = contents.meta_graphs[0].graph_def
    functions = {function.signature.name: function for function in graph.library.function}
    by_name = {node.name: node for node in graph.node}

    found = {}
    waiting = [
        by_name[tensor.name.split(":")[0]]
        for signature in contents.meta_graphs[0].signature_def.values()
        for tensor in signature.outputs.values()
    ]
    while waiting:
        node = waiting.pop()
        if id(node) in found:
            continue
        found[id(node)] = node
        if node.name in by_name and by_name[node.name] is node:
            waiting += [by_name[name.lstrip("^").split(":")[0]] for name in node.input]
        for value in node.attr.values():
            for called in [value.func, *value.list.func]:
                if called.name in functions:
                    waiting += functions[called.name].node_def
    return list(found.values())


def xla_op(words):
    return keras.ops.slice_update(words, [0, 0, 0], words[:, :1] * 2)


def python_op(words):
    return tf.ensure_shape(tf.py_function(lambda x: x, [words], tf.float32), words.shape)


@tf.function(jit_compile=True)
def compiled(words):
    return words * 2


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (xla_op, "XlaDynamicUpdateSlice .* is an op of XLA"),
        (python_op, "EagerPyFunc .* calls Python"),
        (compiled, r"must be compiled by XLA \(jit_compile=True\)"),
    ],
)
def test_what_a_stock_server_lacks_is_refused(tmp_path, small_model, function, message):
    with pytest.raises(ValueError, match=message):
        export_model(small_model(Through(function)), tmp_path)

    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def pretend_gpu(monkeypatch):
    """Keras takes this machine for one whose GPU has cuDNN."""
    # By its module: the dotted name leads to the function `rnn`.
    recurrence = importlib.import_module("keras.src.backend.tensorflow.rnn")
    monkeypatch.setattr(recurrence, "_is_gpu_available", lambda: True)


@pytest.mark.usefixtures("pretend_gpu")
def test_exported_beside_a_gpu_it_runs_without(tmp_path, small_model):
    model = small_model(recurrent=True)

    version = export_model(model, tmp_path)

    assert "CudnnRNNV3" not in {node.op for node in serving_nodes(version)}
    assert model.layers[-3].use_cudnn == "auto"


@pytest.mark.usefixtures("pretend_gpu")
def test_an_op_without_a_cpu_kernel_is_refused(tmp_path, small_model, monkeypatch):
    monkeypatch.setattr(
        signatures, "_without_cudnn", lambda model: tf.name_scope("cudnn_is_left_on")
    )

    with pytest.raises(ValueError, match=r"CudnnRNNV3 \(node .*\) has no CPU kernel"):
        export_model(small_model(recurrent=True), tmp_path)


@pytest.mark.skipif(
    not tf.test.is_built_with_cuda(),
    reason="this build of TensorFlow has no CUDA kernels to look among",
)
def test_every_op_that_answers_has_a_gpu_kernel(exported):
    """By the kernels registered in the CUDA build, which need no GPU to be listed."""
    host_only = {"StringJoin", "StringFormat", "Assert"}  # a refusal and its words
    for model, version in exported.values():
        ops = {node.op for node in serving_nodes(version)} - host_only
        devices = {
            op: {kernel.device_type for kernel in get_registered_kernels_for_op(op).kernel}
            for op in ops
        }

        assert ops >= ({"MatMul", "Tanh", "While"} if "lstm" in model.name else {"MatMul"})
        assert [op for op in ops if not devices[op] & {"GPU", "DEFAULT"}] == [], model.name
