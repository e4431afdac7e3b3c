"""`rmfn rollback`: back to the version before."""

import json
from pathlib import Path
from typing import Annotated

import typer

from rmfn_tf.cli.options import Json


def rollback(
    directory: Annotated[
        Path, typer.Argument(help="The model folder, which holds the versions 1/, 2/, ...")
    ],
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Withdraw the only version too: the model is then no longer served."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Withdraw the newest version of a model folder, so that the one before it is served again.

    A running server follows within seconds. The version is kept under another name, and its number
    is not given again.
    """
    from rmfn_tf.export.withdrawal import withdraw

    done = withdraw(directory, force=force)
    if as_json:
        print(
            json.dumps(
                {
                    "withdrawn": done.version,
                    "kept_as": str(done.kept_as),
                    "served": done.served,
                }
            )
        )
        return
    served = "no version" if done.served is None else f"version {done.served}"
    print(f"Withdrew version {done.version}, kept as {done.kept_as}. Served now: {served}.")
