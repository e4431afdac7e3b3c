"""The "sarcasm" task; README.md beside this file tells its kinds a, b, b3, c and d in words.

An example has L words, L uniform in 7..12. One sentiment word at position p (0-based, uniform in
1..L-3) has the code l = ±1 in language. The events of the kinds b and b3 stand at p; in c and d a
visual one at q > p, and in d an acoustic one at w > p, w ≠ q.

Each event has a code ±1, and y = l · the codes of its events. In every kind, with probability ½
each, one visual and one acoustic distractor stands before p: marker and code like an event's, but
it never counts. All codes are independent and fair; every position is uniform over what is allowed.

A step of a modality is, before one rotation per modality,

    (code or 0) + N(0, 0.4²),   marker 1 or 0,   N(0, 0.5²), ..., N(0, 0.5²)

so an observer who knows the rules reads each code wrongly with e = Φ(-1 / 0.4), independently. The
product of the k signs it needs is right with probability (1 + (1 - 2e)^k) / 2, and no reading is
better: this is the Bayes accuracy.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

EVENTS: dict[str, tuple[str, ...]] = {
    "a": (),
    "b": ("visual",),
    "b3": ("visual", "acoustic"),
    "c": ("visual",),
    "d": ("visual", "acoustic"),
}
KINDS = tuple(EVENTS)
AT_THE_WORD = ("b", "b3")  # kinds whose events stand at p; those of the others stand after it
WIDTHS = {"language": 12, "acoustic": 8, "visual": 8}
MIN_LENGTH, MAX_LENGTH = 7, 12
CODE_NOISE, OTHER_NOISE = 0.4, 0.5
NOWHERE = -1

# Readable words, so that figures of attention have labels.
SENTIMENT = {1: "great", -1: "awful"}
FILLER = ("so", "well", "the", "film", "was", "and", "then", "they", "just", "you", "know", "it")
SECONDS_PER_WORD = 0.4


@dataclass(frozen=True, eq=False)
class Stories:
    """What happens in each of N examples, before noise; arrays are `(N,)`."""

    kinds: np.ndarray  # names of `KINDS`
    lengths: np.ndarray  # L
    sentiment_at: np.ndarray  # position p
    sentiment: np.ndarray  # code l
    # "visual" and "acoustic" -> positions, `NOWHERE` for none, and codes ±1.
    events_at: Mapping[str, np.ndarray]
    events: Mapping[str, np.ndarray]
    distractors_at: Mapping[str, np.ndarray]
    distractors: Mapping[str, np.ndarray]

    @property
    def labels(self) -> np.ndarray:
        """`(N,)` int64: 1 where l · the codes of the events is +1, 0 where it is -1."""
        signs = self.sentiment.copy()
        for modality, codes in self.events.items():
            signs *= np.where(self.events_at[modality] == NOWHERE, 1, codes)
        return (signs > 0).astype(np.int64)


def draw_stories(num_examples: int, rng: np.random.Generator) -> Stories:
    """N stories, N/5 of each kind in random order; N must be a multiple of 5."""
    kinds = rng.permutation(np.repeat(KINDS, num_examples // len(KINDS)))
    lengths = rng.integers(MIN_LENGTH, MAX_LENGTH + 1, num_examples)
    word = rng.integers(1, lengths - 2)  # 1..L-3: two places at least stay free after it
    seen = rng.integers(word + 1, lengths)
    heard = rng.integers(word + 1, lengths - 1)
    heard += heard >= seen  # uniform over the places after the word that are not taken
    later = {"visual": seen, "acoustic": heard}

    events_at, distractors_at = {}, {}
    for modality in later:
        has_event = np.isin(kinds, [kind for kind in KINDS if modality in EVENTS[kind]])
        place = np.where(np.isin(kinds, AT_THE_WORD), word, later[modality])
        events_at[modality] = np.where(has_event, place, NOWHERE)
        distracts = rng.random(num_examples) < 0.5
        distractors_at[modality] = np.where(distracts, rng.integers(0, word), NOWHERE)

    def codes() -> np.ndarray:
        return rng.choice((-1, 1), num_examples)

    return Stories(
        kinds=kinds,
        lengths=lengths,
        sentiment_at=word,
        sentiment=codes(),
        events_at=events_at,
        events={modality: codes() for modality in later},
        distractors_at=distractors_at,
        distractors={modality: codes() for modality in later},
    )


def draw_rotations(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """modality -> `(F, F)`, a rotation drawn uniformly (by Haar's measure)."""
    from scipy.stats import special_ortho_group  # takes most of a second to import

    draw = special_ortho_group.rvs
    return {modality: draw(width, random_state=rng) for modality, width in WIDTHS.items()}


def render(
    stories: Stories, rotations: Mapping[str, np.ndarray], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """modality -> `(N, MAX_LENGTH, F)` float32, a step x given as `x @ rotation`; zero after L."""
    num_examples = len(stories.kinds)
    rows = np.arange(num_examples)
    real = np.arange(MAX_LENGTH) < stories.lengths[:, np.newaxis]
    features = {}
    for modality, width in WIDTHS.items():
        marks = [(stories.sentiment_at, stories.sentiment)]
        if modality != "language":
            marks = [
                (stories.events_at[modality], stories.events[modality]),
                (stories.distractors_at[modality], stories.distractors[modality]),
            ]
        values = OTHER_NOISE * rng.standard_normal((num_examples, MAX_LENGTH, width))
        values[..., 0] = CODE_NOISE * rng.standard_normal((num_examples, MAX_LENGTH))
        values[..., 1] = 0.0
        for places, codes in marks:
            marked = places != NOWHERE
            values[rows[marked], places[marked], 0] += codes[marked]
            values[rows[marked], places[marked], 1] = 1.0
        rotated = values @ rotations[modality]
        features[modality] = (rotated * real[..., np.newaxis]).astype(np.float32)
    return features


def spoken_words(stories: Stories, rng: np.random.Generator) -> list[list[str]]:
    """N lists of L words: "great" or "awful" at p by the sign of l, filler elsewhere."""
    sentences = [rng.choice(FILLER, length).tolist() for length in stories.lengths]
    codes = map(SENTIMENT.get, stories.sentiment.tolist())
    for sentence, place, word in zip(sentences, stories.sentiment_at, codes, strict=True):
        sentence[place] = word
    return sentences


def spoken_intervals(length: int) -> np.ndarray:
    """`(length, 2)` seconds: words of equal duration, one after the other."""
    edges = SECONDS_PER_WORD * np.arange(length + 1)
    return np.stack([edges[:-1], edges[1:]], axis=1)


def make_splits(
    seed: int, sizes: Mapping[str, int]
) -> dict[str, tuple[Stories, dict[str, np.ndarray]]]:
    """split -> its stories and features; the rotations are the same in all splits.

    A split depends on the seed, its size and its place in `sizes`, not on the sizes of the others.
    """
    sequence = np.random.SeedSequence(seed)
    for_rotations, *for_splits = map(np.random.default_rng, sequence.spawn(1 + len(sizes)))
    rotations = draw_rotations(for_rotations)
    made = {}
    for (split, size), rng in zip(sizes.items(), for_splits, strict=True):
        stories = draw_stories(size, rng)
        made[split] = stories, render(stories, rotations, rng)
    return made


def bayes_accuracy(kind: str = "all") -> float:
    """(1 + (1 - 2e)^k) / 2 with e = Φ(-1 / `CODE_NOISE`) and k codes to read; "all": the mean."""
    if kind == "all":
        return float(np.mean([bayes_accuracy(name) for name in KINDS]))
    num_codes = 1 + len(EVENTS[kind])
    wrong = NormalDist().cdf(-1 / CODE_NOISE)
    return float((1 + (1 - 2 * wrong) ** num_codes) / 2)


def floors() -> dict[str, float]:
    """The best accuracy that can be reached without fusing in time, over all kinds.

    - "majority": either class is as likely.
    - "language": reads l, which decides kind a; in the other kinds y is independent of it.
    - "bags": knows the steps of each modality, but neither their order nor which steps of two
      modalities stand together, so it can tell neither distractor from event nor kind, and guesses
      the sign of E[y | numbers of marked steps, codes]: 3/4 where all codes are read rightly, 0.745
      with the noise (by simulation; the tests repeat it).
    """
    return {
        "majority": 0.5,
        "language": (bayes_accuracy("a") + 0.5 * (len(KINDS) - 1)) / len(KINDS),
        "bags": 0.745,
    }
