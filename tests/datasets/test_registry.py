"""Names: what there is, and what is told where there is none."""

import pytest
import tensorflow_datasets as tfds

import rmfn_tf.datasets
from rmfn_tf.datasets.registry import DATASETS, resolve

NAMES = [
    "cmu_mosi/mfn_arrays",
    "cmu_mosi/mmsa_aligned",
    "cmu_mosi/mult_aligned",
    "cmu_mosi/csd_selected",
    "cmu_mosi/csd_selected_20",
    "cmu_mosi/csd_raw",
    "cmu_mosi/dialogue",
    "cmu_mosi/dialogue_clean_a",
    "cmu_mosi/dialogue_clean_b",
    "ict_mmmo/mfn_arrays",
    "ict_mmmo/trimodal",
    "iemocap/mult_aligned",
    "pom/mfn_arrays",
    "synthetic/sarcasm",
]


def test_every_name_is_listed():
    assert rmfn_tf.datasets.list_names() == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_tfds_finds_them(name, tmp_path):
    builder = tfds.builder(name, data_dir=tmp_path)
    assert f"{builder.name}/{builder.builder_config.name}" == name
    assert type(builder) is tfds.builder_cls(builder.name) is resolve(name).cls


@pytest.mark.parametrize("dataset", DATASETS)
def test_the_folder_of_a_data_set(dataset):
    cls = DATASETS[dataset]
    metadata = cls.get_metadata()  # from the files beside the code
    assert metadata.description
    assert metadata.citation.startswith("@")
    assert set(metadata.tags) <= set(tfds.core.dataset_metadata.valid_tags())
    assert metadata.tags
    assert str(cls.VERSION) in cls.RELEASE_NOTES
    assert cls.url_infos is not None  # checksums.tsv is there and can be parsed


def test_the_first_config_is_the_default():
    assert resolve("ict_mmmo") == resolve("ict_mmmo/mfn_arrays")


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("pomm", " Did you mean 'pom'?"),
        ("ict_mmmo/trimodel", " Did you mean 'ict_mmmo/trimodal'?"),
        ("mosi", " Did you mean 'cmu_mosi'?"),
        ("cmu_mosi/mult", " Did you mean 'cmu_mosi/mult_aligned'?"),
        ("pom/arrays", " Did you mean 'pom/mfn_arrays'?"),
        ("xyz", ""),
        ("custom/no spaces", ""),
    ],
)
@pytest.mark.parametrize("function", [rmfn_tf.datasets.build, rmfn_tf.datasets.load_builder])
def test_unknown_names(function, name, suggestion, tmp_path):
    with pytest.raises(ValueError, match="Unknown data set") as caught:
        function(name, data_dir=tmp_path)
    assert str(caught.value) == (
        f"Unknown data set {name!r}.{suggestion} Known: {', '.join(NAMES)}, and "
        "custom/<name> for data of your own."
    )
