"""The documentation builds, and the page that says that its examples run is right."""

import re
from pathlib import Path

import pytest
from mkdocs.commands.build import build
from mkdocs.config import load_config

ROOT = Path(__file__).parents[1]


def test_the_documentation_builds(tmp_path):
    config = load_config(str(ROOT / "mkdocs.yml"), site_dir=str(tmp_path / "site"))
    build(config)  # strict: a name of the API reference that is gone ends it
    reference = (tmp_path / "site" / "api" / "index.html").read_text(encoding="utf-8")
    assert "fuse_memory_mode" in reference


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/keras.md"])
def test_the_examples_of_a_page_run(page, tmp_path):
    text = (ROOT / page).read_text(encoding="utf-8")
    for given, ours in {
        "/tmp/": f"{tmp_path.as_posix()}/",
        '"synthetic/sarcasm"': f'"synthetic/sarcasm", data_dir="{tmp_path.as_posix()}"',
        "epochs=10": "epochs=1",
    }.items():
        text = text.replace(given, ours)
    blocks = re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL)
    assert blocks
    names: dict = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
