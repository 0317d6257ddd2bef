"""Commands that take turns, and see what the one before them has committed."""

from db.write_session import WriteSession

_TREE = "select lock_tree($1)"
_WINDOWS = "select lock_windows($1, $2)"
_GRANTS = "select lock_grants()"
# Raises where the caller's grants have changed while it waited; the command then runs anew.
_CHECK = "select check_grants($1, $2)"


async def hold_tree(session: WriteSession, *, alone: bool) -> None:
    """Keep the tree as it is until the commit; alone, to change it."""
    await session.execute(_TREE, alone)
    await _check(session)


async def hold_windows(session: WriteSession, campaign_id: int, *, alone: bool) -> None:
    """Keep a campaign's windows as they are until the commit; alone, to change them.

    Alone, no unit moves either, on which its windows hang. The tree, if held too, is held later.
    """
    await session.execute(_WINDOWS, campaign_id, alone)
    await _check(session)


async def hold_grants(session: WriteSession) -> None:
    """Keep everybody's grants as they are until the commit, but for one's own changes."""
    await session.execute(_GRANTS)
    await _check(session)


async def _check(session: WriteSession) -> None:
    await session.execute(_CHECK, session.caller.account_id, session.caller.grants_version)
