"""Audit events of sign-in steps, both done and failed, with limits on their number.

Each account, each client address and all of them together have a limit of events per hour. Events
beyond it are counted, and one event at the end of the hour records the count. So an attack by
guessing is visible, and cannot fill the log. Failures without an account (an unknown username) only
appear in the metrics, because the text may be a password.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from auth.counters import SIGN_INS
from auth.issuer.attempts import network_of
from db.issuing import Issuing

WINDOW = timedelta(hours=1)
OF_ACCOUNT, OF_ADDRESS, OF_ALL = 20, 60, 2_000  # events in a window
MORE = "MORE_SIGN_INS"
"""The code of an event that records how many events exceeded the limit."""
SUMS = 20  # accounts per sweep of ended windows with their own event; the rest share one

_OPEN = """
    insert into audit_allowance (subject_hash, kind, account_id, recorded, unrecorded, ends_at)
    values (%s, %s, %s, 0, 0, %s) on conflict do nothing
"""
_LOCK = """
    select * from audit_allowance where subject_hash = any(%s) order by subject_hash for update
"""
_RENEW = """
    update audit_allowance set recorded = 0, unrecorded = 0, ends_at = %s
    where subject_hash = any(%s)
"""
_RECORDED = "update audit_allowance set recorded = recorded + 1 where subject_hash = any(%s)"
_UNRECORDED = "update audit_allowance set unrecorded = unrecorded + 1 where subject_hash = %s"
_ENDED = """
    delete from audit_allowance where subject_hash in (
        select subject_hash from audit_allowance where ends_at < %s
        order by ends_at limit %s for update skip locked)
    returning kind, account_id, unrecorded
"""
_NOTE = "select identity_note(%s, %s, %s, %s)"
_ADDRESS = "select current_setting('sangkien.address', true) as address"


class _Subject(NamedTuple):
    """A subject with its own limit of events, by the hash of its name."""

    hash: bytes
    account_id: int | None
    most: int


def record(connection: Issuing, now: datetime, action: str, account_id: int, **facts: Any) -> None:
    """Record a completed step, or count it; the limit is the account's own."""
    SIGN_INS.labels(action, "done").inc()
    subject = _subject(OF_ACCOUNT, "NOTED", action, account_id=account_id)
    _note(connection, now, ("NOTED", action, account_id, facts), [subject])


def record_failure(
    connection: Issuing, now: datetime, action: str, account_id: int, code: str
) -> None:
    """Record a failed step of an account, or count it."""
    count_failure(action, code)
    row = connection.execute(_ADDRESS).fetchone()
    assert row is not None
    subjects = [
        _subject(OF_ACCOUNT, "REFUSED", account_id=account_id),
        _subject(OF_ADDRESS, "REFUSED", f"from {network_of(row['address'])}"),
        _subject(OF_ALL, "REFUSED"),
    ]
    _note(connection, now, ("REFUSED", action, account_id, {"code": code}), subjects)


def record_reuse(connection: Issuing, account_id: int, code: str, client_id: str) -> None:
    """Record that a code or refresh token was used twice; this happens once per family."""
    count_failure("token", code)
    facts = {"code": code, "client_id": client_id}
    connection.execute(_NOTE, ("REFUSED", "token", account_id, Jsonb(facts)))


def count_failure(action: str, code: str) -> None:
    """Count a failed step in the metrics; this writes no event."""
    SIGN_INS.labels(action, code.lower()).inc()


def sweep(connection: Issuing, now: datetime, rows: int) -> None:
    """Delete ended windows, and record their counts of unrecorded events, the largest first."""
    ended = connection.execute(_ENDED, (now, rows)).fetchall()
    beyond = sorted((row for row in ended if row["unrecorded"]), key=lambda row: -row["unrecorded"])
    for row in beyond[:SUMS]:
        _sum_up(connection, row)
    others = beyond[SUMS:]
    if others:
        count = sum(row["unrecorded"] for row in others)
        facts = {"code": MORE, "count": count, "accounts": len(others)}
        connection.execute(_NOTE, ("REFUSED", "signIn", None, Jsonb(facts)))


def _note(
    connection: Issuing,
    now: datetime,
    event: tuple[str, str, int, dict[str, Any]],
    subjects: Sequence[_Subject],
) -> None:
    """Record an event if every subject is below its limit; otherwise count it for the first one."""
    kind, action, account_id, facts = event
    hashes = [subject.hash for subject in subjects]
    connection.cursor().executemany(
        _OPEN, [(one.hash, kind, one.account_id, now + WINDOW) for one in sorted(subjects)]
    )
    rows = {row["subject_hash"]: row for row in connection.execute(_LOCK, (hashes,)).fetchall()}
    ended = [row for row in rows.values() if row["ends_at"] <= now]
    for row in ended:
        if row["unrecorded"]:
            _sum_up(connection, row)
        row["recorded"] = 0
    if ended:
        connection.execute(_RENEW, (now + WINDOW, [row["subject_hash"] for row in ended]))
    if all(rows[subject.hash]["recorded"] < subject.most for subject in subjects):
        connection.execute(_RECORDED, (hashes,))
        connection.execute(_NOTE, (kind, action, account_id, Jsonb(facts)))
        return
    SIGN_INS.labels(action, "unrecorded").inc()
    connection.execute(_UNRECORDED, (subjects[0].hash,))


def _sum_up(connection: Issuing, row: dict[str, Any]) -> None:
    facts = {"code": MORE, "count": row["unrecorded"]}
    connection.execute(_NOTE, (row["kind"], "signIn", row["account_id"], Jsonb(facts)))


def _subject(most: int, *name: str, account_id: int | None = None) -> _Subject:
    text = "\0".join(("trail", *name, str(account_id)))
    return _Subject(hashlib.sha256(text.encode()).digest(), account_id, most)
