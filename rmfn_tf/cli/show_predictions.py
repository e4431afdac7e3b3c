"""How predictions look: a table, one JSON object, or a CSV file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from rmfn_tf.export.client import Explanation
    from rmfn_tf.export.client.interface import Interface


def show_predictions(
    interface: "Interface",
    ids: list[str],
    answer: "Explanation",
    out: Path | None,
    as_json: bool,
) -> None:
    """Prints (or writes to `out`) a row for each sequence, or for each word of one.

    Args:
        interface: Of the model that answered; it names the columns.
        ids: N names.
        answer: The predictions, and where they were asked for the attention.
        out: A CSV file, replaced in one step.
        as_json: One object instead of a table.
    """
    if as_json:
        print(json.dumps(_document(interface, ids, answer)))
        return
    rows = list(_rows(interface, ids, answer))
    if out is not None:
        from rmfn_tf.files import write_rows

        write_rows(out, rows)
        return
    version = "" if interface.version is None else f", version {interface.version}"
    table = Table(title=f"{interface.where}{version}", title_justify="left")
    for name in rows[0]:
        table.add_column(name, justify="left" if name == "id" else "right")
    for row in rows:
        table.add_row(*(f"{x:.4f}" if isinstance(x, float) else str(x) for x in row.values()))
    Console().print(table)


def _rows(interface: "Interface", ids: list[str], answer: "Explanation") -> Iterator[dict]:
    """`id`, `word` where there is a prediction after each, the columns, `attention_<modality>`."""
    for place, name in enumerate(ids):
        prediction = np.atleast_2d(answer.predictions[place])
        every_word = np.ndim(answer.predictions[place]) > 1
        for word, values in enumerate(prediction.tolist()):
            shares = {
                # Coordinates summed, then the mean over stages, and over words where all count.
                f"attention_{modality}": float(
                    (each[place][word] if every_word else each[place]).sum(-1).mean()
                )
                for modality, each in answer.attention.items()
            }
            columns = dict(zip(interface.columns(len(values)), values, strict=True))
            yield {"id": name, **({"word": word} if every_word else {}), **columns, **shares}


def _document(interface: "Interface", ids: list[str], answer: "Explanation") -> dict[str, Any]:
    """Attention is each modality's share at each stage of each word."""
    predictions = []
    for place, name in enumerate(ids):
        row: dict[str, Any] = {"id": name}
        values = np.asarray(answer.predictions[place])
        columns = interface.columns(values.shape[-1])
        named = [dict(zip(columns, each, strict=True)) for each in np.atleast_2d(values).tolist()]
        row["prediction"] = named if values.ndim > 1 else named[0]
        if answer.attention:
            row["attention"] = {
                modality: each[place].sum(-1).tolist()
                for modality, each in answer.attention.items()
            }
        predictions.append(row)
    return {
        "model": interface.where,
        "version": interface.version,
        "task": interface.task.get("kind"),
        "predictions": predictions,
    }
