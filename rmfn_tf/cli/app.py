"""The verbs put together, and one line instead of a traceback for a user's mistake."""

import sys

import typer

from rmfn_tf.cli.compare import compare, reproduce
from rmfn_tf.cli.data import data
from rmfn_tf.cli.demo import demo
from rmfn_tf.cli.evaluate import evaluate
from rmfn_tf.cli.export import export
from rmfn_tf.cli.predict import predict
from rmfn_tf.cli.runs import runs
from rmfn_tf.cli.train import train
from rmfn_tf.cli.tune import tune

app = typer.Typer(
    name="rmfn",
    help="The Recurrent Multistage Fusion Network: from the files you hold to a served model.\n\n"
    "Start with `rmfn demo`; then `rmfn data build`, `rmfn train`, `rmfn runs`, `rmfn evaluate`, "
    "`rmfn compare`, `rmfn reproduce`, `rmfn tune`, `rmfn export`, `rmfn predict`.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(demo)
app.add_typer(data, name="data")
app.command()(train)
app.command()(evaluate)
app.command()(runs)
app.command()(compare)
app.command()(reproduce)
app.command()(tune)
app.command()(export)
app.command()(predict)


def main() -> None:
    """Runs the command line; a ValueError or OSError becomes one line and exit code 1."""
    try:
        app()
    except (ValueError, OSError) as error:
        # TFDS' own errors ramble over many lines; a list of mistakes is meant to.
        mistakes = getattr(error, "mistakes", [])
        text = str(error) if len(mistakes) > 1 else " ".join(str(error).split())
        print(f"rmfn: {text}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("rmfn: interrupted", file=sys.stderr)
        sys.exit(130)
