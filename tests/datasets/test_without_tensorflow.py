"""Reading sources and making synthetic data must not cost 2.4 s and 670 MB."""

import subprocess
import sys

import pytest

MODULES = (
    "rmfn_tf.datasets",
    "rmfn_tf.datasets.alignment",
    "rmfn_tf.datasets.custom.template",
    "rmfn_tf.datasets.recordings.aligning",
    "rmfn_tf.datasets.sources.mfn_arrays",
    "rmfn_tf.datasets.synthetic.sarcasm",
    "rmfn_tf.datasets.synthetic.stand_ins",
)


@pytest.mark.parametrize("module", MODULES)
def test_tensorflow_is_not_imported(module):
    code = f"import sys, {module}; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == ["False", "False"]


def test_names_are_listed_and_missing_files_found_without_it(tmp_path):
    code = f"""
import sys, rmfn_tf.datasets
rmfn_tf.datasets.list_names()
try:
    rmfn_tf.datasets.build("pom", manual_dir={str(tmp_path)!r}, data_dir={str(tmp_path)!r})
except ValueError as error:
    print('tensorflow' in sys.modules, error)
"""
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.startswith("False ")
    assert "pom/mfn_arrays: audio_train.h5, " in process.stdout


def test_tfds_finds_ours_without_importing_all_its_own():
    code = """
import sys, tensorflow_datasets as tfds, rmfn_tf.datasets
tfds.builder_cls("pom")
print('tensorflow' in sys.modules, 'tensorflow_datasets.image_classification' in sys.modules)
"""
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == ["False", "False"]
