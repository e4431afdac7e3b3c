"""`rmfn data build | verify | info`: what a user sees of the files they hold."""

import json

import pytest

from support.mfn_files import make_arrays, write_arrays
from support.mosi_csds import make_csds, write_csds
from support.small_ict_mmmo import SIZES, WIDTHS

POM = {"language": 300, "acoustic": 43, "visual": 41}


def test_verify_says_what_a_build_would_hold(rmfn, tmp_path):
    folder = write_csds(tmp_path / "copy", make_csds())
    verified = rmfn("data", "verify", "cmu_mosi", "--manual-dir", folder, "--json")
    assert verified.code == 0
    built = rmfn("data", "build", "--manual-dir", folder, "--data-dir", tmp_path / "data", "--json")
    assert built.code == 0
    there, here = json.loads(verified.out), json.loads(built.out)
    assert there.pop("missing") == ""
    fitting = there.pop("fitting")
    assert list(fitting) == [
        "cmu_mosi/csd_selected",
        "cmu_mosi/csd_selected_20",
        "cmu_mosi/csd_raw",
    ]
    assert not any(fitting.values())
    assert there.pop("why").startswith("cmu_mosi/csd_selected, since")
    assert here.pop("folder") == str(tmp_path / "data/cmu_mosi/csd_selected/2.0.0")
    for name, each in there["files"].items():
        assert each.pop("bytes") == (folder / name).stat().st_size
    assert there == here
    assert here["splits"]["train"] == {
        "examples": 4,
        "videos": 1,
        "dropped": 0,
        "present": {"language": 4, "acoustic": 4, "visual": 4},
        "published": 1284,
    }
    info = rmfn("data", "info", "cmu_mosi", "--data-dir", tmp_path / "data", "--json")
    assert json.loads(info.out)["fingerprint"] == here["fingerprint"]


def test_verify_in_words(rmfn, tmp_path):
    folder = write_csds(tmp_path / "copy", make_csds())
    result = rmfn("data", "verify", "cmu_mosi", "--manual-dir", folder)
    assert result.code == 0
    for expected in (
        "data         cmu_mosi/csd_selected",
        "CMU_MOSI_COVAREP.csd",
        "differs",  # the counts
        "words known in 9 examples",
        "Word times: too few words to tell",
        "fingerprint  ",
    ):
        assert expected in result.out
    # The published words and labels have known hashes, and these are others.
    assert "Warning: CMU_MOSI_Opinion_Labels.csd is not the published file. Here " in result.out
    assert "published aef5f4617cdb" in result.out


def test_verify_of_what_cannot_be_built_yet(rmfn, tmp_path):
    copy = make_csds()
    folder = write_csds(tmp_path, {part: copy[part] for part in ("labels", "words")})
    result = rmfn("data", "verify", "cmu_mosi", "--manual-dir", folder)
    assert result.code == 1
    assert "rows" in result.out
    assert "visual: no file" in result.out
    assert result.err.startswith(f"rmfn: {folder} lacks features of any modality")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("options", [("--mode", "mmsdk"), ("--pauses", "drop")])
def test_options_are_said(rmfn, tmp_path, options):
    folder = write_csds(tmp_path, make_csds())
    result = rmfn("data", "verify", "cmu_mosi", "--manual-dir", folder, *options)
    assert f"option       {options[0].removeprefix('--')} = {options[1]}" in result.out


def test_options_of_files_that_have_none(rmfn, tmp_path):
    write_arrays(tmp_path, make_arrays(POM, 17, SIZES))
    result = rmfn("data", "verify", "pom", "--manual-dir", tmp_path, "--mode", "mmsdk")
    assert result.code == 1
    assert "unknown option 'mode'" in result.err


def test_the_build_says_which_config_it_took(rmfn, tmp_path):
    write_arrays(tmp_path / "copy", make_arrays(WIDTHS, 1, SIZES))
    result = rmfn("data", "build", "--manual-dir", tmp_path / "copy", "--data-dir", tmp_path / "d")
    assert result.code == 0
    assert result.err.startswith("Taken: ict_mmmo/mfn_arrays, since ")


def test_nothing_to_build_from_is_said_line_by_line(rmfn, tmp_path):
    result = rmfn("data", "build", "iemocap", "--manual-dir", tmp_path)
    assert result.code == 1
    assert result.out == ""
    assert result.err.splitlines()[1].startswith(f"- iemocap/mult_aligned: {tmp_path} must hold")
    assert "signed its release form" in result.err


def test_a_build_that_is_there_needs_no_files(rmfn, tmp_path):
    write_arrays(tmp_path / "copy", make_arrays(WIDTHS, 1, SIZES))
    command = ("data", "build", "ict_mmmo", "--data-dir", tmp_path / "d", "--json")
    first = rmfn(*command, "--manual-dir", tmp_path / "copy")
    again = rmfn(*command)
    assert again.code == 0
    assert again.out == first.out


def test_info_of_own_data(rmfn, tmp_path):
    result = rmfn("data", "info", "custom", "--data-dir", tmp_path)
    assert result.code == 0
    assert "num_steps" in result.out
    broken = tmp_path / "custom" / "mine" / "2.0.0"
    broken.mkdir(parents=True)
    (broken / "metadata.json").write_text("{")
    listed = rmfn("data", "info", "--data-dir", tmp_path)
    assert listed.code == 0
    assert "custom/mine" not in listed.out


def test_info_of_what_there_is(rmfn, tmp_path):
    result = rmfn("data", "info", "--data-dir", tmp_path)
    assert result.code == 0
    assert "cmu_mosi/csd_selected_20" in result.out
    listed = json.loads(rmfn("data", "info", "--data-dir", tmp_path, "--json").out)
    assert not any(each["built"] for each in listed)


def test_info_of_what_is_not_built(rmfn, tmp_path):
    result = rmfn("data", "info", "iemocap", "--data-dir", tmp_path)
    assert result.code == 0
    assert "iemocap/mult_aligned is not built here." in result.out
    assert "The folder must hold iemocap_data.pkl" in result.out
    assert "rmfn data build iemocap/mult_aligned --manual-dir FOLDER" in result.out


def test_real_words_and_labels_of_mosi(rmfn, real_data):
    result = rmfn("data", "verify", "cmu_mosi", "--manual-dir", real_data / "csd", "--json")
    assert result.code == 1
    found = json.loads(result.out)
    rows = {name: each["examples"] + each["dropped"] for name, each in found["splits"].items()}
    assert rows == {"train": 1284, "validation": 229, "test": 686}
    assert found["videos"] == 93
    assert all(each["sha256"] == each["published_sha256"] for each in found["files"].values())
    assert "CMU_MOSI_COVAREP.csd" in result.err
