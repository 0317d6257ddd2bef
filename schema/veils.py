"""Secrets that a command hands out, kept from the database while their payload is read from it.

A payload is read by a statement whose parameters are the command's outcome, and a server may log
those. In the place of a secret goes a random text, for which the answer then has the secret.
"""

import secrets
from dataclasses import dataclass, replace
from typing import Any

from db.commands.requests import told_once


@dataclass(frozen=True)
class Veiled:
    """An outcome without its secrets, and what stands for each of them."""

    outcome: Any
    _secrets: dict[bytes, bytes]

    def lifted(self, answer: bytes) -> bytes:
        """Return the JSON of a payload with the secrets in it; they need no escapes."""
        for veil, secret in self._secrets.items():
            answer = answer.replace(veil, secret)
        return answer


def veiled(outcome: Any) -> Veiled:
    """Return an outcome without its secrets."""
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
