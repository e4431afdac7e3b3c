"""Nothing pays for TensorFlow (2.4 s and 670 MB) before it must, and every public name loads."""

import importlib
import json
import pkgutil
import subprocess
import sys

import pytest
import typer

import rmfn_tf.datasets
from rmfn_tf.cli.app import app


def commands(command, path=()):
    yield path
    for name, each in getattr(command, "commands", {}).items():
        yield from commands(each, (*path, name))


COMMANDS = list(commands(typer.main.get_command(app)))
IMPORT, HELP = "import {}", "help_of({!r})"
MISSING = """
try:
    rmfn_tf.datasets.build("pom", manual_dir=".", data_dir=".")
except ValueError as error:
    print(error)
"""
DATA = "from rmfn_tf.data import Examples, choose_buckets, fit_scaling, hold_out, make_folds"
DATASETS = [
    each.name for each in pkgutil.walk_packages(rmfn_tf.datasets.__path__, "rmfn_tf.datasets.")
]

# What is run in this order in one process, and what heavy modules each may load.
NOTHING, NUMPY, TFDS = set(), {"numpy"}, {"numpy", "tensorflow_datasets"}
STEPS = {
    "rmfn_tf": (IMPORT.format("rmfn_tf"), NOTHING),
    "contract": (IMPORT.format("rmfn_tf.export.contract"), NOTHING),
    "publish": (IMPORT.format("rmfn_tf.export.publish"), NUMPY),
    **{" ".join(["rmfn", *each, "--help"]): (HELP.format(each), NUMPY) for each in COMMANDS},
    "rmfn_tf.data": (DATA, NUMPY | {"sklearn"}),
    **{each: (IMPORT.format(each), TFDS) for each in ["rmfn_tf.datasets", *DATASETS]},
    "names": ("rmfn_tf.datasets.list_names()", TFDS),
    "no files": (MISSING, TFDS),
    "rmfn_tf.data.loading": (IMPORT.format("rmfn_tf.data.loading"), NUMPY),
    "tfds": ("import tensorflow_datasets; tensorflow_datasets.builder_cls('pom')", TFDS),
}
PROCESS = """
import contextlib, io, json, sys

def help_of(command):
    from rmfn_tf.cli import main
    sys.argv = ["rmfn", *command, "--help"]
    try:
        main()
    except SystemExit as error:
        print("exit", error.code)

heavy = {"tensorflow", "keras", "sklearn", "matplotlib", "numpy", "tensorflow_datasets",
         "tensorflow_datasets.image_classification"}
for step in json.loads(sys.argv[1]):
    before, said = heavy & sys.modules.keys(), io.StringIO()
    with contextlib.redirect_stdout(said):
        exec(step, globals())
    print(json.dumps([said.getvalue(), [*(heavy & sys.modules.keys()) - before]]))
"""


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Step -> what it printed, and which heavy modules it loaded."""
    code = json.dumps([code for code, _ in STEPS.values()])
    process = subprocess.run(
        [sys.executable, "-c", PROCESS, code],
        capture_output=True,
        text=True,
        cwd=tmp_path_factory.mktemp("no_files"),
    )
    assert (process.returncode, process.stderr) == (0, "")
    return dict(zip(STEPS, map(json.loads, process.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("step", STEPS)
def test_what_is_loaded(done, step):
    _, loaded = done[step]
    assert set(loaded) <= STEPS[step][1]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help(done, command):
    said, _ = done[" ".join(["rmfn", *command, "--help"])]
    assert "Usage: rmfn " in said
    assert said.endswith("exit 0\n")


def test_missing_files_are_found_without_tensorflow(done):
    assert "pom/mfn_arrays: . must hold audio_train.h5, " in done["no files"][0]


@pytest.mark.parametrize("package", ["", ".data", ".export", ".export.client", ".tuning"])
def test_every_public_name_loads(package):
    module = importlib.import_module(f"rmfn_tf{package}")
    assert dir(module) == sorted(module.__all__)
    assert all(hasattr(module, name) for name in module.__all__)
    with pytest.raises(AttributeError, match="'nonsense'"):
        module.nonsense  # noqa: B018
