"""What is installed is what lies in the repository."""

import tomllib
from pathlib import Path

import pytest

from rmfn_tf.datasets.registry import DATASETS

ROOT = Path(__file__).parents[2]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def package_of(folder: Path) -> str:
    """`datasets/pom` -> `rmfn_tf.datasets.pom`: the rooms at the top install inside rmfn_tf."""
    parts = folder.relative_to(ROOT).parts
    return ".".join(parts if parts[0] == "rmfn_tf" else ("rmfn_tf", *parts))


def test_the_list_of_packages_equals_the_folders():
    found = {
        package_of(init.parent)
        for room in ("rmfn_tf", "datasets", "export")
        for init in (ROOT / room).rglob("__init__.py")
    }
    assert sorted(SETUPTOOLS["packages"]) == sorted(found)


def test_every_package_is_mapped_to_its_folder():
    mapping = SETUPTOOLS["package-dir"]
    for package in SETUPTOOLS["packages"]:
        # setuptools takes the longest mapped prefix and appends the rest as folders.
        parts = package.split(".")
        cut = next(i for i in range(len(parts), 0, -1) if ".".join(parts[:i]) in mapping)
        folder = ROOT / mapping[".".join(parts[:cut])] / Path(*parts[cut:])
        assert (folder / "__init__.py").is_file(), package
        assert package_of(folder) == package


@pytest.mark.parametrize("package", sorted(SETUPTOOLS["package-data"]))
def test_package_data_exist(package):
    names = SETUPTOOLS["package-data"][package]
    folders = (
        [ROOT / "datasets" / name for name in DATASETS]
        if package == "*"
        else [ROOT / SETUPTOOLS["package-dir"].get(package, package.replace(".", "/"))]
    )
    for folder in folders:
        for name in names:
            assert list(folder.glob(name)), f"{folder / name}"


@pytest.mark.parametrize("dataset", DATASETS)
def test_no_data_file_is_left_out(dataset):
    """A file beside a builder that is no code must be one that package-data names."""
    folder = ROOT / "datasets" / dataset
    files = {path.name for path in folder.iterdir() if path.is_file() and path.suffix != ".py"}
    assert files <= set(SETUPTOOLS["package-data"]["*"])


def test_every_data_set_is_registered():
    builders = {path.parent.name for path in (ROOT / "datasets").glob("*/*_dataset_builder.py")}
    assert builders == set(DATASETS)
