"""No video on two sides of a split."""

from collections.abc import Collection, Mapping
from pathlib import Path

from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.sample import Sample


def check_each_video_in_one_split(
    splits: Mapping[str, Collection[Sample]], files: Mapping[str, Path]
) -> None:
    """Segments of one video share speaker, words and scene: a test split must not know them.

    Samples whose source names no video are their own, `<split>-<row>`, and pass.

    Args:
        splits: split -> its samples.
        files: what they were read from, by name, for the message.

    Raises:
        SourceError: a video has samples in two splits; the message names it and both.
    """
    home: dict[str, str] = {}
    for split, samples in splits.items():
        for sample in samples:
            first = home.setdefault(sample.video_id, split)
            if first != split:
                raise SourceError(
                    f"{', '.join(map(str, files.values()))}: the video {sample.video_id[:80]!a} "
                    f"has segments in {first} and in {split} (there {sample.id[:80]!a}). No video "
                    "may be in two splits, or a model is judged on what it has seen: take the "
                    "files from another copy, or put each video in one split."
                )
