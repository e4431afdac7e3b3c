"""`rmfn data`: data sets on disk."""

import json

import typer

from rmfn_tf.cli.options import Data, DataDir, Json, ManualDir

data = typer.Typer(help="Build the data sets from the files you hold.", no_args_is_help=True)


@data.callback()
def _data() -> None:
    """Keeps `build` a verb of its own while it is the only one."""


@data.command()
def build(
    name: Data, manual_dir: ManualDir = None, data_dir: DataDir = None, as_json: Json = False
) -> None:
    """Build a data set, or take the one that was built from the same files.

    Example: rmfn data build ict_mmmo/trimodal --manual-dir copies/mmmo
    """
    from rmfn_tf.start import start_tensorflow

    start_tensorflow()
    from rmfn_tf.cli.show import build_data

    builder = build_data(name, manual_dir, data_dir, quiet=as_json)
    counts = {split: info.num_examples for split, info in builder.info.splits.items()}
    result = {
        "data": builder.info.full_name,
        "folder": str(builder.data_dir),
        "examples": counts,
        "fingerprint": builder.info.metadata["fingerprint"],
    }
    if as_json:
        print(json.dumps(result))
        return
    for key, value in result.items():
        print(f"{key:12} {value}")
