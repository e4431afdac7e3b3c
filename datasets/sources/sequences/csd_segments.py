"""CMU-MOSI from its computational sequences: frames to words to labelled segments."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, get_args

from rmfn_tf.datasets.alignment import WORD_SHIFTS, Mode, Pauses, choose_word_shift
from rmfn_tf.datasets.sources.errors import SourceError
from rmfn_tf.datasets.sources.reading import Reading
from rmfn_tf.datasets.sources.sequences.csd import Csd, open_csd
from rmfn_tf.datasets.sources.sequences.csd_files import NAMES, by_part, find_csds
from rmfn_tf.datasets.sources.sequences.csd_video import read_video, read_words
from rmfn_tf.datasets.sources.sequences.segment_collector import SegmentCollector
from rmfn_tf.datasets.sources.source import OnProgress, Source


@dataclass(frozen=True)
class CsdSegments(Source):
    """What the sequences must be, and what is made of them.

    Args:
        stored_widths: modality -> F in the file. The order of the modalities is theirs everywhere.
        columns: modality -> which of its features are taken, from 0; of others all.
        last: how many words of each segment are taken, from its end; None takes all.
        mode: `"default"` or `"mmsdk"`, as in `align_words`.
        pauses: as in `align_words`.
        word_shift: whether words sit one row late (`word_shift.py`): `"0"`, `"1"`, `"auto"` to look
            whether they do, and `"default"`: auto in default mode, 0 in mmsdk mode.
    """

    OPTIONS: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "mode": get_args(Mode),
        "pauses": get_args(Pauses),
        "word_shift": WORD_SHIFTS,
    }

    stored_widths: Mapping[str, int]
    columns: Mapping[str, Sequence[int]] = field(default_factory=dict)
    last: int | None = None
    mode: Mode = "default"
    pauses: Pauses = "keep"
    word_shift: str = "default"

    @property
    def widths(self) -> dict[str, int]:
        """Modality -> F of what is made."""
        return {
            name: len(self.columns.get(name, range(width)))
            for name, width in self.stored_widths.items()
        }

    def find(self, folder: str | Path | None) -> dict[str, Path]:
        """The sequences in `folder`, by name; see `find_csds`."""
        return {path.name: path for path in find_csds(folder).values()}

    def read(self, files: Mapping[str, Path], on_progress: OnProgress | None = None) -> Reading:
        """All labelled segments with words, video by video.

        Args:
            files: what `find` gave, or any of it with labels and word times in it.
            on_progress: called after each video.

        Returns:
            Samples in the order of the published folds' ids and of the label rows, called
            `VIDEO[ROW]`. A modality without a file, or without the video, is zeros.

        Raises:
            SourceError: a file is damaged, or not what its name says.
        """
        with ExitStack() as stack:
            csds = {
                part: stack.enter_context(open_csd(path)) for part, path in by_part(files).items()
            }
            if self.pauses != "keep" and "words" not in csds:
                raise SourceError(
                    f"{', '.join(map(str, files.values()))}: which words are pauses cannot be told "
                    f"without {NAMES['words'][0]}.csd. Put it there, or keep the pauses."
                )
            shift, notes = self._choose_shift(csds)
            made = SegmentCollector(self.widths, self.last, self.mode, self.pauses)
            videos = csds["labels"].ids
            for done, video in enumerate(videos, start=1):
                made.add(read_video(video, csds, self.stored_widths, self.columns, shift))
                if on_progress is not None:
                    on_progress(done, len(videos))
            return Reading(made.splits, made.dropped, [*notes, *made.notes(csds)])

    def _choose_shift(self, csds: Mapping[str, Csd]) -> tuple[bool, list[str]]:
        """Whether the words are to be moved, and a sentence about it."""
        choice = self.word_shift
        if choice == "default":
            choice = "auto" if self.mode == "default" else "look"
        if choice in ("auto", "look") and "words" not in csds:
            return False, [
                "Word times: taken as stored. Whether words sit one row late cannot be seen "
                f"without {NAMES['words'][0]}.csd; --word-shift 1 moves them."
            ]
        videos = csds["words"].ids if "words" in csds else []
        words = (read_words(csds["words"], video)[0] for video in videos)
        shift, said = choose_word_shift(choice, words)
        return shift, [said]
