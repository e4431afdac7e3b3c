"""Damaging the bytes of a file, for tests that look for errors nobody thought of."""

import random
from typing import Any


def damage(whole: bytes, rng: random.Random) -> bytes:
    """One to three places written over, copied elsewhere or taken out; now and then the end."""
    data = bytearray(whole)
    used = [place for place, byte in enumerate(whole) if byte]
    for _ in range(rng.randint(1, 3)):
        place = rng.choice(used)
        start = rng.choice(used)
        new = rng.choice(
            [
                bytes([whole[place] ^ 1 << rng.randrange(8)]),
                rng.randbytes(2),
                rng.choice([b"\xff" * 8, bytes(8), b"\x7f\xff", b"\0\0\0\x80"]),
                whole[start : start + rng.randint(1, 40)],
            ]
        )
        taken_out = rng.choice([0, 0, 0, 0, 0, 0, 0, 3])
        data[place : place + len(new) + taken_out] = new
    return bytes(data if rng.random() < 0.98 else data[: rng.choice(used)])


def damaged(whole: bytes) -> Any:
    """Hypothesis' strategy of the bytes damaged in some way."""
    from hypothesis import strategies as st  # here: a guarded process needs `damage` alone

    return st.integers(0, 2**32 - 1).map(lambda seed: damage(whole, random.Random(seed)))
