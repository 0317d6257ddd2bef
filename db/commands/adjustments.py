"""Changes to what was closed: each has a reason and is kept by name beside the results."""

from db.rules.errors import InvalidInputError, Problem
from db.transactions import WriteSession

_ADD = """
    insert into adjustment (phase_id, unit_id, kind, initiative_id, gained, reason, account_id, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_COUNTED_FROM = "select counts_from from campaign where id = $1"


async def adjust(
    session: WriteSession,
    kind: str,
    *,
    phase_id: int,
    unit_id: int,
    reason: str | None,
    initiative_id: int | None = None,
    gained: int = 0,
) -> None:
    """Keep a change of this kind (AdjustmentKind). Raises InvalidInputError without a reason."""
    if not reason:
        raise InvalidInputError(Problem(("reason",), "REASON_NEEDED"))
    await session.execute(
        _ADD,
        *(phase_id, unit_id, kind, initiative_id, gained, reason),
        *(session.caller.account_id, session.present),
    )


async def counted_from(session: WriteSession, campaign_id: int) -> str:
    """Return the state that a campaign counts from; once its windows are held, it stays so."""
    state: str = await session.value(_COUNTED_FROM, campaign_id)
    return state
