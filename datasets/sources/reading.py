"""What a reader took from the source files, and what it left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rmfn_tf.datasets.sources.dropped import Dropped
from rmfn_tf.datasets.sources.sample import Sample


@dataclass(frozen=True, eq=False)
class Reading:
    """All samples of one copy of a data set.

    Args:
        splits: split -> its samples, in the order in which they are to be stored.
        dropped: labelled segments of the files that are no sample.
        notes: sentences about what was repaired, is absent, or looks wrong in the files.
    """

    splits: Mapping[str, Sequence[Sample]]
    dropped: Sequence[Dropped] = ()
    notes: Sequence[str] = ()
