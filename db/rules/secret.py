"""Secrets that the server issues once and recognises by their hash.

They are random and long, so a plain hash is enough: guessing is hopeless.
"""

import hashlib
import secrets


def new() -> str:
    """Return a new secret of 256 bits, safe in a URL, a cookie and a form."""
    return secrets.token_urlsafe(32)


def hashed(secret: str) -> bytes:
    """Return the hash to store for a secret."""
    return hashlib.sha256(secret.encode()).digest()
