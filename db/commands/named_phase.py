"""Find a phase as inputs name it: by its campaign's code and its ordinal."""

import asyncpg

from db.rules.errors import NotFoundError
from db.write_session import WriteSession

_PHASE = """
    select c.id as campaign_id, c.owner_id, p.id, p.ordinal
    from campaign c left join phase p on p.campaign_id = c.id and p.ordinal = $2
    where c.code = $1
"""


async def named_phase(session: WriteSession, campaign: str, ordinal: int) -> asyncpg.Record:
    """Return a phase's id, ordinal, campaign_id and owner_id. Raises NotFoundError."""
    phase = await session.found("Campaign", campaign, _PHASE, campaign, ordinal)
    if phase["id"] is None:
        raise NotFoundError("Phase", str(ordinal))
    return phase
