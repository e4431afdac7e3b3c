"""`rmfn data`: data sets on disk."""

import json
from collections.abc import Callable
from typing import Annotated, Any

import typer

from rmfn_tf.cli import options
from rmfn_tf.cli.data_align import align
from rmfn_tf.start import start_tensorflow

data = typer.Typer(
    help="Check the files you hold, and build data sets from them.", no_args_is_help=True
)
Name = Annotated[
    str | None,
    typer.Argument(
        help="Data set, with or without its config: cmu_mosi/mmsa_aligned or cmu_mosi. The files "
        "in --manual-dir decide what is left out."
    ),
]


@data.command()
def build(
    name: Name = None,
    manual_dir: options.ManualDir = None,
    data_dir: options.DataDir = None,
    mode: options.Mode = None,
    pauses: options.Pauses = None,
    word_shift: options.WordShift = None,
    as_json: options.Json = False,
) -> None:
    """Build a data set from your files, unless it is built already.

    A build from other files or with other options is replaced, once the new one is complete. A
    build that is killed leaves nothing behind. Afterwards `rmfn train NAME` needs no --manual-dir.

    Example: rmfn data build ict_mmmo/trimodal --manual-dir copies/mmmo
    """
    start_tensorflow()

    from rmfn_tf.cli.show import build_data
    from rmfn_tf.cli.show_data import show_data
    from rmfn_tf.datasets.building import inspect

    given = options.given(mode=mode, pauses=pauses, word_shift=word_shift)
    # Where neither files nor options are named, a build is taken whatever its options are.
    choices = given if given or manual_dir else None
    builder = build_data(name, manual_dir, data_dir, as_json, options=choices)
    _show(show_data, inspect(f"{builder.name}/{builder.builder_config.name}", data_dir), as_json)


@data.command()
def verify(
    name: Name = None,
    manual_dir: options.ManualDir = None,
    mode: options.Mode = None,
    pauses: options.Pauses = None,
    word_shift: options.WordShift = None,
    as_json: options.Json = False,
) -> None:
    """Say what your files hold, without building anything.

    Shows the number of examples and each file's SHA-256 beside the published ones, and what a build
    would leave out and why. The exit code is 1 if files that a build needs are missing.

    Example: rmfn data verify cmu_mosi --manual-dir copies/mosi_csd
    """
    start_tensorflow()

    from rmfn_tf.cli.show import progress_bar
    from rmfn_tf.cli.show_data import show_data
    from rmfn_tf.datasets import building

    choices = options.given(mode=mode, pauses=pauses, word_shift=word_shift)
    with progress_bar("Reading", quiet=as_json) as on_progress:
        result = building.verify(
            name, manual_dir=manual_dir, options=choices, on_progress=on_progress
        )
    _show(show_data, result, as_json)
    if result["missing"]:
        raise ValueError(result["missing"])


@data.command()
def info(
    name: Name = None, data_dir: options.DataDir = None, as_json: options.Json = False
) -> None:
    """Describe a data set, or list all of them.

    Of one that is built, says what it holds; of another, where its files come from.

    Examples: rmfn data info; rmfn data info iemocap
    """
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


def _show(show: Callable[[Any], None], result: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
    else:
        show(result)
