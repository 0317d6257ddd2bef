"""Duplicates: initiatives that repeat others no longer count."""

from dataclasses import dataclass

import asyncpg

from db.commands.adjustments import adjust, counted_from
from db.commands.initiatives import check_version, window_of
from db.commands.review_cases import Case, load_case
from db.rules.duplicate import Candidate, check_link
from db.rules.errors import ConflictError
from db.rules.review import achieved, undoers
from db.write_session import WriteSession

CURATE = "initiative_curate"

# Serialises links of the campaign: both ends of a link are checked while no other link is made.
_ALONE = """
    select pg_advisory_xact_lock(hashtext('sangkien.duplicates'), campaign_id::int)
    from initiative where number = $1
"""
_LOAD = """
    select id, state, campaign_id, has_duplicates(id) as has_duplicates
    from initiative where number = $1
"""
_TAKE_OUT = """
    update initiative set state = 'DUPLICATE', version = version + 1, awaits_id = null,
        published_at = null
    where id = $1 and version = $2
"""
_LINK = """
    insert into duplicate_link (
        initiative_id, original_id, similarity, reason, decided_at, account_id
    )
    select d.id, o.id, similarity(wording(d.title, d.summary), wording(o.title, o.summary)),
        $3, $4, $5
    from initiative d cross join initiative o where d.id = $1 and o.id = $2
"""


@dataclass(frozen=True)
class DuplicateOutcome:
    """A duplicate and its original."""

    initiative_id: int
    original_id: int


async def link(
    session: WriteSession, *, number: str, original: str, reason: str, version: int | None = None
) -> DuplicateOutcome:
    """Link an initiative as a duplicate of another, which removes it from the totals.

    This is a decision: makers and authors may not take it, and once an initiative is recognised
    it belongs to the level of the last approval and those above.
    """
    await session.execute(_ALONE, number)
    case = await load_case(session, number)
    duplicate = case.initiative
    repeating = await session.found("Initiative", number, _LOAD, number)
    repeated = await session.found("Initiative", original, _LOAD, original)
    _check_right(session, case)
    check_version(duplicate, version)
    check_link(_candidate(repeating), _candidate(repeated))
    if not await session.execute(_TAKE_OUT, duplicate["id"], duplicate["version"]):
        raise ConflictError("STALE", version=duplicate["version"] + 1)
    await session.execute(
        _LINK,
        *(duplicate["id"], repeated["id"], reason, session.present, session.caller.account_id),
    )
    window = window_of(duplicate)
    if window is not None and window.frozen:
        counts_from = await counted_from(session, duplicate["campaign_id"])
        await adjust(
            session,
            "INITIATIVE",
            phase_id=duplicate["phase_id"],
            unit_id=duplicate["unit_id"],
            reason=reason,
            initiative_id=duplicate["id"],
            gained=-achieved(duplicate["state"], counts_from),
        )
    return DuplicateOutcome(duplicate["id"], repeated["id"])


def _check_right(session: WriteSession, case: Case) -> None:
    """Require the right to this decision. Raises ForbiddenError."""
    held = case.held(session, CURATE)
    own = case.way.line[0]
    if own not in held:
        raise case.refusal(CURATE, own, "FORBIDDEN")
    places = [place for place in undoers(case.standing, case.way) if place in held]
    bars = [case.part.bar(place.level) for place in places]
    if None not in bars:
        raise case.refusal(CURATE, own, next(iter(bars), case.part.hand) or "DECIDED_ABOVE")


def _candidate(row: asyncpg.Record) -> Candidate:
    return Candidate(row["id"], row["state"], row["campaign_id"], row["has_duplicates"])
