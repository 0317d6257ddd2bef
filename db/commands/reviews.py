"""Decisions on initiatives: one, or up to a hundred at once."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import asyncpg

from db.commands.adjustments import adjust, counted_from
from db.commands.initiatives import InitiativeOutcome, window_of
from db.commands.review_cases import REVIEW, Case, load_case
from db.rules.errors import (
    ConflictError,
    DomainError,
    InvalidInputError,
    NotFoundError,
    Problem,
    Refused,
    RejectedError,
    refused,
)
from db.rules.review import (
    REVOKE,
    Place,
    ReviewRejectedError,
    Standing,
    Verdict,
    achieved,
    awaited,
    check_verdict,
    decided,
    deciders,
)
from db.write_session import WriteSession

_UNIT = "select id, code, level, path::text from unit where code = $1"
_LAST = """
    select coalesce(acting_unit_id, unit_id) as unit_id, account_id
    from review where initiative_id = $1 order by id desc limit 1
"""
_NOW = """
    select i.state, i.version, i.awaits_id, u.code as awaits
    from initiative i left join unit u on u.id = i.awaits_id where i.id = $1
"""
# Only a recognised initiative stays published; a returned one loses all earlier results.
_DECIDE = """
    update initiative set state = $3::text, version = version + 1, awaits_id = $4,
        recognised_at = case when $3 = any ('{RECOGNISED,CONFIRMED}')
                then coalesce(recognised_at, $5)
            when $3 <> 'RETURNED' then recognised_at end,
        confirmed_at = case when $3 = 'CONFIRMED' then $5
            when $3 <> 'RETURNED' then confirmed_at end,
        published_at = case when $3 = any ('{RECOGNISED,CONFIRMED}') then published_at end,
        verified = case when $3 <> 'RETURNED' then coalesce($6, verified) end
    where id = $1 and version = $2
"""
_KEEP = """
    insert into review (initiative_id, unit_id, acting_unit_id, decision, reason, scores,
        decision_number, verified, at, account_id)
    values ($1, $2, nullif($3::bigint, $2), $4, $5, $6, $7, $8, $9, $10)
"""


class DecisionRefusedError(RejectedError):
    """In mode ALL, the decision that failed: its index and its error; nothing was saved."""


@dataclass(frozen=True)
class ReviewsOutcome:
    """The result of each decision, in order: the initiative's id, or the error."""

    numbers: list[str]
    initiative_ids: list[int | None]
    refusals: list[Refused | None]


@dataclass(frozen=True)
class _Ready:
    """A decision that the rules allow, with all facts needed to write it.

    `place` is the unit that acts, `turn` the unit whose decision it is.
    """

    verdict: Verdict
    case: Case
    place: Place
    turn: Place
    after: Standing
    frozen: bool


async def review(session: WriteSession, **verdict: Any) -> InitiativeOutcome:
    """Decide on one initiative; the fields are those of `Verdict`.

    Without `unit` the decision is for the unit that the initiative awaits, or made in its place
    where nobody there may decide; a revocation is for the lowest unit that may revoke and that the
    caller decides for.
    """
    return await _carry_out(session, await _prepare(session, Verdict(**verdict)))


async def review_several(
    session: WriteSession, *, decisions: Sequence[Verdict], mode: str = "ALL"
) -> ReviewsOutcome:
    """Decide on several initiatives, each once; mode ALL decides on all of them or none.

    In mode EACH a rejected decision does not affect the others. Rows are locked in the order of
    the numbers. In mode ALL raises DecisionRefusedError and InvalidInputError, with the index.
    """
    order = sorted(range(len(decisions)), key=lambda index: decisions[index].number)
    if mode == "ALL":
        found = await _all(session, decisions, order)
    else:
        found = {index: await _each(session, decisions[index]) for index in order}
    results = [found[index] for index in range(len(decisions))]
    return ReviewsOutcome(
        [verdict.number for verdict in decisions],
        [result if isinstance(result, int) else None for result in results],
        [None if isinstance(result, int) else result for result in results],
    )


async def _all(
    session: WriteSession, decisions: Sequence[Verdict], order: Sequence[int]
) -> dict[int, int | Refused]:
    ready = []
    for index, verdict in enumerate(decisions):
        try:
            ready.append(await _prepare(session, verdict))
        except DomainError as error:
            raise _at(index, verdict, error) from error
    found: dict[int, int | Refused] = {}
    for index in order:
        await session.give_reason(decisions[index].reason)
        try:
            found[index] = (await _carry_out(session, ready[index])).initiative_id
        except DomainError as error:
            raise _at(index, decisions[index], error) from error
    return found


async def _each(session: WriteSession, verdict: Verdict) -> int | Refused:
    await session.give_reason(verdict.reason)
    try:
        async with session.savepoint():
            return (await _carry_out(session, await _prepare(session, verdict))).initiative_id
    except DomainError as error:
        why = refused(error)
        await session.note_refusal(error.unit_id, {"code": why["code"], "number": verdict.number})
        return why


def _at(index: int, verdict: Verdict, error: DomainError) -> DomainError:
    """Return the error of one decision with its index in the list."""
    if isinstance(error, InvalidInputError):
        at = ("decisions", str(index))
        problems: Sequence[Problem] = error.facts["problems"]
        return InvalidInputError(*(replace(one, path=(*at, *one.path)) for one in problems))
    facts = {**error.facts, "index": index, "number": verdict.number}
    return DecisionRefusedError(error.code, unit_id=error.unit_id, **facts)


