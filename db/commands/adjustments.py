"""Changes to what was closed: each has a reason and is kept by name beside the results."""

from db.rules.errors import InvalidInputError, Problem
from db.transactions import WriteSession

_ADD = """
    insert into adjustment (phase_id, unit_id, kind, initiative_id, gained, reason, account_id, at)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
"""


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
