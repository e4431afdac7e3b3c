"""A small folder of one's own data, for users to imitate."""

import inspect
from pathlib import Path

from rmfn_tf.datasets.custom import template_examples
from rmfn_tf.datasets.recordings.custom_writer import new_folder
from rmfn_tf.files import write_text

EXAMPLES = "examples.npz"
_DATA_TOML = """\
# What the data are. The arrays are in the NPZ files beside this one; README.md explains them.

# They become the data set custom/my_data: a letter, then letters, digits, _ . -
name = "my_data"

# The arrays that are features, in the order that they are to have everywhere.
modalities = ["language", "acoustic", "visual"]

# One line; may be left out.
description = "Made-up segments of film reviews."

[task]
# "regression":     numbers.
# "classification": one column with a class from 0 to num_classes - 1; then say num_classes = 3.
# "multilabel":     columns that are 0 or 1, each a question of its own.
kind = "regression"

# Names of the columns of `label`.
columns = ["sentiment"]

# Regression only, and may be left out: a label outside is an error.
[task.ranges]
sentiment = [-3, 3]
"""
_README = """\
# Data of your own

This folder is a data set: `data.toml` says what the data are, `examples.npz` holds them. Change
both, step by step, into yours. There may be several NPZ files; they are read in the order of their
names and are one data set.

    rmfn data verify --manual-dir .       # reads everything, and says what is wrong
    rmfn data build --manual-dir .        # builds custom/my_data
    rmfn train custom/my_data --out runs/mine

## The arrays

Each file has N examples. Their steps (words, say) stand one after another in the arrays of
features, S in all: the first example has the first `num_steps[0]` rows, and so on.

| array | shape | what |
|---|---|---|
| `id` | (N,) | text that differs over all files |
| `split` | (N,) | `train`, `validation` or `test` |
| `label` | (N,) or (N, C) | numbers, a column for each of `columns`; classes are integers from 0 |
| `num_steps` | (N,) | integers: the steps of each example, at least 1 |
| `language`, `acoustic`, `visual` | (S, F) | features: one array for each of `modalities` |
| `video` | (N,) | text: the recording. No recording may be in two splits |
| `segment` | (N,) | integers: the number of the example in its recording, from 0 |
| `words` | (S,) | text: what is said in each step; for figures only |
| `intervals` | (S, 2) | start and end of each step in seconds |

- F may differ from modality to modality, but not from file to file.
- A row of zeros says that the modality has nothing for that step. An array of zeros says that it
  has nothing at all. Values may be NaN or infinite; labels may not.
- `video`, `segment`, `words` and `intervals` may be left out. The recording is then the id.
- Any other array is an error, so that nothing is left out because it is misspelt.
- Arrays of Python objects are refused: a file that holds them can run code when it is read.

## What wrote examples.npz

```python
{code}

write_examples("examples.npz")
```
"""


def write_template(folder: str | Path) -> Path:
    """Writes data.toml, examples.npz and README.md, which explains both.

    Args:
        folder: a new or an empty folder. It is there with all its files, or not at all.

    Returns:
        The folder.

    Raises:
        ValueError: the folder is there and not empty.
    """
    folder = Path(folder).expanduser()
    with new_folder(folder) as unfinished:
        write_text(unfinished / "data.toml", _DATA_TOML)
        template_examples.write_examples(str(unfinished / EXAMPLES))
        write_text(unfinished / "README.md", _README.format(code=_code()))
    return folder


def _code() -> str:
    """template_examples.py without its first lines, which speak of this package."""
    source = inspect.getsource(template_examples)
    return source[source.index("import numpy") :]
