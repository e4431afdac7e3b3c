"""The published arrays themselves: counts, padding, what lacks (`RMFN_TEST_DATA`)."""

import h5py
import numpy as np
import pytest
import tensorflow_datasets as tfds

import rmfn_tf.datasets
from rmfn_tf.datasets.registry import DATASETS

FOLDERS = {"ict_mmmo": "mmmo", "pom": "pom"}
FILES = {"acoustic": "audio_{}.h5", "visual": "video_{}.h5", "language": "text_{}_emb.h5"}


@pytest.fixture(scope="module")
def built(real_data, tmp_path_factory):
    """name -> builder, each built once."""
    data_dir = tmp_path_factory.mktemp("tfds")

    def build(name):
        folder = real_data / "mfn_h5" / FOLDERS[name.split("/")[0]]
        return rmfn_tf.datasets.build(name, manual_dir=folder, data_dir=data_dir)

    return build


def read_array(path):
    with h5py.File(path) as file:
        return file["d1"][()]


def read(builder, split):
    return list(tfds.as_numpy(builder.as_dataset(split=split)))


@pytest.mark.parametrize(
    ("name", "counts"),
    [
        ("ict_mmmo/mfn_arrays", {"train": 220, "validation": 40, "test": 80}),
        ("ict_mmmo/trimodal", {"pooled": 120}),
        ("pom/mfn_arrays", {"train": 600, "validation": 100, "test": 203}),
    ],
)
def test_counts(built, name, counts):
    builder = built(name)
    assert {split: info.num_examples for split, info in builder.info.splits.items()} == counts
    widths = builder.info.metadata["modalities"]
    for split, count in counts.items():
        examples = read(builder, split)
        assert len({example["id"] for example in examples}) == count
        for example in examples:
            steps = len(example["words"])
            assert 1 <= steps <= 20
            for modality, width in widths.items():
                assert example[modality].shape == (steps, width)
            assert any(example[modality][0].any() for modality in widths)
            assert any(example[modality][-1].any() for modality in widths)


@pytest.mark.parametrize("dataset", FOLDERS)
@pytest.mark.parametrize(("split", "name"), [("train", "train"), ("validation", "valid")])
def test_values_are_those_of_the_files(built, real_data, dataset, split, name):
    builder = built(f"{dataset}/mfn_arrays")
    folder = real_data / "mfn_h5" / FOLDERS[dataset]
    examples = read(builder, split)
    for modality in ("acoustic", "visual"):
        stored = read_array(folder / FILES[modality].format(name))
        kept = np.concatenate([example[modality] for example in examples])
        # Padding is all that went: the rows that hold anything are the same, in the same order.
        np.testing.assert_array_equal(
            kept[kept.any(axis=1)], stored[stored.any(axis=2)].astype(np.float32)
        )


def test_what_ict_mmmo_lacks(built):
    builder = built("ict_mmmo/mfn_arrays")
    assert not any(example["present"]["language"] for example in read(builder, "train"))
    for split in ("validation", "test"):
        assert all(all(example["present"].values()) for example in read(builder, split))
    for example in read(built("ict_mmmo/trimodal"), "all"):
        assert all(example["present"].values())
        assert 1 <= example["label"] <= 5
    training = np.concatenate([example["acoustic"] for example in read(builder, "train")])
    assert ((abs(training) == 255).any(axis=0)).sum() == 2  # it saturates in two features


def test_what_pom_lacks(built):
    builder = built("pom")
    without_video = {}
    for split in ("train", "validation", "test"):
        examples = read(builder, split)
        assert not any(example["present"]["language"] for example in examples)
        assert all(example["present"]["acoustic"] for example in examples)
        without_video[split] = sum(not example["present"]["visual"] for example in examples)
    assert without_video == {"train": 322, "validation": 48, "test": 116}


def test_ranges_of_pom(built):
    builder = built("pom")
    task = builder.info.metadata["task"]
    columns = [task["columns"].index(name) for name in task["labels"]]
    low, high = np.array([task["ranges"][name] for name in task["labels"]]).T
    below = []
    for split in ("train", "validation", "test"):
        labels = np.stack([example["label"] for example in read(builder, split)])[:, columns]
        assert (labels <= high).all()
        below += labels[labels < low].tolist()
    assert below == [pytest.approx(2 / 3)]  # the data's glitch, kept


@pytest.mark.parametrize(
    ("dataset", "split", "front", "longest_front", "back", "longest_back"),
    [
        ("ict_mmmo", "train", 30, 17, 57, 5),
        ("ict_mmmo", "valid", 5, 9, 10, 7),
        ("ict_mmmo", "test", 10, 18, 25, 7),
        ("pom", "train", 502, 19, 117, 2),
        ("pom", "valid", 73, 14, 24, 2),
        ("pom", "test", 174, 18, 29, 2),
    ],
)
def test_padding(built, real_data, dataset, split, front, longest_front, back, longest_back):
    """Counted on the files by other means than the reader's, then compared with its lengths."""
    folder = real_data / "mfn_h5" / FOLDERS[dataset]
    files = [folder / name.format(split) for name in FILES.values()]
    arrays = [read_array(path) for path in files if path.exists()]
    largest = np.concatenate([abs(array) for array in arrays], axis=2).max(axis=2)
    before = [next(t for t in range(20) if row[t]) for row in largest]
    after = [next(t for t in range(20) if row[19 - t]) for row in largest]
    assert (sum(n > 0 for n in before), max(before)) == (front, longest_front)
    assert (sum(n > 0 for n in after), max(after)) == (back, longest_back)
    examples = read(built(f"{dataset}/mfn_arrays"), split.replace("valid", "validation"))
    lengths = [len(example["words"]) for example in examples]
    assert lengths == [20 - b - a for b, a in zip(before, after, strict=True)]


def test_steps_without_any_value_stay_inside(built):
    """Four sentences of POM's test split have neither acoustic nor visual features."""
    examples = read(built("pom"), "test")
    empty = sum(
        int((~(example["acoustic"].any(axis=1) | example["visual"].any(axis=1))).sum())
        for example in examples
    )
    assert empty == 4


@pytest.mark.parametrize("dataset", FOLDERS)
def test_checksums_are_those_of_the_published_files(built, dataset):
    builder = built(f"{dataset}/mfn_arrays")
    known = {name: info.checksum for name, info in DATASETS[dataset].url_infos.items()}
    hashes = builder.info.metadata["sources"]
    assert {f"mfn_arrays/{name}": value for name, value in hashes.items()} == known
