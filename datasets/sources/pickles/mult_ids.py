"""How MulT's pickles name their samples."""

from collections import Counter
from typing import NamedTuple

import numpy as np

from rmfn_tf.datasets.sources.pickles.pickled_split import PickledSplit
from rmfn_tf.datasets.sources.segment_id import split_segment_id

_FRESH = "Take the file from another copy"


class MultId(NamedTuple):
    """What one row is called."""

    id: str
    video_id: str
    segment: int


def read_mult_ids(pickled: PickledSplit, split: str, rows: int) -> list[MultId]:
    """The id, video and segment of every row.

    - (video, start, end): the id is `VIDEO[START-END]` with the file's own text for the times.
      The file does not number the segments of a video, so they are counted here in order of time;
      that need not be the number that other copies of the data give them.
    - `VIDEO$_$CLIP` or `VIDEO[ROW]`: kept, and taken apart.
    - any other text: kept, as a video of its own.
    - none in the file: `<split>-<row>`, each a video of its own.

    Raises:
        SourceError: ids of another form, or one id twice.
    """
    if "id" not in pickled:
        return [MultId(f"{split}-{row}", f"{split}-{row}", 0) for row in range(rows)]
    texts = pickled.read_texts("id", rows)
    if {len(row) for row in texts} == {3}:
        ids = _number_by_time(pickled, texts)
    elif {len(row) for row in texts} == {1}:
        ids = [MultId(text, *(split_segment_id(text) or (text, 0))) for (text,) in texts]
    else:
        raise pickled.error(
            "id", f"rows of {len(texts[0])} texts", "An id must be one text, or video, start, end"
        )
    text, count = Counter(name.id for name in ids).most_common(1)[0]
    if count > 1 or "" in {name.video_id for name in ids}:
        found = f"{text[:80]!a} in {count} rows" if count > 1 else "a row without a video"
        raise pickled.error("id", found, _FRESH)
    return ids


def _number_by_time(pickled: PickledSplit, texts: list[list[str]]) -> list[MultId]:
    starts = [_read_start(pickled, row, start) for row, (_, start, _) in enumerate(texts)]
    segments: dict[int, int] = {}
    seen: Counter[str] = Counter()
    for row in np.argsort(starts, kind="stable"):
        video = texts[row][0]
        segments[int(row)] = seen[video]
        seen[video] += 1
    return [
        MultId(f"{video}[{start}-{end}]", video, segments[row])
        for row, (video, start, end) in enumerate(texts)
    ]


def _read_start(pickled: PickledSplit, row: int, text: str) -> float:
    try:
        start = float(text)
    except ValueError:
        start = np.nan
    if not np.isfinite(start):
        raise pickled.error("id", f"{text[:40]!a} for a time in row {row}", _FRESH)
    return start
