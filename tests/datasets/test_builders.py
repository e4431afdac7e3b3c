"""Each config through TFDS' own test case, on small made-up files."""

import shutil
import tempfile
from pathlib import Path
from typing import Any, ClassVar

import tensorflow_datasets as tfds

from rmfn_tf.datasets.ict_mmmo.ict_mmmo_dataset_builder import Builder as IctMmmo
from rmfn_tf.datasets.pom.pom_dataset_builder import Builder as Pom
from rmfn_tf.datasets.synthetic.synthetic_dataset_builder import Builder as Synthetic
from rmfn_tf.datasets.synthetic.synthetic_dataset_builder import SarcasmConfig
from support.mfn_files import make_arrays, write_arrays

SIZES = {"train": 3, "validation": 2, "test": 4}


class FromArrays(tfds.testing.DatasetBuilderTestCase):
    """Writes the folder of source files that the config reads."""

    WIDTHS: ClassVar[dict[str, int]] = {}
    NUM_COLUMNS = 1
    LACKS: ClassVar[tuple[str, ...]] = ()

    @classmethod
    def setUpClass(cls):
        arrays = make_arrays(cls.WIDTHS, cls.NUM_COLUMNS, SIZES)
        for name in cls.LACKS:
            del arrays[name]
        cls.EXAMPLE_DIR = tempfile.mkdtemp()
        write_arrays(Path(cls.EXAMPLE_DIR), arrays)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        shutil.rmtree(cls.EXAMPLE_DIR)


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
        SarcasmConfig(name="small", description="A few examples of the sarcasm task.", sizes=SPLITS)
    ]
    EXAMPLE_DIR = tempfile.gettempdir()  # no files are needed, but the test case wants a folder


del FromArrays  # pytest would collect it
