"""Rate limits of sign-in attempts: after some failures the wait before each attempt doubles.

The longest wait is short, so that nobody can lock others out for long. Failures of a username are
counted by client address; the count over all addresses only slows attempts down. A device with
which the account has signed in before has a count of its own: failures from elsewhere do not affect
it. An attempt is counted before it is checked, so that concurrent attempts cannot evade the limit,
and the count is decreased if it succeeds. Unknown usernames are counted like existing ones.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from db.issuing import Issuing

_LONGEST = 60  # seconds
_SLOWING = 3  # seconds that failures from elsewhere delay an unknown device at most
_FORGOTTEN_AFTER = timedelta(minutes=15)


class TooManyTriesError(Exception):
    """The attempt is rejected; it can be repeated after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries; again in {seconds} s")
        self.seconds = seconds


class Subject(NamedTuple):
    """A counter of failures: the hash of its name, free attempts, longest wait in seconds."""

    hash: bytes
    free: int
    longest: int = _LONGEST


def of_account(username: str) -> Subject:
    """Return the counter of a username, for attempts from unknown devices."""
    return _subject("account", username, 30)._replace(longest=_SLOWING)


def of_account_from(username: str, address: str) -> Subject:
    """Return the counter of a username, for attempts from one client address."""
    return _subject(f"account from {network_of(address)}", username, 5)


def of_device(device: str, username: str) -> Subject:
    """Return the counter of a device that has signed in to an account before."""
    return _subject(f"device {device}", username, 5)


def of_address(address: str) -> Subject:
    """Return the counter of a client address."""
    return _subject("address", network_of(address), 20)


def network_of(address: str) -> str:
    """Return the network that an address is counted as: in IPv6 its /64, one customer's size."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        parsed = parsed.ipv4_mapped or IPv6Address(int(parsed) >> 64 << 64)
    return str(parsed)


def of_factor(account_id: int, factor: str) -> Subject:
    """Return the counter of one factor of an account whose session has begun."""
    return _subject(factor, str(account_id), 5)


def of_external(issuer: str, subject: str) -> Subject:
    """Return the counter of link codes entered by a subject of an external provider."""
    return _subject(f"external {issuer}", subject, 5)


def begin(connection: Issuing, subjects: Sequence[Subject], now: datetime) -> None:
    """Count an attempt. Raises TooManyTriesError, without counting, while a wait is running."""
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
    """Decrease the counters after an attempt that succeeded."""
    connection.cursor().executemany(
        "update sign_in_attempt set failures = greatest(failures - 1, 0), blocked_until = %s"
        " where subject_hash = %s",
        [(now, subject.hash) for subject in sorted(subjects)],
    )


def _subject(kind: str, name: str, free: int) -> Subject:
    return Subject(hashlib.sha256(f"{kind}\0{name}".encode()).digest(), free)


def _delay(failures: int, subject: Subject) -> timedelta:
    """Return the wait after this number of failures, some of which are free."""
    beyond = failures - subject.free
    return timedelta(seconds=min(2 ** min(beyond - 1, 10), subject.longest) if beyond > 0 else 0)
