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
from support import small_copies
from support.mfn_files import make_arrays, write_arrays

SIZES = {"train": 3, "validation": 2, "test": 4}


class FromFiles(tfds.testing.DatasetBuilderTestCase):
    """Writes the folder of source files that the config reads."""

    @classmethod
    def write_files(cls, folder):
        config = cls.BUILDER_CONFIG_NAMES_TO_TEST[0]
        small_copies.write_copy(f"{cls.DATASET_CLASS.name}/{config}", folder)

    @classmethod
    def setUpClass(cls):
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        cls.write_files(Path(cls.EXAMPLE_DIR))
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.EXAMPLE_DIR)


class FromArrays(FromFiles):
    """Of the form that ICT-MMMO and POM share."""

    WIDTHS: ClassVar[dict[str, int]] = {}
    NUM_COLUMNS = 1
    LACKS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def write_files(cls, folder):
        arrays = make_arrays(cls.WIDTHS, cls.NUM_COLUMNS, SIZES)
        for name in cls.LACKS:
            del arrays[name]
        write_arrays(folder, arrays)


class TestCmuMosiArrays(FromFiles):
    DATASET_CLASS = CmuMosi
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["mfn_arrays"]
    SPLITS: ClassVar[dict[str, int]] = small_copies.SIZES


class TestCmuMosiMmsa(TestCmuMosiArrays):
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["mmsa_aligned"]


class TestCmuMosiMult(TestCmuMosiArrays):
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["mult_aligned"]


class TestCmuMosiCsdSelected(TestCmuMosiArrays):
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["csd_selected"]


class TestCmuMosiCsdLast20(TestCmuMosiArrays):
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["csd_selected_20"]


class TestCmuMosiCsdRaw(TestCmuMosiArrays):
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["csd_raw"]


class TestCmuMosiDialogue(TestCmuMosiArrays):
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["dialogue"]
    SPLITS: ClassVar[dict[str, int]] = {"train": 3, "test": 5}


class TestIemocap(FromFiles):
    DATASET_CLASS = Iemocap
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["mult_aligned"]
    SPLITS: ClassVar[dict[str, int]] = small_copies.SIZES


class TestIctMmmo(FromArrays):
    DATASET_CLASS = IctMmmo
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["mfn_arrays"]
    SPLITS: ClassVar[dict[str, int]] = SIZES
    WIDTHS: ClassVar[dict[str, int]] = {"language": 300, "acoustic": 74, "visual": 36}
    LACKS: ClassVar[tuple[str, ...]] = ("text_train_emb.h5",)


class TestIctMmmoTrimodal(TestIctMmmo):
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = ["trimodal"]
    SPLITS: ClassVar[dict[str, int]] = {"pooled": 6}


class TestPom(FromArrays):
    DATASET_CLASS = Pom
    SPLITS: ClassVar[dict[str, int]] = SIZES
    WIDTHS: ClassVar[dict[str, int]] = {"language": 300, "acoustic": 43, "visual": 41}
    NUM_COLUMNS = 17
    LACKS: ClassVar[tuple[str, ...]] = (
        "text_train_emb.h5",
        "text_valid_emb.h5",
        "text_test_emb.h5",
    )


class TestSynthetic(tfds.testing.DatasetBuilderTestCase):
    DATASET_CLASS = Synthetic
    SPLITS: ClassVar[dict[str, int]] = {"train": 20, "validation": 5, "test": 10}
    BUILDER_CONFIG_NAMES_TO_TEST: ClassVar[list[Any]] = [
        dataclasses.replace(
            Synthetic.builder_configs["sarcasm"], name="small", source=Sarcasm(sizes=SPLITS)
        )
    ]
    EXAMPLE_DIR = tempfile.gettempdir()  # no files are needed, but the test case wants a folder


del FromFiles, FromArrays  # pytest would collect them
