"""Broken files, lost parts and kills: a build is whole, or it is not there."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds

import rmfn_tf.datasets
from rmfn_tf.datasets.source import SourceError
from support.mfn_files import write_array
from support.small_ict_mmmo import NAME, VERSION_FOLDER, change_labels, names_in, read


@pytest.mark.parametrize("lost", ["dataset_info.json", "ict_mmmo-test.tfrecord-00000-of-00001"])
def test_a_build_that_lost_a_part_is_built_again(manual_dir, data_dir, lost):
    rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    (data_dir / VERSION_FOLDER / lost).unlink()
    with pytest.raises(ValueError, match="is not built in"):
        rmfn_tf.datasets.load_builder(NAME, data_dir)
    builder = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    assert len(read(builder, "test")) == 4


def test_a_broken_file_leaves_nothing_behind(manual_dir, data_dir):
    (manual_dir / "video_test.h5").write_bytes(b"")
    with pytest.raises(SourceError, match=r"video_test\.h5.*not readable as HDF5"):
        rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    assert names_in(data_dir) == []


def test_a_broken_file_leaves_the_build_of_before(manual_dir, data_dir, arrays):
    builder = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    before = dict(builder.info.metadata)  # TFDS reads it from disk on first use
    write_array(manual_dir / "y_test.h5", arrays["y_test.h5"] * np.nan)
    with pytest.raises(SourceError, match="not finite"):
        rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    after = rmfn_tf.datasets.load_builder(NAME, data_dir)
    assert dict(after.info.metadata) == before
    assert names_in(data_dir) == ["ict_mmmo"]


KILLED = """
import os, signal, sys
import rmfn_tf.datasets

def kill_at(done, total):
    if done == 9:  # the last example
        os.kill(os.getpid(), signal.SIGKILL)

rmfn_tf.datasets.build(
    "ict_mmmo", manual_dir=sys.argv[1], data_dir=sys.argv[2], on_progress=kill_at
)
"""


@pytest.mark.slow
def test_a_build_that_is_killed(manual_dir, data_dir, arrays):
    def build_and_be_killed():
        process = subprocess.run(
            [sys.executable, "-c", KILLED, str(manual_dir), str(data_dir)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
        )
        assert process.returncode == -signal.SIGKILL, process.stderr.decode()

    build_and_be_killed()  # the first build
    with pytest.raises(ValueError, match="is not built in"):
        rmfn_tf.datasets.load_builder(NAME, data_dir)
    assert not tfds.builder(NAME, data_dir=data_dir).data_path.exists()

    builder = rmfn_tf.datasets.build(NAME, manual_dir=manual_dir, data_dir=data_dir)
    before = dict(builder.info.metadata)  # TFDS reads it from disk on first use
    change_labels(manual_dir, arrays)
    build_and_be_killed()  # one that would replace it
    after = rmfn_tf.datasets.load_builder(NAME, data_dir)
    assert dict(after.info.metadata) == before
    assert len(read(after, "test")) == 4
