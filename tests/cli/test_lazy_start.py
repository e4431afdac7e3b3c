"""Asking for help does not cost the start of TensorFlow."""

import subprocess
import sys

import pytest

HELP = """
import sys
from rmfn_tf.cli import main
sys.argv = ["rmfn", *{arguments!r}]
try:
    main()
except SystemExit as error:
    print("EXIT", error.code)
loaded = ("tensorflow", "keras", "tensorflow_datasets", "sklearn", "matplotlib")
print("LOADED", [name for name in loaded if name in sys.modules])
"""


def test_import_of_the_package():
    code = "import sys, rmfn_tf; print('tensorflow' in sys.modules, 'keras' in sys.modules)"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == ["False", "False"]


@pytest.mark.parametrize(
    "verb",
    [[], ["demo"], ["data"], ["data", "build"], ["train"], ["evaluate"], ["compare"], ["export"]],
)
def test_help(verb):
    process = subprocess.run(
        [sys.executable, "-c", HELP.format(arguments=[*verb, "--help"])],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "Usage:" in process.stdout
    assert process.stdout.splitlines()[-2:] == ["EXIT 0", "LOADED []"]
    assert process.stderr == ""
