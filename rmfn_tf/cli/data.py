"""`rmfn data`: data sets on disk."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from rmfn_tf.cli.data_align import align
from rmfn_tf.cli.options import DataDir, Json, ManualDir

data = typer.Typer(
    help="Check the files you hold, and build the data sets from them.", no_args_is_help=True
)
Name = Annotated[
    str | None,
    typer.Argument(
        help="Data set, with or without its config: cmu_mosi/mmsa_aligned, cmu_mosi. What is left "
        "out is chosen by the files in --manual-dir."
    ),
]
Mode = Annotated[
    str | None,
    typer.Option(
        help="How computational sequences are aligned: `default`, or `mmsdk` for the "
        "CMU-MultimodalSDK's own "
        "numbers, bit for bit."
    ),
]
Pauses = Annotated[
    str | None,
    typer.Option(
        help="What becomes of pauses (`sp`) in computational sequences: keep \\[default], drop, "
        "or merge."
    ),
]
WordShift = Annotated[
    str | None,
    typer.Option(
        help="Of computational sequences, whether words sit one row late: 0, 1, or auto to look "
        "\\[default: auto; with --mode mmsdk 0]."
    ),
]


@data.command()
def build(
    name: Name = None,
    manual_dir: ManualDir = None,
    data_dir: DataDir = None,
    mode: Mode = None,
    pauses: Pauses = None,
    word_shift: WordShift = None,
    as_json: Json = False,
) -> None:
    """Build a data set, or take the one that was built from the same files.

    A build that is killed leaves nothing; one of other files or options is replaced when the new
    one is whole. Then `rmfn train NAME` needs no --manual-dir.

    Example: rmfn data build ict_mmmo/trimodal --manual-dir copies/mmmo
    """
    from rmfn_tf.start import start_tensorflow

    start_tensorflow()
    from rmfn_tf.cli.show import build_data
    from rmfn_tf.cli.show_data import show_data
    from rmfn_tf.datasets.building import inspect

    given = _options(mode, pauses, word_shift)
    # Without files and options: the build that is there, whatever its options.
    options = given if given or manual_dir else None
    builder = build_data(name, manual_dir, data_dir, as_json, options=options)
    _show(show_data, inspect(f"{builder.name}/{builder.builder_config.name}", data_dir), as_json)


@data.command()
def verify(
    name: Name = None,
    manual_dir: ManualDir = None,
    mode: Mode = None,
    pauses: Pauses = None,
    word_shift: WordShift = None,
    as_json: Json = False,
) -> None:
    """Read your files as a build would, and say what they hold; write nothing.

    Counts stand beside the published ones, SHA-256 beside the published ones, and what would be
    left out beside why. Ends with exit code 1 where something is missing to build.

    Example: rmfn data verify cmu_mosi --manual-dir copies/mosi_csd
    """
    from rmfn_tf.start import start_tensorflow

    start_tensorflow()
    from rmfn_tf.cli.show import progress_bar
    from rmfn_tf.cli.show_data import show_data
    from rmfn_tf.datasets import building

    options = _options(mode, pauses, word_shift)
    with progress_bar("Reading", quiet=as_json) as on_progress:
        result = building.verify(
            name, manual_dir=manual_dir, options=options, on_progress=on_progress
        )
    _show(show_data, result, as_json)
    if result["missing"]:
        raise ValueError(result["missing"])


@data.command()
def info(name: Name = None, data_dir: DataDir = None, as_json: Json = False) -> None:
    """Say what a built data set holds; or where its files come from; or which data sets there are.

    Examples: rmfn data info; rmfn data info iemocap
    """
    from rmfn_tf.start import start_tensorflow

    start_tensorflow()
    from rmfn_tf.cli.show_data import show_catalogue, show_data, show_origin
    from rmfn_tf.datasets.building import catalogue, inspect, origin
    from rmfn_tf.datasets.registry import OWN_DATA, choose, resolve

    if name is None:
        _show(show_catalogue, catalogue(data_dir), as_json)
        return
    choice = resolve(name) if name == OWN_DATA else choose(name, None, data_dir)
    if choice.config and choice.builder(data_dir).is_whole():
        _show(show_data, inspect(choice.name, data_dir), as_json)
    else:
        _show(show_origin, origin(choice), as_json)


data.command()(align)


def _options(mode: str | None, pauses: str | None, word_shift: str | None) -> dict[str, str]:
    options = {"mode": mode, "pauses": pauses, "word_shift": word_shift}
    return {name: value for name, value in options.items() if value is not None}


def _show(show: Callable[[Any], None], result: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
    else:
        show(result)
