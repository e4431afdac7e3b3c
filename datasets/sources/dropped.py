"""A labelled segment that is no sample."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dropped:
    """What was left out, and why.

    Args:
        id: as the sample's would be.
        video_id: its recording.
        split: where it would stand; empty where no split is known.
        reason: a few words, the same for all of a kind: "no words".
    """

    id: str
    video_id: str
    split: str
    reason: str
