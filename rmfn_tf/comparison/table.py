"""Tables and numbers as people read them, in a terminal and in Markdown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import rich.table
from rich.text import Text


@dataclass(frozen=True)
class Table:
    """A table of ready cells.

    Args:
        header: the names of the columns; the first is aligned left, the others right.
        lines: the cells of each line. A line of one cell is a heading inside the table; a line that
            is shorter than the header ends in empty cells.
        bold: the indices of the lines that stand out.
    """

    header: Sequence[str]
    lines: Sequence[Sequence[str]]
    bold: frozenset[int] = frozenset()

    def to_rich(self, title: str = "") -> rich.table.Table:
        """For a terminal."""
        table = rich.table.Table(title=Text(title) if title else None, title_justify="left")
        table.box = None
        for column, name in enumerate(self.header):
            table.add_column(Text(name), justify="right" if column else "left")
        for index, cells in enumerate(self.lines):
            style = "underline" if len(cells) == 1 else "bold" if index in self.bold else ""
            table.add_row(*(Text(cell, style=style) for cell in cells))
        return table

    def to_markdown(self) -> str:
        """For Markdown, in which a heading inside the table is bold as well."""
        width = len(self.header)
        lines = [list(map(escape, self.header)), ["---", *["--:"] * (width - 1)]]
        for index, cells in enumerate(self.lines):
            shown = [escape(cell) for cell in cells]
            if len(cells) == 1 or index in self.bold:
                shown[0] = f"**{shown[0]}**"
            lines.append([*shown, *[""] * (width - len(cells))])
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(title: str, result: Mapping[str, Any], *parts: str) -> str:
    """A report in Markdown: its title, the command that made it, and the parts below each other."""
    command = f"```bash\n{result['command']}\n```"
    return "\n\n".join([f"# {escape(title)}", command, *parts]) + "\n"


def bullets(sentences: Iterable[str]) -> str:
    """A Markdown list."""
    return "\n".join(f"- {escape(sentence)}" for sentence in sentences)


def escape(text: str) -> str:
    """Text that Markdown shows as it is, in a table too."""
    return re.sub(r"([\\|*`<\[])", r"\\\1", " ".join(text.split()))


def number(value: float | None, sign: str = "", digits: int = 3) -> str:
    """Decimal digits, or a dash where there is no value; `sign="+"` shows that of positive ones."""
    return "–" if value is None else f"{value:{sign}z.{digits}f}"


def spread(mean: float | None, std: float | None, sign: str = "", digits: int = 3) -> str:
    """`"0.123 ± 0.004"`, or the mean alone where there is no standard deviation."""
    return number(mean, sign, digits) + ("" if std is None else f" ± {number(std, '', digits)}")


def p_value(value: float | None) -> str:
    """As `number`; a value that is too small for three decimals is shown as `"<0.001"`."""
    return "<0.001" if value is not None and value < 0.001 else number(value)


def directed(metric: str, lower_is_better: bool) -> str:
    """`"mae (lower is better)"`."""
    return f"{metric} ({'lower' if lower_is_better else 'higher'} is better)"
