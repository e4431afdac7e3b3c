"""`rmfn data align`."""

import json

import pytest
import typer
from typer.testing import CliRunner

from rmfn_tf.cli.data_align import align
from support.own_recordings import make_recordings


@pytest.fixture
def run(tmp_path):
    make_recordings(tmp_path)
    app = typer.Typer()
    app.command()(align)

    def invoke(*arguments):
        folders = {"words": "words", "segments": "segments.csv", "out": "mine"}
        given = [f"--{option}={tmp_path / name}" for option, name in folders.items()]
        return CliRunner().invoke(app, [*given, *arguments])

    return invoke


@pytest.fixture
def frames(tmp_path):
    return [f"--frames=visual={tmp_path / 'openface'}", f"--frames=acoustic={tmp_path / 'smile'}"]


def test_lines(run, frames, tmp_path):
    result = run(*frames, "--columns", "visual=AU*_r, gaze*", "--name", "ours")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["data", "custom/ours"]
    assert "visual       columns: 3 (au01_r, au02_r, gaze_0_x), frames: " in result.stdout
    assert ", failed: " in result.stdout
    assert "Word times: too few words" in result.stdout
    assert "drawn by seed 0, whole videos: 2 train, 1 validation, 1 test" in result.stdout
    assert (tmp_path / "mine" / "data.toml").is_file()


def test_json(run, frames):
    result = run(*frames, "--json", "--columns=visual=AU01_r", "--word-shift=0")
    values = json.loads(result.stdout)
    assert values["modalities"]["visual"]["columns"] == ["au01_r"]
    assert list(values["modalities"]) == ["visual", "acoustic"]
    assert values["notes"][1] == "Word times: taken as stored."
    assert sum(values["segments"].values()) + len(values["dropped"]) == 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--frames=visual"], "--frames takes MODALITY="),
        (["--frames=visual=a", "--frames=visual=b"], "each modality once"),
        (["--frames=visual=nowhere"], "nowhere: no such file or folder"),
        (["--frames=visual=a", "--words=nowhere"], "nowhere: no such file or folder"),
    ],
)
def test_mistakes(run, arguments, message):
    result = run(*arguments)
    assert isinstance(result.exception, ValueError)
    assert message in str(result.exception)
