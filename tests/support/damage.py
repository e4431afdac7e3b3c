"""Damaging the bytes of a file, for tests that look for errors nobody thought of."""

from hypothesis import strategies as st

# What moves all that comes after it is rarer: hardly anything can be read then.
_KINDS = [*["write"] * 6, *["flip"] * 4, "copy", "put in", "cut"]
_NUMBERS = [b"\xff", b"\x00", b"\x7f\xff", b"\xff" * 8, b"\x00" * 8, b"\x00\x00\x00\x80"]


def damaged(whole: bytes) -> st.SearchStrategy[bytes]:
    """The bytes with one to three places written over, copied elsewhere, put in or taken out.

    Places that hold something are hit more often than the zeros between them.
    """
    used = st.sampled_from([place for place, byte in enumerate(whole) if byte])
    return _damaged(whole, used, used | st.integers(0, len(whole) - 1))


@st.composite
def _damaged(draw: st.DrawFn, whole: bytes, used: st.SearchStrategy, places: st.SearchStrategy):
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(places)
        kind = draw(st.sampled_from(_KINDS))
        if kind == "write":
            new = draw(st.binary(min_size=1, max_size=2) | st.sampled_from(_NUMBERS))
            data[place : place + len(new)] = new
        elif kind == "flip" and place < len(data):
            data[place] ^= 1 << draw(st.integers(0, 7))
        elif kind == "copy":
            start = draw(used)
            new = data[start : start + draw(st.integers(1, 40))]
            data[place : place + len(new)] = new
        elif kind == "put in":
            data[place:place] = draw(st.binary(min_size=1, max_size=8))
        elif kind == "cut":
            del data[place : place + draw(st.integers(1, 9) | st.integers(0, len(whole)))]
    return bytes(data)