async def _prepare(session: WriteSession, verdict: Verdict) -> _Ready:
    """Load the facts of a decision and apply the rules, without writing."""
    case = await load_case(session, verdict.number)
    initiative = case.initiative
    place = await _place(session, verdict, case)
    turn = place if verdict.decision == REVOKE else awaited(case.standing, case.way) or place
    _check_part(verdict, case, place, turn)
    check_verdict(verdict, initiative["rubric"], unscored=initiative["unscored"])
    after = await _after(session, verdict, case, place)
    window = window_of(initiative)
    frozen = window is not None and window.frozen
    if frozen and not verdict.reason:
        raise InvalidInputError(Problem(("reason",), "REASON_NEEDED"))
    return _Ready(verdict, case, place, turn, after, frozen)


def _check_part(verdict: Verdict, case: Case, place: Place, turn: Place) -> None:
    """Raise ForbiddenError if the caller has had a hand in the initiative.

    A decision for another level bars the caller only where `place` is a unit that may decide now;
    elsewhere the later error is that `place` is not awaited.
    """
    bar = case.part.bar(turn.level)
    turns = [turn, *deciders(case.standing, verdict.decision, case.way)]
    if bar and (bar != "DECIDED_OTHER_LEVEL" or place in turns):
        raise case.refusal(REVIEW, place, bar)


async def _place(session: WriteSession, verdict: Verdict, case: Case) -> Place:
    """Return the unit whose permission the caller decides with. Raises ForbiddenError."""
    allowed = deciders(case.standing, verdict.decision, case.way)
    held = case.held(session, REVIEW)
    if verdict.unit is not None:
        unit = await session.found("Unit", verdict.unit, _UNIT, verdict.unit)
        turn = awaited(case.standing, case.way)
        acts = allowed and allowed[0] in held and turn not in held
        if acts and turn and turn.unit_id == unit["id"]:
            return allowed[0]
        session.require(REVIEW, unit)
        named = Place(unit["id"], unit["level"], path=unit["path"], code=unit["code"])
        return next((one for one in case.way.line if one.unit_id == unit["id"]), named)
    if not held:
        at = allowed[0] if allowed else case.way.line[0]
        raise case.refusal(REVIEW, at, "FORBIDDEN")
    return next((place for place in held if place in allowed), held[0])


async def _after(session: WriteSession, verdict: Verdict, case: Case, place: Place) -> Standing:
    """Return the status after the decision. Raises ReviewRejectedError and ConflictError."""
    initiative = case.initiative
    stale = verdict.version not in (None, initiative["version"])
    try:
        after = decided(case.standing, verdict.decision, place.unit_id, case.way)
    except ReviewRejectedError as error:
        error.unit_id = initiative["unit_id"]
        if stale or await _beaten(session, initiative, place):
            raise await _overtaken(session, initiative) from error
        raise
    if stale:
        raise ConflictError("STALE", version=initiative["version"])
    return after


async def _beaten(session: WriteSession, initiative: asyncpg.Record, place: Place) -> bool:
    """Return whether another account made the last decision, for the same unit."""
    last = await session.row(_LAST, initiative["id"])
    return (
        last is not None
        and last["unit_id"] == place.unit_id
        and last["account_id"] != session.caller.account_id
    )


async def _carry_out(session: WriteSession, ready: _Ready) -> InitiativeOutcome:
    verdict, initiative, after = ready.verdict, ready.case.initiative, ready.after
    verified = None if verdict.verified is None else list(verdict.verified)
    if not await session.execute(
        _DECIDE,
        *(initiative["id"], initiative["version"], after.state, after.awaits, session.present),
        verified,
    ):
        raise await _overtaken(session, initiative)
    await session.execute(
        _KEEP,
        *(initiative["id"], ready.turn.unit_id, ready.place.unit_id),
        *(verdict.decision, verdict.reason),
        {given.criterion: given.score for given in verdict.scores} or None,
        *(verdict.decision_number, verified, session.present, session.caller.account_id),
    )
    if ready.frozen:
        counts_from = await counted_from(session, initiative["campaign_id"])
        before = ready.case.standing.state
        await adjust(
            session,
            "INITIATIVE",
            phase_id=initiative["phase_id"],
            unit_id=initiative["unit_id"],
            reason=verdict.reason,
            initiative_id=initiative["id"],
            gained=achieved(after.state, counts_from) - achieved(before, counts_from),
        )
    return InitiativeOutcome(initiative["id"])


async def _overtaken(session: WriteSession, initiative: asyncpg.Record) -> DomainError:
    """Return the conflict with a concurrent change: DECIDED, or STALE for another change.

    Returns NotFoundError if the unit moved and the caller no longer sees the initiative.
    """
    now = await session.row(_NOW, initiative["id"])
    if now is None:
        return NotFoundError("Initiative", initiative["number"])
    same = all(now[name] == initiative[name] for name in ("state", "awaits_id"))
    if same and now["version"] != initiative["version"]:
        return ConflictError("STALE", version=now["version"])
    return ConflictError(
        "DECIDED", version=now["version"], state=now["state"], awaits=now["awaits"]
    )
