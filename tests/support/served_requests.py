"""Requests to a served model of four words, three voice and two face features: a good one, those
that must be refused, and those that look bad and are answered."""

import numpy as np

FEATURES = {"language": 4, "acoustic": 3, "visual": 2}


def good():
    rng = np.random.default_rng(0)
    request = {
        name: rng.normal(size=(2, 5, width)).astype("float32") for name, width in FEATURES.items()
    }
    return {**request, "lengths": np.array([5, 3], "int32")}


def but(**changes):
    """The good request with other values under some names; None takes a name away."""
    changed = {**good(), **changes}
    return {name: values for name, values in changed.items() if values is not None}


def words(name="language", **shape):
    """Features of another shape: `batch`, `time`, `width`."""
    sizes = {"batch": 2, "time": 5, "width": FEATURES[name], **shape}
    return np.ones(tuple(sizes.values()), "float32")


def every(**shape):
    return {name: words(name, **shape) for name in FEATURES}


def filled(value, name="language"):
    """The good request with `value` in all features of one word."""
    features = good()[name]
    features[0, 1] = value
    return but(**{name: features})


def integers(*values):
    return np.array(values, "int32")


_LENGTHS = "`lengths` must be from 1 to the number of words"
_SHAPE = "is not compatible with expected shape"
_ALIKE = "must have as many sequences and words as"

# Kind -> the request and what the message holds. Names and dtypes a server checks itself.
REFUSED_BY_NAME = {
    "a name that is none": (but(speech=words()), "speech"),
    "a misspelt name": (but(language=None, langage=words()), "lang"),
    "a missing modality": (but(visual=None), "visual"),
    "no lengths": (but(lengths=None), "lengths"),
    "nothing at all": ({}, "language"),
    "features as integers": (but(language=np.ones((2, 5, 4), "int32")), "float"),
    "features as float64": (but(language=np.ones((2, 5, 4))), "float"),
    "features as text": (but(language=np.full((2, 5, 4), "x")), "float"),
    "lengths as float": (but(lengths=np.array([5, 3], "float32")), "int32"),
    "lengths as int64": (but(lengths=np.array([5, 3], "int64")), "int32"),
}
# Shapes and values are the graph's own part.
REFUSED_BY_VALUE = {
    "one sequence without its batch": (but(language=words()[0]), _SHAPE),
    "features of rank 4": (but(language=words()[None]), _SHAPE),
    "lengths of rank 2": (but(lengths=integers([5], [3])), _SHAPE),
    "a length alone": (but(lengths=np.int32(5)), _SHAPE),
    "one feature, that would be spread over all": (but(language=words(width=1)), _SHAPE),
    "too narrow": (but(language=words(width=3)), _SHAPE),
    "too wide": (but(language=words(width=5)), _SHAPE),
    "no width": (but(language=words(width=0)), _SHAPE),
    "lengths beyond the words": (but(lengths=integers(6, 3)), _LENGTHS),
    "a length of zero": (but(lengths=integers(5, 0)), _LENGTHS),
    "a negative length": (but(lengths=integers(-1, 3)), _LENGTHS),
    "the largest length": (but(lengths=integers(2**31 - 1, 3)), _LENGTHS),
    "too few lengths": (but(lengths=integers(5)), "one number for each sequence"),
    "too many lengths": (but(lengths=integers(5, 3, 1)), "one number for each sequence"),
    "fewer words in one modality": (but(visual=words("visual", time=4)), _ALIKE),
    "more sequences in one modality": (but(acoustic=words("acoustic", batch=3)), _ALIKE),
    "no words": (but(**every(time=0)), _LENGTHS),
    "no sequences, but lengths": (but(**every(batch=0)), "one number for each sequence"),
}
ANSWERED = {
    "NaN": filled(np.nan),
    "infinity": filled(np.inf, "acoustic"),
    "minus infinity": filled(-np.inf, "acoustic"),
    "1e30": filled(1e30),
    "the largest float32": filled(np.finfo("float32").max, "visual"),
    "the smallest float32": filled(1e-45, "visual"),
    "all zeros": but(**{name: np.zeros_like(each) for name, each in every().items()}),
    "NaN in the padding": but(
        language=np.where(np.arange(5)[:, None] < 3, words(), np.float32(np.nan)),
        lengths=integers(3, 2),
    ),
    "no sequence": {name: values[:0] for name, values in good().items()},
    "one word": but(**every(time=1), lengths=integers(1, 1)),
}
