"""The similarity of two texts: PostgreSQL's pg_trgm, implemented from its manual."""

import re
import struct

THRESHOLD = 0.5
VERY = 0.8
_WORD = re.compile(r"[^\W_]+")


def trigrams(text: str) -> set[str]:
    """Return the trigrams of all words, each word with two spaces before and one after it."""
    padded = (f"  {word} " for word in _WORD.findall(text.lower()))
    return {word[at : at + 3] for word in padded for at in range(len(word) - 2)}


def similarity(one: str, other: str) -> float:
    """Return the share of common trigrams of two texts, as a `real` prints."""
    left, right = trigrams(one), trigrams(other)
    every = left | right
    return _real(len(left & right) / len(every)) if every else 0.0


def _real(value: float) -> float:
    """Return the shortest decimal for the nearest number of single precision."""
    packed = struct.pack("f", value)
    (single,) = struct.unpack("f", packed)
    for digits in range(1, 10):
        short = float(f"{single:.{digits}g}")
        if struct.pack("f", short) == packed:
            return short
    raise AssertionError(value)
