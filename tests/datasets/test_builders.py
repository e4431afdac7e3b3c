"""Each config through TFDS' own test case, on small made-up files."""

import dataclasses
import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from rmfn_tf.datasets.cmu_mosi.cmu_mosi_dataset_builder import Builder as CmuMosi
from rmfn_tf.datasets.ict_mmmo.ict_mmmo_dataset_builder import Builder as IctMmmo
from rmfn_tf.datasets.iemocap.iemocap_dataset_builder import Builder as Iemocap
from rmfn_tf.datasets.pom.pom_dataset_builder import Builder as Pom
from rmfn_tf.datasets.synthetic.synthetic_dataset_builder import Builder as Synthetic
from rmfn_tf.datasets.synthetic.synthetic_dataset_builder import Sarcasm
from support.small_copies import SIZES, write_copy


class FromFiles:
    """Writes the folder of source files that the config reads."""

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        name = f"{cls.DATASET_CLASS.name}/{cls.BUILDER_CONFIG_NAMES_TO_TEST[0]}"
        write_copy(name, Path(cls.EXAMPLE_DIR))
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.EXAMPLE_DIR)


def case(builder, config, splits=SIZES):
    attributes = {
        "DATASET_CLASS": builder,
        "BUILDER_CONFIG_NAMES_TO_TEST": [config],
        "SPLITS": splits,
    }
    bases = (FromFiles, tfds.testing.DatasetBuilderTestCase)
    return type(f"Test_{builder.name}_{config}", bases, attributes)


TestCmuMosiArrays = case(CmuMosi, "mfn_arrays")
TestCmuMosiMmsa = case(CmuMosi, "mmsa_aligned")
TestCmuMosiMult = case(CmuMosi, "mult_aligned")
TestCmuMosiCsdSelected = case(CmuMosi, "csd_selected")
TestCmuMosiCsdLast20 = case(CmuMosi, "csd_selected_20")
TestCmuMosiCsdRaw = case(CmuMosi, "csd_raw")
TestCmuMosiDialogue = case(CmuMosi, "dialogue", {"train": 3, "test": 5})
TestCmuMosiCleanA = case(CmuMosi, "dialogue_clean_a", {"train": 3, "validation": 3, "test": 2})
TestCmuMosiCleanB = case(CmuMosi, "dialogue_clean_b", {"train": 3, "validation": 2, "test": 3})
TestIemocap = case(Iemocap, "mult_aligned")
TestIctMmmo = case(IctMmmo, "mfn_arrays")
TestIctMmmoTrimodal = case(IctMmmo, "trimodal", {"pooled": 5})
TestPom = case(Pom, "mfn_arrays")


class TestSynthetic(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Synthetic
    SPLITS: ClassVar[dict[str, int]] = {"train": 20, "validation": 5, "test": 10}
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = [
        dataclasses.replace(
            Synthetic.builder_configs["sarcasm"], name="small", source=Sarcasm(sizes=SPLITS)
        )
    ]
    EXAMPLE_DIR = tempfile.gettempdir()  # no files are needed, but the test case wants a folder
