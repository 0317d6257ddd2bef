"""Awards: from a unit to a unit or person of its subtree, or to a person who achieved there."""

from dataclasses import dataclass
from datetime import date

from db.commands.named_phase import named_phase
from db.rules.award import check_covered, check_day, check_named, check_open, check_within
from db.write_session import WriteSession

GRANT = "award_grant"

_ISSUER = "select id, code, path::text, valid_to is not null as closed from unit where code = $1"
_RECIPIENT_UNIT = """
    select id as unit_id, null::bigint as person_id, line(path) as line,
        valid_to is not null as closed
    from unit where code = $1
"""
# For a person also the ancestors of units in the issuer's subtree where their initiatives counted.
_RECIPIENT_PERSON = """
    select null::bigint as unit_id, p.id as person_id, false as closed, array(
        select unnest(line(p.path))
        union
        select unnest(line(a.path)) from authorship a join unit i on a.path <@ i.path
        where i.id = $2 and a.person_id = p.id and a.counted_unit_id is not null
    ) as line
    from person p where p.code = $1
"""
_ADD = """
    insert into award (
        form, issuer_id, recipient_unit_id, recipient_person_id, phase_id, citation,
        decision_number, awarded_on
    ) values ($1, $2, $3, $4, $5, $6, $7, $8) returning id
"""


@dataclass(frozen=True)
class AwardOutcome:
    """The award granted."""

    award_id: int


async def grant(
    session: WriteSession,
    *,
    form: str,
    issuer: str,
    citation: str,
    decision_number: str,
    awarded_on: date,
    recipient_unit: str | None = None,
    recipient_person: str | None = None,
    campaign: str | None = None,
    phase: int | None = None,
) -> AwardOutcome:
    """Grant an award to a unit, by its code, or to a person, by the member's code.

    Raises ConflictError if the same decision of the issuer already awards the recipient.
    """
    check_named(recipient_unit, recipient_person, campaign, phase)
    giver = await session.found("Unit", issuer, _ISSUER, issuer)
    session.require(GRANT, giver)
    check_open(issuer, closed=giver["closed"])
    check_day(awarded_on, session.today)
    if recipient_unit is not None:
        taker = await session.found("Unit", recipient_unit, _RECIPIENT_UNIT, recipient_unit)
    else:
        code = str(recipient_person)
        taker = await session.found("Person", code, _RECIPIENT_PERSON, code, giver["id"])
    check_within(taker["line"], giver["id"], issuer)
    check_open(recipient_unit, closed=taker["closed"])
    phase_id = None
    if campaign is not None and phase is not None:
        chosen = await named_phase(session, campaign, phase)
        check_covered(taker["line"], chosen["owner_id"])
        phase_id = chosen["id"]
    award_id = await session.value(
        _ADD,
        *(form, giver["id"], taker["unit_id"], taker["person_id"], phase_id),
        *(citation, decision_number.strip(), awarded_on),
    )
    return AwardOutcome(award_id)
