"""Names that users choose, names that they misspell, and lists of names."""

import difflib
import re
from collections.abc import Iterable, Sequence

# What TensorFlow Serving takes as the name of an input. TensorFlow renames others in silence
# ("text-emb" to "text_emb"), or fails obscurely.
SERVED_NAME = re.compile(r"(?!self$)[A-Za-z][A-Za-z0-9_]{0,99}")

# What no modality can be called, since something else of that name stands beside it: arrays of a
# user's own data and entries of an example, arguments of numpy.savez, layers and inputs of a model,
# inputs and outputs of a served one.
_RESERVED = (
    *("id", "split", "label", "num_steps", "video", "words", "intervals"),
    *("video_id", "present", "file", "allow_pickle"),
    *("lengths", "mask", "head", "head_dropout", "prediction", "rmfn", "early_fusion"),
    *("attention", "z"),
)
_RESERVED_PATTERN = re.compile(r"(lstm|bidirectional)_\d+|next_.*")
# Names that a modality's own parts have in a model and its signatures.
_PARTS = ("{}_scaling", "h_{}", "c_{}", "attention_{}")


def check_modalities(names: Iterable[str]) -> None:
    """ValueError with a sentence for each name that no modality, or not this one beside the others,
    can have."""
    names = list(names)
    taken = {part.format(name): name for name in names for part in _PARTS}
    mistakes = []
    for name in dict.fromkeys(names):
        start = f"A modality cannot be called {str(name)[:100]!r}: "
        if not isinstance(name, str) or not SERVED_NAME.fullmatch(name):
            mistakes.append(start + "use a letter, then letters, digits and '_', 100 at most.")
        elif name in _RESERVED or _RESERVED_PATTERN.fullmatch(name):
            mistakes.append(start + "that name has a meaning of its own. Choose another.")
        elif name in taken:
            mistakes.append(start + f"a part of the modality {taken[name]!r} is. Choose another.")
        elif names.count(name) > 1:
            mistakes.append(start + "another one is. Name each once.")
    if mistakes:
        raise ValueError(" ".join(mistakes))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`" Did you mean 'rmfn'?"` with the name nearest to `name`, or nothing where none is near."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def unknown_name(what: str, name: str, known: Iterable[str]) -> str:
    """The sentence for a name that is none of `known`, with the nearest one suggested."""
    known = list(known)
    return f"unknown {what} {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}."


def shorten(names: Sequence[str], most: int = 5) -> str:
    """The first few names, separated by commas, and "..." where there are more."""
    return ", ".join(names[:most]) + ", ..." * (len(names) > most)
