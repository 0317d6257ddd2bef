"""Passwords: argon2id, off the event loop, a few at a time.

One hash takes 64 MiB and some 0.1 s of a core (docs/adr/0008); how many run and wait at once is
bounded, so that a flood of sign-ins costs neither the memory nor the answers of others.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from db import unavailable

SHORTEST, LONGEST = 12, 200  # characters
_DISTINCT = 5  # different characters at least
_AT_ONCE = 2
_WAITING = 40
# Verified in the place of a hash that is not there, so that it takes as long: of a text that
# nobody knows, with the costs below.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$RUnv2F6A/6L31VZOIgDnLw$"
    "SkxCoFVaXDgcoUuSaRHiuxsKp182oITXsfRm4EMSSxY"
)

Result = TypeVar("Result")


class WeakPasswordError(Exception):
    """A password that is not taken; `reason` is one of short, long, username, simple."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the password is not taken: {reason}")
        self.reason = reason


class BusyError(unavailable.BusyError):
    """Too much is being done at this moment."""


def check_strength(password: str, username: str) -> None:
    """Refuse a new password that is easy to guess. Raises WeakPasswordError."""
    if len(password) < SHORTEST:
        raise WeakPasswordError("short")
    if len(password) > LONGEST:
        raise WeakPasswordError("long")
    if username.casefold() in password.casefold():
        raise WeakPasswordError("username")
    if len(set(password)) < _DISTINCT:
        raise WeakPasswordError("simple")


class Passwords:
    """Hashes and verifies passwords."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=4)
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown()

    async def hash(self, password: str) -> str:
        """Return the hash of a password. Raises BusyError."""
        return await self._run(self._hasher.hash, _normal(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether a password is the one of a hash; without one it takes as long to say no.

        Raises BusyError.
        """
        right = await self._run(self._verify, password_hash or _NOBODY, _normal(password))
        return right and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., Result], *arguments: str) -> Result:
        if self._waiting >= _WAITING:
            raise BusyError
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)
        finally:
            self._waiting -= 1


def _normal(password: str) -> str:
    """Return a password as one text, however the keyboard put its accents together."""
    return unicodedata.normalize("NFKC", password)
