"""Redaction of the secrets in an outcome while the database reads its payload.

The statement that reads a payload has the command's outcome as its parameters, and a PostgreSQL
server may log parameters. A random mask replaces each secret; the response restores the secret.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from db.commands.requests import told_once


@dataclass(frozen=True)
class Veiled:
    """An outcome whose secrets are replaced by masks, and the secret of each mask."""

    outcome: Any
    _secrets: dict[bytes, bytes]

    def lifted(self, answer: bytes) -> bytes:
        """Return the JSON of a payload with its secrets restored; they need no escapes."""
        for veil, secret in self._secrets.items():
            answer = answer.replace(veil, secret)
        return answer


def veiled(outcome: Any) -> Veiled:
    """Replace the secrets of an outcome by random masks."""
    hidden = {
        name: (secrets.token_hex(16), getattr(outcome, name))
        for name in told_once(type(outcome))
        if getattr(outcome, name) is not None
    }
    veils = {name: veil for name, (veil, _) in hidden.items()}
    return Veiled(
        replace(outcome, **veils) if veils else outcome,
        {veil.encode(): secret.encode() for veil, secret in hidden.values()},
    )
