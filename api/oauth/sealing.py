"""Encrypted data that a browser stores between two pages and can neither read nor change.

The key is derived from the issuer's signing key. So every worker can decrypt the data and no server
stores it; a new signing key invalidates it.
"""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth.issuer.issuer import Issuer
from auth.issuer.server import Server

VALID_FOR = 600  # seconds


async def seal(issuer: Issuer, purpose: str, facts: Mapping[str, Any]) -> str:
    """Return encrypted facts, valid for VALID_FOR seconds and for one purpose."""
    return await issuer.serve(_seal, purpose, facts)


async def unseal(issuer: Issuer, purpose: str, sealed: str | None) -> dict[str, Any] | None:
    """Return the decrypted facts; None where they are invalid or expired."""
    return await issuer.serve(_unseal, purpose, sealed) if sealed else None


def _seal(server: Server, purpose: str, facts: Mapping[str, Any]) -> str:
    packed = zlib.compress(json.dumps(facts).encode())
    return _fernet(server, purpose).encrypt_at_time(packed, _now(server)).decode()


def _unseal(server: Server, purpose: str, sealed: str) -> dict[str, Any] | None:
    try:
        packed = _fernet(server, purpose).decrypt_at_time(
            sealed.encode(), VALID_FOR, current_time=_now(server)
        )
    except InvalidToken:
        return None
    facts: dict[str, Any] = json.loads(zlib.decompress(packed))
    return facts


def _now(server: Server) -> int:
    return int(server.now.timestamp())


def _fernet(server: Server, purpose: str) -> Fernet:
    private = json.dumps(server.key.as_dict(private=True), sort_keys=True).encode()
    key = HKDF(SHA256(), 32, salt=None, info=f"sangkien {purpose}".encode()).derive(private)
    return Fernet(base64.urlsafe_b64encode(key))
