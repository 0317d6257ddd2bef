"""Time-based one-time passwords (RFC 6238): HMAC-SHA-1, 6 digits, 30 seconds."""

import base64
import hmac
import secrets
from urllib.parse import quote

_PERIOD, _DIGITS = 30, 6
_DRIFT = 1  # time steps by which the clocks may differ
ISSUER = "sangkien"


def new_secret() -> bytes:
    """Return a new secret of 160 bits."""
    return secrets.token_bytes(20)


def step_of(seconds: float) -> int:
    """Return the time step of a time in seconds since 1970."""
    return int(seconds) // _PERIOD


def code_of(secret: bytes, step: int) -> str:
    """Return the code of a time step."""
    digest = hmac.digest(secret, step.to_bytes(8), "sha1")
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4]) & 0x7FFFFFFF
    return str(number % 10**_DIGITS).zfill(_DIGITS)


def matching_step(secret: bytes, code: str, seconds: float, after: int) -> int | None:
    """Return the time step of a valid code; None if it is wrong or not later than `after`."""
    now, found = step_of(seconds), None
    for step in range(now - _DRIFT, now + _DRIFT + 1):
        right = hmac.compare_digest(code_of(secret, step).encode(), code.encode())
        if right and step > after:
            found = step
    return found


def text_of(secret: bytes) -> str:
    """Return a secret in base32, to be typed into an app."""
    return base64.b32encode(secret).decode()


def uri_of(secret: bytes, username: str) -> str:
    """Return a secret as an otpauth URI, for a QR code."""
    label = quote(f"{ISSUER}:{username}", safe=":")
    return f"otpauth://totp/{label}?secret={text_of(secret)}&issuer={ISSUER}"
