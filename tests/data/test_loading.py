"""`load_examples` on a real, tiny TFDS builder."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from rmfn_tf.data import load_examples

MODALITIES = {"visual": 2, "acoustic": 3, "language": 4}  # not alphabetical: the order must hold
LENGTHS = {"train": [3, 1, 2], "test": [2]}
TASKS = {
    "regression": {
        "kind": "regression",
        "columns": ["calm", "sentiment", "vivid"],
        "labels": ["calm", "vivid"],
    },
    "classification": {
        "kind": "classification",
        "columns": ["emotion"],
        "num_classes": 3,
    },
}


def example_of(split, row, kind):
    """The one definition of what the builder holds."""
    steps = LENGTHS[split][row]
    return {
        "id": f"{split}-{row}",
        "video_id": f"vidéo-{row}",
        **{
            name: np.full((steps, width), row + width / 10, "float32")
            for name, width in MODALITIES.items()
        },
        "words": [f"wörd-{step}" for step in range(steps)],
        "intervals": np.full((steps, 2), np.nan, "float64"),
        "present": {name: name != "language" or row > 0 for name in MODALITIES},
        "label": row if kind == "classification" else np.float32([row, 10 + row, 20 + row]),
        "kind": "abc"[row],
    }


class TinyConfig(tfds.core.BuilderConfig):
    pass


class Tiny(tfds.core.GeneratorBasedBuilder):
    """Three training examples and one of test."""

    VERSION = tfds.core.Version("1.0.0")
    BUILDER_CONFIGS = [TinyConfig(name=name) for name in TASKS]  # noqa: RUF012

    def _info(self):
        kind = self.builder_config.name
        label = (
            np.int64
            if kind == "classification"
            else tfds.features.Tensor(shape=(3,), dtype=np.float32)
        )
        return tfds.core.DatasetInfo(
            builder=self,
            features=tfds.features.FeaturesDict(
                {
                    "id": tfds.features.Text(),
                    "video_id": tfds.features.Text(),
                    **{
                        name: tfds.features.Tensor(shape=(None, width), dtype=np.float32)
                        for name, width in MODALITIES.items()
                    },
                    "words": tfds.features.Sequence(tfds.features.Text()),
                    "intervals": tfds.features.Tensor(shape=(None, 2), dtype=np.float64),
                    "present": dict.fromkeys(MODALITIES, np.bool_),
                    "label": label,
                    "kind": tfds.features.Text(),
                }
            ),
            metadata=tfds.core.MetadataDict(modalities=dict(MODALITIES), task=TASKS[kind]),
        )

    def _split_generators(self, dl_manager):
        return {split: self._generate_examples(split) for split in LENGTHS}

    def _generate_examples(self, split):
        for row in range(len(LENGTHS[split])):
            yield row, example_of(split, row, self.builder_config.name)


@pytest.fixture(scope="module")
def builder(request, tmp_path_factory):
    """Of a regression, or of the kind that a test names."""
    kind, folder = getattr(request, "param", "regression"), tmp_path_factory.mktemp("tfds")
    Tiny(config=kind, data_dir=folder).download_and_prepare()
    return Tiny(config=kind, data_dir=folder)  # as the next process finds it


of_each_kind = pytest.mark.parametrize("builder", sorted(TASKS), indirect=True)


@of_each_kind
@pytest.mark.parametrize("split", sorted(LENGTHS))
def test_everything_arrives(builder, split):
    examples = load_examples(builder, split, outside_any_run=True)
    count = len(LENGTHS[split])
    assert sorted(examples.ids) == [f"{split}-{row}" for row in range(count)]
    assert list(examples.features) == list(examples.present) == list(MODALITIES)
    assert list(examples.extra) == ["kind"]
    for place, identifier in enumerate(examples.ids):
        expected = example_of(split, int(identifier[-1]), builder.builder_config.name)
        assert examples.groups[place] == expected["video_id"]
        assert examples.words[place] == expected["words"]
        assert examples.extra["kind"][place] == expected["kind"]
        for name in MODALITIES:
            np.testing.assert_array_equal(examples.features[name][place], expected[name])
            assert examples.present[name][place] == expected["present"][name]
        if builder.builder_config.name == "classification":
            assert examples.labels[place] == expected["label"]
        else:  # the scored columns alone
            np.testing.assert_array_equal(examples.labels[place], expected["label"][[0, 2]])
    assert examples.labels.dtype == ("int64" if examples.labels.ndim == 1 else "float32")


def test_a_builder_known_by_its_folder_alone(builder):
    folder = tfds.builder_from_directory(builder.data_dir)
    assert load_examples(folder, "train").ids == load_examples(builder, "train").ids


def test_a_part_of_a_split(builder):
    assert len(load_examples(builder, "train[:2]")) == 2


@pytest.mark.parametrize("split", ["validation", "all[:1]", "train[", None, ["train", "test"]])
def test_an_unknown_split(builder, split):
    with pytest.raises(ValueError, match=r"no split .*; it has \['test', 'train'\]"):
        load_examples(builder, split)


def test_an_empty_split(builder):
    with pytest.raises(ValueError, match="is empty"):
        load_examples(builder, "train[:0]")


READ = tfds.core.ReadInstruction
LOCKED = {  # a split that reads the only row of test -> how many it reads in all
    "test": 1,
    "test[:1]": 1,
    "test[-1:]": 1,
    "test[:100%]": 1,
    "test[0shard]": 1,
    "all": 4,
    "train+test": 4,
    "test + train[:1]": 2,
    tfds.Split.TEST: 1,
    tfds.Split.ALL: 4,
    READ("test"): 1,
    READ("test", from_=-50, unit="%"): 1,
    READ("train", to=2, unit="abs") + READ("test"): 3,
    tfds.even_splits("test", 1)[0]: 1,
}


@pytest.mark.parametrize("split", LOCKED, ids=str)
def test_rows_of_the_test_split_are_locked(builder, split, monkeypatch):
    monkeypatch.setattr(builder, "as_dataset", None)  # which would be called to read
    with pytest.raises(ValueError, match=r"reads 1 rows of the test split.*`outside_any_run=True`"):
        load_examples(builder, split)


@pytest.mark.parametrize(("split", "rows"), LOCKED.items(), ids=str)
def test_a_run_records_before_it_reads(builder, split, rows, monkeypatch):
    recorded = []
    assert len(load_examples(builder, split, record=recorded.append)) == rows
    assert recorded == [{"split": str(split), "rows": rows, "test_rows": 1}]

    def refuse(opening):
        raise OSError("no space left")

    monkeypatch.setattr(builder, "as_dataset", None)
    with pytest.raises(OSError, match="no space left"):
        load_examples(builder, split, record=refuse)


@pytest.mark.parametrize("split", ["train", "train[1:]", "train+test[:0]", tfds.Split.TRAIN])
def test_what_reads_no_row_of_the_test_split_is_open(builder, split):
    assert all(name.startswith("train-") for name in load_examples(builder, split).ids)


def test_foreign_metadata(builder, monkeypatch):
    monkeypatch.setattr(type(builder.info), "metadata", None)
    with pytest.raises(ValueError, match=r"builder of rmfn_tf\.datasets"):
        load_examples(builder, "train")


def test_a_name_is_no_builder():
    with pytest.raises(TypeError, match=r"must be what rmfn_tf\.datasets\.build\('pom'\) returns"):
        load_examples("pom", "train")
