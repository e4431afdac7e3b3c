"""How a copy or a build of a data set looks in the terminal."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table

_IDS_SHOWN = 3


def show_data(result: Mapping[str, Any]) -> None:
    """Prints what `verify` or `inspect` gave."""
    console = Console()
    for key in ("data", "folder", "why"):
        if result.get(key):
            console.print(f"{key:12} {result[key]}", highlight=False, soft_wrap=True)
    for option, value in result["options"].items():
        console.print(f"{'option':12} {option} = {value}", highlight=False)
    if result["files"]:
        console.print("", _files(result["files"]), sep="\n")
    for line in mismatches(result["files"]):
        console.print(line, highlight=False, soft_wrap=True)
    console.print("", _splits(result), "", sep="\n")
    for name, lacks in result.get("fitting", {}).items():
        lacking = f", without {', '.join(lacks)}" if lacks else ", nothing is missing"
        console.print(f"{'fits':12} {name}{lacking}", highlight=False, soft_wrap=True)
    for name, count in result["not_finite"].items():
        if count:
            console.print(f"- {name}: {count:,} values are not finite.", highlight=False)
    steps = result["steps"]
    console.print(
        f"{result['videos']} videos; {steps['shortest']} to {steps['longest']} steps an example, "
        f"median {steps['median']:g}; words known in {result['with_words']} examples.",
        highlight=False,
    )
    for line in (*dropped_lines(result["dropped"]), *result["notes"]):
        console.print(f"- {line}", highlight=False, soft_wrap=True)
    console.print(f"{'fingerprint':12} {result['fingerprint']}", highlight=False)


def show_catalogue(configs: Sequence[Mapping[str, Any]], as_json: bool) -> None:
    """Prints what `catalogue` gave."""
    if as_json:
        print(json.dumps(configs))
        return
    table = Table(box=None, pad_edge=False)
    for column in ("data set", "built", "what it is"):
        table.add_column(column, overflow="fold", no_wrap=column == "data set")
    for each in configs:
        table.add_row(each["data"], "yes" if each["built"] else "", each["description"])
    Console().print(table)


def show_origin(result: Mapping[str, str], as_json: bool) -> None:
    """Prints what `origin` gave."""
    if as_json:
        print(json.dumps(result))
        return
    console = Console()
    console.print(f"{result['data']} is not built here.\n", highlight=False)
    console.print(Markdown(result["description"]))
    if result["files"]:
        console.print(f"\nIt is built from {result['files']}.", highlight=False)
    if result["terms"]:
        console.print(result["terms"], highlight=False, markup=False)
        console.print(f"\nrmfn data build {result['data']} --manual-dir FOLDER", highlight=False)


def mismatches(files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """A warning with both SHA-256 for each file that is not the published one."""
    return [
        f"Warning: {name} is not the published file. Here {each['sha256']}, published "
        f"{each['published_sha256']}."
        for name, each in files.items()
        if each["published_sha256"] not in (None, each["sha256"])
    ]


def dropped_lines(dropped: list[dict[str, str]]) -> list[str]:
    """A line for each reason, with how many it took and the first few."""
    by_reason: dict[str, list[str]] = {}
    for each in dropped:
        by_reason.setdefault(each["reason"], []).append(each["id"])
    return [
        f"Dropped, {reason}: {len(ids)} ({', '.join(ids[:_IDS_SHOWN])}"
        f"{', ...' if len(ids) > _IDS_SHOWN else ''})."
        for reason, ids in by_reason.items()
    ]


def _files(files: Mapping[str, Mapping[str, Any]]) -> Table:
    sized = any("bytes" in each for each in files.values())
    table = _table("file", *(["bytes"] if sized else []), "SHA-256", "")
    for name, each in files.items():
        known = each["published_sha256"]
        mark = "none published" if known is None else "as published"
        if known not in (None, each["sha256"]):
            mark = "DIFFERS"
        size = [f"{each['bytes']:,}"] if sized else []
        table.add_row(name, *size, each["sha256"][:12], mark)
    return table


def _splits(result: Mapping[str, Any]) -> Table:
    """A row a split; below each modality's name, how many examples have it."""
    modalities = list(result["not_finite"])
    table = _table("split", "rows", "dropped", "examples", "videos", *modalities, "published", "")
    for split, each in result["splits"].items():
        published = each["published"]
        table.add_row(
            split,
            f"{each['examples'] + each['dropped']:,}",
            f"{each['dropped']:,}",
            f"{each['examples']:,}",
            f"{each['videos']:,}",
            *(f"{each['present'][name]:,}" for name in modalities),
            "" if published is None else f"{published:,}",
            "" if published in (None, each["examples"]) else "differs",
        )
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number == 0 or not column else "right")
    return table
