"""How `rmfn data` prints what it finds about data sets."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console

from rmfn_tf.comparison.table import Table
from rmfn_tf.names import shorten


def show_data(result: Mapping[str, Any]) -> None:
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
    Console().print("", _splits(result).to_rich(), "", sep="\n")
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


def show_catalogue(configs: Sequence[Mapping[str, Any]]) -> None:
    """Prints what `rmfn_tf.datasets.building.catalogue` returns."""
    lines = [[x["data"], "yes" if x["built"] else "", x["description"]] for x in configs]
    table = Table(["data set", "built", "what it is"], lines, left=["built", "what it is"])
    Console().print(table.to_rich())


def show_origin(result: Mapping[str, str]) -> None:
    """Prints what `rmfn_tf.datasets.building.origin` returns."""
    from rich.markdown import Markdown  # slow to import

    print(f"{result['data']} is not built here.\n")
    Console().print(Markdown(result["description"]))
    if result["terms"]:
        print(
            "\n" + result["terms"],
            f"\nrmfn data build {result['data']} --manual-dir FOLDER",
            sep="\n",
        )


def dropped_lines(dropped: Sequence[Mapping[str, str]]) -> list[str]:
    """A line for each reason, with the number of examples and the first ids."""
    by_reason: dict[str, list[str]] = {}
    for each in dropped:
        by_reason.setdefault(each["reason"], []).append(each["id"])
    return [f"Dropped, {reason}: {first_of(ids)}." for reason, ids in by_reason.items()]


def first_of(names: Sequence[str]) -> str:
    """`"12 (a, b, c, d, ...)"`: how many there are, and the first four."""
    return f"{len(names)} ({shorten(names, 4)})"


def _files(files: Mapping[str, Mapping[str, Any]]) -> Table:
    sized = any("bytes" in each for each in files.values())
    lines = []
    for name, each in files.items():
        known = each["published_sha256"]
        mark = "none published" if known is None else "as published"
        if known not in (None, each["sha256"]):
            mark = "DIFFERS"
        size = [f"{each['bytes']:,}"] if sized else []
        lines.append([name, *size, each["sha256"][:12], mark])
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
