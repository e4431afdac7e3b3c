"""Samples from the videos of CMU-MOSI, one after the other, and a record of what is no sample."""

from collections import Counter
from collections.abc import Mapping, Sequence

from rmfn_tf.datasets.alignment import (
    AlignedWords,
    Mode,
    Pauses,
    Segment,
    align_words,
    group_segments,
)
from rmfn_tf.datasets.sources.dropped import Dropped
from rmfn_tf.datasets.sources.mosi_folds import PUBLISHED_FOLDS
from rmfn_tf.datasets.sources.sample import SPLITS, Sample
from rmfn_tf.datasets.sources.sequences.csd import Csd
from rmfn_tf.datasets.sources.sequences.csd_files import FEATURES, NAMES
from rmfn_tf.datasets.sources.sequences.csd_video import CsdVideo


class SegmentCollector:
    """What came of the videos so far.

    Args:
        widths: modality -> F of the samples.
        last: how many words of each segment are taken, from its end; None takes all.
        mode: as in `align_words`.
        pauses: as in `align_words`.

    Attributes:
        splits: split -> its samples.
        dropped: label rows that are no sample.
    """

    def __init__(
        self, widths: Mapping[str, int], last: int | None, mode: Mode, pauses: Pauses
    ) -> None:
        self._widths, self._last, self._mode, self._pauses = widths, last, mode, pauses
        self.splits: dict[str, list[Sample]] = {split: [] for split in SPLITS}
        self.dropped: list[Dropped] = []
        self._frames_left_out: Counter[str] = Counter()
        self._videos_without: Counter[str] = Counter()
        self._counts: Counter[str] = Counter()

    def add(self, video: CsdVideo) -> None:
        """Aligns one video and takes its labelled segments."""
        split = PUBLISHED_FOLDS.get(video.id, "")
        reason = ""
        if not split:
            reason = "in none of the published folds"
        elif video.words is None:
            reason = "no word times"
        elif self._pauses != "keep" and video.words.texts is None:
            reason = "no words to tell pauses by"
        if reason or video.words is None:
            names = [f"{video.id}[{row}]" for row in range(len(video.scores))]
            self._drop(names, video.id, split, reason)
            return
        aligned = align_words(video.words, video.frames, self._mode, self._pauses)
        segments = group_segments(aligned, video.segments, video.id)
        self._drop(segments.skipped, video.id, split, "zero length")
        self._drop(segments.without_words, video.id, split, "no words")
        self._count(video, aligned, segments.segments)
        self.splits[split] += [
            self._to_sample(segment, video.id, float(video.scores[segment.row]))
            for segment in segments.segments
        ]

    def notes(self, csds: Mapping[str, Csd]) -> list[str]:
        """Sentences about what is absent and what was left out."""
        notes = [
            f"{part}: no file ({NAMES[part][0]}.csd), so zeros, marked as not present."
            for part in FEATURES
            if part not in csds
        ]
        notes += [
            f"{part}: {count} of the videos are not in {csds[part].path.name}: zeros there."
            for part, count in self._videos_without.items()
        ]
        notes += [
            f"{name}: {count:,} rows that hold NaN or infinities are left out."
            for name, count in self._frames_left_out.items()
            if count
        ]
        said = {
            "out of step": "segments in which a modality lacks words that another has (the SDK's "
            "rule): zeros there.",
            "reversed": "rows end before they start: taken as without length.",
            "other times": "videos whose word vectors have other times than the words: averaged "
            "over each word.",
            "no length": "words have no length: left out.",
        }
        notes += [
            f"{self._counts[key]:,} {text}" for key, text in said.items() if self._counts[key]
        ]
        known = set(csds["labels"].ids)
        lacking = [video for video in PUBLISHED_FOLDS if video not in known]
        if lacking:
            notes.append(
                f"{len(lacking)} of the {len(PUBLISHED_FOLDS)} published videos have no labels "
                f"here: {', '.join(lacking[:5])}{', ...' if len(lacking) > 5 else ''}."
            )
        return notes

    def _drop(self, names: Sequence[str], video: str, split: str, reason: str) -> None:
        self.dropped += [Dropped(name, video, split, reason) for name in names]

    def _count(self, video: CsdVideo, aligned: AlignedWords, segments: Sequence[Segment]) -> None:
        self._frames_left_out.update(aligned.num_dropped)
        self._videos_without.update(video.lacks)
        self._counts["reversed"] += video.num_reversed
        self._counts["other times"] += video.vectors_have_other_times
        self._counts["no length"] += len(aligned.skipped)
        self._counts["out of step"] += sum(
            segment.is_out_of_step(segment.words) for segment in segments
        )

    def _to_sample(self, segment: Segment, video: str, score: float) -> Sample:
        last = slice(-self._last if self._last else None, None)
        return Sample(
            id=segment.name,
            features={
                name: segment.on_words(name, segment.words, width)[last]
                for name, width in self._widths.items()
            },
            label=score,
            video_id=video,
            segment=segment.row,
            words=None if segment.texts is None else segment.texts[last].tolist(),
            intervals=segment.intervals[last],
        )
