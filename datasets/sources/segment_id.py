"""The ids by which pickled data sets name a segment of a video."""

import re

# A YouTube id can hold any of `_-`, so nothing but these forms tells the two parts apart.
_FORMS = re.compile(r"(?P<video>.+?)(?:\$_\$(?P<clip>[0-9]{1,9})|\[(?P<row>[0-9]{1,9})\])")


def split_segment_id(text: str) -> tuple[str, int] | None:
    """`VIDEO$_$CLIP` or `VIDEO[ROW]` -> the video and the segment's number as the file counts.

    None where the id has neither form.
    """
    match = _FORMS.fullmatch(text)
    if match is None:
        return None
    return match["video"], int(match["clip"] or match["row"])
