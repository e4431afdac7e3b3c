"""The verbs put together, and one line instead of a traceback for a user's mistake."""

import sys
from typing import Annotated

import typer

from rmfn_tf import __version__
from rmfn_tf.cli.compare import compare, reproduce
from rmfn_tf.cli.data import data
from rmfn_tf.cli.demo import demo
from rmfn_tf.cli.export import export
from rmfn_tf.cli.predict import predict
from rmfn_tf.cli.runs import evaluate, runs
from rmfn_tf.cli.train import train
from rmfn_tf.cli.tune import tune

app = typer.Typer(
    name="rmfn",
    help="The Recurrent Multistage Fusion Network: from the files you hold to a served model.\n\n"
    "Start with `rmfn demo`. With data of your own: `rmfn data build`, `rmfn train`, `rmfn "
    "evaluate`, `rmfn export`, `rmfn predict`.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,  # which would keep the line breaks of these docstrings
    pretty_exceptions_enable=False,
)
for verb in (demo, train, evaluate, runs, compare, reproduce, tune, export, predict):
    app.command()(verb)
app.add_typer(data, name="data")


def _show_version(asked: bool) -> None:
    if asked:
        print(f"rmfn-tf {__version__}")
        raise typer.Exit


@app.callback()
def _(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="The version.")
    ] = False,
) -> None: ...


def main() -> None:
    """Runs the command line; a ValueError or OSError becomes one line and exit code 1."""
    try:
        app()
    except (ValueError, OSError) as error:
        # Errors of TFDS have many lines, which become one; only a list of mistakes keeps its lines.
        mistakes = getattr(error, "mistakes", [])
        text = str(error) if len(mistakes) > 1 else " ".join(str(error).split())
        if isinstance(error, OSError) and error.filename and error.strerror:
            text = f"{error.filename}: {error.strerror}."  # in place of "[Errno 2] ...: 'name'"
        print(f"rmfn: {text}", file=sys.stderr)
        sys.exit(1)
