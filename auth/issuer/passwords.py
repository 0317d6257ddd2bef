"""Password hashing with argon2id, outside the event loop and with bounded concurrency.

One hash takes 64 MiB and about 0.1 s of a core (docs/adr/0008). The numbers of running and waiting
hashes are bounded, and addresses take turns, so that a flood of sign-ins costs other requests
neither memory nor time.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from auth.issuer.turns import Turns

SHORTEST, LONGEST = 12, 200  # characters
_DISTINCT = 5  # smallest number of different characters
_AT_ONCE = 2
_WAITING, _WAITING_EACH = 400, 16
# Verified in place of a missing hash, so that a rejection takes the same time: the hash of an
# unknown text, with the costs set below.
_NOBODY = (
    "$argon2id$v=19$m=65536,t=3,p=4$RUnv2F6A/6L31VZOIgDnLw$"
    "SkxCoFVaXDgcoUuSaRHiuxsKp182oITXsfRm4EMSSxY"
)

Result = TypeVar("Result")


class WeakPasswordError(Exception):
    """The password is rejected; `reason` is one of short, long, username, simple."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the password is not taken: {reason}")
        self.reason = reason


def check_strength(password: str, username: str) -> None:
    """Validate a new password. Raises WeakPasswordError where it is easy to guess."""
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
        self._turns = Turns(_AT_ONCE, waiting=_WAITING, each=_WAITING_EACH)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown()

    async def hash(self, password: str, address: str = "") -> str:
        """Return the hash of a password; `address` is the client's. Raises BusyError."""
        return await self._run(address, self._hasher.hash, _normal(password))

    async def verify(self, password_hash: str | None, password: str, address: str = "") -> bool:
        """Return whether a password matches a hash; without a hash this takes the same time.

        Raises BusyError.
        """
        right = await self._run(address, self._verify, password_hash or _NOBODY, _normal(password))
        return right and password_hash is not None

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, address: str, work: Callable[..., Result], *arguments: str) -> Result:
        async with self._turns.turn(address):
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, work, *arguments)


def _normal(password: str) -> str:
    """Return the NFKC form of a password, the same for every way to compose accents."""
    return unicodedata.normalize("NFKC", password)
