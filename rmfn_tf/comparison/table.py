"""Tables, numbers and pages as people read them, in a terminal and in Markdown."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import rich.console
import rich.table
from rich.text import Text

from rmfn_tf.files import replace_file, write_json, write_text


@dataclass(frozen=True)
class Table:
    """A table of ready cells, aligned left in the first column and in those named in `left`, right
    in the others. A line of one cell is a heading inside the table; one that is too short ends in
    empty cells."""

    header: Sequence[str]
    lines: Sequence[Sequence[str]]
    bold: frozenset[int] = frozenset()  # the indices of the lines that stand out
    left: Collection[str] = ()  # the headers of further columns of text

    def to_rich(self) -> rich.table.Table:
        """For a terminal."""
        table = rich.table.Table(box=None)
        for name in self.header:
            is_left = self._is_left(name)
            table.add_column(Text(name), justify="left" if is_left else "right", overflow="fold")
        for index, cells in enumerate(self.lines):
            style = "underline" if len(cells) == 1 else "bold" if index in self.bold else ""
            table.add_row(*(Text(cell, style=style) for cell in cells))
        return table

    def below(self, title: str) -> rich.console.Group:
        """For a terminal, below a title, which may be wider than the table."""
        return rich.console.Group(Text(title, style="italic"), self.to_rich())

    def to_markdown(self) -> str:
        """For Markdown, in which a heading inside the table is bold as well."""
        width = len(self.header)
        rule = ["---" if self._is_left(name) else "--:" for name in self.header]
        lines = [list(map(escape, self.header)), rule]
        for index, cells in enumerate(self.lines):
            shown = [escape(cell) for cell in cells]
            if len(cells) == 1 or index in self.bold:
                shown[0] = f"**{shown[0]}**"
            lines.append([*shown, *[""] * (width - len(cells))])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def _is_left(self, name: str) -> bool:
        return name in (self.header[0], *self.left)


@dataclass(frozen=True)
class Report:
    """What `rmfn compare` and `rmfn tune` say of their result, which they also write as JSON."""

    title: str
    result: Mapping[str, Any]
    table: Table
    notes: Sequence[str]  # sentences that say how to read the table
    more: Mapping[str, Table] = field(default_factory=dict)  # title -> a table that comes after

    def to_markdown(self) -> str:
        """The command, the table, the notes and, where there is one, the answer."""
        parts = [f"# {escape(self.title)}", f"```bash\n{self.result['command']}\n```"]
        parts += [self.table.to_markdown(), bullets(self.notes)]
        for title, table in self.more.items():
            parts += [f"## {title}", table.to_markdown()]
        if "answer" in self.result:
            parts.append(f"**{self.result['answer']}**")
        return "\n\n".join(parts) + "\n"

    def write(self, folder: Path, name: str, figure: Any) -> None:
        """Replaces `<name>.md`, `<name>.png` (a figure of Matplotlib) and, last of all,
        `<name>.json` in a folder."""
        write_text(folder / f"{name}.md", self.to_markdown())
        replace_file(folder / f"{name}.png", lambda path: figure.savefig(path, dpi=120))
        write_json(folder / f"{name}.json", self.result)


def bullets(sentences: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {escape(sentence)}" for sentence in sentences)


def listed(values: Iterable[Any]) -> str:
    """`"0, 1, 2"`."""
    return ", ".join(map(str, values))


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in a table too."""
    return re.sub(r"([\\|*`<\[])", r"\\\1", " ".join(text.split()))


def number(value: float | None, sign: str = "", digits: int = 3) -> str:
    """Decimal digits, or a dash where there is no value; `sign="+"` shows that of positive ones."""
    return "–" if value is None else f"{value:{sign}z.{digits}f}"


def spread(mean: float, std: float | None, sign: str = "") -> str:
    """`"0.123 ± 0.004"`, or the mean alone where there is no standard deviation."""
    return number(mean, sign) + ("" if std is None else f" ± {number(std)}")


def p_value(value: float) -> str:
    """As `number`; a value that is too small for three decimals is shown as `"<0.001"`."""
    return "<0.001" if value < 0.001 else number(value)


def directed(metric: str, lower_is_better: bool) -> str:
    """`"mae (lower is better)"`."""
    return f"{metric} ({'lower' if lower_is_better else 'higher'} is better)"
