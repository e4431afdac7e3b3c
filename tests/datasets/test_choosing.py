"""Which config a name and a folder stand for, and what is said where there is none."""

import numpy as np
import pytest

import rmfn_tf.datasets
from rmfn_tf.datasets.registry import choose
from rmfn_tf.datasets.source import MissingFiles, SourceError
from support.mfn_files import make_arrays, write_arrays
from support.mosi_csds import make_csds, write_csds
from support.small_copies import write_copy
from support.small_ict_mmmo import SIZES, WIDTHS

POM = {"language": 300, "acoustic": 43, "visual": 41}
COPIES = (
    "cmu_mosi/mfn_arrays",
    "cmu_mosi/mmsa_aligned",
    "cmu_mosi/mult_aligned",
    "cmu_mosi/csd_selected",
    "cmu_mosi/dialogue",
    "iemocap/mult_aligned",
)


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("named", [True, False])
def test_the_folder_decides(tmp_path, name, named):
    write_copy(name, tmp_path)
    choice = choose(name.partition("/")[0] if named else None, tmp_path)
    assert choice.name == name
    assert choice.why.startswith(f"{name}, since {tmp_path} holds ")
    assert choose(name, tmp_path).why == ""


@pytest.mark.parametrize(
    ("widths", "columns", "expected"),
    [(WIDTHS, 1, "ict_mmmo/mfn_arrays"), (POM, 17, "pom/mfn_arrays")],
)
def test_data_sets_that_share_names_of_files_differ_in_width(tmp_path, widths, columns, expected):
    write_arrays(tmp_path, make_arrays(widths, columns, SIZES))
    assert choose(None, tmp_path).name == expected


def test_the_folder_of_a_config_that_needs_less(tmp_path, data_dir):
    arrays = make_arrays(WIDTHS, 1, SIZES)
    write_arrays(
        tmp_path / "c", {name: rows for name, rows in arrays.items() if "train" not in name}
    )
    builder = rmfn_tf.datasets.build("ict_mmmo", manual_dir=tmp_path / "c", data_dir=data_dir)
    assert builder.builder_config.name == "trimodal"
    # Later, the config that is there is the one that is meant.
    assert rmfn_tf.datasets.load_builder("ict_mmmo", data_dir).builder_config.name == "trimodal"
    assert choose("ict_mmmo", None, data_dir).config == "trimodal"
    assert choose("ict_mmmo", None, tmp_path / "elsewhere").config == "mfn_arrays"


def test_what_else_the_files_would_do_for(tmp_path):
    write_copy("cmu_mosi/csd_selected", tmp_path)
    why = choose("cmu_mosi", tmp_path).why
    assert why.endswith("(they also fit cmu_mosi/csd_selected_20, cmu_mosi/csd_raw)")


def test_a_broken_file_counts_as_what_its_name_says(tmp_path):
    arrays = make_arrays(POM, 17, SIZES)
    write_arrays(tmp_path, arrays)
    (tmp_path / "audio_train.h5").write_bytes(b"")
    assert "pom/mfn_arrays" in choose(None, tmp_path).fitting


def test_nothing_fits(tmp_path):
    (tmp_path / "aligned_50.npz").touch()
    with pytest.raises(MissingFiles) as caught:
        choose("cmu_mosi", tmp_path)
    said = str(caught.value)
    for expected in (
        f"{tmp_path} holds nothing that can be built from",
        f"- cmu_mosi/mmsa_aligned: {tmp_path} must hold aligned_50.pkl.",
        f"- cmu_mosi/mult_aligned: {tmp_path} must hold mosi_data.pkl.",
        f"cmu_mosi/csd_selected_20, cmu_mosi/csd_raw: {tmp_path} must hold CMU_MOSI_Opinion",
        "mmsa_aligned is the aligned pickle of the MMSA framework (an unaligned one will not do",
        "the repository contextual-multimodal-fusion of soujanyaporia on GitHub",
        "given out by its authors",
    ):
        assert expected in said


