"""The examples of one video after the other, and a record of what is none."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np

from rmfn_tf.datasets.alignment import Frames, Mode, Pauses, Words
from rmfn_tf.datasets.recordings.alignment_report import AlignmentReport, ModalityReport
from rmfn_tf.datasets.recordings.recording_files import FrameFiles, WordFiles
from rmfn_tf.datasets.recordings.segment_table import SegmentTable
from rmfn_tf.datasets.recordings.video_segments import cut_video
from rmfn_tf.datasets.sources.dropped import Dropped
from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.sample import SPLITS, Sample

# Frames may go on after the last word; ten times as long, they are in another unit.
FARTHEST = 10


class SegmentsInTurn:
    """Reads, aligns and counts.

    Args:
        table: all segments.
        splits: video -> split, of those with words at least.
        words: the words' files.
        frames: modality -> its files.
        mode: as in `align_words`.
        pauses: as in `align_words`.
        shift: whether each word takes the times of the row before.
    """

    def __init__(
        self,
        table: SegmentTable,
        splits: Mapping[str, str],
        words: WordFiles,
        frames: Mapping[str, FrameFiles],
        mode: Mode,
        pauses: Pauses,
        shift: bool,
    ) -> None:
        self._table, self._splits, self._words, self._frames = table, splits, words, frames
        self._mode, self._pauses, self._shift = mode, pauses, shift
        self._rows: dict[str, list[int]] = {}
        for row, video in enumerate(table.videos.tolist()):
            self._rows.setdefault(video, []).append(row)
        self._dropped: list[Dropped] = []
        self._made = dict.fromkeys(SPLITS, 0)
        self._counts: Counter[str] = Counter()
        self._frame_counts: dict[str, Counter[str]] = {name: Counter() for name in frames}

    def read(self, video: str) -> Iterator[tuple[str, Sample]]:
        """The split and the sample of each segment of one video that has words.

        Raises:
            SourceError: a file is not what it must be.
        """
        rows = np.array(self._rows[video])
        words = self._words.read(video)
        if words is None:
            self._drop(video, rows, "no words file")
            return
        frames = {name: self._read_frames(name, video, words) for name in self._frames}
        intervals = self._table.intervals[rows]
        found = cut_video(words, frames, intervals, self._mode, self._pauses, self._shift)
        for place, reason in sorted(found.dropped.items()):
            self._drop(video, rows[[place]], reason)
        self._counts["out of step"] += found.out_of_step
        split = self._splits[video]
        for place, features, texts, times in zip(
            found.rows, found.features, found.texts, found.intervals, strict=True
        ):
            labels = self._table.labels[rows[place]]
            sample = Sample(
                id=str(self._table.ids[rows[place]]),
                features=features,
                label=labels[0] if len(labels) == 1 else labels,
                video_id=video,
                segment=place,
                words=texts.tolist(),
                intervals=times,
            )
            self._made[split] += 1
            self._counts["words"] += sample.num_steps
            yield split, sample

    def report(self, name: str, out: Path, notes: Sequence[str]) -> AlignmentReport:
        """What was made of all videos.

        Raises:
            SourceError: no example at all.
        """
        if not any(self._made.values()):
            reasons = Counter(each.reason for each in self._dropped)
            shown = ", ".join(f"{count:,} {reason}" for reason, count in reasons.items())
            raise SourceError.at(
                self._words.path,
                found=f"none of the {len(self._table.ids):,} segments has words ({shown})",
                mend="Words and segments must have the same video ids and be timed in seconds",
            )
        return AlignmentReport(
            name=name,
            folder=str(out),
            mode=self._mode,
            videos=len(self._rows),
            words=self._counts["words"],
            segments=self._made,
            out_of_step=self._counts["out of step"],
            dropped=self._dropped,
            modalities={
                name: ModalityReport(
                    files.layout.features, files.layout.left_out, **self._count(name)
                )
                for name, files in self._frames.items()
            },
            notes=notes,
        )

    def _count(self, name: str) -> dict[str, int]:
        keys = ("frames", "failed", "not_finite", "videos_without")
        return {key: self._frame_counts[name][key] for key in keys}

    def _read_frames(self, name: str, video: str, words: Words) -> Frames:
        files, counts = self._frames[name], self._frame_counts[name]
        reading = files.read(video)
        if reading is None or not len(reading.frames.intervals):
            counts["videos_without"] += 1
        if reading is None:
            return Frames(np.zeros((0, files.width)), np.zeros((0, 2)))
        counts["frames"] += len(reading.frames.intervals)
        counts["failed"] += reading.num_failed
        counts["not_finite"] += reading.num_not_finite
        last_frame = reading.frames.intervals[:, 1].max(initial=0)
        last_word = words.intervals[:, 1].max(initial=0)
        if len(words) and last_frame > FARTHEST * (last_word + 1):
            raise SourceError.at(
                files.find(video) or files.path,
                found=f"the frames of {video!r} end at {last_frame:g}, its words at {last_word:g}",
                mend="Both must be in seconds: are these milliseconds or frame numbers?",
            )
        return reading.frames

    def _drop(self, video: str, rows: np.ndarray, reason: str) -> None:
        split = self._splits.get(video, "")
        self._dropped += [
            Dropped(str(each), video, split, reason) for each in self._table.ids[rows]
        ]
