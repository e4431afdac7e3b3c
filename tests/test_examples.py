"""The notebooks in examples/ run from top to bottom, on tiny settings."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

EXAMPLES = Path(__file__).parents[1] / "examples"
TINY = {
    "your_own_arrays": {"EPOCHS": 1, "EXAMPLES": 60},
    "layer_in_your_model": {"EPOCHS": 1, "EXAMPLES": 60},
    "tune_export_ask": {"EPOCHS": 1, "EXAMPLES": 50, "TRIALS": 1, "FOLDER": "here"},
}


def test_every_notebook_is_run():
    assert TINY.keys() == {path.stem for path in EXAMPLES.glob("*.ipynb")}


@pytest.mark.slow
@pytest.mark.parametrize("name", TINY)
def test_a_notebook_runs(name, tmp_path):
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    cells = notebook.cells
    [parameters] = [cell for cell in cells if "parameters" in cell.metadata.get("tags", [])]
    for key, value in TINY[name].items():
        assert f"{key} = " in parameters.source  # or the notebook would run at full size
        parameters.source += f"\n{key} = {value!r}"
    NotebookClient(notebook, timeout=600, resources={"metadata": {"path": tmp_path}}).execute()
