"""What `align_folder` made, and what it left out."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rmfn_tf.datasets.sources.dropped import Dropped


@dataclass(frozen=True)
class ModalityReport:
    """What became of the frames of one modality.

    Args:
        columns: the F features.
        left_out: columns that are no features.
        frames: frames read, without the failed ones.
        failed: frames that OpenFace marked as failed: left out.
        not_finite: frames that hold NaN or infinities: left out in default mode.
        videos_without: videos without frames, which are zeros.
    """

    columns: Sequence[str]
    left_out: Sequence[str]
    frames: int
    failed: int
    not_finite: int
    videos_without: int


@dataclass(frozen=True)
class AlignmentReport:
    """All of a folder.

    Args:
        name: of the data set.
        folder: where it was written.
        mode: as in `align_words`.
        videos: videos of the segments.
        words: words of all steps, those in two segments twice.
        segments: split -> examples made.
        out_of_step: segments in which a modality lacks a word that another has (mmsdk mode).
        dropped: segments that are no example.
        modalities: modality -> its frames.
        notes: sentences about the splits, the word times and columns that are not used.
    """

    name: str
    folder: str
    mode: str
    videos: int
    words: int
    segments: Mapping[str, int]
    out_of_step: int
    dropped: Sequence[Dropped]
    modalities: Mapping[str, ModalityReport]
    notes: Sequence[str]

    @property
    def reasons(self) -> dict[str, int]:
        """Why segments were dropped -> how many."""
        return dict(Counter(each.reason for each in self.dropped).most_common())

    def to_json(self) -> dict[str, Any]:
        """Plain values; of what was dropped its id, its video and the reason."""
        values = asdict(self)
        values["dropped"] = [
            {"id": each.id, "video": each.video_id, "reason": each.reason} for each in self.dropped
        ]
        return values

    def lines(self) -> dict[str, str]:
        """What to print: a title and a line each."""
        made = ", ".join(f"{count:,} {split}" for split, count in self.segments.items())
        lines = {
            "data": f"custom/{self.name}",
            "folder": self.folder,
            "segments": f"{made}, of {self.videos:,} videos; {self.words:,} words",
        }
        for name, each in self.modalities.items():
            lines[name] = _describe(each, self.mode)
        if self.dropped:
            lines["dropped"] = ", ".join(f"{n:,} {reason}" for reason, n in self.reasons.items())
        if self.out_of_step:
            lines["zeros"] = (
                f"{self.out_of_step:,} segments in which a modality lacks words that another has"
            )
        return lines


def _describe(modality: ModalityReport, mode: str) -> str:
    columns = ", ".join(modality.columns[:4]) + (", ..." if modality.columns[4:] else "")
    parts = [f"{len(modality.columns)} features ({columns}), {modality.frames:,} frames"]
    if modality.failed:
        parts.append(f"{modality.failed:,} more without a face left out")
    if modality.not_finite:
        what = "left out" if mode == "default" else "kept"
        parts.append(f"{modality.not_finite:,} with NaN or infinities {what}")
    if modality.videos_without:
        parts.append(f"{modality.videos_without:,} videos without frames: zeros")
    return "; ".join(parts)
