"""Idempotency keys: a request that is sent twice is carried out once."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import fields
from typing import Any

from db.rules.errors import ConflictError
from db.write_session import WriteSession

KEPT = "7 days"
"""How long a key is kept."""
MOST = 10_000
"""How many of an account's latest keys are kept besides a new one."""

_FORGET = """
    delete from request_key where account_id = $1 and at < greatest(
        now() - $2::text::interval,
        (select at from request_key where account_id = $1 order by at desc offset $3 limit 1))
"""
# A concurrent request with the same key waits here until the first one ends.
_CLAIM = """
    insert into request_key (account_id, key, digest) values ($1, $2, $3) on conflict do nothing
"""
_KNOWN = "select digest, outcome from request_key where account_id = $1 and key = $2"
_KEEP = "update request_key set outcome = $3 where account_id = $1 and key = $2"

TOLD_ONCE = {"told_once": True}
"""Marks a secret field of an outcome: it is not stored, and None on a repeated request."""

Fields = dict[str, Any]


def told_once(outcome: type[Any]) -> Collection[str]:
    """Return the names of the fields of an outcome's class that are returned only once."""
    return {field.name for field in fields(outcome) if "told_once" in field.metadata}


async def once(
    session: WriteSession,
    key: str,
    digest: bytes,
    command: Callable[[], Awaitable[Fields]],
    unkept: Collection[str] = (),
) -> Fields:
    """Run a command once per key, and return its outcome, or the stored one of the first run.

    `digest` identifies the input. A rejected attempt stores nothing, so its key may be used again.
    The fields `unkept` are not stored. Raises ConflictError if the key was used for another input.
    """
    account = session.caller.account_id
    await session.execute(_FORGET, account, KEPT, MOST - 1)
    if not await session.execute(_CLAIM, account, key, digest):
        known = await session.row(_KNOWN, account, key)
        assert known is not None
        if known["digest"] != digest:
            raise ConflictError("KEY_REUSED", field="idempotencyKey")
        outcome: Fields = known["outcome"]
        return outcome
    outcome = await command()
    await session.execute(_KEEP, account, key, {**outcome, **dict.fromkeys(unkept)})
    return outcome
