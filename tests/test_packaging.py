"""What is installed is what lies in the repository, each file once."""

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from rmfn_tf.datasets.registry import DATASETS

ROOT = Path(__file__).parents[1]
ROOMS = ("datasets/", "export/")  # at the top of the repository, and in rmfn_tf when installed


def build(kind: str, source: Path, target: Path) -> Path:
    """An sdist or a wheel, made by setuptools alone."""
    code = "import sys, setuptools.build_meta as m; getattr(m, f'build_{sys.argv[1]}')(sys.argv[2])"
    done = subprocess.run(
        [sys.executable, "-c", code, kind, target], cwd=source, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (built,) = target.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return built


@pytest.mark.slow
def test_the_wheel_made_from_the_sdist_has_every_file_once(tmp_path):
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("not a clone: nothing says which files there are")
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = [each for each in set(listed.split("\0")) if each and os.path.lexists(ROOT / each)]
    for each in files:
        (tmp_path / "copy" / each).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / each, tmp_path / "copy" / each, follow_symlinks=False)

    with tarfile.open(build("sdist", tmp_path / "copy", tmp_path)) as sdist:
        sdist.extractall(tmp_path / "unpacked", filter="data")
    (unpacked,) = (tmp_path / "unpacked").iterdir()
    with zipfile.ZipFile(build("wheel", unpacked, tmp_path)) as wheel:
        names = [name for name in wheel.namelist() if ".dist-info/" not in name]

    installed = [
        f"rmfn_tf/{each}" if each.startswith(ROOMS) else each
        for each in files
        if each.startswith(("rmfn_tf/", *ROOMS)) and not (ROOT / each).is_symlink()
    ]
    assert sorted(names) == sorted(installed)


def test_every_data_set_is_registered():
    builders = {path.parent.name for path in (ROOT / "datasets").glob("*/*_dataset_builder.py")}
    assert builders == set(DATASETS)
