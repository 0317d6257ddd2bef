"""Load the facts of a decision on an initiative, for the rules of db/rules/review.py."""

from dataclasses import dataclass

import asyncpg

from db.rules.errors import ForbiddenError
from db.rules.review import Part, Place, Standing, Way
from db.write_session import WriteSession

REVIEW = "initiative_review"

_LOAD = """
    select i.id, i.number, i.state, i.version, i.unit_id, i.path::text, i.campaign_id, i.phase_id,
        i.awaits_id, c.rubric, c.rubric_required, c.confirming_level,
        rubric_missing(i.id, i.awaits_id, null) as unscored,
        authored(i.id) as authored, review_made(i.id) as made, review_levels(i.id) as levels,
        caller_person() is not null as tied,
        array(select held from windows_held(i.campaign_id, i.path) as held) as windows,
        a.unit_id as approved_id, a.level as approved_level
    from initiative i join campaign c on c.id = i.campaign_id
    left join lateral review_approved(i.id) a on true
    where i.number = $1
"""
_LINE = """
    select l.unit_id, l.level, l.is_open, l.path, l.staffed, u.code
    from review_line($1) with ordinality l left join unit u on u.id = l.unit_id
    order by l.ordinality
"""


@dataclass(frozen=True)
class Case:
    """An initiative, its review status, its approval chain, and the caller's part in it."""

    initiative: asyncpg.Record
    standing: Standing
    way: Way
    part: Part

    def held(self, session: WriteSession, permission: str) -> list[Place]:
        """Return the approval chain's units where the caller has a permission, lowest first."""
        return [place for place in self.way.line if session.caller.may(permission, place.path)]

    def refusal(self, permission: str, place: Place, code: str) -> ForbiddenError:
        """Return the error for a caller who has the permission at a unit and may not use it."""
        unit_id: int = self.initiative["unit_id"]
        return ForbiddenError(permission.upper(), place.code, code=code, unit_id=unit_id)


async def load_case(session: WriteSession, number: str) -> Case:
    """Load an initiative for a decision. Raises NotFoundError."""
    initiative = await session.found("Initiative", number, _LOAD, number)
    line = [Place(**row) for row in await session.rows(_LINE, initiative["id"])]
    return Case(
        initiative,
        Standing(
            *(initiative["state"], initiative["awaits_id"]),
            *(initiative["approved_id"], initiative["approved_level"]),
        ),
        Way(line, initiative["confirming_level"]),
        Part(
            authored=initiative["authored"],
            made=initiative["made"],
            levels=frozenset(initiative["levels"]),
            tied=initiative["tied"],
        ),
    )
