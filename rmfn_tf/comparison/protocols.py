"""What `rmfn reproduce` runs for each data set, and what of it differs from the papers."""

from collections.abc import Mapping
from dataclasses import dataclass

from rmfn_tf.training.config import unknown_name


@dataclass(frozen=True)
class Protocol:
    """How a published table is set beside ours.

    Args:
        data: the data set and config.
        counts: split -> how many examples the papers have in it.
        models: the rows that are trained.
        reference: the row that they are tested against.
        seeds: how many runs of each, from seed 0.
        differences: sentences: what is known to differ from the published protocol, whatever copy
            of the data is at hand.
    """

    data: str
    counts: Mapping[str, int]
    models: tuple[str, ...]
    reference: str
    seeds: int
    differences: tuple[str, ...]


PROTOCOLS = {
    "pom": Protocol(
        data="pom/mfn_arrays",
        counts={"train": 600, "validation": 100, "test": 203},
        models=("rmfn",),
        reference="constant",
        seeds=5,
        differences=(
            "RMFN's own published row for POM could not be seen: other models' rows of the same "
            "year and data set stand below, and there is no number of RMFN's to arrive at.",
            "The sizes, rates and epochs are this package's preset (each run's config.toml), not "
            "the paper's, which could not be seen.",
            "One network predicts all 16 traits under their mean absolute error. Whether the "
            "published rows trained one network for all traits or one for each is not known.",
            "Each run keeps its epoch of lowest validation loss and is judged on test once; the "
            "mean over the seeds is reported, not the best.",
            "Our accuracy clips a prediction to its trait's range before it is rounded.",
        ),
    )
}


def protocol_for(name: str) -> Protocol:
    """The protocol of a data set; ValueError that lists those there are for any other name."""
    if name not in PROTOCOLS:
        raise ValueError(unknown_name("reproduction", name, PROTOCOLS))
    return PROTOCOLS[name]
