"""Personal access tokens: what they look like, how many there may be and for how long.

`skpat_`, 32 random letters and digits (190 bits), and the CRC-32 of all before it as 6 more, so
that a scanner of repositories and logs tells one from other text without asking anybody.
"""

import hashlib
import re
import secrets
import string
import zlib

from db.rules.errors import RejectedError

PREFIX = "skpat_"
LONGEST_LIFE = 366  # days
MOST = 50  # tokens of an account that hold at once
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 32, 6  # characters
_FORM = re.compile(f"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}", re.ASCII)


class AccessTokenRejectedError(RejectedError):
    """A token that an account may not have."""


def new() -> str:
    """Return a new token's secret."""
    unchecked = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return unchecked + _checksum(unchecked)


def is_one(text: str) -> bool:
    """Whether a text has the form of a token, be there such a one or not."""
    return _FORM.fullmatch(text) is not None and text[-_CHECK:] == _checksum(text[:-_CHECK])


def hashed(secret: str) -> bytes:
    """Return what is kept of a secret; it is random and long, so there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def check_number(held: int) -> None:
    """Refuse one token more than an account may have."""
    if held >= MOST:
        raise AccessTokenRejectedError("TOO_MANY_TOKENS", most=MOST)


def _checksum(text: str) -> str:
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECK):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
