"""Score sheets: council members score an initiative before the decision."""

from collections.abc import Sequence

from db.commands.initiatives import InitiativeOutcome, check_version
from db.commands.review_cases import REVIEW, load_case
from db.rules.review import ReviewRejectedError, Score, acting, awaited, check_sheet
from db.write_session import WriteSession

_KEEP = """
    insert into review_sheet (initiative_id, unit_id, account_id, scores, comment, at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (initiative_id, account_id) where review_id is null do update
    set unit_id = excluded.unit_id, scores = excluded.scores, comment = excluded.comment,
        at = excluded.at
"""


async def score(
    session: WriteSession,
    *,
    number: str,
    scores: Sequence[Score],
    comment: str | None = None,
    version: int | None = None,
) -> InitiativeOutcome:
    """Record the caller's scores for an initiative before the decision that it awaits.

    An account has one sheet per round; until the decision a later one replaces it.
    """
    case = await load_case(session, number)
    turn, place = awaited(case.standing, case.way), acting(case.standing, case.way)
    held = case.held(session, REVIEW)
    if not held:
        raise case.refusal(REVIEW, turn or case.way.line[0], "FORBIDDEN")
    bar = case.part.bar(turn.level if turn else held[0].level)
    if bar and (bar != "DECIDED_OTHER_LEVEL" or place in held or turn in held):
        raise case.refusal(REVIEW, held[0], bar)
    if turn is None or place not in held:
        raise ReviewRejectedError(
            "NOT_AWAITED",
            unit_id=case.initiative["unit_id"],
            state=case.standing.state,
            awaits=turn and turn.code,
        )
    check_version(case.initiative, version)
    check_sheet(scores, case.initiative["rubric"], required=case.initiative["rubric_required"])
    await session.execute(
        _KEEP,
        *(case.initiative["id"], turn.unit_id, session.caller.account_id),
        {given.criterion: given.score for given in scores},
        *(comment, session.present),
    )
    return InitiativeOutcome(case.initiative["id"])
