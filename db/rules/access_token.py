"""Personal access tokens: their format, their number per account and their lifetime.

A token is `skpat_`, 32 random letters and digits (190 bits), and the CRC-32 of all before it in 6
more characters, so that a scanner of repositories and logs recognises one without a request.
"""

import hashlib
import re
import secrets
import string
import zlib

from db.rules.errors import RejectedError

PREFIX = "skpat_"
LONGEST_LIFE = 366  # days
MOST = 50  # valid tokens of one account
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_RANDOM, _CHECK = 32, 6  # characters
_FORM = re.compile(f"{PREFIX}[0-9A-Za-z]{{{_RANDOM + _CHECK}}}", re.ASCII)


class AccessTokenRejectedError(RejectedError):
    """The account may not have the token."""


def new() -> str:
    """Return a new token's secret."""
    unchecked = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM))
    return unchecked + _checksum(unchecked)


def is_one(text: str) -> bool:
    """Return whether a text has the form of a token, whether or not the token exists."""
    return _FORM.fullmatch(text) is not None and text[-_CHECK:] == _checksum(text[:-_CHECK])


def hashed(secret: str) -> bytes:
    """Return the hash to store; one SHA-256 suffices, as the secret is random and long."""
    return hashlib.sha256(secret.encode()).digest()


def check_number(held: int) -> None:
    """Raise AccessTokenRejectedError if an account already has the maximum number of tokens."""
    if held >= MOST:
        raise AccessTokenRejectedError("TOO_MANY_TOKENS", most=MOST)


def _checksum(text: str) -> str:
    rest, digits = zlib.crc32(text.encode()), ""
    for _ in range(_CHECK):
        rest, digit = divmod(rest, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits
