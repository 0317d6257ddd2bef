"""What signing in leaves in the audit log, within bounds: steps that were taken, and that failed.

An account has so many events an hour, and so have an address and all together; what is beyond is
counted, and one event at the end of the hour says how many there were. So a campaign of guesses is
visible, and cannot fill the log. What concerns no account (an unknown name) is counted in metrics
alone: what was typed may be a password.
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
"""The code of an event that says how many more there were."""
SUMS = 20  # of accounts, each time that windows that ended are swept; the rest are one event

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
    """What has a bound of its own, by a hash of its name."""

    hash: bytes
    account_id: int | None
    most: int


def record(connection: Issuing, now: datetime, action: str, account_id: int, **facts: Any) -> None:
    """Record a step that an account took, or count it; other accounts do not use up its share."""
    SIGN_INS.labels(action, "done").inc()
    subject = _subject(OF_ACCOUNT, "NOTED", action, account_id=account_id)
    _note(connection, now, ("NOTED", action, account_id, facts), [subject])


def record_failure(
    connection: Issuing, now: datetime, action: str, account_id: int, code: str
) -> None:
    """Record that a step failed for an account, or count it."""
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
    """Record that a code or a refresh token came twice, which it does once: it ends its family."""
    count_failure("token", code)
    facts = {"code": code, "client_id": client_id}
    connection.execute(_NOTE, ("REFUSED", "token", account_id, Jsonb(facts)))


def count_failure(action: str, code: str) -> None:
    """Count a step that failed, of which nothing or not yet anything is recorded."""
    SIGN_INS.labels(action, code.lower()).inc()


def sweep(connection: Issuing, now: datetime, rows: int) -> None:
    """Forget windows that ended, and say how much of them was not recorded, the most first."""
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
    """Write an event where each of its subjects has room for it; else count it for the first."""
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
