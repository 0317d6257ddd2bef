"""Texts that the index of sketches finds for another: an implementation of db/sql/sketch.sql."""

import re
import struct
from functools import cache
from itertools import combinations

from db.migrations.load import SQL

_WORD = 0xFFFFFFFF
_ROUNDS = ((0, 2, 4), (1, 0, 6), (2, 1, 8), (0, 2, 16), (1, 0, 19), (2, 1, 4))
_END = ((2, 1, 14), (0, 2, 11), (1, 0, 25), (2, 1, 16), (0, 2, 4), (1, 0, 14), (2, 1, 24))
_SEPARATORS = str.maketrans(dict.fromkeys(".,;:!?()[]/\"'\t\n", " "))
# Only the list of ordinary syllables comes from there.
_LIST = re.compile(r"any \('\{(.*?)\}'", re.DOTALL)
_ORDINARY = set(re.split(r"[,\s]+", _LIST.findall((SQL / "sketch.sql").read_text("utf-8"))[0]))


@cache
def hashtext(text: str) -> int:
    """Return the result of PostgreSQL's function of that name: Bob Jenkins' lookup3."""
    data = text.encode()
    state = [(0x9E3779B9 + len(data) + 3923095) & _WORD] * 3
    while len(data) >= 12:
        state = [
            (s + p) & _WORD for s, p in zip(state, struct.unpack("<3I", data[:12]), strict=True)
        ]
        data = data[12:]
        for to, by, turn in _ROUNDS:
            state[to] = (state[to] - state[by]) & _WORD ^ _rotated(state[by], turn)
            state[by] = (state[by] + state[3 - to - by]) & _WORD
    # The lowest byte of the third word is left out: it is the length's.
    rest = data[:8].ljust(8, b"\0") + b"\0" + data[8:].ljust(3, b"\0")
    state = _sum(state, rest)
    for to, by, turn in _END:
        state[to] = (state[to] ^ state[by]) - _rotated(state[by], turn) & _WORD
    return struct.unpack("<i", struct.pack("<I", state[2]))[0]


def _sum(state: list[int], data: bytes) -> list[int]:
    return [(s + p) & _WORD for s, p in zip(state, struct.unpack("<3I", data), strict=True)]


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> 32 - by) & _WORD


@cache
def sketch(folded: str, words: int) -> frozenset[int]:
    """Return the keys of a folded text."""
    hashes = {
        (word in _ORDINARY or word.encode() < b"a", hashtext(word))
        for word in folded.translate(_SEPARATORS).split(" ")
        if word
    }
    keys = set()
    for sign in (1, -1):
        order = sorted(hashes, key=lambda pair: (pair[0], sign * pair[1]))
        if len(order) < 3:
            order *= 3
        for (_, a), (_, b), (_, c) in combinations(order[:words], 3):
            key = (a ^ b << 9 ^ c << 17) & _WORD
            keys.add(key - 2**32 if key >= 2**31 else key)
    return frozenset(keys)


def finds(asked: str, other: str) -> bool:
    """Return whether a folded text is a candidate for another."""
    return not sketch(asked, 8).isdisjoint(sketch(other, 5))
