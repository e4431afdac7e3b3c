"""`rmfn data`: data sets on disk, and how what is found about them is printed."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console

from rmfn_tf.cli import options
from rmfn_tf.cli.data_align import align
from rmfn_tf.cli.show import build_data, dropped_lines, fitted, progress_bar
from rmfn_tf.comparison.table import Table
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

    from rmfn_tf.datasets.building import inspect

    given = options.given(mode=mode, pauses=pauses, word_shift=word_shift)
    # Where neither files nor options are named, a build is taken whatever its options are.
    choices = given if given or manual_dir else None
    builder = build_data(name, manual_dir, data_dir, as_json, options=choices)
    _show(_show_data, inspect(f"{builder.name}/{builder.builder_config.name}", data_dir), as_json)


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

    from rmfn_tf.datasets import building

    choices = options.given(mode=mode, pauses=pauses, word_shift=word_shift)
    with progress_bar("Reading", quiet=as_json) as on_progress:
        result = building.verify(
            name, manual_dir=manual_dir, options=choices, on_progress=on_progress
        )
    _show(_show_data, result, as_json)
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

    from rmfn_tf.datasets.building import catalogue, inspect, origin
    from rmfn_tf.datasets.registry import OWN_DATA, choose, resolve

    if name is None:
        _show(_show_catalogue, catalogue(data_dir), as_json)
        return
    choice = resolve(name) if name == OWN_DATA else choose(name, None, data_dir)
    if choice.config and choice.builder(data_dir).is_whole():
        _show(_show_data, inspect(choice.name, data_dir), as_json)
    else:
        _show(_show_origin, origin(choice), as_json)


data.command()(align)


def _show(show: Callable[[Any], None], result: Any, as_json: bool) -> None:
    if as_json:
        print(json.dumps(result))
    else:
        show(result)


def _show_data(result: Mapping[str, Any]) -> None:
    """Prints what `rmfn_tf.datasets.building.verify` or `inspect` returns."""
    files, steps = result["files"], result["steps"]
    facts = [(key, result[key]) for key in ("data", "folder", "why") if result.get(key)]
    facts += [("option", f"{name} = {value}") for name, value in result["options"].items()]
    print(*(f"{key:12} {value}" for key, value in facts), sep="\n")
    if files:
        Console().print("", _files(files).to_rich(), sep="\n")
    for name, each in files.items():
        here, published = each["sha256"], each["published_sha256"]
        if published not in (None, here):
            print(f"Warning: {name} is not the published file. Here {here}, published {published}.")
    console = Console()
    console.print("", fitted(_splits(result), console), "", sep="\n")
    for name, lacks in result.get("fitting", {}).items():
        lacking = f"without {', '.join(lacks)}" if lacks else "nothing is missing"
        print(f"{'fits':12} {name}, {lacking}")
    for name, count in result["not_finite"].items():
        if count:
            print(f"- {name}: {count:,} values are not finite.")
    print(
        f"{result['videos']} videos; {steps['shortest']} to {steps['longest']} steps an example, "
        f"median {steps['median']:g}; words known in {result['with_words']} examples."
    )
    for name, each in result["splits"].items():
        if "labelled_steps" in each:
            labelled, unlabelled = each["labelled_steps"], each["unlabelled_steps"]
            print(f"{name}: {labelled:,} steps with a label, {unlabelled:,} without.")
    for line in (*dropped_lines(result["dropped"]), *result["notes"]):
        print(f"- {line}")
    print(f"{'fingerprint':12} {result['fingerprint']}")


def _show_catalogue(configs: Sequence[Mapping[str, Any]]) -> None:
    """Prints what `rmfn_tf.datasets.building.catalogue` returns."""
    lines = [[x["data"], "yes" if x["built"] else "", x["description"]] for x in configs]
    table = Table(["data set", "built", "what it is"], lines, left=["built", "what it is"])
    Console().print(table.to_rich())


def _show_origin(result: Mapping[str, str]) -> None:
    """Prints what `rmfn_tf.datasets.building.origin` returns."""
    from rich.markdown import Markdown  # slow to import

    print(f"{result['data']} is not built here.\n")
    Console().print(Markdown(result["description"]))
    if result["terms"]:
        print(f"\n{result['terms']}\n\nrmfn data build {result['data']} --manual-dir FOLDER")


def _files(files: Mapping[str, Mapping[str, Any]]) -> Table:
    sized = any("bytes" in each for each in files.values())
    lines = []
    for name, each in files.items():
        sha256 = each["sha256"]
        marks = {None: "none published", sha256: "as published"}
        size = [f"{each['bytes']:,}"] if sized else []
        lines.append([name, *size, sha256[:12], marks.get(each["published_sha256"], "DIFFERS")])
    return Table(["file", *["bytes"] * sized, "SHA-256", ""], lines, left=[""])


def _splits(result: Mapping[str, Any]) -> Table:
    """A row for each split; in the column of a modality, how many examples have it."""
    modalities = list(result["not_finite"])
    lines = []
    for split, each in result["splits"].items():
        examples, dropped, published = (each[key] for key in ("examples", "dropped", "published"))
        present = (each["present"][name] for name in modalities)
        counts = (examples + dropped, dropped, examples, each["videos"], *present)
        said = "" if published is None else f"{published:,}"
        mark = "" if published in (None, examples) else "differs"
        lines.append([split, *(f"{count:,}" for count in counts), said, mark])
    header = ["split", "rows", "dropped", "examples", "videos", *modalities, "published", ""]
    return Table(header, lines, left=[""])
