"""Locks that serialise commands; a command then sees what the one before it has committed."""

from db.write_session import WriteSession

_TREE = "select lock_tree($1)"
_WINDOWS = "select lock_windows($1, $2)"
_GRANTS = "select lock_grants()"
# Raises where the caller's role grants changed during the wait; the command is then retried.
_CHECK = "select check_grants($1, $2)"


async def hold_tree(session: WriteSession, *, alone: bool) -> None:
    """Lock the tree against changes until the commit; `alone`, to change it."""
    await session.execute(_TREE, alone)
    await _check(session)


async def hold_windows(session: WriteSession, campaign_id: int, *, alone: bool) -> None:
    """Lock a campaign's windows against changes until the commit; `alone`, to change them.

    Locked `alone`, no unit can move either, as windows depend on the tree. Lock the tree after.
    """
    await session.execute(_WINDOWS, campaign_id, alone)
    await _check(session)


async def hold_grants(session: WriteSession) -> None:
    """Lock all role grants until the commit; only this transaction may change them."""
    await session.execute(_GRANTS)
    await _check(session)


async def _check(session: WriteSession) -> None:
    await session.execute(_CHECK, session.caller.account_id, session.caller.grants_version)
