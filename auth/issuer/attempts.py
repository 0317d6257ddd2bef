"""Throttling of guesses: after a few failures each further one has to wait, ever longer.

The wait is short at its longest, so that nobody can lock others out for long. Guesses at a name are
counted by the address that they come from; of all addresses together they only slow one another
down. A device that an account signed in with before is counted by itself: what others do to the
account or from the same address does not touch it. A try is counted before it is judged, so that
many at once do not slip through, and taken back if it was right. Unknown names are counted like
known ones.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from db.issuing import Issuing

_LONGEST = 60  # seconds
_SLOWING = 3  # seconds that guesses from elsewhere make a new device wait at most
_FORGOTTEN_AFTER = timedelta(minutes=15)


class TooManyTriesError(Exception):
    """To be tried again after so many `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries; again in {seconds} s")
        self.seconds = seconds


class Subject(NamedTuple):
    """What failures are counted of, by a hash of its name; how many are free, the longest wait."""

    hash: bytes
    free: int
    longest: int = _LONGEST


def of_account(username: str) -> Subject:
    """Return the count of an account's name, tried from devices that it does not know."""
    return _subject("account", username, 30)._replace(longest=_SLOWING)


def of_account_from(username: str, address: str) -> Subject:
    """Return the count of an account's name, tried from one address."""
    return _subject(f"account from {network_of(address)}", username, 5)


def of_device(device: str, username: str) -> Subject:
    """Return the count of a device that is known to an account."""
    return _subject(f"device {device}", username, 5)


def of_address(address: str) -> Subject:
    """Return the count of a client's address."""
    return _subject("address", network_of(address), 20)


def network_of(address: str) -> str:
    """Return what an address counts as: in IPv6 its /64, which one customer has."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64)
    return str(parsed)


def of_factor(account_id: int, factor: str) -> Subject:
    """Return the count of one factor of somebody who is half or wholly signed in."""
    return _subject(factor, str(account_id), 5)


def of_external(issuer: str, subject: str) -> Subject:
    """Return the count of link codes tried by somebody whom another issuer vouches for."""
    return _subject(f"external {issuer}", subject, 5)


def begin(connection: Issuing, subjects: Sequence[Subject], now: datetime) -> None:
    """Count a try. Raises TooManyTriesError where one has to wait; the try is not made then."""
    connection.cursor().executemany(
        "insert into sign_in_attempt values (%s, 0, %s, %s) on conflict do nothing",
        [(subject.hash, now, now + _FORGOTTEN_AFTER) for subject in sorted(subjects)],
    )
    rows = connection.execute(
        "select subject_hash, blocked_until,"
        " case when expires_at > %s then failures else 0 end as failures"
        " from sign_in_attempt where subject_hash = any(%s) order by subject_hash for update",
        (now, [subject.hash for subject in subjects]),
    ).fetchall()
    wait = max((row["blocked_until"] - now).total_seconds() for row in rows)
    if wait > 0:
        raise TooManyTriesError(int(wait) + 1)
    counted = {subject.hash: subject for subject in subjects}
    connection.cursor().executemany(
        "update sign_in_attempt set failures = %s, blocked_until = %s, expires_at = %s"
        " where subject_hash = %s",
        [
            (
                row["failures"] + 1,
                now + _delay(row["failures"] + 1, counted[row["subject_hash"]]),
                now + _FORGOTTEN_AFTER,
                row["subject_hash"],
            )
            for row in rows
        ],
    )


def forgive(connection: Issuing, subjects: Sequence[Subject], now: datetime) -> None:
    """Take a try back that was right."""
    connection.cursor().executemany(
        "update sign_in_attempt set failures = greatest(failures - 1, 0), blocked_until = %s"
        " where subject_hash = %s",
        [(now, subject.hash) for subject in sorted(subjects)],
    )


def _subject(kind: str, name: str, free: int) -> Subject:
    return Subject(hashlib.sha256(f"{kind}\0{name}".encode()).digest(), free)


def _delay(failures: int, subject: Subject) -> timedelta:
    """Return how long to wait after so many failures, of which some are free."""
    beyond = failures - subject.free
    return timedelta(seconds=min(2 ** min(beyond - 1, 10), subject.longest) if beyond > 0 else 0)
