"""How results look in a terminal."""

import io

from rich.console import Console

from rmfn_tf.cli.show import fitted
from rmfn_tf.comparison.table import Table

SPLITS = Table(["split", "examples"], [["train", "220"], ["validation", "40"]])


def test_a_table_that_is_too_wide_has_less_space_before_it_breaks_words():
    shown = {}
    for width in (21, 80):
        console = Console(width=width, file=io.StringIO())
        console.print(fitted(SPLITS, console))
        shown[width] = console.file.getvalue().splitlines()
    assert shown[21] == ["split      examples", "train           220", "validation       40"]
    assert shown[80] == [
        " split       examples ",
        " train            220 ",
        " validation        40 ",
    ]
