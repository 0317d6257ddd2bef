"""Secrets that the server gives out once and recognises again by their hash.

They are random and long, so a plain hash is enough: there is nothing to guess.
"""

import hashlib
import secrets


def new() -> str:
    """Return a new secret of 256 bits, safe in a URL, a cookie and a form."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """Return what is stored of a secret."""
    return hashlib.sha256(secret.encode()).digest()
