"""The requests that a server replays before it serves: each kind once, and all of them sound."""

import resource
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

pytest.importorskip("tensorflow_serving", reason="the extra `serving` is not installed")

from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from rmfn_tf.export import export_model
from rmfn_tf.export.contract import (
    ALLOWED_BATCH_SIZES,
    Contract,
    read_contract,
    signatures_of,
)
from rmfn_tf.export.warmup import WARMUP, write_warmup
from support.through import Through


def write(version: Path, signatures=("serving_default", "step"), sizes=(1, 4), lengths=(2,)):
    """The warm-up of the SavedModel below."""
    served = tf.saved_model.load(str(version)).signatures
    known = signatures_of(served)
    contract = Contract(
        format=1,
        model="net",
        modalities=[{"name": "words", "width": 3}],
        signatures={name: known[name] for name in signatures},
        batching={"allowed_batch_sizes": sizes, "length_buckets": lengths},
        versions={},
    )
    write_warmup(contract, served, version)


def requests(version: Path) -> list:
    records = tf.data.TFRecordDataset(str(version / WARMUP))
    return [PredictionLog.FromString(each.numpy()).predict_log.request for each in records]


@pytest.fixture(scope="module")
def version(tmp_path_factory) -> Path:
    """A SavedModel with the signatures above."""
    folder = tmp_path_factory.mktemp("version")
    (folder / WARMUP).parent.mkdir()
    module = tf.Module()
    module.sequences = tf.function(
        lambda words, lengths: {"sum": tf.reduce_sum(words, [1, 2]) + tf.cast(lengths, tf.float32)},
        input_signature=[
            tf.TensorSpec((None, None, 3), tf.float32, "words"),
            tf.TensorSpec((None,), tf.int32, "lengths"),
        ],
    )
    module.words = tf.function(
        lambda words: {"sum": tf.reduce_sum(words, 1)},
        input_signature=[tf.TensorSpec((None, 3), tf.float32, "words")],
    )
    signatures = {"serving_default": module.sequences, "step": module.words}
    tf.saved_model.save(module, str(folder), signatures)
    return folder


def test_each_batch_size_length_and_signature_once(version):
    write(version, lengths=(2, 5, 9))

    found = Counter()
    for request in requests(version):
        assert request.model_spec.name == "net"
        words = tf.make_ndarray(request.inputs["words"])
        assert words.dtype == np.float32
        assert (words == 1).all()
        if request.model_spec.signature_name == "serving_default":
            lengths = tf.make_ndarray(request.inputs["lengths"])
            assert lengths.dtype == np.int32
            assert lengths.tolist() == [words.shape[1]] * len(words)
        found[request.model_spec.signature_name, *words.shape] += 1
    expected = [("serving_default", b, t, 3) for b in (1, 4) for t in (2, 5, 9)]
    assert found == Counter([*expected, ("step", 1, 3), ("step", 4, 3)])


def test_a_large_record_is_a_small_file(version):
    """TFRecords of 421 features, 32 words and 32 sequences would be 1.7 MB each."""
    write(version, ["serving_default"], [1024], [1024])

    assert (version / WARMUP).stat().st_size < 300
    assert tf.make_ndarray(requests(version)[0].inputs["words"]).shape == (1024, 1024, 3)


def test_no_server_takes_more_than_1000(version):
    with pytest.raises(ValueError, match=r"may have 1000 records; .* would have 1002"):
        write(version, lengths=range(1, 501))


def test_a_full_disk(version):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(OSError, match="TensorFlow could not write the warm-up"):
            write(version)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def ten_words_at_most(words):
    with tf.control_dependencies([tf.debugging.assert_less(tf.shape(words)[1], 11)]):
        return tf.identity(words)


def test_an_export_that_cannot_answer_all_is_not_published(tmp_path, small_model):
    model = small_model(Through(ten_words_at_most))
    with pytest.raises(ValueError, match=r"cannot answer .*\(1, 16, 4\).* a server would refuse"):
        export_model(model, tmp_path)

    assert list(tmp_path.iterdir()) == []
    assert export_model(model, tmp_path, lengths=[10]).name == "1"


def test_without_the_extra_there_is_an_export_and_no_warm_up(tmp_path, small_model, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_serving", None)

    version = export_model(small_model(), tmp_path)

    assert not (version / WARMUP).exists()
    assert read_contract(version).model == "small"


def test_warm_up_lengths_are_those_of_the_data(tmp_path, small_model):
    version = export_model(small_model(), tmp_path, lengths=(5, 11))

    assert read_contract(version).batching.length_buckets == [5, 11]
    shapes = [tf.make_ndarray(request.inputs["visual"]).shape for request in requests(version)]
    assert sorted(shapes) == [(batch, time, 2) for batch in ALLOWED_BATCH_SIZES for time in (5, 11)]


@pytest.mark.parametrize("lengths", [(), (0,), (2.5,)])
def test_lengths_that_cannot_be_are_refused(tmp_path, small_model, lengths):
    with pytest.raises(ValueError, match="length_buckets"):
        export_model(small_model(), tmp_path, lengths=lengths)

    assert list(tmp_path.iterdir()) == []
