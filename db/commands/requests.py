"""Requests sent twice are carried out once, by the idempotency key that comes with them."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import fields
from typing import Any

from db.rules.errors import ConflictError
from db.write_session import WriteSession

KEPT = "7 days"
"""How long a key is remembered."""
MOST = 10_000
"""How many keys of an account are remembered besides a new one: the latest."""

_FORGET = """
    delete from request_key where account_id = $1 and at < greatest(
        now() - $2::text::interval,
        (select at from request_key where account_id = $1 order by at desc offset $3 limit 1))
"""
# Whoever comes second waits here until the first is through.
_CLAIM = """
    insert into request_key (account_id, key, digest) values ($1, $2, $3) on conflict do nothing
"""
_KNOWN = "select digest, outcome from request_key where account_id = $1 and key = $2"
_KEEP = "update request_key set outcome = $3 where account_id = $1 and key = $2"

TOLD_ONCE = {"told_once": True}
"""Marks a field of an outcome that is a secret: it is not kept, and None the second time."""

Fields = dict[str, Any]


def told_once(outcome: type[Any]) -> Collection[str]:
    """Return the fields of an outcome's class that are told once."""
    return {field.name for field in fields(outcome) if "told_once" in field.metadata}


async def once(
    session: WriteSession,
    key: str,
    digest: bytes,
    command: Callable[[], Awaitable[Fields]],
    unkept: Collection[str] = (),
) -> Fields:
    """Return what a command gives, from the first time that this key was used if it was.

    `digest` stands for the input. A refused attempt leaves nothing, so its key may be used again.
    Of the fields `unkept` nothing is kept. Raises ConflictError where the key was used for
    something else.
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