def test_what_is_nearly_there_is_said(tmp_path):
    arrays = make_arrays(POM, 17, SIZES)
    del arrays["y_test.h5"]
    write_arrays(tmp_path, arrays)
    with pytest.raises(
        MissingFiles, match=r"lacks y_test\.h5: it must hold audio_train\.h5, .*and may"
    ):
        choose("pom", tmp_path)


def test_terms_of_iemocap(tmp_path):
    with pytest.raises(MissingFiles) as caught:
        choose("iemocap", tmp_path)
    assert "only to those who signed its release form, and must not be passed on" in str(
        caught.value
    )


@pytest.mark.parametrize("name", [None, "pom"])
def test_no_such_folder(tmp_path, name):
    with pytest.raises(MissingFiles, match="does not exist"):
        choose(name, tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(MissingFiles, match="is not a folder"):
        choose(name, tmp_path / "file")


def test_neither_name_nor_folder():
    with pytest.raises(ValueError, match="Name a data set, as cmu_mosi or custom"):
        choose(None)


def test_a_build_with_other_options_is_replaced(tmp_path, data_dir):
    folder = write_csds(tmp_path / "copy", make_csds())

    def build(options=None):
        return rmfn_tf.datasets.build(
            "cmu_mosi/csd_raw", manual_dir=folder, data_dir=data_dir, options=options
        )

    def words(builder):
        example = next(iter(builder.as_dataset(split="train").as_numpy_iterator()))
        return example["words"].tolist()

    kept = build()
    assert kept.info.metadata["options"] == {}
    assert b"sp" in words(kept)
    dropped = build({"pauses": "drop"})
    assert dropped.info.metadata["options"] == {"pauses": "drop"}
    assert b"sp" not in words(dropped)
    # The same ids and labels, and yet other data.
    assert dropped.info.metadata["fingerprint"] != kept.info.metadata["fingerprint"]
    assert build().info.metadata["options"] == {"pauses": "drop"}  # whatever it was built with
    assert build({"pauses": "keep"}).info.metadata["options"] == {}
    assert (
        build({"pauses": "keep"}).info.metadata["fingerprint"]
        == (kept.info.metadata["fingerprint"])
    )


def test_options_of_data_without_files(data_dir):
    with pytest.raises(ValueError, match=r"unknown option 'mode'\. Known: none"):
        rmfn_tf.datasets.build("synthetic", data_dir=data_dir, options={"mode": "mmsdk"})


def test_labels_and_features_of_a_real_length(tmp_path, data_dir):
    """What is in the metadata of a build from computational sequences."""
    folder = write_csds(tmp_path / "copy", make_csds())
    builder = rmfn_tf.datasets.build("cmu_mosi", manual_dir=folder, data_dir=data_dir)
    report = builder.info.metadata["report"]
    present = {"language": 4, "acoustic": 4, "visual": 4}
    counts = {"examples": 4, "videos": 1, "dropped": 0, "present": present}
    assert report["splits"]["train"] == counts
    assert report["not_finite"]["visual"] == 0
    assert report["with_words"] == 9
    assert "All 3 videos with a published id stand in the published folds." in report["notes"]
    example = next(iter(builder.as_dataset(split="test").as_numpy_iterator()))
    assert np.isfinite(example["intervals"]).all()


def test_a_copy_without_some_splits(tmp_path, data_dir):
    copy = make_csds({"03bSnISJMiM": 3})
    folder = write_csds(tmp_path / "copy", copy)
    builder = rmfn_tf.datasets.build("cmu_mosi", manual_dir=folder, data_dir=data_dir)
    assert list(builder.info.splits) == ["train"]
    none = write_csds(tmp_path / "none", make_csds({"no-published-id": 2}))
    with pytest.raises(SourceError, match="not one example came of it"):
        rmfn_tf.datasets.build("cmu_mosi", manual_dir=none, data_dir=tmp_path / "d2")
    assert not list((tmp_path / "d2").glob("*"))
